// A file that somebody hands in for import.
#include "node/formats/source_file.h"
#include "node/http/target.h"
#include "tests/fuzz/fuzz.h"

using namespace solidaires;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const table = formats::read_source(fuzz::as_bytes(data, size));
  if (!table) return 0;
  std::size_t line = 1;
  for (auto const& row : table->rows) {
    SOL_CHECK(row.line >= line);
    line = row.line;
    for (auto const& cell : row.cells) SOL_CHECK(http::is_valid_utf8(cell));
  }
  return 0;
}
