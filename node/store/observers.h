// Those who are told of commits. Inside this room only; told by one thread at a time.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "node/store/store.h"

namespace solidaires::store {

class Observers {
 public:
  // The subscription may end after the Store does: it then ends nothing.
  static Subscription add(std::shared_ptr<Observers> const& observers, Observer observer);
  void tell(CommitNotice const& notice);
  [[nodiscard]] bool empty() const;
  // True on a thread that is telling these observers: it must not write, for it would wait for
  // itself.
  [[nodiscard]] bool telling_here() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Observer> observers_;
  std::uint64_t last_ = 0;
};

}  // namespace solidaires::store
