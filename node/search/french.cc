#include "node/search/french.h"

#include <libstemmer.h>

#include <algorithm>
#include <array>
#include <memory>

namespace solidaires::search {

namespace {

// Snowball reads accents, which folded text has lost and which people leave out. The endings that
// depend on one are put back, and a few families that it leaves apart are joined.
std::string prepared(std::string_view folded) {
  std::string word(folded);
  auto const ends = [&word](std::string_view ending, std::size_t longer_than) {
    return word.size() > longer_than && word.ends_with(ending);
  };
  auto const replace = [&word](std::size_t letters, std::string_view by) {
    word.resize(word.size() - letters);
    word += by;
  };
  if (word == "benevolat") return "benevol";
  if (word == "travaux") return "travail";
  if (ends("eux", 5)) {
    replace(3, "eur");  // heureux, heureuse: as employeur, employeuse
  } else if (ends("eux", 3) || ends("oux", 3)) {
    replace(1, "");  // jeux, lieux, voeux, choux
  } else if (ends("s", 4) && !ends("ss", 0)) {
    replace(1, "");  // Snowball keeps the s of velos and emplois
  }
  if (ends("trice", 6)) {
    replace(5, "teur");
  } else if (word == "actrice") {
    replace(5, "teur");
  } else if (ends("euse", 6)) {
    replace(4, "eur");
  } else if (ends("ere", 5)) {
    replace(1, "");  // cuisiniere, maraichere
  } else if (ends("ee", 3)) {
    replace(1, "");  // salariee, musee
  } else if (ends("ite", 5)) {
    replace(1, "é");  // activite, mobilite
  }
  return word;
}

struct StemmerDeleter {
  void operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }
};

// In order: looked up by halves.
constexpr std::array<std::string_view, 68> kStopWords = {
    "a",   "au",  "aux", "avec",  "ca",    "car",   "ce",  "ces", "cet",  "cette", "d",    "dans",
    "de",  "des", "du",  "elle",  "elles", "en",    "est", "et",  "eux",  "il",    "ils",  "je",
    "l",   "la",  "le",  "les",   "leur",  "leurs", "lui", "ma",  "mais", "me",    "mes",  "mon",
    "n",   "ne",  "nos", "notre", "nous",  "on",    "ont", "ou",  "par",  "pas",   "pour", "qu",
    "que", "qui", "s",   "sa",    "se",    "ses",   "si",  "son", "sont", "sur",   "ta",   "te",
    "tu",  "un",  "une", "vos",   "votre", "vous",  "y",   "etre"};

// Each with at most kSynonyms words; a word stands in one of them only.
constexpr std::size_t kSynonyms = 3;
constexpr std::array<std::array<std::string_view, kSynonyms>, 13> kSameThing = {{
    {"ressourcerie", "recyclerie"},
    {"emploi", "boulot", "job"},
    {"association", "asso"},
    {"cooperative", "coop"},
    {"comptabilite", "compta"},
    {"biologique", "bio"},
    {"velo", "bicyclette"},
    {"voiture", "auto", "automobile"},
    {"cinema", "cine"},
    {"exposition", "expo"},
    {"restaurant", "resto"},
    {"ordinateur", "ordi"},
    {"creche", "garderie"},
}};

struct Expression {
  std::string_view first, second, word;
};
constexpr std::array<Expression, 5> kExpressions = {{
    {"economie", "sociale", "ess"},
    {"economie", "solidaire", "ess"},
    {"maison", "retraite", "ehpad"},
    {"insertion", "activite", "iae"},
    {"paniers", "paysans", "amap"},
}};

}  // namespace

std::string stem(std::string_view folded) {
  thread_local std::unique_ptr<sb_stemmer, StemmerDeleter> const stemmer(
      sb_stemmer_new("french", "UTF_8"));
  auto word = prepared(folded);
  if (!stemmer) return word;
  auto const* out = sb_stemmer_stem(stemmer.get(), reinterpret_cast<sb_symbol const*>(word.data()),
                                    static_cast<int>(word.size()));
  if (out == nullptr) return word;
  auto const size = static_cast<std::size_t>(sb_stemmer_length(stemmer.get()));
  std::string result(reinterpret_cast<char const*>(out), size);
  return result.empty() ? word : result;
}

bool is_stop_word(std::string_view folded) noexcept {
  static constexpr auto kSorted = [] {
    auto words = kStopWords;
    std::ranges::sort(words);
    return words;
  }();
  return std::ranges::binary_search(kSorted, folded);
}

std::span<std::string_view const> synonyms(std::string_view folded) noexcept {
  for (auto const& words : kSameThing) {
    if (std::ranges::find(words, folded) == words.end()) continue;
    auto const end = std::ranges::find(words, std::string_view());
    return {words.begin(), end};
  }
  return {};
}

std::string_view expression(std::string_view first, std::string_view second) noexcept {
  auto const found = std::ranges::find_if(kExpressions, [&](Expression const& one) {
    return one.first == first && one.second == second;
  });
  return found == kExpressions.end() ? std::string_view() : found->word;
}

}  // namespace solidaires::search
