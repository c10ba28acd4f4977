// The names of things: documents, replicas, nodes, scopes. Strong types, so that none is taken for
// another; cheap values, any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sync/base/bytes.h"
#include "sync/base/clock.h"
#include "sync/base/result.h"
#include "sync/base/rng.h"

namespace solidaires {

// A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then chance. Ids sort by time of
// creation.
class DocumentId {
 public:
  static constexpr std::size_t kSize = 16;

  DocumentId() = default;  // all zero: names no document
  static DocumentId make(Instant now, Rng& rng);
  static Result<DocumentId> parse(std::string_view text);        // 8-4-4-4-12 hexadecimal
  static Result<DocumentId> from_bytes(std::string_view bytes);  // exactly 16

  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] std::string_view bytes() const noexcept {
    return {reinterpret_cast<char const*>(bytes_.data()), bytes_.size()};
  }
  // Eight Crockford base32 digits from the last 40 (random) bits: the tail of a public address. Not
  // unique by itself; the slug before it tells two records with the same tail apart.
  [[nodiscard]] std::string short_id() const;

  friend auto operator<=>(DocumentId const&, DocumentId const&) = default;

 private:
  std::array<std::uint8_t, kSize> bytes_{};
};

// One incarnation of one store: 64 random bits, drawn at creation and again after a restore.
enum class ReplicaId : std::uint64_t {};
[[nodiscard]] std::string to_string(ReplicaId id);  // 16 hexadecimal digits
[[nodiscard]] Result<ReplicaId> parse_replica_id(std::string_view text);

// The stable name of an instance: 2 to 40 of [a-z0-9-], a letter first, no hyphen last.
class NodeName {
 public:
  NodeName() = default;  // empty: no node
  static Result<NodeName> parse(std::string_view text);
  [[nodiscard]] std::string const& str() const noexcept { return text_; }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  friend auto operator<=>(NodeName const&, NodeName const&) = default;

 private:
  std::string text_;
};

// Who may hold a document: fixed at its creation. Written "kind/owner" ("public/isere"), or
// "local". Stored on disk in this spelling.
enum class ScopeKind : std::uint8_t { local, office, published, network, group };

class ScopeId {
 public:
  ScopeId() = default;  // local
  static ScopeId local() { return {}; }
  static ScopeId office(NodeName const& node) { return {ScopeKind::office, node.str()}; }
  static ScopeId published(NodeName const& node) { return {ScopeKind::published, node.str()}; }
  static ScopeId network(NodeName const& hub) { return {ScopeKind::network, hub.str()}; }
  static ScopeId group(DocumentId const& id) { return {ScopeKind::group, id.to_string()}; }
  static Result<ScopeId> parse(std::string_view text);

  [[nodiscard]] ScopeKind kind() const noexcept { return kind_; }
  [[nodiscard]] std::string const& owner() const noexcept { return owner_; }
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(ScopeId const&, ScopeId const&) = default;

 private:
  ScopeId(ScopeKind kind, std::string owner) : kind_(kind), owner_(std::move(owner)) {}
  ScopeKind kind_ = ScopeKind::local;
  std::string owner_;
};

}  // namespace solidaires

template <>
struct std::hash<solidaires::DocumentId> {
  std::size_t operator()(solidaires::DocumentId const& id) const noexcept {
    return std::hash<std::string_view>{}(id.bytes());
  }
};
