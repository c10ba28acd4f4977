// The coroutines of one owner, spawned and counted, so that a shutdown can wait for the last. One
// IO thread. Must outlive its coroutines, or the io_context that held them. Private to sync/net.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>

#include "sync/base/log.h"

namespace solidaires::net {

class TaskGroup {
 public:
  explicit TaskGroup(boost::asio::io_context& io) : io_(io) {}
  TaskGroup(TaskGroup const&) = delete;
  TaskGroup& operator=(TaskGroup const&) = delete;

  // `coroutine()` gives an awaitable<void>; the function object lives as long as its coroutine.
  template <class Coroutine>
  void spawn(Coroutine coroutine) {
    ++running_;
    boost::asio::co_spawn(io_, std::move(coroutine), [this](std::exception_ptr const& problem) {
      if (problem) report(problem);
      --running_;
      if (running_ == 0 && on_idle_) std::exchange(on_idle_, nullptr)();
    });
  }
  // Calls back once none is running: at once if so.
  void when_idle(std::function<void()> callback) {
    if (running_ == 0) return callback();
    on_idle_ = std::move(callback);
  }
  [[nodiscard]] std::size_t running() const noexcept { return running_; }

 private:
  static void report(std::exception_ptr const& problem) {
    try {
      std::rethrow_exception(problem);
    } catch (std::exception const& caught) {
      log_error("link.task_failed", {{"reason", caught.what()}});
    }
  }

  boost::asio::io_context& io_;
  std::size_t running_ = 0;
  std::function<void()> on_idle_;
};

}  // namespace solidaires::net
