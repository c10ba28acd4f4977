// Whom to ask for a file and when, without links.
#include "node/replication/file_requests.h"

#include <gtest/gtest.h>

#include "sync/base/hash.h"

namespace solidaires::replication {
namespace {

NodeName node(std::string_view name) {
  return NodeName::parse(name).value();
}

class Requests : public testing::Test {
 protected:
  Instant now{Millis(1'700'000'000'000)};
  std::vector<NodeName> links{node("isere"), node("aura")};
  std::vector<NodeName> asked;
  std::vector<sync::BlobClaim> discarded;
  FileRequests requests{[this](auto const&, auto const& but_not) -> std::optional<NodeName> {
                          for (auto const& link : links) {
                            if (but_not.contains(link)) continue;
                            asked.push_back(link);
                            return link;
                          }
                          return std::nullopt;
                        },
                        [this](sync::BlobClaim const& liar) { discarded.push_back(liar); }};

  sync::WantBlob const file{{ScopeId::published(node("isere")), DocumentId()}, sha256("x"), 1};

  sync::BlobClaim const claim = sync::claim_of(file.document, file.sha256);

  void fails(Code code) { requests.not_fetched(asked.back(), claim, {code, ""}, now); }
};

TEST_F(Requests, ask_one_link_at_a_time_and_the_next_when_it_does_not_have_it) {
  EXPECT_TRUE(requests.want(file, true, now));
  EXPECT_TRUE(requests.want(file, true, now));
  EXPECT_EQ(asked, std::vector{node("isere")});
  fails(Code::not_found);
  EXPECT_EQ(asked, (std::vector{node("isere"), node("aura")}));
  requests.came(claim);
  EXPECT_EQ(requests.counts().wanted, 0U);
  EXPECT_EQ(requests.counts().fetched, 1U);
}

TEST_F(Requests, rest_longer_and_longer_when_nobody_has_it_and_forget_it_never) {
  requests.want(file, true, now);
  std::vector<std::size_t> attempts;
  for (int second = 0; second < 300; ++second) {
    while (requests.counts().asked > 0) fails(Code::not_found);
    now += Millis(1000);
    requests.tick(now);
  }
  EXPECT_GT(asked.size(), 10U);
  EXPECT_LT(asked.size(), 40U);
  EXPECT_EQ(requests.counts().wanted, 1U);
}

TEST_F(Requests, ask_again_at_once_when_the_peer_says_that_it_has_it_now) {
  links = {node("aura")};
  requests.want(file, true, now);
  fails(Code::not_found);
  EXPECT_EQ(requests.counts().asked, 0U);
  requests.arrived(node("aura"), file.sha256, now);
  EXPECT_EQ(requests.counts().asked, 1U);
}

TEST_F(Requests, ask_again_when_a_link_ends_or_begins) {
  requests.want(file, true, now);
  links = {node("aura")};
  requests.link_down(node("isere"), now);
  EXPECT_EQ(asked.back(), node("aura"));
  links.clear();
  requests.link_down(node("aura"), now);
  EXPECT_EQ(requests.counts().asked, 0U);
  links = {node("isere")};
  requests.link_up(node("isere"), now);
  EXPECT_EQ(requests.counts().asked, 1U);
}

TEST_F(Requests, take_a_file_of_two_origins_for_two) {
  links = {node("aura")};
  sync::WantBlob other = file;
  other.document.scope = ScopeId::published(node("savoie"));
  requests.want(file, true, now);
  requests.want(other, true, now);
  EXPECT_EQ(asked.size(), 2U);
  requests.came(claim);
  EXPECT_EQ(requests.counts().wanted, 1U);
  // The office of the same node is the same origin.
  other.document.scope = ScopeId::office(node("savoie"));
  requests.want(other, true, now);
  EXPECT_EQ(requests.counts().wanted, 1U);
}

TEST_F(Requests, forget_what_no_document_names_any_more) {
  requests.want(file, true, now);
  fails(Code::invalid);
  EXPECT_EQ(requests.counts().wanted, 0U);
  EXPECT_EQ(asked.size(), 1U);
}

TEST_F(Requests, throw_away_the_parts_that_a_liar_sent) {
  requests.want(file, true, now);
  fails(Code::corrupt);
  EXPECT_EQ(discarded, std::vector{claim});
  EXPECT_EQ(asked.back(), node("aura"));
}

TEST_F(Requests, wait_when_the_disk_here_is_full_whatever_peers_there_are) {
  requests.want(file, true, now);
  fails(Code::exhausted);
  EXPECT_EQ(asked.size(), 1U);
  requests.tick(now + Millis(61'000));
  EXPECT_EQ(asked.size(), 2U);
}

TEST_F(Requests, tell_everybody_who_waits_how_it_ended) {
  std::vector<std::optional<Code>> ends;
  auto const waiter = [&](Result<> const& end) {
    ends.push_back(end ? std::nullopt : std::optional(end.error().code()));
  };
  requests.want(file, false, now, waiter);
  requests.want(file, false, now, waiter);
  requests.came(claim);
  EXPECT_EQ(ends, (std::vector<std::optional<Code>>{std::nullopt, std::nullopt}));
  ends.clear();
  links.clear();
  requests.want(file, false, now, waiter);
  EXPECT_EQ(ends, std::vector<std::optional<Code>>{Code::unavailable});
  EXPECT_EQ(requests.counts().wanted, 0U);
  ends.clear();
  links = {node("aura")};
  requests.want(file, false, now, waiter);
  fails(Code::not_found);  // it may come to the hub yet
  EXPECT_TRUE(ends.empty());
  requests.tick(now + Millis(1'500));
  fails(Code::not_found);
  requests.tick(now + Millis(61'000));
  if (requests.counts().asked > 0) fails(Code::not_found);
  requests.tick(now + Millis(62'000));
  EXPECT_EQ(ends, std::vector<std::optional<Code>>{Code::timeout});
}

}  // namespace
}  // namespace solidaires::replication
