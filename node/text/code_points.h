// How one code point folds; inner to node/text, shared by fold.cc and words.cc. Tables are built
// from ICU on first use, then read only: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace solidaires::text::detail {

inline constexpr char32_t kInvalid = 0xFFFFFFFF;

// The code point at `at` (at < text.size()), which moves behind it; kInvalid for a bad byte, which
// is skipped.
[[nodiscard]] char32_t next_code_point(std::string_view text, std::size_t& at) noexcept;
void append_utf8(std::string& out, char32_t code_point);

// How `code_point` is written when folded: letters and digits; "" for a mark, which joins what is
// around it; " " for a separator. A compatibility form may give letters and spaces ("½": "1 2").
// The view is valid until the next call on the same thread.
[[nodiscard]] std::string_view folded(char32_t code_point);

// Lower case letter, digit, or ' ' for everything else.
[[nodiscard]] constexpr char folded_ascii(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c + ('a' - 'A'));
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : ' ';
}

}  // namespace solidaires::text::detail
