#include "node/replication/withdrawals.h"

#include <algorithm>

#include "node/replication/entitlements.h"

namespace solidaires::replication {
namespace {

constexpr std::string_view kPrefix = "withdrawn/";
constexpr std::size_t kPage = 1'000;

Bytes key_of(NodeName const& node, ScopeId const& scope) {
  return cat(kPrefix, node.str(), '/', scope.to_string());
}

// Whose public scopes may lie at `node` or below it, as entitlement_of_child() has it.
std::set<NodeName> allowed(NodeName const& self, NodeRecord const& node,
                           std::vector<NodeRecord> const& nodes) {
  auto const subtree = subtree_of(self, node.name, nodes);
  auto names = subtree;
  for (auto const& one : nodes) {
    if (one.network != self || one.hub || !subtree.contains(one.name)) continue;
    names.insert(one.subscriptions.begin(), one.subscriptions.end());
    if (!one.every_public) continue;
    for (auto const& other : nodes) names.insert(other.name);
  }
  return names;
}

}  // namespace

Result<> WithdrawalRecords::load(Instant now) {
  std::set<Bytes> found;
  auto const view = store_.view();
  for (bool more = true; more;) {
    SOL_ASSIGN(auto const page,
               view.local_scan(kPrefix, now, kPage, found.empty() ? Bytes() : *found.rbegin()));
    for (auto const& item : page) found.insert(item.key);
    more = page.size() == kPage;
  }
  std::lock_guard const lock(mutex_);
  confirmed_ = std::move(found);
  return {};
}

bool WithdrawalRecords::is_confirmed(NodeName const& node, ScopeId const& scope) const {
  std::lock_guard const lock(mutex_);
  return confirmed_.contains(key_of(node, scope));
}

Result<> WithdrawalRecords::keep(NodeName const& peer, std::vector<ScopeId> const& scopes,
                                 Instant now) {
  store::Commit commit{.now = now};
  for (auto const& scope : scopes) {
    if (is_confirmed(peer, scope)) continue;  // it says so in every session
    commit.local.push_back({.key = key_of(peer, scope), .value = std::to_string(to_unix_ms(now))});
  }
  if (commit.local.empty()) return {};
  SOL_TRY(store_.commit(commit));
  std::lock_guard const lock(mutex_);
  for (auto const& edit : commit.local) confirmed_.insert(edit.key);
  return {};
}

Result<> WithdrawalRecords::forget_regained(std::vector<NodeRecord> const& nodes, Instant now) {
  store::Commit commit{.now = now};
  for (auto const& node : nodes) {
    if (!is_below(node)) continue;
    for (auto const& owner : allowed(self_, node, nodes)) {
      auto const scope = ScopeId::published(owner);
      if (!is_confirmed(node.name, scope)) continue;
      commit.local.push_back({.key = key_of(node.name, scope), .value = std::nullopt});
    }
  }
  if (commit.local.empty()) return {};
  SOL_TRY(store_.commit(commit));
  std::lock_guard const lock(mutex_);
  for (auto const& edit : commit.local) confirmed_.erase(edit.key);
  return {};
}

std::vector<ScopeId> WithdrawalRecords::open(NodeRecord const& node,
                                             std::vector<NodeRecord> const& nodes) const {
  std::vector<ScopeId> open;
  // A node that never was enrolled holds nothing.
  if (!is_below(node) || node.enrolled_at == Instant{}) return open;
  auto const names = allowed(self_, node, nodes);
  for (auto const& other : nodes) {
    auto scope = ScopeId::published(other.name);
    if (!names.contains(other.name) && !is_confirmed(node.name, scope)) {
      open.push_back(std::move(scope));
    }
  }
  std::ranges::sort(open);
  return open;
}

}  // namespace solidaires::replication
