#include "node/geography/gazetteer_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <span>
#include <system_error>

#include "node/geography/names.h"
#include "sync/base/bytes.h"

namespace solidaires::geography {

namespace {

constexpr std::string_view kBaseMagic = "solidaires-geography";
constexpr std::string_view kOverlayMagic = "solidaires-geography-overlay";
constexpr std::string_view kVersion = "1";
constexpr double kUnitsPerDegree = 1e5;
constexpr std::size_t kFieldsMax = 10;

using Fields = std::span<std::string_view const>;

template <class Number>
bool read_number(std::string_view text, Number& out) {
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool on_earth(Point p) {
  return std::isfinite(p.latitude) && std::isfinite(p.longitude) && std::abs(p.latitude) <= 90 &&
         std::abs(p.longitude) <= 180;
}

bool read_point(std::string_view latitude, std::string_view longitude, Point& out) {
  return read_number(latitude, out.latitude) && read_number(longitude, out.longitude) &&
         on_earth(out);
}

bool read_commune(Fields f, GazetteerRows& rows) {
  CommuneRow row{
      .code = f[1], .name = f[2], .department = f[3], .epci = f[4], .postal_codes = f[6]};
  if (row.code.size() != 5 || row.name.empty() || !read_number(f[5], row.population)) return false;
  if (f[7] == "exact") {
    row.precision = Precision::exact;
  } else if (f[7] == "approximate") {
    row.precision = Precision::approximate;
  } else if (f[7] != "-") {
    return false;
  }
  if (row.precision != Precision::unknown && !read_point(f[8], f[9], row.point)) return false;
  rows.communes.push_back(row);
  return true;
}

bool read_former(Fields f, GazetteerRows& rows) {
  FormerRow row{.code = f[1], .name = f[2], .commune = f[3], .kind = f[4], .postal_codes = f[5]};
  if (row.code.size() != 5 || row.commune.size() != 5 || row.kind.empty()) return false;
  if (!f[6].empty()) {
    Point point;
    if (!read_point(f[6], f[7], point)) return false;
    row.point = point;
  }
  rows.formers.push_back(row);
  return true;
}

bool read_epci(Fields f, GazetteerRows& rows) {
  EpciRow row{.siren = f[1], .name = f[2], .kind = f[3]};
  if (row.siren.size() != 9 || row.name.empty() || !read_number(f[4], row.population)) return false;
  rows.epcis.push_back(row);
  return true;
}

std::optional<PlaceKind> outline_kind(std::string_view text) {
  if (text == "commune") return PlaceKind::commune;
  if (text == "epci") return PlaceKind::epci;
  if (text == "department") return PlaceKind::department;
  if (text == "region") return PlaceKind::region;
  return std::nullopt;
}

std::string_view outline_kind_name(PlaceKind kind) {
  switch (kind) {
    case PlaceKind::epci: return "epci";
    case PlaceKind::department: return "department";
    case PlaceKind::region: return "region";
    default: return "commune";
  }
}

bool read_line(Fields f, GazetteerRows& rows) {
  if (f[0] == "C" && f.size() == 10) return read_commune(f, rows);
  if (f[0] == "F" && f.size() == 8) return read_former(f, rows);
  if (f[0] == "E" && f.size() == 5) return read_epci(f, rows);
  if (f[0] == "D" && f.size() == 5) {
    rows.departments.push_back({f[1], f[2], f[3], f[4]});
    return !f[1].empty() && !f[2].empty();
  }
  if (f[0] == "R" && f.size() == 3) {
    rows.regions.push_back({f[1], f[2]});
    return !f[1].empty() && !f[2].empty();
  }
  if (f[0] == "Z" && f.size() == 5) {
    rows.zones.push_back({f[1], f[2], f[3], f[4]});
    return f[1].contains(':') && !f[2].empty() && !f[3].empty();
  }
  if (f[0] == "O" && f.size() == 4) {
    auto const kind = outline_kind(f[1]);
    if (kind) rows.outlines.push_back({*kind, f[2], f[3]});
    return kind.has_value();
  }
  return false;
}

Result<> read_header(Fields f, GazetteerRows& rows) {
  if (f.size() != 3 || (f[0] != kBaseMagic && f[0] != kOverlayMagic)) {
    return fail(Code::corrupt, "this is not a gazetteer");
  }
  if (f[1] != kVersion) return fail(Code::unsupported, cat("version ", f[1], " is not known here"));
  rows.overlay = f[0] == kOverlayMagic;
  rows.sources = f[2];
  return {};
}

std::size_t cut_fields(std::string_view line, std::array<std::string_view, kFieldsMax + 1>& out) {
  std::size_t count = 0;
  while (count < out.size()) {
    auto const end = std::min(line.find('\t'), line.size());
    out[count++] = line.substr(0, end);
    if (end == line.size()) break;
    line.remove_prefix(end + 1);
  }
  return count;
}

std::string coordinate(double degrees) {
  std::array<char, 32> text{};
  auto const size = std::snprintf(text.data(), text.size(), "%.5f", degrees);
  return {text.data(), static_cast<std::size_t>(size)};
}

void write_line(std::string& out, std::initializer_list<std::string_view> fields) {
  bool first = true;
  for (auto const field : fields) {
    if (!first) out += '\t';
    out += field;
    first = false;
  }
  out += '\n';
}

void write_commune(std::string& out, CommuneRow const& row) {
  auto const known = row.precision != Precision::unknown;
  auto const precision = row.precision == Precision::exact ? "exact" : known ? "approximate" : "-";
  write_line(out,
             {"C", row.code, row.name, row.department, row.epci, std::to_string(row.population),
              row.postal_codes, precision, known ? coordinate(row.point.latitude) : "",
              known ? coordinate(row.point.longitude) : ""});
}

Error os_error(std::string_view what, std::filesystem::path const& path) {
  return {Code::io, cat(what, " ", path.string(), ": ", std::strerror(errno))};
}

Result<> write_durably(std::filesystem::path const& path, std::string_view content) {
  int const file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return std::unexpected(os_error("cannot write", path));
  bool good = true;
  while (good && !content.empty()) {
    auto const written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    good = written > 0;
    if (good) content.remove_prefix(static_cast<std::size_t>(written));
  }
  good = good && ::fsync(file) == 0;
  auto const error = os_error("cannot write", path);
  ::close(file);
  if (!good) return std::unexpected(error);
  return {};
}

}  // namespace

Result<GazetteerRows> read_rows(std::string_view text) {
  GazetteerRows rows;
  std::size_t line_number = 0;
  std::array<std::string_view, kFieldsMax + 1> fields;
  while (!text.empty()) {
    ++line_number;
    auto const end = std::min(text.find('\n'), text.size());
    Fields const line(fields.data(), cut_fields(text.substr(0, end), fields));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line_number == 1) {
      SOL_TRY(read_header(line, rows));
    } else if (!read_line(line, rows)) {
      return fail(Code::corrupt, cat("line ", line_number, " is not a row of a gazetteer"));
    }
  }
  if (line_number == 0) return fail(Code::corrupt, "the gazetteer is empty");
  return rows;
}

std::string write_rows(GazetteerRows const& rows) {
  std::string out;
  write_line(out, {rows.overlay ? kOverlayMagic : kBaseMagic, kVersion, rows.sources});
  for (auto const& row : rows.regions) write_line(out, {"R", row.code, row.name});
  for (auto const& row : rows.departments) {
    write_line(out, {"D", row.code, row.name, row.region, row.neighbours});
  }
  for (auto const& row : rows.epcis) {
    write_line(out, {"E", row.siren, row.name, row.kind, std::to_string(row.population)});
  }
  for (auto const& row : rows.communes) write_commune(out, row);
  for (auto const& row : rows.formers) {
    write_line(out, {"F", row.code, row.name, row.commune, row.kind, row.postal_codes,
                     row.point ? coordinate(row.point->latitude) : "",
                     row.point ? coordinate(row.point->longitude) : ""});
  }
  for (auto const& row : rows.zones) {
    write_line(out, {"Z", row.code, row.name, row.kind, row.communes});
  }
  for (auto const& row : rows.outlines) {
    write_line(out, {"O", outline_kind_name(row.kind), row.code, row.rings});
  }
  return out;
}

std::string write_rings(std::vector<std::vector<Point>> const& rings) {
  std::string out;
  for (auto const& ring : rings) {
    if (!out.empty()) out += ';';
    bool first = true;
    for (auto const point : ring) {
      if (!first) out += ' ';
      first = false;
      out += cat(std::llround(point.latitude * kUnitsPerDegree), ',',
                 std::llround(point.longitude * kUnitsPerDegree));
    }
  }
  return out;
}

Result<Outline> read_rings(std::string_view text) {
  Outline outline;
  for (auto const part : split_words(text, ';')) {
    auto& ring = outline.rings.emplace_back();
    for (auto const pair : split_words(part)) {
      auto const comma = pair.find(',');
      std::int32_t latitude = 0;
      std::int32_t longitude = 0;
      if (comma == std::string_view::npos || !read_number(pair.substr(0, comma), latitude) ||
          !read_number(pair.substr(comma + 1), longitude)) {
        return fail(Code::corrupt, "an outline holds something else than coordinates");
      }
      Point const point{latitude / kUnitsPerDegree, longitude / kUnitsPerDegree};
      if (!on_earth(point)) return fail(Code::corrupt, "an outline leaves the Earth");
      outline.box.include(point);
      ring.push_back(point);
    }
  }
  return outline;
}

Result<std::string> read_file(std::filesystem::path const& path, std::uintmax_t bytes_max) {
  std::error_code error;
  auto const size = std::filesystem::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory) {
    return fail(Code::not_found, cat(path.string(), " does not exist"));
  }
  if (error) return fail(Code::io, cat("cannot read ", path.string(), ": ", error.message()));
  if (size > bytes_max) {
    return fail(Code::exhausted, cat(path.string(), " is larger than ", bytes_max >> 20, " MB"));
  }
  std::ifstream file(path, std::ios::binary);
  std::string content(size, '\0');
  file.read(content.data(), static_cast<std::streamsize>(size));
  if (!file || file.gcount() != static_cast<std::streamsize>(size)) {
    return fail(Code::io, cat("cannot read ", path.string()));
  }
  return content;
}

Result<> replace_file(std::filesystem::path const& path, std::string_view content) {
  auto const fresh = std::filesystem::path(path).concat(cat(".", ::getpid(), ".new"));
  if (auto written = write_durably(fresh, content); !written) {
    ::unlink(fresh.c_str());
    return written;
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    auto error = os_error("cannot replace", path);
    ::unlink(fresh.c_str());
    return std::unexpected(std::move(error));
  }
  int const directory = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
  return {};
}

}  // namespace solidaires::geography
