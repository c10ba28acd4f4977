#include "node/service/import_row.h"

#include <algorithm>
#include <cmath>

#include "node/service/import.h"
#include "node/text/fold.h"
#include "schema/display.h"

namespace solidaires::service {
namespace {

constexpr double kFarKm =
    40;  // from the middle of its commune, no place of that commune is farther

constexpr double kNearKm = 10;  // between a place and the middle of its commune

bool in_france(schema::Point const& point) {
  return point.latitude > 41 && point.latitude < 51.5 && point.longitude > -5.5 &&
         point.longitude < 10;
}

geography::Point to_geography(schema::Point const& point) {
  return {point.latitude, point.longitude};
}

std::string rounded_km(double km) {
  return cat(static_cast<std::int64_t>(std::lround(km)), " km");
}

void mend_point(schema::Address& address, ReadRow& out) {
  if (!address.point) return;
  auto& point = *address.point;
  if (!in_france(point) && in_france({point.longitude, point.latitude})) {
    std::swap(point.latitude, point.longitude);
    out.notes.emplace_back("latitude et longitude étaient inversées");
  }
  if (in_france(point)) return;
  out.notes.emplace_back(
      "coordonnées hors de France : retirées, le point de la commune sert à la place");
  address.point.reset();
}

}  // namespace

RowReader::RowReader(schema::Type const& type, std::vector<std::string> inputs,
                     geography::Gazetteer const& gazetteer)
    : type_(type), inputs_(std::move(inputs)), gazetteer_(gazetteer) {}

void RowReader::settle_address(schema::Address& address, ReadRow& out) const {
  mend_point(address, out);
  auto const match = gazetteer_.match_commune(
      {.code = address.commune_code, .name = address.commune, .postal_code = address.postal_code});
  if (match.communes.size() == 1) {
    auto const& commune = *match.communes.front();
    if (!address.commune_code.empty() && address.commune_code != commune.code) {
      out.notes.push_back(cat("code de commune ", address.commune_code, " remplacé par ",
                              commune.code, " (", commune.name, ')'));
    }
    if (match.contradicted) {
      out.notes.push_back(
          cat("commune et code postal ne s’accordent pas : ", commune.name, " retenue"));
    }
    address.commune_code = commune.code;
    address.commune = commune.name;
  } else if (match.communes.empty()) {
    if (address.commune.empty() && address.postal_code.empty()) return;
    out.notes.push_back(cat("commune inconnue : « ",
                            address.commune.empty() ? address.postal_code : address.commune, " »"));
  } else if (auto const* const there = at_point(address, match.communes); there != nullptr) {
    out.notes.push_back(cat("commune choisie d’après les coordonnées : « ", address.commune,
                            " » est ", there->name));
    address.commune_code = there->code;
    address.commune = there->name;
  } else if (match.communes.size() > 1) {
    out.notes.push_back(cat("plusieurs communes possibles pour « ",
                            address.commune.empty() ? address.postal_code : address.commune,
                            " » : à préciser"));
  }
  check_distance(address, out);
}

// Around the point of the row, the nearest commune that the row may mean: one of those that its
// name names, or one of its postal code whose name begins like it (Grigny, now Grigny-sur-Rhône).
geography::Commune const* RowReader::at_point(
    schema::Address const& address, std::vector<geography::Commune const*> const& named) const {
  if (!address.point) return nullptr;
  auto const typed = text::fold(address.commune);
  for (auto const& [commune, km] :
       gazetteer_.communes_within(to_geography(*address.point), kNearKm)) {
    if (std::ranges::find(named, commune) != named.end()) return commune;
    auto const& codes = commune->postal_codes;
    bool const posted = std::ranges::find(codes, address.postal_code) != codes.end();
    if (posted && !typed.empty() && text::fold(commune->name).starts_with(typed)) return commune;
  }
  return nullptr;
}

void RowReader::check_distance(schema::Address& address, ReadRow& out) const {
  auto const* const commune = gazetteer_.commune(address.commune_code);
  if (!address.point || commune == nullptr || commune->precision == geography::Precision::unknown)
    return;
  double const km = geography::distance_km(to_geography(*address.point), commune->point);
  if (km > kFarKm) {
    out.notes.push_back(cat("coordonnées à ", rounded_km(km), " de ", commune->name,
                            " : retirées, le point de la commune sert à la place"));
    address.point.reset();
  }
}

void RowReader::place(schema::Record& record, ReadRow& out) const {
  for (auto& [key, value] : record) {
    if (auto* const address = std::get_if<schema::Address>(&value); address != nullptr) {
      settle_address(*address, out);
    }
  }
}

ReadRow RowReader::read(formats::TableRow const& row) const {
  ReadRow out;
  out.notes = row.notes;
  if (row.unclosed_quote) {
    out.faults.emplace_back("un guillemet ouvert n’est jamais refermé : la ligne ne se lit pas");
    return out;
  }
  schema::Cells cells;
  for (std::size_t i = 0; i < row.cells.size() && i < inputs_.size(); ++i) {
    auto const& input = inputs_[i];
    if (input.empty() || input == kIgnoreInput || row.cells[i].empty()) continue;
    if (input == kSourceIdInput) {
      out.source_id = row.cells[i];
    } else {
      cells.emplace(input, row.cells[i]);
    }
  }
  if (row.cells.size() > inputs_.size()) {
    out.notes.push_back(cat(row.cells.size() - inputs_.size(),
                            " cellules de trop, sans colonne : laissées de côté"));
  }
  auto parsed = schema::from_cells(type_, cells);
  for (auto const& problem : parsed.problems) {
    auto const* const field = type_.field(problem.field);
    auto const said =
        cat(field == nullptr ? problem.field : field->label.fr, " : ", problem.message.fr);
    out.notes.push_back(said);
  }
  out.record = std::move(parsed.record);
  place(out.record, out);
  if (schema::title(type_, out.record).empty()) out.faults.emplace_back("le nom manque");
  return out;
}

}  // namespace solidaires::service
