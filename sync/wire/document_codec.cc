#include "sync/wire/document_codec.h"

#include <google/protobuf/stubs/logging.h>

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

}  // namespace

Bytes encode_document(Document const& document) {
  proto::Document wire;
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
  proto::Document wire;
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
