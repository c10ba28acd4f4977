// Content codings: what the client prefers, and the coding itself. Pure functions, any thread; zlib
// and brotli stay in the .cc.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace solidaires::http {

enum class Coding : std::uint8_t { identity, gzip, brotli };
inline constexpr std::size_t kCodings = 3;
[[nodiscard]] std::string_view coding_name(Coding coding) noexcept;  // "", "gzip", "br"

// The best that Accept-Encoding allows: brotli before gzip at equal weight; identity when nothing
// else is acceptable (a page is better than a 406).
[[nodiscard]] Coding choose_coding(std::string_view accept_encoding) noexcept;

[[nodiscard]] bool is_compressible(std::string_view content_type) noexcept;
// For pages, made while somebody waits: gzip 6, brotli 5.
[[nodiscard]] std::string compress(std::string_view body, Coding coding);

}  // namespace solidaires::http
