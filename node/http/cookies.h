// Cookies, read and written. Pure functions, any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "node/http/headers.h"

namespace solidaires::http {

struct Cookie {
  std::string name;
  std::string value;  // of cookie-octets: encode before (base64url, percent)
  std::optional<std::chrono::seconds> max_age =
      std::nullopt;       // unset: until the browser closes; 0: removed
  bool is_secure = true;  // sent over TLS only
  bool http_only = true;  // hidden from script
  enum class SameSite { strict, lax } same_site = SameSite::lax;
  std::string path = "/";
};

// The value of a Set-Cookie header. A name that starts with "__Host-" is given what the prefix
// demands (Secure, Path=/).
[[nodiscard]] std::string format_cookie(Cookie const& cookie);
// The value of a Cookie header; quotes around values are removed, nonsense is skipped.
[[nodiscard]] Parameters parse_cookies(std::string_view header);
// The value of one cookie without parsing the others into anything.
[[nodiscard]] std::optional<std::string_view> find_cookie(std::string_view header,
                                                          std::string_view name) noexcept;
// "session" becomes "__Host-session" under TLS: no other host or path can set or shadow it.
[[nodiscard]] std::string host_cookie_name(std::string_view name, bool is_secure);

}  // namespace solidaires::http
