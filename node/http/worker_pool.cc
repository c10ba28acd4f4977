#include "node/http/worker_pool.h"

namespace solidaires::http {

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue_max) : queue_max_(queue_max) {
  if (threads == 0) {
    std::size_t const cores = std::thread::hardware_concurrency();
    threads = cores > 1 ? cores - 1 : 1;
  }
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
  stop();
}

bool WorkerPool::submit(Task task) {
  return push(std::move(task), queue_max_);
}

bool WorkerPool::submit_admitted(Task task) {
  return push(std::move(task), SIZE_MAX);
}

bool WorkerPool::push(Task task, std::size_t queue_max) {
  {
    std::scoped_lock const lock(mutex_);
    if (is_stopping_ || queue_.size() >= queue_max) return false;
    queue_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

void WorkerPool::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return is_stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Task task = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    task();
  }
}

void WorkerPool::stop() {
  {
    std::scoped_lock const lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::size_t WorkerPool::queued() const {
  std::scoped_lock const lock(mutex_);
  return queue_.size();
}

}  // namespace solidaires::http
