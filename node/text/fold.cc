#include "node/text/fold.h"

#include <unicode/normalizer2.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <memory>

#include "node/text/code_points.h"

namespace solidaires::text {

namespace {

using detail::append_utf8;
using detail::kInvalid;
using detail::next_code_point;

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::string_view kEllipsis = "…";
constexpr std::size_t kLongestCut = 1UL << 20;  // of a slug or an excerpt: keeps sums in range

bool is_ascii(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x80;
}

bool kept(char32_t point) {
  if (point < 0x20) return point == '\n' || point == '\t' || point == '\r';
  if (point >= 0x7F && point < 0xA0) return false;
  if (point == 0xFEFF || (point >= 0x202A && point <= 0x202E)) return false;
  if (point >= 0x2066 && point <= 0x2069) return false;
  return (point & 0xFFFE) != 0xFFFE && !(point >= 0xFDD0 && point <= 0xFDEF);
}

std::string nfc(std::string utf8) {
  UErrorCode status = U_ZERO_ERROR;
  auto const* form = icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status)) return utf8;
  auto const source = icu::UnicodeString::fromUTF8(utf8);
  auto const normal = form->normalize(source, status);
  if (U_FAILURE(status)) return utf8;
  utf8.clear();
  normal.toUTF8String(utf8);
  return utf8;
}

// Other scripts in Latin letters. Building the transliterator costs milliseconds, and few names
// need it.
std::string latin(std::string_view folded) {
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<icu::Transliterator> const rules(
      icu::Transliterator::createInstance("Any-Latin; Latin-ASCII", UTRANS_FORWARD, status));
  if (U_FAILURE(status) || !rules) return {};
  auto text = icu::UnicodeString::fromUTF8(
      icu::StringPiece(folded.data(), static_cast<std::int32_t>(folded.size())));
  rules->transliterate(text);
  std::string out;
  text.toUTF8String(out);
  return fold(out);
}

bool is_space(char32_t point) {
  return point != kInvalid && u_isUWhiteSpace(static_cast<UChar32>(point));
}

// The spaces before ; : ! ? and inside « »: French typography, worth keeping.
bool is_no_break(char32_t point) {
  return point == 0xA0 || point == 0x202F;
}

bool joins_previous(char32_t point) {
  if (point == kInvalid) return false;
  auto const kind = u_charType(static_cast<UChar32>(point));
  return kind == U_NON_SPACING_MARK || kind == U_ENCLOSING_MARK ||
         kind == U_COMBINING_SPACING_MARK || point == 0x200D || point == 0xFE0F;
}

}  // namespace

bool valid_utf8(std::string_view bytes) noexcept {
  for (std::size_t at = 0; at < bytes.size();) {
    if (next_code_point(bytes, at) == kInvalid) return false;
  }
  return true;
}

std::size_t length(std::string_view utf8) noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; at < utf8.size(); ++count) (void)next_code_point(utf8, at);
  return count;
}

std::string fold(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  auto const put = [&out](char letter) {
    if (letter != ' ' || (!out.empty() && out.back() != ' ')) out += letter;
  };
  for (std::size_t at = 0; at < utf8.size();) {
    if (is_ascii(utf8[at])) {
      put(detail::folded_ascii(utf8[at++]));
    } else {
      for (char const letter : detail::folded(next_code_point(utf8, at))) put(letter);
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string slug(std::string_view utf8, std::size_t max) {
  // More than this of the text cannot change the result, and transliterating it would cost.
  max = std::min(max, kLongestCut);
  std::string words = fold(utf8.substr(0, 4 * max + 16));
  if (!std::ranges::all_of(words, is_ascii)) words = latin(words);
  std::erase_if(words, [](char c) { return !is_ascii(c); });
  if (words.size() > max) {
    auto const space = words.rfind(' ', max);
    words.resize(space == std::string::npos || space == 0 ? max : space);
  }
  while (!words.empty() && words.back() == ' ') words.pop_back();
  std::ranges::replace(words, ' ', '-');
  return words;
}

std::string clean(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  bool plain = true;
  for (std::size_t at = 0; at < utf8.size();) {
    char32_t point = next_code_point(utf8, at);
    if (point == kInvalid) point = kReplacement;
    if (!kept(point)) continue;
    plain = plain && point < 0x80;
    append_utf8(out, point);
  }
  return plain ? out : nfc(std::move(out));
}

std::string normalise_lines(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  int empty_lines = 0;
  for (std::size_t at = 0; at < utf8.size();) {
    auto const end = std::min(utf8.find_first_of("\r\n", at), utf8.size());
    auto line = utf8.substr(at, end - at);
    bool const pair = end + 1 < utf8.size() && utf8[end] == '\r' && utf8[end + 1] == '\n';
    at = end + (pair ? 2 : 1);
    auto const last = line.find_last_not_of(" \t");
    if (last == std::string_view::npos) {
      ++empty_lines;
      continue;
    }
    if (!out.empty()) out += empty_lines > 0 ? "\n\n" : "\n";
    empty_lines = 0;
    out += line.substr(0, last + 1);
  }
  return out;
}

std::string single_line(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  std::string_view gap;  // what stands for the spaces since the last word
  for (std::size_t at = 0; at < utf8.size();) {
    auto const begin = at;
    auto const point = next_code_point(utf8, at);
    auto const bytes = utf8.substr(begin, at - begin);
    if (is_space(point)) {
      gap = gap.empty() && is_no_break(point) ? bytes : " ";
      continue;
    }
    if (!out.empty()) out += gap;
    gap = {};
    out += bytes;
  }
  return out;
}

std::string capitalised(std::string_view utf8) {
  if (utf8.empty()) return {};
  std::size_t rest = 0;
  auto const first = next_code_point(utf8, rest);
  std::string out;
  if (first == kInvalid) {
    out = utf8.substr(0, rest);
  } else {
    append_utf8(out, static_cast<char32_t>(u_toupper(static_cast<UChar32>(first))));
  }
  return out.append(utf8.substr(rest));
}

std::string_view beginning(std::string_view utf8, std::size_t characters) {
  auto size = std::min(utf8.size(), characters * 4);
  std::size_t seen = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if ((static_cast<unsigned char>(utf8[i]) & 0xc0U) == 0x80U) continue;
    if (seen++ == characters) return utf8.substr(0, i);
  }
  return utf8.substr(0, size);
}

std::string excerpt(std::string_view utf8, std::size_t max) {
  max = std::min(max, kLongestCut);
  // Enough bytes for `max` code points after generous white space; a book is not made one line.
  std::string text = single_line(utf8.substr(0, 16 * max + 64));
  bool const whole = utf8.size() <= 16 * max + 64;
  if (whole && length(text) <= max) return text;
  if (max == 0) return {};
  std::size_t cut = 0;
  std::size_t space = 0;  // the last end of a word, and the half of the room
  std::size_t half = 0;
  for (std::size_t at = 0, count = 0; at < text.size() && count < max; ++count) {
    auto const begin = at;
    auto const point = next_code_point(text, at);
    if (point == ' ') space = begin;
    if (!joins_previous(point)) cut = begin;
    if (count == max / 2) half = begin;
  }
  if (space > half) cut = space;
  text.resize(cut);
  auto const last = text.find_last_not_of(" ,;:-(");
  text.resize(last == std::string::npos ? 0 : last + 1);
  return text.append(kEllipsis);
}

}  // namespace solidaires::text
