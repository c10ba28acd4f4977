#include "node/replication/registry.h"

#include "schema/value.h"

namespace solidaires::replication {
namespace {

constexpr std::string_view kTerritory = "territory/";
constexpr std::string_view kSubscriptions = "subscriptions/";
constexpr std::string_view kRoots = "roots/";
constexpr std::string_view kTakingBack = "taking_back/";

void set(std::vector<sync::FieldEdit>& edits, std::string_view field, schema::Value const& value) {
  edits.push_back({std::string(field), schema::encode(value)});
}

template <class T>
std::optional<T> get(sync::Document const& document, std::string_view field) {
  auto const bytes = sync::shown_value(document, field);
  if (!bytes) return std::nullopt;
  auto const value = schema::decode(*bytes);
  auto const* typed = std::get_if<T>(&value);
  return typed == nullptr ? std::nullopt : std::optional<T>(*typed);
}

// The elements of a set: the tails of the keys that begin with `prefix` and show a value.
std::vector<std::string> elements(sync::Document const& document, std::string_view prefix) {
  std::vector<std::string> found;
  for (auto at = document.fields.lower_bound(prefix);
       at != document.fields.end() && at->first.starts_with(prefix); ++at) {
    if (sync::shown_value(document, at->first)) found.push_back(at->first.substr(prefix.size()));
  }
  return found;
}

NodeState state_of(std::string_view text) {
  if (text == "active") return NodeState::active;
  // A state of a later version is treated as the strictest one.
  return text == "invited" ? NodeState::invited : NodeState::suspended;
}

// How far the hub that wrote the record is from the instance that it describes.
int distance_of(NodeRecord const& record) {
  if (record.hub) return 0;
  return record.parent.empty() ? 1 : 2;
}

using ByName = std::map<NodeName, NodeRecord const*>;

// True if the node, and every hub between it and the one whose registry this is, delegates.
bool delegates_up(NodeRecord const& node, ByName const& registry) {
  auto const* record = &node;
  for (std::size_t steps = 0; steps <= registry.size() && record->delegates_moderation; ++steps) {
    if (record->parent.empty()) return true;
    auto const above = registry.find(record->parent);
    if (above == registry.end()) return false;
    record = above->second;
  }
  return false;
}

}  // namespace

std::string_view node_state_name(NodeState state) noexcept {
  switch (state) {
    case NodeState::invited: return "invited";
    case NodeState::active: return "active";
    case NodeState::suspended: return "suspended";
  }
  return "suspended";
}

std::vector<sync::FieldEdit> edits_for(NodeRecord const& record, sync::Document const* existing) {
  std::vector<sync::FieldEdit> edits;
  edits.push_back({std::string(sync::kExistence), Bytes(sync::kAlive)});
  set(edits, "name", record.name.str());
  set(edits, "title", record.title);
  set(edits, "base_url", record.base_url);
  set(edits, "hub", record.hub);
  set(edits, "every_public", record.every_public);
  set(edits, "delegates_moderation", record.delegates_moderation);
  set(edits, "state", std::string(node_state_name(record.state)));
  if (record.enrolled_at != Instant{}) set(edits, "enrolled_at", to_unix_ms(record.enrolled_at));
  bool const is_known = existing != nullptr;
  if (record.has_nodes || (is_known && existing->fields.contains("has_nodes"))) {
    set(edits, "has_nodes", record.has_nodes);
  }
  if (!record.parent.empty() || (is_known && existing->fields.contains("parent"))) {
    set(edits, "parent", record.parent.str());
  }
  std::vector<std::string> kept;
  for (auto const& code : record.territory) kept.push_back(cat(kTerritory, code));
  for (auto const& node : record.subscriptions) kept.push_back(cat(kSubscriptions, node.str()));
  for (auto const& node : record.taking_back) kept.push_back(cat(kTakingBack, node.str()));
  for (auto const& root : record.roots) kept.push_back(cat(kRoots, root));
  for (auto const& key : kept) set(edits, key, schema::Present{});
  if (existing == nullptr) return edits;
  for (auto const& prefix : {kTerritory, kSubscriptions, kRoots, kTakingBack}) {
    for (auto const& element : elements(*existing, prefix)) {
      auto key = cat(prefix, element);
      if (std::ranges::find(kept, key) == kept.end())
        edits.push_back({std::move(key), std::nullopt});
    }
  }
  return edits;
}

Result<NodeRecord> from_document(sync::Document const& document) {
  if (document.key.scope.kind() != ScopeKind::network) {
    return fail(Code::corrupt, "not a record of a network");
  }
  return read_record(document);
}

Result<NodeRecord> read_record(sync::Document const& document) {
  if (!sync::is_alive(document)) return fail(Code::corrupt, "not a living record");
  NodeRecord record;
  SOL_ASSIGN(record.network, NodeName::parse(document.key.scope.owner()));
  SOL_ASSIGN(record.name, NodeName::parse(get<std::string>(document, "name").value_or("")));
  record.title = get<std::string>(document, "title").value_or(record.name.str());
  record.base_url = get<std::string>(document, "base_url").value_or("");
  record.territory = elements(document, kTerritory);
  record.hub = get<bool>(document, "hub").value_or(false);
  record.every_public = get<bool>(document, "every_public").value_or(false);
  for (auto const& element : elements(document, kSubscriptions)) {
    if (auto node = NodeName::parse(element)) record.subscriptions.push_back(*std::move(node));
  }
  for (auto const& element : elements(document, kTakingBack)) {
    if (auto node = NodeName::parse(element)) record.taking_back.push_back(*std::move(node));
  }
  record.roots = elements(document, kRoots);
  record.delegates_moderation = get<bool>(document, "delegates_moderation").value_or(false);
  record.state = state_of(get<std::string>(document, "state").value_or(""));
  record.enrolled_at = from_unix_ms(get<std::int64_t>(document, "enrolled_at").value_or(0));
  record.has_nodes = get<bool>(document, "has_nodes").value_or(false);
  record.parent =
      NodeName::parse(get<std::string>(document, "parent").value_or("")).value_or(NodeName{});
  return record;
}

std::vector<NodeRecord> each_once(std::vector<NodeRecord> const& records, NodeName const& self) {
  ByName own;
  std::map<NodeName, NodeRecord> nearest;
  for (auto const& record : records) {
    if (record.network == self) own.emplace(record.name, &record);
    auto const [at, is_first] = nearest.try_emplace(record.name, record);
    if (!is_first && distance_of(record) < distance_of(at->second)) at->second = record;
  }
  std::vector<NodeRecord> found;
  for (auto& [name, record] : nearest) {
    record.delegates_moderation = record.network == self && delegates_up(record, own);
    found.push_back(std::move(record));
  }
  return found;
}

Result<std::unique_ptr<NodeRegistry>> NodeRegistry::open(store::Store& store,
                                                         std::function<void()> changed) {
  std::unique_ptr<NodeRegistry> registry(new NodeRegistry(std::move(changed)));
  SOL_TRY(registry->load(store));
  return registry;
}

Result<> NodeRegistry::load(store::Store& store) {
  // The lock makes notices wait, so that what is read here never replaces what is newer.
  std::lock_guard const lock(mutex_);
  subscription_ = store.subscribe([this](store::CommitNotice const& notice) {
    bool is_changed = false;
    {
      std::lock_guard const notice_lock(mutex_);
      for (auto const& change : notice.changes) is_changed |= take(change);
    }
    if (is_changed && changed_) changed_();
  });
  auto const view = store.view();
  store::TypeScan scan{.type = std::string(kNodeType)};
  do {
    SOL_ASSIGN(auto const page, view.scan(scan));
    SOL_ASSIGN(auto const documents, view.get_many(page.keys));
    for (auto const& stored : documents) {
      if (!stored) continue;
      if (auto record = from_document(stored->document)) {
        records_[stored->document.key.id] = *std::move(record);
      }
    }
    scan.position = page.next;
  } while (!scan.position.empty());
  return {};
}

bool NodeRegistry::take(store::DocumentChange const& change) {
  if (change.type() != kNodeType || change.key().scope.kind() != ScopeKind::network) return false;
  auto record = change.after ? from_document(*change.after)
                             : Result<NodeRecord>(fail(Code::not_found, "removed"));
  if (record) {
    records_[change.key().id] = *std::move(record);
  } else {
    records_.erase(change.key().id);
  }
  return true;
}

std::vector<NodeRecord> NodeRegistry::nodes() const {
  std::vector<NodeRecord> found;
  {
    std::lock_guard const lock(mutex_);
    for (auto const& [id, record] : records_) found.push_back(record);
  }
  std::ranges::sort(
      found, {}, [](NodeRecord const& record) { return std::pair(record.network, record.name); });
  return found;
}

std::optional<NodeRecord> NodeRegistry::find(NodeName const& network, NodeName const& name) const {
  std::lock_guard const lock(mutex_);
  for (auto const& [id, record] : records_) {
    if (record.network == network && record.name == name) return record;
  }
  return std::nullopt;
}

std::optional<NodeRecord> NodeRegistry::find(NodeName const& name) const {
  std::lock_guard const lock(mutex_);
  std::optional<NodeRecord> nearest;
  for (auto const& [id, record] : records_) {
    if (record.name != name) continue;
    if (!nearest || distance_of(record) < distance_of(*nearest)) nearest = record;
  }
  return nearest;
}

}  // namespace solidaires::replication
