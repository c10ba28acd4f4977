// Bytes of released versions are read for ever, and for the same features the same bytes are
// written.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sync/wire/document_codec.h"
#include "sync/wire/frame_codec.h"
#include "tests/golden/protocol_1.h"
#include "tests/golden/store_1.h"

namespace solidaires::golden {
namespace {

namespace fs = std::filesystem;
fs::path const kRoot = GOLDEN_DIRECTORY;

std::string text_of(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Golden {
  std::string meaning;
  Bytes bytes;
};
Golden golden(std::string const& name) {
  auto const text = text_of(kRoot / "protocol-1" / (name + ".hex"));
  Golden found;
  std::string digits;
  for (std::size_t at = 0; at < text.size();) {
    auto const end = text.find('\n', at);
    auto const line = text.substr(at, end - at);
    line.starts_with('#') ? (found.meaning += line + "\n") : (digits += line);
    at = end + 1;
  }
  auto bytes = from_hex(digits);
  EXPECT_TRUE(bytes) << name;
  found.bytes = bytes.value_or("");
  return found;
}

// What a frame says, apart from how its documents came.
sync::Frame meaning(sync::Frame frame) {
  if (auto* const batch = std::get_if<sync::Batch>(&frame)) batch->encoded.clear();
  return frame;
}

TEST(Golden, frames_of_version_1_are_read_and_written_as_ever) {
  std::size_t checked = 0;
  for (auto const& [name, frame] : frames_of_version_1()) {
    auto const kept = golden(name);
    auto const read = sync::decode_frame(kept.bytes);
    ASSERT_TRUE(read) << name << ": " << read.error().to_string();
    EXPECT_TRUE(meaning(*read) == frame) << name;
    EXPECT_EQ(hex(sync::encode_frame(frame).value()), hex(kept.bytes)) << name;
    ++checked;
  }
  EXPECT_EQ(checked, 14U);
}

TEST(Golden, documents_of_version_1_are_read_and_written_as_ever) {
  for (auto const& [name, document] : documents_of_version_1()) {
    auto const kept = golden(name);
    auto const read = sync::decode_document(kept.bytes, document.key.scope);
    ASSERT_TRUE(read) << name << ": " << read.error().to_string();
    EXPECT_TRUE(*read == document) << name;
    EXPECT_TRUE(sync::validate(*read)) << name;
    EXPECT_EQ(describe(*read), kept.meaning) << name << ", fingerprint included";
    EXPECT_EQ(hex(sync::encode_document(document)), hex(kept.bytes)) << name;
  }
}

// Of a later version: fields that are not known here, in a frame and at its end.
TEST(Golden, fields_that_a_later_version_adds_to_a_frame_change_nothing) {
  Bytes const later = from_hex("9a0601ff").value();  // field 99, one byte
  for (auto const& [name, frame] : frames_of_version_1()) {
    auto const read = sync::decode_frame(golden(name).bytes + later);
    ASSERT_TRUE(read) << name;
    EXPECT_TRUE(meaning(*read) == frame) << name;
  }
}

TEST(Golden, a_store_of_format_1_opens_checks_clean_and_says_what_it_said) {
  auto pattern = (fs::path(testing::TempDir()) / "golden-XXXXXX").string();
  fs::path const directory = ::mkdtemp(pattern.data());
  auto const unpack =
      cat("tar -xzf ", (kRoot / "store-1.tar.gz").string(), " -C ", directory.string());
  ASSERT_EQ(std::system(unpack.c_str()), 0) << unpack;  // NOLINT(cert-env33-c): our own words
  {
    auto const opened =
        store::Store::open(directory / "store-1", {.create = false, .indexer = indexer()});
    ASSERT_TRUE(opened) << opened.error().to_string();
    auto const report = (*opened)->check();
    ASSERT_TRUE(report);
    EXPECT_EQ(report->problems, std::vector<std::string>{});
    EXPECT_EQ(describe(**opened).value(), text_of(kRoot / "store-1.txt"));
  }
  fs::remove_all(directory);
}

}  // namespace
}  // namespace solidaires::golden
