#include "node/page/templates.h"

#include <gtest/gtest.h>

#include <fstream>

#include "sync/base/rng.h"

namespace solidaires::page {
namespace {

namespace fs = std::filesystem;

class TemplatesTest : public testing::Test {
 protected:
  TemplatesTest()
      : directory_(fs::path(testing::TempDir()) / ("templates-" + hex(SystemRng().bytes(8)))) {
    fs::create_directories(directory_ / "part");
  }
  ~TemplatesTest() override { fs::remove_all(directory_); }

  void write(std::string const& name, std::string const& text) const {
    std::ofstream(directory_ / (name + ".mustache")) << text;
  }
  [[nodiscard]] Result<Templates> load() const { return Templates::load({directory_}); }

  fs::path directory_;
};

TEST_F(TemplatesTest, escapes_text_in_content_and_in_attributes) {
  write("page", "<p title=\"{{name}}\">{{name}}</p>");
  auto const templates = load();
  ASSERT_TRUE(templates) << templates.error().to_string();
  auto const html = templates->render("page", View().text("name", "<b onclick='x'>\"&"));
  EXPECT_EQ(html.text.find('<', 1), html.text.find("</p>")) << html.text;
  EXPECT_EQ(html.text.find("='"), std::string::npos) << html.text;
  EXPECT_NE(html.text.find("&lt;b"), std::string::npos) << html.text;
}

TEST_F(TemplatesTest, says_marked_texts_in_the_language_that_is_asked_for) {
  write("page", "<a href=\"[[/aide]]\">[[Aide de {{name}}]]</a> 1");
  auto const file = directory_ / "en.json";
  auto const english = [&](std::string const& texts) {
    std::ofstream(file) << texts;
    return Messages::load(schema::Language::en, file);
  };
  auto const view = View().text("name", "<Claude>");
  EXPECT_EQ(load().value().render("page", view).text,
            "<a href=\"/aide\">Aide de &lt;Claude&gt;</a> 1");
  auto const whole =
      english(R"({"/aide": "/en/help", "Aide de {{name}}": "Help of {{name}}"})").value();
  EXPECT_EQ(Templates::load({directory_}, whole).value().render("page", view).text,
            "<a href=\"/en/help\">Help of &lt;Claude&gt;</a> 1");
  EXPECT_EQ(whole.address("/aide"), "/en/help");
  EXPECT_EQ(french().address("/aide"), "/aide");
  auto const lacking = Templates::load({directory_}, english(R"({"/aide": "/en/help"})").value());
  ASSERT_FALSE(lacking);
  EXPECT_NE(lacking.error().message().find("Aide de {{name}}"), std::string::npos);
  EXPECT_EQ(english("[]").error().code(), Code::invalid);
  EXPECT_EQ(english(R"({"Aide": ""})").error().code(), Code::invalid);
  EXPECT_EQ(Messages::load(schema::Language::en, directory_ / "none.json").error().code(),
            Code::not_found);
  write("page", "[[Aide");
  EXPECT_EQ(load().error().code(), Code::invalid);
}

TEST_F(TemplatesTest, writes_html_as_it_is_only_under_a_name_that_says_so) {
  write("page", "{{{body_html}}}");
  EXPECT_EQ(load().value().render("page", View().html("body_html", Html{"<i>x</i>"})).text,
            "<i>x</i>");
  write("page", "{{{body}}}");
  EXPECT_EQ(load().error().code(), Code::invalid);
  write("page", "{{&body}}");
  EXPECT_EQ(load().error().code(), Code::invalid);
}

TEST_F(TemplatesTest, resolves_parts_once_and_refuses_missing_and_circular_ones) {
  write("page", "a{{> part/inner}}c");
  write("part/inner", "{{b}}\n");
  EXPECT_EQ(load().value().render("page", View().text("b", "b")).text, "abc");
  write("part/inner", "{{> page}}");
  EXPECT_NE(load().error().message().find("includes itself"), std::string::npos);
  write("part/inner", "{{> nowhere}}");
  EXPECT_NE(load().error().message().find("nowhere"), std::string::npos);
}

TEST_F(TemplatesTest, shows_lists_flags_and_the_lack_of_text) {
  write("page", "{{#items}}[{{name}}{{^name}}-{{/name}}]{{/items}}{{^items}}none{{/items}}");
  std::vector<View> items(2);
  items[0].text("name", "one");
  items[1].text("name", "");
  auto const templates = load();
  ASSERT_TRUE(templates);
  EXPECT_EQ(templates->render("page", View().list("items", items)).text, "[one][-]");
  EXPECT_EQ(templates->render("page", View().list("items", {})).text, "none");
}

TEST_F(TemplatesTest, names_the_template_that_cannot_be_read) {
  write("broken", "{{#open}}");
  auto const failed = load();
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message().find("broken"), std::string::npos);
}

}  // namespace
}  // namespace solidaires::page
