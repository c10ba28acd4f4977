// From the texts of an entry to its terms and impacts. Inner to node/search; the writer's own, so
// that reading texts holds no search off.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "node/search/entry.h"
#include "node/search/tables.h"
#include "node/text/words.h"

namespace solidaires::search {

enum class Field : std::uint8_t { title, acronym, keywords, place_names, summary, body };
inline constexpr std::size_t kFields = 6;

// What an entry says: its words, and how much it is about each term.
struct Terms {
  std::vector<Word> words{};          // ascending, distinct
  std::vector<TermImpact> impacts{};  // by term, ascending
};

// A batch passes in three steps: read() each entry; intern new_words(); terms() of each.
class Analysis {
 public:
  // Cuts the texts of `entry` into words; answers its number, from 0. `vocabulary` may change
  // between calls, not during one.
  std::size_t read(Entry const& entry, Vocabulary const& vocabulary);
  // The words that the vocabulary does not know, for one call of intern() each, in this order.
  [[nodiscard]] std::vector<std::string> const& new_words() const { return new_words_; }
  void resolve(std::vector<Word> numbers) { resolved_ = std::move(numbers); }
  // Of the entry with this number. Valid until the next call.
  [[nodiscard]] Terms const& terms(std::size_t entry, Vocabulary const& vocabulary);
  void clear();

 private:
  struct Token {
    Word word;  // with `fresh`, an index into new_words_
    Field field;
    bool fresh;
    Term term = 0;  // known once it is not fresh
  };
  struct Draft {
    std::vector<Token> tokens;
    std::array<float, kFields> lengths{};  // in words
  };
  void read_field(Draft& draft, Field field, std::string_view text, Vocabulary const& vocabulary);
  void add(Draft& draft, Field field, std::string_view folded, Vocabulary const& vocabulary);

  std::vector<Draft> drafts_;
  std::vector<std::string> new_words_;
  std::unordered_map<std::string, std::uint32_t> new_numbers_;
  std::vector<Word> resolved_;
  Terms terms_;
  text::Word word_;
  std::string before_;  // the word before it in the field, stop words left out
};

}  // namespace solidaires::search
