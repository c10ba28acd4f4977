#include "node/search/titles.h"

#include <absl/container/btree_set.h>

#include <algorithm>
#include <string>

#include "node/search/french.h"

namespace solidaires::search {

namespace {

constexpr std::size_t kWordsPerTitle = 8;

// Calls visit(rest of the title from each word worth beginning with, whether it is the whole).
template <class Visit>
void for_each_beginning(std::string_view folded, Visit const& visit) {
  std::size_t words = 0;
  for (std::size_t at = 0; at < folded.size() && words < kWordsPerTitle;) {
    auto const space = std::min(folded.find(' ', at), folded.size());
    if (at == 0 || !is_stop_word(folded.substr(at, space - at))) {
      visit(folded.substr(at), at == 0);
      ++words;
    }
    at = space + 1;
  }
}

struct Beginning {
  std::string_view text;
  Slot slot;
  bool whole;
  std::uint64_t first = first_eight(text);  // spares most comparisons a look at the text
  friend bool operator<(Beginning const& a, Beginning const& b) {
    if (a.first != b.first) return a.first < b.first;
    if (auto const order = a.text.compare(b.text); order != 0) return order < 0;
    return a.slot < b.slot;
  }
};

}  // namespace

struct Titles::Impl {
  absl::btree_set<Beginning> beginnings;
};

Titles::Titles() : impl_(std::make_unique<Impl>()) {}
Titles::~Titles() = default;
Titles::Titles(Titles&&) noexcept = default;
Titles& Titles::operator=(Titles&&) noexcept = default;

void Titles::add(Slot slot, std::string_view folded) {
  for_each_beginning(folded, [&](std::string_view text, bool whole) {
    impl_->beginnings.insert({text, slot, whole});
  });
}

void Titles::fill(std::span<Slot const> slots,
                  std::function<std::string_view(Slot)> const& title_of) {
  std::vector<Beginning> all;
  for (auto const slot : slots) {
    for_each_beginning(title_of(slot), [&](std::string_view text, bool whole) {
      all.push_back({text, slot, whole});
    });
  }
  std::ranges::sort(all, std::less());
  for (auto const& beginning : all) {
    impl_->beginnings.insert(impl_->beginnings.end(), beginning);
  }
}

void Titles::remove(Slot slot, std::string_view folded) {
  for_each_beginning(folded, [&](std::string_view text, bool whole) {
    impl_->beginnings.erase({text, slot, whole});
  });
}

std::vector<Titles::Match> Titles::beginning_with(std::string_view folded, std::size_t max) const {
  std::vector<Match> out;
  auto const& all = impl_->beginnings;
  // The end is looked up too: comparing each text on the way would fetch each from memory.
  auto const behind = std::string(folded).append(1, '\xFF');
  auto const end = all.lower_bound({behind, 0, false});
  for (auto at = all.lower_bound({folded, 0, false}); at != end && out.size() < max; ++at) {
    out.push_back({at->slot, at->whole, at->text});
  }
  return out;
}

}  // namespace solidaires::search
