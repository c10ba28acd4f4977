// Every link of one instance: accepts those of the nodes below, keeps the one to the hub above,
// tells both of new commits, and shows how they are. Owned by node/replication (or a test). IO
// thread, except where said. It asks its Policy who may do what; it knows no registry and no disk.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sync/base/limits.h"
#include "sync/base/rng.h"
#include "sync/core/link_session.h"
#include "sync/net/link.h"
#include "sync/net/transport.h"

namespace solidaires::net {

// What the owner decides. IO thread, from memory, quick.
class LinksPolicy {
 public:
  virtual ~LinksPolicy() = default;
  // What a verified node below may hold; an Error refuses it (Code::denied: suspended, unknown, a
  // certificate that was replaced), and its message is told to the node.
  virtual Result<sync::Entitlement> child(CertificateFacts const& peer) = 0;
  virtual sync::Entitlement parent(NodeName const& hub) = 0;
  virtual sync::StatusDue status_facts() = 0;
  // A node below has removed what it held of these scopes. IO thread.
  virtual void withdrawn(NodeName const& /*peer*/, std::vector<ScopeId> const& /*scopes*/) {}
  virtual EnrolmentDesk* desk() = 0;  // null: nobody enrols here
  // What a link says of itself (LinkUp) and of files (BlobFetched and its like); and that it ended.
  // Neither calls back into Links.
  virtual void told(NodeName const& /*peer*/, sync::Notice const& /*notice*/) {}
  virtual void ended(NodeName const& /*peer*/) {}
  // The hub has renewed this node's certificate: written down on a worker thread; blocks.
  virtual Result<> keep(Credentials const& credentials) = 0;
  // What somebody has to do after a link with `peer` ended so: sentences for people, added to the
  // reason wherever that is shown. Empty: nothing.
  [[nodiscard]] virtual std::string advice(sync::Disconnect const& /*why*/,
                                           NodeName const& /*peer*/) const {
    return {};
  }
};

struct LinksOptions {
  TransportOptions transport;
  Millis reconnect_min = limits::kReconnectMin;
  Millis reconnect_max = limits::kReconnectMax;
  std::size_t links_max = 256;
  // Nodes below that catch up at once. The others keep their link and wait, in the order they came;
  // a turn ends when the node has caught up, or after `turn_max` if others wait: it then goes on
  // beside the next, so that a node on a thin line holds up nobody.
  std::size_t catching_up_max = 4;
  Millis turn_max{30'000};
  std::string software;
  std::uint64_t model_version = 0;
};

enum class PeerState : std::uint8_t {
  connecting,  // an attempt is on its way
  greeting,    // connected; the two sides check each other
  live,
  waiting,  // the last attempt failed or the link was cut: the next attempt follows
  refused,  // by the other side, or by us: somebody has to act; attempts go on, rarely
  absent,   // a node below that was here and is not now
};
[[nodiscard]] std::string_view peer_state_name(PeerState state) noexcept;

struct PeerStatus {
  NodeName peer{};
  sync::PeerRole role = sync::PeerRole::parent;
  std::string address{};
  PeerState state = PeerState::connecting;
  Instant since{};         // in this state
  Instant last_contact{};  // epoch: never
  // Empty: none since the link was last live. Beside a live link: another instance claims its name.
  std::string last_error{};
  Instant certificate_expires{};  // the peer's; epoch: not seen yet
  Millis round_trip{0};
  LinkTraffic traffic{};  // of all its links since this program started
  std::uint64_t connections = 0;
  sync::LinkView view{};  // of the last link; live only in state live
  // Reasons, at most 20: documents that cannot be taken; until the mended one has come, or the next
  // session.
  std::vector<std::string> quarantine{};
  std::uint64_t differences = 0;  // documents that comparisons found to differ, since the start
  std::string last_difference{};  // empty: none ever, as it must be
  Instant last_difference_at{};
};

struct LinksStatus {
  std::vector<PeerStatus> peers;      // the hub above first, then by name
  Instant own_certificate_expires{};  // of the dialling side; epoch: none
  std::string last_stranger;  // why a connection without a verified name was turned away last
  std::uint64_t strangers = 0;
};

class Links {
 public:
  // `store`, `workers`, `clock`, `rng` and `policy` outlive it.
  Links(boost::asio::io_context& io, Workers& workers, sync::ReplicaStore& store,
        Clock const& clock, Rng& rng, LinksPolicy& policy, LinksOptions options = {});
  ~Links();  // after stop() has called back, or with its io_context at rest

  // May be called again with fresh credentials before the old ones expire.
  Result<> accept_with(Credentials const& credentials);
  // How the authorities of the own network followed one another, told to whoever asks. IO thread.
  void succeed(Succession const& succession);
  // Gives the port, chosen by the system if `address` has 0. Once.
  Result<std::uint16_t> listen(Address const& address);
  // Keeps a link to the hub from now on, and the certificate fresh. Once.
  Result<> dial(Address const& hub, Credentials const& credentials);
  // After another enrolment: the next attempt, at once if no link is live, uses these.
  Result<> dial_with(Credentials const& credentials);

  // Asks the hub for a fresh certificate now, as at two thirds of the life of the own one.
  void renew();

  // Any thread; cheap. Many commits of one scope become one event.
  void committed(ScopeId const& scope, sync::Sequence head);
  // Asks a live link for a file, the nearest to its origin first: the node whose scope it is, then
  // the other nodes below, then the hub above. Gives whom; nobody, if no link that may carry the
  // scope is left besides `but_not`. The answer comes by LinksPolicy::told. IO thread.
  [[nodiscard]] std::optional<NodeName> fetch(sync::WantBlob const& want,
                                              std::set<NodeName> const& but_not);
  // Any thread: a file has come to the store; peers that lacked it are told.
  void file_came(Bytes const& sha256);
  // Any thread: the policy would answer differently now.
  void policy_changed();
  // Any thread. At most about 100 ms old.
  [[nodiscard]] LinksStatus status() const;
  // Called on the IO thread whenever status() shows something new. Set before the first link.
  void on_change(std::function<void()> callback);
  // Drops every link and dials again at once: after this store became another incarnation.
  void reconnect();
  // Any thread: compares with the peer (with every peer, if empty) what both ends hold, as soon as
  // each scope rests. The outcome is in status(), PeerStatus::view::probes.
  void compare(NodeName const& peer);
  // Drops the connection of every link as a broken cable would: for tests and for the console.
  void cut();

  // Says goodbye to every peer (5 s at most), then calls back when nothing runs any more.
  void stop(std::function<void()> done);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace solidaires::net
