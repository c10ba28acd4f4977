// Names of places made comparable, and the sorted tables in which they are looked up. Internal to
// the room. Keys are ASCII-folded words with abbreviations written out; the index holds views into
// its own arena and never changes after build().
#pragma once

#include <cstdint>
#include <functional>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "node/geography/territory.h"

namespace solidaires::geography {

// "St-Martin d'Hères": full "saint martin d heres", loose "saint martin heres" (small words left
// out). Loose is never empty if full is not.
struct NameKey {
  std::string full;
  std::string loose;
};
[[nodiscard]] NameKey name_key(std::string_view text);
// The same without the words that say what kind of group an EPCI is ("CC", "Métropole de").
[[nodiscard]] NameKey epci_key(std::string_view text);
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text, char by = ' ');
// One insertion, deletion, substitution or swap of neighbours apart, or equal.
[[nodiscard]] bool within_one_edit(std::string_view a, std::string_view b) noexcept;

// What a name stands for: `row` counts in the table of its kind (communes, formers, EPCI ...).
struct NameEntry {
  PlaceKind kind;
  std::uint32_t row;
  std::string_view full;
  std::string_view loose;
};

class NameIndex {
 public:
  // How well a name answers: see the constants in names.cc. Exact: 2.7 and more.
  using Found = std::function<void(NameEntry const&, double quality)>;
  static constexpr double kExactLoose = 2.7;

  void add(PlaceKind kind, std::uint32_t row, NameKey const& key);
  void build();  // after the last add()

  // Every name that begins with the key or holds all its words; if none begins with these words,
  // also those one typing error away. A name may be reported more than once.
  void search(NameKey const& key, Found const& found) const;
  // Names equal in full; if none, names equal without small words.
  [[nodiscard]] std::vector<NameEntry const*> equal(NameKey const& key) const;

 private:
  struct Word {
    std::string_view text;
    std::uint32_t entry;
  };
  using Order = std::vector<std::uint32_t>;
  using Part = std::string_view NameEntry::*;

  std::string_view keep(std::string_view text);
  std::span<std::uint32_t const> starting(Order const& order, Part part,
                                          std::string_view prefix) const;
  // True if some name begins with whole words of the key.
  bool search_beginnings(NameKey const& key, Found const& found) const;
  void search_words(NameKey const& key, Found const& found) const;
  void search_errors(NameKey const& key, Found const& found) const;

  std::pmr::monotonic_buffer_resource arena_;
  std::vector<NameEntry> entries_;
  Order by_full_;
  Order by_loose_;
  Order by_ending_;  // by the loose key read backwards
  std::vector<Word> words_;
};

}  // namespace solidaires::geography
