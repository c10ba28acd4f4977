// The header fields that every response carries to keep browsers strict: no inline script, no
// foreign frame, no guessing of types. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace solidaires::http {

struct SecurityHeaders {
  // Sources beyond our own, as CSP writes them: "https://tuiles.exemple.fr".
  std::vector<std::string> image_sources{};    // map tiles
  std::vector<std::string> connect_sources{};  // fetch()
  std::vector<std::string> frame_sources{};    // a video that somebody asked to see
  bool may_ask_position = true;                // "près de moi"; everything else is off
  long hsts_s = 365L * 24 * 3600;              // under TLS only; 0: not sent
};

enum class Framing : std::uint8_t { none, anywhere };  // who may show it in a frame

// "Name: value\r\n" lines, without HSTS.
[[nodiscard]] std::string security_lines(SecurityHeaders const& options,
                                         Framing framing = Framing::none);
// The HSTS line, or nothing.
[[nodiscard]] std::string hsts_line(SecurityHeaders const& options);

}  // namespace solidaires::http
