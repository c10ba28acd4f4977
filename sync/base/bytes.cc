#include "sync/base/bytes.h"

#include <array>

namespace solidaires {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase64url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kBase32 = "0123456789abcdefghjkmnpqrstvwxyz";

// The digits of `bytes` in a base of 2^bits, most significant first, zero bits at the end.
std::string spell(std::string_view bytes, unsigned bits, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() * 8 + bits - 1) / bits);
  std::uint32_t held = 0;
  unsigned held_bits = 0;
  std::uint32_t const mask = (1U << bits) - 1U;
  for (char const byte : bytes) {
    held = (held << 8U) | static_cast<std::uint8_t>(byte);
    held_bits += 8;
    while (held_bits >= bits) {
      held_bits -= bits;
      out += alphabet[(held >> held_bits) & mask];
    }
    held &= (1U << held_bits) - 1U;
  }
  if (held_bits > 0) out += alphabet[(held << (bits - held_bits)) & mask];
  return out;
}

}  // namespace

std::string hex(std::string_view bytes) {
  return spell(bytes, 4, kHex);
}
std::string base64url(std::string_view bytes) {
  return spell(bytes, 6, kBase64url);
}
std::string base32(std::string_view bytes) {
  return spell(bytes, 5, kBase32);
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(Code::invalid, "hexadecimal text of odd length");
  Bytes out;
  out.reserve(text.size() / 2);
  unsigned high = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i] >= 'A' && text[i] <= 'F' ? static_cast<char>(text[i] + 32) : text[i];
    auto const digit = kHex.find(c);
    if (digit == std::string_view::npos) return fail(Code::invalid, "not a hexadecimal digit");
    if (i % 2 == 0) {
      high = static_cast<unsigned>(digit);
    } else {
      out += static_cast<char>(high * 16 + static_cast<unsigned>(digit));
    }
  }
  return out;
}

Result<Bytes> from_base64url(std::string_view text) {
  if (text.size() % 4 == 1) return fail(Code::invalid, "base64url text of an impossible length");
  Bytes out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t held = 0;
  unsigned held_bits = 0;
  for (char const c : text) {
    auto const digit = kBase64url.find(c);
    if (digit == std::string_view::npos) return fail(Code::invalid, "not a base64url digit");
    held = (held << 6U) | static_cast<std::uint32_t>(digit);
    held_bits += 6;
    if (held_bits >= 8) {
      held_bits -= 8;
      out += static_cast<char>((held >> held_bits) & 0xffU);
      held &= (1U << held_bits) - 1U;
    }
  }
  if (held != 0) return fail(Code::invalid, "base64url text with stray bits at its end");
  return out;
}

namespace {

template <class Integer>
void append_big_endian(Bytes& out, Integer value) {
  std::array<char, sizeof(Integer)> bytes;
  for (std::size_t i = bytes.size(); i > 0; --i, value = static_cast<Integer>(value >> 8U)) {
    bytes[i - 1] = static_cast<char>(value & 0xffU);
  }
  out.append(bytes.data(), bytes.size());
}

}  // namespace

ByteWriter& ByteWriter::u8(std::uint8_t value) {
  out_ += static_cast<char>(value);
  return *this;
}

ByteWriter& ByteWriter::u16(std::uint16_t value) {
  append_big_endian(out_, value);
  return *this;
}

ByteWriter& ByteWriter::u32(std::uint32_t value) {
  append_big_endian(out_, value);
  return *this;
}

ByteWriter& ByteWriter::u64(std::uint64_t value) {
  append_big_endian(out_, value);
  return *this;
}

ByteWriter& ByteWriter::raw(std::string_view bytes) {
  out_ += bytes;
  return *this;
}

ByteWriter& ByteWriter::sized(std::string_view bytes) {
  return u32(static_cast<std::uint32_t>(bytes.size())).raw(bytes);
}

Result<std::uint64_t> ByteReader::integer(std::size_t size) {
  SOL_ASSIGN(auto const bytes, raw(size));
  std::uint64_t value = 0;
  for (char const byte : bytes) value = (value << 8U) | static_cast<std::uint8_t>(byte);
  return value;
}

Result<std::uint8_t> ByteReader::u8() {
  SOL_ASSIGN(auto const value, integer(1));
  return static_cast<std::uint8_t>(value);
}

Result<std::uint16_t> ByteReader::u16() {
  SOL_ASSIGN(auto const value, integer(2));
  return static_cast<std::uint16_t>(value);
}

Result<std::uint32_t> ByteReader::u32() {
  SOL_ASSIGN(auto const value, integer(4));
  return static_cast<std::uint32_t>(value);
}

Result<std::uint64_t> ByteReader::u64() {
  return integer(8);
}

Result<std::string_view> ByteReader::raw(std::size_t size) {
  if (size > rest_.size()) return fail(Code::corrupt, "bytes end too early");
  auto const out = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return out;
}

Result<std::string_view> ByteReader::sized() {
  SOL_ASSIGN(auto const size, u32());
  return raw(size);
}

}  // namespace solidaires
