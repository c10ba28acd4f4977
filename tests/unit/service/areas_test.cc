#include "node/service/areas.h"

#include <gmock/gmock.h>

#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

AreaMeant meant(std::string_view text, std::vector<std::string> const& territory = {"73", "74"}) {
  return area_meant(*real_places(), text, territory);
}

TEST(Areas, are_named_in_words_that_mean_them_again) {
  for (auto const* code : {"commune:73303", "commune:74010", "dep:73", "dep:2A", "region:84",
                           "epci:200066793", "country:FR", "country:CH"}) {
    auto const name = area_name(*real_places(), code);
    ASSERT_FALSE(name.empty()) << code;
    EXPECT_EQ(meant(name).code, code) << name;
  }
  for (auto const* code : {"", "commune:", "commune:99999", "dep:7", "valley:12", "73303"})
    EXPECT_EQ(area_name(*real_places(), code), "") << code;
}

TEST(Areas, are_what_people_type) {
  EXPECT_EQ(meant("ugine").code, "commune:73303");
  EXPECT_EQ(meant("Seynod").code, "commune:74010") << "merged into Annecy";
  EXPECT_EQ(meant("haute savoie").code, "dep:74");
  EXPECT_EQ(meant("grand annecy").code, "epci:200066793");
  EXPECT_EQ(meant("France").code, "country:FR");
}

TEST(Areas, of_one_name_are_told_apart_by_the_portal_or_proposed) {
  EXPECT_EQ(meant("Valence", {"26"}).code, "commune:26362");
  auto const elsewhere = meant("Valence", {"73"});
  EXPECT_EQ(elsewhere.code, "");
  EXPECT_THAT(elsewhere.proposed, testing::Contains("Valence (Drôme)"));
  auto const postal = meant("73400");
  EXPECT_TRUE(postal.code == "commune:73303" || postal.proposed.size() > 1) << postal.code;
  EXPECT_THAT(meant("xyzzyville").proposed, testing::IsEmpty());
}

}  // namespace
}  // namespace solidaires::service
