#include "node/store/commit_queue.h"

#include "sync/base/check.h"

namespace solidaires::store {

Result<> CommitQueue::submit(Request& request) {
  Waiting self;
  self.request = &request;
  std::unique_lock lock(mutex_);
  waiting_.push_back(&self);
  self.wake.wait(lock, [&] { return self.done || waiting_.front() == &self; });
  // A group may end before its leader's own request only if it took none: never.
  if (!self.done) lead(lock);
  return std::move(request.result);
}

// The group stays at the front of the queue while it runs, so that nobody else leads.
void CommitQueue::lead(std::unique_lock<std::mutex>& lock) {
  std::vector<Request*> group;
  for (auto const* waiting : waiting_) group.push_back(waiting->request);
  lock.unlock();
  std::size_t const handled = run_group_(group);
  SOL_CHECK(handled >= 1 && handled <= group.size());
  lock.lock();
  for (std::size_t i = 0; i < handled; ++i) {
    waiting_.front()->done = true;
    waiting_.front()->wake.notify_one();
    waiting_.pop_front();
  }
  if (!waiting_.empty()) waiting_.front()->wake.notify_one();
}

}  // namespace solidaires::store
