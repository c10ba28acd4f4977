// What changed between two texts, word by word, for people who review a change. Pure, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace solidaires::text {

enum class Change : std::uint8_t { none, gone, come };

struct DifferencePart {
  Change change = Change::none;
  std::string_view text;  // of `before` if gone, else of `after`
  friend bool operator==(DifferencePart const&, DifferencePart const&) = default;
};

// The parts in reading order, what is gone before what came in its place; never two of one kind in
// a row. Leaving out what came gives `before`, but for white space between two changed words, which
// counts as changed with them. Both texts are valid UTF-8 and outlive the parts. Of texts that
// differ in more than about two thousand words each, the middle is one change.
[[nodiscard]] std::vector<DifferencePart> difference(std::string_view before,
                                                     std::string_view after);

}  // namespace solidaires::text
