// A frame as it comes from a peer: read, written again, read again.
#include "sync/base/limits.h"
#include "sync/wire/frame_codec.h"
#include "tests/fuzz/fuzz.h"

using namespace solidaires;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto frame = sync::decode_frame(fuzz::as_bytes(data, size));
  if (!frame || std::holds_alternative<sync::UnknownFrame>(*frame)) return 0;
  SOL_CHECK(!sync::frame_name(*frame).empty());
  // What could not be read is only told, never sent on.
  if (auto* const batch = std::get_if<sync::Batch>(&*frame)) batch->unreadable.clear();
  auto const bytes = sync::encode_frame(*frame);
  // Varints may have come in fewer bytes than the fixed form takes; still within the limit's sense.
  if (!bytes) return 0;
  SOL_CHECK(bytes->size() <= limits::kFrameBytes);
  auto const again = sync::decode_frame(*bytes);
  SOL_CHECK(again && *again == *frame);
  SOL_CHECK(*sync::encode_frame(*again) == *bytes);
  return 0;
}
