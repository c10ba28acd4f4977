#include "node/replication/tree.h"

#include <set>

namespace solidaires::replication {
namespace {

constexpr std::string_view kAuthor = "network";

struct Found {
  sync::Document document;
  NodeRecord record;
};
using Records = std::map<NodeName, Found>;

Result<Records> read_records(store::Store const& store, std::string_view type,
                             ScopeId const& scope) {
  Records records;
  auto const view = store.view();
  store::TypeScan scan{.type = std::string(type), .scope = scope};
  do {
    SOL_ASSIGN(auto const page, view.scan(scan));
    SOL_ASSIGN(auto const documents, view.get_many(page.keys));
    for (auto const& stored : documents) {
      auto record = stored ? read_record(stored->document)
                           : Result<NodeRecord>(fail(Code::not_found, "removed meanwhile"));
      // Of two documents for one name the older counts, on every hub alike.
      if (record) records.try_emplace(record->name, Found{stored->document, *record});
    }
    scan.position = page.next;
  } while (!scan.position.empty());
  return records;
}

// One document at a time: what somebody else changes at the same moment is met by the next call.
class Writer {
 public:
  Writer(store::Store& store, std::string_view type, ScopeId scope, Clock const& clock, Rng& rng)
      : store_(store), type_(type), scope_(std::move(scope)), clock_(clock), rng_(rng) {}

  // `reserved`: the name is kept unique over the scope, as invitations keep it.
  Result<> put(NodeRecord const& record, Found const* existing, bool reserved) {
    store::Commit commit{.now = clock_.now(), .author = std::string(kAuthor)};
    store::DocumentEdit edit{.key = {}, .type = type_};
    edit.fields = edits_for(record, existing == nullptr ? nullptr : &existing->document);
    if (existing != nullptr) {
      edit.key = existing->document.key;
    } else {
      edit.key = {scope_, DocumentId::make(commit.now, rng_)};
      edit.presence = store::Presence::must_be_new;
      if (reserved) commit.local.push_back(reservation(record.name, &edit.key.id));
    }
    commit.documents.push_back(std::move(edit));
    SOL_TRY(store_.commit(commit));
    return {};
  }

  Result<> remove(Found const& existing, bool reserved) {
    store::Commit commit{.now = clock_.now(), .author = std::string(kAuthor)};
    commit.documents.push_back(
        {.key = existing.document.key,
         .fields = {{std::string(sync::kExistence), Bytes(sync::kDeleted)}}});
    if (reserved) commit.local.push_back(reservation(existing.record.name, nullptr));
    SOL_TRY(store_.commit(commit));
    return {};
  }

 private:
  static store::LocalEdit reservation(NodeName const& name, DocumentId const* id) {
    store::LocalEdit edit{.key = cat(kReservedPrefix, name.str())};
    if (id == nullptr) return edit;
    edit.value = Bytes(id->bytes());
    edit.expect = store::LocalEdit::Expect::absent;
    return edit;
  }

  store::Store& store_;
  std::string const type_;
  ScopeId const scope_;
  Clock const& clock_;
  Rng& rng_;
};

// An address becomes a link on people's pages: nothing else than the web's may come from below.
std::string web_address(std::string const& url) {
  return url.starts_with("https://") || url.starts_with("http://") ? url : std::string();
}

// What the hub above makes of an announced record.
NodeRecord as_entered(NodeRecord record, NodeName const& self, NodeName const& hub_below) {
  record.network = self;
  record.hub = false;
  if (record.parent.empty()) record.parent = hub_below;
  record.base_url = web_address(record.base_url);
  record.enrolled_at = {};
  return record;
}

// The announcements of one hub below that hang together: each leads to that hub over others that
// are hubs and announced too.
Records connected(Records const& announced, NodeName const& hub_below) {
  Records kept;
  std::set<NodeName> hubs{hub_below};
  for (bool is_growing = true; is_growing && kept.size() < kNodesBelowMax;) {
    is_growing = false;
    for (auto const& [name, found] : announced) {
      auto const above = found.record.parent.empty() ? hub_below : found.record.parent;
      if (kept.contains(name) || !hubs.contains(above) || kept.size() >= kNodesBelowMax) continue;
      kept.emplace(name, found);
      if (found.record.has_nodes) hubs.insert(name);
      is_growing = true;
    }
  }
  return kept;
}

// The direct node of `self` over which an entered record came; empty if its chain is broken.
NodeName branch_of(Records const& registry, NodeRecord record) {
  for (std::size_t steps = 0; steps <= registry.size(); ++steps) {
    if (record.parent.empty()) return record.name;
    auto const above = registry.find(record.parent);
    if (above == registry.end()) return {};
    record = above->second.record;
  }
  return {};
}

class Entering {
 public:
  Entering(store::Store& store, NodeName const& self, Clock const& clock, Rng& rng)
      : store_(store), self_(self), writer_(store, kNodeType, ScopeId::network(self), clock, rng) {}

  Result<std::vector<Declined>> run() {
    SOL_ASSIGN(registry_, read_records(store_, kNodeType, ScopeId::network(self_)));
    for (auto const& [name, found] : registry_)
      branches_[name] = branch_of(registry_, found.record);
    SOL_ASSIGN(auto const announced, read_announced());
    SOL_TRY(remove_the_gone(announced));
    for (auto const& [hub_below, records] : announced) {
      for (auto const& [name, found] : records) SOL_TRY(enter(found.record, hub_below));
    }
    return std::move(declined_);
  }

 private:
  Result<std::map<NodeName, Records>> read_announced() {
    std::map<NodeName, Records> announced;
    for (auto const& [name, found] : registry_) {
      auto const& record = found.record;
      if (record.hub || !record.parent.empty() || !record.has_nodes) continue;
      SOL_ASSIGN(auto const records, read_records(store_, kNodeBelowType, ScopeId::office(name)));
      announced[name] = connected(records, name);
    }
    return announced;
  }

  // First, so that a node which moves from one hub below to another is free to be entered again.
  Result<> remove_the_gone(std::map<NodeName, Records> const& announced) {
    for (auto at = registry_.begin(); at != registry_.end();) {
      auto const& [name, found] = *at;
      auto const by = announced.find(branches_[name]);
      bool const is_kept = found.record.hub || found.record.parent.empty() ||
                           (by != announced.end() && by->second.contains(name));
      if (is_kept) {
        ++at;
        continue;
      }
      SOL_TRY(writer_.remove(found, true));
      at = registry_.erase(at);
    }
    return {};
  }

  Result<> enter(NodeRecord const& announced, NodeName const& hub_below) {
    auto const record = as_entered(announced, self_, hub_below);
    auto const known = registry_.find(record.name);
    if (known == registry_.end()) {
      auto const outcome = writer_.put(record, nullptr, true);
      if (!outcome && outcome.error().code() == Code::conflict) {
        declined_.push_back({record.name, hub_below,
                             cat("the name ", record.name.str(), " is being given to another")});
        return {};
      }
      SOL_TRY(outcome);
      registry_.emplace(record.name, Found{{}, record});
      branches_[record.name] = hub_below;
      return {};
    }
    if (known->second.record.parent.empty() || branches_[record.name] != hub_below) {
      auto const& holder = branches_[record.name];
      declined_.push_back({record.name, hub_below,
                           cat("the name ", record.name.str(), " belongs to a node of ",
                               holder == record.name ? self_.str() : holder.str())});
      return {};
    }
    if (known->second.record == record) return {};
    return writer_.put(record, &known->second, true);
  }

  store::Store& store_;
  NodeName const& self_;
  Writer writer_;
  Records registry_;
  std::map<NodeName, NodeName> branches_;
  std::vector<Declined> declined_;
};

}  // namespace

bool concerns_tree(store::CommitNotice const& notice, NodeName const& self) {
  return std::ranges::any_of(notice.changes, [&](store::DocumentChange const& change) {
    auto const& scope = change.key().scope;
    return change.type() == kNodeBelowType ||
           (change.type() == kNodeType && scope == ScopeId::network(self));
  });
}

Result<> announce_below(store::Store& store, NodeName const& self, Clock const& clock, Rng& rng) {
  auto const office = ScopeId::office(self);
  SOL_ASSIGN(auto const registry, read_records(store, kNodeType, ScopeId::network(self)));
  SOL_ASSIGN(auto const announced, read_records(store, kNodeBelowType, office));
  Writer writer(store, kNodeBelowType, office, clock, rng);
  for (auto const& [name, found] : announced) {
    auto const known = registry.find(name);
    if (known == registry.end() || known->second.record.hub) SOL_TRY(writer.remove(found, false));
  }
  for (auto const& [name, found] : registry) {
    if (found.record.hub) continue;
    NodeRecord record = found.record;
    record.network = self;
    record.enrolled_at = {};
    auto const known = announced.find(name);
    bool const is_known = known != announced.end();
    if (is_known && known->second.record == record) continue;
    SOL_TRY(writer.put(record, is_known ? &known->second : nullptr, false));
  }
  return {};
}

Result<std::vector<Declined>> enter_announced(store::Store& store, NodeName const& self,
                                              Clock const& clock, Rng& rng) {
  return Entering(store, self, clock, rng).run();
}

}  // namespace solidaires::replication
