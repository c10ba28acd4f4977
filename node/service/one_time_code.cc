#include "node/service/one_time_code.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "sync/base/check.h"

namespace solidaires::service {
namespace {

constexpr std::uint32_t kModulus = 1'000'000;  // 10 ^ kCodeDigits
constexpr Millis kStep{30'000};

}  // namespace

std::string counter_code(std::string_view secret, std::uint64_t counter) {
  Bytes message;
  ByteWriter(message).u64(counter);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  SOL_CHECK(HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()),
                 reinterpret_cast<unsigned char const*>(message.data()), message.size(),
                 digest.data(), &size) != nullptr);
  // Dynamic truncation: four bytes at the place that the last half byte names, without the sign.
  std::size_t const at = digest.at(size - 1) & 0xfU;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8U | digest.at(at + i);
  auto code = std::to_string((number & 0x7fffffffU) % kModulus);
  return code.insert(0, kCodeDigits - code.size(), '0');
}

std::uint64_t code_step(Instant at) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_unix_ms(at) / kStep.count()));
}

std::optional<std::uint64_t> matching_step(std::string_view secret, std::string_view typed,
                                           Instant now, std::uint64_t last_used) {
  std::string code(typed);
  std::erase(code, ' ');
  if (code.size() != kCodeDigits) return std::nullopt;
  auto const present = code_step(now);
  std::optional<std::uint64_t> found;
  for (auto step = present > 0 ? present - 1 : 0; step <= present + 1; ++step) {
    auto const right = counter_code(secret, step);
    if (CRYPTO_memcmp(right.data(), code.data(), kCodeDigits) == 0 && step > last_used)
      found = step;
  }
  return found;
}

std::string base32(std::string_view bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (char const c : bytes) {
    held = held << 8U | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 5; bits -= 5) out += kLetters[held >> (bits - 5) & 0x1fU];
  }
  if (bits > 0) out += kLetters[held << (5 - bits) & 0x1fU];
  return out;
}

}  // namespace solidaires::service
