// A table as people's spreadsheets write it (CSV in any of its dialects), read into rows of clean
// UTF-8. Knows nothing of the content model. Pure function over bytes; libcsv, uchardet and ICU
// stay in the .cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sync/base/result.h"

namespace solidaires::service {

inline constexpr std::size_t kTableBytesMax = 64UL * 1024 * 1024;
inline constexpr std::size_t kTableRowsMax = 500'000;

struct TableRow {
  std::size_t line = 0;            // where it begins in the file, from 1
  std::vector<std::string> cells;  // trimmed
  bool unclosed_quote = false;     // the file ends, or swallows lines, inside a quoted cell
};

struct TableFile {
  std::string encoding;  // "UTF-8", "windows-1252", ...
  char separator = ',';
  std::vector<TableRow> rows;  // empty lines left out; the header is one of the first
};

// Code::invalid with a sentence in French: empty, binary, too large, or no table at all.
[[nodiscard]] Result<TableFile> read_table(std::string_view bytes);

}  // namespace solidaires::service
