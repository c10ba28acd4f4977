// The acts of an administrator on the network: founding it, inviting a node, enrolling, suspending.
// Each blocks on the disk (or the network) and may be called from any thread but an IO thread; the
// same functions serve the command line and the running program. No state of their own.
#pragma once

#include <filesystem>

#include "node/replication/registry.h"
#include "sync/base/rng.h"
#include "sync/net/transport.h"

namespace solidaires::replication {

// Where keys and certificates lie: "authority.pem" (the hub's), "credentials.pem" (a node's).
struct StateFiles {
  std::filesystem::path directory{};  // exists; only the program's account may read it
  [[nodiscard]] std::filesystem::path authority() const { return directory / "authority.pem"; }
  [[nodiscard]] std::filesystem::path credentials() const { return directory / "credentials.pem"; }
  // Left by another enrolment until the store has drawn a new replica id.
  [[nodiscard]] std::filesystem::path new_incarnation() const {
    return directory / "incarnation.due";
  }
};

// The hub's first act: an authority, and the registry with the hub itself. Done again it changes
// nothing but the hub's description.
Result<> create_network(StateFiles const& files, store::Store& store, NodeRecord const& hub,
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

// Draws the new replica id that enrol() asked for, if it did. Interrupted, it is done again.
Result<> renew_incarnation_if_due(StateFiles const& files, store::Store& store);

// The hub's desk: redeems tokens against the store. One commit uses a token up and records the
// enrolment, so that of two calls with one token one is refused, and a crash loses neither.
class RegistryDesk final : public net::EnrolmentDesk {
 public:
  RegistryDesk(net::Authority authority, store::Store& store, Clock const& clock)
      : authority_(std::move(authority)), store_(store), clock_(clock) {}
  Result<net::Issued> redeem(NodeName const& node, std::string_view secret,
                             std::string_view request) override;
  Result<net::Issued> renew(net::CertificateFacts const& current,
                            std::string_view request) override;

 private:
  net::Authority const authority_;
  store::Store& store_;
  Clock const& clock_;
};

}  // namespace solidaires::replication
