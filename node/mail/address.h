// E-mail addresses as people type them, checked before anything is done with them: one address, in
// characters that every mail server takes, with nothing that could end a header or a command. Pure,
// any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace solidaires::mail {

inline constexpr std::size_t kAddressBytesMax = 254;

// Without the white space around it, its domain in lower case; nullopt if it is no address, or one
// with letters beyond ASCII.
[[nodiscard]] std::optional<std::string> parse_address(std::string_view typed);

// The part after '@' of a parsed address.
[[nodiscard]] std::string_view domain_of(std::string_view address);

}  // namespace solidaires::mail
