// The mails of the back office.
#pragma once

#include "node/mail/letter.h"
#include "node/page/site.h"
#include "node/service/editorial.h"

namespace solidaires::office {

// What an author is told with a decision: what it is, why, and where to answer.
[[nodiscard]] mail::Letter decision_letter(page::Site const& site, service::Notice const& notice);

}  // namespace solidaires::office
