#include "sync/core/withdrawal.h"

#include <algorithm>

#include "sync/base/limits.h"

namespace solidaires::sync {

void Withdrawals::say(Entitlement const& entitlement, Actions& out) {
  if (!enabled_) return;
  // What is allowed again is not waited for any more, and may be withdrawn once more later.
  std::erase_if(said_,
                [&](ScopeId const& scope) { return !entitlement.withdrawn.contains(scope); });
  Withdraw withdraw;
  for (auto const& scope : entitlement.withdrawn) {
    if (said_.insert(scope).second) withdraw.scopes.push_back(scope);
  }
  if (!withdraw.scopes.empty()) out.send.emplace_back(std::move(withdraw));
}

void Withdrawals::confirmed(Withdrawn const& withdrawn, Actions& out) {
  ScopesWithdrawn notice;
  for (auto const& scope : withdrawn.scopes) {
    if (said_.contains(scope)) notice.scopes.push_back(scope);
  }
  if (!notice.scopes.empty()) out.notices.emplace_back(std::move(notice));
}

std::vector<ScopeId> Withdrawals::told(Withdraw const& withdraw, Entitlement const& entitlement,
                                       Actions& out) {
  std::vector<ScopeId> going;
  for (auto const& scope : withdraw.scopes) {
    if (drop(scope, entitlement, out)) {
      going.push_back(scope);
    } else {
      if (refused_.size() < limits::kSubscriptions) refused_.insert(scope);
      out.notices.emplace_back(
          Remark{cat("the hub withdraws ", scope.to_string(), ", which is not its to take")});
    }
  }
  return going;
}

std::vector<ScopeId> Withdrawals::reconsider(Entitlement const& entitlement, Actions& out) {
  std::vector<ScopeId> going;
  for (auto const& scope : refused_) {
    if (drop(scope, entitlement, out)) going.push_back(scope);
  }
  for (auto const& scope : going) refused_.erase(scope);
  return going;
}

// True also if it is being removed already.
bool Withdrawals::drop(ScopeId const& scope, Entitlement const& entitlement, Actions& out) {
  bool const passive = scope.kind() == ScopeKind::published && !entitlement.may_send(scope);
  bool const left = scope.kind() == ScopeKind::group && !entitlement.may_receive(scope);
  if (!passive && !left) return false;
  if (dropping_.insert(scope).second) out.tasks.emplace_back(DropScope{scope});
  return true;
}

Verdict Withdrawals::dropped(ScopeDropped const& dropped, Actions& out) {
  dropping_.erase(dropped.scope);
  if (!dropped.outcome) {
    return Close{CloseReason::storage, limits::kReconnectMax, dropped.outcome.error().to_string()};
  }
  out.send.emplace_back(Withdrawn{{dropped.scope}});
  return std::nullopt;
}

}  // namespace solidaires::sync
