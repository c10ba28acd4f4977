// Two copies of one document as two peers might send them: read, judged, merged, written to.
#include "sync/base/limits.h"
#include "sync/core/absorb.h"
#include "sync/wire/document_codec.h"
#include "tests/fuzz/fuzz.h"

using namespace solidaires;
using sync::Document;

namespace {

ScopeId const kScope = ScopeId::parse("public/isere").value();

void check_alone(Document const& document) {
  auto const bytes = sync::encode_document(document);
  auto const again = sync::decode_document(bytes, kScope);
  SOL_CHECK(again && *again == document);
  SOL_CHECK(sync::encode_document(*again) == bytes);
  SOL_CHECK(sync::fingerprint(*again) == sync::fingerprint(document));
  SOL_CHECK(sync::merge(document, document) == document);
}

void check_written(Document document) {
  sync::Dot const dot{ReplicaId{0x5011}, 1};
  if (document.context.covers(dot) || sync::is_erased(document)) return;
  sync::write(document, {{"name", "here"}}, document.context, dot, from_unix_ms(1'700'000'000'000));
  auto const& versions = document.fields.at("name");
  SOL_CHECK(versions.size() == 1 && versions.front().stamp_ms <= limits::kStampMsMax);
  SOL_CHECK(versions.front().stamp_ms >= 1'700'000'000'000);
  SOL_CHECK(sync::shown_value(document, "name") == "here");
}

void check_merge(Document const& a, Document const& b) {
  auto const merged = sync::merge(a, b);
  SOL_CHECK(merged == sync::merge(b, a));
  SOL_CHECK(sync::merge(merged, a) == merged && sync::merge(b, merged) == merged);
  SOL_CHECK(sync::validate_merged(merged).has_value());
  SOL_CHECK(merged.context.covers(a.context) && merged.context.covers(b.context));
  auto const absorbed = sync::absorb(&a, b, ReplicaId{7});
  SOL_CHECK(absorbed.document == merged && absorbed.changed == (merged != a));
  SOL_CHECK(!absorbed.origin || merged == b);
  std::ignore = sync::conflicts(merged);
  std::ignore = sync::is_alive(merged);
  check_alone(merged);
  check_written(merged);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::Choices input(fuzz::as_bytes(data, size));
  auto a = sync::decode_document(input.part(), kScope);
  auto b = sync::decode_document(input.all(), kScope);
  if (!a || !b) return 0;
  b->key = a->key;
  // As a store takes them: of an erased document nothing is kept but the stub.
  sync::drop_if_erased(*a);
  sync::drop_if_erased(*b);
  SOL_CHECK(sync::merge(*a, *b) == sync::merge(*b, *a));
  check_alone(*a);
  check_alone(*b);
  if (sync::validate(*a) && sync::validate(*b)) check_merge(*a, *b);
  return 0;
}
