#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

constexpr std::string_view kPassword = "quatre mots en forêt";

class AccountsTest : public testing::Test, protected World {
 protected:
  Account add(std::string_view email, std::string_view role) {
    return accounts
        .add({std::string(email), "Nom Inventé", std::string(role), std::string(kPassword)}, {})
        .value();
  }
};

TEST_F(AccountsTest, log_in_knows_the_address_in_any_case_and_refuses_all_else_alike) {
  auto const made = add("Camille@Exemple.FR", "animateur");
  EXPECT_EQ(made.email, "camille@exemple.fr");
  auto const entered = accounts.log_in(" camille@EXEMPLE.fr ", kPassword);
  ASSERT_OK(entered);
  EXPECT_EQ(entered->id, made.id);
  ASSERT_NE(entered->role, nullptr);
  EXPECT_EQ(entered->role->key, "animateur");

  auto const wrong = accounts.log_in("camille@exemple.fr", "un autre mot de passe");
  auto const unknown = accounts.log_in("personne@exemple.fr", kPassword);
  auto const no_address = accounts.log_in("", "");
  ASSERT_FALSE(wrong);
  ASSERT_FALSE(unknown);
  ASSERT_FALSE(no_address);
  EXPECT_EQ(wrong.error().code(), Code::unauthenticated);
  EXPECT_EQ(wrong.error(), unknown.error());
  EXPECT_EQ(wrong.error(), no_address.error());
}

TEST_F(AccountsTest, refuses_a_second_account_a_bad_address_a_weak_password_and_an_unknown_role) {
  add("a@exemple.fr", "member");
  auto const code = [this](NewAccount const& wanted) {
    return accounts.add(wanted, {}).error().code();
  };
  std::string const good(kPassword);
  EXPECT_EQ(code({"A@exemple.fr", "N", "member", good}), Code::conflict);
  EXPECT_EQ(code({"sans-arobase", "N", "member", good}), Code::invalid);
  EXPECT_EQ(code({"a@b@c.fr", "N", "member", good}), Code::invalid);
  EXPECT_EQ(code({"b@exemple.fr", " ", "member", good}), Code::invalid);
  EXPECT_EQ(code({"b@exemple.fr", "N", "roi", good}), Code::invalid);
  EXPECT_EQ(code({"b@exemple.fr", "N", "member", "trop court"}), Code::invalid);
  EXPECT_EQ(code({"b@exemple.fr", "N", "member", "MotDePasse123"}), Code::invalid);
  EXPECT_EQ(code({"b@exemple.fr", "N", "member", "zzzzzzzzzzzzzz"}), Code::invalid);
  EXPECT_EQ(code({"b@exemple.fr", "N", "member", std::string(1'001, 'x') + "y"}), Code::invalid);
  EXPECT_EQ(accounts.list().value().size(), 1U);
}

TEST_F(AccountsTest, a_disabled_account_logs_in_no_more_until_it_is_enabled) {
  auto const made = add("a@exemple.fr", "member");
  auto const admin = somebody("administrator", "Dominique");
  EXPECT_EQ(accounts.set_disabled(somebody("animateur", "X"), made.id, true).error().code(),
            Code::denied);
  ASSERT_OK(accounts.set_disabled(admin, made.id, true));
  EXPECT_EQ(accounts.log_in("a@exemple.fr", kPassword).error().code(), Code::unauthenticated);
  EXPECT_TRUE(accounts.find(made.id).value()->disabled);
  ASSERT_OK(accounts.set_disabled(admin, made.id, false));
  EXPECT_TRUE(accounts.log_in("a@exemple.fr", kPassword));
}

TEST_F(AccountsTest, nobody_closes_their_own_account_nor_one_of_a_higher_rank) {
  auto const above = add("region@exemple.fr", "regional_administrator");
  auto const admin_account = add("admin@exemple.fr", "administrator");
  auto const admin = accounts.actor(admin_account);
  EXPECT_EQ(accounts.set_disabled(admin, admin_account.id, true).error().code(), Code::conflict);
  EXPECT_EQ(accounts.set_disabled(admin, above.id, true).error().code(), Code::denied);
}

TEST_F(AccountsTest, an_invitation_makes_one_account_once) {
  auto const admin = somebody("administrator", "Dominique");
  auto const token = accounts.invite(admin, "Nouvelle@exemple.fr", "member");
  ASSERT_OK(token);
  auto const seen = accounts.invitation(*token);
  ASSERT_OK(seen);
  EXPECT_EQ(seen->email, "nouvelle@exemple.fr");
  EXPECT_EQ(seen->role->key, "member");
  EXPECT_FALSE(accounts.accept(*token, "Noé", "court"));  // and it is not spent by a mistake
  auto const made = accounts.accept(*token, "Noé\tTabulé", kPassword);
  ASSERT_OK(made);
  EXPECT_EQ(made->role->key, "member");
  EXPECT_TRUE(accounts.log_in("nouvelle@exemple.fr", kPassword));
  EXPECT_EQ(accounts.accept(*token, "Encore", kPassword).error().code(), Code::not_found);
  EXPECT_EQ(accounts.invitation("inventé").error().code(), Code::not_found);
}

TEST_F(AccountsTest, an_invitation_expires_after_seven_days) {
  auto const token =
      accounts.invite(somebody("administrator", "D"), "a@exemple.fr", "member").value();
  clock.pass(std::chrono::hours(24 * 7) - Millis(1));
  EXPECT_TRUE(accounts.invitation(token));
  clock.pass(Millis(1));
  EXPECT_EQ(accounts.invitation(token).error().code(), Code::not_found);
  EXPECT_EQ(accounts.accept(token, "A", kPassword).error().code(), Code::not_found);
}

TEST_F(AccountsTest, nobody_invites_above_their_own_rank_or_without_the_right) {
  auto const admin = somebody("administrator", "D");
  EXPECT_EQ(accounts.invite(admin, "a@exemple.fr", "regional_administrator").error().code(),
            Code::denied);
  EXPECT_EQ(accounts.invite(admin, "a@exemple.fr", "roi").error().code(), Code::invalid);
  EXPECT_EQ(accounts.invite(somebody("animateur", "A"), "a@exemple.fr", "member").error().code(),
            Code::denied);
  add("a@exemple.fr", "member");
  EXPECT_EQ(accounts.invite(admin, "A@exemple.fr", "member").error().code(), Code::conflict);
}

TEST_F(AccountsTest, a_password_changes_only_with_the_current_one) {
  auto const made = add("a@exemple.fr", "member");
  EXPECT_EQ(accounts.change_password(made.id, "faux", "cinq autres mots ici").error().code(),
            Code::denied);
  ASSERT_OK(accounts.change_password(made.id, kPassword, "cinq autres mots ici"));
  EXPECT_FALSE(accounts.log_in("a@exemple.fr", kPassword));
  EXPECT_TRUE(accounts.log_in("a@exemple.fr", "cinq autres mots ici"));
}

TEST_F(AccountsTest, passwords_never_enter_a_document) {
  auto const made = add("a@exemple.fr", "member");
  auto const stored = store->get({ScopeId::office(instance.self), made.id}).value().value();
  for (auto const& [field, versions] : stored.document.fields) {
    for (auto const& version : versions) {
      EXPECT_EQ(version.value.find("argon2"), std::string::npos) << field;
      EXPECT_EQ(version.value.find(kPassword), std::string::npos) << field;
    }
  }
}

TEST(Author, is_read_back_as_it_was_written_even_with_a_tab_in_the_name) {
  Author const author{"0190", "Noé\tB", node_name("isere")};
  auto const back = Author::decode(author.encode());
  EXPECT_EQ(back.account, "0190");
  EXPECT_EQ(back.name, "Noé B");
  EXPECT_EQ(back.node, node_name("isere"));
  EXPECT_EQ(Author::decode("import").name, "import");
}

}  // namespace
}  // namespace solidaires::service
