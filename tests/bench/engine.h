// A search engine as the benchmark of peers sees it: the same records, the same questions. Texts
// reach every engine folded and stemmed, one space between terms, so that all match the same and
// none spends time on French.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "node/search/entry.h"

namespace solidaires::search {

struct Prepared {
  std::uint64_t number = 0;
  Entry entry;
  std::string title, summary, body;  // terms
  std::string folded_title;
};

enum class Kind {
  words,
  words_near,
  nearest_10,
  nearest_50,
  facets,
  facets_near,
  completion,
  typo,
};
inline constexpr std::array kKinds = {Kind::words,      Kind::words_near, Kind::nearest_10,
                                      Kind::nearest_50, Kind::facets,     Kind::facets_near,
                                      Kind::completion, Kind::typo};
[[nodiscard]] constexpr std::string_view name_of(Kind kind) {
  constexpr std::array<std::string_view, kKinds.size()> kNames = {
      "words, top 20",           "words + within 10 km",
      "nearest within 10 km",    "nearest within 50 km",
      "facets of words",         "facets of words + 10 km",
      "completion of 3 letters", "typo"};
  return kNames[static_cast<std::size_t>(kind)];
}
[[nodiscard]] constexpr bool has_words(Kind kind) {
  return kind == Kind::words || kind == Kind::words_near || kind == Kind::facets ||
         kind == Kind::facets_near;
}
// 0: anywhere.
[[nodiscard]] constexpr double radius_km(Kind kind) {
  if (kind == Kind::nearest_50) return 50;
  bool const anywhere =
      kind == Kind::words || kind == Kind::facets || kind == Kind::completion || kind == Kind::typo;
  return anywhere ? 0 : 10;
}

struct Question {
  Kind kind = Kind::words;
  std::string typed;               // words, the beginning of one, or a misspelt one
  std::vector<std::string> terms;  // of these words
  Point centre;
};

inline constexpr std::size_t kPage = 20;
inline constexpr std::size_t kCompletions = 8;
inline constexpr std::array<std::string_view, 3> kFacets = {"theme", "family", "public"};

struct Answer {
  // On the page; of facets and of what is nearest: all matches, for these are told with it.
  std::size_t hits = 0;
  std::string corrected{};  // the word that a misspelt one stands for
};

class Engine {
 public:
  virtual ~Engine() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  virtual void load(std::span<Prepared const> records) = 0;
  // After the last record: what the engine does to be quick.
  virtual void finish(std::vector<std::string> const& words) = 0;
  [[nodiscard]] virtual double megabytes() = 0;
  // nullopt: the engine cannot do this.
  [[nodiscard]] virtual std::optional<Answer> ask(Question const& question) = 0;
};

// `directory`: empty, the engine's own. Errors end the program.
[[nodiscard]] std::unique_ptr<Engine> sqlite(std::string const& directory);
[[nodiscard]] std::unique_ptr<Engine> xapian(std::string const& directory);
[[nodiscard]] std::unique_ptr<Engine> postgresql(std::string const& connection);

[[noreturn]] void give_up(std::string_view what);
[[nodiscard]] double megabytes_below(std::string const& directory);

}  // namespace solidaires::search
