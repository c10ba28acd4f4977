// A file that somebody hands in for import.
#include "node/http/target.h"
#include "node/service/table_file.h"
#include "tests/fuzz/fuzz.h"

using namespace solidaires;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const table = service::read_table(fuzz::as_bytes(data, size));
  if (!table) return 0;
  std::size_t line = 1;
  for (auto const& row : table->rows) {
    SOL_CHECK(row.line >= line);
    line = row.line;
    for (auto const& cell : row.cells) SOL_CHECK(http::is_valid_utf8(cell));
  }
  return 0;
}
