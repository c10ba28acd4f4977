// Keeping records true with little work: a week before an offer stops being shown, or when a
// structure has not been confirmed for as long as it asked for, its author gets one mail, whose
// link answers without a log-in: still right, filled, withdrawn. Tokens and what was told are local
// values. Any thread; may block on the disk.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "node/mail/queue.h"
#include "node/model/civil_time.h"
#include "node/service/accounts.h"
#include "node/service/instance.h"
#include "node/service/working_copy.h"

namespace solidaires::service {

inline constexpr std::int64_t kRemindedDaysBefore = 7;      // before it stops being shown
inline constexpr std::chrono::hours kRenewalLife{24 * 60};  // of the link in the mail

// What an author is reminded of.
struct Reminder {
  WorkingCopy const& copy;
  Account const& author;
  std::string token;
  std::optional<model::CivilDate> ends_on;  // when it stops being shown; nullopt: it does not
};

// filled_here: through this portal.
enum class Answer : std::uint8_t { still, filled, filled_here, withdrawn };

class Renewals {
 public:
  // Both outlive it.
  Renewals(Instance const& instance, mail::Queue& queue) : instance_(instance), queue_(queue) {}

  // Once a day, by day: a mail to the author of each record that is due, and once only for each
  // period. Returns how many. To be called every minute.
  Result<std::size_t> remind(std::function<mail::Letter(Reminder const&)> const& write,
                             std::stop_token const& stop);
  // The public record that the link is about. Code::not_found: no such link, too old, or no longer
  // public.
  [[nodiscard]] Result<WorkingCopy> find(std::string_view token) const;
  // Answering again changes the answer. All but `still` take a record that has an outcome
  // (Code::invalid); `still` dates it anew.
  Result<WorkingCopy> answer(std::string_view token, Answer answer);

 private:
  struct Due;
  [[nodiscard]] Result<std::optional<Due>> due(sync::DocumentKey const& key, Instant now) const;
  Result<bool> remind_of(Due const& due, std::function<mail::Letter(Reminder const&)> const& write);
  Instance const& instance_;
  mail::Queue& queue_;
};

}  // namespace solidaires::service
