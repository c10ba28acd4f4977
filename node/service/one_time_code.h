// One-time codes of an authenticator: HOTP (RFC 4226) and TOTP (RFC 6238) with HMAC-SHA-1, six
// digits and steps of 30 seconds, which every authenticator knows. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sync/base/bytes.h"
#include "sync/base/clock.h"

namespace solidaires::service {

inline constexpr std::size_t kCodeDigits = 6;
// Of a secret: as long as the digest, as RFC 4226 section 4 asks.
inline constexpr std::size_t kCodeSecretBytes = 20;

// The code of a counter (RFC 4226 section 5.3), leading zeros kept.
[[nodiscard]] std::string counter_code(std::string_view secret, std::uint64_t counter);
// The step that an instant lies in (RFC 6238 section 4.2); instants before 1970: step 0.
[[nodiscard]] std::uint64_t code_step(Instant at);
// The step whose code `typed` is: the present one, or one before or after it; never one up to
// `last_used`. Spaces in `typed` do not count. Compares in constant time.
[[nodiscard]] std::optional<std::uint64_t> matching_step(std::string_view secret,
                                                         std::string_view typed, Instant now,
                                                         std::uint64_t last_used);
// RFC 4648 section 6, no padding: how secrets are typed into an authenticator.
[[nodiscard]] std::string base32(std::string_view bytes);

}  // namespace solidaires::service
