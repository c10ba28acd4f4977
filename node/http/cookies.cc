#include "node/http/cookies.h"

#include "node/http/target.h"
#include "sync/base/bytes.h"

namespace solidaires::http {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls take(name, value) for each pair until it says false.
template <class Take>
void each_cookie(std::string_view header, Take take) {
  while (!header.empty()) {
    std::size_t const end = std::min(header.find(';'), header.size());
    std::string_view const item = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    std::size_t const equals = item.find('=');
    if (equals == std::string_view::npos) continue;
    std::string_view const name = trimmed(item.substr(0, equals));
    std::string_view value = trimmed(item.substr(equals + 1));
    if (name.empty()) continue;
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (!take(name, value)) return;
  }
}

}  // namespace

std::string format_cookie(Cookie const& cookie) {
  bool const is_host = cookie.name.starts_with("__Host-");
  std::string out = cat(cookie.name, '=', cookie.value, "; Path=", is_host ? "/" : cookie.path);
  if (cookie.max_age) out += cat("; Max-Age=", cookie.max_age->count());
  if (cookie.is_secure || is_host) out += "; Secure";
  if (cookie.http_only) out += "; HttpOnly";
  out += cookie.same_site == Cookie::SameSite::strict ? "; SameSite=Strict" : "; SameSite=Lax";
  return out;
}

Parameters parse_cookies(std::string_view header) {
  constexpr std::size_t kCountMax = 100;
  Parameters out;
  each_cookie(header, [&](std::string_view name, std::string_view value) {
    out.add(valid_utf8(name), valid_utf8(value));
    return out.items().size() < kCountMax;
  });
  return out;
}

std::optional<std::string_view> find_cookie(std::string_view header,
                                            std::string_view name) noexcept {
  std::optional<std::string_view> found;
  each_cookie(header, [&](std::string_view key, std::string_view value) {
    if (key == name) found = value;
    return !found;
  });
  return found;
}

std::string host_cookie_name(std::string_view name, bool is_secure) {
  return is_secure ? cat("__Host-", name) : std::string(name);
}

}  // namespace solidaires::http
