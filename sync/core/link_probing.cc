#include "sync/core/link_probing.h"

#include <algorithm>
#include <utility>

#include "sync/base/limits.h"

namespace solidaires::sync {
namespace {

constexpr std::size_t kShownIds = 5;
constexpr std::size_t kUnansweredMax = 2 * limits::kProbesAtOnce;

Close broken(std::string detail) {
  return {CloseReason::protocol, Millis{0}, std::move(detail)};
}

void append(std::vector<DocumentId>& to, std::vector<DocumentId> const& from) {
  to.insert(to.end(), from.begin(), from.end());
}

std::vector<DocumentId> joined(std::vector<DocumentId> first, std::vector<DocumentId> const& rest) {
  append(first, rest);
  std::ranges::sort(first);
  first.erase(std::ranges::unique(first).begin(), first.end());
  return first;
}

std::vector<DocumentId> cut(std::vector<DocumentId> ids, std::size_t most) {
  if (ids.size() > most) ids.resize(most);
  return ids;
}

}  // namespace

void Probing::enable(ReplicaId peer, bool asks) {
  enabled_ = true;
  asks_ = asks;
  peer_ = peer;
}

void Probing::opened(ScopeId const& scope, Instant now) {
  if (!enabled_) return;
  auto const [at, added] = scopes_.try_emplace(scope);
  // A stream that begins again, for the right to it came back, ends where the last question about
  // it was refused: what stands still is due all the same.
  bool const is_due =
      added || (at->second.stage == Stage::idle && at->second.view.comparisons > 0 &&
                at->second.view.agreement == Agreement::unknown);
  // Not at once: the other end has only begun to read its feed, and would answer `moved`.
  if (asks_ && is_due) make_due(scope, at->second, now + limits::kProbeRetryMin);
  // The other end has its turn to catch up now: what it answered `moved` to until then is asked
  // soon.
  for (auto const& name : due_) {
    auto& waiting = scopes_.at(name);
    if (std::exchange(waiting.retry, Millis{0}) > Millis{0}) {
      waiting.not_before = std::min(waiting.not_before, now + limits::kProbeRetryMin);
    }
  }
}

void Probing::keep_only(Entitlement const& entitlement) {
  for (auto it = scopes_.begin(); it != scopes_.end();) {
    if (entitlement.may_send(it->first) || entitlement.may_receive(it->first)) {
      ++it;
      continue;
    }
    if (it->second.stage != Stage::idle) --running_;
    due_.erase(it->first);
    it = scopes_.erase(it);
  }
}

void Probing::demand(Instant now) {
  for (auto& [name, scope] : scopes_) {
    scope.fruitless = 0;
    scope.last_found.clear();
    make_due(name, scope, now);
  }
}

// A scope that changed since it was compared is compared again, once it rests; and every scope once
// a day. An answer that never came is asked for again.
void Probing::heartbeat(Instant now) {
  for (auto& [name, scope] : scopes_) {
    if (scope.stage != Stage::idle) {
      if (now >= scope.since + limits::kStallLimit) try_again(name, scope, now);
      continue;
    }
    if (!asks_ || scope.due) continue;
    auto const here = place_now(name);
    bool const old = now >= scope.view.checked_at + limits::kProbeAgain;
    // A little later: the same heartbeat tells of positions that moved over echoes.
    if (here && (old || here != scope.checked)) {
      make_due(name, scope, now + limits::kProbeRetryMin);
    }
  }
}

// ---- Where both ends are ----

std::optional<Probing::Place> Probing::place(ScopeId const& scope, Sequence head,
                                             Sequence cursor) const {
  using State = StreamRest::State;
  auto const out = sending_.rest(scope);
  auto const in = receiving_.rest(scope);
  if (out.state == State::none && in.state == State::none) return std::nullopt;
  Place place;
  if (out.state != State::none) {
    if (out.state != State::resting || out.here != head) return std::nullopt;
    place.head = head;
    place.anchor.sent = out.there;
  }
  if (in.state != State::none) {
    if (in.state != State::resting || in.here != cursor) return std::nullopt;
    place.anchor.received = cursor;
  }
  return place;
}

std::optional<Probing::Place> Probing::place_now(ScopeId const& scope) const {
  return place(scope, sending_.rest(scope).here, receiving_.rest(scope).here);
}

bool Probing::held(ScopeId const& scope) const {
  return sending_.rest(scope).state == StreamRest::State::held ||
         receiving_.rest(scope).state == StreamRest::State::held;
}

// ---- Stages ----

Probing::Scope* Probing::find(ScopeId const& scope, std::uint32_t serial, Stage stage) {
  auto const found = scopes_.find(scope);
  if (found == scopes_.end()) return nullptr;
  return found->second.serial == serial && found->second.stage == stage ? &found->second : nullptr;
}

void Probing::enter(Scope& scope, Stage stage, Instant now) {
  if (scope.stage == Stage::idle && stage != Stage::idle) ++running_;
  if (scope.stage != Stage::idle && stage == Stage::idle) --running_;
  scope.stage = stage;
  scope.since = now;
}

void Probing::make_due(ScopeId const& name, Scope& scope, Instant at) {
  scope.due = true;
  scope.not_before = at;
  due_.insert(name);
}

void Probing::try_again(ScopeId const& name, Scope& scope, Instant now) {
  enter(scope, Stage::idle, now);
  scope.retry = std::clamp<Millis>(2 * scope.retry, limits::kProbeRetryMin, limits::kHeartbeat);
  make_due(name, scope, now + scope.retry);
}

void Probing::settle(Scope& scope, Agreement agreement, Instant now) {
  enter(scope, Stage::idle, now);
  scope.running.reset();
  scope.retry = Millis{0};
  scope.checked = scope.place;
  scope.view.agreement = agreement;
  scope.view.checked_at = now;
  ++scope.view.comparisons;
  if (agreement != Agreement::equal) return;
  scope.last_found.clear();
  scope.fruitless = 0;
}

void Probing::pump(Instant now, Actions& out) {
  if (!enabled_ || due_.empty()) return;
  for (auto it = due_.begin(); it != due_.end() && running_ < limits::kProbesAtOnce;) {
    auto const& name = *it;
    auto& scope = scopes_.at(name);
    if (scope.stage != Stage::idle || scope.not_before > now) {
      ++it;
      continue;
    }
    if (!place_now(name)) {  // something is on its way: looked at again soon, which costs nothing
      scope.not_before = now + limits::kProbeRetryMin;
      ++it;
      continue;
    }
    scope.due = false;
    scope.running = std::make_unique<Comparison>();
    scope.serial = ++serials_;
    enter(scope, Stage::reading, now);
    out.tasks.emplace_back(ReadDigest{peer_, name, scope.serial, ReadDigest::Open{}});
    it = due_.erase(it);
  }
}

std::optional<Instant> Probing::due_at() const {
  std::optional<Instant> at;
  if (running_ >= limits::kProbesAtOnce) return at;
  for (auto const& name : due_) {
    auto const& scope = scopes_.at(name);
    if (scope.stage == Stage::idle && (!at || scope.not_before < *at)) at = scope.not_before;
  }
  return at;
}

// ---- Asking ----

void Probing::ask(ScopeId const& name, Scope& scope, Question question, Instant now, Actions& out) {
  scope.running->asked = question;
  scope.serial = ++serials_;
  enter(scope, Stage::asked, now);
  out.send.emplace_back(Probe{name, scope.serial, scope.place.anchor, std::move(question), {}});
}

Verdict Probing::digest_read(DigestRead read, Instant now, Actions& out) {
  if (!read.outcome && read.outcome.error().code() == Code::invalid) {
    return broken(read.outcome.error().message());
  }
  if (!read.outcome) {
    unreadable(read, now, out);
    return std::nullopt;
  }
  if (auto* given = std::get_if<Answer>(&*read.outcome)) {
    answer(read, std::move(*given), now, out);
    return std::nullopt;
  }
  auto* const scope = find(read.scope, read.serial, Stage::reading);
  if (scope == nullptr) return std::nullopt;
  auto const here = place(read.scope, read.head, read.cursor);
  bool const first = std::holds_alternative<Question>(*read.outcome);
  if (read.moved || !here || (!first && *here != scope->place)) {
    try_again(read.scope, *scope, now);
    return std::nullopt;
  }
  if (first) {
    auto& question = std::get<Question>(*read.outcome);
    scope->place = *here;
    scope->view.documents = question.whole->count;
    ask(read.scope, *scope, std::move(question), now, out);
  } else {
    take(read.scope, *scope, std::get<Findings>(std::move(*read.outcome)), now, out);
  }
  return std::nullopt;
}

// A store that cannot tell what it holds goes on exchanging documents; it proves nothing.
void Probing::unreadable(DigestRead const& read, Instant now, Actions& out) {
  out.notices.emplace_back(
      Remark{cat(read.scope.to_string(), " cannot be compared: ", read.outcome.error().message())});
  auto const asked = std::ranges::find_if(asked_, [&](Probe const& probe) {
    return probe.scope == read.scope && probe.serial == read.serial;
  });
  if (asked != asked_.end()) {
    asked_.erase(asked);
    out.send.emplace_back(ProbeReply{read.scope, read.serial, ProbeOutcome::refused, {}});
  } else if (auto* const scope = find(read.scope, read.serial, Stage::reading)) {
    settle(*scope, Agreement::unknown, now);
  }
}

Verdict Probing::reply(ProbeReply reply, Instant now, Actions& out) {
  if (!enabled_) return broken("a ProbeReply that nobody asked for");
  if (auto const valid = validate(reply.answer); !valid) return broken(valid.error().message());
  // Documents that were wanted do not come: what differs then is asked anew.
  if (auto* const mending = find(reply.scope, reply.serial, Stage::mending)) {
    mending->awaits_documents = false;
    mended(reply.scope, *mending, now);
    return std::nullopt;
  }
  auto* const scope = find(reply.scope, reply.serial, Stage::asked);
  if (scope == nullptr) return std::nullopt;  // given up meanwhile
  switch (reply.outcome) {
    case ProbeOutcome::equal:
      if (!scope->running->asked.whole) return broken("equal to a part says nothing of the whole");
      settle(*scope, Agreement::equal, now);
      break;
    case ProbeOutcome::differs:
      enter(*scope, Stage::reading, now);
      out.tasks.emplace_back(
          ReadDigest{peer_, reply.scope, scope->serial,
                     ReadDigest::Compare{scope->running->asked, std::move(reply.answer)}});
      break;
    case ProbeOutcome::moved: try_again(reply.scope, *scope, now); break;
    case ProbeOutcome::refused:
    case ProbeOutcome::other: settle(*scope, Agreement::unknown, now); break;
  }
  return std::nullopt;
}

void Probing::take(ScopeId const& name, Scope& scope, Findings found, Instant now, Actions& out) {
  auto& all = scope.running->found;
  append(all.only_here, found.only_here);
  append(all.only_there, found.only_there);
  append(all.different, found.different);
  auto const most = std::max(all.only_here.size(), all.only_there.size()) + all.different.size();
  if (!found.next.empty() && most < limits::kRepairDocuments &&
      ++scope.running->round < limits::kProbeRounds) {
    return ask(name, scope, std::move(found.next), now, out);
  }
  mend(name, scope, now, out);
}

// Sends what is missing there, and asks for what is missing here; what differs goes both ways, for
// neither copy need hold the other.
void Probing::mend(ScopeId const& name, Scope& scope, Instant now, Actions& out) {
  auto const& found = scope.running->found;
  auto const ids = joined(joined(found.only_here, found.only_there), found.different);
  bool const again = ids == scope.last_found;
  scope.fruitless = again ? scope.fruitless + 1 : 0;
  if (!again) scope.view.differences += ids.size();
  scope.last_found = ids;
  bool const may_send = sending_.rest(name).state != StreamRest::State::none;
  bool const may_take = receiving_.rest(name).state != StreamRest::State::none;
  auto push = may_send ? cut(joined(found.only_here, found.different), limits::kRepairDocuments)
                       : std::vector<DocumentId>();
  auto want = may_take ? cut(joined(found.only_there, found.different), limits::kRepairDocuments)
                       : std::vector<DocumentId>();
  bool const can = scope.fruitless < limits::kRepairAttempts && !(push.empty() && want.empty());
  if (!again || !can) {
    out.notices.emplace_back(Difference{name, found.only_here.size(), found.only_there.size(),
                                        found.different.size(), can, cut(ids, kShownIds)});
  }
  settle(scope, Agreement::differs, now);
  if (!can) return;
  enter(scope, Stage::mending, now);
  scope.view.repaired += push.size();
  scope.awaits_ack = !push.empty();
  scope.awaits_documents = !want.empty();
  if (!push.empty()) {
    ++reading_;
    out.tasks.emplace_back(ReadDocuments{name, std::move(push)});
  }
  if (!want.empty()) {
    scope.serial = ++serials_;
    out.send.emplace_back(Probe{name, scope.serial, scope.place.anchor, {}, std::move(want)});
  }
}

void Probing::mended(ScopeId const& name, Scope& scope, Instant now) {
  if (scope.stage != Stage::mending || scope.awaits_ack || scope.awaits_documents) return;
  enter(scope, Stage::idle, now);
  make_due(name, scope, now);
}

bool Probing::mends(ScopeId const& scope) const {
  auto const found = scopes_.find(scope);
  return found != scopes_.end() && found->second.stage == Stage::mending;
}

void Probing::repair_answered(ScopeId const& name, bool taken, Instant now) {
  auto const found = scopes_.find(name);
  if (found == scopes_.end() || found->second.stage != Stage::mending) return;
  if (!taken) found->second.fruitless = limits::kRepairAttempts;
  found->second.awaits_ack = false;
  mended(name, found->second, now);
}

// ---- Being asked ----

Verdict Probing::probe(Probe probe, Actions& out) {
  if (!enabled_) return broken("a Probe, which was not agreed on");
  if (auto const valid = validate(probe.question); !valid) return broken(valid.error().message());
  if (probe.question.empty() == probe.wants.empty()) return broken("a Probe of nothing");
  if (asked_.size() + reading_ >= kUnansweredMax) return broken("too many Probes at once");
  auto const name = probe.scope;
  if (!scopes_.contains(name) || held(name)) {
    out.send.emplace_back(ProbeReply{name, probe.serial, ProbeOutcome::refused, {}});
    return std::nullopt;
  }
  if (!probe.wants.empty()) return wanted(probe, out);
  if (!place_now(name)) {
    out.send.emplace_back(ProbeReply{name, probe.serial, ProbeOutcome::moved, {}});
    return std::nullopt;
  }
  out.tasks.emplace_back(ReadDigest{peer_, name, probe.serial, ReadDigest::Reply{probe.question}});
  asked_.push_back(std::move(probe));
  return std::nullopt;
}

Verdict Probing::wanted(Probe const& probe, Actions& out) {
  if (probe.wants.size() > limits::kRepairDocuments) return broken("too many documents wanted");
  if (sending_.rest(probe.scope).state == StreamRest::State::none) {
    out.send.emplace_back(ProbeReply{probe.scope, probe.serial, ProbeOutcome::refused, {}});
    return std::nullopt;
  }
  auto& view = scopes_.at(probe.scope).view;
  view.differences += probe.wants.size();
  view.repaired += probe.wants.size();
  view.agreement = Agreement::differs;
  out.notices.emplace_back(
      Difference{probe.scope, probe.wants.size(), 0, 0, true, cut(probe.wants, kShownIds)});
  ++reading_;
  out.tasks.emplace_back(ReadDocuments{probe.scope, probe.wants});
  return std::nullopt;
}

void Probing::answer(DigestRead const& read, Answer given, Instant now, Actions& out) {
  auto const asked = std::ranges::find_if(asked_, [&](Probe const& probe) {
    return probe.scope == read.scope && probe.serial == read.serial;
  });
  if (asked == asked_.end()) return;
  auto const probe = std::move(*asked);
  asked_.erase(asked);
  ProbeReply reply{read.scope, read.serial, ProbeOutcome::moved, {}};
  auto const here = place(read.scope, read.head, read.cursor);
  auto const found = scopes_.find(read.scope);
  bool const anchored = here && here->anchor.received == probe.anchor.sent &&
                        here->anchor.sent == probe.anchor.received;
  if (!read.moved && anchored && found != scopes_.end()) {
    reply.outcome = given.equal ? ProbeOutcome::equal : ProbeOutcome::differs;
    reply.answer = std::move(given);
    auto& scope = found->second;
    if (probe.question.whole && scope.stage == Stage::idle) {
      scope.place = *here;
      bool const equal = reply.outcome == ProbeOutcome::equal;
      if (equal) scope.view.documents = probe.question.whole->count;
      settle(scope, equal ? Agreement::equal : Agreement::differs, now);
    }
  }
  out.send.emplace_back(std::move(reply));
}

// ---- Documents ----

Verdict Probing::documents_read(DocumentsRead read, Actions& out) {
  if (reading_ > 0) --reading_;
  if (!read.documents) {
    return Close{CloseReason::storage, limits::kReconnectMax, read.documents.error().to_string()};
  }
  if (sending_.rest(read.scope).state == StreamRest::State::none) return std::nullopt;
  Batch batch;
  batch.scope = read.scope;
  batch.documents = *std::move(read.documents);
  batch.repair = true;
  out.send.emplace_back(std::move(batch));
  return std::nullopt;
}

void Probing::repair_received(Batch const& batch, Instant now, Actions& out) {
  auto const found = scopes_.find(batch.scope);
  if (found == scopes_.end()) return;
  auto& scope = found->second;
  scope.view.repaired += batch.documents.size();
  if (scope.stage == Stage::mending || batch.documents.empty()) return;
  scope.view.differences += batch.documents.size();
  scope.view.agreement = Agreement::differs;
  scope.view.checked_at = now;
  Difference difference{batch.scope, 0, batch.documents.size(), 0, true, {}};
  for (auto const& document : batch.documents) {
    if (difference.some.size() < kShownIds) difference.some.push_back(document.key.id);
  }
  out.notices.emplace_back(std::move(difference));
}

void Probing::repair_applied(BatchApplied const& applied, Instant now) {
  auto const found = scopes_.find(applied.scope);
  if (found == scopes_.end()) return;
  found->second.awaits_documents = false;
  mended(applied.scope, found->second, now);
}

std::vector<ProbeView> Probing::view() const {
  std::vector<ProbeView> views;
  views.reserve(scopes_.size());
  for (auto const& [name, scope] : scopes_) {
    auto view = scope.view;
    view.scope = name;
    view.due = scope.due || scope.stage != Stage::idle;
    view.proven = view.agreement == Agreement::equal && scope.checked == place_now(name);
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace solidaires::sync
