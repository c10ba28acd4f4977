#include "node/page/qr_code.h"

#include <qrencode.h>

#include <memory>
#include <string>

#include "sync/base/bytes.h"

namespace solidaires::page {
namespace {

constexpr int kQuietZone = 4;  // modules of white around the code: the standard asks for them

// Runs of dark modules as one path: a rectangle each would be ten times the bytes.
std::string path_of(QRcode const& code) {
  std::string out;
  auto const is_dark = [&](int x, int y) {
    return x < code.width && (code.data[y * code.width + x] & 1U) != 0;
  };
  for (int y = 0; y < code.width; ++y) {
    for (int x = 0; x < code.width; ++x) {
      if (!is_dark(x, y)) continue;
      int const first = x;
      while (is_dark(x, y)) ++x;
      out +=
          cat('M', first + kQuietZone, ' ', y + kQuietZone, 'h', x - first, "v1h-", x - first, 'z');
    }
  }
  return out;
}

}  // namespace

Html qr_code(std::string_view text, std::string_view label) {
  std::string const content(text);
  std::unique_ptr<QRcode, decltype(&QRcode_free)> const code(
      QRcode_encodeString8bit(content.c_str(), 0, QR_ECLEVEL_M), &QRcode_free);
  if (!code) return {};
  auto const side = code->width + 2 * kQuietZone;
  return {cat("<svg class=\"qr\" viewBox=\"0 0 ", side, ' ', side, "\" role=\"img\" aria-label=\"",
              escaped(label), "\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h",
              side, 'v', side, "H0z\"/><path fill=\"#000\" d=\"", path_of(*code), "\"/></svg>")};
}

}  // namespace solidaires::page
