#include "node/portal/renewal.h"

#include <gmock/gmock.h>

#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class RenewalPages : public PortalWorld {
 protected:
  // A public offer of an author with an account, dated today (10 March 2026).
  service::WorkingCopy offer(schema::FormFields const& more = {}) {
    auto fields = more;
    for (auto const& [name, value] : schema::FormFields{
             {"published_on", "2026-03-10"}, {"deadline", ""}, {"display_until", ""}}) {
      if (!fields.contains(name)) fields.emplace(name, value);
    }
    return editorial
        .publish(
            author_,
            draft(author_, "job_offer", service::job_offer_form("Maraîcher (f/h)", fields)).key)
        .value();
  }
  std::size_t remind() { return send_reminders(*context_, {}).value(); }
  void pass_days(int days) { clock.pass(std::chrono::hours(24 * days)); }
  std::string link() {
    auto const sent = mails();
    EXPECT_THAT(sent, SizeIs(1));
    auto const text = part_of(sent.at(0), "text/plain");
    auto const at = text.find("/toujours-juste/");
    EXPECT_NE(at, std::string::npos) << text;
    return text.substr(at, text.find_first_of(" \n", at) - at);
  }
  std::string public_text(service::WorkingCopy const& copy, std::string_view field) {
    auto const stored = store->get(public_key(copy)).value();
    auto const value = sync::shown_value(stored->document, field);
    if (!value || value->empty()) return {};
    auto const decoded = schema::decode(*value);
    auto const* const text = std::get_if<std::string>(&decoded);
    return text == nullptr ? "?" : *text;
  }

  service::Actor author_ = accounts.actor(
      accounts.add({"ines@exemple.fr", "Inès", "animateur", "un mot de passe de test"}, {})
          .value());
};

TEST_F(RenewalPages, an_author_is_asked_once_in_the_last_week) {
  offer();
  EXPECT_EQ(remind(), 0U);
  pass_days(52);
  EXPECT_EQ(remind(), 0U);
  pass_days(1);
  EXPECT_EQ(remind(), 1U);
  auto const sent = mails();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].to, "ines@exemple.fr");
  EXPECT_THAT(part_of(sent[0], "text/plain"), HasSubstr("Maraîcher (f/h)"));
  pass_days(1);
  EXPECT_EQ(remind(), 0U) << "once for each period";
}

TEST_F(RenewalPages, nobody_is_written_to_at_night_or_about_what_is_over) {
  offer({{"outcome", "filled"}});
  pass_days(55);
  EXPECT_EQ(remind(), 0U);
  offer({{"published_on", "2026-05-04"}});
  pass_days(54);
  clock.pass(std::chrono::hours(13));
  EXPECT_EQ(remind(), 0U);
  clock.pass(std::chrono::hours(11));
  EXPECT_EQ(remind(), 1U);
}

TEST_F(RenewalPages, opening_the_link_changes_nothing_and_one_press_answers) {
  auto const copy = offer();
  pass_days(55);
  ASSERT_EQ(remind(), 1U);
  auto const path = link();
  auto const page = get(path);
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(faults_of(page.body), IsEmpty());
  EXPECT_EQ(public_text(copy, "outcome"), "");
  auto const done = post(path, {{"reponse", "pourvue-ici"}});
  EXPECT_EQ(done.status, 200);
  EXPECT_THAT(done.body, HasSubstr("pourvu"));
  EXPECT_EQ(public_text(copy, "outcome"), "filled");
  EXPECT_EQ(public_text(copy, "filled_through"), "") << "told to nobody but those who count";
  auto const working = editorial.get(author_, copy.key).value();
  auto const* const through = schema::get<bool>(working.record, "filled_through");
  ASSERT_NE(through, nullptr);
  EXPECT_TRUE(*through);
  EXPECT_THAT(done.counted_as, testing::Contains("filled_here"));
}

TEST_F(RenewalPages, still_right_dates_it_anew_and_a_new_period_is_asked_about) {
  auto const copy = offer();
  pass_days(55);
  ASSERT_EQ(remind(), 1U);
  auto const path = link();
  EXPECT_EQ(post(path, {{"reponse", "toujours"}}).status, 200);
  pass_days(20);
  EXPECT_THAT(get(catalogue->get(copy.key.id).value()->path).body,
              Not(HasSubstr("badge-life-over")));
  EXPECT_EQ(remind(), 0U);
  pass_days(35);
  EXPECT_EQ(remind(), 1U);
}

TEST_F(RenewalPages, answers_may_be_corrected_and_links_end) {
  auto const copy = offer();
  pass_days(55);
  ASSERT_EQ(remind(), 1U);
  auto const path = link();
  EXPECT_EQ(post(path, {{"reponse", "retirer"}}).status, 200);
  EXPECT_EQ(public_text(copy, "outcome"), "withdrawn");
  EXPECT_EQ(post(path, {{"reponse", "toujours"}}).status, 200);
  EXPECT_EQ(public_text(copy, "outcome"), "");
  EXPECT_EQ(post(path, {{"reponse", "n’importe quoi"}}).status, 422);
  EXPECT_EQ(get("/toujours-juste/inconnu").status, 404);
  EXPECT_EQ(post("/toujours-juste/inconnu", {{"reponse", "toujours"}}).status, 404);
  pass_days(61);
  EXPECT_EQ(get(path).status, 404);
}

TEST_F(RenewalPages, a_structure_is_asked_at_the_rhythm_that_it_chose) {
  auto const copy =
      draft(author_, "structure", service::structure_form("L’Atelier", {{"rhythm", "3-months"}}));
  ASSERT_TRUE(editorial.publish(author_, copy.key));
  auto const quiet = draft(author_, "structure", service::structure_form("Sans rythme"));
  ASSERT_TRUE(editorial.publish(author_, quiet.key));
  pass_days(89);
  EXPECT_EQ(remind(), 0U);
  pass_days(1);
  EXPECT_EQ(remind(), 1U);
  auto const path = link();
  EXPECT_THAT(get(path).body, Not(HasSubstr("pourvue")));
  EXPECT_EQ(post(path, {{"reponse", "pourvue"}}).status, 422);
  EXPECT_EQ(post(path, {{"reponse", "toujours"}}).status, 200);
  pass_days(89);
  EXPECT_EQ(remind(), 0U);
}

}  // namespace
}  // namespace solidaires::portal
