#include "node/service/picture_facts.h"

namespace solidaires::service {
namespace {

// Numbers at a place; 0 behind the end, which no dimension is.
std::uint32_t byte(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
}
std::uint32_t big16(std::string_view bytes, std::size_t at) {
  return (byte(bytes, at) << 8U) | byte(bytes, at + 1);
}
std::uint32_t big32(std::string_view bytes, std::size_t at) {
  return (big16(bytes, at) << 16U) | big16(bytes, at + 2);
}
std::uint32_t little16(std::string_view bytes, std::size_t at) {
  return byte(bytes, at) | (byte(bytes, at + 1) << 8U);
}
std::uint32_t little24(std::string_view bytes, std::size_t at) {
  return little16(bytes, at) | (byte(bytes, at + 2) << 16U);
}

PictureFacts jpeg(std::string_view bytes) {
  PictureFacts facts{"image/jpeg", 0, 0};
  for (std::size_t at = 2; at + 4 <= bytes.size();) {
    if (byte(bytes, at) != 0xff) return facts;
    auto const marker = byte(bytes, at + 1);
    if (marker == 0xff) {  // padding
      ++at;
      continue;
    }
    bool const is_frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (is_frame) {
      facts.height = big16(bytes, at + 5);
      facts.width = big16(bytes, at + 7);
      return facts;
    }
    bool const is_bare = marker == 0x01 || (marker >= 0xd0 && marker <= 0xd9);
    auto const size = is_bare ? 0 : big16(bytes, at + 2);
    if (!is_bare && size < 2) return facts;
    at += 2 + size;
  }
  return facts;
}

PictureFacts webp(std::string_view bytes) {
  PictureFacts facts{"image/webp", 0, 0};
  auto const kind = bytes.size() >= 30 ? bytes.substr(12, 4) : std::string_view();
  if (kind == "VP8 ") {
    facts.width = little16(bytes, 26) & 0x3fffU;
    facts.height = little16(bytes, 28) & 0x3fffU;
  } else if (kind == "VP8L") {
    auto const packed = little24(bytes, 21) | (byte(bytes, 24) << 24U);
    facts.width = (packed & 0x3fffU) + 1;
    facts.height = ((packed >> 14U) & 0x3fffU) + 1;
  } else if (kind == "VP8X") {
    facts.width = little24(bytes, 24) + 1;
    facts.height = little24(bytes, 27) + 1;
  }
  return facts;
}

PictureFacts read(std::string_view head) {
  if (head.starts_with("\x89PNG\r\n\x1a\n") && head.substr(0, 16).ends_with("IHDR")) {
    return {"image/png", big32(head, 16), big32(head, 20)};
  }
  if (head.starts_with("GIF87a") || head.starts_with("GIF89a")) {
    return {"image/gif", little16(head, 6), little16(head, 8)};
  }
  if (head.starts_with("\xff\xd8\xff")) return jpeg(head);
  if (head.starts_with("RIFF") && head.substr(0, 12).ends_with("WEBP")) return webp(head);
  return {};
}

}  // namespace

std::optional<PictureFacts> picture_facts(std::string_view head) {
  constexpr std::uint32_t kMost = 65'535;
  auto const facts = read(head);
  bool const sound =
      facts.width > 0 && facts.height > 0 && facts.width <= kMost && facts.height <= kMost;
  return sound ? std::optional(facts) : std::nullopt;
}

}  // namespace solidaires::service
