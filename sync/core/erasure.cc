#include "sync/core/erasure.h"

#include <algorithm>

#include "sync/base/bytes.h"
#include "sync/base/hash.h"
#include "sync/base/limits.h"

namespace solidaires::sync {
namespace {

constexpr std::string_view kRequestHead = "solidaires-erase-request-1\n";
constexpr std::string_view kOrderHead = "solidaires-erase-order-1\n";
constexpr std::string_view kReceiptHead = "solidaires-erase-receipt-1\n";
constexpr std::size_t kObjectionBytes = 16;  // of its key and of each digest
constexpr std::size_t kSignatureBytes = 64;

std::uint64_t ms(Instant at) {
  return static_cast<std::uint64_t>(to_unix_ms(at));
}

void put_key(ByteWriter& out, DocumentKey const& key) {
  out.sized(key.scope.to_string()).raw(key.id.bytes());
}

// Reads what the writers below made; every failure is Code::invalid in the end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : in_(bytes) {}

  Result<> head(std::string_view expected) {
    SOL_ASSIGN(auto const found, in_.raw(expected.size()));
    if (found != expected) return fail(Code::invalid, "a statement of another kind");
    return {};
  }
  Result<NodeName> node() {
    SOL_ASSIGN(auto const text, in_.sized());
    return NodeName::parse(text);
  }
  Result<DocumentId> id() {
    SOL_ASSIGN(auto const bytes, in_.raw(DocumentId::kSize));
    return DocumentId::from_bytes(bytes);
  }
  Result<DocumentKey> key() {
    SOL_ASSIGN(auto const text, in_.sized());
    SOL_ASSIGN(auto scope, ScopeId::parse(text));
    SOL_ASSIGN(auto const id, this->id());
    return DocumentKey{std::move(scope), id};
  }
  Result<Instant> time() {
    SOL_ASSIGN(std::uint64_t const value, in_.u64());
    return from_unix_ms(static_cast<std::int64_t>(value));
  }
  Result<std::uint32_t> count(std::size_t most) {
    SOL_ASSIGN(std::uint32_t const value, in_.u32());
    if (value > most) return fail(Code::invalid, "a statement that names too much");
    return value;
  }
  ByteReader& raw() { return in_; }
  Result<> end() {
    if (!in_.done()) return fail(Code::invalid, "a statement with something after it");
    return {};
  }

 private:
  ByteReader in_;
};

template <class T>
Result<T> as_invalid(Result<T> result) {
  if (result || result.error().code() == Code::invalid) return result;
  return fail(Code::invalid, cat("not a statement of an erasure: ", result.error().message()));
}

Result<> read_targets(Reader& in, EraseRequest& request) {
  SOL_ASSIGN(std::uint32_t const targets, in.count(limits::kEraseTargets));
  if (targets == 0) return fail(Code::invalid, "an erasure of nothing");
  for (std::uint32_t i = 0; i < targets; ++i) {
    SOL_ASSIGN(auto key, in.key());
    auto const kind = key.scope.kind();
    if (kind != ScopeKind::office && kind != ScopeKind::published) {
      return fail(Code::invalid, cat("nothing in ", key.scope.to_string(), " is erased by order"));
    }
    if (!request.targets.empty() && !(request.targets.back() < key)) {
      return fail(Code::invalid, "the documents to erase are not sorted");
    }
    request.targets.push_back(std::move(key));
  }
  return {};
}

Result<> read_objection(Reader& in, Objection& objection) {
  SOL_ASSIGN(objection.key, in.raw().sized());
  SOL_ASSIGN(std::uint32_t const digests, in.count(limits::kEraseDigests));
  for (std::uint32_t i = 0; i < digests; ++i) {
    SOL_ASSIGN(auto const digest, in.raw().raw(kObjectionBytes));
    objection.digests.emplace_back(digest);
  }
  bool const empty = objection.key.empty() && objection.digests.empty();
  if (!empty && objection.key.size() != kObjectionBytes) {
    return fail(Code::invalid, "an objection without its key");
  }
  return {};
}

Result<EraseRequest> take_request(std::string_view bytes) {
  Reader in(bytes);
  EraseRequest request;
  SOL_TRY(in.head(kRequestHead));
  SOL_ASSIGN(request.id, in.id());
  SOL_ASSIGN(request.node, in.node());
  SOL_TRY(read_targets(in, request));
  SOL_TRY(read_objection(in, request.objection));
  SOL_TRY(in.end());
  return request;
}

Result<EraseOrder> take_order(std::string_view bytes) {
  Reader in(bytes);
  EraseOrder order;
  SOL_TRY(in.head(kOrderHead));
  SOL_ASSIGN(order.hub, in.node());
  SOL_ASSIGN(order.issued, in.time());
  SOL_ASSIGN(std::uint64_t const replica, in.raw().u64());
  SOL_ASSIGN(std::uint64_t const counter, in.raw().u64());
  SOL_ASSIGN(auto const at, in.time());
  SOL_ASSIGN(auto const inner, in.raw().sized());
  SOL_TRY(in.end());
  SOL_ASSIGN(order.request, take_request(inner));
  order.request.dot = {ReplicaId{replica}, counter};
  order.request.at = at;
  bool const dated = to_unix_ms(at) >= 0 && to_unix_ms(at) <= limits::kStampMsMax;
  if (replica == 0 || counter == 0 || !dated) {
    return fail(Code::invalid, "an order without a mark");
  }
  return order;
}

Result<EraseReceipt> take_receipt(std::string_view bytes) {
  Reader in(bytes);
  EraseReceipt receipt;
  SOL_TRY(in.head(kReceiptHead));
  SOL_ASSIGN(receipt.order, in.id());
  SOL_ASSIGN(receipt.hub, in.node());
  SOL_ASSIGN(receipt.node, in.node());
  SOL_ASSIGN(std::uint64_t const replica, in.raw().u64());
  receipt.replica = ReplicaId{replica};
  SOL_ASSIGN(receipt.at, in.time());
  SOL_ASSIGN(receipt.issue, in.raw().u32());
  SOL_ASSIGN(receipt.erased, in.raw().u32());
  SOL_ASSIGN(receipt.absent, in.raw().u32());
  SOL_ASSIGN(receipt.versions, in.raw().u64());
  SOL_ASSIGN(receipt.history_entries, in.raw().u64());
  SOL_ASSIGN(std::uint32_t const held, in.count(limits::kEraseTargets));
  for (std::uint32_t i = 0; i < held; ++i) {
    HeldTarget target;
    SOL_ASSIGN(target.key, in.key());
    SOL_ASSIGN(target.since, in.time());
    SOL_ASSIGN(target.reason, in.raw().sized());
    if (target.reason.size() > limits::kEraseReasonBytes) {
      return fail(Code::invalid, "the reason of a hold is too long");
    }
    receipt.held.push_back(std::move(target));
  }
  SOL_TRY(in.end());
  return receipt;
}

Result<SignedStatement> take_signed(std::string_view bytes) {
  ByteReader in(bytes);
  SignedStatement found;
  SOL_ASSIGN(found.statement, in.sized());
  SOL_ASSIGN(found.signature, in.sized());
  SOL_ASSIGN(found.certificate, in.sized());
  if (!in.done() || found.signature.size() != kSignatureBytes) {
    return fail(Code::invalid, "not a signed statement");
  }
  return found;
}

}  // namespace

FieldVersion EraseRequest::mark() const {
  return {dot, to_unix_ms(at), Bytes(id.bytes())};
}

Bytes statement(EraseRequest const& request) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.raw(kRequestHead).raw(request.id.bytes()).sized(request.node.str());
  out.u32(static_cast<std::uint32_t>(request.targets.size()));
  for (auto const& key : request.targets) put_key(out, key);
  out.sized(request.objection.key);
  out.u32(static_cast<std::uint32_t>(request.objection.digests.size()));
  for (auto const& digest : request.objection.digests) out.raw(digest);
  return bytes;
}

Bytes statement(EraseOrder const& order) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.raw(kOrderHead).sized(order.hub.str()).u64(ms(order.issued));
  auto const& mark = order.request;
  out.u64(static_cast<std::uint64_t>(mark.dot.replica)).u64(mark.dot.counter).u64(ms(mark.at));
  out.sized(statement(order.request));
  return bytes;
}

Bytes statement(EraseReceipt const& receipt) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.raw(kReceiptHead).raw(receipt.order.bytes());
  out.sized(receipt.hub.str()).sized(receipt.node.str());
  out.u64(static_cast<std::uint64_t>(receipt.replica)).u64(ms(receipt.at));
  out.u32(receipt.issue).u32(receipt.erased).u32(receipt.absent);
  out.u64(receipt.versions).u64(receipt.history_entries);
  out.u32(static_cast<std::uint32_t>(receipt.held.size()));
  for (auto const& held : receipt.held) {
    put_key(out, held.key);
    out.u64(ms(held.since)).sized(held.reason);
  }
  return bytes;
}

Result<EraseRequest> read_request(Document const& document) {
  auto const found = document.fields.find(kStatementField);
  if (document.type != kEraseRequestType || !is_alive(document) || found == document.fields.end()) {
    return fail(Code::invalid, "not a request for an erasure");
  }
  // The first write counts: an order may stand on it already.
  auto const& version = *std::ranges::min_element(found->second, {}, &FieldVersion::dot);
  SOL_ASSIGN(auto request, as_invalid(take_request(version.value)));
  if (request.id != document.key.id || document.key.scope != ScopeId::office(request.node)) {
    return fail(Code::invalid, "a request in the name of another node");
  }
  request.dot = version.dot;
  request.at = from_unix_ms(version.stamp_ms);
  return request;
}

Result<EraseOrder> read_order(std::string_view statement) {
  return as_invalid(take_order(statement));
}

Result<EraseReceipt> read_receipt(std::string_view statement) {
  return as_invalid(take_receipt(statement));
}

Objection objection_in(Document const& document) {
  if (document.type == kEraseRequestType) {
    auto request = read_request(document);
    return request ? std::move(request->objection) : Objection{};
  }
  auto const value = shown_value(document, kStatementField);
  auto const proof = value ? read_signed(*value) : Result<SignedStatement>(fail(Code::invalid, ""));
  auto order = proof ? read_order(proof->statement) : Result<EraseOrder>(fail(Code::invalid, ""));
  return order ? std::move(order->request.objection) : Objection{};
}

Result<> check_rights(EraseRequest const& request, std::set<NodeName> const& members) {
  for (auto const& key : request.targets) {
    auto const owner = NodeName::parse(key.scope.owner());
    if (owner && (*owner == request.node || members.contains(*owner))) continue;
    return fail(Code::denied, cat("what lies in ", key.scope.to_string(), " is not ",
                                  request.node.str(), "'s to erase"));
  }
  return {};
}

bool is_paper_of_erasure(std::string_view type) {
  return type == kEraseRequestType || type == kEraseOrderType || type == kEraseReceiptType;
}

Bytes encode(SignedStatement const& signed_statement) {
  Bytes bytes;
  ByteWriter(bytes)
      .sized(signed_statement.statement)
      .sized(signed_statement.signature)
      .sized(signed_statement.certificate);
  return bytes;
}

Result<SignedStatement> read_signed(std::string_view bytes) {
  return as_invalid(take_signed(bytes));
}

DocumentId receipt_id(DocumentId const& order, NodeName const& node) {
  constexpr std::size_t kTimeBytes = 6;
  Bytes bytes(order.bytes().substr(0, kTimeBytes));
  bytes += sha256(cat("solidaires-erase-receipt\n", order.bytes(), node.str()))
               .substr(0, DocumentId::kSize - kTimeBytes);
  // Version 7 and the variant of RFC 9562, as in every other id.
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0fU) | 0x70U);
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3fU) | 0x80U);
  return DocumentId::from_bytes(bytes).value_or(DocumentId{});
}

}  // namespace solidaires::sync
