// Everything that the index knows: one slot per document, with its row in each of these tables.
// Inner to node/search. Index::Impl guards it: searches read under a shared lock, one writer
// changes it under an exclusive one.
#pragma once

#include <deque>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "node/search/attributes.h"
#include "node/search/doc_set.h"
#include "node/search/entry.h"
#include "node/search/positions.h"
#include "node/search/postings.h"
#include "node/search/titles.h"
#include "node/search/vocabulary.h"

namespace solidaires::search {

// What filters and ranking touch for every match: one cache line.
struct alignas(64) Brief {
  Spot spot;                     // of the first site that has a point
  std::int32_t updated_min = 0;  // minutes since 1970, as are the next two
  std::int32_t first_min = 0;    // beginning and end of the first date
  std::int32_t first_end_min = 0;
  bool has_spot = false;
  bool more_spots = false;
  bool dated = false;
  bool more_dates = false;
};

inline constexpr std::uint16_t kDated = 0xFFFF;  // its dates count, not its update
inline constexpr std::int32_t kNeverCloses = std::numeric_limits<std::int32_t>::max();

struct Record {
  sync::DocumentKey key;
  std::string title;
  std::string folded_title;
  std::string folded_acronym;
  std::string folded_name;
  std::vector<Value> values;    // ascending
  std::vector<Spot> spots;      // all of them
  std::vector<Interval> dates;  // by beginning
  std::string words;            // numbers, ascending, as differences, in bytes of seven bits
};

// Since 1970, towards it; as briefs count.
[[nodiscard]] std::int32_t minutes(Instant at);

using TermImpact = std::pair<Term, Impact>;

struct KeyHash {
  std::size_t operator()(sync::DocumentKey const& key) const noexcept {
    // Ids end in chance, so few keys share one; a document's copies in several scopes may.
    return std::hash<DocumentId>{}(key.id);
  }
};

struct Tables {
  Vocabulary vocabulary;
  std::vector<Postings> postings;  // by term
  Attributes attributes;
  Positions positions;
  Titles titles;
  std::vector<Brief> briefs;         // by slot
  std::vector<std::uint16_t> days;   // by slot: of the last update, since 1970; or kDated
  std::vector<std::int32_t> closes;  // by slot: minutes since 1970, or kNeverCloses
  std::vector<std::uint64_t> names;  // by slot: the first eight bytes of the folded name
  std::deque<Record> records;        // by slot; never move
  std::vector<Slot> unused;
  std::unordered_map<sync::DocumentKey, Slot, KeyHash> by_key;
  DocSet live;
  DocSet dated;

  // Makes `entry` (of these words, with these impacts by term; both ascending) the document of its
  // key. Words that no document has any more stay until vocabulary.forget_unused().
  void put(Entry const& entry, std::span<Word const> words, std::span<TermImpact const> impacts);
  bool remove(sync::DocumentKey const& key);
  Word intern(std::string_view folded);
  // Enters a row that is complete, title and words apart, in everything that finds rows.
  void enter_row(Slot slot);

 private:
  Slot slot_for(sync::DocumentKey const& key);
  void put_words(Slot slot, std::span<Word const> words, std::span<TermImpact const> impacts);
  void put_values(Slot slot, std::vector<Value> values);
  void put_spots(Slot slot, std::vector<Spot> spots);
  void put_names(Slot slot, Entry const& entry);
  void put_dates(Slot slot, std::vector<Interval> dates, Instant updated);
  [[nodiscard]] std::vector<Value> values_of(Entry const& entry);
};

}  // namespace solidaires::search
