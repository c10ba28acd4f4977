#include "node/http/target.h"

#include <map>

namespace solidaires::http {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

struct LeadByte {
  std::size_t length = 0;  // 0: none starts here
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xBF;
};

// The ranges of RFC 3629: no overlong form, no surrogate, nothing past U+10FFFF.
LeadByte lead_byte(unsigned char byte) noexcept {
  if (byte < 0x80) return {1};
  if (byte >= 0xC2 && byte <= 0xDF) return {2};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {3};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {4};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0};
}

// Length of the well-formed sequence at the start of `text`, 0 when there is none.
std::size_t utf8_length(std::string_view text) noexcept {
  LeadByte const lead = lead_byte(static_cast<unsigned char>(text.front()));
  if (lead.length <= 1) return lead.length;
  if (text.size() < lead.length) return 0;
  auto const second = static_cast<unsigned char>(text[1]);
  if (second < lead.second_min || second > lead.second_max) return 0;
  for (std::size_t i = 2; i < lead.length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) return 0;
  }
  return lead.length;
}

bool is_canonical_path(std::string_view path) noexcept {
  if (path.empty() || path.front() != '/') return false;
  char before = 0;
  for (char c : path) {
    if (c == '/') {
      if (before == '/') return false;
    } else if (!is_unreserved(c) || (c == '.' && before == '/')) {
      return false;  // "." and ".." take the slow way, as does ".well-known"
    }
    before = c;
  }
  return true;
}

}  // namespace

std::string valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    std::size_t const length = utf8_length(bytes);
    if (length == 0) {
      out += kReplacement;
      bytes.remove_prefix(1);
      continue;
    }
    if (bytes.front() != '\0') out += bytes.substr(0, length);
    bytes.remove_prefix(length);
  }
  return out;
}

bool is_valid_utf8(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    std::size_t const length = utf8_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    auto const byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return out;
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (c == '%' && i + 2 < text.size()) {
      int const high = hex_digit(text[i + 1]);
      int const low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += plus_is_space && c == '+' ? ' ' : c;
  }
  return out;
}

Parameters parse_query(std::string_view text, std::size_t count_max) {
  Parameters out;
  while (!text.empty() && out.items().size() < count_max) {
    std::size_t const end = std::min(text.find('&'), text.size());
    std::string_view const item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (item.empty()) continue;
    std::size_t const equals = item.find('=');
    std::string_view const value =
        equals == std::string_view::npos ? std::string_view{} : item.substr(equals + 1);
    out.add(valid_utf8(percent_decode(item.substr(0, equals), true)),
            valid_utf8(percent_decode(value, true)));
  }
  return out;
}

std::string format_query(Parameters const& parameters) {
  std::string out;
  for (auto const& [name, value] : parameters.items()) {
    if (!out.empty()) out += '&';
    out += percent_encode(name);
    out += '=';
    out += percent_encode(value);
  }
  return out;
}

std::optional<std::vector<std::string>> parse_path(std::string_view raw) {
  if (raw.empty() || raw.front() != '/') return std::nullopt;
  raw.remove_prefix(1);
  std::vector<std::string> segments;
  bool ends_with_slash = true;
  while (!raw.empty()) {
    std::size_t const end = std::min(raw.find('/'), raw.size());
    std::string segment = percent_decode(raw.substr(0, end));
    raw.remove_prefix(end);
    ends_with_slash = !raw.empty();
    if (ends_with_slash) raw.remove_prefix(1);
    if (segment.find('\0') != std::string::npos || !is_valid_utf8(segment)) return std::nullopt;
    if (segment == "..") {
      if (segments.empty()) return std::nullopt;
      segments.pop_back();
      ends_with_slash = true;
    } else if (segment == ".") {
      ends_with_slash = true;
    } else if (!segment.empty()) {
      segments.push_back(std::move(segment));
    }
  }
  if (ends_with_slash && !segments.empty()) segments.emplace_back();
  return segments;
}

std::string format_path(std::vector<std::string> const& segments) {
  if (segments.empty()) return "/";
  std::string out;
  for (std::string const& segment : segments) {
    out += '/';
    out += percent_encode(segment);
  }
  return out;
}

std::optional<std::string> canonical_target(std::string_view target) {
  std::size_t const mark = target.find('?');
  std::string_view const path = target.substr(0, mark);
  std::string out;
  if (is_canonical_path(path)) {
    out = path;
  } else {
    auto const segments = parse_path(path);
    if (!segments) return std::nullopt;
    out = format_path(*segments);
  }
  if (mark == std::string_view::npos) return out;
  Parameters const query = parse_query(target.substr(mark + 1));
  // Values of one name keep their order: a handler may look at the first.
  std::multimap<std::string_view, std::string_view> by_name;
  for (auto const& [name, value] : query.items()) by_name.emplace(name, value);
  Parameters sorted;
  for (auto const& [name, value] : by_name) sorted.add(std::string(name), std::string(value));
  if (!sorted.empty()) out += '?' + format_query(sorted);
  return out;
}

}  // namespace solidaires::http
