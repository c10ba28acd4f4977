// The nodes of the network as this instance knows them: the documents of type "node" in the scope
// network/<hub>, written by the hub and replicated to its subtree. The snapshot follows the store
// by itself. Reading: any thread, never the disk.
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

// As stored in the field "state": never rename.
enum class NodeState : std::uint8_t { invited, active, suspended };
[[nodiscard]] std::string_view node_state_name(NodeState state) noexcept;

struct NodeRecord {
  NodeName name;
  std::string title;
  std::string base_url;                 // of its portal; empty if unknown
  std::vector<std::string> territory;   // department codes
  bool hub = false;                     // the instance that the network is named after
  bool every_public = true;             // it may take the public scope of every node
  std::vector<NodeName> subscriptions;  // else of these
  bool delegates_moderation = false;    // the hub's moderators may act for it
  NodeState state = NodeState::invited;
  Instant enrolled_at{};  // certificates issued earlier are refused; epoch: never enrolled
  friend bool operator==(NodeRecord const&, NodeRecord const&) = default;
};

// The document's fields, and back. A field that is missing or of another kind is as if not set; a
// record without a valid name is Code::corrupt.
[[nodiscard]] std::vector<sync::FieldEdit> to_fields(NodeRecord const& record);
[[nodiscard]] Result<NodeRecord> from_document(sync::Document const& document);

class NodeRegistry {
 public:
  // Reads the store, then follows it. `store` outlives it. `changed` is called after every change,
  // on whatever thread committed; it must not write to the store.
  static Result<std::unique_ptr<NodeRegistry>> open(store::Store& store,
                                                    std::function<void()> changed);

  [[nodiscard]] std::vector<NodeRecord> nodes() const;  // by name
  [[nodiscard]] std::optional<NodeRecord> find(NodeName const& name) const;
  [[nodiscard]] std::optional<sync::DocumentKey> key_of(NodeName const& name) const;

 private:
  struct Entry {
    sync::DocumentKey key;
    NodeRecord record;
  };
  NodeRegistry() = default;
  bool take(sync::Document const& document);

  mutable std::mutex mutex_;
  std::map<NodeName, Entry> entries_;
  store::Subscription subscription_;  // last: ends first
};

}  // namespace solidaires::replication
