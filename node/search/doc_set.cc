#include "node/search/doc_set.h"

#include <roaring/roaring.h>

#include <algorithm>

#include "sync/base/check.h"

namespace solidaires::search {

namespace {

// The C library says "no memory" by null; the rest of the program by bad_alloc, which ends it.
roaring_bitmap_s* checked(roaring_bitmap_s* bits) {
  SOL_CHECK(bits != nullptr);
  return bits;
}

}  // namespace

// Many slots are sorted by ticking them off, which takes a pass over the bits instead of a sort.
void sort_slots(std::vector<Slot>& slots) {
  if (slots.empty()) return;
  auto const highest = std::ranges::max(slots);
  if (slots.size() < highest / 64) {
    std::ranges::sort(slots);
    slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
    return;
  }
  std::vector<std::uint64_t> ticks(highest / 64 + 1);
  for (auto const slot : slots) ticks[slot / 64] |= std::uint64_t{1} << (slot % 64);
  slots.clear();
  for_each_tick(ticks, [&](Slot slot) { slots.push_back(slot); });
}

DocSet::DocSet() : bits_(checked(roaring_bitmap_create())) {}

DocSet::~DocSet() {
  if (bits_ != nullptr) roaring_bitmap_free(bits_);
}

DocSet DocSet::of(std::span<Slot const> sorted) {
  return DocSet(checked(roaring_bitmap_of_ptr(sorted.size(), sorted.data())));
}

DocSet DocSet::any_of(std::span<DocSet const* const> sets) {
  std::vector<roaring_bitmap_t const*> parts;
  parts.reserve(sets.size());
  for (auto const* set : sets) parts.push_back(set->bits_);
  return DocSet(checked(roaring_bitmap_or_many(parts.size(), parts.data())));
}

DocSet DocSet::copy() const {
  return DocSet(checked(roaring_bitmap_copy(bits_)));
}

void DocSet::add(Slot slot) {
  roaring_bitmap_add(bits_, slot);
}

void DocSet::remove(Slot slot) {
  roaring_bitmap_remove(bits_, slot);
}

void DocSet::keep(DocSet const& other) {
  roaring_bitmap_and_inplace(bits_, other.bits_);
}

void DocSet::join(DocSet const& other) {
  roaring_bitmap_or_inplace(bits_, other.bits_);
}

bool DocSet::contains(Slot slot) const {
  return roaring_bitmap_contains(bits_, slot);
}

std::size_t DocSet::size() const {
  return roaring_bitmap_get_cardinality(bits_);
}

std::size_t DocSet::common(DocSet const& other) const {
  return roaring_bitmap_and_cardinality(bits_, other.bits_);
}

std::vector<Slot> DocSet::slots() const {
  std::vector<Slot> out(size());
  roaring_bitmap_to_uint32_array(bits_, out.data());
  return out;
}

}  // namespace solidaires::search
