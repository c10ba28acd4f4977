#include "node/search/analysis.h"

#include <algorithm>
#include <cmath>

#include "node/search/french.h"

namespace solidaires::search {

namespace {

constexpr std::size_t kTextBytes = 128UL * 1024;  // of one field; what is behind is not found

// How sure a field makes us that the record is about a word, however often it says it: a word all
// over a text never outweighs one in a title.
constexpr std::array<double, kFields> kCeiling = {0.80, 0.85, 0.60, 0.50, 0.45, 0.32};
constexpr std::array<double, kFields> kUsualLength = {5, 1, 20, 4, 15, 60};  // words
constexpr double kHalfSure = 0.6;  // occurrences, in a field of usual length
// A list of keywords is no less about each of them for being long.
constexpr std::array<double, kFields> kLengthMatters = {0.5, 0.5, 0.2, 0.5, 0.3, 0.5};

double sureness(std::size_t field, double times, double length) {
  auto const matters = kLengthMatters[field];
  auto const norm = 1 - matters + matters * length / kUsualLength[field];
  auto const weighed = times / norm;
  return kCeiling[field] * weighed / (weighed + kHalfSure);
}

}  // namespace

std::size_t Analysis::read(Entry const& entry, Vocabulary const& vocabulary) {
  auto& draft = drafts_.emplace_back();
  read_field(draft, Field::title, entry.title, vocabulary);
  read_field(draft, Field::acronym, entry.acronym, vocabulary);
  read_field(draft, Field::keywords, entry.keywords, vocabulary);
  read_field(draft, Field::place_names, entry.place_names, vocabulary);
  read_field(draft, Field::summary, entry.summary, vocabulary);
  read_field(draft, Field::body, entry.body, vocabulary);
  return drafts_.size() - 1;
}

void Analysis::read_field(Draft& draft, Field field, std::string_view text,
                          Vocabulary const& vocabulary) {
  text::WordScanner scanner(text.substr(0, kTextBytes));
  before_.clear();
  while (scanner.next(word_)) {
    bool const small = is_stop_word(word_.folded);
    if (small && field != Field::title) continue;
    draft.lengths[static_cast<std::size_t>(field)] += 1;
    add(draft, field, word_.folded, vocabulary);
    if (!word_.feminine.empty()) add(draft, field, word_.feminine, vocabulary);
    if (small) continue;
    if (auto const both = expression(before_, word_.folded); !both.empty())
      add(draft, field, both, vocabulary);
    before_ = word_.folded;
  }
}

void Analysis::add(Draft& draft, Field field, std::string_view folded,
                   Vocabulary const& vocabulary) {
  if (auto const word = vocabulary.known(folded)) {
    draft.tokens.push_back({*word, field, false});
    return;
  }
  auto const next = static_cast<std::uint32_t>(new_words_.size());
  auto const [place, fresh] = new_numbers_.try_emplace(std::string(folded), next);
  if (fresh) new_words_.emplace_back(folded);
  draft.tokens.push_back({place->second, field, true});
}

Terms const& Analysis::terms(std::size_t entry, Vocabulary const& vocabulary) {
  auto& draft = drafts_[entry];
  terms_.words.clear();
  terms_.impacts.clear();
  for (auto& token : draft.tokens) {
    if (token.fresh) token.word = resolved_[token.word];
    token.fresh = false;
    token.term = vocabulary.term_of(token.word);
    terms_.words.push_back(token.word);
  }
  std::ranges::sort(terms_.words);
  terms_.words.erase(std::unique(terms_.words.begin(), terms_.words.end()), terms_.words.end());
  std::ranges::sort(draft.tokens, {},
                    [](Token const& token) { return std::pair(token.term, token.field); });
  for (auto at = draft.tokens.begin(); at != draft.tokens.end();) {
    auto const term = at->term;
    double unsure = 1;
    while (at != draft.tokens.end() && at->term == term) {
      auto const field = at->field;
      auto const first = at;
      while (at != draft.tokens.end() && at->term == term && at->field == field) ++at;
      auto const index = static_cast<std::size_t>(field);
      unsure *= 1 - sureness(index, static_cast<double>(at - first), draft.lengths[index]);
    }
    terms_.impacts.emplace_back(term, static_cast<Impact>(std::lround((1 - unsure) * 65535)));
  }
  return terms_;
}

void Analysis::clear() {
  drafts_.clear();
  new_words_.clear();
  new_numbers_.clear();
  resolved_.clear();
}

}  // namespace solidaires::search
