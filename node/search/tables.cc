#include "node/search/tables.h"

#include <algorithm>
#include <limits>

#include "node/text/fold.h"

namespace solidaires::search {

namespace {

std::string packed(std::span<Word const> words) {
  std::string out;
  Word last = 0;
  for (auto const word : words) {
    for (auto rest = word - last;; rest >>= 7) {
      if (rest < 0x80) {
        out += static_cast<char>(rest);
        break;
      }
      out += static_cast<char>(0x80 | (rest & 0x7F));
    }
    last = word;
  }
  out.shrink_to_fit();
  return out;
}

std::vector<Word> unpacked(std::string_view bytes) {
  std::vector<Word> out;
  Word last = 0;
  Word difference = 0;
  int shift = 0;
  for (char const c : bytes) {
    auto const byte = static_cast<unsigned char>(c);
    difference |= static_cast<Word>(byte & 0x7F) << shift;
    shift += 7;
    if ((byte & 0x80) != 0) continue;
    last += difference;
    out.push_back(last);
    difference = 0;
    shift = 0;
  }
  return out;
}

template <class T>
void sort_distinct(std::vector<T>& values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  values.shrink_to_fit();
}

}  // namespace

std::int32_t minutes(Instant at) {
  constexpr std::int64_t kLast = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(std::clamp(to_unix_ms(at) / 60'000, -kLast, kLast));
}

Word Tables::intern(std::string_view folded) {
  auto const word = vocabulary.intern(folded);
  auto const term = vocabulary.term_of(word);
  if (term >= postings.size()) postings.resize(term + 1);
  return word;
}

Slot Tables::slot_for(sync::DocumentKey const& key) {
  auto const [place, fresh] = by_key.try_emplace(key, 0);
  if (!fresh) return place->second;
  if (unused.empty()) {
    place->second = static_cast<Slot>(records.size());
    records.emplace_back();
    briefs.emplace_back();
    days.emplace_back();
    closes.push_back(kNeverCloses);
    names.emplace_back();
  } else {
    place->second = unused.back();
    unused.pop_back();
  }
  records[place->second].key = key;
  live.add(place->second);
  return place->second;
}

void Tables::put(Entry const& entry, std::span<Word const> words,
                 std::span<TermImpact const> impacts) {
  auto const slot = slot_for(entry.key);
  put_words(slot, words, impacts);
  put_values(slot, values_of(entry));
  std::vector<Spot> spots;
  for (auto const& place : entry.places) {
    auto const spot = place.point ? spot_of(*place.point) : std::nullopt;
    if (spot) spots.push_back(*spot);
  }
  put_spots(slot, std::move(spots));
  put_names(slot, entry);
  put_dates(slot, entry.dates, entry.updated);
  closes[slot] = entry.closes ? minutes(*entry.closes) : kNeverCloses;
}

void Tables::enter_row(Slot slot) {
  auto const& record = records[slot];
  by_key.emplace(record.key, slot);
  live.add(slot);
  if (!record.dates.empty()) dated.add(slot);
  for (auto const value : record.values) attributes.set(value).add(slot);
  for (auto const& spot : record.spots) positions.add(slot, spot, record.spots.size() > 1);
}

bool Tables::remove(sync::DocumentKey const& key) {
  auto const found = by_key.find(key);
  if (found == by_key.end()) return false;
  auto const slot = found->second;
  put_words(slot, {}, {});
  put_values(slot, {});
  put_spots(slot, {});
  put_names(slot, Entry{});
  put_dates(slot, {}, {});
  live.remove(slot);
  records[slot] = Record{};
  briefs[slot] = Brief{};
  closes[slot] = kNeverCloses;
  by_key.erase(found);
  unused.push_back(slot);
  return true;
}

void Tables::put_words(Slot slot, std::span<Word const> words,
                       std::span<TermImpact const> impacts) {
  auto& record = records[slot];
  auto const before = unpacked(record.words);
  for (auto const word : before) {
    auto const term = vocabulary.term_of(word);
    if (!std::ranges::binary_search(impacts, term, {}, &TermImpact::first)) {
      postings[term].drop(slot);
    }
  }
  for (auto const& [term, impact] : impacts) postings[term].put(slot, impact);
  for (auto const word : words) vocabulary.take(word);
  for (auto const word : before) vocabulary.drop(word);
  record.words = packed(words);
}

std::vector<Value> Tables::values_of(Entry const& entry) {
  std::vector<Value> out;
  auto const put = [&](std::string_view facet, std::string_view code) {
    if (!code.empty()) out.push_back(attributes.intern(facet, code));
  };
  put(kTypeFacet, entry.type);
  put(kScopeFacet, entry.key.scope.to_string());
  for (auto const& place : entry.places) {
    put(kCommuneFacet, place.commune);
    put(kDepartmentFacet, place.department);
    put(kEpciFacet, place.epci);
  }
  for (auto const& code : entry.served) put(kServedFacet, code);
  for (auto const& [facet, codes] : entry.facets) {
    for (auto const& code : codes) put(facet, code);
  }
  sort_distinct(out);
  return out;
}

void Tables::put_values(Slot slot, std::vector<Value> values) {
  auto& old = records[slot].values;
  for (auto const value : old) {
    if (!std::ranges::binary_search(values, value)) attributes.drop(value, slot);
  }
  for (auto const value : values) {
    if (!std::ranges::binary_search(old, value)) attributes.set(value).add(slot);
  }
  old = std::move(values);
}

void Tables::put_spots(Slot slot, std::vector<Spot> spots) {
  auto& old = records[slot].spots;
  for (auto const& spot : old) positions.remove(slot, spot);
  for (auto const& spot : spots) positions.add(slot, spot, spots.size() > 1);
  auto& brief = briefs[slot];
  brief.has_spot = !spots.empty();
  brief.more_spots = spots.size() > 1;
  if (brief.has_spot) brief.spot = spots.front();
  old = std::move(spots);
}

void Tables::put_names(Slot slot, Entry const& entry) {
  auto& record = records[slot];
  auto folded = text::fold(entry.title);
  if (folded != record.folded_title) {
    titles.remove(slot, record.folded_title);
    record.folded_title = std::move(folded);
    titles.add(slot, record.folded_title);
  }
  record.title = entry.title;
  record.folded_acronym = text::fold(entry.acronym);
  record.folded_name = entry.sort_name.empty() ? record.folded_title : text::fold(entry.sort_name);
  names[slot] = first_eight(record.folded_name);
}

void Tables::put_dates(Slot slot, std::vector<Interval> dates, Instant updated) {
  std::erase_if(dates, [](Interval const& date) { return date.to < date.from; });
  std::ranges::sort(dates, {}, &Interval::from);
  dates.shrink_to_fit();
  if (dates.empty()) {
    dated.remove(slot);
  } else {
    dated.add(slot);
  }
  auto& brief = briefs[slot];
  brief.updated_min = minutes(updated);
  days[slot] = dates.empty()
                   ? static_cast<std::uint16_t>(std::clamp(brief.updated_min / 1440, 0, kDated - 1))
                   : kDated;
  brief.dated = !dates.empty();
  brief.more_dates = dates.size() > 1;
  if (brief.dated) {
    brief.first_min = minutes(dates.front().from);
    brief.first_end_min = minutes(dates.front().to + Millis(59'999));
  }
  records[slot].dates = std::move(dates);
}

}  // namespace solidaires::search
