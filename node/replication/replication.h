// Joins the links to the node's store: new commits wake them, the registry of nodes decides who may
// hold what, and the state of every link can be seen. One per program, owned by its wiring, which
// stops it before the store, the workers and the io_context. It knows no pages.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/replication/file_requests.h"
#include "node/replication/network.h"
#include "node/replication/tree.h"
#include "schema/file_reference.h"
#include "sync/net/links.h"

namespace solidaires::replication {

// Whose files are fetched as soon as a document names them; any other when somebody asks for it.
enum class FileFetching : std::uint8_t {
  own,    // of this instance's scopes, of its networks and groups
  below,  // of the nodes below this hub as well: a second copy of them
  all,    // of every document that is held here
};

struct Config {
  NodeName self{};
  StateFiles files{};
  std::optional<net::Address> hub{};     // a node dials it; nullopt: stands alone, or is the top
  std::optional<net::Address> listen{};  // a hub accepts here; port 0 chooses one
  bool every_public = true;              // which other nodes' public scopes this one takes
  std::vector<NodeName> subscriptions{};
  FileFetching fetch_files = FileFetching::below;
  net::LinksOptions links{};
};

struct ScopeLag {
  ScopeId scope{};
  bool outgoing = false;
  bool held = false;  // a document cannot be taken: see the quarantine
  // Places in the feed between the two ends: an upper bound, for a document that changed twice
  // counts twice. 0: up to date.
  std::uint64_t documents_at_most = 0;
  std::uint64_t bytes_estimate = 0;  // the above times the mean size on this link
  Millis age{0};                     // since when it is behind; outgoing only
};

// Whether both ends hold the same, as their digests say. What counters say is no proof.
enum class Proof : std::uint8_t {
  proven,    // equal, and nothing has changed since
  checking,  // a comparison is on its way, or waits for the scope to come to rest
  changed,   // equal at the last comparison; something changed since, it is compared again soon
  differs,   // found at the last comparison: an alarm
  unproven,  // not compared: the link is away, held, or the other side is an older version
};
[[nodiscard]] std::string_view proof_name(Proof proof) noexcept;

struct ScopeProof {
  ScopeId scope{};
  Proof proof = Proof::unproven;
  Instant checked_at{};           // epoch: never on this link
  std::uint64_t documents = 0;    // deleted ones too, at the last comparison
  std::uint64_t differences = 0;  // on this link
  std::uint64_t repaired = 0;
  std::uint64_t comparisons = 0;  // that ended on this link
};

struct LinkReport {
  net::PeerStatus link{};
  std::string title{};                    // of the peer, if the registry knows it
  std::optional<int> certificate_days{};  // left to the peer's certificate
  std::vector<ScopeLag> scopes{};
  std::vector<ScopeId> withdrawals{};          // it may not hold these, and has not confirmed it
  std::uint64_t documents_behind_at_most = 0;  // of all scopes, both ways
  Millis age_max{0};
  std::vector<ScopeProof> proofs{};
  // The link is live and every scope that it shares is proven equal.
  bool in_sync = false;
};

struct Report {
  NodeName self{};
  bool founded = false;        // a hub with an authority
  bool roots_overlap = false;  // a hub that changes its authority
  bool enrolled = false;       // a node with credentials
  std::string waiting_for{};   // why no link is kept though one is configured; empty: nothing
  std::optional<int> own_certificate_days{};
  std::vector<LinkReport> links{};  // the hub above first; nodes invited or enrolled but away too
  std::string last_stranger{};
  std::uint64_t strangers = 0;
  std::vector<Declined> declined{};  // nodes further below that are not entered into the registry
  FileCounts files{};
};

class Replication {
 public:
  // All references outlive it. Opens the registry: reads the store, so not on an IO thread that
  // serves already.
  static Result<std::unique_ptr<Replication>> open(boost::asio::io_context& io,
                                                   net::Workers& workers, store::Store& store,
                                                   Clock const& clock, Rng& rng, Config config);
  ~Replication();  // after stop() has called back

  // Listens and dials as configured. A hub without an authority, or a node without credentials,
  // starts without links and says so in report(); the node takes its credentials up when they
  // appear. IO thread, or before it runs. Code::busy: the port is taken.
  Result<> start();
  // Says goodbye to every peer (5 s at most), then calls back on the IO thread. IO thread.
  void stop(std::function<void()> done);

  [[nodiscard]] std::uint16_t port() const;  // where it listens; 0: nowhere
  [[nodiscard]] Report report() const;       // any thread, from memory
  [[nodiscard]] NodeRegistry const& registry() const;
  // Brings a file here that a document of this store refers to. Blocks for at most `within`: any
  // thread but the IO thread. Code::timeout: it may come later; unavailable: no link is up that
  // could bring it; busy: too many wait already.
  Result<> fetch_file(sync::DocumentKey const& document, schema::FileReference const& file,
                      Millis within);
  // Compares with the peer (with every peer, if empty) what both ends hold; any thread. The outcome
  // shows in report(), LinkReport::proofs.
  void compare(NodeName const& peer) const;
  // Facts for the peers' consoles; any thread, as often as they are known.
  void tell_conflicts(std::uint64_t open_conflicts);
  // Called on the IO thread whenever report() shows something new. Before start().
  void on_change(std::function<void()> callback);
  // Makes this store another incarnation and begins every link anew: the one remedy for a store
  // that was copied, or whose older copy was put back. Nothing is lost: documents are sent and
  // received again. Blocks on the disk: any thread but an IO thread.
  Result<ReplicaId> renew_identity();
  // The files of the authorities were changed (network.h): they are read again. Any thread.
  void authorities_changed();
  void cut();  // drops every connection as a broken cable would. IO thread

 private:
  class Impl;
  explicit Replication(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace solidaires::replication
