// Passwords as argon2id strings (RFC 9106; libsodium stays in the .cc). Any thread; each call takes
// about a tenth of a second and 64 MiB, on purpose.
#pragma once

#include <string>
#include <string_view>

#include "sync/base/result.h"

namespace solidaires::service {

// The string to keep. Code::invalid (in French) if the password is too short, too long or among the
// commonest; Code::exhausted if memory is short.
[[nodiscard]] Result<std::string> hash_password(std::string_view password);
// Compares in constant time. An empty `kept` takes as long as any other and never matches.
[[nodiscard]] bool password_matches(std::string const& kept, std::string_view password);

}  // namespace solidaires::service
