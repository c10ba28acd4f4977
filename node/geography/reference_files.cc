#include "node/geography/reference_files.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "node/geography/csv_table.h"
#include "node/geography/gazetteer_file.h"
#include "node/geography/names.h"
#include "node/text/fold.h"
#include "sync/base/bytes.h"

namespace solidaires::geography {

namespace {

constexpr std::uintmax_t kFileBytesMax = 128UL << 20;

using Column = std::optional<std::size_t>;

bool is_digits(std::string_view text, std::size_t size) {
  return text.size() == size &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_insee_code(std::string_view text) {
  if (text.size() != 5) return false;
  auto const corsican = text[0] == '2' && (text[1] == 'A' || text[1] == 'B');
  return is_digits(text.substr(corsican ? 2 : 0), corsican ? 3 : 5);
}

template <class Number>
bool read_whole(std::string_view text, Number& out) {
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// One row of a table, read field by field; the first thing wrong is kept and told with its line.
class Reader {
 public:
  Reader(CsvRow const& row, std::string_view file)
      : row_(row), origin_{std::string(file), row.line} {}

  [[nodiscard]] Origin const& origin() const { return origin_; }
  [[nodiscard]] std::string text(Column column) const {
    return column ? row_.fields[*column] : std::string();
  }
  std::string name(Column column) {
    auto value = text(column);
    if (value.empty()) wrong("a name is missing");
    if (value.find_first_of("\t\r\n") != std::string::npos) wrong("a name holds a line break");
    return value;
  }
  std::string insee_code(Column column) {
    auto value = text(column);
    if (!is_insee_code(value)) wrong(cat("\"", value, "\" is not an INSEE code of a commune"));
    return value;
  }
  std::string siren(Column column) {
    auto value = text(column);
    if (!is_digits(value, 9)) wrong(cat("\"", value, "\" is not a SIREN"));
    return value;
  }
  std::uint32_t number(Column column) {
    std::uint32_t value = 0;
    if (!read_whole(text(column), value)) wrong(cat("\"", text(column), "\" is not a number"));
    return value;
  }
  std::string postal_code(std::string value) {
    if (!is_digits(value, 5)) wrong(cat("\"", value, "\" is not a postal code"));
    return value;
  }
  Point point(std::string_view latitude, std::string_view longitude) {
    Point value;
    if (!read_whole(latitude, value.latitude) || !read_whole(longitude, value.longitude) ||
        std::abs(value.latitude) > 90 || std::abs(value.longitude) > 180) {
      wrong(cat("\"", latitude, "\", \"", longitude, "\" is not a latitude and a longitude"));
    }
    return value;
  }
  void wrong(std::string what) {
    if (problem_.empty()) problem_ = std::move(what);
  }
  [[nodiscard]] Result<> done() const {
    if (problem_.empty()) return {};
    return fail(Code::invalid, cat("line ", row_.line, ": ", problem_));
  }

 private:
  CsvRow const& row_;
  Origin origin_;
  std::string problem_;
};

std::vector<std::string> words_of(std::string const& text) {
  std::vector<std::string> words;
  for (auto const word : split_words(text)) words.emplace_back(word);
  return words;
}

// A reader of one shape of table: false if the header is not its own.
using Read = Result<bool> (*)(CsvTable const&, std::string_view file, Reference&);

// Communes with everything: insee, nom, departement, epci_siren, population, codes_postaux, lat ...
Result<bool> read_communes(CsvTable const& table, std::string_view file, Reference& out) {
  auto const code = table.column({"insee"});
  auto const department = table.column({"departement"});
  auto const lat = table.column({"lat", "latitude"});
  auto const lon = table.column({"lon", "longitude"});
  auto const postal = table.column({"codes postaux"});
  if (!code || !department || !lat || !lon || !postal) return false;
  auto const name = table.column({"nom"});
  auto const epci = table.column({"epci siren"});
  auto const population = table.column({"population"});
  for (auto const& row : table.rows) {
    Reader reader(row, file);
    CommuneRecord record;
    record.origin = reader.origin();
    record.code = reader.insee_code(code);
    record.name = reader.name(name);
    if (!record.code.starts_with(reader.text(department))) {
      reader.wrong(
          cat("commune ", record.code, " does not lie in department ", reader.text(department)));
    }
    if (epci) record.epci = reader.text(epci).empty() ? "" : reader.siren(epci);
    record.epci_name = reader.text(table.column({"epci nom"}));
    if (population) record.population = reader.number(population);
    record.postal_codes = words_of(reader.text(postal));
    for (auto const& one : *record.postal_codes) reader.postal_code(one);
    if (auto const latitude = reader.text(lat); !latitude.empty()) {
      record.point = reader.point(latitude, reader.text(lon));
    }
    record.former_codes = words_of(reader.text(table.column({"anciens codes"})));
    for (auto const& one : record.former_codes) {
      if (!is_insee_code(one)) reader.wrong(cat("\"", one, "\" is not an INSEE code"));
    }
    SOL_TRY(reader.done());
    out.communes.push_back(std::move(record));
  }
  return true;
}

// INSEE's list of communes and their parts: TYPECOM, COM, DEP, LIBELLE, COMPARENT ...
Result<bool> read_insee_list(CsvTable const& table, std::string_view file, Reference& out) {
  auto const type = table.column({"typecom"});
  auto const code = table.column({"com"});
  auto const name = table.column({"libelle"});
  auto const parent = table.column({"comparent"});
  if (!type || !code || !name || !parent) return false;
  for (auto const& row : table.rows) {
    Reader reader(row, file);
    auto const kind = reader.text(type);
    if (kind == "COM") {
      CommuneRecord record;
      record.origin = reader.origin();
      record.code = reader.insee_code(code);
      record.name = reader.name(name);
      out.communes.push_back(std::move(record));
    } else if (kind == "COMA" || kind == "COMD") {
      out.parts.push_back({.origin = reader.origin(),
                           .code = reader.insee_code(code),
                           .name = reader.name(name),
                           .commune = reader.insee_code(parent),
                           .kind = kind == "COMA" ? "associated" : "delegated"});
    }
    SOL_TRY(reader.done());
  }
  return true;
}

// INSEE's changes of communes since 1943: MOD, DATE_EFF, TYPECOM_AV, COM_AV ...
Result<bool> read_movements(CsvTable const& table, std::string_view file, Reference& out) {
  auto const mod = table.column({"mod"});
  auto const date = table.column({"date eff"});
  auto const type_before = table.column({"typecom av"});
  auto const type_after = table.column({"typecom ap"});
  if (!mod || !date || !type_before || !type_after) return false;
  for (auto const& row : table.rows) {
    Reader reader(row, file);
    Movement one;
    one.line = row.line;
    one.kind = static_cast<int>(reader.number(mod));
    one.date = reader.text(date);
    if (one.date.size() != 10 || one.date[4] != '-' || one.date[7] != '-') {
      reader.wrong(cat("\"", one.date, "\" is not a date (YYYY-MM-DD)"));
    }
    one.type_before = reader.text(type_before);
    one.type_after = reader.text(type_after);
    one.code_before = reader.insee_code(table.column({"com av"}));
    one.code_after = reader.insee_code(table.column({"com ap"}));
    one.name_before = reader.name(table.column({"libelle av"}));
    one.name_after = reader.name(table.column({"libelle ap"}));
    SOL_TRY(reader.done());
    out.movements.push_back(std::move(one));
  }
  return true;
}

// La Poste's base of postal codes: #Code_commune_INSEE, Code_postal, Ligne_5, _geopoint ...
Result<bool> read_postal_codes(CsvTable const& table, std::string_view file, Reference& out) {
  auto const code = table.column({"code commune insee"});
  auto const postal = table.column({"code postal"});
  if (!code || !postal) return false;
  auto const point = table.column({"geopoint", "coordonnees gps", "coordonnees geographiques"});
  auto const locality = table.column({"ligne 5"});
  for (auto const& row : table.rows) {
    Reader reader(row, file);
    PostalRecord record;
    record.origin = reader.origin();
    record.commune = reader.insee_code(code);
    record.postal_code = reader.postal_code(reader.text(postal));
    record.locality = !reader.text(locality).empty();
    if (auto const text = reader.text(point); !text.empty()) {
      auto const comma = std::min(text.find(','), text.size());
      auto const longitude = text.find_first_not_of(", ", comma);
      record.point =
          reader.point(std::string_view(text).substr(0, comma),
                       longitude == std::string::npos ? std::string_view()
                                                      : std::string_view(text).substr(longitude));
    }
    SOL_TRY(reader.done());
    out.postal_codes.push_back(std::move(record));
  }
  return true;
}

Result<bool> read_epcis(CsvTable const& table, std::string_view file, Reference& out) {
  auto const siren = table.column({"siren"});
  auto const population = table.column({"population municipale"});
  auto const type = table.column({"type"});
  if (!siren || !population || !type) return false;
  for (auto const& row : table.rows) {
    Reader reader(row, file);
    out.epcis.push_back({.origin = reader.origin(),
                         .siren = reader.siren(siren),
                         .name = reader.name(table.column({"nom"})),
                         .kind = reader.name(type),
                         .population = reader.number(population)});
    SOL_TRY(reader.done());
  }
  return true;
}

// A column of INSEE's whose name ends with its year: "ze2020", "bv2022".
Column column_of_a_year(CsvTable const& table, std::string_view prefix) {
  for (std::size_t i = 0; i < table.header.size(); ++i) {
    std::string_view const name = table.header[i];
    if (name.starts_with(prefix) && is_digits(name.substr(prefix.size()), 4)) return i;
  }
  return std::nullopt;
}

// INSEE's employment areas and living areas: CODGEO, ZE2020, LIBZE2020; CODGEO, BV2022, LIBBV2022.
Result<bool> read_insee_zones(CsvTable const& table, std::string_view file, Reference& out) {
  auto const commune = table.column({"codgeo"});
  if (!commune) return false;
  bool any = false;
  for (auto const& [prefix, kind] : {std::pair("ze", "employment"), std::pair("bv", "living")}) {
    auto const code = column_of_a_year(table, prefix);
    auto const name = column_of_a_year(table, cat("lib", prefix));
    if (!code || !name) continue;
    any = true;
    for (auto const& row : table.rows) {
      Reader reader(row, file);
      if (reader.text(code).empty()) continue;  // overseas, some lie in none
      out.zones.push_back({.origin = reader.origin(),
                           .zone = cat(prefix, ':', reader.text(code)),
                           .name = reader.name(name),
                           .kind = kind,
                           .commune = reader.insee_code(commune)});
      SOL_TRY(reader.done());
    }
  }
  return any;
}

// Valleys, in a table of the operator's own: insee, vallee.
Result<bool> read_valleys(CsvTable const& table, std::string_view file, Reference& out) {
  auto const commune = table.column({"insee"});
  auto const name = table.column({"vallee"});
  if (!commune || !name) return false;
  for (auto const& row : table.rows) {
    Reader reader(row, file);
    auto valley = reader.name(name);
    auto const slug = text::slug(valley, 60);
    if (slug.empty()) reader.wrong("a name is missing");
    out.zones.push_back({.origin = reader.origin(),
                         .zone = cat("val:", slug),
                         .name = std::move(valley),
                         .kind = "valley",
                         .commune = reader.insee_code(commune)});
    SOL_TRY(reader.done());
  }
  return true;
}

struct Shape {
  std::string_view kind;
  Read read;
};
constexpr Shape kShapes[] = {{"communes", read_communes},   {"communes (INSEE)", read_insee_list},
                             {"movements", read_movements}, {"postal codes", read_postal_codes},
                             {"EPCI", read_epcis},          {"zones (INSEE)", read_insee_zones},
                             {"valleys", read_valleys}};

Result<> read_table(std::string bytes, ImportedFile& file, Reference& out) {
  SOL_ASSIGN(auto const table, read_csv(std::move(bytes)));
  for (auto const& shape : kShapes) {
    SOL_ASSIGN(auto const known, shape.read(table, file.name, out));
    if (!known) continue;
    file.kind = shape.kind;
    file.rows = table.rows.size();
    return {};
  }
  return {};
}

Result<> read_areas(std::string const& bytes, ImportedFile& file, Reference& out) {
  SOL_ASSIGN(auto features, read_geojson(bytes));
  file.kind = "outlines";
  file.rows = features.size();
  for (std::size_t i = 0; i < features.size(); ++i) {
    out.areas.push_back({{file.name, 0}, std::move(features[i])});
  }
  return {};
}

bool is_json(std::string_view bytes) {
  auto const first = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return first != std::string_view::npos && bytes[first] == '{';
}

// A table has a header of several columns; anything else is a text for people, a picture ...
bool may_be_table(std::string_view bytes) {
  auto const first = bytes.substr(0, std::min(bytes.find('\n'), bytes.size()));
  return first.size() < 4096 && first.find_first_of(",;\t") != std::string_view::npos &&
         first.find('\0') == std::string_view::npos;
}

Result<> read_one(std::filesystem::path const& path, ImportedFile& file, Reference& out) {
  SOL_ASSIGN(auto bytes, read_file(path, kFileBytesMax));
  auto const extension = path.extension();
  if (is_json(bytes)) return read_areas(bytes, file, out);
  if (extension == ".json" || extension == ".geojson") {
    return fail(Code::invalid, "not a GeoJSON feature collection");
  }
  if (extension != ".csv" && extension != ".txt" && extension != ".tsv") return {};
  if (!may_be_table(bytes)) return {};
  return read_table(std::move(bytes), file, out);
}

}  // namespace

std::string Origin::text() const {
  return line == 0 ? file : cat(file, " line ", line);
}

Result<Reference> read_reference(std::filesystem::path const& directory,
                                 std::vector<ImportedFile>& files) {
  std::error_code error;
  std::set<std::filesystem::path> paths;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_regular_file()) paths.insert(at->path());
  }
  if (error) return fail(Code::io, cat("cannot list ", directory.string(), ": ", error.message()));
  Reference reference;
  bool any = false;
  for (auto const& path : paths) {
    files.push_back({.name = path.filename().string(), .kind = {}});
    if (auto read = read_one(path, files.back(), reference); !read) {
      return std::unexpected(std::move(read).error().in(files.back().name));
    }
    any = any || !files.back().kind.empty();
  }
  if (!any) {
    return fail(Code::invalid, cat(directory.string(),
                                   " holds no known file: communes, changes of communes, postal "
                                   "codes, EPCI (CSV) or outlines (GeoJSON)"));
  }
  return reference;
}

}  // namespace solidaires::geography
