// What visitors see: the published records of every scope held here, found by words, place, facets
// and dates. Kept in memory by the search index, rebuilt from the store at start and fed by its
// notices; the records themselves are read from the store. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "node/geography/territory.h"
#include "node/model/recurrence.h"
#include "node/service/instance.h"
#include "node/store/store.h"
#include "schema/model.h"
#include "schema/value.h"
#include "sync/base/result.h"

namespace solidaires::geography {
class Gazetteer;
}

namespace solidaires::service {

struct PublicRecord {
  sync::DocumentKey key;
  NodeName node;  // who published it
  schema::Type const* type = nullptr;
  schema::Record record;  // public fields only, by construction
  std::string title;
  std::string path;  // "/structures/epicerie-de-rumilly-7k2m9qrt"
  Instant published_at{}, updated_at{};
  std::string source, licence;  // of an import; empty: entered by people
  bool demonstration = false;

  // The first place with a commune, if the record has one.
  [[nodiscard]] schema::Address const* place() const;
};
using RecordPtr = std::shared_ptr<PublicRecord const>;

// date: of the next occurrence, for what has dates; else as newest. deadline: the next one first,
// then what has none.
enum class Sort : std::uint8_t { relevance, distance, date, deadline, newest, name };

struct PlaceFilter {
  std::optional<schema::Point> around;  // with radius_km: records whose place lies within
  double radius_km = 0;
  std::optional<geography::Box> zone;  // records whose place lies within, whatever its department
  std::string commune;                 // INSEE code: records there, or that serve it
  std::string epci;
  std::vector<std::string> communes;     // INSEE codes: records in any of these, or that serve one
  std::vector<std::string> departments;  // empty: no restriction by department
};

struct ListQuery {
  std::vector<std::string> types;  // keys; empty: every type
  std::string words;
  PlaceFilter place;
  std::map<std::string, std::vector<std::string>, std::less<>>
      facets;  // field key -> codes (any of them)
  std::optional<model::CivilDate> from,
      until;  // days on which it takes place, for what has dates; `until` included
  Sort sort = Sort::relevance;
  std::size_t offset = 0;
  std::size_t limit = 20;
  std::size_t nearly_limit = 0;            // see ListResult::nearly
  std::vector<std::string> facets_wanted;  // field keys
  bool over_too = false;            // what is over (node/model/life_cycle.h) besides what is not
  std::vector<std::string> phases;  // names of phases (any of them); empty: see over_too
};

struct ListHit {
  RecordPtr record;
  std::optional<double> distance_km;            // from PlaceFilter::around
  std::optional<model::Occurrence> occurrence;  // the next within the query's dates
};

struct FacetCount {
  std::string code;
  std::size_t count = 0;
};

struct ListResult {
  std::size_t total = 0;
  std::vector<ListHit> hits;
  std::map<std::string, std::vector<FacetCount>, std::less<>> facets;  // most frequent first
  std::map<std::string, std::size_t, std::less<>>
      by_type;  // under every other condition, also of other types
  // A typed word that nothing holds, and the nearest that something does; `used`: searched instead.
  struct Correction {
    std::string typed, corrected;
    bool used = false;
  };
  std::vector<Correction> corrections;
  std::vector<std::string> words;  // folded, as searched: for search::highlight
  bool some_words_only = false;    // nothing had all the words
  // Of a list of less than a page, what lacks a single one of the words: the best of it, which
  // neither `total` nor any count holds.
  std::vector<ListHit> nearly;
  std::size_t over = 0;  // under every other condition; 0 for kinds that are never over
};

struct AgendaItem {
  RecordPtr record;
  model::Occurrence occurrence;
};

// A public address that no longer shows a record.
struct Gone {
  std::string title;  // empty if not known any more
  schema::Type const* type = nullptr;
};
struct NotHere {};

class Catalogue {
 public:
  // Reads the whole store, or takes a `snapshot` of it that the same program made with the same
  // content model and geography; then follows it. A snapshot that does not fit the store, as it is
  // now, is left aside. The gazetteer outlives the catalogue.
  static Result<std::unique_ptr<Catalogue>> open(
      Instance const& instance, std::shared_ptr<geography::Gazetteer const> gazetteer,
      std::string_view snapshot = {});
  ~Catalogue();

  // Reads everything again when the day has changed since the last reading, so that series reach as
  // far into the future as on the first day.
  Result<> refresh_if_new_day();

  // For open(), at the next start. To be taken when nothing is written any more.
  [[nodiscard]] Bytes snapshot() const;

  [[nodiscard]] Result<ListResult> find(ListQuery const& query) const;
  // When a list may change though nothing is written: a deadline passes, a call opens. In the
  // future, whenever asked.
  [[nodiscard]] Instant next_change() const;
  // "epicerie-de-rumilly-7k2m9qrt": the tail decides, the slug before it may be an old one. What
  // was merged into another record is that record, here and below.
  [[nodiscard]] Result<std::variant<RecordPtr, Gone, NotHere>> at(schema::Type const& type,
                                                                  std::string_view address) const;
  [[nodiscard]] Result<RecordPtr> get(DocumentId const& id) const;  // null if it is not public
  // Published records that name this one in a reference, newest or next first.
  [[nodiscard]] Result<std::vector<RecordPtr>> referring_to(DocumentId const& id,
                                                            std::string_view type,
                                                            std::size_t limit) const;
  // What takes place from `from` to `until` (both included), in order of time.
  [[nodiscard]] Result<std::vector<AgendaItem>> agenda(ListQuery const& query,
                                                       model::CivilDate from,
                                                       model::CivilDate until,
                                                       std::size_t limit) const;
  // Living public records by type, within departments (empty: everywhere).
  [[nodiscard]] std::map<std::string, std::size_t, std::less<>> counts(
      std::vector<std::string> const& departments) const;
  // Titles that begin like the text, for suggestions.
  [[nodiscard]] std::vector<RecordPtr> suggest(std::string_view text, std::size_t limit) const;

  // Tags of cached pages that a commit touches: "doc:<id>", "type:<key>", and kProgrammeTag.
  [[nodiscard]] static std::vector<std::string> tags_of(store::CommitNotice const& notice);

 private:
  struct State;
  explicit Catalogue(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// "/structures/epicerie-de-rumilly-7k2m9qrt"
[[nodiscard]] std::string public_path(schema::Type const& type, DocumentId const& id,
                                      std::string_view title);

}  // namespace solidaires::service
