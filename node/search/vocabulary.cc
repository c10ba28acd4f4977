#include "node/search/vocabulary.h"

#include <absl/container/btree_map.h>

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>

#include "node/search/french.h"
#include "node/search/spelling.h"

namespace solidaires::search {

namespace {

constexpr std::size_t kLongestCompared = 2 * Spelling::kLongest;

int edits_allowed(std::size_t letters) {
  if (letters < 4) return 0;
  return letters < 6 ? 1 : 2;
}

struct Hash {
  using is_avalanching = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

}  // namespace

struct Vocabulary::Impl {
  struct Known {
    std::string text;
    Term term;
    std::uint32_t documents;  // that have it
  };
  struct Root {
    std::string stem;
    std::uint32_t words;  // that share it
  };
  std::deque<Known> words;  // by number; a text never moves while it is known
  std::deque<Root> roots;   // by term
  std::vector<Word> unused_words;
  std::vector<Term> unused_terms;
  std::vector<Word> dropped;  // no document had them at some moment since forget_unused()
  boost::unordered_flat_map<std::string_view, Word, Hash, std::equal_to<>> by_word;
  boost::unordered_flat_map<std::string_view, Term, Hash, std::equal_to<>> by_stem;
  absl::btree_map<std::string_view, Term> in_order;
  Spelling spelling;

  Term root_of(std::string_view folded);
  void enter(Word word);  // in everything that finds words
  void forget(Word word);
  // The best word within `limit` edits.
  [[nodiscard]] std::optional<Near> nearest(
      std::string_view folded, int limit, std::function<std::size_t(Term)> const& frequency) const;
};

Vocabulary::Vocabulary() : impl_(std::make_unique<Impl>()) {}
Vocabulary::~Vocabulary() = default;
Vocabulary::Vocabulary(Vocabulary&&) noexcept = default;
Vocabulary& Vocabulary::operator=(Vocabulary&&) noexcept = default;

std::optional<Word> Vocabulary::known(std::string_view folded) const {
  auto const found = impl_->by_word.find(folded);
  if (found == impl_->by_word.end()) return std::nullopt;
  return found->second;
}

Term Vocabulary::term_of(Word word) const {
  return impl_->words[word].term;
}

std::optional<Term> Vocabulary::term(std::string_view folded) const {
  if (auto const found = known(folded)) return term_of(*found);
  auto const root = stem(folded);
  auto const found = impl_->by_stem.find(std::string_view(root));
  if (found == impl_->by_stem.end()) return std::nullopt;
  return found->second;
}

Term Vocabulary::Impl::root_of(std::string_view folded) {
  auto root = stem(folded);
  if (auto const found = by_stem.find(std::string_view(root)); found != by_stem.end()) {
    return found->second;
  }
  auto term = static_cast<Term>(roots.size());
  if (unused_terms.empty()) {
    roots.push_back({std::move(root), 0});
  } else {
    term = unused_terms.back();
    unused_terms.pop_back();
    roots[term] = {std::move(root), 0};
  }
  by_stem.emplace(roots[term].stem, term);
  return term;
}

Word Vocabulary::intern(std::string_view folded) {
  if (auto const found = known(folded)) return *found;
  auto const term = impl_->root_of(folded);
  ++impl_->roots[term].words;
  Impl::Known known{std::string(folded), term, 0};
  auto word = static_cast<Word>(impl_->words.size());
  if (impl_->unused_words.empty()) {
    impl_->words.push_back(std::move(known));
  } else {
    word = impl_->unused_words.back();
    impl_->unused_words.pop_back();
    impl_->words[word] = std::move(known);
  }
  impl_->enter(word);
  impl_->dropped.push_back(word);
  return word;
}

void Vocabulary::Impl::enter(Word word) {
  std::string_view const text = words[word].text;
  by_word.emplace(text, word);
  in_order.emplace(text, words[word].term);
  spelling.add(text, word);
}

void Vocabulary::take(Word word) {
  ++impl_->words[word].documents;
}

void Vocabulary::drop(Word word) {
  if (--impl_->words[word].documents == 0) impl_->dropped.push_back(word);
}

void Vocabulary::forget_unused() {
  std::ranges::sort(impl_->dropped);
  auto const twins = std::ranges::unique(impl_->dropped);
  impl_->dropped.erase(twins.begin(), twins.end());
  for (auto const word : impl_->dropped) {
    if (impl_->words[word].documents == 0) impl_->forget(word);
  }
  impl_->dropped.clear();
}

void Vocabulary::Impl::forget(Word word) {
  auto& known = words[word];
  by_word.erase(std::string_view(known.text));
  in_order.erase(known.text);
  spelling.remove(known.text, word);
  auto& root = roots[known.term];
  if (--root.words == 0) {
    by_stem.erase(std::string_view(root.stem));
    root = {};
    unused_terms.push_back(known.term);
  }
  known = {};
  unused_words.push_back(word);
}

void Vocabulary::write(Bytes& out) const {
  ByteWriter writer(out);
  writer.u32(static_cast<std::uint32_t>(impl_->roots.size()));
  for (auto const& root : impl_->roots) writer.u32(root.words).sized(root.stem);
  writer.u32(static_cast<std::uint32_t>(impl_->words.size()));
  for (auto const& word : impl_->words) {
    writer.u32(word.term).u32(word.documents).sized(word.text);  // unused: empty
  }
}

Result<> Vocabulary::read(ByteReader& from) {
  SOL_ASSIGN(auto const roots, from.u32());
  for (Term term = 0; term < roots; ++term) {
    SOL_ASSIGN(auto const words, from.u32());
    SOL_ASSIGN(auto const stem, from.sized());
    impl_->roots.push_back({std::string(stem), words});
    if (words == 0) {
      impl_->unused_terms.push_back(term);
    } else {
      impl_->by_stem.emplace(impl_->roots.back().stem, term);
    }
  }
  SOL_ASSIGN(auto const words, from.u32());
  for (Word word = 0; word < words; ++word) {
    SOL_ASSIGN(auto const term, from.u32());
    SOL_ASSIGN(auto const documents, from.u32());
    SOL_ASSIGN(auto const text, from.sized());
    if (term >= roots) return fail(Code::corrupt, "a word of no term");
    impl_->words.push_back({std::string(text), term, documents});
    if (text.empty()) {
      impl_->unused_words.push_back(word);
    } else {
      impl_->enter(word);
    }
  }
  return {};
}

std::vector<Term> Vocabulary::beginning_with(std::string_view prefix, std::size_t max) const {
  std::vector<Term> out;
  auto const& words = impl_->in_order;
  for (auto at = words.lower_bound(prefix);
       at != words.end() && at->first.starts_with(prefix) && out.size() < 2 * max; ++at) {
    out.push_back(at->second);
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.size() > max) out.resize(max);
  return out;
}

std::optional<Vocabulary::Near> Vocabulary::nearest(
    std::string_view folded, std::function<std::size_t(Term)> const& frequency) const {
  int const allowed = edits_allowed(folded.size());
  if (allowed == 0 || !Spelling::is_worth(folded)) return std::nullopt;
  std::optional<Near> best;
  // Most slips are one edit: with few deletes to look up, and fewer words to compare.
  for (int limit = 1; limit <= allowed && !best; ++limit) {
    best = impl_->nearest(folded, limit, frequency);
  }
  return best;
}

std::optional<Vocabulary::Near> Vocabulary::Impl::nearest(
    std::string_view folded, int limit, std::function<std::size_t(Term)> const& frequency) const {
  std::optional<Near> best;
  std::size_t best_frequency = 0;
  spelling.candidates(folded, limit, [&](Word number) {
    auto const& word = words[number];
    if (word.text == folded || (best && best->word == word.text)) return;
    auto const most = best ? best->edits : limit;
    auto const distance = edits(folded, word.text, most);
    if (distance > most) return;
    auto const often = frequency(word.term);
    if (often == 0) return;
    if (best && distance == best->edits) {
      bool const same = word.text.front() == folded.front();
      bool const best_same = best->word.front() == folded.front();
      if (same != best_same ? !same : often < best_frequency) return;
      if (same == best_same && often == best_frequency && word.text > best->word) return;
    }
    best = Near{word.text, word.term, distance};
    best_frequency = often;
  });
  return best;
}

int edits(std::string_view a, std::string_view b, int max) {
  auto const far = max + 1;
  auto const longer = std::max(a.size(), b.size());
  auto const shorter = std::min(a.size(), b.size());
  if (longer - shorter > static_cast<std::size_t>(max) || longer > kLongestCompared) return far;
  // Three rows of the table, taken in turn; each is written before it is read.
  std::array<std::array<int, kLongestCompared + 1>, 3> rows;
  auto* before = rows[0].data();
  auto* last = rows[1].data();
  auto* row = rows[2].data();
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    int least = row[0];
    for (std::size_t j = 1; j <= b.size(); ++j) {
      int const replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
      least = std::min(least, row[j]);
    }
    if (least > max) return far;
    std::swap(before, last);
    std::swap(last, row);
  }
  return std::min(last[b.size()], far);
}

}  // namespace solidaires::search
