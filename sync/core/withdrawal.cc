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
    bool const passive = scope.kind() == ScopeKind::published && !entitlement.may_send(scope);
    bool const left = scope.kind() == ScopeKind::group && !entitlement.may_receive(scope);
    if (!passive && !left) {
      out.notices.emplace_back(
          Remark{cat("the hub withdraws ", scope.to_string(), ", which is not its to take")});
    } else if (dropping_.insert(scope).second) {
      going.push_back(scope);
      out.tasks.emplace_back(DropScope{scope});
    }
  }
  return going;
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
