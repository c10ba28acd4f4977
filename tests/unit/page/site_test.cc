#include "node/page/site.h"

#include <gtest/gtest.h>

#include <fstream>

#include "node/page/markdown.h"
#include "sync/base/rng.h"

namespace solidaires::page {
namespace {

namespace fs = std::filesystem;

TEST(Markdown, never_lets_markup_or_script_through) {
  auto const html =
      markdown("# Titre\n\n<script>x</script>\n\n[lien](javascript:alert(1)) **gras**").text;
  EXPECT_EQ(html.find("<script"), std::string::npos) << html;
  EXPECT_EQ(html.find("javascript:"), std::string::npos) << html;
  EXPECT_NE(html.find("<h3>Titre</h3>"), std::string::npos) << html;
  EXPECT_NE(html.find("<strong>gras</strong>"), std::string::npos) << html;
}

TEST(Markdown, headings_begin_below_the_page_and_skip_no_level) {
  EXPECT_EQ(markdown("## Un\n\n#### Deux\n\n## Trois").text,
            "<h3>Un</h3>\n<h4>Deux</h4>\n<h3>Trois</h3>\n");
  EXPECT_EQ(markdown("### Profond\n\n# Haut").text, "<h3>Profond</h3>\n<h3>Haut</h3>\n");
}

class SiteTest : public testing::Test {
 protected:
  SiteTest() {
    fs::create_directories(directory_);
    std::ofstream(directory_ / "body.mustache") << "<p>{{words}}</p>";
    auto loaded = Templates::load({fs::path(SOLIDAIRES_PAGE_TEMPLATES), directory_});
    EXPECT_TRUE(loaded) << loaded.error().to_string();
    templates_.emplace(*std::move(loaded));
    SiteIdentity identity;
    identity.title = "Essai <Solidaires>";
    identity.base_url = "https://essai.example";
    site_.emplace(identity, *templates_,
                  std::vector<MenuEntry>{{"agenda", {"Agenda", "/agenda"}, 0}},
                  [](std::string_view name) { return "/assets/" + std::string(name); });
  }
  ~SiteTest() override { fs::remove_all(directory_); }

  fs::path directory_ = fs::path(testing::TempDir()) / ("site-" + hex(SystemRng().bytes(8)));
  std::optional<Templates> templates_;
  std::optional<Site> site_;
};

TEST_F(SiteTest, escapes_everything_that_comes_from_outside_and_marks_the_menu) {
  PageInfo info;
  info.title = "L'« Agenda » <b>";
  info.section = "agenda";
  info.path = "/agenda?q=\"";
  auto const html = site_->page(info, "body", View().text("words", "<i>"));
  EXPECT_EQ(html.find("<b>"), std::string::npos);
  EXPECT_EQ(html.find("<i>"), std::string::npos);
  EXPECT_EQ(html.find("Essai <Solidaires>"), std::string::npos);
  EXPECT_NE(html.find("<a href=\"/agenda\" aria-current=\"true\">"), std::string::npos) << html;
}

TEST_F(SiteTest, linked_data_cannot_end_its_own_element) {
  PageInfo info;
  info.json_ld = R"({"name":"</script><script>x"})";
  auto const html = site_->page(info, "body", View());
  EXPECT_EQ(html.find("</script><script>"), std::string::npos);
}

TEST_F(SiteTest, the_back_office_is_never_indexed_and_names_its_visitor) {
  OfficeFrame frame{"Camille Durand", Html{"<input type=\"hidden\" name=\"jeton\">"}, {}};
  PageInfo info;
  info.path = "/espace";
  auto const html = site_->office_page(info, frame, "body", View());
  EXPECT_NE(html.find("content=\"noindex\""), std::string::npos);
  EXPECT_NE(html.find("Camille Durand"), std::string::npos);
  EXPECT_EQ(html.find("rel=\"canonical\""), std::string::npos);
}

TEST(UrlEncode, keeps_only_what_needs_no_code) {
  EXPECT_EQ(url_encode("a-Z_0.~ é&/"), "a-Z_0.~%20%c3%a9%26%2f");
}

}  // namespace
}  // namespace solidaires::page
