// Pictures as people send them, through the real vipsthumbnail.
#include "node/service/picture_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>

#include "node/service/picture_bare.h"
#include "sync/base/rng.h"
#include "tests/unit/service/picture_samples.h"

namespace solidaires::service {
namespace {

namespace fs = std::filesystem;

class PictureFile : public testing::Test {
 protected:
  PictureFile() {
    std::string name = (fs::temp_directory_path() / "pictures-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~PictureFile() override { fs::remove_all(directory_); }

  [[nodiscard]] fs::path at(std::string_view name) const { return directory_ / name; }
  fs::path sent(std::string_view bytes) const {
    std::ofstream(at("sent"), std::ios::binary) << bytes;
    return at("sent");
  }
  static std::string bytes_of(fs::path const& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return std::move(text).str();
  }

 private:
  fs::path directory_;
};

std::string chunk(std::string_view name, std::string const& content) {
  std::string out(name);
  for (unsigned i = 0; i < 4; ++i) {
    out += static_cast<char>((content.size() >> (8 * i)) & 0xffU);
  }
  return out + content + std::string(content.size() % 2, '\0');
}

TEST_F(PictureFile, is_turned_upright_and_tells_neither_place_nor_camera) {
  auto const facts = prepare_picture(sent(sample_jpeg_with_place()), at("made"));
  ASSERT_TRUE(facts) << facts.error().to_string();
  EXPECT_EQ(*facts, (PictureFacts{"image/jpeg", 40, 60}));
  auto const made = bytes_of(at("made"));
  EXPECT_EQ(made.find("Exif"), std::string::npos);
  EXPECT_EQ(made.find("Canary"), std::string::npos);
}

TEST_F(PictureFile, of_any_format_keeps_nothing_but_the_picture) {
  // The same again as PNG and WebP, with what a camera writes: made by the tool itself.
  auto const jpeg = sent(sample_jpeg_with_place());
  for (std::string_view const format : {"png", "webp"}) {
    auto const with_place = at(cat("with-place.", format));
    auto const command =
        cat("vipsthumbnail --no-rotate --size 60x60 -o ", with_place.string(), ' ', jpeg.string());
    ASSERT_EQ(::system(command.c_str()), 0);
    EXPECT_NE(bytes_of(with_place).find("CanaryCamera1"), std::string::npos) << format;
    auto const facts = prepare_picture(with_place, at("made"));
    ASSERT_TRUE(facts) << facts.error().to_string();
    EXPECT_EQ(*facts, (PictureFacts{format == "png" ? "image/png" : "image/webp", 40, 60}));
    EXPECT_EQ(bytes_of(at("made")).find("Canary"), std::string::npos) << format;
    EXPECT_EQ(bytes_of(at("made")).find("EXIF"), std::string::npos) << format;
  }
}

TEST_F(PictureFile, is_made_smaller_and_never_larger) {
  auto const smaller = prepare_picture(sent(sample_png()), at("made"), {.side_max = 320});
  ASSERT_TRUE(smaller) << smaller.error().to_string();
  EXPECT_EQ(*smaller, (PictureFacts{"image/png", 320, 144}));
  auto const same = prepare_picture(sent(sample_png()), at("made"));
  EXPECT_EQ(same.value(), (PictureFacts{"image/png", 640, 288}));
}

TEST_F(PictureFile, that_is_none_or_too_large_leaves_nothing) {
  auto png = sample_png();
  for (std::string const& bytes : {std::string(), std::string("<svg onload=alert(1)>"),
                                   png.substr(0, 33), std::string("GIF89a\1\0\1\0", 10)}) {
    EXPECT_EQ(prepare_picture(sent(bytes), at("made")).error().code(), Code::invalid) << bytes;
    EXPECT_FALSE(fs::exists(at("made")));
  }
  png[17] = '\x7f';  // 8 million pixels wide, it says
  EXPECT_EQ(prepare_picture(sent(png), at("made")).error().code(), Code::invalid);
  png = sample_png();
  png[18] = png[22] = '\x7f';  // 32,000 each way
  EXPECT_EQ(prepare_picture(sent(png), at("made")).error().code(), Code::exhausted);
  EXPECT_EQ(prepare_picture(sent(sample_png()), at("made"), {.within = Millis{0}}).error().code(),
            Code::unavailable);
  EXPECT_FALSE(fs::exists(at("made")));
}

TEST(BarePicture, drops_what_is_not_needed_to_show_a_webp) {
  auto const wanted = chunk("VP8L", "pixels!");
  std::string webp = "RIFF....WEBP" + chunk("VP8X", std::string("\x1c\0\0\0", 4)) + wanted +
                     chunk("EXIF", "45 north") + chunk("XMP ", "me") + chunk("secr", "et");
  auto const bare = bare_picture(webp);
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->substr(8), "WEBP" + chunk("VP8X", std::string("\x10\0\0\0", 4)) + wanted);
  EXPECT_EQ(static_cast<unsigned char>((*bare)[4]), bare->size() - 8);
}

TEST(BarePicture, takes_what_is_cut_or_spoilt_without_harm) {
  SeededRng rng(9);
  std::string const webp = "RIFF....WEBP" + chunk("VP8X", std::string("\x1c\0\0\0", 4)) +
                           chunk("VP8 ", "pixels") + chunk("EXIF", "45 north");
  for (auto const& picture : {sample_png(), sample_jpeg_with_place(), webp}) {
    for (std::size_t size = 0; size < picture.size(); ++size) {
      std::ignore = bare_picture(std::string_view(picture).substr(0, size));
    }
    for (int round = 0; round < 2'000; ++round) {
      auto spoilt = picture;
      for (int flips = 0; flips < 3; ++flips) {
        spoilt[rng.below(spoilt.size())] = static_cast<char>(rng.below(256));
      }
      if (auto const bare = bare_picture(spoilt)) EXPECT_LE(bare->size(), spoilt.size() + 1);
    }
  }
}

}  // namespace
}  // namespace solidaires::service
