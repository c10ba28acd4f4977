// Against forged requests. Three layers: session cookies are SameSite=Lax; the server refuses
// unsafe requests that a browser says come from elsewhere (Sec-Fetch-Site, Origin); forms carry a
// token bound to the session's secret. A token is masked with fresh random bytes every time, so
// that a compressed page never holds the same secret twice and its length tells nothing (BREACH).
#pragma once

#include <string>
#include <string_view>

#include "node/http/request.h"
#include "sync/base/bytes.h"
#include "sync/base/result.h"
#include "sync/base/rng.h"

namespace solidaires::http {

inline constexpr std::string_view kCsrfField = "_csrf";

// What the browser says of where an unsafe request comes from.
enum class Source { same_origin, elsewhere, unknown };
[[nodiscard]] Source source_of(Request const& request);

// For a hidden field named kCsrfField. `secret` is Session::csrf_secret (32 bytes).
[[nodiscard]] std::string csrf_token(std::string_view secret, Rng& rng);
[[nodiscard]] bool is_csrf_token(std::string_view secret, std::string_view token);

// For a form of somebody with a session: source and token. Code::denied.
Result<> check_csrf(Request const& request, std::string_view secret);
// For a form without a session, possibly on a cached page that no token can be put into. There is
// no authority to borrow, so the source is enough: it must be known and ours. Code::denied.
Result<> check_anonymous(Request const& request);

}  // namespace solidaires::http
