// Scopes that the lower end of a link may not hold any more: the upper end says so, the lower end
// removes what it holds of them and confirms it. Part of LinkSession, in nobody else's hands.
#pragma once

#include "sync/core/link_sending.h"

namespace solidaires::sync {

class Withdrawals {
 public:
  // Both ends offered the feature, and the lower end is up. Until then nothing is said.
  void enable() { enabled_ = true; }
  [[nodiscard]] bool enabled() const { return enabled_; }

  // ---- The upper end ----

  // Says what the entitlement withdraws and was not said yet in this session.
  void say(Entitlement const& entitlement, Actions& out);
  void confirmed(Withdrawn const& withdrawn, Actions& out);

  // ---- The lower end ----

  // Which of the scopes go: those that flow down only. What is shared with the upper end, its own
  // scopes above all, nobody takes from it. Their streams have to end at once.
  [[nodiscard]] std::vector<ScopeId> told(Withdraw const& withdraw, Entitlement const& entitlement,
                                          Actions& out);
  // The own rights have changed: what was refused before may be the upper end's to take now, which
  // heard of it earlier.
  [[nodiscard]] std::vector<ScopeId> reconsider(Entitlement const& entitlement, Actions& out);
  void offered(ScopeId const& scope) { refused_.erase(scope); }
  [[nodiscard]] Verdict dropped(ScopeDropped const& dropped, Actions& out);
  // Being removed: no cursor may be read now, for it would outlive the documents.
  [[nodiscard]] bool is_dropping(ScopeId const& scope) const { return dropping_.contains(scope); }

 private:
  // False: nobody may take it from here.
  bool drop(ScopeId const& scope, Entitlement const& entitlement, Actions& out);

  bool enabled_ = false;
  std::set<ScopeId> said_;  // and neither confirmed nor allowed again
  std::set<ScopeId> dropping_;
  std::set<ScopeId> refused_;  // to be withdrawn, and not offered again since
};

}  // namespace solidaires::sync
