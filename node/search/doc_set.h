// A set of documents' slots, compressed (CRoaring, which stays in the .cc). Inner to node/search.
// Not synchronised: the index's lock guards it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

struct roaring_bitmap_s;

namespace solidaires::search {

using Slot = std::uint32_t;  // where the index keeps a document; used again after a removal

// Calls visit(slot), ascending, for every bit that is set.
template <class Visit>
void for_each_tick(std::span<std::uint64_t const> ticks, Visit const& visit) {
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    for (auto rest = ticks[i]; rest != 0; rest &= rest - 1) {
      visit(static_cast<Slot>(i * 64 + static_cast<std::size_t>(std::countr_zero(rest))));
    }
  }
}

// Ascending, each once.
void sort_slots(std::vector<Slot>& slots);

class DocSet {
 public:
  DocSet();
  ~DocSet();
  DocSet(DocSet&& other) noexcept : bits_(std::exchange(other.bits_, nullptr)) {}
  DocSet& operator=(DocSet&& other) noexcept {
    std::swap(bits_, other.bits_);
    return *this;
  }
  DocSet(DocSet const&) = delete;
  DocSet& operator=(DocSet const&) = delete;

  static DocSet of(std::span<Slot const> sorted);
  static DocSet any_of(std::span<DocSet const* const> sets);
  [[nodiscard]] DocSet copy() const;

  void add(Slot slot);
  void remove(Slot slot);
  void keep(DocSet const& other);  // what is in both
  void join(DocSet const& other);  // what is in either
  [[nodiscard]] bool contains(Slot slot) const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t common(DocSet const& other) const;  // how many are in both
  [[nodiscard]] std::vector<Slot> slots() const;                // ascending

 private:
  explicit DocSet(roaring_bitmap_s* bits) : bits_(bits) {}
  roaring_bitmap_s* bits_;  // null only after a move
};

}  // namespace solidaires::search
