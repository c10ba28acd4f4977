#include "sync/net/backoff.h"

namespace solidaires::net {
namespace {
constexpr std::size_t kBucketsMax = 4096;
}

Millis Backoff::next(Rng& rng) {
  Millis const ceiling = failures_ < 16 ? std::min<Millis>(max_, min_ * (2LL << failures_)) : max_;
  ++failures_;
  auto const span = static_cast<std::uint64_t>(std::max<Millis::rep>((ceiling - min_).count(), 0));
  return min_ + Millis(static_cast<Millis::rep>(rng.below(span + 1)));
}

double RateLimit::level(Bucket const& bucket, Instant now) const {
  // A clock that runs backwards gives nothing back, and takes nothing.
  double const elapsed = std::max(0.0, static_cast<double>((now - bucket.at).count()));
  return std::min<double>(burst_, bucket.tries + elapsed / static_cast<double>(regain_.count()));
}

bool RateLimit::allow(std::string const& key, Instant now) {
  auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    if (buckets_.size() >= kBucketsMax) {
      std::erase_if(buckets_, [&](auto const& entry) {
        return level(entry.second, now) >= static_cast<double>(burst_);
      });
      if (buckets_.size() >= kBucketsMax) return false;
    }
    found = buckets_.emplace(key, Bucket{static_cast<double>(burst_), now}).first;
  }
  Bucket& bucket = found->second;
  bucket.tries = level(bucket, now);
  bucket.at = now;
  if (bucket.tries < 1.0) return false;
  bucket.tries -= 1.0;
  return true;
}

}  // namespace solidaires::net
