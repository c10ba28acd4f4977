#include "tests/bench/invented.h"

#include <array>
#include <cmath>

namespace solidaires::search::invented {

std::string word(std::uint64_t number) {
  static constexpr std::array<std::string_view, 32> kSyllables = {
      "ba",  "ri", "to",  "me",  "lan", "dou", "vi",  "sel", "gra", "no",  "pu",
      "cha", "fi", "zo",  "que", "tal", "mon", "sé",  "pré", "cou", "ber", "tin",
      "jo",  "lé", "nar", "dis", "fou", "gué", "bri", "cal", "vor", "thé"};
  static constexpr std::array<std::string_view, 6> kEndings = {"",    "s",   "ation",
                                                               "ité", "eur", "age"};
  std::string out;
  auto rest = number * 2'654'435'761U % 4'294'967'291U;
  for (int i = 0; i < 3; ++i, rest /= 32) out += kSyllables[rest % 32];
  return out.append(kEndings[rest % 6]);
}

std::string frequent_word(Rng& rng) {
  constexpr double kShift = 20;
  auto const u = (static_cast<double>(rng.below(1'000'000)) + 1) / 1'000'001;
  auto const number = kShift * (std::pow(static_cast<double>(kWords) / kShift + 1, u) - 1);
  return word(static_cast<std::uint64_t>(number));
}

namespace {

std::string sentence(Rng& rng, int words) {
  static constexpr std::array<std::string_view, 8> kSmall = {"de",   "la", "les", "et",
                                                             "pour", "l'", "des", "à"};
  std::string out;
  for (int i = 0; i < words; ++i) {
    if (i % 3 == 2) out.append(kSmall[rng.below(kSmall.size())]).append(1, ' ');
    out.append(frequent_word(rng)).append(1, ' ');
  }
  return out;
}

}  // namespace

std::string typed_words(Rng& rng) {
  auto out = frequent_word(rng);
  if (rng.below(2) == 0) out += " " + frequent_word(rng);
  return out;
}

Point somewhere(Rng& rng) {
  auto const between = [&rng](double from, double to) {
    return from + (to - from) * static_cast<double>(rng.below(1'000'000)) / 1e6;
  };
  if (rng.below(2) == 0) return {between(44.1, 46.5), between(3.7, 7.2)};
  static constexpr std::array<Point, 6> kTowns = {
      {{45.90, 6.13}, {45.57, 5.92}, {45.19, 5.72}, {45.76, 4.84}, {45.44, 4.39}, {46.19, 6.23}}};
  auto const& town = kTowns[rng.below(kTowns.size())];
  return {town.latitude_deg + between(-0.08, 0.08), town.longitude_deg + between(-0.1, 0.1)};
}

Entry record(std::uint64_t number, Rng& rng) {
  Entry out;
  std::string id(16, '\0');
  for (std::size_t i = 0; i < 8; ++i) id[15 - i] = static_cast<char>(number >> (8 * i));
  out.key = {ScopeId::published(*NodeName::parse("savoie")), *DocumentId::from_bytes(id)};
  static constexpr std::array<char const*, 6> kTypes = {"structure", "structure", "structure",
                                                        "event",     "article",   "job_offer"};
  out.type = kTypes[rng.below(kTypes.size())];
  out.title = sentence(rng, 4);
  out.summary = sentence(rng, 12);
  out.body = sentence(rng, 30);
  static constexpr std::array<char const*, 8> kDepartments = {"01", "07", "26", "38",
                                                              "42", "69", "73", "74"};
  std::string const department = kDepartments[rng.below(8)];
  out.places = {{department + std::to_string(100 + rng.below(350)), department,
                 "2000" + std::to_string(rng.below(160)), somewhere(rng)}};
  if (rng.below(20) == 0) out.served = {"department:" + department};
  out.facets["theme"] = {"t" + std::to_string(rng.below(20)), "t" + std::to_string(rng.below(20))};
  out.facets["family"] = {"f" + std::to_string(rng.below(6))};
  out.facets["public"] = {"p" + std::to_string(rng.below(12))};
  if (out.type == "event") {
    auto const from = kNow + kDay * (static_cast<std::int64_t>(rng.below(200)) - 40);
    out.dates = {{from, from + Millis(7'200'000)}};
  }
  out.updated = kNow - kDay * static_cast<std::int64_t>(rng.below(1000));
  return out;
}

}  // namespace solidaires::search::invented
