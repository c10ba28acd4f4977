// How often one key (an address, an account) may try: a token bucket each, bounded memory. Any
// thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sync/base/clock.h"

namespace solidaires::http {

class RateLimiter {
 public:
  struct Options {
    double burst = 10;                       // tries at once
    std::chrono::milliseconds refill{6000};  // one more every so long
    std::size_t keys_max = 20'000;           // the longest unused is forgotten
  };
  explicit RateLimiter(Options options) : options_(options) {}

  struct Standing {
    bool allowed = false;
    std::size_t left = 0;                    // tries, after this one
    std::chrono::milliseconds wait{};        // until the next try; zero if there is one
    std::chrono::milliseconds full_after{};  // until as many are left as at the beginning
  };

  // Takes one try, if there is one.
  Standing take(std::string_view key, Instant now);
  // The same, in one word.
  bool allow(std::string_view key, Instant now) { return take(key, now).allowed; }
  // How long until allow() would say yes; zero when it would now.
  [[nodiscard]] std::chrono::milliseconds wait(std::string_view key, Instant now);
  // After a success: full again.
  void forgive(std::string_view key);
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] Options const& options() const noexcept { return options_; }

 private:
  struct Bucket {
    std::string key;
    double tokens = 0;
    Instant filled{};
  };
  using Buckets = std::list<Bucket>;  // the longest unused last
  Bucket& touch(std::string_view key, Instant now);
  [[nodiscard]] std::chrono::milliseconds time_for(double tokens) const;

  Options const options_;
  mutable std::mutex mutex_;
  Buckets buckets_;
  std::unordered_map<std::string_view, Buckets::iterator> by_key_;
};

// The key of an address: IPv6 by its /64, since one subscriber has all of it.
[[nodiscard]] std::string rate_key(std::string_view address);

}  // namespace solidaires::http
