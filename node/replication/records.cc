#include "node/replication/records.h"

namespace solidaires::replication {

Result<std::optional<Found>> find_record(store::Store const& store, NodeName const& hub,
                                         NodeName const& node) {
  auto const view = store.view();
  store::TypeScan scan{.type = std::string(kNodeType), .scope = ScopeId::network(hub)};
  do {
    SOL_ASSIGN(auto const page, view.scan(scan));
    SOL_ASSIGN(auto const documents, view.get_many(page.keys));
    for (auto const& stored : documents) {
      auto const record = stored ? from_document(stored->document)
                                 : Result<NodeRecord>(fail(Code::not_found, "removed meanwhile"));
      if (record && record->name == node) return Found{stored->document, *record};
    }
    scan.position = page.next;
  } while (!scan.position.empty());
  return std::nullopt;
}

namespace {

// Code::conflict if the name belongs to a node elsewhere in the tree, as a hub above lists it.
Result<> check_free_above(store::Store const& store, NodeName const& hub, NodeName const& node) {
  auto const view = store.view();
  store::TypeScan scan{.type = std::string(kNodeType)};
  do {
    SOL_ASSIGN(auto const page, view.scan(scan));
    SOL_ASSIGN(auto const documents, view.get_many(page.keys));
    for (auto const& stored : documents) {
      auto const record = stored ? from_document(stored->document)
                                 : Result<NodeRecord>(fail(Code::not_found, "removed meanwhile"));
      if (!record || record->name != node || record->network == hub || record->parent == hub) {
        continue;
      }
      return fail(Code::conflict, cat("the name ", node.str(), " is taken in the network ",
                                      record->network.str(), ": choose another"));
    }
    scan.position = page.next;
  } while (!scan.position.empty());
  return {};
}

}  // namespace

Result<> put_record(store::Store& store, NodeName const& hub, NodeRecord record, Clock const& clock,
                    Rng& rng, std::vector<store::LocalEdit> local) {
  SOL_ASSIGN(auto const found, find_record(store, hub, record.name));
  store::Commit commit{
      .now = clock.now(), .author = std::string(kRegistryAuthor), .local = std::move(local)};
  store::DocumentEdit edit{.key = {}, .type = std::string(kNodeType)};
  if (found && !found->record.parent.empty()) {
    return fail(Code::conflict, cat("the name ", record.name.str(), " is that of a node of ",
                                    found->record.parent.str(), ": choose another"));
  }
  if (found) {
    record.has_nodes |= found->record.has_nodes;
    record.state = record.hub ? NodeState::active : found->record.state;
    record.enrolled_at = found->record.enrolled_at;
    if (record.roots.empty()) record.roots = found->record.roots;
    if (record.taking_back.empty()) record.taking_back = found->record.taking_back;
    edit.key = found->document.key;
    edit.fields = edits_for(record, &found->document);
  } else {
    SOL_TRY(check_free_above(store, hub, record.name));
    edit.key = {ScopeId::network(hub), DocumentId::make(commit.now, rng)};
    edit.fields = edits_for(record, nullptr);
    edit.presence = store::Presence::must_be_new;
    commit.local.push_back({.key = cat(kReservedPrefix, record.name.str()),
                            .value = Bytes(edit.key.id.bytes()),
                            .expect = store::LocalEdit::Expect::absent});
  }
  commit.documents.push_back(std::move(edit));
  SOL_TRY(store.commit(commit));
  return {};
}

Result<net::Authority> read_authority(StateFiles const& files) {
  auto text = net::read_secret_file(files.authority());
  if (!text && text.error().code() == Code::not_found) {
    return fail(Code::not_found, "this hub has not founded its network yet");
  }
  if (!text) return std::unexpected(std::move(text).error());
  return net::Authority::parse(*text);
}

}  // namespace solidaires::replication
