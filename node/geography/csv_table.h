// A CSV file as rows of UTF-8 text: separator (comma, semicolon, tab) and encoding (UTF-8 with or
// without byte order mark, else Windows-1252) are detected. Internal to the room; libcsv and ICU
// stay in the .cc.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sync/base/result.h"

namespace solidaires::geography {

struct CsvRow {
  std::size_t line = 0;  // of the file, where the row begins; the header is on line 1
  std::vector<std::string> fields;
};

struct CsvTable {
  std::vector<std::string> header;  // folded: "#Code_commune_INSEE" is "code commune insee"
  std::vector<CsvRow> rows;         // each as long as the header

  // The column that has one of these folded names.
  [[nodiscard]] std::optional<std::size_t> column(
      std::initializer_list<std::string_view> names) const;
};

// Errors: invalid, with the line. Rows without any text are left out.
[[nodiscard]] Result<CsvTable> read_csv(std::string bytes);

}  // namespace solidaires::geography
