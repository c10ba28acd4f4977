#include "sync/net/workers.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace solidaires::net {

struct ThreadWorkers::State {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> jobs;
  bool stopping = false;
  std::vector<std::thread> threads;

  void work() {
    for (;;) {
      std::unique_lock lock(mutex);
      wake.wait(lock, [this] { return stopping || !jobs.empty(); });
      if (jobs.empty()) return;
      Job job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      job();
    }
  }
};

ThreadWorkers::ThreadWorkers(unsigned threads) : state_(std::make_unique<State>()) {
  for (unsigned i = 0; i < std::max(threads, 1U); ++i) {
    state_->threads.emplace_back([state = state_.get()] { state->work(); });
  }
}

ThreadWorkers::~ThreadWorkers() {
  {
    std::lock_guard const lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  for (auto& thread : state_->threads) thread.join();
}

bool ThreadWorkers::submit(Job job) {
  {
    std::lock_guard const lock(state_->mutex);
    if (state_->stopping) return false;
    state_->jobs.push_back(std::move(job));
  }
  state_->wake.notify_one();
  return true;
}

}  // namespace solidaires::net
