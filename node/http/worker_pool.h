// Threads for what blocks or burns CPU: handlers, compression, files. Owned by the wiring, shared
// by every server of the process, stopped after them. Any thread may submit.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace solidaires::http {

class WorkerPool {
 public:
  using Task = std::move_only_function<void()>;

  // 0 threads: the machine's cores less one, at least one.
  explicit WorkerPool(std::size_t threads = 0, std::size_t queue_max = 1024);
  ~WorkerPool();  // stop()
  WorkerPool(WorkerPool const&) = delete;
  WorkerPool& operator=(WorkerPool const&) = delete;

  // False when the queue is full or the pool stops: the caller answers "busy". Tasks do not throw.
  [[nodiscard]] bool submit(Task task);
  // The same past the bound, for work that was admitted already (the rest of a body). False only
  // once the pool stops.
  [[nodiscard]] bool submit_admitted(Task task);
  // Runs what is queued, then joins. Idempotent; one thread.
  void stop();
  [[nodiscard]] std::size_t threads() const noexcept { return threads_.size(); }
  [[nodiscard]] std::size_t queued() const;

 private:
  bool push(Task task, std::size_t queue_max);
  void work();

  std::size_t const queue_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace solidaires::http
