#include "node/store/observers.h"

#include <algorithm>
#include <exception>

#include "sync/base/log.h"

namespace solidaires::store {
namespace {

// Several, when an observer of one store writes to another.
thread_local std::vector<Observers const*> telling;

}  // namespace

Subscription Observers::add(std::shared_ptr<Observers> const& observers, Observer observer) {
  std::lock_guard const lock(observers->mutex_);
  auto const number = ++observers->last_;
  observers->observers_.emplace(number, std::move(observer));
  return Subscription([observers, number] {
    std::lock_guard const ending(observers->mutex_);
    observers->observers_.erase(number);
  });
}

void Observers::tell(CommitNotice const& notice) {
  std::lock_guard const lock(mutex_);
  telling.push_back(this);
  for (auto const& [number, observer] : observers_) {
    try {
      observer(notice);
    } catch (std::exception const& error) {
      log_error("store.observer", {{"error", error.what()}});
    }
  }
  telling.pop_back();
}

bool Observers::empty() const {
  std::lock_guard const lock(mutex_);
  return observers_.empty();
}

bool Observers::telling_here() const {
  return std::ranges::find(telling, this) != telling.end();
}

}  // namespace solidaires::store
