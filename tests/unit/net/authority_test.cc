#include "sync/net/authority.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "sync/net/credentials.h"

namespace solidaires::net {
namespace {

using namespace std::chrono_literals;

NodeName name(std::string_view text) {
  return NodeName::parse(text).value();
}

Instant const kNow = from_unix_ms(1'790'000'000'000);

struct Network {
  Authority authority = Authority::create(name("aura"), kNow).value();
  KeyAndRequest pair = make_key_and_request().value();
  [[nodiscard]] Pem issue(std::string_view node, Role role = Role::node,
                          std::chrono::seconds life = kCertificateLife) const {
    return authority.issue(pair.request, name(node), role, kNow, life).value();
  }
};

TEST(Authority, issues_a_certificate_that_names_the_node) {
  Network const network;
  auto const leaf = network.issue("isere");
  auto const facts = verify(leaf, network.authority.roots(), Role::node, kNow);
  ASSERT_TRUE(facts) << facts.error().to_string();
  EXPECT_EQ(facts->node, name("isere"));
  EXPECT_EQ(facts->network, name("aura"));
  EXPECT_EQ(facts->not_after, kNow + kCertificateLife);
  EXPECT_EQ(facts->fingerprint.size(), 32U);
  EXPECT_TRUE(belongs_together(network.pair.key, leaf));
}

TEST(Authority, survives_being_written_and_read) {
  Network const network;
  auto const again = Authority::parse(network.authority.to_pem());
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(again->network(), name("aura"));
  EXPECT_EQ(again->fingerprint(), network.authority.fingerprint());
  auto const leaf = again->issue(network.pair.request, name("isere"), Role::node, kNow).value();
  EXPECT_TRUE(verify(leaf, network.authority.roots(), Role::node, kNow));
}

TEST(Authority, is_refused_when_key_and_root_do_not_belong_together) {
  auto const other = Authority::create(name("aura"), kNow).value();
  Network const network;
  auto const mixed = network.pair.key + other.roots();
  EXPECT_EQ(Authority::parse(mixed).error().code(), Code::corrupt);
  EXPECT_EQ(Authority::parse("").error().code(), Code::corrupt);
}

TEST(Authority, ignores_the_names_of_a_request_and_refuses_what_is_not_one) {
  Network const network;
  auto const refused = [&](std::string_view request) {
    return network.authority.issue(request, name("isere"), Role::node, kNow).error().code();
  };
  EXPECT_EQ(refused(""), Code::invalid);
  EXPECT_EQ(refused("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"),
            Code::invalid);
  EXPECT_EQ(refused(network.pair.key), Code::invalid);
  EXPECT_EQ(refused(std::string(1'000'000, 'x')), Code::invalid);
}

TEST(Verify, refuses_a_certificate_before_and_after_its_time) {
  Network const network;
  auto const leaf = network.issue("isere");
  auto const at = [&](Instant now) {
    return verify(leaf, network.authority.roots(), Role::node, now);
  };
  EXPECT_TRUE(at(kNow + 29 * 24h));
  EXPECT_EQ(at(kNow + 31 * 24h).error().message(), "the certificate has expired");
  EXPECT_NE(at(kNow - 48h).error().message().find("not valid yet"), std::string::npos);
}

TEST(Verify, refuses_another_authority_even_of_the_same_name) {
  Network const network;
  auto const foreign = Authority::create(name("aura"), kNow).value();
  auto const refused = verify(network.issue("isere"), foreign.roots(), Role::node, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::denied);
  EXPECT_NE(refused.error().message().find("another network"), std::string::npos);
}

TEST(Verify, refuses_a_node_that_poses_as_a_hub) {
  Network const network;
  EXPECT_FALSE(verify(network.issue("isere"), network.authority.roots(), Role::hub, kNow));
  EXPECT_TRUE(verify(network.issue("aura", Role::hub), network.authority.roots(), Role::hub, kNow));
  // A hub dials the hub above it.
  EXPECT_TRUE(
      verify(network.issue("aura", Role::hub), network.authority.roots(), Role::node, kNow));
}

TEST(Verify, refuses_the_root_itself_as_a_node) {
  Network const network;
  EXPECT_FALSE(verify(network.authority.roots(), network.authority.roots(), Role::node, kNow));
}

TEST(Verify, lets_two_roots_overlap) {
  Network const old_network;
  auto renewed = Authority::create(name("aura"), kNow).value();
  ASSERT_TRUE(renewed.trust_also(old_network.authority.roots()));
  auto const fresh =
      renewed.issue(old_network.pair.request, name("drome"), Role::node, kNow).value();
  EXPECT_TRUE(verify(fresh, renewed.roots(), Role::node, kNow));
  EXPECT_TRUE(verify(old_network.issue("isere"), renewed.roots(), Role::node, kNow));
  EXPECT_FALSE(verify(fresh, old_network.authority.roots(), Role::node, kNow));
  EXPECT_FALSE(renewed.trust_also(fresh)) << "a leaf is no root";
}

TEST(Verify, finds_a_pinned_root_among_others) {
  Network const network;
  auto const leaf = network.issue("isere");
  auto const chain = leaf + network.authority.roots();
  auto const found = find_certificate(chain, network.authority.fingerprint());
  ASSERT_TRUE(found);
  EXPECT_TRUE(verify(chain, *found, Role::node, kNow));
  EXPECT_EQ(find_certificate(leaf, network.authority.fingerprint()).error().code(),
            Code::not_found);
}

TEST(Renewal, is_due_after_two_thirds_of_the_life) {
  Network const network;
  auto const facts = read_certificate(network.issue("isere")).value();
  EXPECT_FALSE(renewal_due(facts, kNow + 19 * 24h));
  EXPECT_TRUE(renewal_due(facts, kNow + 21 * 24h));
}

class Files : public testing::Test {
 protected:
  void SetUp() override {
    auto const* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) /
              cat("net-", test->name(), "-", static_cast<int>(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(Files, credentials_come_back_as_they_were_written_and_only_their_owner_reads_them) {
  Network const network;
  auto const path = folder_ / "credentials.pem";
  Credentials const credentials{network.pair.key, network.issue("isere"),
                                network.authority.roots()};
  // The rest of an earlier crash, readable by everybody.
  std::ofstream(folder_ / "credentials.pem.new") << "half";
  ASSERT_TRUE(write_credentials(path, credentials));
  EXPECT_EQ(read_credentials(path).value(), credentials);
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(Files, credentials_that_do_not_fit_together_are_refused_both_ways) {
  Network const network;
  Network const other;
  auto const path = folder_ / "credentials.pem";
  EXPECT_EQ(read_credentials(path).error().code(), Code::not_found);
  Credentials const mixed{other.pair.key, network.issue("isere"), network.authority.roots()};
  EXPECT_EQ(write_credentials(path, mixed).error().code(), Code::corrupt);
  ASSERT_TRUE(write_secret_file(path, mixed.key + mixed.certificate + mixed.roots));
  EXPECT_EQ(read_credentials(path).error().code(), Code::corrupt);
  ASSERT_TRUE(write_secret_file(path, "nonsense"));
  EXPECT_EQ(read_credentials(path).error().code(), Code::corrupt);
  ASSERT_TRUE(write_secret_file(path, std::string(100'000, 'x')));
  EXPECT_EQ(read_credentials(path).error().code(), Code::corrupt);
}

TEST_F(Files, a_folder_that_is_missing_is_said_so) {
  auto const outcome = write_secret_file(folder_ / "absent" / "x.pem", "text");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), Code::not_found);
}

}  // namespace
}  // namespace solidaires::net
