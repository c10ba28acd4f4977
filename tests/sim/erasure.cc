// Erasures as node/replication obeys them, but that nothing is signed: a request becomes an order
// of every hub that holds it, an order a stub wherever it comes, a stub a receipt. And rights that
// come and go. Read from documents anew each time, so that crashes and backups change nothing.
#include <algorithm>

#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {
namespace {

constexpr std::size_t kObjectionBytes = 16;
constexpr std::size_t kSignatureBytes = 64;
// What was under way when a right ended may still be said and taken.
constexpr Millis kTimeToStop{30'000};

std::optional<SignedStatement> proof_in(Document const& document) {
  auto const value = shown_value(document, kStatementField);
  if (!value) return std::nullopt;
  auto proof = read_signed(*value);
  return proof ? std::optional(*std::move(proof)) : std::nullopt;
}

}  // namespace

// Of what lies in the own scopes of an instance that knows of erasures.
void World::request_erasure(Machine machine) {
  auto const& instance = instances_[machine];
  if (!instance.up || instance.passive || instance.told) return;
  if (instance.version == Version::previous) return;
  auto const& node = tree_.name(site_of(machine));
  std::vector<DocumentKey> keys;
  for (auto const& scope : {ScopeId::office(node), ScopeId::published(node)}) {
    for (auto const& [id, document] : held(machine, scope)) {
      if (document->type == kArticle && !is_erased(*document)) keys.push_back(document->key);
    }
  }
  if (keys.empty()) return;
  EraseRequest request;
  request.id = DocumentId::make(clock(machine), rng_);
  request.node = node;
  request.targets = {keys[rng_.below(keys.size())]};
  if (roll(30)) request.targets.push_back(keys[rng_.below(keys.size())]);
  std::ranges::sort(request.targets);
  auto const twins = std::ranges::unique(request.targets);
  request.targets.erase(twins.begin(), twins.end());
  request.objection = {rng_.bytes(kObjectionBytes), {rng_.bytes(kObjectionBytes)}};
  std::set<std::uint64_t> records;
  for (auto const& target : request.targets) {
    if (auto const record = record_of(*instance.store->find(target))) records.insert(*record);
  }
  for (auto const record : records) {
    request.objection.digests.push_back(objection_digest(request.objection.key, record));
  }
  DocumentKey const place{ScopeId::office(node), request.id};
  if (!write_paper(machine, place, kEraseRequestType, statement(request))) return;
  erasures_ = true;
  if (!records.empty()) objections_[place] = records;
  for (auto const& target : request.targets) oracle_.ask_erasure(target, place);
  if (roll(20)) instances_[some_site()].holds.try_emplace(request.targets.front());
  obey_later(machine);
}

bool World::write_paper(Machine machine, DocumentKey const& key, std::string_view type,
                        Bytes const& statement) {
  auto const* before = instances_[machine].store->find(key);
  std::vector<FieldEdit> const edits{{std::string(kExistence), Bytes(kAlive)},
                                     {std::string(kStatementField), statement}};
  return write_here(machine, key, edits, before != nullptr ? before->context : Context{}, type);
}

void World::obey_later(Machine machine) {
  if (!erasures_ || std::exchange(instances_[machine].obeys, true)) return;
  schedule_.in(between(0, 5'000), [this, machine] {
    if (machine >= instances_.size()) return;
    instances_[machine].obeys = false;
    instances_[machine].obeyed_at = schedule_.now();
    obey(machine);
  });
}

World::Papers World::papers_of(Machine machine) const {
  Papers papers;
  for (auto const& [key, stored] : instances_[machine].store->documents()) {
    auto const& document = stored.document;
    if (document.type == kEraseRequestType) {
      if (auto request = read_request(document)) papers.requests[key.id] = *std::move(request);
    } else if (document.type == kEraseOrderType) {
      auto const proof = proof_in(document);
      auto order = proof ? read_order(proof->statement)
                         : Result<EraseOrder>(fail(Code::invalid, "no order"));
      bool const in_place =
          order && key.scope == ScopeId::network(order->hub) && key.id == order->request.id;
      if (in_place) papers.orders.push_back(*std::move(order));
    }
  }
  return papers;
}

// Whatever fails, for the disk, is done at the next commit or restart.
void World::obey(Machine machine) {
  auto const& instance = instances_[machine];
  if (!instance.up || instance.passive || instance.told) return;
  if (instance.version == Version::previous) return;
  auto const& self = tree_.name(site_of(machine));
  auto papers = papers_of(machine);
  auto wanted = papers.requests;
  for (auto const& order : papers.orders) {
    if (order.hub != self) wanted.try_emplace(order.request.id, order.request);
  }
  for (auto const& [id, request] : wanted) {
    DocumentKey const place{ScopeId::network(self), id};
    if (!tree_.has_children(site_of(machine)) || instance.store->find(place) != nullptr) continue;
    if (!check_rights(request, {})) continue;
    SignedStatement const proof{
        statement(EraseOrder{request, self, clock(machine)}), Bytes(kSignatureBytes, 's'), {}};
    if (!write_paper(machine, place, kEraseOrderType, encode(proof))) return obey_later(machine);
  }
  for (auto const& order : papers.orders) {
    if (!erase_here(machine, order.request)) return obey_later(machine);
  }
  for (auto const& [id, request] : papers.requests) {
    if (request.node == self && !erase_here(machine, request)) return obey_later(machine);
  }
  for (auto const& order : papers.orders) confirm(machine, order);
}

bool World::erase_here(Machine machine, EraseRequest const& request) {
  auto& instance = instances_[machine];
  bool due = false;
  for (auto const& key : request.targets) {
    auto const* document = instance.store->find(key);
    due = due || !instance.store->is_marked(key) ||
          (document != nullptr && erased(*document, request.mark()) != *document);
    auto const hold = instance.holds.find(key);
    bool const keep = hold != instance.holds.end() && !hold->second;
    if (keep && document != nullptr && !is_erased(*document)) hold->second = *document;
  }
  if (!due) return true;
  auto const done = instance.store->erase(request.targets, request.mark());
  if (done) {
    say(cat("erase ", machine, ' ', request.id.short_id(), ' ', *done));
  } else if (done.error().code() == Code::corrupt && !instance.suspect) {
    violate(cat("identity: an order stands on a write that ", tree_.name(site_of(machine)).str(),
                " does not have"));
  }
  return done.has_value();
}

std::optional<EraseReceipt> World::receipt_of(Machine machine, DocumentId order) const {
  auto const& node = tree_.name(site_of(machine));
  auto const* document =
      instances_[machine].store->find({ScopeId::office(node), receipt_id(order, node)});
  auto const proof = document != nullptr ? proof_in(*document) : std::nullopt;
  auto receipt = proof ? read_receipt(proof->statement)
                       : Result<EraseReceipt>(fail(Code::not_found, "no receipt"));
  return receipt ? std::optional(*std::move(receipt)) : std::nullopt;
}

void World::confirm(Machine machine, EraseOrder const& order) {
  auto const& instance = instances_[machine];
  auto const& request = order.request;
  auto const& self = tree_.name(site_of(machine));
  EraseReceipt receipt{.order = request.id,
                       .hub = order.hub,
                       .node = self,
                       .replica = instance.store->replica(),
                       .at = clock(machine)};
  for (auto const& key : request.targets) {
    auto const* document = instance.store->find(key);
    if (document != nullptr && !is_erased(*document)) {
      return violate(cat("erasure: ", self.str(), " confirms what it has not done"));
    }
    auto const hold = instance.holds.find(key);
    if (hold != instance.holds.end() && hold->second) {
      receipt.held.push_back({key, receipt.at, "a trial"});
    } else {
      document != nullptr ? ++receipt.erased : ++receipt.absent;
    }
  }
  if (auto const earlier = receipt_of(machine, request.id)) {
    if (earlier->held.size() == receipt.held.size()) return;
    receipt.issue = earlier->issue + 1;
  }
  SignedStatement const proof{statement(receipt), Bytes(kSignatureBytes, 's'), {}};
  if (!write_paper(machine, {ScopeId::office(self), receipt_id(request.id, self)},
                   kEraseReceiptType, encode(proof))) {
    obey_later(machine);
  }
}

// Whoever knows of erasures and holds an order has confirmed it, and the receipt is at the top.
std::optional<std::string> World::unconfirmed() {
  for (Machine machine = 0; machine < tree_.size(); ++machine) {
    auto const& instance = instances_[machine];
    if (instance.version == Version::previous || instance.passive) continue;
    auto const& node = tree_.name(machine);
    for (auto const& order : papers_of(machine).orders) {
      auto const& request = order.request;
      auto const receipt = receipt_of(machine, request.id);
      if (!receipt) return cat("erasure: no receipt of ", node.str());
      if (receipt->erased + receipt->absent + receipt->held.size() != request.targets.size()) {
        return cat("erasure: a receipt of ", node.str(), " does not add up");
      }
      DocumentKey const place{ScopeId::office(node), receipt_id(request.id, node)};
      if (instances_[0].store->find(place) == nullptr)
        return "erasure: a receipt is not at the top";
      if (request.objection.digests.empty()) return "erasure: an objection was lost";
    }
  }
  return std::nullopt;
}

// ---- Rights ----

void World::change_rights() {
  auto const reader = some_site();
  auto const other = some_site();
  if (reader == other) return;
  auto const scope = ScopeId::published(tree_.name(other));
  std::vector<bool> before;
  for (Site site = 0; site < tree_.size(); ++site) before.push_back(tree_.holds(site, scope));
  tree_.toggle(reader, other);
  say(cat("rights ", reader, ' ', scope.to_string()));
  for (Site site = 0; site < tree_.size(); ++site) {
    shaky_.emplace(site, scope);  // whoever has not joined yet counts for holds(), not for rights
    if (before[site] == tree_.holds(site, scope)) continue;
    lost_rights_[{site, scope}] = schedule_.now();
  }
  update_entitlements();
}

bool World::may_hold(Site site, ScopeId const& scope) const {
  if (tree_.holds(site, scope)) return true;
  auto const lost = lost_rights_.find({site, scope});
  return lost != lost_rights_.end() && schedule_.now() < lost->second + kTimeToStop;
}

}  // namespace solidaires::sync::sim
