// SHA-256, the one hash of the program (fingerprints, blobs, tokens), plain and keyed. OpenSSL
// stays in the .cc.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "sync/base/bytes.h"

namespace solidaires {

inline constexpr std::size_t kSha256Bytes = 32;

// 32 bytes. Any thread.
[[nodiscard]] Bytes sha256(std::string_view bytes);
// The same without an allocation, for those that need millions.
using Sha256Sum = std::array<std::uint8_t, kSha256Bytes>;
[[nodiscard]] Sha256Sum sha256_sum(std::string_view bytes);
// HMAC (RFC 2104), 32 bytes. Any thread.
[[nodiscard]] Bytes hmac_sha256(std::string_view key, std::string_view bytes);

// Of bytes that come in parts. One thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(std::string_view bytes);
  [[nodiscard]] Bytes finish();  // once; 32 bytes

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace solidaires
