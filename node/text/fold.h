// Text as people type it, made comparable (fold), addressable (slug) and safe to keep (clean).
// Pure functions over UTF-8, any thread; ICU stays in the .cc. Input may be any bytes: nothing here
// fails, what is not UTF-8 is replaced.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace solidaires::text {

// True for well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
[[nodiscard]] bool valid_utf8(std::string_view bytes) noexcept;
// Number of code points; an invalid byte counts as one.
[[nodiscard]] std::size_t length(std::string_view utf8) noexcept;

// The form in which two spellings are compared: lower case, accents removed, ligatures and
// compatibility forms written out (oe, ae, ss, fi), everything that is neither letter nor digit
// (apostrophe, hyphen, middle dot, punctuation, invalid byte) one space, no space at either end.
// "L'Œuvre d'Été, n° 2" gives "l oeuvre d ete n 2". Idempotent. Letters of other scripts are kept.
// It is also a fair French sort key.
[[nodiscard]] std::string fold(std::string_view utf8);

// Readable part of an address: [a-z0-9-], at most `max` bytes, cut between words if one fits.
// "Épicerie sociale de Rumilly" gives "epicerie-sociale-de-rumilly"; other scripts are written in
// Latin letters. Empty if the text has no letter nor digit.
[[nodiscard]] std::string slug(std::string_view utf8, std::size_t max);

// What is fit to store: NFC, invalid bytes replaced by U+FFFD, control characters (but line feed,
// carriage return and tab), byte order marks, direction overrides and non-characters left out.
[[nodiscard]] std::string clean(std::string_view utf8);

// A text of several lines: every line end is "\n", no spaces at line ends, at most one empty line
// in a row, none at either end. The text is not otherwise cleaned.
[[nodiscard]] std::string normalise_lines(std::string_view utf8);

// White space (line ends, tabs) as single spaces, none at either end. A no-break space that stands
// alone between words stays one.
[[nodiscard]] std::string single_line(std::string_view utf8);

// With a capital first letter, as a heading or a menu begins: "événements" gives "Événements".
[[nodiscard]] std::string capitalised(std::string_view utf8);

// At most so many characters, cut between two; nothing stands in the place of what is cut.
[[nodiscard]] std::string_view beginning(std::string_view utf8, std::size_t characters);

// The beginning of a text for a summary: one line, at most `max` code points with the final "…",
// cut between words when that loses less than half of it. A text that fits is only made one line.
[[nodiscard]] std::string excerpt(std::string_view utf8, std::size_t max);

}  // namespace solidaires::text
