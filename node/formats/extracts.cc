// Sources of the rules: the descriptions of the files "stock" of Sirene (INSEE) and of the RNA
// (ministère de l'Intérieur); IGN, NTG 71, for the projection Lambert 93.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numbers>

#include "node/formats/readers.h"
#include "sync/base/bytes.h"

namespace solidaires::formats {
namespace {

struct Excluded {
  std::string_view header, value, why;
};
constexpr std::array kSireneExcluded{
    Excluded{"etatAdministratifEtablissement", "F", "établissement fermé"},
    Excluded{"etatAdministratifUniteLegale", "C", "entreprise ou association cessée"},
    Excluded{"statutDiffusionEtablissement", "P", "diffusion refusée par l’établissement"},
    Excluded{"statutDiffusionUniteLegale", "P", "diffusion refusée par l’entreprise"},
};
constexpr std::array kRnaExcluded{
    Excluded{"position", "D", "association dissoute"},
    Excluded{"position", "S", "association supprimée du répertoire"},
    Excluded{"position", "R", "association reprise par une autre"},
};

class Columns {
 public:
  explicit Columns(TableRow const& header) : header_(header) {}

  [[nodiscard]] bool has(std::string_view name) const {
    return place(name) != header_.cells.size();
  }
  [[nodiscard]] std::string_view cell(TableRow const& row, std::string_view name) const {
    auto const at = place(name);
    return at < row.cells.size() ? std::string_view(row.cells[at]) : std::string_view();
  }

 private:
  [[nodiscard]] std::size_t place(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::find(header_.cells, name) - header_.cells.begin());
  }
  TableRow const& header_;
};

std::optional<double> metres(std::string_view text) {
  double value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Degrees {
  double latitude = 0, longitude = 0;
};

// Inverse of Lambert's conic projection on the ellipsoid GRS 80, with the constants of the norm.
Degrees from_lambert_93(double x, double y) {
  constexpr double kExponent = 0.7256077650532670;
  constexpr double kScale = 11'754'255.426096;
  constexpr double kPoleX = 700'000.0;
  constexpr double kPoleY = 12'655'612.049876;
  constexpr double kEccentricity = 0.08181919104281579;
  constexpr double kMeridian = 3.0;
  constexpr int kSteps = 8;  // each gains about two digits
  double const radius = std::hypot(x - kPoleX, y - kPoleY);
  double const angle = std::atan2(x - kPoleX, kPoleY - y);
  double const stretched = std::exp(-std::log(radius / kScale) / kExponent);
  double latitude = 2 * std::atan(stretched) - std::numbers::pi / 2;
  for (int step = 0; step < kSteps; ++step) {
    double const sine = kEccentricity * std::sin(latitude);
    latitude = 2 * std::atan(std::pow((1 + sine) / (1 - sine), kEccentricity / 2) * stretched) -
               std::numbers::pi / 2;
  }
  constexpr double kDegree = 180 / std::numbers::pi;
  return {latitude * kDegree, kMeridian + angle / kExponent * kDegree};
}

std::string joined(Columns const& columns, TableRow const& row,
                   std::initializer_list<std::string_view> names) {
  std::string out;
  for (auto const name : names) {
    auto const part = columns.cell(row, name);
    if (!part.empty() && part != "[ND]") out += cat(out.empty() ? "" : " ", part);
  }
  return out;
}

template <std::size_t N>
void set_aside(Columns const& columns, std::array<Excluded, N> const& rules, TableRow& row) {
  for (auto const& rule : rules) {
    if (columns.cell(row, rule.header) == rule.value && row.set_aside.empty())
      row.set_aside = rule.why;
  }
}

void append(TableRow& row, std::size_t width, std::initializer_list<std::string> cells) {
  row.cells.resize(width);
  row.cells.insert(row.cells.end(), cells);
}

void settle_sirene(TableFile& table) {
  table.format = Format::sirene;
  auto const header = table.rows.front();
  Columns const columns(header);
  bool const has_place = columns.has("libelleVoieEtablissement");
  if (has_place)
    append(table.rows.front(), header.cells.size(), {"adresse", "latitude", "longitude"});
  for (std::size_t i = 1; i < table.rows.size(); ++i) {
    auto& row = table.rows[i];
    if (row.cells.size() > header.cells.size()) continue;  // the importer says so
    set_aside(columns, kSireneExcluded, row);
    if (!has_place) continue;
    auto const street = joined(columns, row,
                               {"numeroVoieEtablissement", "indiceRepetitionEtablissement",
                                "typeVoieEtablissement", "libelleVoieEtablissement"});
    auto const x = metres(columns.cell(row, "coordonneeLambertAbscisseEtablissement"));
    auto const y = metres(columns.cell(row, "coordonneeLambertOrdonneeEtablissement"));
    std::string latitude, longitude;
    if (x && y) {
      auto const at = from_lambert_93(*x, *y);
      latitude = std::to_string(at.latitude);
      longitude = std::to_string(at.longitude);
    }
    append(row, header.cells.size(), {street, latitude, longitude});
  }
}

void settle_rna(TableFile& table) {
  table.format = Format::rna;
  auto const header = table.rows.front();
  Columns const columns(header);
  auto& titles = table.rows.front();
  for (auto& title : titles.cells) {
    if (title == "nature") title = "nature (RNA)";  // how it was declared, no kind of structure
  }
  append(titles, header.cells.size(), {"rna", "adresse", "famille_ess"});
  for (std::size_t i = 1; i < table.rows.size(); ++i) {
    auto& row = table.rows[i];
    if (row.cells.size() > header.cells.size()) continue;
    set_aside(columns, kRnaExcluded, row);
    auto street =
        joined(columns, row, {"adrs_numvoie", "adrs_repetition", "adrs_typevoie", "adrs_libvoie"});
    if (street.empty()) street = joined(columns, row, {"adr1", "adr2", "adr3"});
    std::string const id(columns.cell(row, "id"));
    append(row, header.cells.size(),
           {id.starts_with('W') ? id : std::string(), street, "association"});
    for (auto& cell : row.cells) {
      if (cell == "0001-01-01") cell.clear();  // no date
    }
  }
}

}  // namespace

void settle_extract(TableFile& table) {
  if (table.rows.empty()) return;
  Columns const columns(table.rows.front());
  bool const sirene = columns.has("siren") && (columns.has("etatAdministratifEtablissement") ||
                                               columns.has("etatAdministratifUniteLegale"));
  bool const rna = columns.has("id") && columns.has("titre") && columns.has("position") &&
                   columns.has("adrs_codeinsee");
  if (sirene) {
    settle_sirene(table);
  } else if (rna) {
    settle_rna(table);
  }
}

}  // namespace solidaires::formats
