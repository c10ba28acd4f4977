#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "node/portal/alerts.h"
#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs const kTwins{
    {"/", "/en"},
    {"/a-propos", "/en/about"},
    {"/contact", "/en/contact"},
    {"/aide", "/en/help"},
    {"/plan-du-site", "/en/site-map"},
    {"/confidentialite", "/en/privacy"},
    {"/accessibilite", "/en/accessibility"},
    {"/mentions-legales", "/en/legal"},
    {"/donnees", "/en/data"},
    {"/api", "/en/api"},
    {"/integrer", "/en/embed"},
    {"/recherche?q=velo", "/en/search?q=velo"},
    {"/structures", "/en/structures"},
    {"/structures?q=atelier&lieu=Annecy&rayon=10", "/en/structures?q=atelier&lieu=Annecy&rayon=10"},
    {"/actualites", "/en/actualites"},
    {"/emploi/offres", "/en/emploi/offres"},
    {"/emploi/demandes", "/en/emploi/demandes"},
    {"/appels-a-projets", "/en/appels-a-projets"},
    {"/ressources", "/en/ressources"},
    {"/agenda", "/en/agenda"},
    {"/agenda/2026-03?genre=atelier", "/en/agenda/2026-03?genre=atelier"},
    {"/agenda/semaine/2026-11", "/en/agenda/semaine/2026-11"}};

std::string file_text(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, std::string> word_table() {
  std::map<std::string, std::string> out;
  auto const parsed = boost::json::parse(file_text(SOLIDAIRES_ENGLISH_FILE));
  for (auto const& [french, english] : parsed.as_object()) out[french] = english.as_string();
  return out;
}

std::set<std::string> marked_texts() {
  std::set<std::string> out;
  for (auto const& entry :
       std::filesystem::recursive_directory_iterator(SOLIDAIRES_TEMPLATES_DIR)) {
    if (entry.path().extension() != ".mustache") continue;
    auto const text = file_text(entry.path());
    for (auto at = text.find("[["); at != std::string::npos; at = text.find("[[", at + 2)) {
      out.insert(text.substr(at + 2, text.find("]]", at) - at - 2));
    }
  }
  return out;
}

// The value of an attribute that is read aloud or shown, in the inside of a tag.
std::string attribute(std::string_view tag, std::string_view name) {
  auto const at = tag.find(cat(' ', name, "=\""));
  if (at == std::string_view::npos) return {};
  auto const begin = at + name.size() + 3;
  return std::string(tag.substr(begin, tag.find('"', begin) - begin));
}

// What people read: without what is said to be in French, without tags and code.
std::string english_text(std::string_view html) {
  std::string out;
  std::vector<bool> foreign;  // of each open element, whether it is inside a foreign one
  auto rest = html.substr(html.find("<body"));
  while (!rest.empty()) {
    auto const tag = rest.find('<');
    bool const outer = !foreign.empty() && foreign.back();
    if (!outer) out += rest.substr(0, tag);
    if (tag == std::string_view::npos) break;
    auto const end = rest.find('>', tag);
    auto const inside = rest.substr(tag + 1, end - tag - 1);
    rest.remove_prefix(end + 1);
    bool const is_void = inside.starts_with("br") || inside.starts_with("input") ||
                         inside.starts_with("img") || inside.ends_with('/');
    bool const skipped = outer || inside.contains(" lang=\"fr\"") || inside.starts_with("code");
    if (inside.starts_with('/')) {
      if (!foreign.empty()) foreign.pop_back();
      continue;
    }
    if (!is_void) foreign.push_back(skipped);
    if (skipped) continue;
    for (auto const* const name : {"aria-label", "placeholder", "title", "alt"})
      out += cat(' ', attribute(inside, name), ' ');
  }
  return out;
}

// In small letters, without what stands in braces and tags.
std::set<std::string> words_of(std::string_view text) {
  constexpr std::string_view kGaps = " \n\t()[]{}<>\"',;:!·–…«»“”’\u00a0\u202f‹›✕+";
  std::set<std::string> out;
  std::string word;
  auto const take = [&] {
    while (word.ends_with('.') || word.ends_with('?')) word.pop_back();
    bool const is_address = word.contains('/') || word.contains('@');
    if (word.size() > 3 && !is_address) out.insert(word);
    word.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    auto const lead = static_cast<unsigned char>(text[at]);
    std::size_t const size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    auto const letter = text.substr(at, size);
    at += size;
    if (kGaps.contains(letter)) {
      take();
    } else {
      word += size == 1 && letter[0] >= 'A' && letter[0] <= 'Z'
                  ? std::string(1, static_cast<char>(letter[0] + 32))
                  : std::string(letter);
    }
  }
  take();
  return out;
}

class Languages : public PortalWorld {
 protected:
  // Words of the portal and of the content model that are French and not English as well.
  std::set<std::string> french_words() {
    std::set<std::string> french, english{"essai", "agenda", "savoie"};
    auto const add = [&](std::string_view one, std::string_view other) {
      french.merge(words_of(one));
      english.merge(words_of(other));
    };
    for (auto const& [one, other] : word_table()) add(one, other);
    for (auto const& type : instance.model.types()) {
      for (auto const* const words : {&type.singular, &type.plural, &type.description})
        add(words->fr, words->en);
      for (auto const& group : type.groups) add(group.label.fr, group.label.en);
      for (auto const& field : type.fields) {
        add(field.label.fr, field.label.en);
        if (field.vocabulary == nullptr) continue;
        for (auto const& term : field.vocabulary->terms) add(term.label.fr, term.label.en);
      }
    }
    std::erase_if(french, [&](auto const& word) { return english.contains(word); });
    return french;
  }
  std::vector<std::string> left_over(std::string_view html) {
    static auto const kFrench = french_words();
    std::vector<std::string> out;
    for (auto const& word : words_of(english_text(html))) {
      if (kFrench.contains(word)) out.push_back(word);
    }
    return out;
  }
  std::string published_at(std::string_view type, schema::FormFields const& fields) {
    return catalogue->get(published(type, fields).key.id).value()->path;
  }
  // Records whose own words are none of the portal's.
  std::vector<std::string> publish_some() {
    return {published_at("structure",
                         service::structure_form("Zzuctur", {{"summary", "Zzum"},
                                                             {"description", "Zzesc **zz**"},
                                                             {"tags", "zzag"},
                                                             {"contact_form", "true"},
                                                             {"contact_email", "zz@exemple.fr"}})),
            published_at("event", service::event_form("Zzerie", {{"schedule.repeat", "weekly"},
                                                                 {"summary", "Zzim"}})),
            published_at("event",
                         service::event_form("Zzongue", {{"schedule.start_date", "2026-03-10"},
                                                         {"schedule.end_date", "2026-03-15"}})),
            published_at("job_offer", service::job_offer_form("Zzenuis")),
            published_at("job_request", service::job_request_form("Zzemande")),
            published_at("call", service::call_form("Zzappel", {{"deadline", "2026-06-30T14:00"}})),
            published_at("resource", service::resource_form("Zzource")),
            published_at("article", service::article_form("Zzouvelle", {{"body", "Zzody zz"}}))};
  }
};

TEST_F(Languages, every_text_has_its_english_and_no_english_is_left_over) {
  auto const table = word_table();
  auto used = marked_texts();
  used.erase("lang=fr");
  for (auto const text : page::Text::all()) used.emplace(text);
  for (auto const& route : router_.routes()) {
    // An address, and the beginnings of it that may have one of their own.
    for (auto path = route->pattern; !path.empty(); path.resize(path.rfind('/'))) used.insert(path);
  }
  for (auto const& text : used) {
    if (!text.starts_with('/')) EXPECT_TRUE(table.contains(text)) << "has no English: " << text;
  }
  for (auto const& [french, english] : table)
    EXPECT_TRUE(used.contains(french)) << "is English of nothing: " << french;
  EXPECT_THAT(english_context_->messages().lacking(), IsEmpty());
}

TEST_F(Languages, english_takes_the_pieces_that_french_gives) {
  auto const table = word_table();
  for (auto const text : page::Text::all()) {
    auto const pieces = [](std::string_view pattern) { return std::ranges::count(pattern, '{'); };
    auto const& english = table.at(std::string(text));
    EXPECT_LE(pieces(english), pieces(text)) << text;
    for (char highest = '0'; highest <= '9'; ++highest) {
      if (english.contains(cat('{', highest, '}'))) EXPECT_LT(highest - '0', pieces(text)) << text;
    }
  }
}

TEST_F(Languages, each_page_leads_to_its_twin_and_says_so_to_machines) {
  constexpr std::string_view kBase = "href=\"https://essai.example";
  for (auto const& [french, english] : kTwins) {
    for (auto const& [path, other] : Pairs{{french, english}, {english, french}}) {
      auto const page = get(path);
      ASSERT_EQ(page.status, 200) << path;
      EXPECT_THAT(faults_of(page.body), IsEmpty()) << path;
      EXPECT_THAT(page.body,
                  AllOf(HasSubstr(cat("hreflang=\"fr\" ", kBase, page::escaped(french), '"')),
                        HasSubstr(cat("hreflang=\"en\" ", kBase, page::escaped(english), '"')),
                        HasSubstr(cat("rel=\"canonical\" ", kBase, page::escaped(path), '"')),
                        HasSubstr(cat("<a href=\"", page::escaped(other), "\" lang="))))
          << path;
      EXPECT_THAT(page.body,
                  HasSubstr(path == french ? "<html lang=\"fr\">" : "<html lang=\"en\">"));
    }
  }
}

TEST_F(Languages, no_french_is_left_on_an_english_page_but_what_is_said_to_be) {
  auto pages = publish_some();
  for (auto& path : pages) path.insert(0, "/en");
  for (auto const& [french, english] : kTwins) pages.push_back(english);
  for (auto const* const more :
       {"/en/structures?vue=carte", "/en/structures?q=zzz", "/en/search?q=zzz&dep=tous",
        "/en/structures?rayon=x&lieu=zzq&zone=1&dep=99&tri=zz&theme=zz&page=0",
        "/en/agenda?du=2026-03-14&au=2026-03-01", "/en/structures?famille=association&dep=73",
        "/en/agenda?termines=1&lieu=45.9,6.12", "/en/embedded/structures?vue=carte",
        "/en/embed?rubrique=structures&lieu=Annecy", "/en/alerts?recherche=%2Fstructures%3Fq%3Dzz",
        "/en/alerts", "/en/alerts/asked", "/en/alerts/confirm/x", "/en/alerts/end/x", "/en/report",
        "/en/report/thanks", "/en/write/thanks", "/en/write/abuse/x", "/en/nowhere"})
    pages.emplace_back(more);
  pages.push_back(cat(pages.front(), "/contacter"));
  for (auto const& path : pages) {
    auto const page = get(path);
    EXPECT_THAT(page.status, testing::AnyOf(200, 404, 410)) << path;
    EXPECT_THAT(faults_of(page.body), IsEmpty()) << path;
    EXPECT_THAT(left_over(page.body), IsEmpty()) << path;
    EXPECT_THAT(page.body, HasSubstr("<html lang=\"en\">")) << path;
  }
}

TEST_F(Languages,
       a_record_leads_to_itself_in_the_other_language_and_its_words_are_said_to_be_french) {
  auto const path = publish_some().front();
  auto const page = get(cat("/en", path)).body;
  EXPECT_THAT(page,
              AllOf(HasSubstr("<h1 lang=\"fr\">Zzuctur</h1>"),
                    HasSubstr("<div class=\"prose\" lang=\"fr\"><p>Zzesc"),
                    HasSubstr(cat("<a href=\"", path, "\" lang=\"fr\" hreflang=\"fr\">")),
                    HasSubstr(cat("rel=\"canonical\" href=\"https://essai.example/en", path))));
  EXPECT_THAT(get(path).body, AllOf(HasSubstr("<h1>Zzuctur</h1>"),
                                    HasSubstr(cat("<a href=\"/en", path, "\" lang=\"en\""))));
  EXPECT_EQ(location(get("/en/structures/ancien-nom" + path.substr(path.rfind('-')))),
            cat("/en", path));
}

TEST_F(Languages, numbers_dates_and_hours_are_said_as_english_says_them) {
  publish_some();
  EXPECT_THAT(get("/en/agenda").body,
              AllOf(HasSubstr("Saturday 14\u00a0March, from "),
                    HasSubstr("from 10 to 15\u00a0March"), HasSubstr("this weekend")));
  EXPECT_THAT(get("/en/agenda/2026-03").body, AllOf(HasSubstr("<h1>Agenda: March\u00a02026</h1>"),
                                                    HasSubstr("<th scope=\"col\">Monday")));
  EXPECT_THAT(get("/en/structures?q=zzz").body, HasSubstr("No organisations"));
}

TEST_F(Languages, what_is_typed_is_met_in_the_language_of_the_page) {
  publish_some();
  EXPECT_THAT(
      get("/en/suggestions.json?q=zzu").body,
      AllOf(HasSubstr("\"href\":\"/en/structures/zzuctur"), HasSubstr("1 suggestion, down arrow")));
  EXPECT_THAT(get("/suggestions.json?q=zzu").body,
              AllOf(HasSubstr("\"href\":\"/structures/zzuctur"), HasSubstr("flèche bas")));
}

TEST_F(Languages, a_form_with_faults_keeps_its_language_and_what_was_typed) {
  auto const path = publish_some().front();
  auto const written = post(cat("/en", path, "/contacter"), {{"nom", "Zzom"}, {"copie", "oui"}});
  auto const reported = post("/en/report", {{"courriel", "zz"}});
  auto const asked = post("/en/alerts", {{"recherche", "/structures"}, {"courriel", "zz"}});
  for (auto const& page : {written, reported, asked}) {
    EXPECT_EQ(page.status, 422);
    EXPECT_THAT(faults_of(page.body), IsEmpty());
    EXPECT_THAT(left_over(page.body), IsEmpty());
    EXPECT_THAT(page.body, HasSubstr("What you typed has been kept."));
  }
  EXPECT_THAT(written.body, HasSubstr("value=\"Zzom\""));
}

TEST_F(Languages, a_message_reaches_the_record_in_french_and_its_sender_in_english) {
  auto const path = publish_some().front();
  EXPECT_EQ(location(post(cat("/en", path, "/contacter"), {{"nom", "Zzom"},
                                                           {"courriel", "zz@exemple.org"},
                                                           {"copie", "oui"},
                                                           {"courriel_encore", "zz@exemple.org"},
                                                           {"message", "zz"}})),
            "/en/write/thanks");
  auto const sent = mails();
  ASSERT_THAT(sent, SizeIs(2));
  for (auto const& one : sent) {
    EXPECT_THAT(part_of(one, "text/plain"),
                HasSubstr(one.to == "zz@exemple.fr" ? "vous écrit par le portail"
                                                    : "This is the copy of the message"));
  }
}

TEST_F(Languages, an_alert_speaks_the_language_of_the_list_that_it_watches) {
  EXPECT_EQ(location(post("/en/alerts", {{"recherche", "/structures"},
                                         {"rythme", "jour"},
                                         {"courriel", "zz@exemple.org"}})),
            "/en/alerts/asked");
  auto const asked = mails();
  ASSERT_THAT(asked, SizeIs(1));
  auto const text = part_of(asked[0], "text/plain");
  EXPECT_THAT(text, HasSubstr("To confirm, open this link:"));
  auto const at = text.find("/en/alerts/confirm/");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(post(text.substr(at, text.find_first_of(" \n", at) - at), {}).status, 200);
  publish_some();
  clock.pass(std::chrono::hours(24));
  EXPECT_TRUE(send_alerts(*context_, {}));
  auto const told = mails();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(part_of(told[0], "text/plain"),
              AllOf(HasSubstr("1\u00a0new item"), HasSubstr("* Zzuctur"),
                    HasSubstr("https://essai.example/en/structures/zzuctur"),
                    HasSubstr("https://essai.example/en/alerts/end/")));
}

TEST_F(Languages, what_is_not_there_is_said_in_the_language_that_was_asked_for) {
  auto const missing = get("/en/nowhere");
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(faults_of(missing.body), IsEmpty());
  EXPECT_THAT(missing.body, AllOf(HasSubstr("<html lang=\"en\">"),
                                  HasSubstr("<h1>This page does not exist</h1>")));
  EXPECT_THAT(get("/entraide").body, HasSubstr("<h1>Cette page n’existe pas</h1>"));
}

}  // namespace
}  // namespace solidaires::portal
