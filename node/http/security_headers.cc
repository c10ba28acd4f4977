#include "node/http/security_headers.h"

#include "sync/base/bytes.h"

namespace solidaires::http {
namespace {

void add_directive(std::string& policy, std::string_view name, std::string_view base,
                   std::vector<std::string> const& more = {}) {
  if (!policy.empty()) policy += "; ";
  policy += name;
  policy += ' ';
  policy += base;
  for (std::string const& source : more) policy += ' ' + source;
}

}  // namespace

std::string security_lines(SecurityHeaders const& options, Framing framing) {
  bool const framed = framing == Framing::anywhere;
  std::string policy;
  add_directive(policy, "default-src", "'self'");
  add_directive(policy, "script-src", "'self'");
  add_directive(policy, "style-src", "'self'");
  add_directive(policy, "img-src", "'self' data:", options.image_sources);
  add_directive(policy, "connect-src", "'self'", options.connect_sources);
  add_directive(policy, "frame-src", options.frame_sources.empty() ? "'none'" : "'self'",
                options.frame_sources);
  add_directive(policy, "object-src", "'none'");
  add_directive(policy, "base-uri", "'none'");
  add_directive(policy, "form-action", "'self'");
  add_directive(policy, "frame-ancestors", framed ? "*" : "'none'");
  return cat("Content-Security-Policy: ", policy, "\r\nX-Content-Type-Options: nosniff\r\n",
             framed ? "" : "X-Frame-Options: DENY\r\n",
             "Referrer-Policy: strict-origin-when-cross-origin\r\nPermissions-Policy: camera=(), "
             "microphone=(), payment=(), usb=(), geolocation=",
             options.may_ask_position ? "(self)" : "()",
             "\r\nCross-Origin-Opener-Policy: same-origin\r\n");
}

std::string hsts_line(SecurityHeaders const& options) {
  if (options.hsts_s <= 0) return {};
  return cat("Strict-Transport-Security: max-age=", options.hsts_s, "\r\n");
}

}  // namespace solidaires::http
