#include "node/portal/calendar_address.h"

#include <gmock/gmock.h>

#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(CalendarTokenTest, is_short_and_gives_the_selection_back) {
  CalendarSelection const usual{"event", "lieu=73065&rayon=30&theme=velo"};
  auto const token = calendar_token(usual);
  EXPECT_LE(token.size(), 24U) << token;
  for (auto const* query :
       {"lieu=73065&rayon=30&theme=velo", "q=f%C3%AAte", "", "zone=5.8,45.1,7.1,46.4"}) {
    auto const read = parse_calendar_token(calendar_token({"event", query}));
    ASSERT_TRUE(read) << query;
    EXPECT_EQ(read->type, "event");
    EXPECT_EQ(read->query, query);
  }
  EXPECT_EQ(calendar_token({"event", std::string(5'000, 'x')}), "");
}

// Whoever subscribed keeps what they subscribed to.
TEST(CalendarTokenTest, of_earlier_days_is_still_read) {
  auto const read = parse_calendar_token("1Q-EYmCEZDDGyLDUnHwA");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->query, "lieu=73065&rayon=30&theme=velo");
}

TEST(CalendarTokenTest, that_is_none_is_refused) {
  auto const good = calendar_token({"event", "lieu=73065&rayon=30&theme=velo"});
  auto wrong = std::vector<std::string>{"",      "1",       "2" + good.substr(1), good + "A",
                                        "1====", "1\xff\0", "../../etc",          "1AAAA"};
  for (std::size_t size = 0; size < good.size(); ++size) wrong.push_back(good.substr(0, size));
  for (auto const& token : wrong) EXPECT_FALSE(parse_calendar_token(token)) << token;
}

class CalendarAddressTest : public PortalWorld {};

TEST_F(CalendarAddressTest, stands_beside_the_feeds_and_follows_the_list) {
  published("event", service::event_form("Fête du vélo", {{"themes", "velo"}}));
  published("event", service::event_form("Troc de graines", {{"themes", "biodiversite"}}));
  auto const page = get("/agenda?theme=velo&tri=nom&page=1").body;
  auto const at = page.find("/a/1");
  ASSERT_NE(at, std::string::npos);
  auto const address = page.substr(at, page.find(".ics", at) + 4 - at);
  auto const calendar = get(address);
  EXPECT_EQ(calendar.status, 200);
  EXPECT_THAT(calendar.headers.get("Content-Type"), HasSubstr("text/calendar"));
  EXPECT_EQ(calendar.body, get("/agenda.ics?theme=velo").body);
  EXPECT_THAT(calendar.body, HasSubstr("Fête du vélo"));
  EXPECT_THAT(calendar.body, Not(HasSubstr("Troc de graines")));
  EXPECT_THAT(get("/agenda").body, HasSubstr("\"/agenda.ics\""));  // all of it
  published("event", service::event_form("Vélos en fête", {{"themes", "velo"}}));
  EXPECT_THAT(get(address).body, HasSubstr("Vélos en fête"));
}

TEST_F(CalendarAddressTest, of_nothing_is_a_page_that_says_so) {
  EXPECT_EQ(get("/a/1AAAA.ics").status, 404);
  auto const no_dates = cat("/a/", calendar_token({"structure", "q=x"}), ".ics");
  EXPECT_EQ(get(no_dates).status, 404);
  EXPECT_EQ(get(cat("/a/", calendar_token({"nothing", "q=x"}), ".ics")).status, 404);
}

}  // namespace
}  // namespace solidaires::portal
