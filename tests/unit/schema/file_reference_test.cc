// Values that name files of the network.
#include "schema/file_reference.h"

#include <gtest/gtest.h>

#include "sync/base/hash.h"
#include "sync/base/rng.h"

namespace solidaires::schema {
namespace {

Bytes const kHash = sha256("a file");

Picture picture() {
  Picture value{cat("blob:", hex(kHash)), "La façade", "A. B."};
  value.size = 6;
  value.media_type = "image/png";
  value.width = 640;
  value.height = 480;
  return value;
}

TEST(FileReference, is_found_in_pictures_and_files_and_in_their_bytes) {
  FileReference const of_picture{kHash, 6, "image/png", {}};
  EXPECT_EQ(file_reference(Value(picture())), of_picture);
  EXPECT_EQ(file_reference_in(encode(picture())), of_picture);
  File const file{kHash, 6, "application/pdf", "statuts.pdf", "Statuts"};
  FileReference const of_file{kHash, 6, "application/pdf", "statuts.pdf"};
  EXPECT_EQ(file_reference(Value(file)), of_file);
  EXPECT_EQ(file_reference_in(encode(file)), of_file);
}

TEST(FileReference, values_come_back_as_they_were) {
  EXPECT_EQ(decode(encode(picture())), Value(picture()));
  Picture const address{"https://exemple.fr/a.jpg", "Montagne", ""};
  EXPECT_EQ(decode(encode(address)), Value(address));
  File const file{kHash, 1ULL << 40U, "text/csv", "a.csv", ""};
  EXPECT_EQ(decode(encode(file)), Value(file));
  // A hash of another length is nothing that this program can name a file by.
  File const wrong{"short", 1, "text/csv", "a.csv", ""};
  EXPECT_TRUE(std::holds_alternative<Unknown>(decode(encode(wrong))));
}

TEST(FileReference, is_in_nothing_else) {
  for (Value const& value :
       {Value(std::string("blob:is a word")), Value(Picture{"https://exemple.fr/a.jpg", "", ""}),
        Value(Picture{"blob:", "", ""}), Value(Picture{"blob:../../etc/passwd", "", ""}),
        Value(Picture{cat("blob:", hex(kHash), "00"), "", ""}), Value(Present{})}) {
    EXPECT_EQ(file_reference_in(encode(value)), std::nullopt);
  }
  EXPECT_EQ(file_reference_in(""), std::nullopt);
}

TEST(FileReference, is_told_from_any_bytes_as_from_the_value_that_they_are) {
  SeededRng rng(6);
  auto const whole = encode(File{kHash, 6, "application/pdf", "statuts.pdf", ""});
  for (int round = 0; round < 3'000; ++round) {
    auto bytes = round % 2 == 0 ? whole : encode(picture());
    for (auto flips = rng.below(4); flips > 0; --flips) {
      bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    }
    if (rng.below(3) == 0) bytes.resize(rng.below(bytes.size() + 1));
    EXPECT_EQ(file_reference_in(bytes), file_reference(decode(bytes)));
  }
}

TEST(FileReference, media_types_are_of_their_form) {
  EXPECT_TRUE(is_media_type("image/svg+xml"));
  for (std::string_view text :
       {"", "image", "/png", "image/", "Image/png", "a/b; c=d", "a/b\r\nx"}) {
    EXPECT_FALSE(is_media_type(text)) << text;
  }
}

}  // namespace
}  // namespace solidaires::schema
