#include "node/formats/table_file.h"

#include <csv.h>
#include <uchardet/uchardet.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <memory>

#include "node/text/fold.h"
#include "sync/base/bytes.h"

namespace solidaires::formats {
namespace {

constexpr std::size_t kSampleBytes = 256UL * 1024;
constexpr std::size_t kSampleLines = 60;
constexpr std::size_t kCellBytesMax = 256UL * 1024;

// A quote that is never closed would swallow the rest of the file into one cell.
constexpr std::size_t kLinesInOneCellMax = 200;

bool looks_binary(std::string_view bytes) {
  auto const sample = bytes.substr(0, kSampleBytes);
  auto const controls = std::ranges::count_if(sample, [](char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f';
  });
  return controls > 0 && static_cast<std::size_t>(controls) * 200 > sample.size();
}

std::string detect_encoding(std::string_view bytes) {
  if (bytes.starts_with("\xef\xbb\xbf") || text::valid_utf8(bytes)) return "UTF-8";
  if (bytes.starts_with("\xff\xfe")) return "UTF-16LE";
  if (bytes.starts_with("\xfe\xff")) return "UTF-16BE";
  std::unique_ptr<uchardet, decltype(&uchardet_delete)> const detector(uchardet_new(),
                                                                       &uchardet_delete);
  auto const sample = bytes.substr(0, kSampleBytes);
  uchardet_handle_data(detector.get(), sample.data(), sample.size());
  uchardet_data_end(detector.get());
  std::string const found = uchardet_get_charset(detector.get());
  // French files outside UTF-8 are Windows-1252 or Mac: detectors take short ones for all sorts of
  // neighbours of Latin 1.
  return found == "MAC-ROMAN" || found == "MACINTOSH" ? "macintosh" : "windows-1252";
}

Result<std::string> to_utf8(std::string_view bytes, std::string const& encoding) {
  if (encoding == "UTF-8") {
    return std::string(bytes.starts_with("\xef\xbb\xbf") ? bytes.substr(3) : bytes);
  }
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<UConverter, decltype(&ucnv_close)> const converter(
      ucnv_open(encoding.c_str(), &status), &ucnv_close);
  if (U_FAILURE(status) != 0) return fail(Code::unsupported, cat("no converter for ", encoding));
  icu::UnicodeString const wide(bytes.data(), static_cast<std::int32_t>(bytes.size()),
                                converter.get(), status);
  if (U_FAILURE(status) != 0)
    return fail(Code::invalid, cat("Le fichier ne se lit pas en ", encoding, '.'));
  std::string out;
  wide.toUTF8String(out);
  return out.starts_with("\xef\xbb\xbf") ? out.substr(3) : out;
}

// How often `separator` stands outside quotes in each of the first lines that have text.
std::vector<std::size_t> counts_of(std::string_view text, char separator) {
  std::vector<std::size_t> counts;
  std::size_t count = 0;
  bool quoted = false;
  bool blank = true;
  for (char const c : text) {
    if (c == '"') quoted = !quoted;
    if (c == separator && !quoted) ++count;
    if (c == '\n' && !quoted) {
      if (!blank) counts.push_back(count);
      if (counts.size() == kSampleLines) break;
      count = 0;
      blank = true;
    } else if (static_cast<unsigned char>(c) > 0x20 && c != separator) {
      blank = false;
    }
  }
  if (!blank) counts.push_back(count);
  return counts;
}

// The candidate that stands equally often in most lines; the more columns, the better.
char detect_separator(std::string_view text) {
  char best = ',';
  double best_score = 0;
  for (char const candidate : {';', ',', '\t', '|'}) {
    auto counts = counts_of(text.substr(0, kSampleBytes), candidate);
    if (counts.empty()) continue;
    std::ranges::sort(counts);
    auto const median = counts[counts.size() / 2];
    if (median == 0) continue;
    auto const agreeing = static_cast<double>(std::ranges::count(counts, median)) /
                          static_cast<double>(counts.size());
    double const score =
        agreeing * agreeing * (10 + static_cast<double>(std::min<std::size_t>(median, 30)));
    if (score > best_score) {
      best_score = score;
      best = candidate;
    }
  }
  return best;
}

struct Reading {
  TableFile* file = nullptr;
  TableRow row;
  std::size_t line = 1;
  bool in_row = false;
  bool too_many = false;
};

void end_cell(void* bytes, std::size_t size, void* context) {
  auto& reading = *static_cast<Reading*>(context);
  std::string_view const cell(static_cast<char const*>(bytes), size);
  reading.row.cells.push_back(text::normalise_lines(text::clean(cell.substr(0, kCellBytesMax))));
}

void end_row(int /*terminator*/, void* context) {
  auto& reading = *static_cast<Reading*>(context);
  bool const blank = std::ranges::all_of(reading.row.cells, &std::string::empty);
  if (!blank && reading.file->rows.size() < kTableRowsMax) {
    reading.file->rows.push_back(std::move(reading.row));
  } else if (!blank) {
    reading.too_many = true;
  }
  reading.row = {};
  reading.row.line = reading.line;  // after a lone carriage return the next row begins in this line
  reading.in_row = false;
}

// libcsv keeps its state in the open: 2 is "inside a field".
bool in_quotes(csv_parser const& parser) {
  return parser.quoted != 0 && parser.pstate == 2;
}

}  // namespace

std::string csv_cell(std::string_view text) {
  std::string out = "\"";
  if (!text.empty() && std::string_view("=+-@\t\r").contains(text.front())) out += '\'';
  for (char const c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

Result<DecodedText> decode_text(std::string_view bytes) {
  if (bytes.size() > kTableBytesMax) {
    return fail(Code::exhausted,
                cat("Le fichier dépasse ", kTableBytesMax >> 20U,
                    " Mo. Découpez-le en plusieurs, ou retirez les colonnes inutiles."));
  }
  if (bytes.find_first_not_of(" \t\r\n;,|\"") == std::string_view::npos) {
    return fail(Code::invalid, "Le fichier est vide : il n’y a rien à importer.");
  }
  DecodedText out{.encoding = detect_encoding(bytes), .text = {}};
  if (!out.encoding.starts_with("UTF-16") && looks_binary(bytes)) {
    return fail(Code::invalid,
                "Ce fichier n’est pas un tableau en texte. Depuis le tableur, choisissez « "
                "Enregistrer sous », "
                "puis le format CSV.");
  }
  SOL_ASSIGN(out.text, to_utf8(bytes, out.encoding));
  return out;
}

Result<TableFile> read_table(std::string_view bytes) {
  SOL_ASSIGN(auto decoded, decode_text(bytes));
  auto& text = decoded.text;
  TableFile file;
  file.encoding = std::move(decoded.encoding);
  if (!text.contains('\n')) std::ranges::replace(text, '\r', '\n');  // old Macintosh files
  file.separator = detect_separator(text);

  csv_parser parser{};
  if (csv_init(&parser, CSV_APPEND_NULL) != 0)
    return fail(Code::internal, "the CSV parser does not start");
  std::unique_ptr<csv_parser, decltype(&csv_free)> const freeing(&parser, &csv_free);
  csv_set_delim(&parser, static_cast<unsigned char>(file.separator));
  Reading reading;
  reading.file = &file;
  std::string_view rest = text;
  while (!rest.empty()) {  // one line of the file at a time, to know where each row begins
    auto const size = std::min(rest.find('\n'), rest.size() - 1) + 1;
    if (!reading.in_row) {
      reading.in_row = true;
      reading.row.line = reading.line;
    } else if (reading.line - reading.row.line >= kLinesInOneCellMax) {
      reading.row.unclosed_quote = in_quotes(parser);
      csv_fini(&parser, end_cell, end_row, &reading);
      reading.in_row = true;
      reading.row.line = reading.line;
    }
    if (csv_parse(&parser, rest.data(), size, end_cell, end_row, &reading) != size) {
      return fail(Code::invalid,
                  cat("Le fichier ne se lit plus à partir de la ligne ", reading.line, '.'));
    }
    // A line without any text ends no row.
    if (rest.substr(0, size).find_first_not_of(" \t\r\n") == std::string_view::npos &&
        reading.row.cells.empty()) {
      reading.in_row = false;
    }
    ++reading.line;
    rest.remove_prefix(size);
  }
  reading.row.unclosed_quote = in_quotes(parser);
  csv_fini(&parser, end_cell, end_row, &reading);
  if (reading.too_many) {
    return fail(Code::exhausted,
                cat("Le fichier a plus de ", kTableRowsMax, " lignes. Découpez-le en plusieurs."));
  }
  if (file.rows.empty())
    return fail(Code::invalid, "Le fichier ne contient aucune ligne de texte.");
  return file;
}

}  // namespace solidaires::formats
