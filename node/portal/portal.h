// The public portal: its addresses. Pages are the same for everybody and may be cached; nothing
// here sees a cookie. Handlers run on worker threads; the context outlives them.
#pragma once

#include "node/http/request.h"
#include "node/http/response.h"
#include "node/http/router.h"
#include "node/portal/context.h"

namespace solidaires::portal {

// The context is kept by reference.
void add_routes(http::Router& router, Context const& context);

// A record's page as it would be, for who writes or reviews it: never kept by anybody. `address`:
// where the files are that it shows.
[[nodiscard]] http::Response record_preview(
    Context const& context, service::PublicRecord const& record,
    std::function<std::string(schema::FileReference const&)> const& address);

// An error in the clothes of the portal and the language of the address, with what to do next.
[[nodiscard]] http::Response error_response(Context const& context, http::Request const& request,
                                            int status);

}  // namespace solidaires::portal
