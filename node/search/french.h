// What search knows of French: stems and the words too common to look for. Input is folded
// (node/text/fold.h). Any thread; libstemmer stays in the .cc.
#pragma once

#include <string>
#include <string_view>

namespace solidaires::search {

// The stem that the forms of a word share: "benevoles" and "benevole", "directrice" and
// "directeurs", "activites" and "activite". A key, not a word to show.
[[nodiscard]] std::string stem(std::string_view folded);

// Articles, prepositions, pronouns: looked for in titles only, and only if nothing else was typed.
[[nodiscard]] bool is_stop_word(std::string_view folded) noexcept;

}  // namespace solidaires::search
