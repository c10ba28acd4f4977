// Keys and values as they lie on disk: what can be read is written again as it was.
#include "node/store/history.h"
#include "node/store/keys.h"
#include "tests/fuzz/fuzz.h"

using namespace solidaires;
using namespace solidaires::store;

namespace {

void read_key(std::uint8_t kind, std::string_view bytes) {
  switch (kind) {
    case 0:
      if (auto const key = parse_document_key(bytes)) SOL_CHECK(document_key(*key) == bytes);
      return;
    case 1: std::ignore = parse_feed_key(bytes); return;
    case 2:
      if (auto const key = parse_type_key(bytes)) std::ignore = key->scope.to_string();
      return;
    case 3:
      if (auto const hit = parse_index_key(bytes)) {
        // The name of the index stands before its first zero byte.
        auto const name = bytes.substr(1, bytes.find('\0') - 1);
        SOL_CHECK(index_key({std::string(name), hit->value}, hit->key) == bytes);
      }
      return;
    case 4: {
      HistoryEntry entry;
      std::ignore = parse_history_place(bytes, entry);
      return;
    }
    default:
      if (auto const split = split_scope(bytes)) {
        SOL_CHECK(cat(scope_prefix(split->scope), split->rest) == bytes);
      }
  }
}

void read_value(std::uint8_t kind, std::string_view bytes) {
  switch (kind) {
    case 0:
      if (auto const record = parse_feed_record(bytes)) SOL_CHECK(encode(*record) == bytes);
      return;
    case 1:
      if (auto const record = parse_local_record(bytes)) SOL_CHECK(encode(*record) == bytes);
      return;
    case 2:
      if (auto const record = parse_blob_record(bytes)) SOL_CHECK(encode(*record) == bytes);
      return;
    case 3:
      if (auto const value = parse_number(bytes)) SOL_CHECK(number(*value) == bytes);
      return;
    case 4: {
      static sync::DocumentKey const kKey{
          ScopeId::parse("office/isere").value(),
          DocumentId::parse("018bcfe5-6800-7000-8000-000000000001").value()};
      std::ignore = parse_record_head(bytes);
      std::ignore = parse_record(kKey, bytes);
      return;
    }
    default:
      if (auto record = parse_history(bytes)) {
        auto const again = encode(*record);
        auto const second = parse_history(again);
        SOL_CHECK(second && encode(*second) == again);
        HistoryReader reader(nullptr);
        std::ignore = reader.complete(*std::move(record));
      }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::Choices input(fuzz::as_bytes(data, size));
  auto const kind = static_cast<std::uint8_t>(input.below(12));
  auto const bytes = input.all();
  SOL_CHECK(after_prefix(bytes).empty() || after_prefix(bytes) > bytes);
  kind < 6 ? read_key(kind, bytes) : read_value(static_cast<std::uint8_t>(kind - 6), bytes);
  return 0;
}
