// Titles by the beginnings of their words, for suggestions as people type. Inner to node/search;
// the index's lock guards it. It keeps views of titles: whoever owns one takes it out before it
// changes.
#pragma once

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "node/search/doc_set.h"

namespace solidaires::search {

// The first eight bytes as a number: less for what comes before.
[[nodiscard]] inline std::uint64_t first_eight(std::string_view text) {
  std::uint64_t out = 0;
  std::memcpy(&out, text.data(), std::min(text.size(), sizeof out));
  return boost::endian::big_to_native(out);
}

class Titles {
 public:
  Titles();
  ~Titles();
  Titles(Titles&&) noexcept;
  Titles& operator=(Titles&&) noexcept;

  // `folded` must stay where it is until it is removed.
  void add(Slot slot, std::string_view folded);
  void remove(Slot slot, std::string_view folded);
  // Adds title_of(slot) of each, when nothing is there yet: quicker than one by one.
  void fill(std::span<Slot const> slots, std::function<std::string_view(Slot)> const& title_of);

  struct Match {
    Slot slot;
    bool whole;             // the title itself begins so, not only a word in it
    std::string_view text;  // what follows from there, folded
  };
  // At most `max` matches, in alphabetical order of what follows; a slot may come twice.
  [[nodiscard]] std::vector<Match> beginning_with(std::string_view folded, std::size_t max) const;
  // The best of all of these, best first. Kept ready for beginnings of a few letters, which have
  // too many to look at one by one.
  struct Best {
    std::vector<Match> matches;
    bool more = false;  // there are others, none of them better
  };
  // Null for longer beginnings.
  [[nodiscard]] Best const* best(std::string_view folded) const;
  // Titles that begin so themselves first, then the shortest.
  [[nodiscard]] static bool better(Match const& a, Match const& b) {
    return std::tuple(!a.whole, a.text.size(), a.text, a.slot) <
           std::tuple(!b.whole, b.text.size(), b.text, b.slot);
  }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace solidaires::search
