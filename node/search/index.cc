#include "node/search/index.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>

#include "node/search/analysis.h"
#include "node/search/evaluation.h"
#include "node/search/snapshot.h"
#include "node/search/tables.h"
#include "node/text/fold.h"

namespace solidaires::search {

namespace {

constexpr std::size_t kPerHold = 16;  // entries put while searches wait: about a millisecond
constexpr std::size_t kSuggestionPool = 160;  // beginnings looked at before the best are chosen
constexpr std::size_t kSuggestionsMax = 50;
constexpr std::size_t kTypedBytes = 200;
constexpr std::size_t kWorthSearching = 3;  // letters, when titles alone do not fill the list

// A shared lock under which a stream of readers cannot keep the writer waiting: whoever comes after
// the writer passes the turnstile after it.
class Lock {
 public:
  [[nodiscard]] std::shared_lock<std::shared_mutex> reading() {
    std::scoped_lock const turn(turnstile_);
    return std::shared_lock(mutex_);
  }
  [[nodiscard]] std::unique_lock<std::shared_mutex> writing() {
    std::scoped_lock const turn(turnstile_);
    return std::unique_lock(mutex_);
  }

 private:
  std::mutex turnstile_;
  std::shared_mutex mutex_;
};

}  // namespace

struct Index::Impl {
  std::mutex writer;  // one writer; only its holder changes the tables
  mutable Lock lock;  // and only under this
  Tables tables;
  Analysis analysis;  // the writer's

  void put_some(std::span<Entry const> entries) {
    analysis.clear();
    for (auto const& entry : entries) analysis.read(entry, tables.vocabulary);
    if (!analysis.new_words().empty()) {
      std::vector<Word> numbers;
      auto const held = lock.writing();
      for (auto const& word : analysis.new_words()) numbers.push_back(tables.intern(word));
      analysis.resolve(std::move(numbers));
    }
    for (std::size_t i = 0; i < entries.size(); i += kPerHold) {
      auto const held = lock.writing();
      for (auto k = i; k < std::min(i + kPerHold, entries.size()); ++k) {
        auto const& terms = analysis.terms(k, tables.vocabulary);
        tables.put(entries[k], terms.words, terms.impacts);
      }
    }
    // Not before: later entries of a batch may count on words that an earlier one no longer has.
    auto const held = lock.writing();
    tables.vocabulary.forget_unused();
  }
};

Index::Index() : impl_(std::make_unique<Impl>()) {}
Index::~Index() = default;

void Index::put(std::span<Entry const> entries) {
  constexpr std::size_t kPerRound = 64;
  std::scoped_lock const writer(impl_->writer);
  for (std::size_t i = 0; i < entries.size(); i += kPerRound) {
    impl_->put_some(entries.subspan(i, std::min(kPerRound, entries.size() - i)));
  }
}

bool Index::remove(sync::DocumentKey const& key) {
  std::scoped_lock const writer(impl_->writer);
  auto const held = impl_->lock.writing();
  bool const removed = impl_->tables.remove(key);
  impl_->tables.vocabulary.forget_unused();
  return removed;
}

void Index::clear() {
  std::scoped_lock const writer(impl_->writer);
  Tables old;
  auto const held = impl_->lock.writing();
  std::swap(old, impl_->tables);
}

Bytes Index::snapshot() const {
  auto const held = impl_->lock.reading();
  return write_snapshot(impl_->tables);
}

Result<> Index::restore(std::string_view snapshot) {
  std::scoped_lock const writer(impl_->writer);
  Tables made;
  auto const read = read_snapshot(made, snapshot);
  if (!read) made = Tables();
  auto const held = impl_->lock.writing();
  std::swap(made, impl_->tables);
  return read;
}

Found Index::search(Query const& query) const {
  auto const held = impl_->lock.reading();
  return evaluate(impl_->tables, query);
}

std::size_t Index::size() const {
  auto const held = impl_->lock.reading();
  return impl_->tables.by_key.size();
}

namespace {

bool of_types(Tables const& tables, Slot slot, std::span<std::string const> types) {
  if (types.empty()) return true;
  return std::ranges::any_of(types, [&](std::string const& type) {
    auto const value = tables.attributes.find(kTypeFacet, type);
    return value && tables.attributes.set(*value).contains(slot);
  });
}

// The best titles with a word that begins so, one match each.
std::vector<Slot> by_beginning(Tables const& tables, std::string_view folded, std::size_t limit,
                               std::span<std::string const> types) {
  std::vector<Slot> out;
  auto const add = [&](Titles::Match const& match) {
    if (out.size() == limit || !of_types(tables, match.slot, types)) return;
    if (std::ranges::find(out, match.slot) == out.end()) out.push_back(match.slot);
  };
  if (auto const* const best = tables.titles.best(folded); best != nullptr) {
    std::ranges::for_each(best->matches, add);
    if (out.size() == limit || !best->more) return out;
    out.clear();
  }
  auto matches = tables.titles.beginning_with(folded, kSuggestionPool);
  std::ranges::sort(matches, Titles::better);
  std::ranges::for_each(matches, add);
  return out;
}

}  // namespace

std::vector<Suggestion> Index::suggest(std::string_view typed, std::size_t limit,
                                       std::span<std::string const> types) const {
  limit = std::min(limit, kSuggestionsMax);
  typed = typed.substr(0, kTypedBytes);
  auto const folded = text::fold(typed);
  std::vector<Suggestion> out;
  if (folded.empty() || limit == 0) return out;
  auto const held = impl_->lock.reading();
  auto const& tables = impl_->tables;
  auto slots = by_beginning(tables, folded, limit, types);
  if (slots.size() < limit && folded.size() >= kWorthSearching) {
    Query query;
    query.words = typed;
    query.complete_last = !typed.ends_with(' ');
    query.types.assign(types.begin(), types.end());
    query.limit = 2 * limit;
    auto const found = evaluate(tables, query);
    if (!found.some_words) {
      for (auto const& hit : found.hits) {
        auto const slot = tables.by_key.at(hit.key);
        if (slots.size() < limit && std::ranges::find(slots, slot) == slots.end())
          slots.push_back(slot);
      }
    }
  }
  out.reserve(slots.size());
  for (auto const slot : slots)
    out.push_back({tables.records[slot].key, tables.records[slot].title});
  return out;
}

}  // namespace solidaires::search
