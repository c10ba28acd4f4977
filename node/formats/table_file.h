// A table as people's spreadsheets write it (CSV in any of its dialects), read into rows of clean
// UTF-8; every other format becomes one too (source_file.h). Knows nothing of the content model.
// Pure function over bytes; libcsv, uchardet and ICU stay in the .cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sync/base/result.h"

namespace solidaires::formats {

inline constexpr std::size_t kTableBytesMax = 64UL * 1024 * 1024;
inline constexpr std::size_t kTableRowsMax = 500'000;

enum class Format : std::uint8_t {
  csv,
  spreadsheet,  // XLSX
  json,         // a list of objects
  geojson,
  gogocarto,  // gogofull and gogocompact
  data_inclusion,
  yeswiki,
  job_offers,  // France Travail and what resembles it
  calendar,    // iCalendar
  feed,        // RSS, Atom
  xml,         // repeated elements
  sirene,      // extracts of the INSEE, as CSV
  rna,         // extracts of the register of associations, as CSV
};
[[nodiscard]] std::string_view label_of(Format format);  // French

struct TableRow {
  std::size_t line = 0;  // where it begins in the file, from 1; of no text file: its place, so too
  std::vector<std::string> cells{};  // trimmed
  bool unclosed_quote = false;       // the file ends, or swallows lines, inside a quoted cell
  std::vector<std::string> notes{};  // French: what was repaired
  std::string set_aside{};  // French: why its source does not want it shown; empty: it may be
};

struct TableFile {
  Format format = Format::csv;
  std::string encoding{};  // "UTF-8", "windows-1252", ...; empty: none
  char separator = ',';
  std::vector<TableRow> rows{};  // empty lines left out; the header is one of the first
};

// Code::invalid with a sentence in French: empty, binary, too large, or no table at all.
[[nodiscard]] Result<TableFile> read_table(std::string_view bytes);

// The text of a file as UTF-8, without a mark of its order.
struct DecodedText {
  std::string encoding;
  std::string text;
};
[[nodiscard]] Result<DecodedText> decode_text(std::string_view bytes);

// A cell of a file that we write: quoted; one that a spreadsheet would run as a formula is kept as
// text by a "'" before it.
[[nodiscard]] std::string csv_cell(std::string_view text);

}  // namespace solidaires::formats
