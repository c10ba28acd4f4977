// Words that a misspelt one may stand for, by symmetric deletes: each word stands under the hashes
// of its first letters with up to two of them left out, so that a word with a slip meets it there.
// What it finds are candidates, to be compared. Inner to node/search; the index's lock guards it.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string_view>
#include <vector>

namespace solidaires::search {

class Spelling {
 public:
  static constexpr std::size_t kShortest = 3;
  static constexpr std::size_t kLongest = 24;  // letters of a word that is worth it

  [[nodiscard]] static bool is_worth(std::string_view word);

  void add(std::string_view word, std::uint32_t number);
  // What add() did with the same word and number.
  void remove(std::string_view word, std::uint32_t number);

  // visit(number) of every word that may lie within `depth` edits (1 or 2), and of some others; one
  // number may come several times.
  template <class Visit>
  void candidates(std::string_view word, int depth, Visit const& visit) const {
    for (auto const hash : deletes(word, depth)) {
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
  // Hashes of the first letters of a word with up to `depth` of them left out, distinct.
  [[nodiscard]] static std::vector<std::uint32_t> deletes(std::string_view word, int depth);
  [[nodiscard]] static int depth_of(std::string_view word) { return word.size() < 5 ? 1 : 2; }

  boost::unordered_flat_map<std::uint32_t, std::uint32_t> heads_;
  std::vector<Link> links_;  // chains through one array; what is unused is a chain of its own
  std::uint32_t unused_ = kNone;
};

}  // namespace solidaires::search
