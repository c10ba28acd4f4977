#include "node/portal/alerts.h"

#include <gmock/gmock.h>

#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class AlertPages : public PortalWorld {
 protected:
  // Asks and confirms; the token.
  std::string subscribe(std::string const& search, std::string const& rhythm = "jour") {
    EXPECT_EQ(location(post(
                  "/alertes",
                  {{"recherche", search}, {"rythme", rhythm}, {"courriel", "claude@exemple.fr"}})),
              "/alertes/demande");
    auto const sent = mails();
    EXPECT_THAT(sent, SizeIs(1));
    auto const token = token_in(part_of(sent.at(0), "text/plain"), "/alertes/confirmer/");
    EXPECT_EQ(post(cat("/alertes/confirmer/", token), {}).status, 200);
    return token;
  }
  static std::string token_in(std::string const& text, std::string_view path) {
    auto const at = text.find(path);
    if (at == std::string::npos) return {};
    auto const begin = at + path.size();
    return text.substr(begin, text.find_first_of(" \n\"<", begin) - begin);
  }
  std::vector<mail::Envelope> morning() {
    EXPECT_TRUE(send_alerts(*context_, {}));
    return mails();
  }
  void pass_a_day() { clock.pass(std::chrono::hours(24)); }
};

TEST_F(AlertPages, a_list_offers_to_be_followed_with_its_filters_and_not_its_dates) {
  auto const list = get("/structures?q=velo&tri=nom&page=1");
  EXPECT_THAT(list.body, HasSubstr("/alertes?recherche=%2fstructures%3fq%3dvelo"));
  auto const form = get("/alertes?recherche=%2Fagenda%3Fq%3Dvelo%26du%3D2026-04-01");
  EXPECT_EQ(form.status, 200);
  EXPECT_THAT(faults_of(form.body), IsEmpty());
  EXPECT_THAT(form.body, HasSubstr("name=\"recherche\" value=\"/agenda?q=velo\""));
}

TEST_F(AlertPages, from_the_form_to_the_first_mail_and_its_end) {
  published("structure", service::structure_form("Déjà là"));
  auto const token = subscribe("/structures");
  EXPECT_THAT(morning(), IsEmpty()) << "what the list had when it was confirmed is no news";
  published("structure", service::structure_form("L’Atelier <neuf> & Cie"));
  pass_a_day();
  auto const sent = morning();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].to, "claude@exemple.fr");
  auto const text = part_of(sent[0], "text/plain");
  EXPECT_THAT(text, HasSubstr("1\u00a0nouveauté"));
  EXPECT_THAT(text, HasSubstr("* L’Atelier <neuf> & Cie")) << "plain text is not escaped";
  EXPECT_THAT(text, HasSubstr("https://essai.example/structures/"));
  EXPECT_THAT(text, Not(HasSubstr("Déjà là")));
  auto const html = part_of(sent[0], "text/html");
  EXPECT_THAT(html, HasSubstr("L’Atelier &lt;neuf&gt; &amp; Cie"));
  EXPECT_THAT(faults_of(html), IsEmpty());
  auto const end = cat("/alertes/fin/", token);
  EXPECT_THAT(sent[0].message,
              HasSubstr(cat("List-Unsubscribe: <https://essai.example", end, ">")));
  EXPECT_THAT(html, HasSubstr(end));
  pass_a_day();
  EXPECT_THAT(morning(), IsEmpty()) << "never the same twice, and no empty mail";
  EXPECT_THAT(get(end).body, HasSubstr("Ne plus recevoir ces courriels"));
  EXPECT_EQ(post(end, {{"List-Unsubscribe", "One-Click"}}, "cross-site").status, 200);
  published("structure", service::structure_form("Encore une"));
  pass_a_day();
  EXPECT_THAT(morning(), IsEmpty());
  EXPECT_THAT(get(end).body, HasSubstr("est arrêtée"));
}

TEST_F(AlertPages, what_has_taken_place_or_is_cancelled_is_no_news) {
  subscribe("/agenda");
  published("event", service::event_form("Fête à venir"));
  pass_a_day();
  auto const sent = morning();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_THAT(part_of(sent[0], "text/plain"), HasSubstr("Fête à venir"));
  published("event", service::event_form("Fête passée"));
  clock.pass(std::chrono::hours(24 * 50));
  EXPECT_THAT(morning(), IsEmpty()) << "published after the last mail, and over by now";
}

TEST_F(AlertPages, only_the_answer_to_the_mail_confirms_and_a_look_at_it_does_not) {
  post("/alertes", {{"recherche", "/structures"}, {"courriel", "claude@exemple.fr"}});
  auto const token =
      token_in(part_of(mails().at(0), "text/plain"), "https://essai.example/alertes/confirmer/");
  auto const page = get(cat("/alertes/confirmer/", token));
  EXPECT_TRUE(page.secret);
  EXPECT_THAT(faults_of(page.body), IsEmpty());
  EXPECT_THAT(page.body, HasSubstr("<form method=\"post\">"));
  EXPECT_FALSE(alerts_.find(token)->confirmed);
  post(cat("/alertes/confirmer/", token), {}, "cross-site");
  EXPECT_FALSE(alerts_.find(token)->confirmed) << "a page of another site cannot";
  EXPECT_THAT(post(cat("/alertes/confirmer/", token), {}).body, HasSubstr("est en place"));
  EXPECT_EQ(get("/alertes/confirmer/inconnu").status, 410);
}

TEST_F(AlertPages, the_answer_does_not_tell_whether_an_address_is_known) {
  subscribe("/structures");
  auto const known =
      post("/alertes",
           {{"recherche", "/structures"}, {"rythme", "jour"}, {"courriel", "claude@exemple.fr"}});
  auto const unknown =
      post("/alertes",
           {{"recherche", "/structures"}, {"rythme", "jour"}, {"courriel", "autre@exemple.fr"}});
  EXPECT_EQ(known.status, unknown.status);
  EXPECT_EQ(location(known), location(unknown));
  EXPECT_EQ(known.body, unknown.body);
}

TEST_F(AlertPages, a_faulty_form_says_it_twice_and_keeps_what_was_typed) {
  auto const page = post(
      "/alertes",
      {{"recherche", "/structures?q=velo"}, {"rythme", "jour"}, {"courriel", "claude<exemple>"}});
  EXPECT_EQ(page.status, 422);
  EXPECT_THAT(faults_of(page.body), IsEmpty());
  EXPECT_THAT(page.body, HasSubstr("<a href=\"#courriel\">Cette adresse"));
  EXPECT_THAT(page.body, HasSubstr("id=\"courriel-erreur\">Cette adresse"));
  EXPECT_THAT(page.body, HasSubstr("value=\"claude&lt;exemple&gt;\""));
  EXPECT_THAT(page.body, HasSubstr("id=\"rythme-jour\" checked"));
  EXPECT_THAT(mails(), IsEmpty());
}

TEST_F(AlertPages, machines_other_sites_and_floods_send_no_mail) {
  schema::FormFields const good{{"recherche", "/structures"}, {"courriel", "claude@exemple.fr"}};
  EXPECT_EQ(post("/alertes", good, "cross-site").status, 429);
  auto trapped = good;
  trapped.emplace("site_internet", "https://spam.example");
  EXPECT_EQ(location(post("/alertes", trapped)), "/alertes/demande");
  EXPECT_THAT(mails(), IsEmpty());
  int taken = 0;
  for (int i = 0; i < 20; ++i) {
    taken +=
        post("/alertes", {{"recherche", "/structures"}, {"courriel", cat("a", i, "@exemple.fr")}})
                    .status == 303
            ? 1
            : 0;
  }
  EXPECT_LE(taken, 5);
  EXPECT_THAT(post("/alertes", good).body, HasSubstr("Trop d’envois"));
  for (auto const bad : {"", "https://ailleurs.example/", "/espace", "/structures/x", "//x"}) {
    EXPECT_THAT(get(cat("/alertes?recherche=", bad)).body, HasSubstr("aucune liste")) << bad;
  }
}

TEST_F(AlertPages, without_mail_no_list_offers_it_and_the_page_says_why) {
  mail::Queue off(*store, clock, rng, std::nullopt);
  service::Alerts none(instance, off);
  Post const without{off, none, reports_, relay_, renewals_, limiter_};
  context_->post = &without;
  EXPECT_THAT(get("/structures").body, Not(HasSubstr("/alertes")));
  EXPECT_THAT(get("/alertes?recherche=%2Fstructures").body, HasSubstr("n’envoie pas de courriel"));
  EXPECT_EQ(post("/alertes", {{"recherche", "/structures"}, {"courriel", "a@b.fr"}}).status, 422);
}

TEST_F(AlertPages, what_is_over_is_watched_by_nobody) {
  auto const search = watched_search(*context_, "/appels-a-projets?q=velo&termines=1");
  ASSERT_TRUE(search);
  EXPECT_EQ(search->path, "/appels-a-projets?q=velo");
}

}  // namespace
}  // namespace solidaires::portal
