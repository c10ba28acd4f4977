// The nodes of the network as this instance knows them: the documents of type "node" in the scope
// network/<hub>, written by the hub and replicated to its subtree. A hub below another stands in
// both registries: its own, and that of the hub above, which lists the whole tree. The snapshot
// follows the store by itself. Reading: any thread, never the disk.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "node/store/store.h"

namespace solidaires::replication {

inline constexpr std::string_view kNodeType = "node";
// Key in the local scope: name -> id of its document in the own registry. Two that create one name
// at once meet here.
inline constexpr std::string_view kReservedPrefix = "registry/";

// As stored in the field "state": never rename.
enum class NodeState : std::uint8_t { invited, active, suspended };
[[nodiscard]] std::string_view node_state_name(NodeState state) noexcept;

struct NodeRecord {
  NodeName network{};  // whose registry this is: the hub that wrote it
  NodeName name{};
  std::string title{};
  std::string base_url{};                 // of its portal; empty if unknown
  std::vector<std::string> territory{};   // department codes
  bool hub = false;                       // the instance that the network is named after
  bool every_public = true;               // it may take the public scope of every node
  std::vector<NodeName> subscriptions{};  // else of these
  bool delegates_moderation = false;      // the hub's moderators may act for it
  NodeState state = NodeState::invited;
  // Of the hub: nodes from which it takes its own scopes back, after it was restored from a backup.
  std::vector<NodeName> taking_back{};
  // Of the hub: fingerprints of the roots that its nodes should trust now, in hexadecimal, sorted.
  // Empty: not told.
  std::vector<std::string> roots{};
  Instant enrolled_at{};   // certificates issued earlier are refused; epoch: never enrolled
  bool has_nodes = false;  // a hub of its own below `network`: what it announces hangs below it
  NodeName parent{};       // the hub that it dials; empty: the one that `network` is named after
  friend bool operator==(NodeRecord const&, NodeRecord const&) = default;
};

// What makes `existing` (null: a new document) say what `record` says.
[[nodiscard]] std::vector<sync::FieldEdit> edits_for(NodeRecord const& record,
                                                     sync::Document const* existing);
// A field that is missing or of another kind is as if not set; a document that is deleted, not in a
// network's scope or without a valid name is Code::corrupt.
[[nodiscard]] Result<NodeRecord> from_document(sync::Document const& document);
// The same of a document of any scope, as a hub announces it to the one above; `network` is then
// whoever owns that scope.
[[nodiscard]] Result<NodeRecord> read_record(sync::Document const& document);

// Every instance once, by name. Of several records of one, that of the hub nearest to it counts:
// its own, else that of the hub that it dials, else that of a hub above. `delegates_moderation` is
// left only where it makes `self` a moderator: in its own registry, and for a node further below
// only if every hub on the way delegates too.
[[nodiscard]] std::vector<NodeRecord> each_once(std::vector<NodeRecord> const& records,
                                                NodeName const& self);

class NodeRegistry {
 public:
  // Reads the store, then follows it. `store` outlives it. `changed` is called after every change,
  // on whatever thread committed; it must not write to the store.
  static Result<std::unique_ptr<NodeRegistry>> open(store::Store& store,
                                                    std::function<void()> changed);

  // Stays as it is from now on: before the store goes.
  void unfollow() { subscription_.reset(); }

  [[nodiscard]] std::vector<NodeRecord> nodes() const;  // by network, then by name
  [[nodiscard]] std::optional<NodeRecord> find(NodeName const& network, NodeName const& name) const;
  // Of whatever network, the nearest to it first: for titles and addresses.
  [[nodiscard]] std::optional<NodeRecord> find(NodeName const& name) const;

 private:
  explicit NodeRegistry(std::function<void()> changed) : changed_(std::move(changed)) {}
  Result<> load(store::Store& store);
  bool take(store::DocumentChange const& change);

  std::function<void()> changed_;
  mutable std::mutex mutex_;
  std::map<DocumentId, NodeRecord> records_;
  store::Subscription subscription_;  // last: ends first
};

}  // namespace solidaires::replication
