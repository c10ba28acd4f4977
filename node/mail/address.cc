#include "node/mail/address.h"

#include <algorithm>

namespace solidaires::mail {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// An atom with dots (RFC 5321): quoted local parts are refused, nobody has one.
bool is_local_part(std::string_view text) {
  constexpr std::string_view kAlso = "!#$%&'*+-/=?^_`{|}~.";
  if (text.empty() || text.size() > 64 || text.front() == '.' || text.back() == '.') return false;
  return text.find("..") == std::string_view::npos && std::ranges::all_of(text, [&](char c) {
           return is_alphanumeric(c) || kAlso.find(c) != std::string_view::npos;
         });
}

bool is_domain(std::string_view text) {
  if (text.find('.') == std::string_view::npos) return false;
  while (!text.empty()) {
    auto const label = text.substr(0, text.find('.'));
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-')
      return false;
    if (!std::ranges::all_of(label, [](char c) { return is_alphanumeric(c) || c == '-'; }))
      return false;
    if (label.size() == text.size()) return true;
    text.remove_prefix(label.size() + 1);
  }
  return false;  // a dot at the end
}

}  // namespace

std::optional<std::string> parse_address(std::string_view typed) {
  constexpr std::string_view kSpace = " \t\r\n";
  auto const begin = typed.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return std::nullopt;
  typed = typed.substr(begin, typed.find_last_not_of(kSpace) - begin + 1);
  auto const at = typed.find('@');
  if (typed.size() > kAddressBytesMax || at == std::string_view::npos ||
      !is_local_part(typed.substr(0, at)) || !is_domain(typed.substr(at + 1)))
    return std::nullopt;
  std::string address(typed);
  std::ranges::transform(address.begin() + static_cast<std::ptrdiff_t>(at), address.end(),
                         address.begin() + static_cast<std::ptrdiff_t>(at), [](char c) {
                           return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
                         });
  return address;
}

std::string_view domain_of(std::string_view address) {
  return address.substr(std::min(address.find('@'), address.size() - 1) + 1);
}

}  // namespace solidaires::mail
