// What the server tells about its work, for metrics: never an address, a query or a name.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "node/http/request.h"

namespace solidaires::http {

enum class Served : std::uint8_t { handler, cache, asset, refused };

struct Access {
  Method method = Method::get;
  std::string_view route;  // the pattern ("/structures/{slug}"), "" when none matched
  int status = 0;
  Served served = Served::handler;
  std::chrono::microseconds duration{};  // from the complete head to the last byte handed over
  std::uint64_t body_bytes = 0;          // as sent
};

// Called on the IO threads after every response: must be quick and must not throw.
class AccessObserver {
 public:
  virtual ~AccessObserver() = default;
  virtual void on_response(Access const& access) noexcept = 0;
};

}  // namespace solidaires::http
