// Files between whole instances over loopback TLS.
#include <gtest/gtest.h>

#include "schema/value.h"
#include "sync/base/hash.h"
#include "sync/base/limits.h"
#include "tests/unit/replication/instance.h"

namespace solidaires::replication {
namespace {

using namespace std::chrono_literals;

std::string some_bytes(std::size_t size) {
  SeededRng rng(size);
  return rng.bytes(size);
}

// `brought`: as after an upload; else the document only names the file.
sync::DocumentKey write_with(Instance& instance, ScopeId const& scope, store::BlobName const& file,
                             bool brought = true) {
  schema::File value{file.sha256, file.size, "application/pdf", "statuts.pdf", ""};
  sync::DocumentKey const key{scope, DocumentId::make(instance.clock.now(), instance.rng)};
  auto const outcome = instance.store->commit(
      {.now = instance.clock.now(),
       .author = "test",
       .documents = {{.key = key,
                      .type = "note",
                      .fields = {{std::string(sync::kExistence), Bytes(sync::kAlive)},
                                 {"title", "Statuts"},
                                 {"file", schema::encode(value)}}}},
       .claims = brought ? std::vector{sync::BlobClaim{file.sha256, sync::blob_origin(scope)}}
                         : std::vector<sync::BlobClaim>{}});
  EXPECT_TRUE(outcome) << outcome.error().to_string();
  return key;
}

bool has(Instance& instance, std::string_view sha256) {
  return instance.wait([&] { return instance.store->files().size(sha256).has_value(); });
}

schema::FileReference reference(store::BlobName const& file) {
  return {file.sha256, file.size, {}, {}};
}

TEST(Files, of_a_node_come_to_the_hub_at_once_and_to_another_node_when_it_asks) {
  Network network;
  auto const isere = network.join("isere");
  auto const savoie = network.join("savoie");
  auto const bytes = some_bytes(3 * limits::kBlobChunkBytes + 7);
  auto const file = isere->store->files().put(bytes).value();
  auto const key = write_with(*isere, ScopeId::published(name("isere")), file);
  ASSERT_TRUE(has(*network.hub, file.sha256));
  EXPECT_TRUE(network.hub->store->files().verify(file.sha256));
  ASSERT_TRUE(savoie->holds(key, "Statuts"));
  EXPECT_FALSE(savoie->store->files().size(file.sha256));
  auto const fetched = savoie->replication->fetch_file(key, reference(file), 10s);
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_TRUE(savoie->store->files().verify(file.sha256));
}

TEST(Files, written_by_the_hub_for_a_node_come_down_to_it) {
  Network network;
  auto const isere = network.join("isere");
  auto const file = network.hub->store->files().put(some_bytes(1'000)).value();
  write_with(*network.hub, ScopeId::office(name("isere")), file);
  EXPECT_TRUE(has(*isere, file.sha256));
}

TEST(Files, of_another_node_s_office_are_given_to_nobody_who_knows_their_hash) {
  Network network;
  auto const isere = network.join("isere");
  auto const savoie = network.join("savoie");
  auto const file = isere->store->files().put(some_bytes(1'000)).value();
  auto const secret = write_with(*isere, ScopeId::office(name("isere")), file);
  ASSERT_TRUE(has(*network.hub, file.sha256));
  // Neither through the document's own scope, nor through a document of its own that it invents.
  auto const direct = savoie->replication->fetch_file(secret, reference(file), 10s);
  EXPECT_EQ(direct.error().code(), Code::unavailable);
  auto const invented = savoie->replication->fetch_file(
      {ScopeId::published(name("isere")), secret.id}, reference(file), 1500ms);
  EXPECT_FALSE(invented);
  EXPECT_FALSE(savoie->store->files().size(file.sha256));
}

// The hole that a hash alone would open: the hub holds the file, and a document that entitles the
// node; but nobody of that node ever had the file.
TEST(Files, that_a_node_names_without_having_them_are_not_given_to_it) {
  Network network;
  auto const isere = network.join("isere");
  auto const savoie = network.join("savoie");
  auto const bytes = some_bytes(2 * limits::kBlobChunkBytes + 5);
  auto const file = isere->store->files().put(bytes).value();
  write_with(*isere, ScopeId::office(name("isere")), file);
  ASSERT_TRUE(has(*network.hub, file.sha256));
  auto const theirs = ScopeId::published(name("savoie"));
  auto const claim = write_with(*savoie, theirs, file, false);
  ASSERT_TRUE(network.hub->holds(claim, "Statuts"));
  EXPECT_FALSE(savoie->replication->fetch_file(claim, reference(file), 1500ms));
  EXPECT_FALSE(savoie->store->files().size(file.sha256));
  EXPECT_FALSE(network.hub->store->has_file(theirs, file.sha256));
  EXPECT_TRUE(network.hub->store->has_file(ScopeId::published(name("isere")), file.sha256));
  // Nor to those who read that document elsewhere; isere, who has the file, does not show it there.
  ASSERT_TRUE(isere->holds(claim, "Statuts"));
  EXPECT_FALSE(isere->store->has_file(theirs, file.sha256));
  // Whoever has the file may name it: it then comes a second time.
  ASSERT_TRUE(savoie->store->files().put(bytes));
  write_with(*savoie, theirs, file);
  EXPECT_TRUE(network.hub->wait([&] { return network.hub->store->has_file(theirs, file.sha256); }));
  EXPECT_TRUE(network.hub->store->files().verify(file.sha256));
}

TEST(Files, go_on_where_they_were_when_the_link_is_cut) {
  Network network;
  auto const isere = network.join("isere");
  auto const bytes = some_bytes(48 * limits::kBlobChunkBytes + 3);
  auto const file = isere->store->files().put(bytes).value();
  auto const part = network.hub->store->files().directory() / "partial" /
                    cat(hex(file.sha256), '-', hex(sha256("isere").substr(0, 8)));
  write_with(*isere, ScopeId::published(name("isere")), file);
  std::uintmax_t before = 0;
  for (int cuts = 0; cuts < 3; ++cuts) {
    std::error_code none;
    // Every chunk that goes out is a change of the link.
    ASSERT_TRUE(network.hub->wait([&] {
      auto const size = std::filesystem::file_size(part, none);
      return network.hub->store->files().size(file.sha256) || (!none && size > before);
    }));
    isere->cut();
    auto const size = std::filesystem::file_size(part, none);
    if (none) break;  // it was faster than us
    EXPECT_GE(size, before);
    before = size;
  }
  ASSERT_TRUE(has(*network.hub, file.sha256));
  EXPECT_TRUE(network.hub->store->files().verify(file.sha256));
}

TEST(Files, come_when_the_node_that_has_them_comes_back) {
  Network network;
  auto isere = network.join("isere");
  auto const file = isere->store->files().put(some_bytes(5'000)).value();
  network.hub.reset();
  write_with(*isere, ScopeId::office(name("isere")), file);
  network.restart_hub();
  EXPECT_TRUE(has(*network.hub, file.sha256));
  EXPECT_TRUE(
      network.hub->wait([&] { return network.hub->replication->report().files.wanted == 0; }));
}

TEST(Files, that_are_asked_for_without_a_link_are_refused_at_once) {
  Network network;
  auto const isere = network.join("isere");
  auto const savoie = network.join("savoie");
  auto const file = isere->store->files().put(some_bytes(5'000)).value();
  auto const key = write_with(*isere, ScopeId::published(name("isere")), file);
  ASSERT_TRUE(savoie->holds(key, "Statuts"));
  network.hub.reset();
  ASSERT_TRUE(savoie->reaches("aura", net::PeerState::waiting));
  auto const outcome = savoie->replication->fetch_file(key, reference(file), 10s);
  EXPECT_EQ(outcome.error().code(), Code::unavailable);
}

}  // namespace
}  // namespace solidaires::replication
