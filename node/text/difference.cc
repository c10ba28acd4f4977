#include "node/text/difference.h"

#include <algorithm>
#include <cstddef>
#include <span>

namespace solidaires::text {
namespace {

using Tokens = std::vector<std::string_view>;

constexpr std::size_t kTableCells = 16'000'000;

enum class Kind : std::uint8_t { word, space, mark };

Kind kind_of(char c) {
  if (c == ' ' || c == '\n' || c == '\t') return Kind::space;
  auto const byte = static_cast<unsigned char>(c);
  constexpr unsigned char kAscii = 0x80;
  bool const letter =
      byte >= kAscii || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter ? Kind::word : Kind::mark;
}

// Words, runs of white space, single marks of punctuation.
Tokens tokens_of(std::string_view text) {
  Tokens tokens;
  for (std::size_t begin = 0; begin < text.size();) {
    auto const kind = kind_of(text[begin]);
    std::size_t end = begin + 1;
    while (kind != Kind::mark && end < text.size() && kind_of(text[end]) == kind) ++end;
    tokens.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return tokens;
}

bool is_space(std::string_view token) {
  return kind_of(token.front()) == Kind::space;
}

struct Step {
  Change change = Change::none;
  std::string_view token;
};

// The longest common subsequence, by the table of lengths of what is left of both.
void align(std::span<std::string_view const> before, std::span<std::string_view const> after,
           std::vector<Step>& steps) {
  auto const columns = after.size() + 1;
  std::vector<std::uint16_t> common((before.size() + 1) * columns);
  auto const at = [&](std::size_t i, std::size_t j) -> std::uint16_t& {
    return common[i * columns + j];
  };
  for (std::size_t i = before.size(); i-- > 0;) {
    for (std::size_t j = after.size(); j-- > 0;) {
      at(i, j) = before[i] == after[j] ? static_cast<std::uint16_t>(at(i + 1, j + 1) + 1)
                                       : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  std::size_t i = 0, j = 0;
  while (i < before.size() || j < after.size()) {
    if (i < before.size() && j < after.size() && before[i] == after[j]) {
      steps.push_back({Change::none, after[j]});
      ++i, ++j;
    } else if (j == after.size() || (i < before.size() && at(i + 1, j) >= at(i, j + 1))) {
      steps.push_back({Change::gone, before[i++]});
    } else {
      steps.push_back({Change::come, after[j++]});
    }
  }
}

std::vector<Step> steps_between(Tokens const& before, Tokens const& after) {
  auto const most = std::min(before.size(), after.size());
  std::size_t head = 0;
  while (head < most && before[head] == after[head]) ++head;
  std::size_t tail = 0;
  while (tail < most - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
    ++tail;
  std::vector<Step> steps;
  for (std::size_t i = 0; i < head; ++i) steps.push_back({Change::none, after[i]});
  std::span const old_middle(before.begin() + static_cast<std::ptrdiff_t>(head),
                             before.end() - static_cast<std::ptrdiff_t>(tail));
  std::span const new_middle(after.begin() + static_cast<std::ptrdiff_t>(head),
                             after.end() - static_cast<std::ptrdiff_t>(tail));
  constexpr std::size_t kLengthMax = UINT16_MAX;
  bool const fits = (old_middle.size() + 1) * (new_middle.size() + 1) <= kTableCells &&
                    std::min(old_middle.size(), new_middle.size()) < kLengthMax;
  if (fits) {
    align(old_middle, new_middle, steps);
  } else {
    for (auto const token : old_middle) steps.push_back({Change::gone, token});
    for (auto const token : new_middle) steps.push_back({Change::come, token});
  }
  for (std::size_t i = after.size() - tail; i < after.size(); ++i)
    steps.push_back({Change::none, after[i]});
  return steps;
}

// Whether the step at `i` goes on with a run of changes, or of what stays. White space alone
// between two changes is read with them.
bool goes_on(std::vector<Step> const& steps, std::size_t i, bool changes) {
  if (i == steps.size()) return false;
  bool const changed = steps[i].change != Change::none;
  if (!changes) return !changed;
  return changed ||
         (is_space(steps[i].token) && i + 1 < steps.size() && steps[i + 1].change != Change::none);
}

}  // namespace

std::vector<DifferencePart> difference(std::string_view before, std::string_view after) {
  auto const steps = steps_between(tokens_of(before), tokens_of(after));
  std::vector<DifferencePart> parts;
  std::size_t i = 0, old_at = 0, new_at = 0;
  while (i < steps.size()) {
    bool const changes = steps[i].change != Change::none;
    std::size_t old_size = 0, new_size = 0;
    for (; goes_on(steps, i, changes); ++i) {
      if (steps[i].change != Change::come) old_size += steps[i].token.size();
      if (steps[i].change != Change::gone) new_size += steps[i].token.size();
    }
    if (changes && old_size > 0) parts.push_back({Change::gone, before.substr(old_at, old_size)});
    if (new_size > 0)
      parts.push_back({changes ? Change::come : Change::none, after.substr(new_at, new_size)});
    old_at += old_size;
    new_at += new_size;
  }
  return parts;
}

}  // namespace solidaires::text
