#include "node/portal/short_address.h"

#include <gmock/gmock.h>

#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

using testing::HasSubstr;

TEST(ShortCodeTest, what_people_make_of_a_code_is_understood) {
  for (auto const* typed : {"7k2m9q1t", "7K2M-9Q1T", " 7k2m 9qlt", "7K2M-9QIT"}) {
    EXPECT_EQ(parse_short_code(typed), "7k2m9q1t") << typed;
  }
  EXPECT_EQ(parse_short_code("OOOO-0000"), "00000000");
  for (auto const* wrong : {"", "7k2m", "7k2m9q1t0", "7k2m9q1u", "../../etc", "7k2m9q1\xff"}) {
    EXPECT_EQ(parse_short_code(wrong), std::nullopt) << wrong;
  }
}

class ShortAddressTest : public PortalWorld {};

TEST_F(ShortAddressTest, a_printed_page_says_how_to_come_back_to_it) {
  published("structure", service::structure_form("Recyclerie"));
  service::ListQuery query;
  auto const record = catalogue->find(query).value().hits.at(0).record;
  auto const code = short_code(record->key.id);
  auto const page = get(record->path).body;
  EXPECT_THAT(page, HasSubstr(code));
  EXPECT_THAT(page, HasSubstr(cat("https://essai.example", short_path(record->key.id))));
  EXPECT_THAT(page, HasSubstr("<svg class=\"qr\""));
  EXPECT_THAT(faults_of(page), testing::IsEmpty());
  for (auto const& target : {short_path(record->key.id), cat("/f/", code)}) {
    auto const answer = get(target);
    EXPECT_EQ(answer.status, 302) << target;
    EXPECT_EQ(location(answer), record->path);
  }
  EXPECT_EQ(get("/f/00000000").status, 404);
  EXPECT_EQ(get("/f/nonsense!").status, 404);
  EXPECT_THAT(get("/structures?q=recyclerie").body,
              HasSubstr("https://essai.example/structures?q=recyclerie"));
}

}  // namespace
}  // namespace solidaires::portal
