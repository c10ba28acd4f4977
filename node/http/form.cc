#include "node/http/form.h"

#include "node/http/target.h"

namespace solidaires::http {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Cuts at a border between characters.
std::string_view first_bytes(std::string_view text, std::size_t size) noexcept {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return text.substr(0, size);
}

}  // namespace

std::string sane_file_name(std::string_view name) {
  constexpr std::size_t kBytesMax = 120;
  constexpr std::size_t kExtensionMax = 12;
  std::string const text = valid_utf8(name);
  std::string_view last(text);
  last.remove_prefix(last.find_last_of("/\\") + 1);  // some browsers send whole paths
  std::string out;
  for (char c : last) {
    auto const byte = static_cast<unsigned char>(c);
    bool const is_reserved = std::string_view(":*?\"<>|").find(c) != std::string_view::npos;
    if (byte >= 0x20 && byte != 0x7f) out += is_reserved ? '_' : c;
  }
  std::size_t const begin = out.find_first_not_of(" .");
  if (begin == std::string::npos) return "fichier";
  out.erase(0, begin);
  out.erase(out.find_last_not_of(" .") + 1);
  if (out.size() <= kBytesMax) return out;
  std::size_t const dot = out.rfind('.');
  bool const has_extension = dot != std::string::npos && out.size() - dot <= kExtensionMax;
  std::string const extension = has_extension ? out.substr(dot) : std::string{};
  return std::string(first_bytes(out, kBytesMax - extension.size())) + extension;
}

std::string media_type(std::string_view content_type) {
  std::string out(trimmed(content_type.substr(0, content_type.find(';'))));
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

std::string header_parameter(std::string_view header, std::string_view name) {
  std::size_t at = header.find(';');
  while (at != std::string_view::npos && at < header.size()) {
    std::string_view rest = header.substr(at + 1);
    std::size_t const equals = rest.find('=');
    if (equals == std::string_view::npos) return {};
    std::string_view const key = trimmed(rest.substr(0, equals));
    rest.remove_prefix(equals + 1);
    std::string value;
    std::size_t used = 0;
    if (rest.starts_with('"')) {
      for (used = 1; used < rest.size() && rest[used] != '"'; ++used) {
        // Browsers escape the quote alone; a backslash before anything else is a real one.
        if (rest[used] == '\\' && used + 1 < rest.size() && rest[used + 1] == '"') ++used;
        value += rest[used];
      }
    } else {
      used = std::min(rest.find(';'), rest.size());
      value = trimmed(rest.substr(0, used));
    }
    if (equals_ignoring_case(key, name)) return value;
    at = header.size() - rest.size() + used;
    at = header.find(';', at);
  }
  return {};
}

}  // namespace solidaires::http
