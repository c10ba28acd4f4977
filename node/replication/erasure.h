// Erasure over the network: requests become orders, orders are obeyed down to the files, receipts
// prove it (sync/PROTOCOL.md, "Erasure"). Everything is read from documents again each time, so
// that a crash, a restored backup or an order that comes twice change nothing. Any thread, except
// IO threads: it blocks on the disk.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "node/replication/registry.h"
#include "sync/base/rng.h"
#include "sync/core/erasure.h"
#include "sync/net/signing.h"

namespace solidaires::replication {

struct ErasureReceipt {
  sync::EraseReceipt says{};
  bool verified = false;
  std::string problem{};  // why not, for people; empty if verified
  sync::SignedStatement proof{};
};

struct ErasureReport {
  sync::EraseRequest request{};
  std::optional<Instant> ordered{};        // nullopt: no hub has made an order of it yet
  NodeName hub{};                          // whose order; empty if none
  sync::SignedStatement proof{};           // of the order
  std::vector<ErasureReceipt> receipts{};  // that are known here, by node
  std::vector<NodeName> expected{};        // who must confirm, as far as known here; sorted
  std::vector<NodeName> waiting{};         // of these: no verified receipt, or one that tells holds
  [[nodiscard]] std::size_t confirmed() const { return expected.size() - waiting.size(); }
};

// What one round of obeying left undone.
struct ErasureRound {
  bool again = false;  // something waits (for readers of older states, for keys): try later
  std::size_t purged = 0;
  std::vector<std::string> problems{};  // refused requests, orders that cannot be verified
};

class Erasures {
 public:
  // False while a copy of the store's files that an erasure does not reach lies in the data
  // directory: then nothing is confirmed.
  using NoCopyLeft = std::function<bool()>;

  // All references outlive it.
  Erasures(store::Store& store, NodeRegistry const& registry, Clock const& clock, Rng& rng,
           NodeName self, bool hub, net::Signer signer, NoCopyLeft no_copy_left = {});
  ~Erasures();

  // Keeps the request and makes stubs here, both durable when it returns; the files, the order and
  // the receipts are obey()'s. Code::denied: not this node's to erase; Code::not_found: none of it
  // is here. Returns the id of request and order.
  Result<DocumentId> request(std::vector<sync::DocumentKey> targets, sync::Objection objection);
  // One round: orders from requests (a hub), erasures from orders and own requests, files
  // rewritten, receipts. Done again it does nothing. Rounds of several threads take turns.
  Result<ErasureRound> obey();
  // Newest first.
  [[nodiscard]] Result<std::vector<ErasureReport>> list() const;

  // Obeys on a thread of its own: now, and whenever a commit brings something to obey.
  void start();
  void stop();

 private:
  struct Order {
    sync::EraseOrder order;
    sync::SignedStatement proof;
  };
  using Orders = std::vector<Order>;

  [[nodiscard]] Result<std::vector<sync::EraseRequest>> requests() const;
  [[nodiscard]] Result<Orders> orders(std::vector<std::string>* problems) const;
  [[nodiscard]] Result<std::optional<sync::SignedStatement>> signed_at(
      sync::DocumentKey const& key) const;
  [[nodiscard]] std::set<NodeName> members() const;
  [[nodiscard]] std::vector<NodeName> expected_for(sync::EraseRequest const& request) const;
  [[nodiscard]] ErasureReceipt judged(sync::SignedStatement proof, NodeName const& node,
                                      DocumentId const& order) const;

  Result<> issue_orders(ErasureRound& round);
  Result<> issue(sync::EraseRequest const& request);
  Result<> sign_again(Order const& order);
  Result<> erase(sync::EraseRequest const& request);
  Result<> purge(ErasureRound& round);
  Result<> confirm(Order const& order, ErasureRound& round);
  void run(std::stop_token const& stop);

  store::Store& store_;
  NodeRegistry const& registry_;
  Clock const& clock_;
  Rng& rng_;
  NodeName const self_;
  bool const hub_;
  net::Signer const signer_;
  NoCopyLeft const no_copy_left_;
  std::mutex round_;  // one at a time
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool due_ = true;
  store::Subscription commits_;
  std::jthread thread_;  // last: ends first
};

}  // namespace solidaires::replication
