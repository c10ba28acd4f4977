#include "node/store/commit_queue.h"

#include "sync/base/check.h"

namespace solidaires::store {

void CommitQueue::submit(std::span<Request> requests) {
  if (requests.empty()) return;
  std::condition_variable wake;
  std::vector<Waiting> mine(requests.size());
  std::unique_lock lock(mutex_);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    mine[i] = {&requests[i], &wake, false};
    waiting_.push_back(&mine[i]);
  }
  auto const leads = [&] { return !waiting_.empty() && waiting_.front()->wake == &wake; };
  while (!mine.back().done) {
    wake.wait(lock, [&] { return mine.back().done || leads(); });
    if (!mine.back().done) lead(lock);
  }
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
    waiting_.front()->wake->notify_one();
    waiting_.pop_front();
  }
  if (!waiting_.empty()) waiting_.front()->wake->notify_one();
}

}  // namespace solidaires::store
