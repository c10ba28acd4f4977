// Erasure over a network of whole instances: orders, receipts, and marks that are looked for in
// every file of every data directory.
#include "node/replication/erasure.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/replication/instance.h"

namespace solidaires::replication {
namespace {

using net::PeerState;

std::string a_canary() {
  SystemRng rng;
  Bytes bytes;
  ByteWriter(bytes).u64(rng.next()).u64(rng.next()).u64(rng.next());
  return base64url(bytes);
}

// Files below `directory` that hold any piece of 8 characters of the mark, whole or compressed.
std::vector<std::string> files_with(std::filesystem::path const& directory,
                                    std::string const& canary) {
  std::vector<std::string> found;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string const bytes{std::istreambuf_iterator<char>(file), {}};
    for (std::size_t at = 0; at + 8 <= canary.size(); at += 8) {
      if (bytes.find(canary.substr(at, 8)) == std::string::npos) continue;
      found.push_back(entry.path().string());
      break;
    }
  }
  return found;
}

std::unique_ptr<Erasures> erasures_of(Instance& instance, std::string_view self,
                                      Erasures::NoCopyLeft no_copy_left = {}) {
  return std::make_unique<Erasures>(
      *instance.store, instance.replication->registry(), instance.clock, instance.rng, name(self),
      self == "aura",
      net::Signer(name(self), instance.files().authority(), instance.files().credentials(),
                  instance.files().succession()),
      std::move(no_copy_left));
}

// An instance with its erasures, which stop before it.
struct Member {
  Member(std::unique_ptr<Instance> with, std::string_view self)
      : instance(std::move(with)), erasures(erasures_of(*instance, self)) {
    erasures->start();
  }
  std::unique_ptr<Instance> instance;
  std::unique_ptr<Erasures> erasures;
};

class ErasureNetwork : public testing::Test {
 protected:
  ErasureNetwork() : hub_(erasures_of(*network_.hub, "aura")) { hub_->start(); }
  ~ErasureNetwork() override { hub_->stop(); }

  std::unique_ptr<Member> join(std::string_view self) {
    return std::make_unique<Member>(network_.join(self), self);
  }
  // Back on the directory that it had.
  std::unique_ptr<Member> return_of(std::string_view self) {
    auto instance = network_.node(self);
    EXPECT_TRUE(instance->start());
    EXPECT_TRUE(instance->reaches("aura", PeerState::live));
    return std::make_unique<Member>(std::move(instance), self);
  }
  ErasureReport report(DocumentId const& order) {
    auto const all = hub_->list();
    EXPECT_TRUE(all) << all.error().to_string();
    for (auto const& one : *all) {
      if (one.request.id == order) return one;
    }
    return {};
  }
  bool hub_sees(DocumentId const& order, std::vector<NodeName> const& waiting) {
    bool const seen = network_.hub->wait([&] {
      auto const now = report(order);
      return now.ordered && now.waiting == waiting;
    });
    for (auto const& receipt : report(order).receipts) EXPECT_EQ(receipt.problem, "");
    return seen;
  }
  void expect_no_file_holds(std::string const& canary) const {
    EXPECT_EQ(files_with(network_.folder.path(), canary), std::vector<std::string>{});
  }

  Network network_;
  std::unique_ptr<Erasures> hub_;
};

TEST_F(ErasureNetwork, an_order_is_obeyed_and_confirmed_by_all_and_no_file_holds_the_bytes) {
  auto const isere = join("isere");
  auto const savoie = join("savoie");
  auto const first = a_canary();
  auto const last = a_canary();
  auto const draft = isere->instance->write(ScopeId::office(name("isere")), first);
  ASSERT_TRUE(network_.hub->holds(draft, first));  // a feed tells the latest state alone
  isere->instance->write(draft.scope, last, draft);
  auto const published = isere->instance->write(ScopeId::published(name("isere")), last);
  ASSERT_TRUE(network_.hub->holds(draft, last));
  ASSERT_TRUE(savoie->instance->holds(published, last));
  EXPECT_GE(files_with(network_.folder.path(), last).size(), 3U) << "the search works";
  EXPECT_GE(files_with(network_.folder.path(), first).size(), 2U);

  auto const order = isere->erasures->request({draft, published}, {});
  ASSERT_TRUE(order) << order.error().to_string();
  ASSERT_TRUE(hub_sees(*order, {}));
  auto const done = report(*order);
  EXPECT_EQ(done.expected, (std::vector<NodeName>{name("aura"), name("isere"), name("savoie")}));
  EXPECT_EQ(done.receipts.size(), 3U);
  for (auto const& receipt : done.receipts) {
    EXPECT_TRUE(receipt.verified);
    EXPECT_EQ(receipt.says.erased, receipt.says.node == name("savoie") ? 1U : 2U);
    EXPECT_EQ(receipt.says.absent, receipt.says.node == name("savoie") ? 1U : 0U);
    EXPECT_GT(receipt.says.versions, 0U);
  }
  expect_no_file_holds(first);
  expect_no_file_holds(last);
  // Every replica of a scope holds the same stub.
  auto const print = [&](Instance const& at, sync::DocumentKey const& key) {
    return at.store->get(key).value()->fingerprint;
  };
  EXPECT_EQ(print(*isere->instance, published), print(*network_.hub, published));
  EXPECT_EQ(print(*savoie->instance, published), print(*network_.hub, published));
  EXPECT_EQ(print(*isere->instance, draft), print(*network_.hub, draft));
}

TEST_F(ErasureNetwork, a_node_erases_at_once_while_its_hub_is_away_and_the_order_follows) {
  auto const isere = join("isere");
  auto const canary = a_canary();
  auto const key = isere->instance->write(ScopeId::published(name("isere")), canary);
  ASSERT_TRUE(network_.hub->holds(key, canary));
  hub_.reset();
  network_.hub.reset();
  auto const order = isere->erasures->request({key}, {});
  ASSERT_TRUE(order);
  ASSERT_TRUE(isere->erasures->obey());
  EXPECT_EQ(files_with(network_.folder_of("isere"), canary), std::vector<std::string>{});
  EXPECT_NE(files_with(network_.folder_of("aura"), canary), std::vector<std::string>{});
  network_.restart_hub();
  hub_ = erasures_of(*network_.hub, "aura");
  hub_->start();
  ASSERT_TRUE(hub_sees(*order, {}));
  expect_no_file_holds(canary);
}

TEST_F(ErasureNetwork, a_node_restored_from_an_older_backup_obeys_again_and_says_so) {
  auto isere = join("isere");
  auto savoie = join("savoie");
  auto const canary = a_canary();
  auto const key = isere->instance->write(ScopeId::published(name("isere")), canary);
  ASSERT_TRUE(savoie->instance->holds(key, canary));
  savoie.reset();
  auto const folder = network_.folder_of("savoie");
  Folder const elsewhere;
  std::filesystem::copy(folder, elsewhere.path() / "backup",
                        std::filesystem::copy_options::recursive);
  savoie = return_of("savoie");
  auto const order = isere->erasures->request({key}, {});
  ASSERT_TRUE(order && hub_sees(*order, {}));
  savoie.reset();

  std::filesystem::remove_all(folder);
  std::filesystem::copy(elsewhere.path() / "backup", folder,
                        std::filesystem::copy_options::recursive);
  EXPECT_NE(files_with(folder, canary), std::vector<std::string>{}) << "the backup brings it back";
  {
    auto const opened = store::Store::open(folder / "store");
    ASSERT_TRUE(opened);
    ASSERT_TRUE((*opened)->renew_incarnation());  // as a restore does
  }
  savoie = return_of("savoie");
  ASSERT_TRUE(network_.hub->wait([&] {
    for (auto const& receipt : report(*order).receipts) {
      if (receipt.says.node == name("savoie") && receipt.says.issue == 2) return true;
    }
    return false;
  }));
  EXPECT_TRUE(hub_sees(*order, {}));
  expect_no_file_holds(canary);
}

TEST_F(ErasureNetwork, a_legal_hold_is_told_and_its_end_completes_the_order) {
  auto const isere = join("isere");
  auto const savoie = join("savoie");
  auto const canary = a_canary();
  auto const key = isere->instance->write(ScopeId::published(name("isere")), canary);
  ASSERT_TRUE(savoie->instance->holds(key, canary));
  ASSERT_TRUE(savoie->instance->store->hold(key, {from_unix_ms(5), "asked by a court"}));
  auto const order = isere->erasures->request({key}, {});
  ASSERT_TRUE(order && hub_sees(*order, {name("savoie")}));
  auto const held = [&] {
    for (auto const& receipt : report(*order).receipts) {
      if (receipt.says.node == name("savoie")) return receipt;
    }
    return ErasureReceipt{};
  };
  ASSERT_TRUE(network_.hub->wait([&] { return !held().says.held.empty(); }));
  EXPECT_EQ(held().says.held.front().reason, "asked by a court");
  EXPECT_FALSE(sync::is_alive(savoie->instance->store->get(key).value()->document));
  ASSERT_TRUE(savoie->instance->store->release_hold(key));
  ASSERT_TRUE(savoie->erasures->obey());
  ASSERT_TRUE(hub_sees(*order, {}));
  expect_no_file_holds(canary);
}

TEST_F(ErasureNetwork, nothing_is_confirmed_while_a_copy_of_the_files_is_left) {
  auto const isere = join("isere");
  auto const key = isere->instance->write(ScopeId::published(name("isere")), a_canary());
  isere->erasures->stop();
  bool left = true;
  auto const erasures = erasures_of(*isere->instance, "isere", [&left] { return !left; });
  auto const order = erasures->request({key}, {});
  ASSERT_TRUE(order && hub_sees(*order, {name("isere")}));
  ASSERT_TRUE(isere->instance->wait([&] {
    return isere->instance->store->get({ScopeId::network(name("aura")), *order})->has_value();
  }));
  auto round = erasures->obey();
  ASSERT_TRUE(round && round->again);
  EXPECT_TRUE(erasures->list()->front().receipts.empty());
  left = false;
  round = erasures->obey();
  ASSERT_TRUE(round);
  EXPECT_FALSE(round->again);
  EXPECT_EQ(erasures->list()->front().receipts.size(), 1U);
  EXPECT_TRUE(hub_sees(*order, {}));
}

TEST_F(ErasureNetwork, an_order_is_obeyed_and_proven_after_the_authority_that_signed_it_went) {
  auto isere = join("isere");
  auto savoie = join("savoie");
  auto const canary = a_canary();
  auto const key = isere->instance->write(ScopeId::published(name("isere")), canary);
  ASSERT_TRUE(savoie->instance->holds(key, canary));
  savoie.reset();  // away, with the bytes
  auto const order = isere->erasures->request({key}, {});
  ASSERT_TRUE(order && hub_sees(*order, {name("savoie")}));
  auto& hub = *network_.hub;
  ASSERT_TRUE(rotate_authority(hub.files(), name("aura"), hub.clock));
  hub.replication->authorities_changed();
  auto const retired = retire_authority(hub.files(), *hub.store, name("aura"), true, hub.clock);
  ASSERT_TRUE(retired && retired->done);
  hub.replication->authorities_changed();
  savoie = return_of("savoie");
  EXPECT_TRUE(hub_->obey());
  EXPECT_TRUE(hub_sees(*order, {})) << "receipts under the old authority count still";
  expect_no_file_holds(canary);
  auto const now = report(*order);
  EXPECT_EQ(now.receipts.size(), 3U);
  auto const roots = read_authorities(hub.files()).value().shown.roots();
  EXPECT_TRUE(net::verify(now.proof, roots, net::Role::hub, *now.ordered))
      << "signed again by the one that followed";
}

TEST_F(ErasureNetwork, an_order_that_the_hub_did_not_sign_is_not_obeyed) {
  auto const isere = join("isere");
  auto const key = isere->instance->write(ScopeId::published(name("isere")), "stays");
  ASSERT_TRUE(network_.hub->holds(key, "stays"));
  hub_->stop();
  sync::EraseRequest const forged{
      .id = DocumentId::make(network_.hub->clock.now(), isere->instance->rng),
      .node = name("isere"),
      .dot = {ReplicaId{1}, 1},
      .targets = {key}};
  auto const now = network_.hub->clock.now();
  // By a node's key, in the hub's name; it stands in the hub's scope all the same.
  net::Signer const thief(name("isere"), "none", isere->instance->files().credentials());
  auto const proof = thief.sign(sync::statement(sync::EraseOrder{forged, name("aura"), now}), now);
  ASSERT_TRUE(proof);
  ASSERT_TRUE(network_.hub->store->commit(
      {.now = now,
       .documents = {{.key = {ScopeId::network(name("aura")), forged.id},
                      .type = std::string(sync::kEraseOrderType),
                      .fields = {{std::string(sync::kStatementField), sync::encode(*proof)}}}}}));
  ASSERT_TRUE(isere->instance->wait([&] {
    return isere->instance->store->get({ScopeId::network(name("aura")), forged.id})->has_value();
  }));
  auto const round = isere->erasures->obey();
  ASSERT_TRUE(round);
  ASSERT_EQ(round->problems.size(), 1U);
  EXPECT_EQ(isere->instance->read(key), "stays");
}

TEST_F(ErasureNetwork, nobody_asks_for_what_is_not_his_nor_for_the_papers) {
  auto const isere = join("isere");
  auto const savoie = join("savoie");
  auto const key = isere->instance->write(ScopeId::published(name("isere")), "stays");
  ASSERT_TRUE(savoie->instance->holds(key, "stays"));
  EXPECT_EQ(savoie->erasures->request({key}, {}).error().code(), Code::denied);
  EXPECT_EQ(isere->erasures->request({{key.scope, DocumentId()}}, {}).error().code(),
            Code::not_found);
  auto const order = isere->erasures->request({key}, {});
  ASSERT_TRUE(order && hub_sees(*order, {}));
  EXPECT_EQ(isere->erasures->request({{ScopeId::office(name("isere")), *order}}, {}).error().code(),
            Code::denied);
}

}  // namespace
}  // namespace solidaires::replication
