// What the server tells about its work, for metrics: never an address, a query or a name.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "node/http/request.h"

namespace solidaires::http {

enum class Served : std::uint8_t { handler, cache, asset, refused };

struct Access {
  Method method = Method::get;
  std::string_view route;  // the pattern ("/structures/{slug}"), "" when none matched
  int status = 0;
  Served served = Served::handler;
  std::chrono::microseconds duration{};     // from the complete head to the last byte handed over
  std::uint64_t body_bytes = 0;             // as sent
  std::span<std::string const> counted_as;  // Response::counted_as
  bool by_robot = false;                    // is_robot()
};

// Whether a program asks that nobody looks through: by what it says of itself alone. It is one
// unless its User-Agent begins as browsers begin theirs, and names neither a robot nor an address
// to read about it.
[[nodiscard]] bool is_robot(std::string_view user_agent) noexcept;

// Called on the IO threads after every response: must be quick and must not throw.
class AccessObserver {
 public:
  virtual ~AccessObserver() = default;
  virtual void on_response(Access const& access) noexcept = 0;
};

}  // namespace solidaires::http
