#include "node/service/alerts.h"

#include <gmock/gmock.h>

#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class AlertsTest : public testing::Test, protected World {
 protected:
  AlertsTest()
      : queue(*store, clock, rng, mail::Sender{"portail@exemple.fr", "Portail"}),
        alerts(instance, queue) {}

  // The token of the letter that asks to confirm; empty: no letter was written.
  std::string ask(std::string_view address, std::string_view search = "/structures",
                  Rhythm rhythm = Rhythm::daily) {
    std::string token;
    auto const asked = alerts.ask(address, search, rhythm, [&](Alert const& alert) {
      token = alert.token;
      return mail::Letter{.to = alert.address, .subject = "?", .text = alert.token};
    });
    EXPECT_TRUE(asked) << (asked ? "" : asked.error().to_string());
    return token;
  }
  std::string confirmed(std::string_view address, Rhythm rhythm = Rhythm::daily,
                        std::vector<DocumentId> const& known = {}) {
    auto const token = ask(address, "/structures", rhythm);
    EXPECT_TRUE(alerts.confirm(token, known));
    return token;
  }
  DocumentId item() { return DocumentId::make(clock.now(), rng); }
  // A round in which `items` are what the list shows; what was told by it.
  std::vector<DocumentId> round(std::vector<DocumentId> const& items) {
    std::vector<DocumentId> told_now;
    looked_at = 0;
    auto const sent = alerts.send_due(
        clock.now(),
        [&](Alert const& alert, ToldItems const& told) -> Result<Digest> {
          ++looked_at;
          Digest digest{.items = {},
                        .letter = {.to = alert.address, .subject = "!", .text = "news"}};
          for (auto const& id : items) {
            if (!told.contains(id)) digest.items.push_back(id);
          }
          told_now.insert(told_now.end(), digest.items.begin(), digest.items.end());
          return digest;
        },
        {});
    EXPECT_TRUE(sent) << (sent ? "" : sent.error().to_string());
    return told_now;
  }
  std::size_t kept(std::string_view prefix) {
    return store->view().local_scan(prefix, clock.now(), 1'000)->size();
  }
  // To the same hour of a later day.
  void pass_days(int days) { clock.pass(hours(24 * days)); }

  mail::Queue queue;
  Alerts alerts;
  int looked_at = 0;
};

TEST_F(AlertsTest, one_that_nobody_confirms_sends_nothing_and_is_gone_after_seven_days) {
  auto const token = ask("claude@exemple.fr");
  pass_days(1);
  EXPECT_THAT(round({item()}), IsEmpty());
  pass_days(6);
  EXPECT_EQ(alerts.find(token).error().code(), Code::not_found);
  EXPECT_EQ(alerts.confirm(token, {}).error().code(), Code::not_found);
  EXPECT_EQ(kept("alert/search/"), 0U);
  ASSERT_OK(store->purge_expired(clock.now()));
  EXPECT_THAT(store->view().local_scan("alert/search/", Instant{}, 10).value(), IsEmpty());
}

TEST_F(AlertsTest, an_item_is_told_once_and_what_the_list_had_before_never) {
  auto const before = item();
  confirmed("claude@exemple.fr", Rhythm::daily, {before});
  auto const first = item();
  auto const second = item();
  EXPECT_THAT(round({before, first}), IsEmpty()) << "not on the day of the confirmation";
  pass_days(1);
  EXPECT_THAT(round({before, first}), ElementsAre(first));
  EXPECT_THAT(round({before, first, second}), IsEmpty()) << "one round a morning";
  pass_days(1);
  EXPECT_THAT(round({before, first, second}), ElementsAre(second));
  pass_days(1);
  EXPECT_THAT(round({before, first, second}), IsEmpty());
  EXPECT_EQ(queue.counts().queued, 3U) << "the request to confirm, and two digests";
}

TEST_F(AlertsTest, are_sent_in_the_morning_only) {
  confirmed("claude@exemple.fr");
  clock.pass(hours(3));  // 13:00 in Paris
  EXPECT_THAT(round({item()}), IsEmpty());
  clock.pass(hours(16));  // 5:00 of the next day
  EXPECT_THAT(round({item()}), IsEmpty());
  EXPECT_EQ(looked_at, 0);
  clock.pass(hours(2));
  EXPECT_THAT(round({item()}), SizeIs(1));
}

TEST_F(AlertsTest, weekly_ones_come_on_monday_or_on_the_next_morning_that_there_is) {
  confirmed("claude@exemple.fr", Rhythm::weekly);
  for (int day = 0; day < 5; ++day) {
    pass_days(1);
    EXPECT_THAT(round({item()}), IsEmpty()) << "from Wednesday to Sunday";
  }
  pass_days(1);
  EXPECT_THAT(round({item()}), SizeIs(1)) << "Monday";
  pass_days(9);
  EXPECT_THAT(round({item()}), SizeIs(1)) << "a Wednesday, after a Monday without the portal";
}

TEST_F(AlertsTest, ended_leave_no_address_behind) {
  auto const token = confirmed("claude@exemple.fr");
  round({item()});
  ASSERT_OK(alerts.end(token));
  ASSERT_OK(alerts.end(token));
  EXPECT_EQ(kept("alert/search/"), 0U);
  EXPECT_EQ(kept("alert/told/"), 0U);
  pass_days(1);
  EXPECT_THAT(round({item()}), IsEmpty());
  ASSERT_OK(alerts.end("no token at all"));
}

TEST_F(AlertsTest, end_by_themselves_after_a_year) {
  confirmed("claude@exemple.fr");
  pass_days(365);
  EXPECT_THAT(round({item()}), SizeIs(1));
  pass_days(2);
  EXPECT_THAT(round({item()}), IsEmpty());
  EXPECT_EQ(kept("alert/"), 1U) << "only the key under which addresses are known";
}

TEST_F(AlertsTest, the_same_question_is_mailed_once_a_day) {
  EXPECT_NE(ask("claude@exemple.fr"), "");
  EXPECT_EQ(ask("Claude@Exemple.fr"), "") << "the same address, whatever its capitals";
  pass_days(1);
  EXPECT_NE(ask("claude@exemple.fr"), "");
  EXPECT_EQ(kept("alert/search/"), 1U);
}

TEST_F(AlertsTest, an_address_is_not_buried_in_mails_that_others_ask_for) {
  int letters = 0;
  for (int i = 0; i < 20; ++i)
    letters += ask("victime@exemple.fr", cat("/structures?q=", i)).empty() ? 0 : 1;
  EXPECT_EQ(letters, 3);
  EXPECT_NE(ask("autre@exemple.fr"), "");
}

TEST_F(AlertsTest, an_address_has_ten_at_most) {
  int letters = 0;
  for (int i = 0; i < 20; ++i) {
    auto const token = ask("claude@exemple.fr", cat("/structures?q=", i));
    if (token.empty()) continue;
    ++letters;
    ASSERT_OK(alerts.confirm(token, {}));
  }
  EXPECT_EQ(letters, 10);
}

TEST_F(AlertsTest, what_is_no_address_or_no_search_is_refused) {
  auto const write = [](Alert const&) { return mail::Letter{}; };
  EXPECT_EQ(alerts.ask("personne", "/structures", Rhythm::daily, write).error().code(),
            Code::invalid);
  EXPECT_EQ(alerts.ask("a@b.fr", "https://ailleurs", Rhythm::daily, write).error().code(),
            Code::invalid);
  mail::Queue off(*store, clock, rng, std::nullopt);
  Alerts without(instance, off);
  EXPECT_EQ(without.ask("a@b.fr", "/structures", Rhythm::daily, write).error().code(),
            Code::unavailable);
}

TEST_F(AlertsTest, are_local_to_this_node) {
  confirmed("claude@exemple.fr");
  EXPECT_EQ(store->stats()->scopes.size(), 0U) << "no document, so nothing that travels";
}

TEST(ToldItems, forgets_the_oldest_first) {
  SeededRng rng(3);
  std::vector<DocumentId> ids;
  for (std::size_t i = 0; i < kAlertItemsRemembered + 2; ++i)
    ids.push_back(DocumentId::make(kStart, rng));
  ToldItems told;
  told.add({ids.begin(), ids.begin() + 100});
  told.add({ids.end() - 100, ids.end()});
  told.add({ids.begin(), ids.begin() + 100});
  EXPECT_EQ(told.bytes().size(), 200U * 8) << "each once";
  Bytes many(kAlertItemsRemembered * 8, '\0');
  ToldItems full(many);
  full.add({ids.front()});
  EXPECT_EQ(full.bytes().size(), kAlertItemsRemembered * 8);
  EXPECT_TRUE(full.contains(ids.front()));
}

}  // namespace
}  // namespace solidaires::service
