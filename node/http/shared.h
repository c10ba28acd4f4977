// What all loops and exchanges of one server share. Private to this room. Read-only after start but
// for the counters.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>

#include "node/http/peer.h"
#include "node/http/server.h"

namespace solidaires::http {

struct Shared {
  Shared(ServerOptions server_options, Router server_router, ServerParts server_parts)
      : options(std::move(server_options)),
        router(std::move(server_router)),
        parts(std::move(server_parts)) {}

  ServerOptions const options;
  Router const router;
  ServerParts const parts;
  TrustedProxies proxies;
  std::shared_ptr<TlsContext> tls;
  std::string security;         // lines
  std::string security_framed;  // those of what may be framed
  std::string hsts;             // line

  // Whether this request is somebody's: it carries a session or credentials.
  [[nodiscard]] bool is_personal(Head const& head) const {
    if (!head.find("Authorization").empty()) return true;
    return !head.cookie.empty() &&
           std::ranges::any_of(options.personal_cookies, [&](std::string const& name) {
             return find_cookie(head.cookie, name).has_value();
           });
  }

  std::atomic<std::uint64_t> accepted{0}, refused{0}, requests{0}, open{0}, busy{0};
};

}  // namespace solidaires::http
