// Invented French records for benchmarks: about 60 words each, few words frequent and most rare,
// spread over eight departments; the same for the same number and generator.
#pragma once

#include <cstdint>
#include <string>

#include "node/search/entry.h"
#include "sync/base/rng.h"

namespace solidaires::search::invented {

inline Instant const kNow = from_unix_ms(1'790'000'000'000);
inline constexpr Millis kDay{24 * 3600 * 1000};
inline constexpr std::uint64_t kWords = 40'000;

// The word with this number, below kWords.
[[nodiscard]] std::string word(std::uint64_t number);
// Few words are frequent (the first is in a quarter of the records), most are rare (Zipf).
[[nodiscard]] std::string frequent_word(Rng& rng);
// One word or two, as people type.
[[nodiscard]] std::string typed_words(Rng& rng);
// Half of everything is in and around towns.
[[nodiscard]] Point somewhere(Rng& rng);
[[nodiscard]] Entry record(std::uint64_t number, Rng& rng);

}  // namespace solidaires::search::invented
