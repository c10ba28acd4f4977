// The words of all texts: from a folded word to its term (the stem that its forms share), words by
// prefix, and words that a misspelt one may stand for (symmetric deletes). Inner to node/search;
// the index's lock guards it. It counts how many documents have each word, and forgets those that
// none has any more: what was erased must not live on in memory, nor be proposed to anybody.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sync/base/bytes.h"

namespace solidaires::search {

using Term = std::uint32_t;  // given again once no word has it
using Word = std::uint32_t;  // number of a form; given again once it is forgotten

class Vocabulary {
 public:
  Vocabulary();
  ~Vocabulary();
  Vocabulary(Vocabulary&&) noexcept;
  Vocabulary& operator=(Vocabulary&&) noexcept;

  // The number of a word that was interned.
  [[nodiscard]] std::optional<Word> known(std::string_view folded) const;
  [[nodiscard]] Term term_of(Word word) const;
  // The term of any word whose stem is known.
  [[nodiscard]] std::optional<Term> term(std::string_view folded) const;
  // No document has it yet: until one does, forget_unused() takes it away.
  Word intern(std::string_view folded);
  // One document more, or less, has the word.
  void take(Word word);
  void drop(Word word);
  // Numbers of words, and terms, that no document has are void afterwards.
  void forget_unused();

  // Words and stems by their numbers; read() into an empty vocabulary.
  void write(Bytes& out) const;
  Result<> read(ByteReader& from);

  // Terms of the words that begin with `prefix`, distinct, at most `max`.
  [[nodiscard]] std::vector<Term> beginning_with(std::string_view prefix, std::size_t max) const;

  struct Near {
    std::string_view word;  // valid until the next change
    Term term;
    int edits;  // letters inserted, left out, replaced, or two swapped
  };
  // The best word within 1 edit (4 or 5 letters) or 2 (from 6): fewest edits, then the same first
  // letter, then the highest `frequency` of its term, which must not be 0.
  [[nodiscard]] std::optional<Near> nearest(
      std::string_view folded, std::function<std::size_t(Term)> const& frequency) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Edits between two words, or `max` + 1 if there are more (optimal string alignment).
[[nodiscard]] int edits(std::string_view a, std::string_view b, int max);

}  // namespace solidaires::search
