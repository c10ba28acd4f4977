// "Signaler une erreur ou un problème": the form that every page leads to. Without mail and without
// an account; what is told reaches the moderators through node/service/reports.h.
#pragma once

#include <string>
#include <string_view>

#include "node/http/router.h"
#include "node/portal/context.h"

namespace solidaires::portal {

void add_report_routes(http::Router& router, Context const& context);

// Files it, and mails it to the portal's contact address if mail is on.
Result<service::Report> file_report(Context const& context, service::NewReport const& report);

}  // namespace solidaires::portal
