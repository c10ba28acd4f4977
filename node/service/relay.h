// Messages that the portal passes on, so that nobody's address has to be shown: to whoever is
// behind a record of this node that asks for it (a field "contact_form"), from a visitor who gives
// an address for the answer. Nothing of a message is kept, but a digest by which its receiver can
// report it and hear no more of that sender. Local values only. Any thread; may block on the disk.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/mail/queue.h"
#include "node/service/accounts.h"
#include "node/service/catalogue.h"
#include "node/service/instance.h"

namespace solidaires::service {

inline constexpr std::chrono::hours kAbuseReportable{24 * 60};  // after the message
inline constexpr std::chrono::hours kSenderBlocked{24 * 366};   // from one record
inline constexpr std::size_t kMessagesPerReceiverMax = 20;      // in a day
inline constexpr std::size_t kMessagesPerSenderMax = 5;         // in a day

// The field of the content model that asks for it.
inline constexpr std::string_view kContactFormField = "contact_form";
// The record is reached through its portal's form.
[[nodiscard]] bool takes_messages(PublicRecord const& record);

struct RelayedMessage {
  std::string from;      // parsed address
  std::string receiver;  // address: for the letter only, never for a page or a log
  std::string abuse_token;
};

class Relay {
 public:
  // All outlive it.
  Relay(Instance const& instance, Accounts const& accounts, mail::Queue& queue)
      : instance_(instance), accounts_(accounts), queue_(queue) {}

  // `write` makes the letter, and a copy for the sender perhaps. Done as well, without a letter, if
  // the receiver wants nothing from this sender: nobody learns of it. Code::not_found: the record
  // takes no messages here, or nobody's address is known; exhausted: too many in a day;
  // unavailable: mail is off.
  Result<> send(PublicRecord const& record, std::string_view from,
                std::function<std::vector<mail::Letter>(RelayedMessage const&)> const& write);

  struct Abuse {
    DocumentId record;
    Bytes sender;  // keyed digest
  };
  // Code::not_found: no such message, or too long ago.
  [[nodiscard]] Result<Abuse> find(std::string_view abuse_token) const;
  // What this sender writes to this record from now on goes nowhere. Twice does no harm.
  Result<> block(Abuse const& abuse);

 private:
  [[nodiscard]] Result<std::string> receiver_of(PublicRecord const& record) const;
  // One more today; Code::exhausted beyond `max`.
  Result<store::LocalEdit> counted(std::string_view what, std::size_t max) const;

  Instance const& instance_;
  Accounts const& accounts_;
  mail::Queue& queue_;
};

}  // namespace solidaires::service
