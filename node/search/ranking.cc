#include "node/search/ranking.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "node/text/fold.h"

namespace solidaires::search {

namespace {

constexpr double kDayMin = 24 * 60;
constexpr double kFreshDays = 183;    // full marks for half a year ...
constexpr double kStaleDays = 730;    // ... and none from two years on
constexpr double kFreshShare = 0.35;  // of the score that freshness decides
constexpr double kNearShare = 0.6;    // of the score that distance decides
constexpr double kHalfWayKm = 15;     // where half of that is lost, at most
constexpr double kOver = 0.4;         // what is over sinks
constexpr double kSoonDays = 180;
constexpr std::size_t kLookedAt = 64;  // best ones whose titles are compared with the query
constexpr double kUndated = 4e15;      // doubles are exact to the minute here
constexpr double kPast = 1e15;

std::int64_t end_ms(Interval const& date) {
  return to_unix_ms(std::max(date.to, date.from + Millis(1)));
}

double minutes(std::int64_t ms) {
  return static_cast<double>(ms) / 60'000;
}

double falling(double value, double full, double none) {
  return std::clamp((none - value) / (none - full), 0.0, 1.0);
}

// The first index from `from` on whose value is not below `least`; else the size.
std::size_t next_at_least(std::span<float const> values, std::size_t from, float least) {
  constexpr std::size_t kAtOnce = 16;
  for (; from + kAtOnce <= values.size(); from += kAtOnce) {
    bool any = false;
    for (std::size_t i = 0; i < kAtOnce; ++i) any |= values[from + i] >= least;
    if (any) break;
  }
  while (from < values.size() && values[from] < least) ++from;
  return from;
}

bool contains_words(std::string_view text, std::string_view words) {
  for (auto at = text.find(words); at != std::string_view::npos; at = text.find(words, at + 1)) {
    bool const begins = at == 0 || text[at - 1] == ' ';
    auto const end = at + words.size();
    if (begins && (end == text.size() || text[end] == ' ')) return true;
  }
  return false;
}

}  // namespace

Ranking::Ranking(Tables const& tables, Query const& query, Filter const& filter)
    : tables_(tables),
      query_(query),
      filter_(filter),
      sort_(query.sort),
      now_min_(minutes(to_unix_ms(query.now))) {
  if (sort_ == Sort::distance && !filter.centre()) sort_ = Sort::relevance;
  folded_ = text::fold(std::string_view(query.words).substr(0, 200));
}

bool Ranking::named_before(Slot a, Slot b) const {
  auto const name_a = tables_.names[a];
  auto const name_b = tables_.names[b];
  if (name_a != name_b) return name_a < name_b;
  auto const& record_a = tables_.records[a];
  auto const& record_b = tables_.records[b];
  auto const order = record_a.folded_name.compare(record_b.folded_name);
  return order != 0 ? order < 0 : record_a.key < record_b.key;
}

double Ranking::freshness(Slot slot) const {
  if (auto const day = tables_.days[slot]; day != kDated) {
    auto const days = now_min_ / kDayMin - day;
    return 1 - kFreshShare + kFreshShare * falling(days, kFreshDays, kStaleDays);
  }
  auto const& brief = tables_.briefs[slot];
  // For what has dates, the next one is what counts.
  auto const by_date = [this](double from_min) {
    auto const days = (from_min - now_min_) / kDayMin;
    return 1 - kFreshShare + kFreshShare * falling(days, 0, kSoonDays);
  };
  if (brief.first_end_min > now_min_) return by_date(brief.first_min);
  if (!brief.more_dates) return kOver;
  for (auto const& date : tables_.records[slot].dates) {
    if (minutes(end_ms(date)) > now_min_) return by_date(minutes(to_unix_ms(date.from)));
  }
  return kOver;
}

double Ranking::nearness(Slot slot) const {
  if (!filter_.centre()) return 1;
  auto const radius = query_.where.circle ? query_.where.circle->radius_km : 10.0;
  auto km = straight_km(filter_.distance_chord2(slot));
  // Who comes to the place is as near as somebody half-way.
  if (filter_.serves(slot)) km = std::min(km, radius / 2);
  return 1 - kNearShare + kNearShare / (1 + km / std::clamp(radius / 3, 2.0, kHalfWayKm));
}

double Ranking::relevance(Slot slot, double score) const {
  return score * freshness(slot) * nearness(slot);
}

double Ranking::date_key(Slot slot) const {
  auto const& dates = tables_.records[slot].dates;
  if (dates.empty()) return kUndated - tables_.briefs[slot].updated_min;
  auto const from_ms = to_unix_ms(query_.dates ? query_.dates->from : query_.now);
  std::int64_t last_ms = std::numeric_limits<std::int64_t>::min();
  for (auto const& date : dates) {  // by beginning: the first that is not over is the next
    if (end_ms(date) > from_ms) {
      return static_cast<double>(std::max(to_unix_ms(date.from), from_ms));
    }
    last_ms = std::max(last_ms, end_ms(date));
  }
  return kPast + static_cast<double>(from_ms - last_ms);
}

double Ranking::deadline_key(Slot slot) const {
  auto const closes_min = tables_.closes[slot];
  if (closes_min == kNeverCloses) return kPast - tables_.briefs[slot].updated_min;
  auto const left_min = closes_min - now_min_;
  return left_min > 0 ? left_min : kUndated - left_min;
}

double Ranking::key(Slot slot, double score) const {
  switch (sort_) {
    case Sort::relevance: return -relevance(slot, score);
    case Sort::distance: return filter_.distance_chord2(slot);
    case Sort::date: return date_key(slot);
    case Sort::deadline: return deadline_key(slot);
    case Sort::newest: return -static_cast<double>(tables_.briefs[slot].updated_min);
    case Sort::name: return static_cast<double>(tables_.names[slot] >> 16);  // exactly
  }
  return 0;
}

// Who types the name of a structure wants that structure.
void Ranking::prefer_titles(std::vector<Ranked>& ranked) const {
  auto const best = std::min(ranked.size(), kLookedAt);
  for (std::size_t i = 0; i < best; ++i) {
    __builtin_prefetch(&tables_.records[ranked[i].slot].folded_title);
  }
  for (std::size_t i = 0; i < best; ++i) {
    __builtin_prefetch(tables_.records[ranked[i].slot].folded_title.data());
  }
  for (std::size_t i = 0; i < best; ++i) {
    auto const& record = tables_.records[ranked[i].slot];
    std::string_view const title = record.folded_title;
    double factor = 1;
    if (title == folded_ || record.folded_acronym == folded_) {
      factor = 1.6;
    } else if (title.starts_with(folded_) && title[folded_.size()] == ' ') {
      factor = 1.3;
    } else if (contains_words(title, folded_)) {
      factor = 1.15;
    }
    ranked[i].key *= factor;  // keys are negative: further to the front
  }
  std::sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(best),
            [this](Ranked const& a, Ranked const& b) { return before(a, b); });
}

bool Ranking::by_circle() const {
  return sort_ == Sort::distance && !std::isinf(filter_.reach_km());
}

// Circles that grow until one holds enough: what is outside of it is farther than all of these.
std::vector<Slot> Ranking::nearest(std::size_t total, std::size_t kept,
                                   std::vector<Slot> const* among) const {
  constexpr double kSure = 2;  // times as many as are wanted, if they lay evenly
  auto const& centre = *filter_.centre();
  auto const reach_km = filter_.reach_km();
  auto const share = kSure * static_cast<double>(kept) / static_cast<double>(total);
  for (auto km = reach_km * std::sqrt(share); km < reach_km / 2; km *= 2) {
    auto out = tables_.positions.within(centre, km);
    if (among != nullptr) {
      std::size_t at = 0;
      std::erase_if(out, [&](Slot slot) {
        at = seek(*among, at, slot);
        return at == among->size() || (*among)[at] != slot;
      });
    }
    if (out.size() >= kept) return out;
  }
  return among != nullptr ? *among : tables_.positions.within(centre, reach_km);
}

// Keeps twice what is wanted and halves it when full: no heap, and most matches are turned away by
// one comparison, sixteen at a time.
std::vector<Ranked> Ranking::best_of(std::vector<Slot> const& slots,
                                     std::vector<float> const& scores, std::size_t kept) const {
  bool const by_words = sort_ == Sort::relevance && !scores.empty();
  auto const order = [this](Ranked const& a, Ranked const& b) { return before(a, b); };
  std::vector<Ranked> best;
  best.reserve(std::min(2 * kept, slots.size()));
  Ranked worst{std::numeric_limits<double>::infinity(), 0};  // of the kept, once there are enough
  bool full = false;
  constexpr std::size_t kAhead = 8;  // briefs lie apart: fetch them before they are read
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (i + kAhead < slots.size()) __builtin_prefetch(&tables_.briefs[slots[i + kAhead]]);
    if (by_words && full) {  // no factor raises a score
      i = next_at_least(scores, i, static_cast<float>(-worst.key));
      if (i == slots.size()) break;
    }
    Ranked const candidate{key(slots[i], scores.empty() ? 1.0 : static_cast<double>(scores[i])),
                           slots[i]};
    if (full && (candidate.key > worst.key || !before(candidate, worst))) continue;
    best.push_back(candidate);
    if (best.size() < 2 * kept) continue;
    auto const middle = best.begin() + static_cast<std::ptrdiff_t>(kept);
    std::nth_element(best.begin(), middle, best.end(), order);
    best.erase(middle, best.end());
    worst = *std::ranges::max_element(best, order);
    full = true;
  }
  auto const middle = best.begin() + static_cast<std::ptrdiff_t>(std::min(kept, best.size()));
  std::partial_sort(best.begin(), middle, best.end(), order);
  best.erase(middle, best.end());
  return best;
}

std::vector<Ranked> Ranking::page(std::vector<Slot> const& slots,
                                  std::vector<float> const& scores) const {
  auto const total = slots.size();
  if (query_.offset >= total || query_.limit == 0) return {};
  bool const by_words = sort_ == Sort::relevance && !scores.empty();
  auto const end = query_.offset + std::min(query_.limit, total - query_.offset);
  auto const kept = std::min(total, by_words ? std::max(end, kLookedAt) : end);
  auto best =
      by_circle() ? best_of(nearest(total, kept, &slots), {}, kept) : best_of(slots, scores, kept);
  if (by_words && !folded_.empty()) prefer_titles(best);
  return cut(std::move(best), end);
}

std::vector<Ranked> Ranking::page_of_circle(std::size_t total) const {
  if (query_.offset >= total || query_.limit == 0) return {};
  auto const end = query_.offset + std::min(query_.limit, total - query_.offset);
  return cut(best_of(nearest(total, end, nullptr), {}, end), end);
}

std::vector<Ranked> Ranking::cut(std::vector<Ranked> best, std::size_t end) const {
  best.resize(end);
  best.erase(best.begin(), best.begin() + static_cast<std::ptrdiff_t>(query_.offset));
  return best;
}

}  // namespace solidaires::search
