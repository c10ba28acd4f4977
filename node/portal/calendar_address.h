// The address under which calendar programs follow a list: "/a/<token>.ics". The token is the
// selection itself, packed: nothing is kept for it, it holds over restarts and on a restored
// portal, and has no '?' or '&' on which programs and mails break addresses. zlib stays in the .cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "node/http/request.h"
#include "node/http/response.h"
#include "node/portal/context.h"
#include "node/portal/filters.h"

namespace solidaires::portal {

// Without order and page, and without a position (fit_to_keep).
[[nodiscard]] std::string calendar_path(Context const& context, schema::Type const& type,
                                        Filters const& filters);

struct CalendarSelection {
  std::string type;   // its key
  std::string query;  // of the list's address, without '?'
};
// Nullopt: it is no token of ours.
[[nodiscard]] std::string calendar_token(CalendarSelection const& selection);
[[nodiscard]] std::optional<CalendarSelection> parse_calendar_token(std::string_view token);

// GET /a/{token}.ics
[[nodiscard]] http::Response calendar_by_token(Context const& context,
                                               http::Request const& request);

}  // namespace solidaires::portal
