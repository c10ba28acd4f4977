#include "node/geography/csv_table.h"

#include <csv.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <memory>

#include "node/text/fold.h"
#include "sync/base/bytes.h"

namespace solidaires::geography {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string to_utf8(std::string bytes) {
  if (bytes.starts_with(kByteOrderMark)) bytes.erase(0, kByteOrderMark.size());
  if (text::valid_utf8(bytes)) return bytes;
  icu::UnicodeString const decoded(bytes.data(), static_cast<std::int32_t>(bytes.size()),
                                   "windows-1252");
  std::string out;
  decoded.toUTF8String(out);
  return out;
}

char separator_of(std::string_view text) {
  auto const first = text.substr(0, text.find('\n'));
  auto const times = [&](char c) { return std::ranges::count(first, c); };
  return std::ranges::max({',', ';', '\t'}, {}, times);
}

// What libcsv's callbacks fill.
struct Sink {
  CsvTable table;
  CsvRow row;
  std::size_t line = 1;
  std::size_t bad_line = 0;  // the first row of another length than the header
};

void on_field(void* bytes, std::size_t size, void* context) {
  auto& sink = *static_cast<Sink*>(context);
  if (sink.row.fields.empty()) sink.row.line = sink.line;
  sink.row.fields.emplace_back(static_cast<char const*>(bytes), size);
  // A quoted field of several lines began before the line that is read now.
  auto const breaks = std::ranges::count(sink.row.fields.back(), '\n');
  if (sink.row.fields.size() == 1) sink.row.line -= static_cast<std::size_t>(breaks);
}

void on_row(int /*end*/, void* context) {
  auto& sink = *static_cast<Sink*>(context);
  auto row = std::move(sink.row);
  sink.row = {};
  if (std::ranges::all_of(row.fields, [](auto const& field) { return field.empty(); })) return;
  if (sink.table.header.empty()) {
    for (auto const& field : row.fields) sink.table.header.push_back(text::fold(field));
  } else if (row.fields.size() == sink.table.header.size()) {
    sink.table.rows.push_back(std::move(row));
  } else if (sink.bad_line == 0) {
    sink.bad_line = row.line;
  }
}

struct FreeParser {
  void operator()(csv_parser* parser) const {
    csv_free(parser);
    delete parser;
  }
};

}  // namespace

std::optional<std::size_t> CsvTable::column(std::initializer_list<std::string_view> names) const {
  for (auto const name : names) {
    auto const found = std::ranges::find(header, name);
    if (found != header.end()) return static_cast<std::size_t>(found - header.begin());
  }
  return std::nullopt;
}

Result<CsvTable> read_csv(std::string bytes) {
  auto const text = to_utf8(std::move(bytes));
  auto const parser = std::unique_ptr<csv_parser, FreeParser>(new csv_parser);
  if (csv_init(parser.get(), CSV_STRICT | CSV_STRICT_FINI) != 0) {
    return fail(Code::internal, "cannot start the CSV reader");
  }
  csv_set_delim(parser.get(), static_cast<unsigned char>(separator_of(text)));
  Sink sink;
  std::string_view rest = text;
  while (!rest.empty()) {  // line by line, to know where an error is
    auto const end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    if (csv_parse(parser.get(), rest.data(), end, on_field, on_row, &sink) != end) {
      return fail(Code::invalid,
                  cat("line ", sink.line, ": ", csv_strerror(csv_error(parser.get()))));
    }
    rest.remove_prefix(end);
    ++sink.line;
  }
  if (csv_fini(parser.get(), on_field, on_row, &sink) != 0) {
    return fail(Code::invalid, "a quotation mark is not closed before the end of the file");
  }
  if (sink.bad_line != 0) {
    return fail(Code::invalid, cat("line ", sink.bad_line, ": not ", sink.table.header.size(),
                                   " fields, as the header has"));
  }
  return std::move(sink.table);
}

}  // namespace solidaires::geography
