#include "node/replication/network.h"

#include <system_error>

#include "sync/base/log.h"

namespace solidaires::replication {
namespace {

constexpr std::string_view kAuthor = "network";
constexpr std::string_view kTokenPrefix = "enrolment/";
constexpr char kUnused = 'u';
constexpr char kUsed = 'x';

struct Found {
  sync::Document document;
  NodeRecord record;
};

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

// Writes a record, new or not. Two that create the same name at once meet in the reservation.
Result<> put_record(store::Store& store, NodeName const& hub, NodeRecord record, Clock const& clock,
                    Rng& rng, std::vector<store::LocalEdit> local) {
  SOL_ASSIGN(auto const found, find_record(store, hub, record.name));
  store::Commit commit{
      .now = clock.now(), .author = std::string(kAuthor), .local = std::move(local)};
  store::DocumentEdit edit{.key = {}, .type = std::string(kNodeType)};
  if (found && !found->record.parent.empty()) {
    return fail(Code::conflict, cat("the name ", record.name.str(), " is that of a node of ",
                                    found->record.parent.str(), ": choose another"));
  }
  if (found) {
    record.has_nodes |= found->record.has_nodes;
    record.state = record.hub ? NodeState::active : found->record.state;
    record.enrolled_at = found->record.enrolled_at;
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

// Seconds, as certificates have them.
Instant to_second(Instant at) {
  return std::chrono::floor<std::chrono::seconds>(at);
}

}  // namespace

Result<> create_network(StateFiles const& files, store::Store& store, NodeRecord const& hub,
                        Clock const& clock, Rng& rng) {
  auto authority = read_authority(files);
  if (!authority && authority.error().code() == Code::not_found) {
    SOL_ASSIGN(auto const created, net::Authority::create(hub.name, clock.now()));
    SOL_TRY(net::write_secret_file(files.authority(), created.to_pem()));
  } else if (!authority) {
    return std::unexpected(std::move(authority).error());
  } else if (authority->network() != hub.name) {
    return fail(Code::conflict, cat("the authority in ", files.authority().string(), " is that of ",
                                    authority->network().str()));
  }
  NodeRecord record = hub;
  record.hub = true;
  record.state = NodeState::active;
  return put_record(store, hub.name, std::move(record), clock, rng, {});
}

Result<std::string> add_node(StateFiles const& files, store::Store& store, NodeName const& hub,
                             Invitation const& invitation, Clock const& clock, Rng& rng) {
  SOL_ASSIGN(auto const authority, read_authority(files));
  SOL_ASSIGN(auto const address, net::Address::parse(invitation.hub_address));
  NodeRecord record = invitation.node;
  if (record.name.empty() || record.name == hub) {
    return fail(Code::invalid, "the node needs a name of its own");
  }
  record.hub = false;
  record.state = NodeState::invited;
  record.enrolled_at = {};
  net::EnrolmentToken const token{.hub_address = address.to_string(),
                                  .network = authority.network(),
                                  .node = record.name,
                                  .authority_fingerprint = authority.fingerprint(),
                                  .secret = net::make_secret(rng),
                                  .expires = clock.now() + invitation.life};
  store::LocalEdit const kept{.key = cat(kTokenPrefix, net::hash_secret(token.secret)),
                              .value = cat(kUnused, record.name.str()),
                              .expires_at = token.expires};
  SOL_TRY(put_record(store, hub, std::move(record), clock, rng, {kept}));
  return token.to_text();
}

Result<> set_suspended(store::Store& store, NodeName const& hub, NodeName const& node,
                       bool suspended, Clock const& clock) {
  SOL_ASSIGN(auto found, find_record(store, hub, node));
  if (!found) return fail(Code::not_found, cat("no node is called ", node.str()));
  if (found->record.hub) return fail(Code::invalid, "a hub cannot suspend itself");
  if (!found->record.parent.empty()) {
    return fail(Code::invalid, cat(node.str(), " is a node of ", found->record.parent.str(),
                                   ": that hub suspends and admits it"));
  }
  auto const admitted =
      found->record.enrolled_at == Instant{} ? NodeState::invited : NodeState::active;
  found->record.state = suspended ? NodeState::suspended : admitted;
  SOL_TRY(store.commit({.now = clock.now(),
                        .author = std::string(kAuthor),
                        .documents = {{.key = found->document.key,
                                       .fields = edits_for(found->record, &found->document),
                                       .presence = store::Presence::must_exist}}}));
  return {};
}

Result<Enrolled> enrol(StateFiles const& files, NodeName const& self, std::string_view token,
                       Clock const& clock) {
  SOL_ASSIGN(auto const parsed, net::EnrolmentToken::parse(token));
  if (parsed.node != self) {
    return fail(Code::denied,
                cat("this token is for ", parsed.node.str(), ", not for ", self.str()));
  }
  SOL_ASSIGN(auto const credentials, net::enrol(parsed, clock));
  std::error_code unreadable;
  if (std::filesystem::exists(files.credentials(), unreadable)) {
    SOL_TRY(net::write_secret_file(files.new_incarnation(), "enrolled again\n"));
  }
  SOL_TRY(net::write_credentials(files.credentials(), credentials));
  return Enrolled{.network = parsed.network, .hub_address = parsed.hub_address};
}

Result<> renew_incarnation_if_due(StateFiles const& files, store::Store& store) {
  std::error_code failed;
  if (!std::filesystem::exists(files.new_incarnation(), failed)) return {};
  SOL_ASSIGN(auto const replica, store.renew_incarnation());
  log_info("replica.new_incarnation", {{"replica", to_string(replica)}});
  std::filesystem::remove(files.new_incarnation(), failed);
  if (failed) return fail(Code::io, cat(files.new_incarnation().string(), ": ", failed.message()));
  return {};
}

Result<net::Issued> RegistryDesk::redeem(NodeName const& node, std::string_view secret,
                                         std::string_view request) {
  auto const now = clock_.now();
  auto const key = cat(kTokenPrefix, net::hash_secret(secret));
  SOL_ASSIGN(auto const items, store_.view().local_scan(key, now, 1));
  if (items.empty() || items.front().key != key || items.front().value.empty()) {
    return fail(Code::denied, "this token is not known here, or has expired");
  }
  auto const& token = items.front();
  if (token.value.substr(1) != node.str()) {
    return fail(Code::denied, "this token is for another node");
  }
  auto const used = [] {
    return fail(Code::denied, "this token was used already: ask the hub for another one");
  };
  if (token.value.front() != kUnused) return used();
  SOL_ASSIGN(auto const found, find_record(store_, authority_.network(), node));
  if (!found || !found->record.parent.empty() || found->record.state == NodeState::suspended) {
    return fail(Code::denied, "this node is suspended, or was removed from the network");
  }
  // The certificate first: a request that is none does not cost the token.
  SOL_ASSIGN(auto certificate, authority_.issue(request, node, net::Role::node, now));
  NodeRecord record = found->record;
  record.state = NodeState::active;
  record.enrolled_at = to_second(now);
  auto const outcome = store_.commit({.now = now,
                                      .author = std::string(kAuthor),
                                      .documents = {{.key = found->document.key,
                                                     .fields = edits_for(record, &found->document),
                                                     .presence = store::Presence::must_exist}},
                                      .local = {{.key = key,
                                                 .value = cat(kUsed, node.str()),
                                                 .expires_at = token.expires_at,
                                                 .expect = store::LocalEdit::Expect::value,
                                                 .expected_value = token.value}}});
  if (!outcome && outcome.error().code() == Code::conflict) return used();
  SOL_TRY(outcome);
  return net::Issued{std::move(certificate), authority_.roots()};
}

Result<net::Issued> RegistryDesk::renew(net::CertificateFacts const& current,
                                        std::string_view request) {
  SOL_ASSIGN(auto certificate,
             authority_.issue(request, current.node, net::Role::node, clock_.now()));
  return net::Issued{std::move(certificate), authority_.roots()};
}

}  // namespace solidaires::replication
