#include "schema/characters.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

namespace solidaires::schema {
namespace {

icu::UnicodeString from_utf8(std::string_view text) {
  constexpr std::size_t kBytesMax = 64UL * 1024 * 1024;  // ICU counts in 32 bits
  text = text.substr(0, kBytesMax);
  return icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

icu::UnicodeString normalized(icu::Normalizer2 const* form, icu::UnicodeString const& text,
                              UErrorCode& status) {
  return U_SUCCESS(status) ? form->normalize(text, status) : text;
}

bool is_invisible(UChar32 c) {
  return c == 0xFEFF || c == 0x200B || (c >= 0x200E && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F);
}

bool is_space(UChar32 c) {
  return c == ' ' || c == '\n' || c == 0xA0 || c == 0x202F || u_isUWhiteSpace(c) != 0;
}

icu::UnicodeString trimmed(icu::UnicodeString const& text) {
  std::int32_t from = 0;
  std::int32_t to = text.length();
  while (from < to && is_space(text.char32At(from))) ++from;
  while (to > from && is_space(text.char32At(to - 1))) --to;
  return text.tempSubStringBetween(from, to);
}

std::string clean(std::string_view typed, bool lines) {
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString const text =
      normalized(icu::Normalizer2::getNFCInstance(status), from_utf8(typed), status);
  icu::UnicodeString kept;
  for (std::int32_t i = 0; i < text.length();) {
    UChar32 const c = text.char32At(i);
    i += U16_LENGTH(c);
    if (c == '\r' || c == '\n' || c == 0x2028 || c == 0x2029) {
      if (c == '\r' && i < text.length() && text.char32At(i) == '\n') ++i;
      if (lines || !kept.endsWith(u" ", 1)) kept.append(lines ? UChar32{'\n'} : UChar32{' '});
    } else if (c == '\t' || c == ' ') {
      // On one line, a run of spaces is one.
      if (lines || !kept.endsWith(u" ", 1)) kept.append(UChar32{' '});
    } else if (u_charType(c) != U_CONTROL_CHAR && !is_invisible(c)) {
      kept.append(c);
    }
  }
  std::string out;
  trimmed(kept).toUTF8String(out);
  return out;
}

std::string folded(std::string_view typed, std::string_view between) {
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString text =
      normalized(icu::Normalizer2::getNFKCCasefoldInstance(status), from_utf8(typed), status);
  text = normalized(icu::Normalizer2::getNFDInstance(status), text, status);
  icu::UnicodeString kept;
  auto const gap = icu::UnicodeString::fromUTF8(
      icu::StringPiece(between.data(), static_cast<std::int32_t>(between.size())));
  bool pending = false;
  for (std::int32_t i = 0; i < text.length();) {
    UChar32 const c = text.char32At(i);
    i += U16_LENGTH(c);
    if (u_charType(c) == U_NON_SPACING_MARK) continue;
    if (u_isalnum(c) == 0) {
      pending = !kept.isEmpty();
      continue;
    }
    if (pending) kept.append(gap);
    pending = false;
    if (c == 0x153) {
      kept.append(u"oe", 2);
    } else if (c == 0xE6) {
      kept.append(u"ae", 2);
    } else {
      kept.append(c);
    }
  }
  std::string out;
  kept.toUTF8String(out);
  return out;
}

}  // namespace

std::string clean_line(std::string_view typed) {
  return clean(typed, false);
}
std::string clean_lines(std::string_view typed) {
  return clean(typed, true);
}
std::string fold(std::string_view text) {
  return folded(text, " ");
}
std::string fold_tight(std::string_view text) {
  return folded(text, "");
}

std::string fold_key(std::string_view text, std::size_t bytes_max) {
  std::string key = folded(text, "-");
  if (key.size() <= bytes_max) return key;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(key[end]) & 0xC0U) == 0x80U) --end;
  key.resize(end);
  return key;
}

std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(
      utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  auto const from = text.find_first_not_of(kSpace);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kSpace) - from + 1);
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= text.size();) {
    auto const to = std::min(text.find_first_of(separators, from), text.size());
    if (auto const part = trim(text.substr(from, to - from)); !part.empty())
      parts.emplace_back(part);
    from = to + 1;
  }
  return parts;
}

std::string join(std::vector<std::string> const& parts, std::string_view between) {
  std::string out;
  for (auto const& part : parts) {
    if (!out.empty()) out += between;
    out += part;
  }
  return out;
}

}  // namespace solidaires::schema
