// What stands for a mail address where none may be kept: a keyed digest, which tells that two are
// the same and from which none can be read. The key is this instance's own, and never leaves it.
#pragma once

#include <string_view>

#include "node/service/instance.h"

namespace solidaires::service {

inline constexpr std::size_t kAddressMarkBytes = 16;

// `secret`: the key under which the local secret is kept; it is made when it is first needed. The
// case of ASCII letters makes no difference.
[[nodiscard]] Result<Bytes> address_mark(Instance const& instance, std::string_view secret,
                                         std::string_view address);

}  // namespace solidaires::service
