// What an erasure is on paper: the request of a node, the order of a hub, the receipt of an
// instance, as documents and as the bytes that are signed (sync/PROTOCOL.md, "Erasure"). They name
// documents by their keys only. Pure values and pure functions, any thread; signing and verifying
// is sync/net/signing.h, obeying is the store's.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sync/core/document.h"

namespace solidaires::sync {

// Types of documents: never rename. Each holds one field, kStatementField, written once.
inline constexpr std::string_view kEraseRequestType = "erase_request";  // in office/<node>
inline constexpr std::string_view kEraseOrderType = "erase_order";      // in network/<hub>
inline constexpr std::string_view kEraseReceiptType = "erase_receipt";  // in office/<node>
inline constexpr std::string_view kStatementField = "statement";

// Keyed hashes of what makes a record known again, so that it is not imported anew against the will
// of whom it speaks of. `key`: 16 random bytes; each digest: 16 bytes.
struct Objection {
  Bytes key{};
  std::vector<Bytes> digests{};
  friend bool operator==(Objection const&, Objection const&) = default;
};

// Written by the node whose scopes are named. `id` is that of its own document, of the order that
// follows, and of the mark in what is erased; `dot` and `at` are those of its document's one write
// and of the mark, so that every instance makes the same stub.
struct EraseRequest {
  DocumentId id{};
  NodeName node{};
  Dot dot{};
  Instant at{};
  std::vector<DocumentKey> targets{};  // 1 to limits::kEraseTargets, sorted, distinct
  Objection objection{};
  [[nodiscard]] FieldVersion mark() const;
  friend bool operator==(EraseRequest const&, EraseRequest const&) = default;
};

struct EraseOrder {
  EraseRequest request{};
  NodeName hub{};  // who orders, and in whose network/ scope
  Instant issued{};
  friend bool operator==(EraseOrder const&, EraseOrder const&) = default;
};

struct HeldTarget {
  DocumentKey key{};
  Instant since{};
  std::string reason{};  // at most limits::kEraseReasonBytes
  friend bool operator==(HeldTarget const&, HeldTarget const&) = default;
};

// What one instance did about one order. A later issue replaces an earlier one: after a hold ended,
// or when a restored backup had brought bytes back.
struct EraseReceipt {
  DocumentId order{};
  NodeName hub{};
  NodeName node{};  // who confirms
  ReplicaId replica{};
  Instant at{};
  std::uint32_t issue = 1;
  // Of the order's targets: are stubs here; were not held here at all. The rest is in `held`.
  std::uint32_t erased = 0, absent = 0;
  // What was removed with them: versions of fields, entries of histories.
  std::uint64_t versions = 0, history_entries = 0;
  std::vector<HeldTarget> held{};
  friend bool operator==(EraseReceipt const&, EraseReceipt const&) = default;
};

// The bytes that are kept and signed, and what they say. Reading refuses (Code::invalid) what
// writing could not have made.
[[nodiscard]] Bytes statement(EraseRequest const& request);  // without dot and time
[[nodiscard]] Bytes statement(EraseOrder const& order);
[[nodiscard]] Bytes statement(EraseReceipt const& receipt);
// A document of kEraseRequestType in the office scope of the node that asks; dot and time are those
// of its write.
[[nodiscard]] Result<EraseRequest> read_request(Document const& document);
[[nodiscard]] Result<EraseOrder> read_order(std::string_view statement);
[[nodiscard]] Result<EraseReceipt> read_receipt(std::string_view statement);

// Of an order or a request, unverified: it can only keep something out. Empty if there is none.
[[nodiscard]] Objection objection_in(Document const& document);

// A node may have erased what lies in its own office/ and public/ scopes, and in those of the nodes
// of its network, `members`, if it is a hub. Never the papers of erasures themselves: they are told
// by their type, where they lie. Code::denied.
[[nodiscard]] Result<> check_rights(EraseRequest const& request, std::set<NodeName> const& members);
[[nodiscard]] bool is_paper_of_erasure(std::string_view type);

// The value of kStatementField of orders and receipts: a statement with its proof.
struct SignedStatement {
  Bytes statement{};
  Bytes signature{};          // Ed25519, 64 bytes
  std::string certificate{};  // the leaf that the network's authority issued, PEM
  friend bool operator==(SignedStatement const&, SignedStatement const&) = default;
};
[[nodiscard]] Bytes encode(SignedStatement const& signed_statement);
[[nodiscard]] Result<SignedStatement> read_signed(std::string_view bytes);

// Where the receipt of `node` for `order` lies in office/<node>: always at the same place, so that
// a restored node finds it again.
[[nodiscard]] DocumentId receipt_id(DocumentId const& order, NodeName const& node);

}  // namespace solidaires::sync
