#include "sync/net/job_queue.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace solidaires::net {

bool JobQueue::run(Job job) {
  if (running_ || !waiting_.empty()) {  // a completion may ask for more: it goes last
    waiting_.push_back(std::move(job));
    return true;
  }
  return submit(std::move(job));
}

bool JobQueue::submit(Job job) {
  running_ = true;
  // The work guard keeps the IO thread's loop alive until the answer is there.
  auto guard = boost::asio::make_work_guard(io_);
  bool const taken =
      workers_.submit([self = shared_from_this(), job = std::move(job), guard = std::move(guard),
                       generation = generation_]() mutable {
        auto completion = job();
        job = nullptr;  // what it holds is let go before the owner can be told that it is done
        boost::asio::post(self->io_, [self, generation, completion = std::move(completion),
                                      guard = std::move(guard)]() mutable {
          if (generation != self->generation_) completion = nullptr;
          self->finished(std::move(completion));
        });
      });
  if (!taken) running_ = false;
  return taken;
}

void JobQueue::finished(Completion completion) {
  running_ = false;
  if (completion) completion();
  if (!running_ && !waiting_.empty()) {
    Job next = std::move(waiting_.front());
    waiting_.pop_front();
    if (!submit(std::move(next))) waiting_.clear();
  }
  if (idle() && on_idle_) std::exchange(on_idle_, nullptr)();
}

void JobQueue::clear() {
  waiting_.clear();
  ++generation_;
}

void JobQueue::when_idle(std::function<void()> callback) {
  if (idle()) return callback();
  on_idle_ = std::move(callback);
}

}  // namespace solidaires::net
