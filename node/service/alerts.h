// Alerts without an account: a search that somebody saved, and the address that its news are mailed
// to. Confirmed by mail, ended by one click, forgotten after a year; each item is told once. Kept
// in this node's local values only: no other instance ever holds an address. What a search means,
// and how a mail reads, is its caller's. Any thread; may block on the disk.
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "node/mail/queue.h"
#include "node/service/instance.h"

namespace solidaires::service {

inline constexpr std::chrono::hours kAlertToConfirm{24 * 7};  // unconfirmed, all of it goes then
inline constexpr std::chrono::hours kAlertLife{24 * 366};     // from the confirmation
inline constexpr std::chrono::hours kAlertNews{24 * 60};  // what was published before is no news
inline constexpr std::size_t kAlertsPerAddressMax = 10;
inline constexpr std::size_t kAlertsToConfirmMax = 3;  // of one address
inline constexpr std::size_t kAlertItemsRemembered = 8'192;
inline constexpr unsigned kMorningBegins = 7;  // o'clock, where the portal is
inline constexpr unsigned kMorningEnds = 12;
inline constexpr unsigned kWeeklyDay = 0;  // Monday

enum class Rhythm : std::uint8_t { daily = 1, weekly = 2 };  // stored on disk: never renumber

struct Alert {
  std::string token;    // in the addresses of its mails: whoever has it may confirm and end it
  std::string address;  // where its mails go
  std::string search;   // the address of a list, canonical: "/structures?q=velo"
  Rhythm rhythm = Rhythm::weekly;
  bool confirmed = false;
  Instant asked_at{};
  Instant told_at{};  // the last mail about the alert itself
  Instant confirmed_at{};
  std::int64_t round_day = 0;  // days since 1970: the last morning on which it was looked at
  [[nodiscard]] Instant ends_at() const {
    return confirmed ? confirmed_at + kAlertLife : asked_at + kAlertToConfirm;
  }
};

// Which items an alert has told, eight bytes each; the oldest are forgotten.
class ToldItems {
 public:
  explicit ToldItems(Bytes bytes = {}) : bytes_(std::move(bytes)) {}
  [[nodiscard]] bool contains(DocumentId const& id) const;
  void add(std::vector<DocumentId> const& ids);
  [[nodiscard]] Bytes const& bytes() const noexcept { return bytes_; }

 private:
  Bytes bytes_;
};

struct Digest {
  std::vector<DocumentId> items;  // told by this mail; empty: no mail
  mail::Letter letter{};
};

class Alerts {
 public:
  // Both outlive it.
  Alerts(Instance const& instance, mail::Queue& queue) : instance_(instance), queue_(queue) {}

  // Saves the search and mails what `write` makes of it: a request to confirm, or, when the address
  // has this alert already, word of that. Nobody learns from the answer whether an address is
  // known: it is the same when it has as many alerts as it may, and when it was told today already.
  // Code::invalid (no address), unavailable (mail is off), exhausted (too many mails wait).
  Result<> ask(std::string_view address, std::string_view search, Rhythm rhythm,
               std::function<mail::Letter(Alert const&)> const& write);
  // Code::not_found: it has ended, was not confirmed in time, or never was.
  [[nodiscard]] Result<Alert> find(std::string_view token) const;
  // From now on it mails what is new; `known` is what its list shows already. Twice does no harm.
  Result<Alert> confirm(std::string_view token, std::vector<DocumentId> const& known);
  // Address, search and what was told are gone. Twice does no harm.
  Result<> end(std::string_view token);

  // In the morning: lets `digest` look at each alert whose turn it is, and mails what it makes; one
  // commit for each, so that after a crash nothing is told twice and nothing is left out. Gives how
  // many mails were queued. At any other time of day it does nothing.
  using MakeDigest = std::function<Result<Digest>(Alert const&, ToldItems const&)>;
  Result<std::size_t> send_due(Instant now, MakeDigest const& digest, std::stop_token const& stop);

  // Confirmed alerts, for metrics; counted by the last round.
  [[nodiscard]] std::uint64_t confirmed() const noexcept { return confirmed_; }

 private:
  [[nodiscard]] Result<std::vector<Alert>> of_address(std::string_view mark) const;
  Result<> keep(Alert const& alert, std::vector<mail::Letter> const& letters,
                ToldItems const* told = nullptr);
  Result<bool> look_at(Alert alert, std::int64_t day, MakeDigest const& digest);

  Instance const& instance_;
  mail::Queue& queue_;
  std::mutex writing_;  // one change at a time, so that limits hold
  std::atomic<std::uint64_t> confirmed_{0};
};

// Whether a morning of this alert has come by then: daily every day, weekly on Monday (or the next
// morning on which the portal runs).
[[nodiscard]] bool is_due(Alert const& alert, Instant now);

}  // namespace solidaires::service
