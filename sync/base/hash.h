// SHA-256, the one hash of the program (fingerprints, blobs, tokens). OpenSSL stays in the .cc.
#pragma once

#include "sync/base/bytes.h"

namespace solidaires {

// 32 bytes. Any thread.
[[nodiscard]] Bytes sha256(std::string_view bytes);

}  // namespace solidaires
