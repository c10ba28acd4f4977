// The mails of the back office.
#pragma once

#include "node/mail/letter.h"
#include "node/page/site.h"
#include "node/service/accounts.h"
#include "node/service/editorial.h"

namespace solidaires::office {

// What an author is told with a decision: what it is, why, and where to answer.
[[nodiscard]] mail::Letter decision_letter(page::Site const& site, service::Notice const& notice);

// What somebody is told whose account was entered from a device that was never seen before:
// `device` in words.
[[nodiscard]] mail::Letter new_device_letter(page::Site const& site,
                                             service::Account const& account,
                                             std::string_view device, Instant at);

}  // namespace solidaires::office
