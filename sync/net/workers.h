// Threads for what blocks (the store's disk): the links never do it on the IO thread. The program's
// wiring may give its own pool behind this port, or ThreadWorkers below.
#pragma once

#include <functional>
#include <memory>

namespace solidaires::net {

class Workers {
 public:
  using Job = std::move_only_function<void()>;
  virtual ~Workers() = default;
  // Runs the job on some thread, later. Any thread. Every job that was taken is run; false once the
  // pool stops. Jobs do not throw. The links bound what they submit.
  [[nodiscard]] virtual bool submit(Job job) = 0;
};

class ThreadWorkers final : public Workers {
 public:
  explicit ThreadWorkers(unsigned threads = 1);
  ~ThreadWorkers() override;  // runs what was taken, then joins
  [[nodiscard]] bool submit(Job job) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace solidaires::net
