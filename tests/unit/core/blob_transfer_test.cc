// Files over two sessions with stores in memory: a hub above, a node below, and a wire that a test
// can cut and lie on.
#include "sync/core/blob_transfer.h"

#include <gtest/gtest.h>

#include "sync/base/hash.h"
#include "sync/base/limits.h"
#include "tests/contract/memory_store.h"

namespace solidaires::sync {
namespace {

constexpr std::size_t kChunk = limits::kBlobChunkBytes;

NodeName node(std::string_view name) {
  return NodeName::parse(name).value();
}
ScopeId const kPublic = ScopeId::published(node("isere"));
ScopeId const kElsewhere = ScopeId::office(node("savoie"));

// Files in memory. A document refers to those that a test says.
class FileStore final : public MemoryStore, public BlobStore {
 public:
  using MemoryStore::MemoryStore;
  BlobStore* blobs() override { return this; }

  Result<BlobPart> read_blob(DocumentKey const& document, Bytes const& sha256, std::uint64_t offset,
                             std::size_t bytes_max) const override {
    ++reads;
    if (!references.contains({document, sha256})) return fail(Code::denied, "no reference");
    auto const found = whole.find(sha256);
    if (found == whole.end()) return fail(Code::not_found, "not here");
    auto const size = found->second.size();
    return BlobPart{found->second.substr(std::min(offset, size), bytes_max), size};
  }
  Result<BlobProgress> blob_progress(BlobClaim const& file) override {
    auto const& sha256 = file.sha256;
    if (whole.contains(sha256)) return BlobProgress{whole[sha256].size(), true};
    return BlobProgress{part_of(file).size(), false};
  }
  // Parts of two origins are apart; those of isere lie under the hash alone.
  Bytes& part_of(BlobClaim const& file) {
    return parts[file.origin == "isere" ? file.sha256 : cat(file.sha256, file.origin)];
  }
  Result<BlobProgress> append_blob(BlobClaim const& file, std::uint64_t offset, std::uint64_t size,
                                   std::string_view bytes) override {
    auto const& sha256 = file.sha256;
    if (full) return fail(Code::exhausted, "the disk is full");
    auto& part = part_of(file);
    if (part.size() != offset) return fail(Code::conflict, "elsewhere");
    part += bytes;
    appended += bytes.size();
    if (part.size() < size) return BlobProgress{part.size(), false};
    auto const all = std::exchange(part, {});
    if (solidaires::sha256(all) != sha256) return fail(Code::corrupt, "not the file");
    whole[sha256] = all;
    return BlobProgress{size, true};
  }

  std::map<Bytes, Bytes> whole;
  std::map<Bytes, Bytes> parts;
  std::set<std::pair<DocumentKey, Bytes>> references;
  std::uint64_t appended = 0;
  mutable std::uint64_t reads = 0;
  bool full = false;
};

struct Side {
  FileStore& store;
  LinkSession session;
  std::deque<StoreTask> tasks{};
  std::deque<Frame> outbox{};
  std::vector<Notice> notices{};
  std::optional<Disconnect> disconnect{};

  void feed(Event event, Instant now) {
    auto actions = session.step(std::move(event), now);
    for (auto& frame : actions.send) outbox.push_back(std::move(frame));
    for (auto& task : actions.tasks) tasks.push_back(std::move(task));
    for (auto& notice : actions.notices) notices.push_back(std::move(notice));
    if (actions.disconnect) disconnect = actions.disconnect;
  }
  template <class Kind>
  std::vector<Kind> told() const {
    std::vector<Kind> found;
    for (auto const& notice : notices) {
      if (auto const* kind = std::get_if<Kind>(&notice)) found.push_back(*kind);
    }
    return found;
  }
};

class BlobTransfer : public testing::Test {
 protected:
  BlobTransfer() { connect(); }

  void connect(std::uint64_t hub_offers = feature::kBlobs) {
    Entitlement hub_rules{node("aura"), node("isere"), PeerRole::child};
    hub_rules.subtree = {node("isere")};
    hub_rules.hubs = {node("aura")};
    Entitlement node_rules{node("isere"), node("aura"), PeerRole::parent};
    node_rules.subtree = {node("isere")};
    node_rules.every_public = true;
    auto const make = [&](FileStore& store, Entitlement rules, Bytes token, std::uint64_t offers) {
      return std::make_unique<Side>(store, LinkSession({.entitlement = std::move(rules),
                                                        .replica = store.replica(),
                                                        .counter = store.counter(),
                                                        .fresh_token = std::move(token),
                                                        .features = offers}));
    };
    hub = make(hub_store, hub_rules, cat("token", ++sessions_), hub_offers);
    below = make(node_store, node_rules, {}, feature::kBlobs);
    hub->feed(Started{}, now);
    below->feed(Started{}, now);
    run();
  }
  // One task or one frame of one side; false if it has none.
  bool step(Side& from, Side& to) {
    if (!from.tasks.empty()) {
      auto task = std::move(from.tasks.front());
      from.tasks.pop_front();
      from.feed(carry_out(std::move(task), from.store), now);
      return true;
    }
    if (from.outbox.empty()) return false;
    auto frame = std::move(from.outbox.front());
    from.outbox.pop_front();
    if (auto* chunk = std::get_if<BlobChunk>(&frame)) {
      if (lie) lie(*chunk);
      ++chunks;
    }
    to.feed(FrameReceived{std::move(frame)}, now);
    in_flight_max =
        std::max(in_flight_max, std::size_t(std::ranges::count_if(from.outbox, is_blob)));
    return true;
  }
  void run(std::size_t chunks_max = SIZE_MAX) {
    while (chunks < chunks_max && (step(*hub, *below) || step(*below, *hub))) {
    }
  }

  // A file at the hub that a document refers to, on both sides.
  WantBlob offer(std::size_t size, std::uint64_t seed = 1, ScopeId const& scope = kPublic) {
    SeededRng rng(seed);
    auto const bytes = rng.bytes(size);
    WantBlob want{{scope, DocumentId::make(now, rng)}, sha256(bytes), size};
    hub_store.whole[want.sha256] = bytes;
    hub_store.references.insert({want.document, want.sha256});
    return want;
  }
  Code failure() const {
    auto const failed = below->told<BlobNotFetched>();
    return failed.empty() ? Code::internal : failed.back().why.code();
  }

  Instant now{Millis(1'700'000'000'000)};
  FileStore hub_store{ReplicaId{1}};
  FileStore node_store{ReplicaId{2}};
  std::unique_ptr<Side> hub;
  std::unique_ptr<Side> below;
  std::function<void(BlobChunk&)> lie;
  std::size_t chunks = 0;
  std::size_t in_flight_max = 0;

 private:
  int sessions_ = 0;
};

TEST_F(BlobTransfer, brings_a_file_in_chunks_of_which_few_are_under_way) {
  auto const want = offer(20 * kChunk + 5);
  below->feed(want, now);
  run();
  EXPECT_EQ(node_store.whole[want.sha256], hub_store.whole[want.sha256]);
  EXPECT_EQ(below->told<BlobFetched>().size(), 1U);
  EXPECT_EQ(chunks, 21U);
  EXPECT_LE(in_flight_max, limits::kBlobWantsInFlight);
}

TEST_F(BlobTransfer, brings_a_file_whose_size_no_document_tells) {
  auto want = offer(3 * kChunk);
  want.size = 0;
  below->feed(want, now);
  run();
  EXPECT_TRUE(node_store.whole.contains(want.sha256));
}

TEST_F(BlobTransfer, goes_on_in_the_next_session_at_the_byte_that_is_here) {
  auto const want = offer(10 * kChunk + 1);
  below->feed(want, now);
  run(4);
  connect();  // the line was cut: what was under way is gone
  auto const held = node_store.parts[want.sha256].size();
  ASSERT_GT(held, 0U);
  node_store.appended = 0;
  below->feed(want, now);
  run();
  EXPECT_TRUE(node_store.whole.contains(want.sha256));
  EXPECT_EQ(node_store.appended, want.size - held);
}

TEST_F(BlobTransfer, lets_a_small_file_through_while_a_large_one_comes) {
  auto const large = offer(200 * kChunk, 1);
  auto const small = offer(100, 2);
  below->feed(large, now);
  run(4);
  below->feed(small, now);
  run(14);
  EXPECT_TRUE(node_store.whole.contains(small.sha256));
  EXPECT_FALSE(node_store.whole.contains(large.sha256));
}

TEST_F(BlobTransfer, takes_one_file_of_two_origins_for_two_and_tells_them_apart) {
  auto const ours = offer(3 * kChunk);
  auto other = ours;
  other.document.scope = ScopeId::published(node("savoie"));
  hub_store.references.insert({other.document, other.sha256});
  Entitlement above{node("aura"), node("isere"), PeerRole::child};
  above.subtree = {node("isere")};
  above.hubs = {node("aura")};
  above.subscriptions = {node("savoie")};
  hub->feed(EntitlementChanged{above}, now);
  run();
  below->feed(ours, now);
  below->feed(other, now);
  run();
  std::set<BlobClaim> fetched;
  for (auto const& one : below->told<BlobFetched>()) fetched.insert(one.file);
  EXPECT_EQ(fetched, (std::set{claim_of(ours.document, ours.sha256),
                               claim_of(other.document, other.sha256)}));
}

TEST_F(BlobTransfer, gives_nothing_through_a_document_that_does_not_refer_to_the_file) {
  auto want = offer(10);
  auto const right = want.document;
  want.document.id = DocumentId();
  below->feed(want, now);
  run();
  EXPECT_EQ(failure(), Code::denied);
  hub_store.references.clear();
  want.document = right;
  below->feed(want, now);
  run();
  EXPECT_EQ(failure(), Code::denied);
  EXPECT_TRUE(node_store.whole.empty());
}

TEST_F(BlobTransfer, gives_nothing_of_a_scope_that_the_peer_may_not_hold) {
  auto const want = offer(10, 1, kElsewhere);
  below->feed(want, now);
  run();
  EXPECT_EQ(failure(), Code::denied);  // an honest session does not even ask
  hub->feed(FrameReceived{BlobWant{9, kElsewhere, want.document.id, want.sha256, 0}}, now);
  ASSERT_EQ(hub->outbox.size(), 1U);
  EXPECT_EQ(std::get<BlobChunk>(hub->outbox.front()).answer, BlobAnswer::denied);
  EXPECT_EQ(hub_store.reads, 0U);
}

TEST_F(BlobTransfer, stops_when_the_right_ends) {
  auto const want = offer(20 * kChunk);
  below->feed(want, now);
  run(2);
  Entitlement nothing{node("aura"), node("isere"), PeerRole::child};
  hub->feed(EntitlementChanged{nothing}, now);
  run();
  EXPECT_EQ(failure(), Code::denied);
  EXPECT_FALSE(node_store.whole.contains(want.sha256));
}

TEST_F(BlobTransfer, tells_the_peer_when_what_it_lacked_has_come) {
  auto const want = offer(10);
  auto const bytes = std::exchange(hub_store.whole, {});
  below->feed(want, now);
  run();
  EXPECT_EQ(failure(), Code::not_found);
  ASSERT_EQ(hub->told<BlobMissed>().size(), 1U);
  EXPECT_EQ(hub->told<BlobMissed>()[0].document, want.document);
  hub_store.whole = bytes;
  hub->feed(BlobCame{want.sha256}, now);
  run();
  ASSERT_EQ(below->told<BlobArrived>().size(), 1U);
  hub->feed(BlobCame{want.sha256}, now);  // told once
  run();
  EXPECT_EQ(below->told<BlobArrived>().size(), 1U);
  below->feed(want, now);
  run();
  EXPECT_TRUE(node_store.whole.contains(want.sha256));
}

TEST_F(BlobTransfer, ends_the_file_and_not_the_link_when_the_peer_lies) {
  std::vector<std::function<void(BlobChunk&)>> const lies{
      [](BlobChunk& chunk) { chunk.size = 0; },
      [](BlobChunk& chunk) { chunk.size += 1; },
      [](BlobChunk& chunk) { chunk.size = UINT64_MAX; },
      [](BlobChunk& chunk) { chunk.bytes.pop_back(); },
      [](BlobChunk& chunk) { chunk.bytes.clear(); },
      [](BlobChunk& chunk) { chunk.bytes[0] = static_cast<char>(chunk.bytes[0] ^ 1); },
      [](BlobChunk& chunk) { chunk.answer = BlobAnswer::failed; },
      [](BlobChunk& chunk) { chunk.answer = BlobAnswer::arrived; },
  };
  auto const want = offer(3 * kChunk + 9);
  for (auto const& one : lies) {
    node_store.parts.clear();
    below->notices.clear();
    lie = one;
    below->feed(want, now);
    run();
    EXPECT_EQ(below->told<BlobNotFetched>().size(), 1U);
    EXPECT_TRUE(node_store.whole.empty());
    ASSERT_FALSE(below->disconnect);
  }
  lie = nullptr;
  node_store.parts.clear();
  below->feed(want, now);
  run();
  EXPECT_TRUE(node_store.whole.contains(want.sha256));
}

TEST_F(BlobTransfer, closes_on_a_chunk_that_nobody_asked_for) {
  below->feed(FrameReceived{BlobChunk{77, sha256("x"), BlobAnswer::bytes, 0, 1, "x"}}, now);
  ASSERT_TRUE(below->disconnect);
  EXPECT_EQ(below->disconnect->reason, CloseReason::protocol);
}

TEST_F(BlobTransfer, closes_on_a_peer_that_asks_for_more_than_the_window) {
  auto const want = offer(10);
  for (std::uint32_t i = 1; i <= 40 && !hub->disconnect; ++i) {
    hub->feed(FrameReceived{BlobWant{i, kPublic, want.document.id, want.sha256, 0}}, now);
  }
  ASSERT_TRUE(hub->disconnect);
  EXPECT_EQ(hub->disconnect->reason, CloseReason::protocol);
  EXPECT_LE(hub->tasks.size(), 2 * limits::kBlobWantsInFlight + 8);
}

TEST_F(BlobTransfer, is_not_spoken_unless_both_offer_it) {
  connect(0);
  auto const want = offer(10);
  below->feed(want, now);
  run();
  EXPECT_EQ(failure(), Code::unsupported);
  EXPECT_FALSE(below->session.speaks(feature::kBlobs));
  hub->feed(FrameReceived{BlobWant{1, kPublic, want.document.id, want.sha256, 0}}, now);
  EXPECT_TRUE(hub->disconnect);
}

TEST_F(BlobTransfer, tells_of_a_full_disk_and_goes_on_when_there_is_room) {
  auto const want = offer(3 * kChunk);
  node_store.full = true;
  below->feed(want, now);
  run();
  EXPECT_EQ(failure(), Code::exhausted);
  EXPECT_FALSE(below->disconnect);
  node_store.full = false;
  below->feed(want, now);
  run();
  EXPECT_TRUE(node_store.whole.contains(want.sha256));
}

TEST_F(BlobTransfer, gives_up_on_a_peer_that_answers_no_request) {
  below->feed(offer(10), now);
  while (step(*below, *hub)) {
  }
  hub->outbox.clear();
  hub->tasks.clear();
  for (int i = 0; i < 10; ++i) {
    now += Millis(15'000);
    below->feed(FrameReceived{UnknownFrame{99}}, now);  // alive, as its pings would say
    below->feed(TimerFired{}, now);
  }
  EXPECT_EQ(failure(), Code::timeout);
}

// Whatever comes in the place of chunks and requests, the session ends or goes on; it never trips.
TEST_F(BlobTransfer, survives_random_frames) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SeededRng rng(seed);
    connect();
    auto const want = offer(3 * kChunk, seed);
    below->feed(want, now);
    for (int i = 0; i < 50; ++i) {
      auto const sha = rng.next() % 2 == 0 ? want.sha256 : sha256(rng.bytes(2));
      auto const document = rng.next() % 2 == 0 ? want.document.id : DocumentId();
      BlobChunk chunk{std::uint32_t(rng.next() % 4), sha,
                      BlobAnswer(rng.next() % 5),    rng.next() % 3 * kChunk,
                      rng.next() % (4 * kChunk),     rng.bytes(rng.next() % 40)};
      BlobWant ask{std::uint32_t(rng.next() % 4), rng.next() % 2 == 0 ? kPublic : kElsewhere,
                   document, sha, rng.next() % (4 * kChunk)};
      if (rng.next() % 2 == 0) {
        below->feed(FrameReceived{std::move(chunk)}, now);
      } else {
        hub->feed(FrameReceived{std::move(ask)}, now);
      }
      for (std::uint64_t steps = rng.next() % 8; steps > 0; --steps) {
        step(*hub, *below);
        step(*below, *hub);
      }
    }
    for (auto const& [name, bytes] : node_store.whole) EXPECT_EQ(sha256(bytes), name);
  }
}

}  // namespace
}  // namespace solidaires::sync
