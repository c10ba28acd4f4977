#include "node/search/titles.h"

#include <absl/container/btree_set.h>

#include <algorithm>
#include <string>
#include <unordered_map>

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
  static constexpr std::size_t kShort = 3;       // bytes of a beginning that is kept ready
  static constexpr std::size_t kKept = 32;       // matches of each
  static constexpr std::size_t kKeptLeast = 16;  // of more; removals that leave fewer look again

  absl::btree_set<Beginning> beginnings;
  std::unordered_map<std::uint32_t, Best> best;

  // The first `size` bytes and how many these are.
  [[nodiscard]] static std::uint32_t short_key(std::string_view text, std::size_t size) {
    return static_cast<std::uint32_t>(first_eight(text.substr(0, size)) >> 32) |
           static_cast<std::uint32_t>(size);
  }

  template <class Visit>
  void each_short(std::string_view text, Visit const& visit) {
    for (std::size_t size = 1; size <= std::min(kShort, text.size()); ++size)
      visit(best[short_key(text, size)], text.substr(0, size));
  }

  static void keep(Best& kept, Match const& match) {
    auto& all = kept.matches;
    // Behind the last of a list that leaves some out, nobody knows what else there is.
    if (kept.more && (all.empty() || better(all.back(), match))) return;
    all.insert(std::ranges::upper_bound(all, match, better), match);
    if (all.size() <= kKept) return;
    all.pop_back();
    kept.more = true;
  }

  void look_again(Best& kept, std::string_view beginning) {
    kept = {};
    each_with(beginning, [&kept](Match const& match) {
      keep(kept, match);
      return true;
    });
  }

  // Calls visit(match) in order while it answers true.
  template <class Visit>
  void each_with(std::string_view folded, Visit const& visit) const {
    // The end is looked up too: comparing each text on the way would fetch each from memory.
    auto const behind = std::string(folded).append(1, '\xFF');
    auto const end = beginnings.lower_bound({behind, 0, false});
    for (auto at = beginnings.lower_bound({folded, 0, false}); at != end; ++at) {
      if (!visit({at->slot, at->whole, at->text})) return;
    }
  }
};

Titles::Titles() : impl_(std::make_unique<Impl>()) {}
Titles::~Titles() = default;
Titles::Titles(Titles&&) noexcept = default;
Titles& Titles::operator=(Titles&&) noexcept = default;

void Titles::add(Slot slot, std::string_view folded) {
  for_each_beginning(folded, [&](std::string_view text, bool whole) {
    impl_->beginnings.insert({text, slot, whole});
    impl_->each_short(text, [&](Best& kept, std::string_view /*beginning*/) {
      Impl::keep(kept, {slot, whole, text});
    });
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
    impl_->each_short(beginning.text, [&](Best& kept, std::string_view /*beginning*/) {
      Impl::keep(kept, {beginning.slot, beginning.whole, beginning.text});
    });
  }
}

void Titles::remove(Slot slot, std::string_view folded) {
  for_each_beginning(folded, [&](std::string_view text, bool whole) {
    impl_->beginnings.erase({text, slot, whole});
    impl_->each_short(text, [&](Best& kept, std::string_view beginning) {
      auto& all = kept.matches;
      auto const gone = std::erase_if(all, [&](Match const& match) {
        return match.slot == slot && match.text.data() == text.data();
      });
      if (gone > 0 && kept.more && all.size() < Impl::kKeptLeast)
        impl_->look_again(kept, beginning);
      if (all.empty() && !kept.more)
        impl_->best.erase(Impl::short_key(beginning, beginning.size()));
    });
  });
}

std::vector<Titles::Match> Titles::beginning_with(std::string_view folded, std::size_t max) const {
  std::vector<Match> out;
  impl_->each_with(folded, [&](Match const& match) {
    if (out.size() < max) out.push_back(match);
    return out.size() < max;
  });
  return out;
}

Titles::Best const* Titles::best(std::string_view folded) const {
  static Best const kNone;
  if (folded.empty() || folded.size() > Impl::kShort) return nullptr;
  auto const found = impl_->best.find(Impl::short_key(folded, folded.size()));
  return found == impl_->best.end() ? &kNone : &found->second;
}

}  // namespace solidaires::search
