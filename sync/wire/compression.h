// zstd, and what a peer may make of it: nothing larger than is allowed is ever unpacked. Any
// thread.
#pragma once

#include <cstddef>
#include <optional>

#include "sync/base/bytes.h"
#include "sync/base/result.h"

namespace solidaires::sync {

// Level 1; nothing if it does not pay: too small, or not at least a tenth smaller.
[[nodiscard]] std::optional<Bytes> compress(std::string_view bytes);
// `bytes`: exactly one zstd frame that says how large its content is, at most `most`. What unpacks
// to another size, needs a dictionary or is damaged is Code::corrupt; too large: Code::exhausted.
// Memory is taken for what the frame says, after it was checked.
[[nodiscard]] Result<Bytes> decompress(std::string_view bytes, std::size_t most);

}  // namespace solidaires::sync
