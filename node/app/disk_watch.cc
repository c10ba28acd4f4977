#include "node/app/disk_watch.h"

#include <chrono>

#include "sync/base/log.h"

namespace solidaires::app {
namespace {

constexpr std::chrono::hours kEvery{24};

}  // namespace

bool DiskWatch::go_on(Millis at_most) {
  auto const now = clock_.now();
  bool const is_over = at_.part == store::Rereading::Part::done;
  // A clock that was set back must not put the next reading off for years.
  bool const is_due = !began_ || now >= *began_ + kEvery || now < *began_;
  if (is_over && !is_due) return false;
  if (is_over || !began_) {
    at_ = {};
    began_ = now;
  }
  auto const problems = at_.problems.size();
  auto const mended = at_.mended;
  auto const until = std::chrono::steady_clock::now() + at_most;
  while (at_.part != store::Rereading::Part::done && std::chrono::steady_clock::now() < until) {
    if (auto const step = store_.reread(at_); !step) {
      // A disk that takes no writes cannot be mended: later.
      log_warning("store.not_read_again", {{"error", step.error().to_string()}});
      break;
    }
  }
  note(problems, mended);
  return at_.problems.size() > problems;
}

void DiskWatch::note(std::size_t problems_before, std::uint64_t mended_before) {
  std::lock_guard const lock(mutex_);
  report_.found += at_.problems.size() - problems_before;
  report_.mended += at_.mended - mended_before;
  if (!at_.problems.empty()) report_.problems = at_.problems;
  if (at_.part != store::Rereading::Part::done) return;
  report_.read_at = clock_.now();
  report_.documents = at_.documents;
  report_.tables = at_.tables;
}

DiskReport DiskWatch::report() const {
  std::lock_guard const lock(mutex_);
  return report_;
}

}  // namespace solidaires::app
