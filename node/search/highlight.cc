#include "node/search/highlight.h"

#include <algorithm>

#include "node/search/french.h"
#include "node/text/fold.h"
#include "node/text/words.h"

namespace solidaires::search {

namespace {

class Looked {
 public:
  Looked(std::span<std::string const> words, bool complete_last) {
    for (auto const& word : words) stems_.push_back(stem(word));
    if (complete_last && !words.empty()) beginning_ = words.back();
  }
  [[nodiscard]] bool for_word(text::Word const& word) const {
    if (!beginning_.empty() && word.folded.starts_with(beginning_)) return true;
    return has(word.folded) || (!word.feminine.empty() && has(word.feminine));
  }

 private:
  [[nodiscard]] bool has(std::string_view folded) const {
    return std::ranges::find(stems_, stem(folded)) != stems_.end();
  }
  std::vector<std::string> stems_;
  std::string beginning_;
};

}  // namespace

std::vector<Range> highlight(std::string_view utf8, std::span<std::string const> words,
                             bool complete_last) {
  std::vector<Range> out;
  if (words.empty()) return out;
  Looked const looked(words, complete_last);
  text::WordScanner scanner(utf8);
  for (text::Word word; scanner.next(word);) {
    if (looked.for_word(word)) out.push_back({word.begin, word.end});
  }
  return out;
}

std::string passage(std::string_view utf8, std::span<std::string const> words, std::size_t max) {
  auto const found = highlight(utf8, words);
  auto const lead = max / 3;
  if (found.empty() || found.front().begin <= lead) return text::excerpt(utf8, max);
  // Begins at the word nearest to a third of the length before the first one found.
  std::size_t from = found.front().begin;
  text::WordScanner scanner(utf8);
  for (text::Word word; scanner.next(word) && word.begin < from;) {
    if (found.front().begin - word.begin <= lead) from = word.begin;
  }
  return std::string("…").append(text::excerpt(utf8.substr(from), max > 1 ? max - 1 : 0));
}

}  // namespace solidaires::search
