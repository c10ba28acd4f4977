#include "node/text/code_points.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <vector>

namespace solidaires::text::detail {

namespace {

// Letters that Unicode does not decompose, but that people type without the stroke or apart.
std::string_view written_out(char32_t code_point) {
  switch (code_point) {
    case U'æ': return "ae";
    case U'œ': return "oe";
    case U'ø': return "o";
    case U'đ': return "d";
    case U'ð': return "d";
    case U'ħ': return "h";
    case U'ı': return "i";
    case U'ł': return "l";
    case U'þ': return "th";
    default: return {};
  }
}

// Letters to Unicode, apostrophes to the people who type them.
bool typed_as_apostrophe(char32_t code_point) {
  return code_point >= 0x02B9 && code_point <= 0x02BF;
}

void append_base(std::string& out, char32_t code_point) {
  if (auto const letters = written_out(code_point); !letters.empty()) {
    out += letters;
    return;
  }
  auto const point = static_cast<UChar32>(code_point);
  auto const type = u_charType(point);
  if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK) return;
  bool const word =
      !typed_as_apostrophe(code_point) && (u_isalnum(point) || type == U_COMBINING_SPACING_MARK);
  if (word) {
    append_utf8(out, code_point);
  } else if (out.empty() || out.back() != ' ') {
    out += ' ';
  }
}

std::string fold_with_icu(char32_t code_point) {
  UErrorCode status = U_ZERO_ERROR;
  auto const* casefold = icu::Normalizer2::getNFKCCasefoldInstance(status);
  auto const* decompose = icu::Normalizer2::getNFDInstance(status);
  if (U_FAILURE(status) || code_point > 0x10FFFF) return " ";
  icu::UnicodeString const source(static_cast<UChar32>(code_point));
  auto const parts = decompose->normalize(casefold->normalize(source, status), status);
  if (U_FAILURE(status)) return " ";
  std::string out;
  for (std::int32_t at = 0; at < parts.length(); at = parts.moveIndex32(at, 1)) {
    append_base(out, static_cast<char32_t>(parts.char32At(at)));
  }
  return out;
}

// Everything that European text is made of; the rest asks ICU each time.
constexpr char32_t kTableEnd = 0x3000;

class Table {
 public:
  Table() {
    starts_.reserve(kTableEnd + 1);
    for (char32_t point = 0; point < kTableEnd; ++point) {
      starts_.push_back(static_cast<std::uint32_t>(letters_.size()));
      if (point < 0x80) {
        letters_ += folded_ascii(static_cast<char>(point));
      } else {
        letters_ += fold_with_icu(point);
      }
    }
    starts_.push_back(static_cast<std::uint32_t>(letters_.size()));
  }
  [[nodiscard]] std::string_view at(char32_t point) const {
    return std::string_view(letters_).substr(starts_[point], starts_[point + 1] - starts_[point]);
  }

 private:
  std::string letters_;
  std::vector<std::uint32_t> starts_;
};

}  // namespace

char32_t next_code_point(std::string_view text, std::size_t& at) noexcept {
  auto const first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) {
    ++at;
    return first;
  }
  // ICU's macro counts in 32 bits; four bytes of look-ahead are all it needs.
  auto const window = text.substr(at, 4);
  std::int32_t used = 0;
  UChar32 point = -1;
  // NOLINTNEXTLINE(bugprone-inc-dec-in-conditions): the macro's own
  U8_NEXT(reinterpret_cast<std::uint8_t const*>(window.data()), used,
          static_cast<std::int32_t>(window.size()), point);
  at += static_cast<std::size_t>(used);
  return point < 0 ? kInvalid : static_cast<char32_t>(point);
}

void append_utf8(std::string& out, char32_t code_point) {
  auto const put = [&out](char32_t byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

std::string_view folded(char32_t code_point) {
  static Table const table;
  if (code_point < kTableEnd) return table.at(code_point);
  if (code_point == kInvalid) return " ";
  thread_local std::string rare;
  rare = fold_with_icu(code_point);
  return rare;
}

}  // namespace solidaires::text::detail
