// How a network's authorities followed one another: what a node that was away may believe of it.
#include "sync/net/succession.h"

#include <gtest/gtest.h>

namespace solidaires::net {
namespace {

using std::chrono::days;

NodeName name(std::string_view text) {
  return *NodeName::parse(text);
}

class SuccessionTest : public testing::Test {
 protected:
  Authority authority(std::string_view network = "aura") {
    return *Authority::create(name(network), now_ += days(100));
  }
  static Pem root(Authority const& authority) { return authority.alone().roots(); }
  Result<Pem> followed_from(Authority const& trusted) const {
    return follow(succession_, root(trusted), name("aura"));
  }
  void grow(Authority const& going, Authority const& coming) {
    auto const added = add_successor(succession_, going, coming);
    EXPECT_TRUE(added) << added.error().to_string();
  }

  Instant now_ = from_unix_ms(1'700'000'000'000);
  Authority const first_ = authority();
  Authority const second_ = authority();
  Authority const third_ = authority();
  Succession succession_;
};

TEST_F(SuccessionTest, leads_from_every_former_root_to_the_present_one) {
  grow(first_, second_);
  grow(second_, third_);
  grow(second_, third_);  // a retirement that was cut off and is done again
  ASSERT_EQ(succession_.steps.size(), 2U);
  EXPECT_EQ(followed_from(first_).value(), root(second_) + root(third_));
  EXPECT_EQ(followed_from(second_).value(), root(third_));
  EXPECT_EQ(succession_.former(), root(first_) + root(second_));
  EXPECT_EQ(decode_succession(encode(succession_)).value(), succession_);
  // A hub's certificate of the third is believed by who knew the first alone.
  auto const pair = make_key_and_request().value();
  auto const leaf = third_.issue(pair.request, name("aura"), Role::hub, now_).value();
  EXPECT_FALSE(verify(leaf, root(first_), Role::hub, now_));
  EXPECT_TRUE(verify(leaf, followed_from(first_).value(), Role::hub, now_));
}

TEST_F(SuccessionTest, is_believed_only_as_far_as_the_known_root_has_signed_it) {
  grow(first_, second_);
  EXPECT_EQ(followed_from(third_).error().code(), Code::denied) << "a stranger's root";
  EXPECT_EQ(followed_from(second_).error().code(), Code::denied) << "nothing comes after it";
  auto const stranger = authority();
  auto forged = succession_;
  forged.steps[0].root = root(stranger);
  EXPECT_FALSE(follow(forged, root(first_), name("aura"))) << "another root under the signature";
  forged = succession_;
  forged.steps[0].signature[5] ^= 1;
  EXPECT_FALSE(follow(forged, root(first_), name("aura")));
  // A step is left out: the third stands on the signature of one that is not known.
  Succession gap{.first = root(first_)};
  ASSERT_TRUE(add_successor(gap, first_, second_));
  ASSERT_TRUE(add_successor(gap, second_, third_));
  gap.steps.erase(gap.steps.begin());
  EXPECT_FALSE(follow(gap, root(first_), name("aura")));
}

TEST_F(SuccessionTest, stays_in_its_network_and_among_authorities) {
  auto const other = authority("occitanie");
  Succession strange;
  ASSERT_TRUE(add_successor(strange, first_, other));
  EXPECT_EQ(follow(strange, root(first_), name("aura")).error().code(), Code::denied);
  EXPECT_FALSE(add_successor(succession_, first_, second_) &&
               add_successor(succession_, first_, third_).has_value())
      << "the first has gone already";
}

TEST_F(SuccessionTest, begins_nothing_after_the_end_of_the_root_that_signs) {
  now_ += kAuthorityLife;
  auto const late = authority();
  grow(first_, late);
  EXPECT_FALSE(followed_from(first_));
}

TEST_F(SuccessionTest, that_grows_too_long_loses_its_oldest_step) {
  std::vector<Authority> line{first_};
  for (std::size_t i = 0; i < kSuccessorsMax + 1; ++i) {
    line.push_back(authority());
    grow(line[i], line[i + 1]);
  }
  EXPECT_EQ(succession_.steps.size(), kSuccessorsMax);
  EXPECT_EQ(succession_.first, root(line[1]));
  EXPECT_FALSE(followed_from(line[0]));
  EXPECT_TRUE(followed_from(line[1]));
  EXPECT_LE(encode(succession_).size(), 32U * 1024) << "one small answer";
}

TEST_F(SuccessionTest, of_other_bytes_is_refused) {
  grow(first_, second_);
  auto const bytes = encode(succession_);
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    EXPECT_FALSE(decode_succession(bytes.substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_succession(bytes + "x"));
  EXPECT_FALSE(decode_succession("\x01\xff\xff\xff\xff"));
}

}  // namespace
}  // namespace solidaires::net
