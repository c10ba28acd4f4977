#include "node/page/colour.h"

#include <gtest/gtest.h>

#include <map>

#include "sync/base/rng.h"

namespace solidaires::page {
namespace {

// The custom properties of each scheme: "--accent" -> "#rrggbb"; [0] light, [1] dark.
std::array<std::map<std::string, Colour>, 2> properties(std::string const& css) {
  std::array<std::map<std::string, Colour>, 2> schemes;
  auto const dark_at = css.find("@media");
  for (auto at = css.find("--"); at != std::string::npos; at = css.find("--", at + 2)) {
    auto const colon = css.find(':', at);
    schemes.at(at > dark_at ? 1 : 0)[css.substr(at, colon - at)] =
        Colour::parse(css.substr(colon + 1, 7)).value();
  }
  return schemes;
}

TEST(Colour, contrast_is_that_of_wcag) {
  auto const black = Colour::parse("#000000").value();
  auto const white = Colour::parse("#ffffff").value();
  EXPECT_NEAR(contrast(black, white), 21, 1e-9);
  EXPECT_NEAR(contrast(Colour::parse("#767676").value(), white), 4.54, 0.01);
}

TEST(Colour, refuses_what_is_not_a_colour) {
  for (auto const* wrong : {"", "#fff", "red", "#12345g", "1234567"}) {
    EXPECT_FALSE(Colour::parse(wrong)) << wrong;
  }
}

TEST(Theme, is_readable_for_any_accent_in_both_schemes) {
  SeededRng rng(3);
  std::array<std::string, 2> const papers{"#fdfcf9", "#14171a"};
  for (int i = 0; i < 300; ++i) {
    std::string const hex_text = i == 0 ? "#ffffff" : i == 1 ? "#000000" : "#" + hex(rng.bytes(3));
    auto const schemes = properties(theme_css(Colour::parse(hex_text).value()));
    for (std::size_t scheme = 0; scheme < 2; ++scheme) {
      auto const& named = schemes.at(scheme);
      ASSERT_EQ(named.size(), 5U);
      auto const paper = Colour::parse(papers.at(scheme)).value();
      EXPECT_GE(contrast(named.at("--accent"), paper), 4.5) << hex_text;
      EXPECT_GE(contrast(named.at("--accent"), named.at("--on-accent")), 4.5) << hex_text;
      EXPECT_GE(contrast(named.at("--accent"), named.at("--accent-wash")), 4.5) << hex_text;
      EXPECT_GE(contrast(named.at("--accent-deep"), named.at("--accent-wash")), 4.5) << hex_text;
    }
  }
}

}  // namespace
}  // namespace solidaires::page
