#include "node/service/picture_bare.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace solidaires::service {
namespace {

constexpr std::string_view kPngHead = "\x89PNG\r\n\x1a\n";
constexpr std::array<std::string_view, 10> kPngParts{"IHDR", "PLTE", "tRNS", "IDAT", "IEND",
                                                     "gAMA", "cHRM", "sRGB", "sBIT", "pHYs"};
constexpr std::array<std::string_view, 5> kWebpParts{"VP8 ", "VP8L", "VP8X", "ALPH", "ICCP"};
constexpr unsigned kWebpMetadataFlags = 0x0c;  // of VP8X: "has EXIF", "has XMP"

std::uint32_t byte(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}
// The caller has looked whether they are there.
std::uint32_t big16(std::string_view bytes, std::size_t at) {
  return (byte(bytes, at) << 8U) | byte(bytes, at + 1);
}
std::uint32_t big32(std::string_view bytes, std::size_t at) {
  return (big16(bytes, at) << 16U) | big16(bytes, at + 2);
}
std::uint32_t little32(std::string_view bytes, std::size_t at) {
  return byte(bytes, at) | (byte(bytes, at + 1) << 8U) | (byte(bytes, at + 2) << 16U) |
         (byte(bytes, at + 3) << 24U);
}
void put_little32(std::string& out, std::size_t at, std::uint32_t number) {
  for (std::size_t i = 0; i < 4; ++i) {
    out[at + i] = static_cast<char>((number >> (8 * i)) & 0xffU);
  }
}

bool is_among(std::span<std::string_view const> parts, std::string_view name) {
  return std::ranges::find(parts, name) != parts.end();
}

// Segments up to the first scan; what follows is pixels. JFIF and Adobe say how colours are coded.
std::optional<std::string> bare_jpeg(std::string_view bytes) {
  constexpr unsigned kScan = 0xda;
  constexpr unsigned kJfif = 0xe0;
  constexpr unsigned kAdobe = 0xee;
  std::string out(bytes.substr(0, 2));
  for (std::size_t at = 2; at + 4 <= bytes.size();) {
    if (byte(bytes, at) != 0xff) return std::nullopt;
    auto const marker = byte(bytes, at + 1);
    if (marker == 0xff) {  // padding
      ++at;
      continue;
    }
    auto const size = big16(bytes, at + 2);
    if (size < 2 || at + 2 + size > bytes.size()) return std::nullopt;
    if (marker == kScan) return out.append(bytes.substr(at));
    bool const is_comment = marker == 0xfe;
    bool const is_application = marker >= 0xe0 && marker <= 0xef;
    if (marker == kJfif || marker == kAdobe || !(is_comment || is_application)) {
      out += bytes.substr(at, 2 + size);
    }
    at += 2 + size;
  }
  return std::nullopt;
}

std::optional<std::string> bare_png(std::string_view bytes) {
  constexpr std::size_t kFrame = 12;  // length, name, check
  std::string out(kPngHead);
  for (std::size_t at = kPngHead.size(); at + kFrame <= bytes.size();) {
    std::size_t const size = kFrame + big32(bytes, at);
    if (size > bytes.size() - at) return std::nullopt;
    auto const name = bytes.substr(at + 4, 4);
    if (is_among(kPngParts, name)) out += bytes.substr(at, size);
    if (name == "IEND") return out;
    at += size;
  }
  return std::nullopt;
}

std::optional<std::string> bare_webp(std::string_view bytes) {
  constexpr std::size_t kHead = 12;
  constexpr std::size_t kFrame = 8;  // name, length
  std::string out(bytes.substr(0, kHead));
  for (std::size_t at = kHead; at + kFrame <= bytes.size();) {
    std::size_t const length = little32(bytes, at + 4);
    if (length > bytes.size() - at - kFrame) return std::nullopt;
    std::size_t const size = std::min(kFrame + length + length % 2, bytes.size() - at);
    auto const name = bytes.substr(at, 4);
    if (is_among(kWebpParts, name)) {
      auto const begin = out.size();
      out += bytes.substr(at, size);
      if (size % 2 != 0) out += '\0';
      if (name == "VP8X" && length > 0) {
        auto const flags = byte(out, begin + kFrame) & ~kWebpMetadataFlags;
        out[begin + kFrame] = static_cast<char>(flags);
      }
    }
    at += size;
  }
  if (out.size() == kHead) return std::nullopt;
  put_little32(out, 4, static_cast<std::uint32_t>(out.size() - 8));
  return out;
}

}  // namespace

std::optional<std::string> bare_picture(std::string_view bytes) {
  if (bytes.starts_with("\xff\xd8\xff")) return bare_jpeg(bytes);
  if (bytes.starts_with(kPngHead)) return bare_png(bytes);
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP") && bytes.size() >= 12) {
    return bare_webp(bytes);
  }
  return std::nullopt;
}

}  // namespace solidaires::service
