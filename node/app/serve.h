// The serving program: everything joined in one place, in the order of its floors, and taken down
// in the reverse order.
#pragma once

#include "node/app/config.h"
#include "sync/base/result.h"

namespace solidaires::app {

// Serves until SIGTERM or SIGINT, then drains and stops. Tells systemd when it is ready. Errors are
// of the start only, and say what to do.
Result<> serve(Config config);

}  // namespace solidaires::app
