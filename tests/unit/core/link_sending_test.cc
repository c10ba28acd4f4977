#include "sync/core/link_sending.h"

#include <gtest/gtest.h>

#include "sync/base/limits.h"

namespace solidaires::sync {
namespace {

constexpr ReplicaId kPeer{7};
constexpr Instant kNow{Millis(1'000'000)};

// Twelve streams of which the peer has everything but the news that it caused each last change.
TEST(Sending, what_is_told_at_a_heartbeat_leaves_room_for_pages_that_are_being_read) {
  std::vector<ScopeId> scopes;
  for (int i = 10; i < 22; ++i) {
    scopes.push_back(ScopeId::office(NodeName::parse(cat("node-", i)).value()));
  }
  Sending sending;
  std::ignore = sending.allow(scopes);
  auto const read = [&](ScopeId const& scope, Sequence after, Sequence at,
                        std::optional<ReplicaId> origin) {
    FeedPage page;
    page.entries.push_back({at, Document{{scope, DocumentId{}}, "article", {}, {}}, {}, origin});
    page.head = at;
    Actions out;
    EXPECT_FALSE(sending.page_read({scope, after, page}, kPeer, kNow, out));
  };
  Actions out;
  for (auto const& scope : scopes) {
    std::ignore = sending.subscribed({scope, Sequence{}}, kNow, out);
    sending.pump(kPeer, out);
    read(scope, Sequence{}, Sequence{1}, kPeer);
  }
  EXPECT_EQ(sending.batches_in_flight(), 0U) << "they are echoes";
  for (std::size_t i = 0; i < limits::kBatchesInFlight; ++i) {
    sending.committed({scopes[i], Sequence{2}}, kNow);
  }
  sending.pump(kPeer, out);
  sending.flush_idle(kNow, out);
  for (std::size_t i = 0; i < limits::kBatchesInFlight; ++i) {
    read(scopes[i], Sequence{1}, Sequence{2}, std::nullopt);
  }
  EXPECT_EQ(sending.batches_in_flight(), limits::kBatchesInFlight);
}

TEST(Sending, a_late_answer_to_a_stream_that_ended_says_nothing_about_its_successor) {
  auto const scope = ScopeId::office(NodeName::parse("isere").value());
  Sending sending;
  Actions out;
  std::ignore = sending.allow({scope});
  std::ignore = sending.subscribed({scope, Sequence{}}, kNow, out);
  sending.pump(kPeer, out);
  FeedPage page;
  page.entries.push_back({Sequence{5}, Document{{scope, DocumentId{}}, "article", {}, {}}, {}, {}});
  page.head = Sequence{5};
  EXPECT_FALSE(sending.page_read({scope, Sequence{}, page}, kPeer, kNow, out));
  auto const first = std::get<Batch>(out.send.back()).generation;

  std::ignore = sending.allow({});
  std::ignore = sending.allow({scope});
  std::ignore = sending.subscribed({scope, Sequence{}}, kNow, out);
  EXPECT_FALSE(sending.acknowledged({scope, first, Sequence{5}}, kNow)) << "nothing was sent yet";
  sending.pump(kPeer, out);
  EXPECT_FALSE(sending.page_read({scope, Sequence{}, page}, kPeer, kNow, out));
  EXPECT_GT(std::get<Batch>(out.send.back()).generation, first);
  EXPECT_EQ(sending.batches_in_flight(), 1U);
}

}  // namespace
}  // namespace solidaires::sync
