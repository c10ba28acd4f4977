#include "sync/net/signing.h"

#include <gtest/gtest.h>

namespace solidaires::net {
namespace {

using namespace std::chrono_literals;

NodeName name(std::string_view text) {
  return NodeName::parse(text).value();
}

Instant const kNow = from_unix_ms(1'790'000'000'000);

struct Signing {
  Authority authority = Authority::create(name("aura"), kNow).value();
  KeyAndRequest pair = make_key_and_request().value();
  Pem leaf = authority.issue(pair.request, name("isere"), Role::node, kNow).value();
  sync::SignedStatement proof = sign("what was done", pair.key, leaf).value();
};

TEST(Signing, names_who_signed) {
  Signing const world;
  auto const facts = verify(world.proof, world.authority.roots(), Role::node, kNow);
  ASSERT_TRUE(facts) << facts.error().to_string();
  EXPECT_EQ(facts->node, name("isere"));
}

TEST(Signing, a_statement_that_was_changed_is_refused) {
  Signing world;
  world.proof.statement += '!';
  EXPECT_EQ(verify(world.proof, world.authority.roots(), Role::node, kNow).error().code(),
            Code::denied);
}

TEST(Signing, a_signature_under_another_certificate_is_refused) {
  Signing world;
  auto const other = make_key_and_request().value();
  world.proof.certificate =
      world.authority.issue(other.request, name("isere"), Role::node, kNow).value();
  EXPECT_FALSE(verify(world.proof, world.authority.roots(), Role::node, kNow));
}

TEST(Signing, another_networks_word_does_not_count) {
  Signing const world;
  auto const other = Authority::create(name("aura"), kNow).value();
  EXPECT_FALSE(verify(world.proof, other.roots(), Role::node, kNow));
}

TEST(Signing, a_nodes_certificate_signs_no_orders) {
  Signing const world;
  EXPECT_FALSE(verify(world.proof, world.authority.roots(), Role::hub, kNow));
}

TEST(Signing, holds_for_the_time_of_the_statement_however_late_it_is_read) {
  Signing const world;
  EXPECT_TRUE(verify(world.proof, world.authority.roots(), Role::node, kNow + 29 * 24h));
  EXPECT_FALSE(verify(world.proof, world.authority.roots(), Role::node, kNow + 31 * 24h));
}

}  // namespace
}  // namespace solidaires::net
