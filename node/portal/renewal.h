// "Still right?": the mail that authors get before a record stops being shown, and the page that
// its link leads to. No log-in: who holds the mail may answer for the record, and for nothing else.
#pragma once

#include <stop_token>

#include "node/http/router.h"
#include "node/portal/context.h"
#include "sync/base/result.h"

namespace solidaires::portal {

void add_renewal_routes(http::Router& router, Context const& context);
// To be called every minute; how many mails were written.
Result<std::size_t> send_reminders(Context const& context, std::stop_token const& stop);

}  // namespace solidaires::portal
