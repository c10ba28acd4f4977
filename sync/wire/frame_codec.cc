#include "sync/wire/frame_codec.h"

#include <google/protobuf/unknown_field_set.h>

#include <utility>

#include "proto/link.pb.h"
#include "sync/base/hash.h"
#include "sync/base/limits.h"
#include "sync/wire/compression.h"
#include "sync/wire/document_codec.h"

namespace solidaires::sync {
namespace {

std::uint64_t number(Sequence sequence) {
  return static_cast<std::uint64_t>(sequence);
}

// ---- Scopes ----

Result<> put(ScopeId const& scope, proto::Scope& out) {
  switch (scope.kind()) {
    case ScopeKind::office: out.set_office(scope.owner()); return {};
    case ScopeKind::published: out.set_published(scope.owner()); return {};
    case ScopeKind::network: out.set_network(scope.owner()); return {};
    case ScopeKind::group: {
      SOL_ASSIGN(auto const id, DocumentId::parse(scope.owner()));
      out.set_group(std::string(id.bytes()));
      return {};
    }
    case ScopeKind::local: break;
  }
  return fail(Code::invalid, "the scope local does not travel");
}

Result<ScopeId> take(proto::Scope const& wire) {
  switch (wire.holder_case()) {
    case proto::Scope::kOffice: {
      SOL_ASSIGN(auto const node, NodeName::parse(wire.office()));
      return ScopeId::office(node);
    }
    case proto::Scope::kPublished: {
      SOL_ASSIGN(auto const node, NodeName::parse(wire.published()));
      return ScopeId::published(node);
    }
    case proto::Scope::kNetwork: {
      SOL_ASSIGN(auto const hub, NodeName::parse(wire.network()));
      return ScopeId::network(hub);
    }
    case proto::Scope::kGroup: {
      SOL_ASSIGN(auto const id, DocumentId::from_bytes(wire.group()));
      return ScopeId::group(id);
    }
    case proto::Scope::HOLDER_NOT_SET: break;
  }
  return fail(Code::invalid, "a frame without a scope");
}

// ---- Each kind, out ----

Result<> put(Hello const& hello, proto::Frame& frame) {
  auto& out = *frame.mutable_hello();
  out.set_protocol_min(hello.protocol_min);
  out.set_protocol_max(hello.protocol_max);
  out.set_features(hello.features);
  out.set_node(hello.node.str());
  out.set_replica(static_cast<std::uint64_t>(hello.replica));
  out.set_counter(hello.counter);
  out.set_link_token(hello.link_token);
  out.set_software(hello.software);
  out.set_model_version(hello.model_version);
  out.set_wall_clock_ms(hello.wall_clock_ms);
  return {};
}

Result<> put(Welcome const& welcome, proto::Frame& frame) {
  frame.mutable_welcome()->set_link_token(welcome.link_token);
  return {};
}

Result<> put(Offer const& offer, proto::Frame& frame) {
  auto& out = *frame.mutable_offer();
  for (auto const& scope : offer.scopes) SOL_TRY(put(scope, *out.add_scopes()));
  return {};
}

Result<> put(Withdraw const& withdraw, proto::Frame& frame) {
  auto& out = *frame.mutable_withdraw();
  for (auto const& scope : withdraw.scopes) SOL_TRY(put(scope, *out.add_scopes()));
  return {};
}

Result<> put(Withdrawn const& withdrawn, proto::Frame& frame) {
  auto& out = *frame.mutable_withdrawn();
  for (auto const& scope : withdrawn.scopes) SOL_TRY(put(scope, *out.add_scopes()));
  return {};
}

Result<> put(Subscribe const& subscribe, proto::Frame& frame) {
  auto& out = *frame.mutable_subscribe();
  out.set_cursor(number(subscribe.cursor));
  return put(subscribe.scope, *out.mutable_scope());
}

Result<> put(Batch const& batch, proto::Frame& frame) {
  auto& out = *frame.mutable_batch();
  out.set_generation(batch.generation);
  out.set_previous(number(batch.previous));
  out.set_last(number(batch.last));
  out.set_head(number(batch.head));
  out.set_repair(batch.repair);
  for (auto const& encoded : batch.encoded) out.add_documents(encoded);
  if (batch.encoded.empty()) {
    for (auto const& document : batch.documents) out.add_documents(encode_document(document));
  }
  return put(batch.scope, *out.mutable_scope());
}

// In place of the documents: themselves, packed together; if that pays.
void pack(proto::Batch& batch) {
  if (batch.documents().empty()) return;
  proto::Documents documents;
  documents.mutable_documents()->Swap(batch.mutable_documents());
  if (auto packed = compress(documents.SerializeAsString())) {
    batch.set_compressed(*std::move(packed));
  } else {
    batch.mutable_documents()->Swap(documents.mutable_documents());
  }
}

Result<> put(Ack const& ack, proto::Frame& frame) {
  auto& out = *frame.mutable_ack();
  out.set_generation(ack.generation);
  out.set_cursor(number(ack.cursor));
  return put(ack.scope, *out.mutable_scope());
}

Result<> put(Nack const& nack, proto::Frame& frame) {
  auto& out = *frame.mutable_nack();
  out.set_generation(nack.generation);
  out.set_cursor(number(nack.cursor));
  out.set_reason(static_cast<std::uint32_t>(nack.reason));
  out.set_detail(nack.detail);
  return put(nack.scope, *out.mutable_scope());
}

Result<> put(Status const& status, proto::Frame& frame) {
  auto& out = *frame.mutable_status();
  for (auto const& scope : status.scopes) {
    auto& entry = *out.add_scopes();
    entry.set_head(number(scope.head));
    entry.set_acknowledged(number(scope.acknowledged));
    SOL_TRY(put(scope.scope, *entry.mutable_scope()));
  }
  out.set_oldest_unacknowledged_ms(static_cast<std::uint64_t>(status.oldest_unacknowledged_ms));
  out.set_disk_free_bytes(status.disk_free_bytes);
  out.set_open_conflicts(status.open_conflicts);
  out.set_quarantined(status.quarantined);
  return {};
}

Result<> put(Ping const& ping, proto::Frame& frame) {
  frame.mutable_ping()->set_nonce(ping.nonce);
  return {};
}

Result<> put(Pong const& pong, proto::Frame& frame) {
  frame.mutable_pong()->set_nonce(pong.nonce);
  return {};
}

Result<> put(Close const& close, proto::Frame& frame) {
  auto& out = *frame.mutable_close();
  out.set_reason(static_cast<std::uint32_t>(close.reason));
  out.set_retry_after_ms(static_cast<std::uint64_t>(close.retry_after.count()));
  out.set_detail(close.detail);
  return {};
}

Result<> put(BlobWant const& want, proto::Frame& frame) {
  auto& out = *frame.mutable_blob_want();
  out.set_request(want.request);
  out.set_document(std::string(want.document.bytes()));
  out.set_sha256(want.sha256);
  out.set_offset(want.offset);
  return put(want.scope, *out.mutable_scope());
}

Result<> put(BlobChunk const& chunk, proto::Frame& frame) {
  auto& out = *frame.mutable_blob_chunk();
  out.set_request(chunk.request);
  out.set_sha256(chunk.sha256);
  out.set_answer(static_cast<std::uint32_t>(chunk.answer));
  out.set_offset(chunk.offset);
  out.set_size(chunk.size);
  out.set_bytes(chunk.bytes);
  return {};
}

void put(KeyRange const& range, proto::KeyRange& out) {
  out.set_prefix(range.prefix);
  out.set_depth(range.depth);
}

void put(RangeSplit const& split, proto::RangeSplit& out) {
  put(split.range, *out.mutable_range());
  ByteWriter digests(*out.mutable_digests());
  for (auto const& part : split.parts) {
    out.add_counts(part.count);
    digests.u64(part.digest);
  }
}

std::string_view bytes_of(std::array<std::uint8_t, 16> const& bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

Result<> put(Probe const& probe, proto::Frame& frame) {
  auto& out = *frame.mutable_probe();
  out.set_serial(probe.serial);
  out.set_sent(number(probe.anchor.sent));
  out.set_received(number(probe.anchor.received));
  if (auto const& whole = probe.question.whole) {
    out.set_digest(std::string(bytes_of(whole->digest)));
    out.set_count(whole->count);
  }
  for (auto const& split : probe.question.splits) put(split, *out.add_splits());
  for (auto const& range : probe.question.lists) put(range, *out.add_lists());
  for (auto const& id : probe.wants) out.mutable_wants()->append(id.bytes());
  return put(probe.scope, *out.mutable_scope());
}

Result<> put(ProbeReply const& reply, proto::Frame& frame) {
  auto& out = *frame.mutable_probe_reply();
  out.set_serial(reply.serial);
  out.set_outcome(static_cast<std::uint32_t>(reply.outcome));
  for (auto const& split : reply.answer.splits) put(split, *out.add_splits());
  for (auto const& listing : reply.answer.listings) {
    auto& entry = *out.add_listings();
    put(listing.range, *entry.mutable_range());
    for (auto const& item : listing.items) {
      entry.mutable_items()->append(item.id.bytes());
      entry.mutable_items()->append(bytes_of(item.fingerprint));
    }
  }
  return put(reply.scope, *out.mutable_scope());
}

Result<> put(UnknownFrame const&, proto::Frame&) {
  return fail(Code::invalid, "an unknown frame is only ever received");
}

// ---- Each kind, in ----

// A duration of a peer, in milliseconds: never more than a day, so that no sum overflows.
std::int64_t duration_ms(std::uint64_t ms) {
  constexpr std::uint64_t kDay = 86'400'000;
  return static_cast<std::int64_t>(std::min(ms, kDay));
}

std::string text(std::string const& text) {
  if (text.size() <= limits::kFrameTextBytes) return text;
  std::size_t size = limits::kFrameTextBytes;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) --size;
  return text.substr(0, size);
}

Result<Bytes> token(std::string const& bytes) {
  if (bytes.size() > limits::kLinkTokenBytes) return fail(Code::invalid, "a link token too long");
  return bytes;
}

Result<Frame> take(proto::Hello const& wire) {
  Hello hello;
  hello.protocol_min = wire.protocol_min();
  hello.protocol_max = wire.protocol_max();
  hello.features = wire.features();
  SOL_ASSIGN(hello.node, NodeName::parse(wire.node()));
  hello.replica = static_cast<ReplicaId>(wire.replica());
  hello.counter = wire.counter();
  SOL_ASSIGN(hello.link_token, token(wire.link_token()));
  hello.software = text(wire.software());
  hello.model_version = wire.model_version();
  hello.wall_clock_ms = wire.wall_clock_ms();
  return hello;
}

Result<Frame> take(proto::Welcome const& wire) {
  SOL_ASSIGN(auto bytes, token(wire.link_token()));
  return Welcome{std::move(bytes)};
}

// Of an Offer, a Withdraw, a Withdrawn.
template <class Wire>
Result<std::vector<ScopeId>> take_scopes(Wire const& wire) {
  if (static_cast<std::size_t>(wire.scopes_size()) > limits::kSubscriptions) {
    return fail(Code::invalid, "a frame of too many scopes");
  }
  std::vector<ScopeId> scopes;
  for (auto const& entry : wire.scopes()) {
    // A kind of scope that a later version knows is none that we could hold.
    if (entry.holder_case() == proto::Scope::HOLDER_NOT_SET) continue;
    SOL_ASSIGN(auto scope, take(entry));
    scopes.push_back(std::move(scope));
  }
  return scopes;
}

Result<Frame> take(proto::Offer const& wire) {
  SOL_ASSIGN(auto scopes, take_scopes(wire));
  return Offer{std::move(scopes)};
}

Result<Frame> take(proto::Withdraw const& wire) {
  SOL_ASSIGN(auto scopes, take_scopes(wire));
  return Withdraw{std::move(scopes)};
}

Result<Frame> take(proto::Withdrawn const& wire) {
  SOL_ASSIGN(auto scopes, take_scopes(wire));
  return Withdrawn{std::move(scopes)};
}

Result<Frame> take(proto::Subscribe const& wire) {
  SOL_ASSIGN(auto scope, take(wire.scope()));
  return Subscribe{std::move(scope), Sequence{wire.cursor()}};
}

// Leaves `wire` without its bytes.
Result<> take_documents(google::protobuf::RepeatedPtrField<std::string>& wire, Batch& batch) {
  if (static_cast<std::size_t>(wire.size()) > limits::kBatchDocuments) {
    return fail(Code::invalid, "a batch of too many documents");
  }
  batch.documents.reserve(static_cast<std::size_t>(wire.size()));
  batch.encoded.reserve(static_cast<std::size_t>(wire.size()));
  for (auto& bytes : wire) {
    auto document = decode_document(bytes, batch.scope);
    if (document) {
      batch.documents.push_back(*std::move(document));
      batch.encoded.push_back(std::move(bytes));
    } else {
      batch.unreadable.push_back(document.error().to_string());
    }
  }
  if (!batch.unreadable.empty()) batch.encoded.clear();
  return {};
}

Result<Frame> take(proto::Batch& wire) {
  SOL_ASSIGN(auto scope, take(wire.scope()));
  Batch batch{std::move(scope),
              wire.generation(),
              Sequence{wire.previous()},
              Sequence{wire.last()},
              Sequence{wire.head()},
              {},
              {},
              wire.repair()};
  if (wire.compressed().empty()) {
    SOL_TRY(take_documents(*wire.mutable_documents(), batch));
    return batch;
  }
  if (wire.documents_size() > 0) return fail(Code::invalid, "documents both packed and not");
  SOL_ASSIGN(auto const bytes, decompress(wire.compressed(), limits::kFrameBytes));
  proto::Documents documents;
  if (!documents.ParseFromString(bytes)) return fail(Code::corrupt, "no documents were packed");
  SOL_TRY(take_documents(*documents.mutable_documents(), batch));
  return batch;
}

Result<Frame> take(proto::Ack const& wire) {
  SOL_ASSIGN(auto scope, take(wire.scope()));
  return Ack{std::move(scope), wire.generation(), Sequence{wire.cursor()}};
}

Result<Frame> take(proto::Nack const& wire) {
  SOL_ASSIGN(auto scope, take(wire.scope()));
  auto const last = static_cast<std::uint32_t>(NackReason::quarantine);
  auto const reason =
      wire.reason() <= last ? static_cast<NackReason>(wire.reason()) : NackReason::other;
  return Nack{std::move(scope), wire.generation(), Sequence{wire.cursor()}, reason,
              text(wire.detail())};
}

Result<Frame> take(proto::Status const& wire) {
  if (static_cast<std::size_t>(wire.scopes_size()) > limits::kSubscriptions) {
    return fail(Code::invalid, "a status of too many scopes");
  }
  Status status;
  for (auto const& entry : wire.scopes()) {
    if (entry.scope().holder_case() == proto::Scope::HOLDER_NOT_SET) continue;
    SOL_ASSIGN(auto scope, take(entry.scope()));
    status.scopes.push_back(
        {std::move(scope), Sequence{entry.head()}, Sequence{entry.acknowledged()}});
  }
  status.oldest_unacknowledged_ms = duration_ms(wire.oldest_unacknowledged_ms());
  status.disk_free_bytes = wire.disk_free_bytes();
  status.open_conflicts = wire.open_conflicts();
  status.quarantined = wire.quarantined();
  return status;
}

Result<Frame> take(proto::Close const& wire) {
  auto const last = static_cast<std::uint32_t>(CloseReason::rolled_back);
  auto const reason =
      wire.reason() <= last ? static_cast<CloseReason>(wire.reason()) : CloseReason::other;
  return Close{reason, Millis(duration_ms(wire.retry_after_ms())), text(wire.detail())};
}

Result<Bytes> file_name(std::string const& sha256) {
  if (sha256.size() != kSha256Bytes) return fail(Code::invalid, "a file is named by its SHA-256");
  return sha256;
}

Result<Frame> take(proto::BlobWant const& wire) {
  SOL_ASSIGN(auto scope, take(wire.scope()));
  SOL_ASSIGN(auto const document, DocumentId::from_bytes(wire.document()));
  SOL_ASSIGN(auto sha256, file_name(wire.sha256()));
  return BlobWant{wire.request(), std::move(scope), document, std::move(sha256), wire.offset()};
}

Result<Frame> take(proto::BlobChunk const& wire) {
  if (wire.bytes().size() > limits::kBlobChunkBytes) {
    return fail(Code::invalid, "a chunk of a file that is too large");
  }
  SOL_ASSIGN(auto sha256, file_name(wire.sha256()));
  auto const last = static_cast<std::uint32_t>(BlobAnswer::arrived);
  auto const answer =
      wire.answer() <= last ? static_cast<BlobAnswer>(wire.answer()) : BlobAnswer::failed;
  return BlobChunk{wire.request(), std::move(sha256), answer,
                   wire.offset(),  wire.size(),       wire.bytes()};
}

Result<KeyRange> take(proto::KeyRange const& wire) {
  KeyRange const range{wire.prefix(), static_cast<std::uint8_t>(std::min(wire.depth(), 255U))};
  if (!range.valid()) return fail(Code::invalid, "a range of keys that is none");
  return range;
}

Result<RangeSplit> take(proto::RangeSplit const& wire) {
  RangeSplit split;
  SOL_ASSIGN(split.range, take(wire.range()));
  bool const fits = static_cast<std::size_t>(wire.counts_size()) == split.parts.size() &&
                    wire.digests().size() == split.parts.size() * sizeof(std::uint64_t);
  if (!fits) return fail(Code::invalid, "a range split into other than sixteen parts");
  ByteReader digests(wire.digests());
  for (std::size_t i = 0; i < split.parts.size(); ++i) {
    split.parts.at(i).count = wire.counts(static_cast<int>(i));
    SOL_ASSIGN(split.parts.at(i).digest, digests.u64());
  }
  return split;
}

Result<std::array<std::uint8_t, 16>> sixteen(ByteReader& reader) {
  SOL_ASSIGN(auto const bytes, reader.raw(16));
  std::array<std::uint8_t, 16> out{};
  std::ranges::copy(bytes, out.begin());
  return out;
}

Result<std::vector<DocumentId>> ids(std::string const& bytes, std::size_t most) {
  if (bytes.size() > most * DocumentId::kSize) return fail(Code::invalid, "too many documents");
  std::vector<DocumentId> found;
  for (ByteReader reader(bytes); !reader.done();) {
    SOL_ASSIGN(auto const id, reader.raw(DocumentId::kSize));
    SOL_ASSIGN(auto parsed, DocumentId::from_bytes(id));
    found.push_back(parsed);
  }
  return found;
}

Result<RangeListing> take(proto::RangeListing const& wire) {
  RangeListing listing;
  SOL_ASSIGN(listing.range, take(wire.range()));
  constexpr std::size_t kItem = 2 * 16;
  if (wire.items().size() > limits::kProbeListItems * kItem || wire.items().size() % kItem != 0) {
    return fail(Code::invalid, "a list of too many documents, or of half a one");
  }
  for (ByteReader reader(wire.items()); !reader.done();) {
    KeyedFingerprint item;
    SOL_ASSIGN(auto const id, reader.raw(DocumentId::kSize));
    SOL_ASSIGN(item.id, DocumentId::from_bytes(id));
    SOL_ASSIGN(item.fingerprint, sixteen(reader));
    listing.items.push_back(item);
  }
  return listing;
}

template <class Out, class Wire>
Result<std::vector<Out>> take_all(Wire const& wire) {
  if (static_cast<std::size_t>(wire.size()) > limits::kProbeRanges) {
    return fail(Code::invalid, "too many ranges in one message");
  }
  std::vector<Out> out;
  for (auto const& entry : wire) {
    SOL_ASSIGN(auto taken, take(entry));
    out.push_back(std::move(taken));
  }
  return out;
}

Result<Frame> take(proto::Probe const& wire) {
  SOL_ASSIGN(auto scope, take(wire.scope()));
  Probe probe{std::move(scope), wire.serial(), {}, {}, {}};
  probe.anchor = {Sequence{wire.sent()}, Sequence{wire.received()}};
  if (!wire.digest().empty()) {
    ByteReader reader(wire.digest());
    SOL_ASSIGN(auto const digest, sixteen(reader));
    if (!reader.done()) return fail(Code::invalid, "a digest of other than 16 bytes");
    probe.question.whole = RangeDigest{wire.count(), digest};
  }
  SOL_ASSIGN(probe.question.splits, take_all<RangeSplit>(wire.splits()));
  SOL_ASSIGN(probe.question.lists, take_all<KeyRange>(wire.lists()));
  SOL_ASSIGN(probe.wants, ids(wire.wants(), limits::kRepairDocuments));
  return probe;
}

Result<Frame> take(proto::ProbeReply const& wire) {
  SOL_ASSIGN(auto scope, take(wire.scope()));
  ProbeReply reply{std::move(scope), wire.serial(), ProbeOutcome::other, {}};
  if (wire.outcome() <= static_cast<std::uint32_t>(ProbeOutcome::refused)) {
    reply.outcome = static_cast<ProbeOutcome>(wire.outcome());
  }
  reply.answer.equal = reply.outcome == ProbeOutcome::equal;
  SOL_ASSIGN(reply.answer.splits, take_all<RangeSplit>(wire.splits()));
  SOL_ASSIGN(reply.answer.listings, take_all<RangeListing>(wire.listings()));
  return reply;
}

Result<Frame> take(proto::Frame& wire) {
  switch (wire.kind_case()) {
    case proto::Frame::kHello: return take(wire.hello());
    case proto::Frame::kWelcome: return take(wire.welcome());
    case proto::Frame::kOffer: return take(wire.offer());
    case proto::Frame::kSubscribe: return take(wire.subscribe());
    case proto::Frame::kBatch: return take(*wire.mutable_batch());
    case proto::Frame::kAck: return take(wire.ack());
    case proto::Frame::kNack: return take(wire.nack());
    case proto::Frame::kStatus: return take(wire.status());
    case proto::Frame::kPing: return Ping{wire.ping().nonce()};
    case proto::Frame::kPong: return Pong{wire.pong().nonce()};
    case proto::Frame::kClose: return take(wire.close());
    case proto::Frame::kBlobWant: return take(wire.blob_want());
    case proto::Frame::kBlobChunk: return take(wire.blob_chunk());
    case proto::Frame::kProbe: return take(wire.probe());
    case proto::Frame::kProbeReply: return take(wire.probe_reply());
    case proto::Frame::kWithdraw: return take(wire.withdraw());
    case proto::Frame::kWithdrawn: return take(wire.withdrawn());
    case proto::Frame::KIND_NOT_SET: break;
  }
  auto const& unknown = wire.GetReflection()->GetUnknownFields(wire);
  if (unknown.empty()) return fail(Code::corrupt, "a frame of no kind");
  return UnknownFrame{static_cast<std::uint32_t>(unknown.field(0).number())};
}

}  // namespace

Result<Bytes> encode_frame(Frame const& frame, Packing packing) {
  proto::Frame wire;
  SOL_TRY(std::visit([&wire](auto const& kind) { return put(kind, wire); }, frame));
  if (packing == Packing::zstd && wire.has_batch()) pack(*wire.mutable_batch());
  auto bytes = wire.SerializeAsString();
  if (bytes.size() > limits::kFrameBytes) {
    return fail(Code::invalid, cat("a frame of ", bytes.size(), " bytes is larger than the limit"));
  }
  return bytes;
}

Result<Frame> decode_frame(std::string_view bytes) {
  keep_protobuf_quiet();
  if (bytes.size() > limits::kFrameBytes) return fail(Code::exhausted, "a frame too large");
  proto::Frame wire;
  if (!wire.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(Code::corrupt, "these bytes are not a frame");
  }
  return take(wire);
}

}  // namespace solidaires::sync
