// The reader of each format, and what they share. Internal to the room.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "node/formats/source_file.h"

namespace solidaires::formats {

// Rows whose cells come by name, in any order: the first row of the table names them.
class NamedRows {
 public:
  void begin() { table_.rows.push_back({.line = table_.rows.size() + 1}); }
  // Of the row begun last; an empty value gives no cell, a second value of a name is left out.
  void put(std::string_view name, std::string_view value);
  void note(std::string_view sentence) { table_.rows.back().notes.emplace_back(sentence); }
  // Code::invalid: no row; Code::exhausted: more than source_file.h allows.
  [[nodiscard]] Result<TableFile> finish(Format format, std::string_view encoding);
  [[nodiscard]] bool full() const { return too_much_; }

 private:
  TableFile table_{.rows = {{.line = 1}}};
  std::map<std::string, std::size_t, std::less<>> columns_;
  std::size_t cells_ = 0;
  bool too_much_ = false;
};

// HTML as the text that a reader sees: no elements, entities as signs, one line.
[[nodiscard]] std::string plain_text(std::string_view html);

[[nodiscard]] Result<TableFile> read_json(DecodedText const& text);
[[nodiscard]] Result<TableFile> read_xml(DecodedText const& text);
[[nodiscard]] Result<TableFile> read_calendar(DecodedText const& text);
[[nodiscard]] Result<TableFile> read_spreadsheet(std::string_view bytes);
// Extracts of Sirene and of the RNA: addresses joined, Lambert 93 turned into degrees, closed and
// undisclosed rows set aside. Other tables are left as they are.
void settle_extract(TableFile& table);

}  // namespace solidaires::formats
