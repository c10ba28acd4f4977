// Entries for the tests of search: a few by hand, or many from a seed.
#pragma once

#include <array>
#include <string>

#include "node/search/index.h"
#include "sync/base/rng.h"

namespace solidaires::search {

inline Instant const kNow = from_unix_ms(1'790'000'000'000);  // 2026-09-21
inline constexpr Millis kDay{24 * 3600 * 1000};

inline ScopeId scope_of(std::string_view node) {
  return ScopeId::published(*NodeName::parse(node));
}

inline sync::DocumentKey key_of(std::uint64_t number, std::string_view node = "savoie") {
  std::string bytes(16, '\0');
  for (int i = 0; i < 8; ++i)
    bytes[15 - static_cast<std::size_t>(i)] = static_cast<char>(number >> (8 * i));
  return {scope_of(node), *DocumentId::from_bytes(bytes)};
}

inline std::uint64_t number_of(sync::DocumentKey const& key) {
  std::uint64_t number = 0;
  for (char const c : key.id.bytes().substr(8))
    number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

inline Entry entry(std::uint64_t number, std::string title, std::string body = {}) {
  Entry out;
  out.key = key_of(number);
  out.type = "structure";
  out.title = std::move(title);
  out.body = std::move(body);
  out.updated = kNow - 10 * kDay;
  return out;
}

inline Query words(std::string typed) {
  Query query;
  query.words = std::move(typed);
  query.now = kNow;
  return query;
}

inline std::vector<std::uint64_t> numbers(Found const& found) {
  std::vector<std::uint64_t> out;
  for (auto const& hit : found.hits) out.push_back(number_of(hit.key));
  return out;
}

// A pronounceable invented word, the same for the same number.
inline std::string word(std::uint64_t number) {
  static constexpr std::array<std::string_view, 16> kSyllables = {
      "ba",  "ri", "to", "me",   "lan", "dou", "vi",  "sel",
      "gra", "no", "pu", "char", "fi",  "zo",  "que", "tal"};
  std::string out;
  for (int i = 0; i < 3; ++i, number /= 16) out += kSyllables[number % 16];
  return out;
}

// Around Savoie and Haute-Savoie, with everything that filters look at.
inline Entry random_entry(std::uint64_t number, Rng& rng) {
  auto out = entry(number, word(rng.below(300)) + " " + word(rng.below(3000)));
  for (int i = 0; i < 12; ++i) out.body += word(rng.below(rng.below(3000) + 1)) + " ";
  static constexpr std::array<char const*, 3> kTypes = {"structure", "event", "article"};
  out.type = kTypes[rng.below(3)];
  auto const degrees = [&](double from, double to) {
    return from + (to - from) * static_cast<double>(rng.below(1'000'000)) / 1e6;
  };
  for (auto sites = rng.below(4) == 0 ? 2 : rng.below(8) == 0 ? 0 : 1; sites > 0; --sites) {
    Place place;
    place.commune = std::to_string(73000 + rng.below(60));
    place.department = rng.below(2) == 0 ? "73" : "74";
    place.epci = "2000" + std::to_string(rng.below(8));
    if (rng.below(10) > 0) place.point = Point{degrees(45.0, 46.5), degrees(5.6, 7.2)};
    out.places.push_back(place);
  }
  if (rng.below(5) == 0) out.served.push_back("commune:" + std::to_string(73000 + rng.below(60)));
  for (auto n = rng.below(4); n > 0; --n) {
    out.facets["theme"].push_back("t" + std::to_string(rng.below(12)));
  }
  if (rng.below(2) == 0) out.facets["public"].push_back("p" + std::to_string(rng.below(4)));
  if (out.type == "event") {
    for (auto n = rng.below(3) + 1; n > 0; --n) {
      auto const from = kNow + kDay * (static_cast<std::int64_t>(rng.below(120)) - 60);
      out.dates.push_back(
          {from, from + Millis(static_cast<std::int64_t>(rng.below(3)) * 3600'000)});
    }
  }
  out.updated = kNow - kDay * static_cast<std::int64_t>(rng.below(1500));
  if (rng.below(4) == 0) out.closes = kNow + kDay * (static_cast<std::int64_t>(rng.below(90)) - 30);
  return out;
}

}  // namespace solidaires::search
