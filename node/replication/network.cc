#include "node/replication/network.h"

#include <system_error>

#include "node/replication/records.h"
#include "sync/base/log.h"

namespace solidaires::replication {

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
                        .author = std::string(kRegistryAuthor),
                        .documents = {{.key = found->document.key,
                                       .fields = edits_for(found->record, &found->document),
                                       .presence = store::Presence::must_exist}}}));
  return {};
}

Result<> revoke(store::Store& store, NodeName const& hub, NodeName const& node,
                Clock const& clock) {
  SOL_ASSIGN(auto found, find_record(store, hub, node));
  if (!found) return fail(Code::not_found, cat("no node is called ", node.str()));
  if (found->record.hub) return fail(Code::invalid, "a hub cannot revoke itself");
  if (!found->record.parent.empty()) {
    return fail(Code::invalid, cat(node.str(), " is a node of ", found->record.parent.str(),
                                   ": that hub revokes its certificates"));
  }
  // The next second: certificates tell times no more exactly, and one may be issued just now.
  found->record.enrolled_at =
      std::max(found->record.enrolled_at, to_second(clock.now())) + std::chrono::seconds(1);
  SOL_TRY(store.commit({.now = clock.now(),
                        .author = std::string(kRegistryAuthor),
                        .documents = {{.key = found->document.key,
                                       .fields = edits_for(found->record, &found->document),
                                       .presence = store::Presence::must_exist}}}));
  return {};
}

Result<> set_taking_back(store::Store& store, NodeName const& hub, NodeName const& node,
                         bool taking_back, Clock const& clock) {
  SOL_ASSIGN(auto const known, find_record(store, hub, node));
  if (!known || known->record.hub)
    return fail(Code::not_found, cat("no node is called ", node.str()));
  SOL_ASSIGN(auto found, find_record(store, hub, hub));
  if (!found) return fail(Code::not_found, "this hub has not founded its network yet");
  std::erase(found->record.taking_back, node);
  if (taking_back) found->record.taking_back.push_back(node);
  SOL_TRY(store.commit({.now = clock.now(),
                        .author = std::string(kRegistryAuthor),
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
  SOL_TRY(renew_incarnation(files, store));
  return {};
}

Result<ReplicaId> renew_incarnation(StateFiles const& files, store::Store& store) {
  SOL_ASSIGN(auto const replica, store.renew_incarnation());
  log_info("replica.new_incarnation", {{"replica", to_string(replica)}});
  std::error_code failed;
  std::filesystem::remove(files.new_incarnation(), failed);
  if (failed) return fail(Code::io, cat(files.new_incarnation().string(), ": ", failed.message()));
  return replica;
}

std::string advice_after(sync::Disconnect const& why, NodeName const& self, NodeName const& peer) {
  using enum sync::CloseReason;
  bool const is_stale = why.reason == stale_replica || why.reason == rolled_back;
  if (!is_stale) {
    return why.reason == identity ? "Enrol it again with a token of its own" : "";
  }
  // "You are", said by the peer, or "I am", said by us: it is this store.
  bool const is_here = (why.reason == stale_replica) == why.by_peer;
  auto const& stale = is_here ? self : peer;
  auto const& opposite = is_here ? peer : self;
  return cat("The store of ", stale.str(),
             " was copied, or an older copy of it was put back without 'solidaires restore' (or "
             "that of ",
             opposite.str(), " was). On ", stale.str(),
             " run once: solidaires node renew-identity --config FILE. Nothing is lost");
}

}  // namespace solidaires::replication
