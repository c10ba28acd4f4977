// Two small rules about time, as pure values: how long a dialler waits before it tries again, and
// how often a door may be knocked on. Owned by one thread each; chance and time are arguments.
#pragma once

#include <map>
#include <string>

#include "sync/base/clock.h"
#include "sync/base/limits.h"
#include "sync/base/rng.h"

namespace solidaires::net {

// Full jitter: uniform between the minimum and a ceiling that doubles with every failure. A whole
// network that returns at once is spread over the ceiling.
class Backoff {
 public:
  explicit Backoff(Millis min = limits::kReconnectMin, Millis max = limits::kReconnectMax)
      : min_(min), max_(max) {}
  // The wait before the next attempt.
  [[nodiscard]] Millis next(Rng& rng);
  // The link made progress: the next failure starts from the shortest wait.
  void reset() noexcept { failures_ = 0; }

 private:
  Millis min_;
  Millis max_;
  unsigned failures_ = 0;
};

// A bucket per key (a remote address) that holds `burst` tries and regains one every `regain`.
// Bounded: it forgets full buckets first, and refuses new keys when it still holds too many.
class RateLimit {
 public:
  RateLimit(unsigned burst, Millis regain) : burst_(burst), regain_(regain) {}
  [[nodiscard]] bool allow(std::string const& key, Instant now);

 private:
  struct Bucket {
    double tries;
    Instant at;
  };
  [[nodiscard]] double level(Bucket const& bucket, Instant now) const;
  unsigned burst_;
  Millis regain_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace solidaires::net
