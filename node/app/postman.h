// The thread that sends the mails of this instance, off the path of requests: when one is added,
// when one is due again, and once a minute to let a round write what is to be written by now.
// Started and stopped by whoever wires the instance.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "node/app/config.h"
#include "node/mail/queue.h"

namespace solidaires::app {

class Postman {
 public:
  // `round`: called on the thread before mails are sent, at most once a minute; may be empty. Queue
  // and clock outlive it.
  Postman(mail::Queue& queue, std::unique_ptr<mail::Transport> transport, Clock const& clock,
          std::function<Result<>(std::stop_token const&)> round = {});
  ~Postman();

  void start();
  // A mail that is being given to the server is ended first, within a minute; all others wait for
  // the next start.
  void stop();

 private:
  void run(std::stop_token const& stop);
  [[nodiscard]] Millis until_next() const;

  mail::Queue& queue_;
  std::unique_ptr<mail::Transport> transport_;
  Clock const& clock_;
  std::function<Result<>(std::stop_token const&)> round_;
  std::mutex mutex_;
  std::condition_variable_any awake_;
  bool added_ = false;
  std::jthread thread_;
};

// The server that the configuration names. Errors say what to do (the password cannot be read).
[[nodiscard]] Result<std::unique_ptr<mail::Transport>> mail_transport(Config const& config);

}  // namespace solidaires::app
