// Text as typed made fit to store, and text folded for comparison. ICU stays in the .cc. Pure
// functions, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace solidaires::schema {

// Valid UTF-8 in NFC without control characters, invisible direction marks and outer white space.
// Bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string clean_line(std::string_view typed);   // line ends become spaces
[[nodiscard]] std::string clean_lines(std::string_view typed);  // line ends become '\n'

// Lower case, no accents, letters and digits only, words separated by one space: "Épicerie d'Été"
// -> "epicerie d ete".
[[nodiscard]] std::string fold(std::string_view text);
[[nodiscard]] std::string fold_tight(std::string_view text);  // the same without spaces
[[nodiscard]] std::string fold_key(std::string_view text, std::size_t bytes_max);  // with hyphens

[[nodiscard]] std::size_t count_characters(std::string_view utf8);
[[nodiscard]] std::string_view trim(std::string_view text);  // ASCII white space
// Parts between any of `separators`, trimmed, without empty ones.
[[nodiscard]] std::vector<std::string> split(std::string_view text, std::string_view separators);
[[nodiscard]] std::string join(std::vector<std::string> const& parts, std::string_view between);

}  // namespace solidaires::schema
