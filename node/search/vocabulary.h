// The words of all texts: from a folded word to its term (the stem that its forms share), words by
// prefix, and words that a misspelt one may stand for (symmetric deletes). Inner to node/search;
// the index's lock guards it. Words are only ever added: what no document has any more has no
// postings, and costs its few bytes until the next start.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace solidaires::search {

using Term = std::uint32_t;

class Vocabulary {
 public:
  Vocabulary();
  ~Vocabulary();
  Vocabulary(Vocabulary&&) noexcept;
  Vocabulary& operator=(Vocabulary&&) noexcept;

  // The term of a word that was interned.
  [[nodiscard]] std::optional<Term> known(std::string_view folded) const;
  // The term of any word whose stem is known.
  [[nodiscard]] std::optional<Term> term(std::string_view folded) const;
  Term intern(std::string_view folded);
  [[nodiscard]] std::size_t terms() const;  // every Term is below

  // Terms of the words that begin with `prefix`, distinct, at most `max`.
  [[nodiscard]] std::vector<Term> beginning_with(std::string_view prefix, std::size_t max) const;

  struct Near {
    std::string_view word;  // valid until the vocabulary goes
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
