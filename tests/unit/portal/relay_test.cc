#include <gmock/gmock.h>

#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class RelayPages : public PortalWorld {
 protected:
  // The path of a structure that is reached by the form; its own address is nowhere public.
  std::string reachable(schema::FormFields const& more = {{"contact_email", "cachee@exemple.fr"}}) {
    auto fields = more;
    fields.emplace("contact_form", "true");
    auto const copy = published("structure", service::structure_form("L’Atelier", fields));
    return catalogue->get(copy.key.id).value()->path;
  }
  static schema::FormFields message() {
    return {{"nom", "Claude Visite"},
            {"courriel", "claude@exemple.org"},
            {"message", "Bonjour,\nêtes-vous ouverts <demain> ?"}};
  }
  http::Response write(std::string const& path, schema::FormFields const& fields) {
    clock.pass(std::chrono::minutes(10));
    return post(cat(path, "/contacter"), fields);
  }
  static std::string after(std::string const& text, std::string_view mark) {
    auto const at = text.find(mark) + mark.size();
    return text.substr(at, text.find_first_of(" \n\"", at) - at);
  }
};

TEST_F(RelayPages, a_message_is_passed_on_and_no_page_shows_the_address) {
  auto const path = reachable();
  auto const page = get(path);
  EXPECT_THAT(page.body, HasSubstr(cat(path, "/contacter")));
  auto const form = get(cat(path, "/contacter"));
  EXPECT_THAT(faults_of(form.body), IsEmpty());
  EXPECT_EQ(location(write(path, message())), "/contacter/merci");
  EXPECT_THAT(faults_of(get("/contacter/merci").body), IsEmpty());
  auto const sent = mails();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].to, "cachee@exemple.fr");
  EXPECT_EQ(sent[0].from, "portail@essai.example") << "the visitor's address is for answers only";
  EXPECT_THAT(sent[0].message, HasSubstr("Reply-To: claude@exemple.org\r\n"));
  EXPECT_THAT(sent[0].message, Not(HasSubstr("Auto-Submitted")));
  EXPECT_THAT(part_of(sent[0], "text/plain"), HasSubstr("êtes-vous ouverts <demain> ?"));
  EXPECT_THAT(part_of(sent[0], "text/html"), HasSubstr("&lt;demain&gt;"));
  EXPECT_THAT(faults_of(cat(part_of(sent[0], "text/html"))), testing::Contains("0 <h1>"));
  for (auto const& body : {page.body, form.body}) EXPECT_THAT(body, Not(HasSubstr("cachee@")));
}

TEST_F(RelayPages, without_an_address_of_its_own_it_goes_to_whoever_entered_the_record) {
  auto const account = accounts.add(
      {"alix@essai.example", "Alix", "animateur", "un mot de passe de test"}, service::Author());
  ASSERT_TRUE(account);
  auto const alix = accounts.actor(*account);
  auto const copy =
      draft(alix, "structure",
            service::structure_form("L’Atelier", {{"contact_form", "true"}, {"email", ""}}));
  ASSERT_TRUE(editorial.publish(alix, copy.key));
  EXPECT_EQ(write(catalogue->get(copy.key.id).value()->path, message()).status, 303);
  EXPECT_EQ(mails().at(0).to, "alix@essai.example");
}

TEST_F(RelayPages, only_records_that_ask_for_it_have_a_form) {
  auto const copy = published("structure", service::structure_form("Sans formulaire"));
  auto const path = catalogue->get(copy.key.id).value()->path;
  EXPECT_THAT(get(path).body, Not(HasSubstr("/contacter")));
  EXPECT_EQ(get(cat(path, "/contacter")).status, 404);
  EXPECT_EQ(write(path, message()).status, 404);
  EXPECT_EQ(get("/structures/nulle-part-00000000/contacter").status, 404);
}

TEST_F(RelayPages, a_copy_needs_the_address_twice) {
  auto const path = reachable();
  auto fields = message();
  fields.emplace("copie", "oui");
  fields.emplace("courriel_encore", "autre@exemple.org");
  auto const page = write(path, fields);
  EXPECT_EQ(page.status, 422);
  EXPECT_THAT(faults_of(page.body), IsEmpty());
  EXPECT_THAT(page.body, HasSubstr("href=\"#courriel_encore\""));
  EXPECT_THAT(page.body, HasSubstr("êtes-vous ouverts &lt;demain&gt; ?")) << "nothing is lost";
  EXPECT_THAT(mails(), IsEmpty());
  fields.erase("courriel_encore");
  fields.emplace("courriel_encore", " Claude@Exemple.org");
  EXPECT_EQ(write(path, fields).status, 422) << "the part before @ may depend on capitals";
  fields.erase("courriel_encore");
  fields.emplace("courriel_encore", "claude@EXEMPLE.org ");
  EXPECT_EQ(write(path, fields).status, 303);
  auto const sent = mails();
  ASSERT_THAT(sent, SizeIs(2));
  auto const& copy = sent[sent[0].to == "claude@exemple.org" ? 0 : 1];
  EXPECT_EQ(copy.to, "claude@exemple.org");
  EXPECT_THAT(copy.message, Not(HasSubstr("cachee@")));
  EXPECT_THAT(part_of(copy, "text/plain"), Not(HasSubstr("/contacter/abus/")));
}

TEST_F(RelayPages, a_reported_sender_is_heard_no_more_and_does_not_learn_it) {
  auto const path = reachable();
  ASSERT_EQ(write(path, message()).status, 303);
  auto const token = after(part_of(mails().at(0), "text/plain"), "/contacter/abus/");
  auto const address = cat("/contacter/abus/", token);
  auto const page = get(address);
  EXPECT_TRUE(page.secret);
  EXPECT_THAT(faults_of(page.body), IsEmpty());
  EXPECT_THAT(reports_.list(somebody("animateur", "Alix")).value(), IsEmpty());
  auto const done = post(address, {{"quoi", "On me demande de l’argent."}});
  EXPECT_THAT(done.body, HasSubstr("ne peut plus vous écrire"));
  auto const reports = reports_.list(somebody("animateur", "Alix")).value();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].kind, service::ReportKind::message);
  EXPECT_EQ(reports[0].page, path);
  EXPECT_THAT(mails(), SizeIs(1)) << "the moderators";
  EXPECT_EQ(location(write(path, message())), "/contacter/merci");
  EXPECT_THAT(mails(), IsEmpty());
  auto other = message();
  other.erase("courriel");
  other.emplace("courriel", "sacha@exemple.org");
  EXPECT_EQ(write(path, other).status, 303);
  EXPECT_THAT(mails(), SizeIs(1));
  EXPECT_EQ(get("/contacter/abus/inconnu").status, 410);
  clock.pass(service::kAbuseReportable);
  EXPECT_EQ(get(address).status, 410);
}

TEST_F(RelayPages, a_day_has_so_many_messages_and_no_more) {
  auto const path = reachable();
  int taken = 0;
  for (int i = 0; i < 12; ++i) taken += write(path, message()).status == 303 ? 1 : 0;
  EXPECT_EQ(taken, 5) << "of one sender";
  auto other = message();
  for (int i = 0; i < 30; ++i) {
    other.erase("courriel");
    other.emplace("courriel", cat("a", i, "@exemple.org"));
    taken += write(path, other).status == 303 ? 1 : 0;
  }
  EXPECT_EQ(taken, 20) << "to one receiver";
  clock.pass(std::chrono::hours(25));
  EXPECT_EQ(write(path, message()).status, 303);
  for (int i = 0; i < 30; ++i) {
    clock.pass(std::chrono::hours(20));
    EXPECT_EQ(write(path, message()).status, 303) << "a message now and then, for a month";
  }
}

TEST_F(RelayPages, headers_cannot_be_written_by_a_visitor) {
  auto const path = reachable();
  auto fields = message();
  fields.erase("nom");
  fields.emplace("nom", "Claude\r\nBcc: victime@exemple.org");
  EXPECT_EQ(write(path, fields).status, 303);
  EXPECT_THAT(mails().at(0).message, Not(HasSubstr("\nBcc:")));
  fields.erase("courriel");
  fields.emplace("courriel", "claude@exemple.org\r\nBcc: victime@exemple.org");
  EXPECT_EQ(write(path, fields).status, 422);
}

}  // namespace
}  // namespace solidaires::portal
