#include "node/mail/queue.h"

#include <algorithm>
#include <array>

#include "sync/base/log.h"

namespace solidaires::mail {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::uint8_t kVersion = 1;  // of the value; stored on disk
constexpr std::size_t kChunk = 500;
constexpr Millis kServerPauseMin{30'000};
constexpr Millis kServerPauseMax{minutes(15)};

// "mail/" due, 16 hexadecimal digits "/" id: those that are due first come first.
Bytes key_of(Instant due, DocumentId const& id) {
  Bytes digits;
  ByteWriter(digits).u64(static_cast<std::uint64_t>(to_unix_ms(due)));
  return cat(kQueuePrefix, hex(digits), '/', hex(id.bytes()));
}

Result<Instant> due_of(std::string_view key) {
  if (key.size() != kQueuePrefix.size() + 16 + 1 + 32)
    return fail(Code::corrupt, "the key of a queued mail has another length");
  SOL_ASSIGN(auto const digits, from_hex(key.substr(kQueuePrefix.size(), 16)));
  SOL_ASSIGN(auto const due, ByteReader(digits).u64());
  return from_unix_ms(static_cast<std::int64_t>(due));
}

}  // namespace

struct Queue::Waiting {
  Bytes key{};
  DocumentId id{};
  Instant due{};
  Instant since{};
  std::uint16_t attempts = 0;
  Envelope envelope{};

  [[nodiscard]] Bytes encode() const {
    Bytes out;
    ByteWriter(out)
        .u8(kVersion)
        .u64(static_cast<std::uint64_t>(to_unix_ms(since)))
        .u16(attempts)
        .sized(envelope.from)
        .sized(envelope.to)
        .sized(envelope.message);
    return out;
  }
  static Result<Waiting> decode(store::LocalItem const& item) {
    Waiting waiting{.key = item.key};
    SOL_ASSIGN(waiting.due, due_of(item.key));
    SOL_ASSIGN(auto const id, from_hex(std::string_view(item.key).substr(item.key.size() - 32)));
    SOL_ASSIGN(waiting.id, DocumentId::from_bytes(id));
    ByteReader reader(item.value);
    SOL_ASSIGN(auto const version, reader.u8());
    if (version != kVersion) return fail(Code::unsupported, "a mail queued by another version");
    SOL_ASSIGN(auto const since, reader.u64());
    waiting.since = from_unix_ms(static_cast<std::int64_t>(since));
    SOL_ASSIGN(waiting.attempts, reader.u16());
    SOL_ASSIGN(waiting.envelope.from, reader.sized());
    SOL_ASSIGN(waiting.envelope.to, reader.sized());
    SOL_ASSIGN(waiting.envelope.message, reader.sized());
    return waiting;
  }
};

Millis pause_after(unsigned attempts) {
  constexpr std::array<minutes, 7> kPauses{minutes(1),   minutes(5),   minutes(15), minutes(60),
                                           minutes(120), minutes(240), minutes(480)};
  return kPauses[std::min<std::size_t>(std::max(attempts, 1U) - 1, kPauses.size() - 1)];
}

Result<> Queue::open() {
  std::int64_t waiting = 0;
  Bytes after;
  for (;;) {
    SOL_ASSIGN(auto const items, store_.view().local_scan(kQueuePrefix, Instant{}, kChunk, after));
    if (items.empty()) break;
    after = items.back().key;
    waiting += static_cast<std::int64_t>(items.size());
    if (on()) continue;
    store::Commit commit{.now = clock_.now()};
    for (auto const& item : items) commit.local.push_back({.key = item.key, .value = std::nullopt});
    SOL_TRY(store_.commit(commit));
  }
  queued_ = on() ? waiting : 0;
  return {};
}

Result<> Queue::commit(store::Commit commit, std::vector<Letter> const& letters) {
  if (!letters.empty() && !on()) return fail(Code::unavailable, "mail is not configured");
  if (queued_ + static_cast<std::int64_t>(letters.size()) > static_cast<std::int64_t>(kQueuedMax))
    return fail(Code::exhausted, "too many mails wait already");
  auto const now = clock_.now();
  for (auto const& letter : letters) {
    Waiting waiting{.id = DocumentId::make(now, rng_), .due = now, .since = now};
    SOL_ASSIGN(waiting.envelope, compose(letter, *sender_, waiting.id, now));
    commit.local.push_back({.key = key_of(now, waiting.id), .value = waiting.encode()});
  }
  SOL_TRY(store_.commit(commit));
  queued_ += static_cast<std::int64_t>(letters.size());
  if (!letters.empty() && added_) added_();
  return {};
}

Result<std::optional<Queue::Waiting>> Queue::first_due(Instant now) const {
  SOL_ASSIGN(auto const items, store_.view().local_scan(kQueuePrefix, now, 1));
  if (items.empty()) return std::nullopt;
  auto const due = due_of(items.front().key);
  if (due && *due > now) return std::nullopt;
  auto waiting = Waiting::decode(items.front());
  if (waiting) return *std::move(waiting);
  // It cannot be sent, and must not stop those behind it.
  log_error("mail.unreadable", {{"error", waiting.error().to_string()}});
  return Waiting{.key = items.front().key};
}

Result<std::optional<Instant>> Queue::next_due() const {
  SOL_ASSIGN(auto const items, store_.view().local_scan(kQueuePrefix, clock_.now(), 1));
  if (items.empty()) return std::nullopt;
  SOL_ASSIGN(auto const due, due_of(items.front().key));
  return std::max(due, not_before_.load());
}

Result<> Queue::remove(Bytes const& key) {
  SOL_TRY(store_.commit({.now = clock_.now(), .local = {{.key = key, .value = std::nullopt}}}));
  done_.erase(key);
  --queued_;
  return {};
}

void Queue::note_reachable(bool reachable, std::string_view said, Instant now) {
  if (reachable) {
    if (!reachable_.exchange(true)) log_info("mail.server_reachable");
    failures_ = 0;
    not_before_ = Instant{};
    return;
  }
  if (reachable_.exchange(false)) log_warning("mail.server_unreachable", {{"said", said}});
  not_before_ = now + std::min(kServerPauseMax, kServerPauseMin * (1U << std::min(failures_, 8U)));
  ++failures_;
}

Result<> Queue::settle(Waiting& waiting, Delivery const& delivery, Instant now) {
  switch (delivery.outcome) {
    case Outcome::accepted:
      ++accepted_;
      done_.insert(waiting.key);
      return remove(waiting.key);
    case Outcome::refused:
      ++refused_;
      log_warning("mail.refused", {{"said", delivery.said}});
      return remove(waiting.key);
    case Outcome::deferred: {
      ++deferred_;
      ++waiting.attempts;
      auto const due = now + pause_after(waiting.attempts);
      SOL_TRY(
          store_.commit({.now = now,
                         .local = {{.key = waiting.key, .value = std::nullopt},
                                   {.key = key_of(due, waiting.id), .value = waiting.encode()}}}));
      return {};
    }
    case Outcome::unreachable:
    case Outcome::interrupted: return {};
  }
  return {};
}

Result<> Queue::send_due(Transport& transport, std::stop_token const& stop) {
  while (on() && !stop.stop_requested()) {
    auto const now = clock_.now();
    if (now < not_before_.load()) return {};
    SOL_ASSIGN(auto waiting, first_due(now));
    if (!waiting) return {};
    if (done_.contains(waiting->key)) {
      SOL_TRY(remove(waiting->key));
      continue;
    }
    if (now - waiting->since > kGivenUpAfter) {
      ++given_up_;
      log_warning("mail.given_up", {{"attempts", waiting->attempts}});
      SOL_TRY(remove(waiting->key));
      continue;
    }
    auto const delivery = transport.deliver(waiting->envelope, stop);
    if (delivery.outcome == Outcome::interrupted) return {};
    bool const reachable = delivery.outcome != Outcome::unreachable;
    note_reachable(reachable, delivery.said, clock_.now());
    SOL_TRY(settle(*waiting, delivery, clock_.now()));
    if (!reachable) return {};
  }
  return {};
}

Counts Queue::counts() const {
  return {.queued = static_cast<std::uint64_t>(std::max<std::int64_t>(queued_, 0)),
          .accepted = accepted_,
          .deferred = deferred_,
          .refused = refused_,
          .given_up = given_up_,
          .reachable = reachable_};
}

}  // namespace solidaires::mail
