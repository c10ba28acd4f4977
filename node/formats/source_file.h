// Any file or answer that people bring for import, as a table: its format is told from its content,
// never from its name. What a format holds beside the rows (descriptions of fields, layers) is left
// out. Bounded: files of kTableBytesMax, trees of kTreeBytesMax, cells of kCellsMax. Pure function.
#pragma once

#include "node/formats/table_file.h"

namespace solidaires::formats {

inline constexpr std::size_t kTreeBytesMax = 48UL * 1024 * 1024;  // JSON, XML, a sheet unpacked
inline constexpr std::size_t kColumnsMax = 400;
inline constexpr std::size_t kCellsMax = 10'000'000;

// Code::invalid, Code::exhausted with a sentence in French that says what to do.
[[nodiscard]] Result<TableFile> read_source(std::string_view bytes);

}  // namespace solidaires::formats
