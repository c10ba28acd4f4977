// Wrote the golden files of version 1, once. It stays to show how they were made, and for the next
// version's. Usage: golden_write DIRECTORY; never over files that are released.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "sync/wire/document_codec.h"
#include "sync/wire/frame_codec.h"
#include "tests/golden/protocol_1.h"
#include "tests/golden/store_1.h"

namespace fs = std::filesystem;
using namespace solidaires;

namespace {

void put(fs::path const& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string in_lines(std::string_view bytes) {
  std::string out;
  auto const digits = hex(bytes);
  for (std::size_t at = 0; at < digits.size(); at += 96) out += digits.substr(at, 96) + "\n";
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || fs::exists(argv[1])) {
    std::cerr << "usage: golden_write DIRECTORY, which must not exist\n";
    return 2;
  }
  fs::path const root = argv[1];
  fs::create_directories(root / "protocol-1");
  for (auto const& [name, frame] : golden::frames_of_version_1()) {
    std::string meaning = cat("# ", sync::frame_name(frame), " (tests/golden/protocol_1.cc)\n");
    put(root / "protocol-1" / (name + ".hex"),
        meaning + in_lines(sync::encode_frame(frame).value()));
  }
  for (auto const& [name, document] : golden::documents_of_version_1()) {
    put(root / "protocol-1" / (name + ".hex"),
        golden::describe(document) + in_lines(sync::encode_document(document)));
  }
  golden::write_store_1(root / "store-1");
  auto const opened = store::Store::open(root / "store-1", {.indexer = golden::indexer()});
  put(root / "store-1.txt", golden::describe(**opened).value());
  return 0;
}
