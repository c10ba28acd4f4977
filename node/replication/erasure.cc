#include "node/replication/erasure.h"

#include <algorithm>

#include "sync/base/log.h"

namespace solidaires::replication {
namespace {

constexpr std::string_view kAuthor = "erasure";
// After a round that left something undone; doubled each time, for each may rewrite files.
constexpr std::chrono::seconds kAgainAfter{1};
constexpr std::chrono::seconds kAgainAfterMax{60};

// Every living document of a type, in every scope that is held.
Result<std::vector<sync::Document>> all_of(store::View const& view, std::string_view type) {
  std::vector<sync::Document> found;
  store::TypeScan scan{.type = std::string(type)};
  do {
    SOL_ASSIGN(auto const page, view.scan(scan));
    SOL_ASSIGN(auto documents, view.get_many(page.keys));
    for (auto& stored : documents) {
      if (stored) found.push_back(std::move(stored->document));
    }
    scan.position = page.next;
  } while (!scan.position.empty());
  return found;
}

std::optional<sync::SignedStatement> proof_in(sync::Document const& document) {
  auto const bytes = sync::shown_value(document, sync::kStatementField);
  if (!bytes) return std::nullopt;
  auto proof = sync::read_signed(*bytes);
  return proof ? std::optional(*std::move(proof)) : std::nullopt;
}

bool is_due(store::CommitNotice const& notice) {
  return std::ranges::any_of(notice.changes, [](store::DocumentChange const& change) {
    return change.type() == sync::kEraseRequestType || change.type() == sync::kEraseOrderType ||
           (change.after && sync::is_erased(*change.after)) || !change.after;
  });
}

}  // namespace

Erasures::Erasures(store::Store& store, NodeRegistry const& registry, Clock const& clock, Rng& rng,
                   NodeName self, bool hub, net::Signer signer, NoCopyLeft no_copy_left)
    : store_(store),
      registry_(registry),
      clock_(clock),
      rng_(rng),
      self_(std::move(self)),
      hub_(hub),
      signer_(std::move(signer)),
      no_copy_left_(std::move(no_copy_left)) {}

Erasures::~Erasures() {
  stop();
}

void Erasures::start() {
  commits_ = store_.subscribe([this](store::CommitNotice const& notice) {
    if (!is_due(notice)) return;
    std::lock_guard const lock(mutex_);
    due_ = true;
    wake_.notify_all();
  });
  thread_ = std::jthread([this](std::stop_token const& stop) { run(stop); });
}

void Erasures::stop() {
  commits_.reset();
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Erasures::run(std::stop_token const& stop) {
  bool again = false;
  auto pause = kAgainAfter;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      if (again) {
        wake_.wait_for(lock, stop, pause, [this] { return due_; });
      } else {
        wake_.wait(lock, stop, [this] { return due_; });
      }
      due_ = false;
    }
    if (stop.stop_requested()) return;
    auto const round = obey();
    if (!round) log_error("erasure.failed", {{"reason", round.error().to_string()}});
    again = !round || round->again;
    pause = again ? std::min(2 * pause, kAgainAfterMax) : kAgainAfter;
    if (!round) continue;
    for (auto const& problem : round->problems) log_warning("erasure.problem", {{"what", problem}});
  }
}

Result<DocumentId> Erasures::request(std::vector<sync::DocumentKey> targets,
                                     sync::Objection objection) {
  std::ranges::sort(targets);
  auto const twins = std::ranges::unique(targets);
  targets.erase(twins.begin(), twins.end());
  auto const now = clock_.now();
  sync::EraseRequest request{.id = DocumentId::make(now, rng_),
                             .node = self_,
                             .at = now,
                             .targets = std::move(targets),
                             .objection = std::move(objection)};
  SOL_TRY(sync::check_rights(request, hub_ ? members() : std::set<NodeName>{}));
  bool any = false;
  for (auto const& key : request.targets) {
    SOL_ASSIGN(auto const stored, store_.get(key));
    if (stored && sync::is_paper_of_erasure(stored->document.type)) {
      return fail(Code::denied, "the papers of erasures are what proves them: they stay");
    }
    any = any || (stored && !sync::is_erased(stored->document));
  }
  if (!any) return fail(Code::not_found, "none of these documents is here, or all were erased");
  SOL_ASSIGN(auto const kept,
             store_.commit({.now = now,
                            .author = std::string(kAuthor),
                            .documents = {{.key = {ScopeId::office(self_), request.id},
                                           .type = std::string(sync::kEraseRequestType),
                                           .fields = {{std::string(sync::kStatementField),
                                                       sync::statement(request)}},
                                           .presence = store::Presence::must_be_new}}}));
  SOL_ASSIGN(request, sync::read_request(*kept.front().document));  // with the mark
  SOL_TRY(erase(request));
  log_info("erasure.requested", {{"order", request.id.to_string()},
                                 {"documents", request.targets.size()},
                                 {"digests", request.objection.digests.size()}});
  return request.id;
}

// The nodes of this hub's own network.
std::set<NodeName> Erasures::members() const {
  std::set<NodeName> names;
  for (auto const& node : registry_.nodes()) {
    if (node.network == self_) names.insert(node.name);
  }
  return names;
}

Result<std::vector<sync::EraseRequest>> Erasures::requests() const {
  SOL_ASSIGN(auto const documents, all_of(store_.view(), sync::kEraseRequestType));
  std::vector<sync::EraseRequest> found;
  for (auto const& document : documents) {
    if (auto request = sync::read_request(document)) found.push_back(*std::move(request));
  }
  return found;
}

// Those whose signature holds before the roots of this instance. Orders of a hub above the own one
// are signed in another network: the hub between makes its own of them.
Result<Erasures::Orders> Erasures::orders(std::vector<std::string>* problems) const {
  SOL_ASSIGN(auto const documents, all_of(store_.view(), sync::kEraseOrderType));
  Orders found;
  if (documents.empty()) return found;
  auto const roots = signer_.roots_ever();
  for (auto const& document : documents) {
    auto const refuse = [&](std::string const& why) {
      if (problems != nullptr) {
        problems->push_back(cat("order ", document.key.id.to_string(), ": ", why));
      }
    };
    auto proof = proof_in(document);
    auto order = proof ? sync::read_order(proof->statement)
                       : Result<sync::EraseOrder>(fail(Code::invalid, "it holds no order"));
    if (!order) {
      refuse(order.error().message());
      continue;
    }
    if (document.key.scope != ScopeId::network(order->hub) ||
        document.key.id != order->request.id) {
      refuse("it does not lie where it belongs");
      continue;
    }
    auto const signer = net::verify(*proof, roots, net::Role::hub, order->issued);
    if (!signer || signer->node != order->hub || signer->network != order->hub) {
      refuse(signer ? "it is not signed by the hub itself" : signer.error().message());
      continue;
    }
    found.push_back({*std::move(order), *std::move(proof)});
  }
  return found;
}

Result<> Erasures::issue(sync::EraseRequest const& request) {
  auto const now = clock_.now();
  auto proof = signer_.sign_as_hub(sync::statement(sync::EraseOrder{request, self_, now}), now);
  if (!proof && proof.error().code() == Code::not_found) return {};  // not founded yet
  if (!proof) return std::unexpected(std::move(proof).error());
  auto const done = store_.commit(
      {.now = now,
       .author = std::string(kAuthor),
       .documents = {{.key = {ScopeId::network(self_), request.id},
                      .type = std::string(sync::kEraseOrderType),
                      .fields = {{std::string(sync::kStatementField), sync::encode(*proof)}},
                      .presence = store::Presence::must_be_new}}});
  if (!done && done.error().code() != Code::conflict) return std::unexpected(done.error());
  log_info("erasure.ordered",
           {{"order", request.id.to_string()}, {"documents", request.targets.size()}});
  return {};
}

// When an authority was retired, those below know nobody any more who has signed its orders: they
// are signed again, with the same request, by the one that followed it.
Result<> Erasures::sign_again(Order const& order) {
  auto const now = clock_.now();
  if (net::verify(order.proof, signer_.roots(), net::Role::hub, order.order.issued)) return {};
  SOL_ASSIGN(
      auto const proof,
      signer_.sign_as_hub(sync::statement(sync::EraseOrder{order.order.request, self_, now}), now));
  SOL_TRY(store_.commit(
      {.now = now,
       .author = std::string(kAuthor),
       .documents = {{.key = {ScopeId::network(self_), order.order.request.id},
                      .type = std::string(sync::kEraseOrderType),
                      .fields = {{std::string(sync::kStatementField), sync::encode(proof)}},
                      .presence = store::Presence::must_exist}}}));
  log_info("erasure.ordered_again", {{"order", order.order.request.id.to_string()}});
  return {};
}

Result<> Erasures::issue_orders(ErasureRound& round) {
  if (!hub_) return {};
  SOL_ASSIGN(auto wanted, requests());
  // What a hub above ordered is ordered again here, under a signature that those below know.
  SOL_ASSIGN(auto const known, orders(nullptr));
  auto const nodes = members();
  std::erase_if(wanted, [&](sync::EraseRequest const& request) {
    auto const right =
        sync::check_rights(request, request.node == self_ ? nodes : std::set<NodeName>{});
    if (!right) {
      round.problems.push_back(
          cat("request ", request.id.to_string(), ": ", right.error().message()));
    }
    return !right;
  });
  for (auto const& order : known) {
    if (order.order.hub != self_) {
      wanted.push_back(order.order.request);
    } else {
      SOL_TRY(sign_again(order));
    }
  }
  for (auto const& request : wanted) {
    SOL_ASSIGN(auto const there, store_.get({ScopeId::network(self_), request.id}));
    if (!there) SOL_TRY(issue(request));
  }
  return {};
}

Result<> Erasures::erase(sync::EraseRequest const& request) {
  std::vector<sync::DocumentKey> missing;
  auto const view = store_.view();
  for (auto const& key : request.targets) {
    SOL_ASSIGN(bool const marked, view.is_marked(key));
    SOL_ASSIGN(auto const stored, view.get(key));
    // A stub of another order takes this mark too: all replicas must hold the same one.
    bool const done = !stored || sync::erased(stored->document, request.mark()) == stored->document;
    if (!marked || !done) missing.push_back(key);
  }
  if (missing.empty()) return {};
  return store_.erase(missing, request.mark());
}

Result<> Erasures::purge(ErasureRound& round) {
  std::size_t waiting = 0;
  SOL_ASSIGN(auto const erased, store_.view().erased());
  for (auto const& document : erased) waiting += document.purged ? 0 : 1;
  auto const done = store_.purge_erased();
  if (!done && done.error().code() == Code::busy) {
    round.again = true;
    return {};
  }
  SOL_TRY(done);
  round.purged = waiting;
  if (waiting > 0) log_info("erasure.purged", {{"documents", waiting}});
  return {};
}

Result<std::optional<sync::SignedStatement>> Erasures::signed_at(
    sync::DocumentKey const& key) const {
  SOL_ASSIGN(auto const stored, store_.get(key));
  if (!stored) return std::nullopt;
  return proof_in(stored->document);
}

// Writes the receipt of this instance, unless the one that is there still says what is so.
Result<> Erasures::confirm(Order const& order, ErasureRound& round) {
  auto const& request = order.order.request;
  auto const view = store_.view();
  sync::EraseReceipt receipt{.order = request.id,
                             .hub = order.order.hub,
                             .node = self_,
                             .replica = store_.replica(),
                             .at = clock_.now()};
  SOL_ASSIGN(auto const erased, view.erased());
  SOL_ASSIGN(auto const held, view.held());
  std::vector<sync::DocumentKey> told;
  for (auto const& key : request.targets) {
    if (auto const hold = std::ranges::find(held, key, &store::HeldDocument::key);
        hold != held.end() && hold->copy_kept) {
      receipt.held.push_back({key, hold->hold.since, hold->hold.reason});
    } else {
      SOL_ASSIGN(auto const stored, view.get(key));
      if (stored && !sync::is_erased(stored->document)) {
        round.problems.push_back(cat("order ", request.id.to_string(), ": a document stays"));
        return {};
      }
      stored ? ++receipt.erased : ++receipt.absent;
    }
    SOL_ASSIGN(bool const scope_due, view.is_scope_due(key.scope));
    if (scope_due) {
      round.again = true;
      return {};
    }
    auto const removed = std::ranges::find(erased, key, &store::ErasedHere::key);
    if (removed == erased.end()) continue;
    if (!removed->purged) {
      round.again = true;
      return {};
    }
    told.push_back(key);
    receipt.versions += removed->versions;
    receipt.history_entries += removed->history_entries;
  }
  sync::DocumentKey const place{ScopeId::office(self_), sync::receipt_id(request.id, self_)};
  SOL_ASSIGN(auto const earlier, signed_at(place));
  if (earlier) {
    auto const said = sync::read_receipt(earlier->statement);
    if (said && told.empty() && said->held == receipt.held) return {};
    if (said) receipt.issue = said->issue + 1;
  }
  auto const proof = signer_.sign(sync::statement(receipt), receipt.at);
  if (!proof && proof.error().code() == Code::not_found) {
    round.again = true;  // it can be signed once this node is enrolled
    return {};
  }
  SOL_TRY(proof);
  SOL_TRY(store_.commit(
      {.now = receipt.at,
       .author = std::string(kAuthor),
       .documents = {{.key = place,
                      .type = std::string(sync::kEraseReceiptType),
                      .fields = {{std::string(sync::kStatementField), sync::encode(*proof)}}}},
       .erasures_told = told}));
  log_info("erasure.confirmed", {{"order", request.id.to_string()},
                                 {"issue", receipt.issue},
                                 {"erased", receipt.erased},
                                 {"absent", receipt.absent},
                                 {"held", receipt.held.size()}});
  return {};
}

Result<ErasureRound> Erasures::obey() {
  std::lock_guard const turn(round_);
  ErasureRound round;
  SOL_TRY(issue_orders(round));
  SOL_ASSIGN(auto const known, orders(&round.problems));
  for (auto const& order : known) SOL_TRY(erase(order.order.request));
  // What this node asked for itself does not wait for the hub.
  SOL_ASSIGN(auto const wanted, requests());
  for (auto const& request : wanted) {
    if (request.node != self_) continue;
    if (sync::check_rights(request, hub_ ? members() : std::set<NodeName>{})) {
      SOL_TRY(erase(request));
    }
  }
  SOL_TRY(purge(round));
  if (no_copy_left_ && !no_copy_left_()) {
    round.again = true;
    return round;
  }
  for (auto const& order : known) SOL_TRY(confirm(order, round));
  return round;
}

std::vector<NodeName> Erasures::expected_for(sync::EraseRequest const& request) const {
  std::set<NodeName> names{self_};
  if (!hub_) return {self_};  // receipts flow up: of the others a node sees none
  std::set<NodeName> owners;
  bool published = false;
  for (auto const& key : request.targets) {
    published = published || key.scope.kind() == ScopeKind::published;
    if (auto const owner = NodeName::parse(key.scope.owner())) owners.insert(*owner);
  }
  for (auto const& node : registry_.nodes()) {
    if (node.enrolled_at == Instant{} && !node.hub) continue;  // it never held anything
    // Below a hub below: it confirms to that hub, under a certificate that is not known here.
    if (node.network != self_ || !node.parent.empty()) continue;
    auto const subscribes = [&](NodeName const& owner) {
      return node.every_public ||
             std::ranges::find(node.subscriptions, owner) != node.subscriptions.end();
    };
    if (node.hub || owners.contains(node.name) ||
        (published && std::ranges::any_of(owners, subscribes))) {
      names.insert(node.name);
    }
  }
  return {names.begin(), names.end()};
}

ErasureReceipt Erasures::judged(sync::SignedStatement proof, NodeName const& node,
                                DocumentId const& order) const {
  ErasureReceipt receipt{.proof = std::move(proof)};
  auto says = sync::read_receipt(receipt.proof.statement);
  if (!says) {
    receipt.problem = says.error().message();
    return receipt;
  }
  receipt.says = *std::move(says);
  auto const facts =
      net::verify(receipt.proof, signer_.roots_ever(), net::Role::node, receipt.says.at);
  if (!facts) {
    receipt.problem = facts.error().message();
  } else if (facts->node != node || receipt.says.node != node || receipt.says.order != order) {
    receipt.problem = "it is signed by another instance, or for another order";
  } else {
    receipt.verified = true;
  }
  return receipt;
}

Result<std::vector<ErasureReport>> Erasures::list() const {
  std::map<DocumentId, ErasureReport> reports;
  SOL_ASSIGN(auto const wanted, requests());
  for (auto const& request : wanted) reports[request.id].request = request;
  SOL_ASSIGN(auto const known, orders(nullptr));
  for (auto const& order : known) {
    auto& report = reports[order.order.request.id];
    // Of several hubs' orders, the own one, or that of the hub that is nearest.
    if (report.ordered && order.order.hub != self_) continue;
    report.request = order.order.request;
    report.ordered = order.order.issued;
    report.hub = order.order.hub;
    report.proof = order.proof;
  }
  auto const view = store_.view();
  SOL_ASSIGN(auto const receipts, all_of(view, sync::kEraseReceiptType));
  for (auto const& document : receipts) {
    auto proof = proof_in(document);
    auto const says = proof ? sync::read_receipt(proof->statement)
                            : Result<sync::EraseReceipt>(fail(Code::invalid, ""));
    auto const node = NodeName::parse(document.key.scope.owner());
    if (!says || !node || !reports.contains(says->order)) continue;
    reports[says->order].receipts.push_back(judged(*std::move(proof), *node, says->order));
  }
  std::vector<ErasureReport> list;
  for (auto& [id, report] : reports) {
    report.expected = expected_for(report.request);
    report.waiting = report.expected;
    for (auto const& receipt : report.receipts) {
      if (receipt.verified && receipt.says.held.empty()) {
        std::erase(report.waiting, receipt.says.node);
      }
    }
    std::ranges::sort(report.receipts, {},
                      [](ErasureReceipt const& receipt) { return receipt.says.node; });
    list.push_back(std::move(report));
  }
  std::ranges::sort(list, std::greater{},
                    [](ErasureReport const& report) { return report.request.at; });
  return list;
}

}  // namespace solidaires::replication
