#include "node/service/areas.h"

#include <algorithm>
#include <array>

#include "node/text/fold.h"
#include "schema/identifiers.h"
#include "sync/base/bytes.h"

namespace solidaires::service {
namespace {

using geography::Place;
using geography::PlaceKind;

constexpr std::size_t kProposedMax = 5;

struct Country {
  std::string_view code, name, also;
};
constexpr std::array kCountries{Country{"country:FR", "toute la France", "france"},
                                Country{"country:CH", "toute la Suisse", "suisse"}};

std::string code_of(Place const& place) {
  switch (place.kind) {
    case PlaceKind::commune:
    case PlaceKind::former_commune:
    case PlaceKind::district: return cat("commune:", place.commune->code);
    case PlaceKind::epci: return cat("epci:", place.code);
    case PlaceKind::department: return cat("dep:", place.code);
    case PlaceKind::region: return cat("region:", place.code);
    case PlaceKind::zone:
    case PlaceKind::postal_code: break;  // several communes, and none as a whole
  }
  return {};
}

bool is_near(Place const& place, std::vector<std::string> const& territory) {
  return place.commune != nullptr &&
         std::ranges::find(territory, place.commune->department) != territory.end();
}

// The one that is meant without doubt, or null.
Place const* only_one(std::vector<Place> const& places, std::vector<std::string> const& territory) {
  std::vector<Place const*> exact;
  for (auto const& place : places) {
    if (place.exact) exact.push_back(&place);
  }
  if (exact.empty()) return places.size() == 1 ? &places.front() : nullptr;
  if (exact.size() == 1) return exact.front();
  auto const near = [&](Place const* place) { return is_near(*place, territory); };
  return std::ranges::count_if(exact, near) == 1 ? *std::ranges::find_if(exact, near) : nullptr;
}

}  // namespace

std::string area_name(geography::Gazetteer const& gazetteer, std::string_view code) {
  for (auto const& country : kCountries) {
    if (country.code == code) return std::string(country.name);
  }
  if (!schema::is_area_code(code)) return {};
  auto const colon = code.find(':');
  auto const kind = code.substr(0, colon);
  auto const place = gazetteer.place(cat(kind == "region" ? "reg:" : "", code.substr(colon + 1)));
  return place && !code_of(*place).empty() ? place->label : std::string();
}

AreaMeant area_meant(geography::Gazetteer const& gazetteer, std::string_view text,
                     std::vector<std::string> const& territory) {
  auto const folded = text::fold(text);
  for (auto const& country : kCountries) {
    if (folded == country.also || folded == text::fold(country.name))
      return {std::string(country.code), {}};
  }
  geography::FindOptions options;
  options.limit = kProposedMax;
  options.preferred_departments = territory;
  auto const places = gazetteer.find_places(text, options);
  if (auto const* const place = only_one(places, territory); place != nullptr) {
    if (auto code = code_of(*place); !code.empty()) return {std::move(code), {}};
    AreaMeant out;  // a postal code: its communes
    for (auto const* commune : gazetteer.communes_of(place->kind, place->code)) {
      if (auto const named = gazetteer.place(commune->code)) out.proposed.push_back(named->label);
    }
    if (out.proposed.size() == 1) return area_meant(gazetteer, out.proposed.front(), territory);
    return out;
  }
  AreaMeant out;
  for (auto const& place : places) out.proposed.push_back(place.label);
  return out;
}

}  // namespace solidaires::service
