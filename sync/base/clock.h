// Time as an argument: code that decides takes an Instant; only drivers own a Clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace solidaires {

// Wall-clock time, UTC, in milliseconds. It may jump: good for display and for ties, never for
// safety.
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;
using Millis = std::chrono::milliseconds;

[[nodiscard]] inline std::int64_t to_unix_ms(Instant at) {
  return at.time_since_epoch().count();
}
[[nodiscard]] inline Instant from_unix_ms(std::int64_t ms) {
  return Instant(Millis(ms));
}

// Any thread may ask.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override {
    return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
  }
};

}  // namespace solidaires
