// A picture that somebody sends, made fit to be shown to everybody: upright, of a size for screens,
// in sRGB, and nothing but the picture: where it was taken, by whom and with what is left out.
// vipsthumbnail (package libvips-tools) does it in a process of its own, for decoders read what
// strangers send: what breaks there breaks nothing here. Blocks; any thread.
#pragma once

#include <filesystem>

#include "node/service/picture_facts.h"
#include "sync/base/clock.h"
#include "sync/base/result.h"

namespace solidaires::service {

inline constexpr std::uint32_t kPictureSideMax = 1'280;           // pixels, of what is kept
inline constexpr std::uint64_t kPicturePixelsMax = 80'000'000UL;  // of what is sent

struct PictureLimits {
  std::uint32_t side_max = kPictureSideMax;
  Millis within{20'000};
};

// Writes `to`, replacing it, in the format of `from` (JPEG, PNG or WebP; never larger than it was
// in pixels), and says what it has become. Code::invalid: no picture of these formats, or damaged;
// exhausted: it has too many pixels; unavailable: it took too long, or the program is not
// installed. Then `to` is not there.
Result<PictureFacts> prepare_picture(std::filesystem::path const& from,
                                     std::filesystem::path const& to, PictureLimits limits = {});

}  // namespace solidaires::service
