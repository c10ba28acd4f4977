#include <gmock/gmock.h>

#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kTwins{
    {{"/", "/en"},
     {"/a-propos", "/en/about"},
     {"/contact", "/en/contact"},
     {"/aide", "/en/help"},
     {"/plan-du-site", "/en/site-map"},
     {"/confidentialite", "/en/privacy"}}};

class Languages : public PortalWorld {};

// What people read: without what is said to be in another language, without tags.
std::string english_text(std::string_view html) {
  std::string out;
  std::vector<bool> foreign;  // of each open element, whether it is inside a foreign one
  auto rest = html.substr(html.find("<body"));
  while (!rest.empty()) {
    auto const tag = rest.find('<');
    if (foreign.empty() || !foreign.back()) out += rest.substr(0, tag);
    if (tag == std::string_view::npos) break;
    auto const end = rest.find('>', tag);
    auto const inside = rest.substr(tag + 1, end - tag - 1);
    rest.remove_prefix(end + 1);
    bool const is_void = inside.starts_with("br") || inside.starts_with("input") ||
                         inside.starts_with("img") || inside.ends_with('/');
    if (inside.starts_with('/')) {
      if (!foreign.empty()) foreign.pop_back();
    } else if (!is_void) {
      bool const outer = !foreign.empty() && foreign.back();
      foreign.push_back(outer || inside.contains(" lang=\"fr\""));
    }
  }
  return out;
}

TEST_F(Languages, each_page_leads_to_its_twin_and_says_so_to_machines) {
  for (auto const& [french, english] : kTwins) {
    for (auto const& [path, other] : {std::pair(french, english), std::pair(english, french)}) {
      auto const page = get(path);
      ASSERT_EQ(page.status, 200) << path;
      EXPECT_THAT(faults_of(page.body), IsEmpty()) << path;
      EXPECT_THAT(
          page.body,
          AllOf(HasSubstr(cat("hreflang=\"fr\" href=\"https://essai.example", french, '"')),
                HasSubstr(cat("hreflang=\"en\" href=\"https://essai.example", english, '"')),
                HasSubstr(cat("rel=\"canonical\" href=\"https://essai.example", path, '"')),
                HasSubstr(cat("<a href=\"", other, "\" lang="))))
          << path;
      EXPECT_THAT(page.body,
                  HasSubstr(path == french ? "<html lang=\"fr\">" : "<html lang=\"en\">"));
    }
  }
  EXPECT_THAT(get("/structures").body, AllOf(HasSubstr("<a href=\"/en\" lang=\"en\""),
                                             Not(HasSubstr("rel=\"alternate\" hreflang"))));
}

TEST_F(Languages, no_french_is_left_on_an_english_page_but_what_is_said_to_be) {
  for (auto const& [french, path] : kTwins) {
    auto text = english_text(get(path).body);
    for (auto const* const known :
         {"Savoie et Haute-Savoie", "“épicerie”", "“vélo réparation”", "En français"}) {
      if (auto const at = text.find(known); at != std::string::npos)
        text.erase(at, std::string_view(known).size());
    }
    for (auto const* const letter :
         {"é", "è", "à", "ê", "ç", "î", "ô", "«", " les ", " des ", " et "})
      EXPECT_THAT(text, Not(HasSubstr(letter))) << path;
  }
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
