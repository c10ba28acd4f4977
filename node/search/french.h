// What search knows of French: stems and the words too common to look for. Input is folded
// (node/text/fold.h). Any thread; libstemmer stays in the .cc.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace solidaires::search {

// The stem that the forms of a word share: "benevoles" and "benevole", "directrice" and
// "directeurs", "activites" and "activite". A key, not a word to show.
[[nodiscard]] std::string stem(std::string_view folded);

// Articles, prepositions, pronouns: looked for in titles only, and only if nothing else was typed.
[[nodiscard]] bool is_stop_word(std::string_view folded) noexcept;

// Words that people type for the same thing, itself among them ("recyclerie", "ressourcerie");
// empty: it has no others.
[[nodiscard]] std::span<std::string_view const> synonyms(std::string_view folded) noexcept;

// The one word for an expression of two, stop words between them left out ("economie", "solidaire":
// "ess"); empty: they are no expression.
[[nodiscard]] std::string_view expression(std::string_view first, std::string_view second) noexcept;

}  // namespace solidaires::search
