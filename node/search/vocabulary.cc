#include "node/search/vocabulary.h"

#include <absl/container/btree_map.h>

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>

#include "node/search/french.h"

namespace solidaires::search {

namespace {

constexpr std::size_t kPrefix = 7;  // letters whose deletes are indexed: bounds memory
constexpr std::size_t kShortest = 3;
constexpr std::size_t kLongest = 24;

int edits_allowed(std::size_t letters) {
  if (letters < 4) return 0;
  return letters < 6 ? 1 : 2;
}

bool worth_spelling(std::string_view word) {
  return word.size() >= kShortest && word.size() <= kLongest &&
         std::ranges::none_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

std::uint32_t hash_of(std::string_view text) {
  std::uint64_t hash =
      0xCBF29CE484222325U;  // FNV-1a, folded to 32 bits: a clash costs a comparison
  for (char const c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

// Hashes of the first letters of a word with up to `depth` of them left out.
void deletes(std::string_view word, int depth, std::vector<std::uint32_t>& out) {
  out.clear();
  auto const start = word.substr(0, kPrefix);
  out.push_back(hash_of(start));
  if (depth == 0) return;
  std::array<char, kPrefix> once{};
  std::array<char, kPrefix> twice{};
  auto const without = [](std::string_view text, std::size_t at, std::array<char, kPrefix>& to) {
    auto* end = std::copy_n(text.begin(), at, to.begin());
    end = std::copy(text.begin() + at + 1, text.end(), end);
    return std::string_view(to.data(), text.size() - 1);
  };
  for (std::size_t i = 0; i < start.size(); ++i) {
    auto const shorter = without(start, i, once);
    out.push_back(hash_of(shorter));
    if (depth < 2) continue;
    for (std::size_t j = i; j < shorter.size(); ++j) {
      out.push_back(hash_of(without(shorter, j, twice)));
    }
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
}

// Words under the hash of each of their deletes, in chains through one array.
class Spelling {
 public:
  void add(std::string_view word, std::uint32_t number) {
    if (!worth_spelling(word)) return;
    deletes(word, word.size() < 5 ? 1 : 2, hashes_);
    for (auto const hash : hashes_) {
      auto const [place, fresh] = heads_.try_emplace(hash, kNone);
      links_.push_back({number, place->second});
      place->second = static_cast<std::uint32_t>(links_.size() - 1);
    }
  }

  template <class Visit>
  void candidates(std::string_view word, int depth, Visit const& visit) const {
    std::vector<std::uint32_t> hashes;
    deletes(word, depth, hashes);
    for (auto const hash : hashes) {
      auto const head = heads_.find(hash);
      if (head == heads_.end()) continue;
      for (auto at = head->second; at != kNone; at = links_[at].next) visit(links_[at].word);
    }
  }

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  struct Link {
    std::uint32_t word;
    std::uint32_t next;
  };
  boost::unordered_flat_map<std::uint32_t, std::uint32_t> heads_;
  std::vector<Link> links_;
  std::vector<std::uint32_t> hashes_;
};

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
  };
  std::deque<Known> words;        // by number; texts never move
  std::deque<std::string> stems;  // by term
  boost::unordered_flat_map<std::string_view, std::uint32_t, Hash, std::equal_to<>> by_word;
  boost::unordered_flat_map<std::string_view, Term, Hash, std::equal_to<>> by_stem;
  absl::btree_map<std::string_view, Term> in_order;
  Spelling spelling;

  // The best word within `limit` edits.
  [[nodiscard]] std::optional<Near> nearest(
      std::string_view folded, int limit, std::function<std::size_t(Term)> const& frequency) const;
};

Vocabulary::Vocabulary() : impl_(std::make_unique<Impl>()) {}
Vocabulary::~Vocabulary() = default;
Vocabulary::Vocabulary(Vocabulary&&) noexcept = default;
Vocabulary& Vocabulary::operator=(Vocabulary&&) noexcept = default;

std::optional<Term> Vocabulary::known(std::string_view folded) const {
  auto const found = impl_->by_word.find(folded);
  if (found == impl_->by_word.end()) return std::nullopt;
  return impl_->words[found->second].term;
}

std::optional<Term> Vocabulary::term(std::string_view folded) const {
  if (auto const found = known(folded)) return found;
  auto const root = stem(folded);
  auto const found = impl_->by_stem.find(std::string_view(root));
  if (found == impl_->by_stem.end()) return std::nullopt;
  return found->second;
}

Term Vocabulary::intern(std::string_view folded) {
  if (auto const found = known(folded)) return *found;
  auto root = stem(folded);
  Term term = 0;
  if (auto const found = impl_->by_stem.find(std::string_view(root));
      found != impl_->by_stem.end()) {
    term = found->second;
  } else {
    term = static_cast<Term>(impl_->stems.size());
    impl_->stems.push_back(std::move(root));
    impl_->by_stem.emplace(impl_->stems.back(), term);
  }
  auto const number = static_cast<std::uint32_t>(impl_->words.size());
  std::string_view const text =
      impl_->words.emplace_back(Impl::Known{std::string(folded), term}).text;
  impl_->by_word.emplace(text, number);
  impl_->in_order.emplace(text, term);
  impl_->spelling.add(text, number);
  return term;
}

std::size_t Vocabulary::terms() const {
  return impl_->stems.size();
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
  if (allowed == 0 || !worth_spelling(folded)) return std::nullopt;
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
  spelling.candidates(folded, limit, [&](std::uint32_t number) {
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
  if (longer - shorter > static_cast<std::size_t>(max) || longer > 2 * kLongest) return far;
  // Three rows of the table, taken in turn; each is written before it is read.
  std::array<std::array<int, 2 * kLongest + 1>, 3> rows;
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
