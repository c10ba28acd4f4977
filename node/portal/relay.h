// Writing to whoever is behind a record without seeing their address: the form on a page of its
// own, and the page from which a receiver reports abuse. What is passed on, service/relay.h
// decides.
#pragma once

#include <string>

#include "node/http/router.h"
#include "node/portal/context.h"

namespace solidaires::portal {

// Where a visitor writes to the record, here or at its own portal; empty: not by a form.
[[nodiscard]] std::string relay_href(Context const& context, service::PublicRecord const& record);

void add_relay_routes(http::Router& router, Context const& context);

}  // namespace solidaires::portal
