// The first visible sheet of an XLSX workbook (ECMA-376). Only the parts that are needed are
// unpacked, each up to kTreeBytesMax, whatever the archive says of its size.
#include <zip.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <pugixml.hpp>
#include <set>

#include "node/formats/readers.h"
#include "node/model/civil_time.h"
#include "node/text/fold.h"
#include "sync/base/bytes.h"

namespace solidaires::formats {
namespace {

constexpr std::size_t kReadBytes = 64UL * 1024;
constexpr double kWholeNumberMax = 1e15;
constexpr int kUnixEpochInSheet = 25'569;  // days from 1899-12-30 to 1970-01-01
constexpr double kLastDayInSheet = 110'000;
constexpr int kMinutesOfDay = 24 * 60;
constexpr std::size_t kDateCharacters = 10;  // 2026-12-12

struct ArchiveFree {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct EntryFree {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Archive = std::unique_ptr<zip_t, ArchiveFree>;

Error no_workbook() {
  return {Code::invalid,
          "Ce fichier n’est pas un classeur lisible (XLSX), ou il est abîmé. Ouvrez-le dans le "
          "tableur et enregistrez-le de nouveau, en XLSX ou en CSV."};
}

Result<Archive> open(std::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  auto* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) return std::unexpected(no_workbook());
  auto* const archive = zip_open_from_source(source, ZIP_RDONLY, &error);
  if (archive == nullptr) {
    zip_source_free(source);
    return std::unexpected(no_workbook());
  }
  return Archive(archive);
}

// nullopt: no such part.
Result<std::optional<std::string>> unpack(zip_t* archive, std::string const& name) {
  std::unique_ptr<zip_file_t, EntryFree> const entry(zip_fopen(archive, name.c_str(), 0));
  if (entry == nullptr) return std::optional<std::string>();
  std::string out, part(kReadBytes, '\0');
  while (true) {
    auto const size = zip_fread(entry.get(), part.data(), part.size());
    if (size < 0) return std::unexpected(no_workbook());
    if (size == 0) return std::optional(std::move(out));
    out.append(part, 0, static_cast<std::size_t>(size));
    if (out.size() > kTreeBytesMax) {
      return fail(Code::exhausted,
                  cat("Le classeur, une fois décompressé, dépasse ", kTreeBytesMax >> 20U,
                      " Mo. Enregistrez la feuille utile en CSV, ou découpez-la."));
    }
  }
}

Result<> parse(zip_t* archive, std::string const& name, pugi::xml_document& out) {
  SOL_ASSIGN(auto text, unpack(archive, name));
  if (!text) return std::unexpected(no_workbook());
  if (text->contains("<!ENTITY") || text->contains("<!DOCTYPE"))
    return std::unexpected(no_workbook());
  if (!out.load_buffer(text->data(), text->size(), pugi::parse_default | pugi::parse_ws_pcdata))
    return std::unexpected(no_workbook());
  return {};
}

// The sheet that opens first: hidden ones are working papers.
Result<std::string> first_sheet(zip_t* archive) {
  pugi::xml_document workbook, relations;
  SOL_TRY(parse(archive, "xl/workbook.xml", workbook));
  SOL_TRY(parse(archive, "xl/_rels/workbook.xml.rels", relations));
  for (auto const sheet : workbook.child("workbook").child("sheets").children("sheet")) {
    if (sheet.attribute("state")) continue;
    std::string_view const id = sheet.attribute("r:id").as_string();
    for (auto const relation : relations.child("Relationships").children("Relationship")) {
      if (relation.attribute("Id").as_string() != id) continue;
      std::string const target = relation.attribute("Target").as_string();
      return target.starts_with('/') ? target.substr(1) : cat("xl/", target);
    }
  }
  return std::unexpected(no_workbook());
}

// A string item: plain, or in runs of different looks; what is above the signs (ruby) is left out.
std::string item_text(pugi::xml_node item) {
  std::string out = item.child("t").text().get();
  for (auto const run : item.children("r")) out += run.child("t").text().get();
  return out;
}

Result<std::vector<std::string>> shared_strings(zip_t* archive) {
  std::vector<std::string> out;
  if (zip_name_locate(archive, "xl/sharedStrings.xml", 0) < 0) return out;
  pugi::xml_document document;
  SOL_TRY(parse(archive, "xl/sharedStrings.xml", document));
  for (auto const item : document.child("sst").children("si")) out.push_back(item_text(item));
  return out;
}

// What a format of numbers shows: bits of kDay and kHour.
constexpr unsigned kDay = 1, kHour = 2;

unsigned shown_by(std::string_view code) {
  unsigned shown = 0;
  bool quoted = false;
  bool bracketed = false;
  for (char const c : code) {
    if (c == '"') quoted = !quoted;
    if (c == '[' || c == ']') bracketed = c == '[';
    if (quoted || bracketed) continue;
    if (c == 'y' || c == 'd' || c == 'Y' || c == 'D' || c == 'j' || c == 'a') shown |= kDay;
    if (c == 'h' || c == 'H') shown |= kHour;
    if (c == ';') break;
  }
  return shown;
}

unsigned shown_by_number(int id) {
  if (id >= 14 && id <= 17) return kDay;
  if ((id >= 18 && id <= 21) || (id >= 45 && id <= 47)) return kHour;
  return id == 22 ? kDay | kHour : 0;
}

// For each style of cells, what its format shows.
Result<std::vector<unsigned>> styles(zip_t* archive) {
  std::vector<unsigned> out;
  if (zip_name_locate(archive, "xl/styles.xml", 0) < 0) return out;
  pugi::xml_document document;
  SOL_TRY(parse(archive, "xl/styles.xml", document));
  auto const sheet = document.child("styleSheet");
  std::map<int, unsigned> own;
  for (auto const format : sheet.child("numFmts").children("numFmt"))
    own[format.attribute("numFmtId").as_int()] =
        shown_by(format.attribute("formatCode").as_string());
  for (auto const style : sheet.child("cellXfs").children("xf")) {
    auto const id = style.attribute("numFmtId").as_int();
    auto const found = own.find(id);
    out.push_back(found == own.end() ? shown_by_number(id) : found->second);
  }
  return out;
}

std::string number_text(std::string_view written, unsigned shown) {
  double number = 0;
  auto const [end, error] =
      std::from_chars(written.data(), written.data() + written.size(), number);
  if (error != std::errc{} || end != written.data() + written.size() || !std::isfinite(number))
    return std::string(written);
  if (shown != 0 && number >= 0 && number < kLastDayInSheet) {
    auto const minutes = std::llround(number * kMinutesOfDay);
    auto iso = model::to_civil(Instant(std::chrono::minutes(
                                   minutes - (kUnixEpochInSheet * std::int64_t{kMinutesOfDay}))),
                               "UTC")
                   .iso();
    if ((shown & kDay) == 0 || number < 1) return iso.substr(kDateCharacters + 1);
    iso.replace(kDateCharacters, 1, " ");
    return (shown & kHour) != 0 ? iso : iso.substr(0, kDateCharacters);
  }
  // 8.0123456700012E13 is how a spreadsheet keeps a SIRET.
  if (std::abs(number) < kWholeNumberMax && number == std::trunc(number))
    return std::to_string(static_cast<std::int64_t>(number));
  return std::string(written);
}

// "AB12" -> 27; nullopt: none.
std::optional<std::size_t> column_of(std::string_view reference) {
  std::size_t column = 0;
  std::size_t letters = 0;
  for (; letters < reference.size() && reference[letters] >= 'A' && reference[letters] <= 'Z';
       ++letters) {
    if (letters == 3) return std::nullopt;
    column = column * 26 + static_cast<std::size_t>(reference[letters] - 'A') + 1;
  }
  return column == 0 ? std::nullopt : std::optional(column - 1);
}

struct Workbook {
  std::vector<std::string> strings;
  std::vector<unsigned> styles;
};

std::string cell_text(pugi::xml_node cell, Workbook const& book) {
  std::string_view const type = cell.attribute("t").as_string("n");
  if (type == "inlineStr") return item_text(cell.child("is"));
  std::string const value = cell.child("v").text().get();
  if (type == "s") {
    auto const index = cell.child("v").text().as_uint(~0U);
    return index < book.strings.size() ? book.strings[index] : std::string();
  }
  if (type == "b") return value == "1" ? "oui" : "non";
  if (type == "e") return {};  // #N/A
  if (type != "n") return value;
  auto const style = cell.attribute("s").as_uint(~0U);
  return number_text(value, style < book.styles.size() ? book.styles[style] : 0);
}

}  // namespace

Result<TableFile> read_spreadsheet(std::string_view bytes) {
  SOL_ASSIGN(auto const archive, open(bytes));
  SOL_ASSIGN(auto const name, first_sheet(archive.get()));
  Workbook book;
  SOL_ASSIGN(book.strings, shared_strings(archive.get()));
  SOL_ASSIGN(book.styles, styles(archive.get()));
  pugi::xml_document sheet;
  SOL_TRY(parse(archive.get(), name, sheet));
  TableFile table{.format = Format::spreadsheet};
  std::size_t line = 0;
  std::size_t cells = 0;
  for (auto const row : sheet.child("worksheet").child("sheetData").children("row")) {
    line = std::max<std::size_t>(line + 1, row.attribute("r").as_uint(0));
    TableRow out{.line = line};
    for (auto const cell : row.children("c")) {
      auto const at = column_of(cell.attribute("r").as_string()).value_or(out.cells.size());
      auto text = text::normalise_lines(text::clean(cell_text(cell, book)));
      if (text.empty()) continue;
      if (at < kColumnsMax && out.cells.size() <= at) {
        cells += at + 1 - out.cells.size();
        out.cells.resize(at + 1);
      }
      if (at >= kColumnsMax || cells > kCellsMax || table.rows.size() >= kTableRowsMax) {
        return fail(Code::exhausted, cat("La feuille a plus de ", kTableRowsMax, " lignes ou de ",
                                         kColumnsMax, " colonnes. Découpez-la."));
      }
      out.cells[at] = std::move(text);
    }
    if (!out.cells.empty()) table.rows.push_back(std::move(out));
  }
  if (table.rows.empty()) {
    return fail(Code::invalid,
                "La première feuille du classeur est vide : placez le tableau dans la première "
                "feuille.");
  }
  return table;
}

}  // namespace solidaires::formats
