// Which documents have a term, and how much they are about it. Inner to node/search; the index's
// lock guards it. Slots ascend; a change in the middle moves what is behind it, which for lists of
// this size costs microseconds and keeps counts exact: no tombstones, no merging later.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "node/search/doc_set.h"

namespace solidaires::search {

using Impact = std::uint16_t;  // 0: hardly, 65535: the title says nothing else

class Postings {
 public:
  Postings() = default;
  // Ascending; an impact for each.
  Postings(std::vector<Slot> slots, std::vector<Impact> impacts)
      : slots_(std::move(slots)), impacts_(std::move(impacts)) {}

  void put(Slot slot, Impact impact) {
    if (slots_.empty() || slots_.back() < slot) {
      slots_.push_back(slot);
      impacts_.push_back(impact);
      return;
    }
    auto const at = std::ranges::lower_bound(slots_, slot) - slots_.begin();
    if (slots_[static_cast<std::size_t>(at)] == slot) {
      impacts_[static_cast<std::size_t>(at)] = impact;
      return;
    }
    slots_.insert(slots_.begin() + at, slot);
    impacts_.insert(impacts_.begin() + at, impact);
  }

  void drop(Slot slot) {
    auto const at = std::ranges::lower_bound(slots_, slot) - slots_.begin();
    if (static_cast<std::size_t>(at) == slots_.size() ||
        slots_[static_cast<std::size_t>(at)] != slot)
      return;
    slots_.erase(slots_.begin() + at);
    impacts_.erase(impacts_.begin() + at);
  }

  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }
  [[nodiscard]] std::span<Slot const> slots() const noexcept { return slots_; }
  [[nodiscard]] std::span<Impact const> impacts() const noexcept { return impacts_; }

 private:
  std::vector<Slot> slots_;
  std::vector<Impact> impacts_;
};

// The first place at or after `from` whose slot is not below `slot`: leaps, then halves, so that
// walking a long list along a short one costs little.
[[nodiscard]] inline std::size_t seek(std::span<Slot const> slots, std::size_t from, Slot slot) {
  std::size_t step = 1;
  auto low = from;
  while (from < slots.size() && slots[from] < slot) {
    low = from + 1;
    from += step;
    step *= 2;
  }
  auto const high = std::min(from, slots.size());
  auto const* const begin = slots.data();
  return static_cast<std::size_t>(std::lower_bound(begin + low, begin + high, slot) - begin);
}

}  // namespace solidaires::search
