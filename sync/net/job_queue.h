// Jobs that run one after another on the workers, each followed by its completion on the IO thread.
// One owner, IO thread only.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "sync/net/workers.h"

namespace boost::asio {
class io_context;
}

namespace solidaires::net {

class JobQueue : public std::enable_shared_from_this<JobQueue> {
 public:
  using Completion = std::move_only_function<void()>;  // run on the IO thread
  using Job = std::move_only_function<Completion()>;   // run on a worker; blocks

  JobQueue(boost::asio::io_context& io, Workers& workers) : io_(io), workers_(workers) {}

  // False once the workers stop: the job is dropped.
  bool run(Job job);
  // Forgets what waits, and the completion of what runs.
  void clear();
  // Called once no job runs: at once if so.
  void when_idle(std::function<void()> callback);
  [[nodiscard]] bool idle() const noexcept { return !running_ && waiting_.empty(); }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  bool submit(Job job);
  void finished(Completion completion);

  boost::asio::io_context& io_;
  Workers& workers_;
  std::deque<Job> waiting_;
  std::function<void()> on_idle_;
  unsigned generation_ = 0;
  bool running_ = false;
};

}  // namespace solidaires::net
