// The filters of a list as they stand in an address: read with indulgence (what is unknown or
// absurd is named and left out, never an error), and written back in one canonical order, so that
// the same selection always has the same address.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/http/headers.h"
#include "node/page/view.h"
#include "node/portal/context.h"

namespace solidaires::portal {

inline constexpr double kRadiusDefaultKm = 15;
inline constexpr double kRadiusMaxKm = 200;
inline constexpr std::string_view kMapView = "carte";  // Filters::view

// A piece of the map as addresses hold it: west, south, east and north, to about ten metres, as
// GeoJSON orders them.
[[nodiscard]] std::string box_text(geography::Box const& box);

struct Filters {
  // As written in the address, by parameter; several values per facet. Only what was understood.
  std::string words;
  std::string place_text;                      // what was typed
  std::optional<geography::Place> place;       // what it means
  std::string place_value;                     // what names `place` in an address, and only it
  std::vector<geography::Place> other_places;  // what else it could mean
  bool place_is_position = false;              // where a device is: not to be kept
  std::optional<double> radius_km;             // nullopt: not said
  std::optional<geography::Box> zone;          // of the map
  std::vector<std::string> departments;        // empty: the territory; see everywhere
  bool everywhere = false;                     // dep=tous
  std::map<std::string, std::vector<std::string>, std::less<>> facets;  // parameter -> codes
  std::optional<model::CivilDate> from, until;
  bool over_too = false;  // termines=1: what is over besides what is not
  std::optional<service::Sort> sort;
  std::size_t page = 1;
  std::string view;                  // "", "carte", "mois"
  std::vector<std::string> ignored;  // sentences in the language of the page

  // Without `left_out` (a parameter) and, for facets, only its value `left_out_value`; page 1.
  [[nodiscard]] std::string query(std::string_view left_out = {},
                                  std::string_view left_out_value = {}) const;
  [[nodiscard]] std::string query_of_page(std::size_t number) const;
  [[nodiscard]] std::string query_sorted(std::string_view sort) const;
  [[nodiscard]] bool any() const;  // more than the territory's whole list
};

// `type` may be null: a search across all kinds.
[[nodiscard]] Filters read_filters(Context const& context, schema::Type const* type,
                                   http::Parameters const& query);
[[nodiscard]] service::ListQuery to_query(Context const& context, schema::Type const* type,
                                          Filters const& filters);

// What opens and closes is asked for by its deadline. `type` may be null.
[[nodiscard]] bool opens_and_closes(schema::Type const* type);

struct Chip {
  std::string label;
  std::string remove;      // address without it
  bool in_french = false;  // a name, or what was typed, where the page is in another language
};
// The same without what nobody may keep of a person: a position becomes its commune.
[[nodiscard]] Filters fit_to_keep(Context const& context, Filters filters);

// What was understood, one removable piece each. `path`: of the list.
[[nodiscard]] std::vector<Chip> chips(Context const& context, schema::Type const* type,
                                      Filters const& filters, std::string_view path);
// Their labels in one line: "« vélo », Annecy, Alimentation durable".
[[nodiscard]] std::string chip_words(Context const& context, schema::Type const* type,
                                     Filters const& filters);
// The same in the views that templates show: label, remove, in_french.
[[nodiscard]] std::vector<page::View> chip_views(Context const& context, schema::Type const* type,
                                                 Filters const& filters, std::string_view path);
// "à moins de 15 km d’Ugine", "en Isère"; for headings.
[[nodiscard]] std::string place_phrase(Context const& context, Filters const& filters);

}  // namespace solidaires::portal
