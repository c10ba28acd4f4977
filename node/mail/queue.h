// The mails that are to leave, kept in the store's local values until the server has taken them:
// they outlive a restart, never leave this node, and are erased, address and text, as soon as they
// are done. Any thread may add; one thread sends. Without a sender mail is off: nothing is kept.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

#include "node/mail/letter.h"
#include "node/mail/transport.h"
#include "node/store/store.h"
#include "sync/base/rng.h"

namespace solidaires::mail {

inline constexpr std::string_view kQueuePrefix = "mail/";  // stored on disk: never rename
inline constexpr std::size_t kQueuedMax = 20'000;
inline constexpr std::chrono::hours kGivenUpAfter{72};

struct Counts {
  std::uint64_t queued = 0;    // now
  std::uint64_t accepted = 0;  // since the start, as the others
  std::uint64_t deferred = 0;  // attempts that the server put off
  std::uint64_t refused = 0;   // for good
  std::uint64_t given_up = 0;  // after three days
  bool reachable = true;       // the server answered when it was last asked
};

class Queue {
 public:
  // nullopt: mail is off. All but the sender outlives the queue.
  Queue(store::Store& store, Clock const& clock, Rng& rng, std::optional<Sender> sender)
      : store_(store), clock_(clock), rng_(rng), sender_(std::move(sender)) {}

  // Counts what waits; forgets it if mail is off. Before anything else.
  Result<> open();
  [[nodiscard]] bool on() const noexcept { return sender_.has_value(); }
  // Called after letters were added, by whoever added them; short.
  void on_added(std::function<void()> callback) { added_ = std::move(callback); }

  // Durable when it returns: all of the commit and the letters, or nothing. Code::unavailable if
  // there are letters and mail is off, Code::exhausted if too many wait already.
  Result<> commit(store::Commit commit, std::vector<Letter> const& letters);
  Result<> add(Letter const& letter) { return commit({.now = clock_.now()}, {letter}); }

  // Sends what is due, oldest first, until nothing is, the server cannot be asked, or a stop. A
  // mail is removed by the commit that follows its acceptance: only a crash, or a disk that
  // refuses, between the two could send it twice, with the same Message-ID. Errors are the store's.
  Result<> send_due(Transport& transport, std::stop_token const& stop);
  // When send_due has something to do; nullopt: nothing waits.
  [[nodiscard]] Result<std::optional<Instant>> next_due() const;
  [[nodiscard]] Counts counts() const;

 private:
  struct Waiting;
  [[nodiscard]] Result<std::optional<Waiting>> first_due(Instant now) const;
  Result<> settle(Waiting& waiting, Delivery const& delivery, Instant now);
  Result<> remove(Bytes const& key);
  void note_reachable(bool reachable, std::string_view said, Instant now);

  store::Store& store_;
  Clock const& clock_;
  Rng& rng_;
  std::optional<Sender> sender_;
  std::function<void()> added_;
  std::set<Bytes> done_;  // taken by the server, and not yet removed: the disk refused
  std::atomic<std::int64_t> queued_{0};
  std::atomic<std::uint64_t> accepted_{0}, deferred_{0}, refused_{0}, given_up_{0};
  std::atomic<bool> reachable_{true};
  std::atomic<Instant> not_before_{};  // the server could not be asked
  unsigned failures_ = 0;              // in a row
};

// How long a mail waits after so many attempts that were put off.
[[nodiscard]] Millis pause_after(unsigned attempts);

}  // namespace solidaires::mail
