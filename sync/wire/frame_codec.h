// A frame as bytes (proto/link.proto). The only reader of link.pb.h; protobuf stays in the .cc.
// Pure functions, any thread. No input makes it crash, whatever a peer sends.
#pragma once

#include <string_view>

#include "sync/core/frames.h"

namespace solidaires::sync {

// zstd: the documents of a batch go compressed if that pays. Only where both ends offer it.
enum class Packing : std::uint8_t { none, zstd };

// Code::invalid: the frame names the scope `local`, which the wire cannot express, or is larger
// than kFrameBytes; both are bugs of the caller, for a session makes no such frame.
[[nodiscard]] Result<Bytes> encode_frame(Frame const& frame, Packing packing = Packing::none);

// Code::exhausted: larger than kFrameBytes. Code::corrupt: not a frame. Code::invalid: a frame that
// breaks a limit or names an impossible scope or node. Documents of a batch that cannot be read are
// no error here: they are listed in Batch::unreadable. A kind this version does not know becomes
// UnknownFrame. Takes compressed batches, and unpacks none to more than kFrameBytes.
[[nodiscard]] Result<Frame> decode_frame(std::string_view bytes);

}  // namespace solidaires::sync
