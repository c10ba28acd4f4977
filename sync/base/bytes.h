// Byte strings, their spellings (hex, base64url, Crockford base32), and the fixed big-endian writer
// and reader behind every encoding that is hashed, signed or used as a key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sync/base/result.h"

namespace solidaires {

using Bytes = std::string;  // any bytes, not text

[[nodiscard]] std::string hex(std::string_view bytes);        // lower case
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);  // either case; even length
[[nodiscard]] std::string base64url(std::string_view bytes);  // RFC 4648 section 5, no padding
[[nodiscard]] Result<Bytes> from_base64url(std::string_view text);
// Crockford's alphabet (no i, l, o, u), lower case; the last digit is padded with zero bits.
[[nodiscard]] std::string base32(std::string_view bytes);

// Appends to a byte string; integers are big-endian, so that keys sort as numbers do.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}
  ByteWriter& u8(std::uint8_t value);
  ByteWriter& u16(std::uint16_t value);
  ByteWriter& u32(std::uint32_t value);
  ByteWriter& u64(std::uint64_t value);
  ByteWriter& raw(std::string_view bytes);
  ByteWriter& sized(std::string_view bytes);  // u32 length, then the bytes

 private:
  Bytes& out_;
};

// Reads what ByteWriter wrote. A read past the end is Code::corrupt; `bytes` must outlive the
// reader and every view that it gave.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  Result<std::uint8_t> u8();
  Result<std::uint16_t> u16();
  Result<std::uint32_t> u32();
  Result<std::uint64_t> u64();
  Result<std::string_view> raw(std::size_t size);
  Result<std::string_view> sized();
  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

 private:
  Result<std::uint64_t> integer(std::size_t size);
  std::string_view rest_;
};

// cat("a ", 3, ' ', name): one string from text, characters and integers.
namespace detail {
inline void append(std::string& out, std::string_view part) {
  out += part;
}
inline void append(std::string& out, char part) {
  out += part;
}
template <class Number>
  requires std::is_arithmetic_v<Number>
void append(std::string& out, Number part) {
  out += std::to_string(part);
}
}  // namespace detail

template <class... Parts>
[[nodiscard]] std::string cat(Parts const&... parts) {
  std::string out;
  (detail::append(out, parts), ...);
  return out;
}

}  // namespace solidaires
