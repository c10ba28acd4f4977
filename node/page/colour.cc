#include "node/page/colour.h"

#include <algorithm>
#include <cmath>

#include "sync/base/bytes.h"

namespace solidaires::page {
namespace {

constexpr Colour kPaper{0.992, 0.988, 0.976};
constexpr Colour kPaperShade{0.957, 0.949, 0.925};
constexpr Colour kNight{0.078, 0.090, 0.102};
constexpr Colour kNightShade{0.118, 0.133, 0.149};
constexpr Colour kWhite{1, 1, 1};
constexpr Colour kBlack{0, 0, 0};
constexpr double kTextContrast = 4.6;  // a little above the 4.5 of WCAG 1.4.3: rounding to 8 bits

Colour mix(Colour const& a, Colour const& b, double share_of_b) {
  auto const blend = [share_of_b](double x, double y) { return x + (y - x) * share_of_b; };
  return {blend(a.red, b.red), blend(a.green, b.green), blend(a.blue, b.blue)};
}

double luminance(Colour const& colour) {
  auto const linear = [](double c) {
    return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue);
}

// `colour` moved towards `goal` until it can be read on both grounds.
Colour readable(Colour const& colour, Colour const& goal, Colour const& ground,
                Colour const& other) {
  Colour moved = colour;
  for (double share = 0; share < 1; share += 0.02) {
    moved = mix(colour, goal, share);
    if (contrast(moved, ground) >= kTextContrast && contrast(moved, other) >= kTextContrast) break;
  }
  return moved;
}

std::string scheme(Colour const& accent, Colour const& ground, Colour const& shade, bool dark) {
  Colour const& goal = dark ? kWhite : kBlack;
  Colour const seen = readable(accent, goal, ground, shade);
  Colour const wash = mix(ground, seen, dark ? 0.16 : 0.09);
  Colour const strong = readable(seen, goal, wash, shade);  // links stand on the wash too: today
  Colour const deep = mix(strong, goal, 0.25);
  Colour const line = mix(ground, strong, 0.3);
  return cat("--accent:", strong.hex(), ";--accent-deep:", readable(deep, goal, wash, shade).hex(),
             ";--accent-wash:", wash.hex(), ";--accent-line:", line.hex(),
             ";--on-accent:", (dark ? kNight : kWhite).hex(), ";");
}

}  // namespace

Result<Colour> Colour::parse(std::string_view text) {
  if (text.size() != 7 || text.front() != '#') {
    return fail(Code::invalid, "a colour is written #rrggbb");
  }
  SOL_ASSIGN(auto const bytes, from_hex(text.substr(1)));
  auto const channel = [&bytes](std::size_t i) {
    return static_cast<double>(static_cast<unsigned char>(bytes[i])) / 255;
  };
  return Colour{channel(0), channel(1), channel(2)};
}

std::string Colour::hex() const {
  std::string bytes;
  for (double const channel : {red, green, blue}) {
    bytes += static_cast<char>(std::lround(std::clamp(channel, 0.0, 1.0) * 255));
  }
  return "#" + solidaires::hex(bytes);
}

double contrast(Colour const& a, Colour const& b) {
  double const first = luminance(a);
  double const second = luminance(b);
  return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

std::string theme_css(Colour const& accent) {
  auto const light = scheme(accent, kPaper, kPaperShade, false);
  auto const dark = scheme(accent, kNight, kNightShade, true);
  return cat(":root{", light, "}@media (prefers-color-scheme:dark){:root{", dark, "}}");
}

}  // namespace solidaires::page
