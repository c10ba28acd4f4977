// Group commit: of the threads that wait to write, the one in front leads. It carries out what has
// gathered behind it, in order, as one group, while the next group gathers. Any thread submits.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <span>

#include "node/store/transaction.h"

namespace solidaires::store {

struct Request {
  std::function<Result<>(Transaction&)> work;
  bool remote = false;
  bool writes = true;  // false: it is run even when the disk takes no writes
  // Set by the leader:
  Result<> result{};
  std::vector<DocumentChange> changes{};
  std::vector<DigestChange> digests{};
};

class CommitQueue {
 public:
  // Carries out the first requests of a group that is not empty, and sets their results; returns
  // how many, at least one. One thread at a time is in it.
  using RunGroup = std::function<std::size_t(std::span<Request* const>)>;

  explicit CommitQueue(RunGroup run_group) : run_group_(std::move(run_group)) {}
  CommitQueue(CommitQueue const&) = delete;
  CommitQueue& operator=(CommitQueue const&) = delete;

  // Returns when each request has its result; they are carried out in this order.
  void submit(std::span<Request> requests);

 private:
  struct Waiting {
    Request* request = nullptr;
    std::condition_variable* wake = nullptr;  // of the thread that submitted it
    bool done = false;
  };
  void lead(std::unique_lock<std::mutex>& lock);

  RunGroup run_group_;
  std::mutex mutex_;
  std::deque<Waiting*> waiting_;
};

}  // namespace solidaires::store
