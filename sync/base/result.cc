#include "sync/base/result.h"

#include "sync/base/check.h"

namespace solidaires {

std::string_view code_name(Code code) noexcept {
  switch (code) {
    case Code::invalid: return "invalid";
    case Code::not_found: return "not_found";
    case Code::conflict: return "conflict";
    case Code::denied: return "denied";
    case Code::unauthenticated: return "unauthenticated";
    case Code::exhausted: return "exhausted";
    case Code::busy: return "busy";
    case Code::unavailable: return "unavailable";
    case Code::timeout: return "timeout";
    case Code::unsupported: return "unsupported";
    case Code::corrupt: return "corrupt";
    case Code::io: return "io";
    case Code::internal: return "internal";
  }
  check_failed("a Code out of its range", __FILE__, __LINE__);
}

Error Error::in(std::string_view where) && {
  message_.insert(0, std::string(where) + ": ");
  return std::move(*this);
}

std::string Error::to_string() const {
  return std::string(code_name(code_)) + ": " + message_;
}

}  // namespace solidaires
