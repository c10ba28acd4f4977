#include "node/portal/preview.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "node/page/colour.h"
#include "node/portal/map.h"
#include "node/portal/pages.h"

namespace solidaires::portal {
namespace {

constexpr int kWidth = 1'200;
constexpr int kHeight = 630;
constexpr double kMargin = 50;
constexpr double kDot = 2.2;  // times the radius that the maps of pages give a commune
constexpr std::uint8_t kDotLight = 170;

// One byte per pixel: from the accent (0) to white (255).
class Canvas {
 public:
  // A round dot with a soft rim of one pixel.
  void dot(double x, double y, double radius) {
    auto const from = [](double value) { return std::max(0, static_cast<int>(value)); };
    for (int row = from(y - radius - 1); row < std::min<double>(kHeight, y + radius + 2); ++row) {
      for (int column = from(x - radius - 1); column < std::min<double>(kWidth, x + radius + 2);
           ++column) {
        auto const away = std::hypot(column + 0.5 - x, row + 0.5 - y);
        auto const cover = std::clamp(radius + 0.5 - away, 0.0, 1.0);
        auto& pixel =
            pixels_[static_cast<std::size_t>(row) * kWidth + static_cast<std::size_t>(column)];
        pixel = std::max(pixel, static_cast<std::uint8_t>(std::lround(cover * kDotLight)));
      }
    }
  }

  [[nodiscard]] std::string png(page::Colour const& accent) const {
    std::array<png_byte, 256UL * 3> colours{};
    for (std::size_t light = 0; light < 256; ++light) {
      auto const share = static_cast<double>(light) / 255;
      std::size_t channel = 3 * light;
      for (double const value : {accent.red, accent.green, accent.blue})
        colours[channel++] =
            static_cast<png_byte>(std::lround(255 * (value + (1 - value) * share)));
    }
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = kWidth;
    image.height = kHeight;
    image.format = PNG_FORMAT_RGB_COLORMAP;
    image.colormap_entries = 256;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    std::string out(size, '\0');
    int const made =
        png_image_write_to_memory(&image, out.data(), &size, 0, pixels_.data(), 0, colours.data());
    png_image_free(&image);
    out.resize(made != 0 ? size : 0);
    return out;
  }

 private:
  std::vector<std::uint8_t> pixels_ = std::vector<std::uint8_t>(std::size_t{kWidth} * kHeight);
};

}  // namespace

std::string draw_preview(geography::Gazetteer const& gazetteer,
                         std::vector<std::string> const& departments, std::string_view accent) {
  geography::Box box;
  std::vector<geography::Commune const*> communes;
  for (auto const& code : departments) {
    for (auto const* const commune :
         gazetteer.communes_of(geography::PlaceKind::department, code)) {
      if (commune->precision != geography::Precision::exact) continue;
      box.include(commune->point);
      communes.push_back(commune);
    }
  }
  Canvas canvas;
  if (!communes.empty()) {
    auto const middle = (box.south + box.north) / 2 * std::numbers::pi / 180;
    auto const wide = std::max((box.east - box.west) * std::cos(middle), 1e-6);
    auto const high = std::max(box.north - box.south, 1e-6);
    auto const scale = std::min((kWidth - 2 * kMargin) / wide, (kHeight - 2 * kMargin) / high);
    auto const left = (kWidth - wide * scale) / 2;
    auto const top = (kHeight - high * scale) / 2;
    for (auto const* const commune : communes) {
      canvas.dot(left + (commune->point.longitude - box.west) * std::cos(middle) * scale,
                 top + (box.north - commune->point.latitude) * scale,
                 kDot * dot_radius(commune->population));
    }
  }
  auto const colour = page::Colour::parse(accent);
  return canvas.png(colour ? *colour : page::Colour{});
}

http::Response preview_page(Context const& context, http::Request const& request) {
  auto png = draw_preview(*context.gazetteer, context.instance.territory,
                          context.site()->identity().accent);
  if (png.empty()) return error_page(context, 500, &request);
  return keep_page(http::Response::bytes(std::move(png), "image/png"), {"site"});
}

}  // namespace solidaires::portal
