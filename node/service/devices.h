// The devices from which an account has logged in, each known by a random cookie of which only a
// digest is kept here: a local value that lapses after kDeviceLife without a log-in. Any thread;
// may block on the disk.
#pragma once

#include <chrono>
#include <string_view>

#include "node/service/instance.h"
#include "sync/base/result.h"

namespace solidaires::service {

inline constexpr std::size_t kDeviceTokenBytes = 32;
inline constexpr std::chrono::hours kDeviceLife{24 * 395};  // thirteen months

// `token`: kDeviceTokenBytes, as the cookie holds it; anything else is no known device.
[[nodiscard]] Result<bool> is_known_device(Instance const& instance, DocumentId const& account,
                                           std::string_view token);
[[nodiscard]] Result<bool> has_known_device(Instance const& instance, DocumentId const& account);
// From now on, and for kDeviceLife, it is known.
Result<> note_device(Instance const& instance, DocumentId const& account, std::string_view token);

}  // namespace solidaires::service
