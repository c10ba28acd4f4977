// What will happen, in order of time; at the same instant, in the order it was planned.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "sync/base/clock.h"

namespace solidaires::sync::sim {

class Schedule {
 public:
  [[nodiscard]] Instant now() const { return now_; }

  void at(Instant when, std::function<void()> what) {
    plans_.emplace(std::pair{std::max(when, now_), ++planned_}, std::move(what));
  }
  void in(Millis delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }

  // Lets the next thing happen, unless it lies after `until`; false then, and the time is `until`.
  bool step(Instant until) {
    if (plans_.empty() || plans_.begin()->first.first > until) {
      now_ = std::max(now_, until);
      return false;
    }
    auto node = plans_.extract(plans_.begin());
    now_ = node.key().first;
    node.mapped()();
    return true;
  }

 private:
  Instant now_ = from_unix_ms(1'750'000'000'000);
  std::uint64_t planned_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> plans_;
};

}  // namespace solidaires::sync::sim
