// The hub's authorities, what they certified, and the desk that hands certificates out.
#include <algorithm>
#include <system_error>

#include "node/replication/records.h"
#include "sync/base/log.h"

namespace solidaires::replication {
namespace {

// What a hub keeps about the certificates of one node, in a local value. Stored on disk: never
// renumber.
struct IssuedRecord {
  Bytes last;      // fingerprints: of the last that was given,
  Bytes previous;  // of the one with which it was asked for; empty after an enrolment
  Bytes root;      // and of the root that signed the last
};

Bytes encode(IssuedRecord const& record) {
  Bytes out;
  ByteWriter(out).u8(1).sized(record.last).sized(record.previous).sized(record.root);
  return out;
}

Result<IssuedRecord> decode_issued_record(std::string_view bytes) {
  ByteReader reader(bytes);
  SOL_ASSIGN(auto const form, reader.u8());
  if (form != 1) return fail(Code::unsupported, "a record of certificates of another form");
  IssuedRecord record;
  SOL_ASSIGN(record.last, reader.sized());
  SOL_ASSIGN(record.previous, reader.sized());
  SOL_ASSIGN(record.root, reader.sized());
  return record;
}

Result<std::optional<IssuedRecord>> find_issued(store::Store const& store, NodeName const& node,
                                                Instant now) {
  SOL_ASSIGN(auto const bytes, store.local(cat(kIssuedPrefix, node.str()), now));
  if (!bytes) return std::nullopt;
  SOL_ASSIGN(auto record, decode_issued_record(*bytes));
  return record;
}

Result<store::LocalEdit> keep_issued(NodeName const& node, net::Pem const& certificate,
                                     Bytes previous, net::Authority const& authority) {
  SOL_ASSIGN(auto const given, net::read_certificate(certificate));
  IssuedRecord const record{
      .last = given.fingerprint, .previous = std::move(previous), .root = authority.fingerprint()};
  return store::LocalEdit{.key = cat(kIssuedPrefix, node.str()), .value = encode(record)};
}

Result<net::Succession> read_succession(StateFiles const& files) {
  auto const bytes = net::read_secret_file(files.succession());
  if (!bytes && bytes.error().code() == Code::not_found) return net::Succession{};
  if (!bytes) return std::unexpected(bytes.error());
  auto succession = net::decode_succession(*bytes);
  if (!succession) {
    return std::unexpected(std::move(succession).error().in(files.succession().string()));
  }
  return succession;
}

Result<std::vector<NodeName>> without_certificate_of(net::Authority const& authority,
                                                     store::Store& store, NodeName const& hub,
                                                     Instant now) {
  std::vector<NodeName> found;
  SOL_ASSIGN(auto const registry, NodeRegistry::open(store, {}));
  for (auto const& node : registry->nodes()) {
    bool const is_enrolled =
        node.network == hub && node.parent.empty() && !node.hub && node.state == NodeState::active;
    if (!is_enrolled) continue;
    SOL_ASSIGN(auto const issued, find_issued(store, node.name, now));
    if (!issued || issued->root != authority.fingerprint()) found.push_back(node.name);
  }
  return found;
}

}  // namespace

Result<Authorities> read_authorities(StateFiles const& files) {
  SOL_ASSIGN(auto shown, read_authority(files));
  SOL_ASSIGN(auto succession, read_succession(files));
  auto text = net::read_secret_file(files.successor());
  if (!text && text.error().code() == Code::not_found) {
    return Authorities{shown, shown, std::move(succession)};
  }
  if (!text) return std::unexpected(std::move(text).error());
  SOL_ASSIGN(auto issuing, net::Authority::parse(*text));
  // A retirement that was cut off: the successor has succeeded already.
  if (issuing.fingerprint() == shown.fingerprint()) {
    return Authorities{shown, shown, std::move(succession)};
  }
  if (issuing.network() != shown.network()) {
    return fail(Code::conflict, cat("the authority in ", files.successor().string(), " is that of ",
                                    issuing.network().str()));
  }
  auto const old_root = shown.alone().roots();
  SOL_TRY(shown.trust_also(issuing.alone().roots()));
  issuing = issuing.alone();
  SOL_TRY(issuing.trust_also(old_root));
  return Authorities{std::move(shown), std::move(issuing), std::move(succession)};
}

Result<> announce_roots(Authorities const& authorities, store::Store& store, NodeName const& hub,
                        Clock const& clock, Rng& rng) {
  SOL_ASSIGN(auto const found, find_record(store, hub, hub));
  if (!found) return {};
  SOL_ASSIGN(auto const fingerprints, net::fingerprints_of(authorities.shown.roots()));
  NodeRecord record = found->record;
  record.roots.clear();
  for (auto const& fingerprint : fingerprints) record.roots.push_back(hex(fingerprint));
  if (record == found->record) return {};
  return put_record(store, hub, std::move(record), clock, rng, {});
}

Result<> rotate_authority(StateFiles const& files, NodeName const& hub, Clock const& clock) {
  SOL_ASSIGN(auto const present, read_authorities(files));
  if (present.overlap()) {
    return fail(Code::conflict,
                "two authorities overlap already: retire the old one first (solidaires node "
                "retire-authority)");
  }
  SOL_ASSIGN(auto const created, net::Authority::create(hub, clock.now()));
  SOL_TRY(net::write_secret_file(files.successor(), created.to_pem()));
  SOL_ASSIGN(auto const both, read_authorities(files));
  log_info("authority.rotated", {{"root", hex(both.issuing.fingerprint())}});
  return {};
}

Result<Retirement> retire_authority(StateFiles const& files, store::Store& store,
                                    NodeName const& hub, bool accepted, Clock const& clock) {
  SOL_ASSIGN(auto const both, read_authorities(files));
  if (!both.overlap()) {
    return fail(Code::not_found, "there is one authority only: nothing to retire");
  }
  Retirement retirement;
  SOL_ASSIGN(retirement.cut_off, without_certificate_of(both.issuing, store, hub, clock.now()));
  if (!retirement.cut_off.empty() && !accepted) return retirement;
  auto const successor = both.issuing.alone();
  // First: when the old key is gone, nobody can sign who followed it.
  auto succession = both.succession;
  SOL_TRY(net::add_successor(succession, both.shown, successor));
  SOL_TRY(net::write_secret_file(files.succession(), net::encode(succession)));
  SOL_TRY(net::write_secret_file(files.authority(), successor.to_pem()));
  std::error_code failed;
  std::filesystem::remove(files.successor(), failed);
  if (failed) return fail(Code::io, cat(files.successor().string(), ": ", failed.message()));
  log_info("authority.retired", {{"root", hex(both.shown.fingerprint())}});
  retirement.done = true;
  return retirement;
}

void RegistryDesk::use(net::Authority authority) {
  std::lock_guard const lock(mutex_);
  authority_ = std::make_shared<net::Authority const>(std::move(authority));
}

std::shared_ptr<net::Authority const> RegistryDesk::authority() const {
  std::lock_guard const lock(mutex_);
  return authority_;
}

Result<net::Issued> RegistryDesk::redeem(NodeName const& node, std::string_view secret,
                                         std::string_view request) {
  auto const authority = this->authority();
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
  SOL_ASSIGN(auto const found, find_record(store_, authority->network(), node));
  if (!found || !found->record.parent.empty() || found->record.state == NodeState::suspended) {
    return fail(Code::denied, "this node is suspended, or was removed from the network");
  }
  // The certificate first: a request that is none does not cost the token.
  NodeRecord record = found->record;
  record.state = NodeState::active;
  record.enrolled_at = std::max(record.enrolled_at, to_second(now));  // after a revocation, too
  SOL_ASSIGN(auto certificate,
             authority->issue(request, node, net::Role::node, std::max(now, record.enrolled_at)));
  SOL_ASSIGN(auto issued, keep_issued(node, certificate, {}, *authority));
  auto const outcome = store_.commit({.now = now,
                                      .author = std::string(kRegistryAuthor),
                                      .documents = {{.key = found->document.key,
                                                     .fields = edits_for(record, &found->document),
                                                     .presence = store::Presence::must_exist}},
                                      .local = {{.key = key,
                                                 .value = cat(kUsed, node.str()),
                                                 .expires_at = token.expires_at,
                                                 .expect = store::LocalEdit::Expect::value,
                                                 .expected_value = token.value},
                                                std::move(issued)}});
  if (!outcome && outcome.error().code() == Code::conflict) return used();
  SOL_TRY(outcome);
  return net::Issued{std::move(certificate), authority->roots()};
}

Result<net::Issued> RegistryDesk::renew(net::CertificateFacts const& current,
                                        std::string_view request) {
  auto const authority = this->authority();
  auto const now = clock_.now();
  SOL_ASSIGN(auto const known, find_issued(store_, current.node, now));
  bool const has_ended = current.not_after < now;
  bool const is_last =
      known && (current.fingerprint == known->last || current.fingerprint == known->previous);
  if ((has_ended || current.of_former_authority) && !is_last) {
    return fail(Code::denied,
                "this certificate has expired, or comes from an authority that was retired, and is "
                "not the last that this node was given: enrol again with a token of the hub");
  }
  SOL_ASSIGN(auto certificate, authority->issue(request, current.node, net::Role::node, now));
  SOL_ASSIGN(auto issued, keep_issued(current.node, certificate, current.fingerprint, *authority));
  SOL_TRY(store_.commit({.now = now, .local = {std::move(issued)}}));
  if (has_ended || current.of_former_authority) {
    log_info("node.came_back",
             {{"node", current.node.str()},
              {"former_authority", current.of_former_authority},
              {"expired_days",
               std::max<std::int64_t>((now - current.not_after) / std::chrono::days(1), 0)}});
  }
  return net::Issued{std::move(certificate), authority->roots()};
}

}  // namespace solidaires::replication
