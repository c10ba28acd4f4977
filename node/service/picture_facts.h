// What the first bytes of a picture say of it: its format, never believed from a name or a browser,
// and its dimensions. A pure function, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace solidaires::service {

struct PictureFacts {
  std::string_view media_type;  // image/png, image/jpeg, image/webp or image/gif; static
  std::uint32_t width = 0;      // pixels, 1 to 65,535
  std::uint32_t height = 0;
  friend bool operator==(PictureFacts const&, PictureFacts const&) = default;
};

inline constexpr std::size_t kPictureHeadBytes = 1024UL * 1024;  // are enough of any picture

// Nothing: no picture of these formats, or one without dimensions.
[[nodiscard]] std::optional<PictureFacts> picture_facts(std::string_view head);

}  // namespace solidaires::service
