#include "node/app/postman.h"

#include <algorithm>
#include <fstream>

#include "node/mail/address.h"
#include "node/mail/smtp.h"
#include "sync/base/log.h"

namespace solidaires::app {
namespace {

constexpr Millis kRoundEvery{60'000};
constexpr Millis kRestMin{50};  // a clock that jumps back must not keep the thread busy

}  // namespace

Postman::Postman(mail::Queue& queue, std::unique_ptr<mail::Transport> transport, Clock const& clock,
                 std::function<Result<>(std::stop_token const&)> round)
    : queue_(queue), transport_(std::move(transport)), clock_(clock), round_(std::move(round)) {
  queue_.on_added([this] {
    std::scoped_lock const lock(mutex_);
    added_ = true;
    awake_.notify_all();
  });
}

Postman::~Postman() {
  stop();
  queue_.on_added({});
}

void Postman::start() {
  thread_ = std::jthread([this](std::stop_token const& stop) { run(stop); });
}

void Postman::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

Millis Postman::until_next() const {
  auto const due = queue_.next_due();
  if (!due || !*due) return kRoundEvery;
  return std::clamp(std::chrono::duration_cast<Millis>(**due - clock_.now()), kRestMin,
                    kRoundEvery);
}

void Postman::run(std::stop_token const& stop) {
  auto const steady = [] { return std::chrono::steady_clock::now(); };
  auto next_round = steady();
  while (!stop.stop_requested()) {
    if (round_ && steady() >= next_round) {
      next_round = steady() + kRoundEvery;
      if (auto const done = round_(stop); !done)
        log_error("mail.round_failed", {{"error", done.error().to_string()}});
    }
    auto rest = kRoundEvery;
    if (auto const sent = queue_.send_due(*transport_, stop); !sent) {
      log_error("mail.queue_failed", {{"error", sent.error().to_string()}});
    } else {
      rest = until_next();
    }
    std::unique_lock lock(mutex_);
    awake_.wait_for(lock, stop, rest, [this] { return added_; });
    added_ = false;
  }
}

Result<std::unique_ptr<mail::Transport>> mail_transport(Config const& config) {
  mail::SmtpOptions options{.url = config.mail.server,
                            .user = config.mail.user,
                            .greeting = std::string(mail::domain_of(config.mail.sender)),
                            .authorities = config.mail.authorities};
  if (!config.mail.password_file.empty()) {
    std::ifstream file(config.mail.password_file);
    if (!std::getline(file, options.password) || options.password.empty()) {
      return fail(Code::invalid, cat("mail.password_file: ", config.mail.password_file.string(),
                                     " holds no password on its first line"));
    }
    if (options.password.ends_with('\r')) options.password.pop_back();
  }
  SOL_ASSIGN(auto transport, mail::SmtpTransport::make(std::move(options)));
  return std::unique_ptr<mail::Transport>(std::move(transport));
}

}  // namespace solidaires::app
