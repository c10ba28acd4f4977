#include "node/service/picture_facts.h"

#include <gtest/gtest.h>

#include "sync/base/bytes.h"
#include "sync/base/rng.h"

namespace solidaires::service {
namespace {

std::string bytes(std::string_view digits) {
  return from_hex(digits).value();
}

std::string const kPng =
    bytes("89504e470d0a1a0a0000000d494844520000028000000120080200000000000000");
std::string const kGif = bytes("474946383961400120010000000000");
// SOI, APP0 of 16 bytes, a comment, then the frame: 8 bits, 288 lines of 640.
std::string const kJpeg = bytes(
    "ffd8ffe000104a46494600010100000100010000fffe00046869ffc00011080120028003012200021101031101");
std::string const kWebpLossy = "RIFF" + std::string(4, '\0') + "WEBPVP8 " + std::string(10, '\0') +
                               bytes("80022001") + std::string(8, '\0');
std::string const kWebpExtended = "RIFF" + std::string(4, '\0') + "WEBPVP8X" +
                                  std::string(8, '\0') + bytes("7f02001f0100") +
                                  std::string(8, '\0');

TEST(PictureFacts, are_read_from_the_bytes_of_each_format) {
  EXPECT_EQ(picture_facts(kPng), (PictureFacts{"image/png", 640, 288}));
  EXPECT_EQ(picture_facts(kGif), (PictureFacts{"image/gif", 320, 288}));
  EXPECT_EQ(picture_facts(kJpeg), (PictureFacts{"image/jpeg", 640, 288}));
  EXPECT_EQ(picture_facts(kWebpLossy), (PictureFacts{"image/webp", 640, 288}));
  EXPECT_EQ(picture_facts(kWebpExtended), (PictureFacts{"image/webp", 640, 288}));
}

TEST(PictureFacts, refuse_what_is_no_picture_whatever_it_calls_itself) {
  for (std::string_view text : {"", "<svg xmlns='http://www.w3.org/2000/svg'/>", "%PDF-1.7",
                                "<html><script>", "MZ\x90", "RIFF....WAVE"}) {
    EXPECT_FALSE(picture_facts(text)) << text;
  }
}

TEST(PictureFacts, survive_pictures_that_are_cut_or_spoilt) {
  SeededRng rng(4);
  for (auto const& picture : {kPng, kGif, kJpeg, kWebpLossy, kWebpExtended}) {
    for (std::size_t size = 0; size < picture.size(); ++size) {
      std::ignore = picture_facts(std::string_view(picture).substr(0, size));
    }
    for (int round = 0; round < 2'000; ++round) {
      auto spoilt = picture;
      for (int flips = 0; flips < 3; ++flips) {
        spoilt[rng.below(spoilt.size())] = static_cast<char>(rng.below(256));
      }
      if (auto const facts = picture_facts(spoilt)) EXPECT_GT(facts->width, 0U);
    }
  }
}

}  // namespace
}  // namespace solidaires::service
