#include <gmock/gmock.h>

#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class ReportPages : public PortalWorld {
 protected:
  std::vector<service::Report> seen() {
    return reports_.list(somebody("animateur", "Alix")).value();
  }
};

TEST_F(ReportPages, every_page_leads_to_the_form_with_its_own_address) {
  EXPECT_THAT(get("/aide").body, HasSubstr("href=\"/signaler?page=%2faide\""));
  auto const form = get("/signaler?page=%2Faide");
  EXPECT_EQ(form.status, 200);
  EXPECT_THAT(faults_of(form.body), IsEmpty());
  EXPECT_THAT(form.body, HasSubstr("name=\"ou\" type=\"text\" value=\"/aide\""));
  EXPECT_THAT(get("/signaler?page=%22%3E%3Cscript%3Ealert").body, Not(HasSubstr("<script>alert")));
}

TEST_F(ReportPages, what_is_told_reaches_the_moderators_and_their_mailbox) {
  auto const sent = post("/signaler", {{"motif", "contenu"},
                                       {"ou", "/structures/x"},
                                       {"quoi", "Cette phrase\nme met en cause <ici>."},
                                       {"courriel", "claude@exemple.fr"}});
  EXPECT_THAT(location(sent), StartsWith("/signaler/merci?reference="));
  auto const thanks = get(location(sent));
  EXPECT_THAT(faults_of(thanks.body), IsEmpty());
  auto const reports = seen();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].kind, service::ReportKind::content);
  EXPECT_EQ(reports[0].what, "Cette phrase\nme met en cause <ici>.");
  EXPECT_THAT(thanks.body, HasSubstr(reports[0].reference()));
  auto const mailed = mails();
  ASSERT_THAT(mailed, SizeIs(1));
  EXPECT_EQ(mailed[0].to, "bonjour@essai.example");
  EXPECT_THAT(mailed[0].message, HasSubstr("Reply-To: claude@exemple.fr\r\n"));
  EXPECT_THAT(part_of(mailed[0], "text/plain"), HasSubstr("me met en cause <ici>."));
  EXPECT_THAT(part_of(mailed[0], "text/plain"), HasSubstr("https://essai.example/structures/x"));
  EXPECT_THAT(part_of(mailed[0], "text/html"), HasSubstr("&lt;ici&gt;"));
  EXPECT_THAT(faults_of(part_of(mailed[0], "text/html")), IsEmpty());
}

TEST_F(ReportPages, a_faulty_form_keeps_what_was_typed) {
  auto const page =
      post("/signaler",
           {{"motif", "acces"}, {"ou", "/agenda"}, {"quoi", "  \n "}, {"courriel", "claude"}});
  EXPECT_EQ(page.status, 422);
  EXPECT_THAT(faults_of(page.body), IsEmpty());
  EXPECT_THAT(page.body, HasSubstr("Des points sont à corriger"));
  EXPECT_THAT(page.body, HasSubstr("href=\"#quoi\""));
  EXPECT_THAT(page.body, HasSubstr("href=\"#courriel\""));
  EXPECT_THAT(page.body, HasSubstr("value=\"claude\""));
  EXPECT_THAT(page.body, HasSubstr("id=\"motif-acces\" checked"));
  EXPECT_THAT(seen(), IsEmpty());
}

TEST_F(ReportPages, take_anything_and_never_break) {
  std::string const long_text(300'000, 'x');
  for (std::string const& text :
       {std::string("\0\x01\x02", 3), std::string("\xff\xfe"), std::string("😀\u202e\u0000"),
        long_text, std::string("'; DROP TABLE--"), std::string("{{{x}}} {{#y}}")}) {
    auto const page = post("/signaler", {{"quoi", text}, {"ou", text}, {"motif", text}});
    EXPECT_LT(page.status, 500);
    clock.pass(std::chrono::hours(1));
  }
  for (auto const& report : seen()) EXPECT_LE(report.what.size(), 16'000U);
}

TEST_F(ReportPages, machines_and_other_sites_file_nothing) {
  EXPECT_EQ(post("/signaler", {{"quoi", "x"}}, "cross-site").status, 429);
  EXPECT_THAT(location(post("/signaler", {{"quoi", "x"}, {"site_internet", "spam"}})),
              StartsWith("/signaler/merci"));
  EXPECT_THAT(seen(), IsEmpty());
}

}  // namespace
}  // namespace solidaires::portal
