#include "node/page/qr_code.h"

#include <gmock/gmock.h>

namespace solidaires::page {
namespace {

using testing::HasSubstr;

TEST(QrCodeTest, is_square_has_its_quiet_zone_and_refuses_what_is_too_long) {
  auto const drawn = qr_code("https://essai.example/f/7k2m9q1t", "Une \"adresse\"").text;
  EXPECT_THAT(drawn, HasSubstr("viewBox=\"0 0 37 37\""));  // version 3: 29 modules and 2 x 4
  EXPECT_THAT(drawn, HasSubstr("aria-label=\"Une &quot;adresse&quot;\""));
  EXPECT_THAT(drawn, HasSubstr("M4 4h7v1h-7z"));  // the finder pattern in the corner
  EXPECT_TRUE(qr_code(std::string(5'000, 'x'), "").text.empty());
}

}  // namespace
}  // namespace solidaires::page
