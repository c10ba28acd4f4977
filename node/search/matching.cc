#include "node/search/matching.h"

#include <algorithm>
#include <cmath>

#include "node/search/french.h"
#include "node/text/words.h"

namespace solidaires::search {

namespace {

constexpr std::size_t kTypedBytes = 2000;  // of a query; people type fewer, robots more
constexpr std::size_t kCompletions = 48;   // terms that a beginning may stand for
constexpr std::size_t kShortestBeginning = 3;

// A word in the texts: one term's postings, or several merged.
struct List {
  std::span<Slot const> slots;
  std::span<Impact const> impacts;
  float weight = 0;
};

// Keeps merged postings alive beside the views of them.
struct Lists {
  std::vector<List> lists;
  std::vector<std::pair<std::vector<Slot>, std::vector<Impact>>> merged;
};

void merge(Tables const& tables, std::vector<Term> const& terms, std::vector<Slot>& slots,
           std::vector<Impact>& impacts) {
  std::vector<std::pair<Slot, Impact>> all;
  for (auto const term : terms) {
    auto const& postings = tables.postings[term];
    for (std::size_t i = 0; i < postings.size(); ++i) {
      all.emplace_back(postings.slots()[i], postings.impacts()[i]);
    }
  }
  std::ranges::sort(all, [](auto const& a, auto const& b) {
    return a.first != b.first ? a.first < b.first : a.second > b.second;
  });
  for (auto const& [slot, impact] : all) {
    if (!slots.empty() && slots.back() == slot) continue;
    slots.push_back(slot);
    impacts.push_back(impact);
  }
}

// How much a word tells: rare words more (the idf of BM25).
float weight_of(std::size_t having, std::size_t documents) {
  auto const n = static_cast<double>(documents);
  auto const k = static_cast<double>(having);
  return static_cast<float>(std::log(1 + (n - k + 0.5) / (k + 0.5)) / 65535);
}

Lists lists_of(Tables const& tables, std::vector<Wanted> const& wanted) {
  Lists out;
  out.merged.reserve(wanted.size());
  for (auto const& word : wanted) {
    List list;
    if (word.terms.size() == 1) {
      auto const& postings = tables.postings[word.terms.front()];
      list.slots = postings.slots();
      list.impacts = postings.impacts();
    } else {
      auto& [slots, impacts] = out.merged.emplace_back();
      merge(tables, word.terms, slots, impacts);
      list.slots = slots;
      list.impacts = impacts;
    }
    list.weight = weight_of(list.slots.size(), tables.by_key.size());
    out.lists.push_back(list);
  }
  return out;
}

// Leaves of `out` what is in the list too, whose scores it adds. A list that is not much longer is
// walked step by step, without a branch that the processor could guess wrong.
void keep_common(Matches& out, List const& list) {
  constexpr std::size_t kLeapFrom = 24;  // times as long
  bool const leaps = list.slots.size() / kLeapFrom > out.slots.size();
  auto const size = out.slots.size();
  std::size_t kept = 0;
  for (std::size_t i = 0, k = 0; i < size && k < list.slots.size();) {
    if (leaps) k = seek(list.slots, k, out.slots[i]);
    if (k == list.slots.size()) break;
    auto const ours = out.slots[i];
    auto const theirs = list.slots[k];
    if (ours == theirs) {
      out.slots[kept] = ours;
      out.scores[kept] = out.scores[i] + list.weight * static_cast<float>(list.impacts[k]);
      ++kept;
    }
    i += static_cast<std::size_t>(ours <= theirs);
    k += static_cast<std::size_t>(theirs <= ours);
  }
  out.slots.resize(kept);
  out.scores.resize(kept);
}

class Reader {
 public:
  Reader(Tables const& tables, Query const& query) : tables_(tables), query_(query) {}

  Reading read() {
    text::WordScanner scanner(std::string_view(query_.words).substr(0, kTypedBytes));
    std::vector<text::Word> typed;
    for (text::Word word; typed.size() < Query::kWords && scanner.next(word);) {
      if (std::ranges::find(typed, word.folded, &text::Word::folded) == typed.end())
        typed.push_back(word);
    }
    bool const only_stop_words = std::ranges::all_of(
        typed, [](text::Word const& word) { return is_stop_word(word.folded); });
    std::string_view first;  // of an expression, if the next word makes one of it
    for (std::size_t i = 0; i < typed.size(); ++i) {
      auto const& word = typed[i].folded;
      bool const unfinished = query_.complete_last && i + 1 == typed.size();
      if (is_stop_word(word) && !only_stop_words && !unfinished) continue;
      if (joined(first, word)) continue;
      add(typed[i], unfinished);
      first = word;
    }
    return std::move(reading_);
  }

 private:
  [[nodiscard]] std::size_t having(Term term) const { return tables_.postings[term].size(); }

  // Two words that are one expression are looked for as that: the words alone are everywhere.
  bool joined(std::string_view first, std::string_view second) {
    auto const both = expression(first, second);
    if (both.empty() || reading_.wanted.back().word != first) return false;
    std::vector<Term> terms;
    add_term(terms, both);
    if (terms.empty()) return false;
    reading_.wanted.back().terms = std::move(terms);
    return true;
  }

  void add_term(std::vector<Term>& terms, std::string_view folded) const {
    auto const term = tables_.vocabulary.term(folded);
    if (term && having(*term) > 0 && std::ranges::find(terms, *term) == terms.end())
      terms.push_back(*term);
  }

  void add(text::Word const& word, bool unfinished) {
    Wanted wanted{word.folded, {}};
    add_term(wanted.terms, word.folded);
    if (!word.feminine.empty()) add_term(wanted.terms, word.feminine);
    for (auto const other : synonyms(word.folded)) add_term(wanted.terms, other);
    bool const lost = wanted.terms.empty();
    if (unfinished || (lost && word.folded.size() >= kShortestBeginning)) complete(wanted);
    if (wanted.terms.empty()) correct(wanted);
    for (auto const& other : reading_.wanted) {
      if (!wanted.terms.empty() && other.terms == wanted.terms) return;  // said twice
    }
    reading_.wanted.push_back(std::move(wanted));
  }

  void complete(Wanted& wanted) const {
    for (auto const term : tables_.vocabulary.beginning_with(wanted.word, kCompletions)) {
      if (having(term) > 0 && std::ranges::find(wanted.terms, term) == wanted.terms.end()) {
        wanted.terms.push_back(term);
      }
    }
  }

  void correct(Wanted& wanted) {
    auto const near =
        tables_.vocabulary.nearest(wanted.word, [this](Term term) { return having(term); });
    if (!near) return;
    reading_.corrections.push_back({wanted.word, std::string(near->word), true});
    wanted.word = near->word;
    wanted.terms.push_back(near->term);
  }

  Tables const& tables_;
  Query const& query_;
  Reading reading_;
};

}  // namespace

Reading read_words(Tables const& tables, Query const& query) {
  return Reader(tables, query).read();
}

std::vector<Correction> proposals(Tables const& tables, std::vector<Wanted> const& wanted) {
  constexpr std::size_t kRare = 3;
  constexpr std::size_t kTimes = 20;
  std::vector<Correction> out;
  for (auto const& word : wanted) {
    if (word.terms.size() != 1) continue;
    auto const own = tables.postings[word.terms.front()].size();
    if (own > kRare) continue;
    auto const near = tables.vocabulary.nearest(word.word, [&](Term term) -> std::size_t {
      auto const often = tables.postings[term].size();
      return term != word.terms.front() && often >= kTimes * own ? often : 0;
    });
    if (near) out.push_back({word.word, std::string(near->word), false});
  }
  return out;
}

std::size_t fewest_having(Tables const& tables, std::vector<Wanted> const& wanted) {
  auto out = tables.by_key.size();
  for (auto const& word : wanted) {
    std::size_t having = 0;
    for (auto const term : word.terms) having += tables.postings[term].size();
    out = std::min(out, having);
  }
  return out;
}

Matches all_words(Tables const& tables, std::vector<Wanted> const& wanted,
                  std::vector<Slot> const* only) {
  auto held = lists_of(tables, wanted);
  auto& lists = held.lists;
  std::ranges::sort(lists, {}, [](List const& list) { return list.slots.size(); });
  Matches out;
  if (lists.empty()) return out;
  if (only != nullptr) {
    out.slots = *only;
    out.scores.resize(only->size());
    for (auto const& list : lists) keep_common(out, list);
    return out;
  }
  auto const& first = lists.front();
  out.slots.assign(first.slots.begin(), first.slots.end());
  out.scores.resize(first.slots.size());
  std::ranges::transform(first.impacts, out.scores.begin(),
                         [&](Impact impact) { return first.weight * static_cast<float>(impact); });
  for (std::size_t k = 1; k < lists.size() && !out.slots.empty(); ++k) keep_common(out, lists[k]);
  return out;
}

Matches any_word(Tables const& tables, std::vector<Wanted> const& wanted,
                 std::vector<Slot> const* only) {
  auto const held = lists_of(tables, wanted);
  std::vector<Slot> having;
  if (only == nullptr) {
    for (auto const& list : held.lists) {
      having.insert(having.end(), list.slots.begin(), list.slots.end());
    }
    sort_slots(having);
  }
  std::span<Slot const> const among = only == nullptr ? having : *only;
  std::vector<float> sums(among.size());
  std::vector<std::uint8_t> counts(among.size());
  for (auto const& list : held.lists) {
    for (std::size_t i = 0, k = 0; i < among.size() && k < list.slots.size();) {
      if (among[i] < list.slots[k]) {
        i = seek(among, i, list.slots[k]);
      } else if (list.slots[k] < among[i]) {
        k = seek(list.slots, k, among[i]);
      } else {
        ++counts[i];
        sums[i] += list.weight * static_cast<float>(list.impacts[k]);
        ++i;
        ++k;
      }
    }
  }
  Matches out;
  for (std::size_t i = 0; i < among.size(); ++i) {
    if (counts[i] == 0) continue;
    out.slots.push_back(among[i]);
    out.scores.push_back(sums[i]);
    out.held.push_back(counts[i]);
  }
  return out;
}

}  // namespace solidaires::search
