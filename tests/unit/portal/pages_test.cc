#include <gmock/gmock.h>

#include "node/service/picture_facts.h"
#include "node/service/programme.h"
#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kPlanted = "<script>alert('x')</script>\"'&";

class PagesTest : public PortalWorld {
 protected:
  void expect_page(std::string_view target, int status = 200) {
    auto const page = get(target);
    EXPECT_EQ(page.status, status) << target;
    EXPECT_THAT(faults_of(page.body), IsEmpty()) << target;
    EXPECT_EQ(page.body.find("<script>alert"), std::string::npos) << target;
  }
  std::string path_of(service::WorkingCopy const& copy) {
    return catalogue->get(copy.key.id).value()->path;
  }
};

TEST_F(PagesTest, the_charter_has_an_anchor_for_each_article_in_both_languages) {
  for (std::string_view const path : {"/charte", "/en/charter"}) {
    auto const page = get(path);
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(faults_of(page.body), testing::IsEmpty());
    for (auto const& article : instance.model.charter())
      EXPECT_THAT(page.body, testing::HasSubstr(cat("id=\"", article.key, '"'))) << path;
  }
  EXPECT_THAT(get("/en/charter").body, testing::HasSubstr("Everybody may propose"));
}

TEST_F(PagesTest, the_page_of_components_shows_a_card_of_each_kind_and_every_state_of_a_form) {
  auto const page = get("/composants").body;
  EXPECT_THAT(faults_of(page), IsEmpty());
  for (auto const& type : instance.model.types())
    EXPECT_THAT(page, HasSubstr(cat("Exemple\u00a0: ", type.singular.fr)));
  EXPECT_THAT(page, HasSubstr("aria-invalid=\"true\" aria-describedby=\"nom-erreur\""));
  EXPECT_THAT(page, HasSubstr("badge-life-closing"));
  EXPECT_THAT(page, HasSubstr("<table class=\"month\">"));
  EXPECT_THAT(page, HasSubstr("aria-current=\"page\">2<"));
}

TEST_F(PagesTest, the_home_page_shows_what_the_team_chose_for_these_days) {
  auto const copy = published("structure", service::structure_form("La Remise"));
  EXPECT_THAT(get("/").body, Not(HasSubstr("Le choix de l’équipe")));
  std::vector<std::string> tags;
  auto const following = store->subscribe(
      [&tags](store::CommitNotice const& notice) { tags = service::Catalogue::tags_of(notice); });
  ASSERT_TRUE(service::Programmes(instance).feature(somebody("animateur", "Camille"), copy,
                                                    {2026, 3, 10}, {2026, 3, 12}, kPlanted));
  auto const page = get("/");
  EXPECT_THAT(faults_of(page.body), IsEmpty());
  EXPECT_THAT(page.body, HasSubstr("Le choix de l’équipe"));
  EXPECT_THAT(page.body, HasSubstr("&lt;script&gt;alert"));
  EXPECT_THAT(get("/en").body, HasSubstr("Chosen by our team"));
  // What is kept of the page goes with what was chosen.
  EXPECT_THAT(tags, testing::ElementsAre(service::kProgrammeTag));
  ASSERT_TRUE(page.cache);
  EXPECT_THAT(page.cache->tags, testing::Contains(service::kProgrammeTag));
  clock.pass(Millis(std::chrono::hours(24 * 3)));
  EXPECT_THAT(get("/").body, Not(HasSubstr("Le choix de l’équipe")));
}

TEST_F(PagesTest, what_was_merged_is_found_at_its_old_address) {
  auto const kept = published("structure", service::structure_form("La Remise"));
  auto const other = published("structure", service::structure_form("La Remise (association)"));
  auto const old = path_of(other);
  auto const moderator = somebody("animateur", "Camille");
  ASSERT_OK(editorial.unite(moderator, {.kept = kept.key,
                                        .other = other.key,
                                        .kept_seen = kept.basis.seen,
                                        .other_seen = other.basis.seen,
                                        .record = kept.record}));
  auto const moved = get(old);
  EXPECT_EQ(moved.status, 308);
  EXPECT_EQ(location(moved), path_of(kept));
}

TEST_F(PagesTest, every_page_is_sound_html_with_one_heading_empty_or_not) {
  std::vector<std::string> const pages{"/",
                                       "/a-propos",
                                       "/contact",
                                       "/contact?page=/structures/x",
                                       "/aide",
                                       "/plan-du-site",
                                       "/accessibilite",
                                       "/mentions-legales",
                                       "/confidentialite",
                                       "/donnees",
                                       "/api",
                                       "/recherche",
                                       "/structures",
                                       "/agenda",
                                       "/agenda/2026-03",
                                       "/structures?q=velo&lieu=Annecy"};
  for (auto const& page : pages) {
    expect_page(page);
  }
  for (auto const& type : instance.model.types()) expect_page(cat('/', type.prefix));
  published("structure", service::structure_form("L’Atelier des Essais"));
  published("event", service::event_form("Fête", {{"schedule.repeat", "weekly"}}));
  published("article", service::article_form("Nouvelles"));
  for (auto const& page : pages) {
    expect_page(page);
  }
  for (auto const& type : instance.model.types()) expect_page(cat('/', type.prefix));
}

TEST_F(PagesTest, what_people_wrote_is_never_markup) {
  auto const text = std::string(kPlanted);
  auto const structure =
      published("structure", service::structure_form(text, {{"summary", text},
                                                            {"description", text},
                                                            {"acronym", text.substr(0, 30)},
                                                            {"tags", "<script>alert(1)</script>"},
                                                            {"address.lines", text},
                                                            {"address.label", text}}));
  auto const event =
      published("event", service::event_form(text, {{"summary", text},
                                                    {"description", text},
                                                    {"venue", structure.key.id.to_string()}}));
  auto const article = published("article", service::article_form(text, {{"body", text}}));
  for (auto const& copy : {structure, event, article}) expect_page(path_of(copy));
  for (auto const* page : {"/", "/structures", "/agenda", "/agenda/2026-03", "/recherche",
                           "/structures?q=script", "/recherche?q=alert", "/sitemap.xml"}) {
    EXPECT_EQ(get(page).body.find("<script>alert"), std::string::npos) << page;
  }
  EXPECT_THAT(faults_of(get("/structures?q=script").body), IsEmpty());
}

TEST_F(PagesTest, a_record_moves_with_its_name_and_is_gone_when_withdrawn) {
  auto const moderator = somebody("animateur", "C");
  auto copy = published("structure", service::structure_form("Ancien nom"));
  auto const before = path_of(copy);
  copy = edit(moderator, copy, {{"name", "Nouveau nom"}}).value();
  copy = editorial.publish(moderator, copy.key).value();
  auto const moved = get(before);
  EXPECT_EQ(moved.status, 308);
  EXPECT_EQ(location(moved), path_of(copy));
  expect_page(path_of(copy));
  auto const after = path_of(copy);
  ASSERT_OK(editorial.withdraw(moderator, copy.key, ""));
  expect_page(after, 410);
  EXPECT_EQ(get(cat(after, ".json")).status, 410);
}

TEST_F(PagesTest, addresses_that_do_not_exist_are_404_pages) {
  for (auto const* page : {"/structures/rien-00000000", "/nulle-part", "/agenda/2026-13",
                           "/agenda/2026-00", "/agenda/1999-12", "/agenda/9999-01",
                           "/agenda/4294969322-03", "/agenda/2026-99999999999999999999"}) {
    expect_page(page, 404);
  }
}

TEST_F(PagesTest, the_month_shows_each_date_of_a_series_and_marks_the_cancelled_one) {
  published("event",
            service::event_form("Marché", {{"schedule.repeat", "weekly"},
                                           {"schedule.override.0.original", "2026-03-21T14:00"},
                                           {"schedule.override.0.status", "cancelled"}}));
  auto const page = get("/agenda/2026-03").body;
  EXPECT_THAT(page, HasSubstr("annulé"));
  EXPECT_THAT(page, HasSubstr("Agenda de mars\u00a02026"));
  EXPECT_THAT(page, HasSubstr("3\u00a0dates"));
  EXPECT_THAT(page, HasSubstr("<table"));
  EXPECT_THAT(get("/agenda/2026-04").body, HasSubstr("Agenda d’avril"));
}

TEST_F(PagesTest,
       the_agenda_is_listed_by_day_and_a_series_stands_once) {  // today is 10 March, a Tuesday
  auto const on = [&](std::string_view title, std::string_view day, std::string_view last = {}) {
    published("event", service::event_form(
                           title, {{"schedule.start_date", std::string(day)},
                                   {"schedule.end_date", std::string(last.empty() ? day : last)}}));
  };
  on("Depuis lundi", "2026-03-09", "2026-03-12");
  on("Ce jour", "2026-03-10");
  on("Bientôt", "2026-03-15");
  on("Plus tard", "2027-01-16");
  published("event", service::event_form("Marché", {{"schedule.start_date", "2026-03-11"},
                                                    {"schedule.end_date", "2026-03-11"},
                                                    {"schedule.repeat", "weekly"}}));
  auto page = get("/agenda").body;
  for (std::string_view const space = "\u00a0"; page.contains(space);)
    page.replace(page.find(space), space.size(), " ");
  std::size_t at = 0;
  for (std::string_view const next :
       {"Aujourd’hui, mardi 10 mars", "Depuis lundi", "Ce jour", "Demain, mercredi 11 mars",
        "Marché", "Dates suivantes : mercredi 18 mars, mercredi 25 mars, mercredi 1er avril",
        "Ce dimanche 15 mars", "Bientôt", "Samedi 16 janvier 2027", "Plus tard"}) {
    auto const found = page.find(next, at);
    ASSERT_NE(found, std::string::npos) << next << " after " << page.substr(at, 200);
    at = found;
  }
  EXPECT_EQ(page.find(">Marché<", page.find(">Marché<") + 1), std::string::npos);
  EXPECT_THAT(get("/agenda?tri=nom").body, Not(HasSubstr("Aujourd’hui, ")));
  EXPECT_THAT(faults_of(page), IsEmpty());
}

TEST_F(PagesTest, calls_are_listed_by_their_deadline) {
  auto const until = [&](std::string_view title, std::string_view deadline) {
    published("call", service::call_form(title, {{"deadline", std::string(deadline)}}));
  };
  until("Dans longtemps", "2026-09-01T12:00");
  until("Dans dix jours", "2026-03-20T12:00");
  published("call", service::call_form("Toute l’année", {{"deadline", ""}, {"ongoing", "true"}}));
  until("En avril", "2026-04-30T12:00");
  auto const page = get("/appels-a-projets").body;
  std::size_t at = 0;
  for (auto const* const title :
       {"Dans dix jours", "En avril", "Dans longtemps", "Toute l’année"}) {
    auto const found = page.find(title, at);
    ASSERT_NE(found, std::string::npos) << title;
    at = found;
  }
}

TEST_F(PagesTest, an_offer_says_to_machines_who_hires_and_what_it_pays) {
  auto const place = published("structure", service::structure_form("La Bobine"));
  auto const said_by = [&](schema::FormFields const& more) {
    auto const page =
        get(path_of(published("job_offer", service::job_offer_form("Essai", more)))).body;
    auto const at = page.find("{\"@context\"");
    return boost::json::parse(page.substr(at, page.find("</script>", at) - at)).as_object();
  };
  auto const range = said_by({});
  EXPECT_EQ(range.at("hiringOrganization").at("name").as_string(), "La Remise");
  auto const& pay = range.at("baseSalary");
  EXPECT_EQ(pay.at("currency").as_string(), "EUR");
  EXPECT_EQ(pay.at("value").at("minValue").to_number<double>(), 2000);
  EXPECT_EQ(pay.at("value").at("maxValue").to_number<double>(), 2200);
  EXPECT_EQ(pay.at("value").at("unitText").as_string(), "MONTH");
  auto const one =
      said_by({{"pay_max", ""}, {"employer_name", ""}, {"structure", place.key.id.to_string()}});
  EXPECT_EQ(one.at("baseSalary").at("value").at("value").to_number<double>(), 2000);
  EXPECT_EQ(one.at("hiringOrganization").at("url").as_string(),
            cat("https://essai.example", path_of(place)));
  EXPECT_FALSE(said_by({{"kind", "benevolat"}, {"pay_min", ""}, {"pay_max", ""}, {"pay_unit", ""}})
                   .contains("baseSalary"));
}

TEST_F(PagesTest, a_page_without_a_picture_is_shared_with_the_one_of_the_portal) {
  EXPECT_THAT(
      get("/structures").body,
      HasSubstr("<meta property=\"og:image\" content=\"https://essai.example/apercu.png\">"));
  auto const picture = get("/apercu.png");
  EXPECT_EQ(picture.status, 200);
  EXPECT_EQ(picture.headers.get("Content-Type"), "image/png");
  auto const facts = service::picture_facts(picture.body);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->width, 1'200U);
  EXPECT_EQ(facts->height, 630U);
  EXPECT_LT(picture.body.size(), 60'000U);
}

TEST_F(PagesTest, what_lacks_one_word_stands_apart) {
  published("structure", service::structure_form("Épicerie sociale"));
  published("structure", service::structure_form("Épicerie du lac"));
  auto const page = get("/structures?q=epicerie+sociale").body;
  auto const apart = page.find("Avec une partie des mots");
  ASSERT_NE(apart, std::string::npos);
  EXPECT_LT(page.find(">Épicerie sociale<"), apart);
  EXPECT_GT(page.find(">Épicerie du lac<"), apart);
  EXPECT_THAT(page, HasSubstr("1\u00a0structure"));
  EXPECT_THAT(get("/structures?q=epicerie").body, Not(HasSubstr("Avec une partie des mots")));
  EXPECT_THAT(faults_of(page), IsEmpty());
}

TEST_F(PagesTest, an_article_without_a_place_is_in_the_lists_of_its_own_portal) {
  published("article", service::article_form("Sans lieu"));
  auto const* const type = instance.model.type("article");
  EXPECT_THAT(get(cat('/', type->prefix)).body, HasSubstr("Sans lieu"));
  EXPECT_THAT(get("/").body, HasSubstr("Sans lieu"));
}

// In every parameter, naughty texts: answered, named or found wanting, never reflected as markup.
TEST_F(PagesTest, no_text_in_any_parameter_breaks_a_page) {
  published("structure", service::structure_form("Une structure"));
  published("event", service::event_form("Un événement"));
  std::vector<std::string> const texts{std::string(kPlanted),
                                       "%00%01%02%1f",
                                       "%ff%fe%c3",
                                       "%F0%9F%98%80%F0%9F%98%80",
                                       "%E2%80%AEtfel",
                                       std::string(7'000, 'a'),
                                       "%C3%A9" + std::string(3'000, '%'),
                                       "nan",
                                       "inf",
                                       "-1",
                                       "1e308",
                                       "99999999999999999999",
                                       "0x10",
                                       "2026-02-31",
                                       "0000-00-00",
                                       "%2F..%2F..",
                                       "{{title}}",
                                       "{{{x_html}}}",
                                       "' OR 1=1 --",
                                       "tous",
                                       "commune:",
                                       "commune:99999",
                                       "dep:74",
                                       ""};
  std::vector<std::string> parameters{"q",  "lieu", "epci", "rayon", "dep",    "du",
                                      "au", "tri",  "page", "vue",   "inconnu"};
  for (auto const& type : instance.model.types()) {
    for (auto const* const field : type.facets()) parameters.push_back(field->facet->parameter);
  }
  for (auto const& parameter : parameters) {
    for (auto const& text : texts) {
      for (std::string_view const path : {"/structures", "/agenda"}) {
        auto const target = cat(path, '?', parameter, '=', http::valid_utf8(text));
        auto const page = get(target);
        EXPECT_LT(page.status, 400) << target.substr(0, 100);
        EXPECT_EQ(page.body.find("<script>alert"), std::string::npos) << target;
        if (page.status == 200) {
          EXPECT_THAT(faults_of(page.body), IsEmpty()) << target.substr(0, 100);
        }
      }
    }
  }
}

// ---- Files ----

class FilesOfPages : public PagesTest {
 protected:
  // `brought`: as after an upload; else the record only names the file.
  service::WorkingCopy with_picture(store::BlobName const& file, std::string_view media_type,
                                    bool brought = true) {
    if (brought) claim(file.sha256);
    return published(
        "structure",
        service::structure_form("L’Atelier", {{"picture.source", cat("blob:", hex(file.sha256))},
                                              {"picture.alt", "La façade"},
                                              {"picture.size", std::to_string(file.size)},
                                              {"picture.media_type", std::string(media_type)},
                                              {"picture.width", "640"},
                                              {"picture.height", "480"}}));
  }
  void claim(Bytes const& sha256) {
    auto const origin = sync::blob_origin(ScopeId::office(instance.self));
    ASSERT_OK(instance.store.commit({.now = instance.clock.now(), .claims = {{sha256, origin}}}));
  }
  static std::string address(DocumentId const& document, std::string_view sha256) {
    return cat("/fichiers/", document.to_string(), '/', hex(sha256), "/image.png");
  }
};

TEST_F(FilesOfPages, are_shown_with_their_description_and_served_through_their_document) {
  auto const file = instance.store.files().put("the bytes of a picture").value();
  auto const copy = with_picture(file, "image/png");
  auto const page = get(path_of(copy)).body;
  EXPECT_THAT(page, HasSubstr(cat("src=\"", address(copy.key.id, file.sha256), '"')));
  EXPECT_THAT(page, HasSubstr("alt=\"La façade\" width=\"640\" height=\"480\""));
  auto const served = get(address(copy.key.id, file.sha256));
  EXPECT_EQ(served.status, 200);
  ASSERT_TRUE(served.file);
  EXPECT_EQ(served.headers.get("Content-Type"), "image/png");
  EXPECT_EQ(served.headers.get("Content-Disposition"), "");
  EXPECT_EQ(served.headers.get("ETag"), cat('"', hex(file.sha256), '"'));
  EXPECT_EQ(served.headers.get("Cache-Control"), "public, max-age=86400, immutable");
}

TEST_F(FilesOfPages, stand_on_cards_with_a_place_of_their_own) {
  auto const file = instance.store.files().put("the bytes of a picture").value();
  auto const copy = with_picture(file, "image/png");
  auto const page = get("/structures").body;
  EXPECT_THAT(page, HasSubstr(cat("src=\"", address(copy.key.id, file.sha256),
                                  "\" alt=\"La façade\" width=\"640\" height=\"480\" loading")));
  EXPECT_THAT(faults_of(page), IsEmpty());
}

TEST_F(FilesOfPages, that_are_no_pictures_are_saved_and_never_run) {
  auto const file = instance.store.files().put("<script>alert(1)</script>").value();
  auto const served = get(address(with_picture(file, "image/svg+xml").key.id, file.sha256));
  EXPECT_EQ(served.headers.get("Content-Type"), "application/octet-stream");
  EXPECT_THAT(std::string(served.headers.get("Content-Disposition")), HasSubstr("attachment"));
  EXPECT_THAT(std::string(served.headers.get("Content-Security-Policy")), HasSubstr("sandbox"));
}

TEST_F(FilesOfPages, are_gone_with_the_record_that_showed_them) {
  auto const file = instance.store.files().put("the bytes of a picture").value();
  auto const copy = with_picture(file, "image/png");
  auto const at = address(copy.key.id, file.sha256);
  EXPECT_EQ(get(at).status, 200);
  ASSERT_OK(editorial.withdraw(somebody("animateur", "C"), copy.key, "fermée"));
  auto const gone = get(at);
  EXPECT_EQ(gone.status, 410);
  EXPECT_EQ(gone.headers.get("Cache-Control"), "no-store");
  EXPECT_THAT(faults_of(gone.body), IsEmpty());
}

TEST_F(FilesOfPages, are_given_to_nobody_who_only_knows_their_hash) {
  auto const file = instance.store.files().put("the bytes of a picture").value();
  auto const secret = instance.store.files().put("an office paper").value();
  auto const copy = with_picture(file, "image/png");
  EXPECT_EQ(get(address(copy.key.id, secret.sha256)).status, 404);
  SeededRng rng(3);
  auto const other = DocumentId::make(instance.clock.now(), rng);
  EXPECT_EQ(get(address(other, file.sha256)).status, 404);
  EXPECT_EQ(get(cat("/fichiers/", copy.key.id.to_string(), "/..%2f..%2fFORMAT/x")).status, 404);
}

// The file lies here, for another office: whoever wrote its hash into this record never had it.
TEST_F(FilesOfPages, are_not_shown_for_a_record_whose_portal_did_not_bring_them) {
  auto const file = instance.store.files().put("the bytes of a picture").value();
  auto const copy = with_picture(file, "image/png", false);
  EXPECT_EQ(get(address(copy.key.id, file.sha256)).status, 503);
}

TEST_F(FilesOfPages, that_are_not_here_are_brought_or_asked_for_again_later) {
  store::BlobName const absent{sha256("another portal has this"), 23};
  auto const copy = with_picture(absent, "image/jpeg", false);
  auto const awaited = get(address(copy.key.id, absent.sha256));
  EXPECT_EQ(awaited.status, 503);
  EXPECT_EQ(awaited.headers.get("Retry-After"), "5");
  EXPECT_EQ(awaited.headers.get("Cache-Control"), "no-store");
  EXPECT_THAT(awaited.body, HasSubstr("pas encore arrivé"));
  sync::DocumentKey asked;
  context_->bring_file = [&](sync::DocumentKey const& key, auto const&, Millis) -> Result<> {
    asked = key;
    SOL_TRY(instance.store.files().put("another portal has this"));
    claim(absent.sha256);
    return {};
  };
  EXPECT_EQ(get(address(copy.key.id, absent.sha256)).status, 200);
  EXPECT_EQ(asked.id, copy.key.id);
  EXPECT_EQ(asked.scope.kind(), ScopeKind::published);
}

TEST_F(PagesTest, a_week_shows_each_day_with_what_takes_place_and_keeps_the_filters) {
  published("event", service::event_form("Atelier du samedi"));  // 2026-03-14
  published("event", service::event_form("Festival", {{"schedule.start_date", "2026-03-10"},
                                                      {"schedule.end_date", "2026-03-12"}}));
  auto const week = get("/agenda/semaine/2026-11");
  EXPECT_EQ(week.status, 200);
  EXPECT_THAT(faults_of(week.body), IsEmpty());
  EXPECT_THAT(week.body, HasSubstr("semaine du 9 au 15\u00a0mars"));
  EXPECT_THAT(week.body, HasSubstr("Atelier du samedi"));
  std::size_t days = 0;
  for (auto at = week.body.find("Festival"); at != std::string::npos;
       at = week.body.find("Festival", at + 1)) {
    ++days;
  }
  EXPECT_EQ(days, 3U);
  EXPECT_THAT(week.body, HasSubstr("/agenda/semaine/2026-10"));
  EXPECT_THAT(week.body, HasSubstr("/agenda/semaine/2026-12"));
  EXPECT_THAT(get("/agenda/semaine/2026-11?q=festival").body, Not(HasSubstr("Atelier du samedi")));
  EXPECT_THAT(get("/agenda/semaine/2026-11?q=festival").body,
              HasSubstr("/agenda/semaine/2026-12?q=festival"));
  EXPECT_EQ(get("/agenda/semaine/2026-54").status, 404);
  EXPECT_EQ(get("/agenda/semaine/2026-53").status, 200) << "2026 has 53 weeks";
  EXPECT_EQ(get("/agenda/semaine/2025-53").status, 404) << "2025 has not";
}

TEST_F(PagesTest, the_agenda_offers_the_dates_that_people_ask_for) {
  published("event", service::event_form("Atelier du samedi"));
  auto const list = get("/agenda").body;
  for (auto const* words : {"ce week-end", "la semaine prochaine", "semaine par jour"}) {
    EXPECT_THAT(list, HasSubstr(words));
  }
  EXPECT_THAT(faults_of(list), IsEmpty());
}

TEST_F(PagesTest, what_is_typed_is_met_by_titles_themes_and_places) {
  published("structure", service::structure_form("Vélo-école des Bauges"));
  auto const titles = get("/suggestions.json?q=velo").body;
  EXPECT_THAT(titles, HasSubstr("Vélo-école des Bauges, Rumilly"));
  EXPECT_THAT(titles, HasSubstr("/structures/velo-ecole-des-bauges"));
  EXPECT_THAT(get("/suggestions.json?q=alim").body, HasSubstr("/structures?"));
  auto const places = get("/suggestions.json?sorte=lieu&q=annec").body;
  EXPECT_THAT(places, HasSubstr("\"value\":\"Annecy\""));
  EXPECT_THAT(places, Not(HasSubstr("structures")));
  EXPECT_THAT(get("/suggestions.json?q=a").body, HasSubstr("\"items\":[]"));
  EXPECT_THAT(get("/suggestions.json").body, HasSubstr("\"items\":[]"));
  auto const for_browsers = get("/suggestions.json?forme=opensearch&q=velo");
  EXPECT_THAT(for_browsers.body, testing::StartsWith("[\"velo\",[\"Vélo-école"));
  EXPECT_EQ(for_browsers.headers.get("Content-Type"), "application/x-suggestions+json");
  EXPECT_EQ(get("/suggestions.json?q=%ff%00%0a%22%3c").status, 200);
}

TEST_F(PagesTest, headings_in_the_text_of_a_story_skip_no_level) {
  published("article", service::article_form("Les portes", {{"body", "Début.\n\n## Démonter"}}));
  service::ListQuery query;
  query.words = "portes";
  auto const page = get(catalogue->find(query).value().hits.at(0).record->path).body;
  EXPECT_THAT(page, HasSubstr("<h2>Démonter</h2>"));
  published("structure",
            service::structure_form("Serrurerie", {{"description", "Début.\n\n## Venir"}}));
  query.words = "serrurerie";
  EXPECT_THAT(get(catalogue->find(query).value().hits.at(0).record->path).body,
              HasSubstr("<h3>Venir</h3>"));
}

}  // namespace
}  // namespace solidaires::portal
