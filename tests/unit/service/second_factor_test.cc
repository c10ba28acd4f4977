#include "node/service/second_factor.h"

#include <array>
#include <cctype>
#include <map>
#include <set>

#include "node/service/one_time_code.h"
#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

using std::chrono::seconds;

// Of both RFCs.
constexpr std::string_view kSecret = "12345678901234567890";

TEST(OneTimeCodeTest, counters_give_the_codes_of_rfc_4226_appendix_d) {
  constexpr std::array kCodes{"755224", "287082", "359152", "969429", "338314",
                              "254676", "287922", "162583", "399871", "520489"};
  for (std::uint64_t i = 0; i < kCodes.size(); ++i) EXPECT_EQ(counter_code(kSecret, i), kCodes[i]);
}

TEST(OneTimeCodeTest, instants_give_the_codes_of_rfc_6238_appendix_b) {
  // The last six of the eight digits there.
  std::map<std::int64_t, std::string> const codes{{59, "287082"},
                                                  {1'111'111'109, "081804"},
                                                  {1'111'111'111, "050471"},
                                                  {1'234'567'890, "005924"},
                                                  {2'000'000'000, "279037"},
                                                  {20'000'000'000, "353130"}};
  for (auto const& [second, code] : codes) {
    auto const step = code_step(from_unix_ms(second * 1'000));
    EXPECT_EQ(counter_code(kSecret, step), code) << second;
    EXPECT_EQ(matching_step(kSecret, code, from_unix_ms(second * 1'000), 0), step) << second;
  }
}

TEST(OneTimeCodeTest, a_step_before_and_after_is_taken_and_none_twice) {
  auto const now = from_unix_ms(1'234'567'890'000);
  auto const step = code_step(now);
  for (auto const near : {step - 1, step, step + 1})
    EXPECT_EQ(matching_step(kSecret, counter_code(kSecret, near), now, 0), near);
  for (auto const far : {step - 2, step + 2})
    EXPECT_EQ(matching_step(kSecret, counter_code(kSecret, far), now, 0), std::nullopt);
  EXPECT_EQ(matching_step(kSecret, "005 924", now, step - 1), step) << "as it is shown";
  EXPECT_EQ(matching_step(kSecret, "005924", now, step), std::nullopt) << "it served already";
  EXPECT_EQ(matching_step(kSecret, counter_code(kSecret, step - 1), now, step), std::nullopt);
  for (auto const* const wrong : {"", "5924", "0059240", "00592a", "000000"})
    EXPECT_EQ(matching_step(kSecret, wrong, now, 0), std::nullopt) << wrong;
}

TEST(OneTimeCodeTest, base32_is_that_of_rfc_4648) {
  std::map<std::string, std::string> const known{{"", ""},
                                                 {"f", "MY"},
                                                 {"fo", "MZXQ"},
                                                 {"foo", "MZXW6"},
                                                 {"foob", "MZXW6YQ"},
                                                 {"fooba", "MZXW6YTB"},
                                                 {"foobar", "MZXW6YTBOI"}};
  for (auto const& [plain, written] : known) EXPECT_EQ(base32(plain), written);
}

class SecondFactorTest : public testing::Test, protected World {
 protected:
  Account add(std::string_view role) {
    return accounts
        .add({cat(role, "@exemple.fr"), "Nom Inventé", std::string(role), "quatre mots en forêt"},
             {})
        .value();
  }
  [[nodiscard]] std::string code(Bytes const& secret) const {
    return counter_code(secret, code_step(clock.now()));
  }
  // The secret, and the recovery codes.
  std::pair<Bytes, std::vector<std::string>> set_up(Account const& account) {
    auto const secret = factors.begin(account.id).value();
    auto codes = factors.confirm(account.id, code(secret)).value();
    return {secret, std::move(codes)};
  }
  SecondFactors::Options options_{.sealing_key = Bytes(kSealingKeyBytes, 'k'),
                                  .may_be_required = true};
  SecondFactors factors{instance, options_};
};

TEST_F(SecondFactorTest, is_asked_of_those_who_administer_and_of_nobody_where_it_is_only_offered) {
  SecondFactors const offering{instance, {Bytes(kSealingKeyBytes, 'k'), false}};
  for (auto const& role : instance.model.roles()) {
    auto const account = add(role.key);
    EXPECT_EQ(factors.must_be_set_up(account).value(), role.may(schema::Permission::manage_users))
        << role.key;
    EXPECT_FALSE(offering.must_be_set_up(account).value()) << role.key;
  }
}

TEST_F(SecondFactorTest, serves_once_a_code_was_seen_and_each_code_once) {
  auto const account = add("administrator");
  auto const secret = factors.begin(account.id).value();
  EXPECT_EQ(secret.size(), kCodeSecretBytes);
  EXPECT_EQ(factors.begin(account.id).value(), secret) << "the page may be loaded again";
  EXPECT_EQ(factors.confirm(account.id, "000000").error().code(), Code::invalid);
  EXPECT_FALSE(factors.is_set_up(account.id).value());
  ASSERT_OK(factors.confirm(account.id, code(secret)));
  EXPECT_FALSE(factors.must_be_set_up(account).value());
  EXPECT_EQ(factors.begin(account.id).error().code(), Code::conflict);

  EXPECT_EQ(factors.check(account.id, code(secret)).error().code(), Code::unauthenticated)
      << "the code that set them up has served";
  clock.pass(seconds(30));
  EXPECT_EQ(factors.check(account.id, "000000").error().code(), Code::unauthenticated);
  ASSERT_OK(factors.check(account.id, code(secret)));
  EXPECT_EQ(factors.check(account.id, code(secret)).error().code(), Code::unauthenticated);
  EXPECT_EQ(factors.check(add("member").id, code(secret)).error().code(), Code::unauthenticated);
}

TEST_F(SecondFactorTest, what_was_begun_and_left_is_begun_anew) {
  auto const account = add("member");
  auto const secret = factors.begin(account.id).value();
  clock.pass(std::chrono::hours(1));
  EXPECT_EQ(factors.confirm(account.id, code(secret)).error().code(), Code::conflict);
  EXPECT_NE(factors.begin(account.id).value(), secret);
}

TEST_F(SecondFactorTest, each_recovery_code_serves_once_however_it_is_typed) {
  auto const account = add("administrator");
  auto const [secret, codes] = set_up(account);
  ASSERT_EQ(codes.size(), kRecoveryCodes);
  EXPECT_EQ(std::set(codes.begin(), codes.end()).size(), kRecoveryCodes);
  auto typed = codes[0];
  for (char& c : typed) c = c == '-' ? ' ' : static_cast<char>(std::tolower(c));
  ASSERT_OK(factors.check(account.id, typed));
  EXPECT_EQ(factors.check(account.id, codes[0]).error().code(), Code::unauthenticated);
  EXPECT_EQ(factors.recovery_codes_left(account.id).value(), kRecoveryCodes - 1);

  clock.pass(seconds(30));
  auto const renewed = factors.renew_recovery_codes(account.id, code(secret)).value();
  EXPECT_EQ(factors.check(account.id, codes[1]).error().code(), Code::unauthenticated);
  ASSERT_OK(factors.check(account.id, renewed[1]));
}

TEST_F(SecondFactorTest, is_left_only_where_the_role_allows_it) {
  auto const member = add("member");
  auto const administrator = add("administrator");
  auto const [secret, codes] = set_up(member);
  auto const [other_secret, other_codes] = set_up(administrator);
  EXPECT_EQ(factors.remove(administrator, other_codes[0]).error().code(), Code::denied);
  EXPECT_EQ(factors.remove(member, "000000").error().code(), Code::unauthenticated);
  EXPECT_EQ(factors.remove(member, other_codes[0]).error().code(), Code::unauthenticated);
  ASSERT_OK(factors.remove(member, codes[0]));
  EXPECT_FALSE(factors.is_set_up(member.id).value());
}

TEST_F(SecondFactorTest, is_reset_by_those_who_manage_accounts_never_for_one_with_more_rights) {
  auto const administrator = add("administrator");
  auto const regional = add("regional_administrator");
  set_up(administrator);
  set_up(regional);
  EXPECT_EQ(factors.reset(accounts, somebody("animateur", "X"), administrator.id).error().code(),
            Code::denied);
  EXPECT_EQ(factors.reset(accounts, accounts.actor(administrator), administrator.id).error().code(),
            Code::conflict);
  EXPECT_EQ(factors.reset(accounts, somebody("administrator", "X"), regional.id).error().code(),
            Code::denied);
  ASSERT_OK(factors.reset(accounts, accounts.actor(regional), administrator.id));
  EXPECT_TRUE(factors.must_be_set_up(administrator).value());
}

TEST_F(SecondFactorTest, a_copy_of_the_store_holds_no_secret_and_no_key_but_its_own_opens_it) {
  auto const account = add("member");
  auto const [secret, codes] = set_up(account);
  for (auto const& item : store->view().local_scan("one-time-codes", clock.now(), 100).value())
    EXPECT_EQ(item.value.find(secret), Bytes::npos);
  SecondFactors other{instance, {Bytes(kSealingKeyBytes, 'x'), true}};
  EXPECT_EQ(other.check(account.id, codes[0]).error().code(), Code::corrupt);
  ASSERT_OK(factors.check(account.id, codes[0]));
}

}  // namespace
}  // namespace solidaires::service
