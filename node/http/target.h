// Addresses: percent coding, paths, query strings, and the canonical spelling under which a page is
// cached. Pure functions, any thread; they accept any bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/http/headers.h"

namespace solidaires::http {

// Replaces every byte sequence that is not UTF-8 by U+FFFD, and drops NUL.
[[nodiscard]] std::string valid_utf8(std::string_view bytes);
[[nodiscard]] bool is_valid_utf8(std::string_view bytes) noexcept;

// Keeps the unreserved characters of RFC 3986; fit for a path segment or a query value.
[[nodiscard]] std::string percent_encode(std::string_view text);
// A '%' that no two hexadecimal digits follow stays as it is.
[[nodiscard]] std::string percent_decode(std::string_view text, bool plus_is_space = false);

// "a=1&b=" decoded as forms are (application/x-www-form-urlencoded). At most `count_max` are kept.
[[nodiscard]] Parameters parse_query(std::string_view text, std::size_t count_max = 1000);
// The reverse, without '?': "q=caf%C3%A9&rayon=10".
[[nodiscard]] std::string format_query(Parameters const& parameters);

// The segments of a raw path, decoded, "." and ".." resolved, empty ones removed (but the last one,
// which says that the path ended with a slash). Nothing when the path climbs above the root, is not
// UTF-8 or hides a NUL. A %2F stays inside its segment.
[[nodiscard]] std::optional<std::vector<std::string>> parse_path(std::string_view raw);
// "/a/b%20c": the canonical spelling of these segments.
[[nodiscard]] std::string format_path(std::vector<std::string> const& segments);

// The same for every spelling of a path and any order of parameters. Nothing when parse_path finds
// nothing. Most targets are canonical already: then no work is done and `target` comes back.
[[nodiscard]] std::optional<std::string> canonical_target(std::string_view target);

}  // namespace solidaires::http
