#include "sync/base/hash.h"

#include <openssl/sha.h>

namespace solidaires {

Bytes sha256(std::string_view bytes) {
  Bytes out(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

}  // namespace solidaires
