// The one strong colour of an instance, and companions that read well beside it: every pair that
// the style sheet sets as text on ground has the contrast that WCAG 2.1 asks for (1.4.3: 4.5 to 1).
#pragma once

#include <string>
#include <string_view>

#include "sync/base/result.h"

namespace solidaires::page {

struct Colour {
  double red = 0;  // 0 to 1, sRGB
  double green = 0;
  double blue = 0;

  static Result<Colour> parse(std::string_view hex);  // "#1f6f78"
  [[nodiscard]] std::string hex() const;
};

// WCAG 2.1, "contrast ratio": 1 to 21.
[[nodiscard]] double contrast(Colour const& a, Colour const& b);

// The custom properties of both schemes, light and dark, as a style sheet. An accent that is too
// light or too dark to be read is moved until it can be.
[[nodiscard]] std::string theme_css(Colour const& accent);

}  // namespace solidaires::page
