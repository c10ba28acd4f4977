#include "sync/wire/document_codec.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "proto/document.pb.h"

namespace solidaires::sync {
namespace {

Result<std::vector<FieldVersion>> take_versions(proto::Field& field) {
  std::vector<FieldVersion> versions;
  versions.reserve(static_cast<std::size_t>(field.versions_size()));
  for (auto& wire : *field.mutable_versions()) {
    Dot const dot{static_cast<ReplicaId>(wire.replica()), wire.counter()};
    if (!versions.empty() && !(versions.back().dot < dot)) {
      return fail(Code::corrupt, "the versions of a field are not sorted");
    }
    versions.push_back({dot, wire.stamp_ms(), std::move(*wire.mutable_value())});
  }
  if (versions.empty()) return fail(Code::corrupt, "a field has no version");
  return versions;
}

Result<Context> take_context(proto::Document const& wire) {
  Context context;
  std::optional<std::uint64_t> previous;
  for (auto const& entry : wire.context()) {
    if (previous && *previous >= entry.replica()) {
      return fail(Code::corrupt, "the context of a document is not sorted");
    }
    previous = entry.replica();
    context.add({static_cast<ReplicaId>(entry.replica()), entry.counter()});
  }
  return context;
}

// A message for this thread to fill with a document of about `bytes`: its parts are used again,
// where a new one would be made of dozens of small allocations. What a large document made it hold
// is let go at the next.
proto::Document& message(std::size_t bytes) {
  constexpr std::size_t kKeptBytes = 64UL * 1024;
  thread_local proto::Document wire;
  thread_local std::size_t largest = 0;
  if (largest > kKeptBytes) {
    wire = {};
    largest = 0;
  }
  wire.Clear();
  largest = std::max(largest, bytes);
  return wire;
}

using google::protobuf::io::CodedOutputStream;

constexpr std::size_t kTagBytes = 1;
constexpr std::size_t kFixed64Bytes = 8;

std::size_t varint_bytes(std::uint64_t value) {
  return CodedOutputStream::VarintSize64(value);
}

// Of a field that has a length; what is empty is not written.
std::size_t sized_bytes(std::size_t size) {
  return size == 0 ? 0 : kTagBytes + varint_bytes(size) + size;
}

// Of a message in a list, which is written even when it is empty.
std::size_t message_bytes(std::size_t size) {
  return kTagBytes + varint_bytes(size) + size;
}

std::size_t dot_bytes(ReplicaId replica, std::uint64_t counter) {
  return (replica == ReplicaId{} ? 0 : kTagBytes + kFixed64Bytes) +
         (counter == 0 ? 0 : kTagBytes + varint_bytes(counter));
}

std::uint64_t zigzag(std::int64_t value) {
  return google::protobuf::internal::WireFormatLite::ZigZagEncode64(value);
}

}  // namespace

std::size_t encoded_size(Document const& document) {
  auto size = sized_bytes(document.key.id.bytes().size()) + sized_bytes(document.type.size());
  for (auto const& [key, versions] : document.fields) {
    auto field = sized_bytes(key.size());
    for (auto const& version : versions) {
      auto const stamp = zigzag(version.stamp_ms);
      field += message_bytes(dot_bytes(version.dot.replica, version.dot.counter) +
                             (stamp == 0 ? 0 : kTagBytes + varint_bytes(stamp)) +
                             sized_bytes(version.value.size()));
    }
    size += message_bytes(field);
  }
  for (auto const& [replica, counter] : document.context.counters()) {
    size += message_bytes(dot_bytes(replica, counter));
  }
  return size;
}

Bytes encode_document(Document const& document) {
  auto& wire = message(encoded_size(document));
  wire.set_id(std::string(document.key.id.bytes()));
  wire.set_type(document.type);
  for (auto const& [key, versions] : document.fields) {
    auto& field = *wire.add_fields();
    field.set_key(key);
    for (auto const& version : versions) {
      auto& out = *field.add_versions();
      out.set_replica(static_cast<std::uint64_t>(version.dot.replica));
      out.set_counter(version.dot.counter);
      out.set_stamp_ms(version.stamp_ms);
      out.set_value(version.value);
    }
  }
  for (auto const& [replica, counter] : document.context.counters()) {
    auto& entry = *wire.add_context();
    entry.set_replica(static_cast<std::uint64_t>(replica));
    entry.set_counter(counter);
  }
  return wire.SerializeAsString();
}

void keep_protobuf_quiet() {
  [[maybe_unused]] static auto const earlier = google::protobuf::SetLogHandler(nullptr);
}

Result<Document> decode_document(std::string_view bytes, ScopeId const& scope) {
  keep_protobuf_quiet();
  auto& wire = message(bytes.size());
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !wire.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(Code::corrupt, "these bytes are not a document");
  }
  auto const id = DocumentId::from_bytes(wire.id());
  if (!id) return fail(Code::corrupt, "a document without an id of 16 bytes");
  Document document{{scope, *id}, std::move(*wire.mutable_type()), {}, {}};
  for (auto& field : *wire.mutable_fields()) {
    if (!document.fields.empty() && document.fields.rbegin()->first >= field.key()) {
      return fail(Code::corrupt, "the fields of a document are not sorted");
    }
    SOL_ASSIGN(auto versions, take_versions(field));
    document.fields.emplace_hint(document.fields.end(), std::move(*field.mutable_key()),
                                 std::move(versions));
  }
  SOL_ASSIGN(document.context, take_context(wire));
  return document;
}

}  // namespace solidaires::sync
