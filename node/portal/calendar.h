// Records with dates as an iCalendar file (RFC 5545): one series is one VEVENT with its rule,
// exceptions and changed dates, under an UID that never changes. libical stays in the .cc.
#pragma once

#include <string>
#include <vector>

#include "node/portal/context.h"

namespace solidaires::portal {

// `name`: what a calendar program calls it. Records without dates are left out.
[[nodiscard]] std::string calendar_of(Context const& context,
                                      std::vector<service::RecordPtr> const& records,
                                      std::string const& name);

}  // namespace solidaires::portal
