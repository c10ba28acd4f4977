// Where the words of a search stand in a text, for <mark>. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace solidaires::search {

// Bytes of a text, [begin, end).
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
  friend bool operator==(Range const&, Range const&) = default;
};

// The words of `utf8` that have the stem of one of `words` (Found::words); with `complete_last`,
// also those that begin with the last of them. In order, none within another.
[[nodiscard]] std::vector<Range> highlight(std::string_view utf8,
                                           std::span<std::string const> words,
                                           bool complete_last = false);

// The part of a text around its first highlighted word, at most `max` code points, one line, with
// "…" where it was cut; the beginning if there is none.
[[nodiscard]] std::string passage(std::string_view utf8, std::span<std::string const> words,
                                  std::size_t max);

}  // namespace solidaires::search
