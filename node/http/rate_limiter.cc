#include "node/http/rate_limiter.h"

#include <arpa/inet.h>

#include <cmath>

#include "sync/base/bytes.h"

namespace solidaires::http {

RateLimiter::Bucket& RateLimiter::touch(std::string_view key, Instant now) {
  if (auto const found = by_key_.find(key); found != by_key_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
    Bucket& bucket = buckets_.front();
    // A clock that was set back must not refill, nor lock out for as long as it jumped.
    auto const passed = std::max(now - bucket.filled, Instant::duration::zero());
    double const gained =
        static_cast<double>(passed.count()) / static_cast<double>(options_.refill.count());
    bucket.tokens = std::min(options_.burst, bucket.tokens + gained);
    bucket.filled = now;
    return bucket;
  }
  if (buckets_.size() >= options_.keys_max) {
    by_key_.erase(buckets_.back().key);
    buckets_.pop_back();
  }
  buckets_.push_front({std::string(key), options_.burst, now});
  by_key_.emplace(buckets_.front().key, buckets_.begin());
  return buckets_.front();
}

std::chrono::milliseconds RateLimiter::time_for(double tokens) const {
  if (tokens <= 0) return std::chrono::milliseconds(0);
  double const ms = tokens * static_cast<double>(options_.refill.count());
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(ms)));
}

RateLimiter::Standing RateLimiter::take(std::string_view key, Instant now) {
  std::scoped_lock const lock(mutex_);
  Bucket& bucket = touch(key, now);
  bool const allowed = bucket.tokens >= 1;
  if (allowed) bucket.tokens -= 1;
  return {.allowed = allowed,
          .left = static_cast<std::size_t>(bucket.tokens),
          .wait = time_for(1 - bucket.tokens),
          .full_after = time_for(options_.burst - bucket.tokens)};
}

std::chrono::milliseconds RateLimiter::wait(std::string_view key, Instant now) {
  std::scoped_lock const lock(mutex_);
  return time_for(1 - touch(key, now).tokens);
}

void RateLimiter::forgive(std::string_view key) {
  std::scoped_lock const lock(mutex_);
  auto const found = by_key_.find(key);
  if (found == by_key_.end()) return;
  Buckets::iterator const bucket = found->second;
  by_key_.erase(found);  // first: its key is a view into the bucket
  buckets_.erase(bucket);
}

std::size_t RateLimiter::size() const {
  std::scoped_lock const lock(mutex_);
  return buckets_.size();
}

std::string rate_key(std::string_view address) {
  in6_addr parsed{};
  std::string const text(address);
  if (inet_pton(AF_INET6, text.c_str(), &parsed) != 1) return text;
  constexpr std::size_t kPrefixBytes = 8;
  return cat(hex({reinterpret_cast<char const*>(&parsed), kPrefixBytes}), "/64");
}

}  // namespace solidaires::http
