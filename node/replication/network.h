// The acts of an administrator on the network: founding it, inviting a node, enrolling, suspending.
// Each blocks on the disk (or the network) and may be called from any thread but an IO thread; the
// same functions serve the command line and the running program. No state of their own.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>

#include "node/replication/registry.h"
#include "sync/base/rng.h"
#include "sync/core/link_session.h"
#include "sync/net/transport.h"

namespace solidaires::replication {

// Where keys and certificates lie: "authority.pem" (the hub's), "credentials.pem" (a node's).
struct StateFiles {
  std::filesystem::path directory{};  // exists; only the program's account may read it
  [[nodiscard]] std::filesystem::path authority() const { return directory / "authority.pem"; }
  [[nodiscard]] std::filesystem::path credentials() const { return directory / "credentials.pem"; }
  // A hub's next authority, while its root and the present one are both trusted.
  [[nodiscard]] std::filesystem::path successor() const { return directory / "successor.pem"; }
  // How the authorities of a hub followed one another; missing: there was one only.
  [[nodiscard]] std::filesystem::path succession() const { return directory / "succession.der"; }
  // Left by another enrolment until the store has drawn a new replica id.
  [[nodiscard]] std::filesystem::path new_incarnation() const {
    return directory / "incarnation.due";
  }
};

// The hub's first act: an authority, and the registry with the hub itself. Done again it changes
// nothing but the hub's description.
Result<> create_network(StateFiles const& files, store::Store& store, NodeRecord const& hub,
                        Clock const& clock, Rng& rng);

// The authorities of a hub. Each trusts the root of the other too.
struct Authorities {
  net::Authority shown;    // certifies the hub itself: its root is the one that every node knows
  net::Authority issuing;  // certifies nodes: the successor, while two roots overlap
  net::Succession succession{};  // of those that were retired
  [[nodiscard]] bool overlap() const { return shown.fingerprint() != issuing.fingerprint(); }
};
// Code::not_found before create_network.
[[nodiscard]] Result<Authorities> read_authorities(StateFiles const& files);

// Makes another authority beside the present one. From then on nodes get certificates of the new
// one and trust both; the hub goes on showing one of the old. The serving program is told by
// whoever calls (Replication::authorities_changed), and then announces the roots: nodes ask at
// once. Code::conflict: two overlap already.
Result<> rotate_authority(StateFiles const& files, NodeName const& hub, Clock const& clock);

struct Retirement {
  bool done = false;
  // Enrolled nodes that have no certificate of the new authority yet: without the old one they are
  // refused until they have followed the succession, which they do by themselves within
  // kRenewalGrace after their certificate's end. A program that knows no succession enrols again.
  std::vector<NodeName> cut_off{};
};
// Ends the overlap: the new authority alone. Does nothing but tell who would be cut off if there is
// somebody, unless that is `accepted`. Code::not_found: there is one authority only.
Result<Retirement> retire_authority(StateFiles const& files, store::Store& store,
                                    NodeName const& hub, bool accepted, Clock const& clock);
// Makes the hub's record name the roots that are trusted here, if it names others.
Result<> announce_roots(Authorities const& authorities, store::Store& store, NodeName const& hub,
                        Clock const& clock, Rng& rng);

struct Invitation {
  NodeRecord node{};          // its name, title, territory ...; state and enrolled_at are ignored
  std::string hub_address{};  // "host:port" where the node will reach the hub's link port
  std::chrono::hours life{72};
};
// Writes or updates the node's record and gives the text of a one-time token for it. A node that
// was enrolled before keeps working until the token is redeemed, which ends its old certificate.
// A node that was admitted as a hub (has_nodes) stays one.
// Code::not_found before create_network; Code::invalid: the hub's own name, a wrong address;
// Code::conflict: the name belongs to a node below another hub of the tree.
Result<std::string> add_node(StateFiles const& files, store::Store& store, NodeName const& hub,
                             Invitation const& invitation, Clock const& clock, Rng& rng);

// Suspends or admits again; a live link ends at once. Code::not_found: no such node; Code::invalid:
// a node below another hub, which decides on it.
Result<> set_suspended(store::Store& store, NodeName const& hub, NodeName const& node,
                       bool suspended, Clock const& clock);

// Refuses every certificate that the node was given so far, for good: for a key that may have been
// stolen. A live link ends at once; another enrolment brings the node back. Code::not_found.
Result<> revoke(store::Store& store, NodeName const& hub, NodeName const& node, Clock const& clock);

// After the hub was restored from a backup: what it had written to network/<hub> and public/<hub>
// afterwards is taken back from a node that still holds it, for as long as this is on. Whoever
// holds these scopes rules the network, so the administrator names a node that is trusted with it.
// Code::not_found: no such node.
Result<> set_taking_back(store::Store& store, NodeName const& hub, NodeName const& node,
                         bool taking_back, Clock const& clock);

struct Enrolled {
  NodeName network;
  std::string hub_address;
};
// The node's side: redeems the token at the hub and writes the credentials. Needs no store: it may
// run beside the serving program, which takes the credentials up by itself within some seconds.
// Done again, it also makes the store draw a new replica id: the remedy for a restored backup or a
// clone. Code::denied: the token is used, expired or for another node than `self`.
Result<Enrolled> enrol(StateFiles const& files, NodeName const& self, std::string_view token,
                       Clock const& clock);

// What to do after a link of `self` with `peer` was ended so, naming the command and where it is to
// be run; empty if nothing is.
[[nodiscard]] std::string advice_after(sync::Disconnect const& why, NodeName const& self,
                                       NodeName const& peer);

// Draws a new replica id now. While the program serves, Replication::renew_identity().
Result<ReplicaId> renew_incarnation(StateFiles const& files, store::Store& store);
// Draws the new replica id that enrol() asked for, if it did. Interrupted, it is done again.
Result<> renew_incarnation_if_due(StateFiles const& files, store::Store& store);

// The hub's desk: redeems tokens against the store. One commit uses a token up and records the
// enrolment, so that of two calls with one token one is refused, and a crash loses neither.
// A certificate that has ended, or that a former authority signed, may still be renewed if it is
// the last that its node was given, or the one before, with which that was asked for: its answer
// may have been lost. An older one is no proof, for its key was given up; nor is one that only
// looks like theirs: whoever has stolen the key of a former authority can make those.
class RegistryDesk final : public net::EnrolmentDesk {
 public:
  RegistryDesk(net::Authority authority, store::Store& store, Clock const& clock)
      : authority_(std::make_shared<net::Authority const>(std::move(authority))),
        store_(store),
        clock_(clock) {}
  // What certifies nodes from now on. Any thread.
  void use(net::Authority authority);
  Result<net::Issued> redeem(NodeName const& node, std::string_view secret,
                             std::string_view request) override;
  Result<net::Issued> renew(net::CertificateFacts const& current,
                            std::string_view request) override;

 private:
  [[nodiscard]] std::shared_ptr<net::Authority const> authority() const;

  mutable std::mutex mutex_;
  std::shared_ptr<net::Authority const> authority_;
  store::Store& store_;
  Clock const& clock_;
};

}  // namespace solidaires::replication
