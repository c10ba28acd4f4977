#include "node/geography/tables.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <utility>

#include "sync/base/bytes.h"

namespace solidaires::geography {

namespace {

using Tables = Gazetteer::Tables;

template <class Rows, class Out, class Make>
void fill_areas(Rows rows, std::string_view Rows::value_type::* code, Out& out,
                Tables::Rows& by_code, Make make) {
  std::ranges::sort(rows, {}, code);
  out.reserve(rows.size());
  for (auto const& row : rows) {
    if (!by_code.emplace(row.*code, static_cast<std::uint32_t>(out.size())).second) continue;
    out.push_back(make(row));
  }
}

std::span<std::string_view const> keep_postal_codes(Tables& tables, std::string_view text) {
  auto const begin = tables.postal_pool.size();
  for (auto const code : split_words(text)) tables.postal_pool.push_back(code);
  return std::span<std::string_view const>(tables.postal_pool).subspan(begin);
}

// Spans into the pool are kept: it must never move.
void reserve_postal_codes(Tables& tables, GazetteerRows const& rows) {
  std::size_t count = 0;
  auto const add = [&](std::string_view text) {
    count += 1 + static_cast<std::size_t>(std::ranges::count(text, ' '));
  };
  for (auto const& row : rows.communes) add(row.postal_codes);
  for (auto const& row : rows.formers) add(row.postal_codes);
  tables.postal_pool.reserve(count);
}

Result<> fill_communes(Tables& tables, std::vector<CommuneRow> rows) {
  std::ranges::sort(rows, {}, &CommuneRow::code);
  tables.communes.reserve(rows.size());
  for (auto const& row : rows) {
    auto const number = static_cast<std::uint32_t>(tables.communes.size());
    if (!tables.commune_of_code.emplace(row.code, number).second) {
      return fail(Code::corrupt, cat("commune ", row.code, " is there twice"));
    }
    if (!tables.department_of_code.contains(row.department)) {
      return fail(Code::corrupt, cat("commune ", row.code, " lies in no known department"));
    }
    if (!row.epci.empty() && !tables.epci_of_code.contains(row.epci)) {
      return fail(Code::corrupt, cat("commune ", row.code, " lies in no known EPCI"));
    }
    tables.communes.push_back({.code = row.code,
                               .name = row.name,
                               .department = row.department,
                               .epci = row.epci,
                               .postal_codes = keep_postal_codes(tables, row.postal_codes),
                               .population = row.population,
                               .precision = row.precision,
                               .point = row.point});
  }
  return {};
}

void include(Box& box, Commune const& commune) {
  if (commune.precision != Precision::unknown) box.include(commune.point);
}

void fill_groups(Tables& tables) {
  for (auto const& commune : tables.communes) {
    tables.each.push_back(&commune);
    for (auto const code : commune.postal_codes) tables.of_postal_code[code].push_back(&commune);
    tables.of_department[commune.department].push_back(&commune);
    auto& department = tables.departments[tables.department_of_code[commune.department]];
    department.population += commune.population;
    include(department.box, commune);
    if (auto const found = tables.region_of_code.find(department.region);
        found != tables.region_of_code.end()) {
      tables.of_region[department.region].push_back(&commune);
      tables.regions[found->second].population += commune.population;
      include(tables.regions[found->second].box, commune);
    }
    if (commune.epci.empty()) continue;
    tables.of_epci[commune.epci].push_back(&commune);
    auto& epci = tables.epcis[tables.epci_of_code[commune.epci]];
    if (std::ranges::find(epci.departments, commune.department) == epci.departments.end()) {
      epci.departments.push_back(commune.department);
    }
    include(epci.box, commune);
  }
  for (auto const& [code, group] : tables.of_postal_code) tables.postal_codes.push_back(code);
  std::ranges::sort(tables.postal_codes);
}

Result<> fill_formers(Tables& tables, std::vector<FormerRow> rows) {
  std::ranges::sort(rows, {}, [](auto const& row) { return std::pair(row.code, row.name); });
  tables.former_codes.resize(tables.communes.size());
  tables.formers.reserve(rows.size());
  for (auto const& row : rows) {
    auto const commune = tables.commune_of_code.find(row.commune);
    if (commune == tables.commune_of_code.end() ||
        tables.communes[commune->second].code != row.commune) {
      return fail(Code::corrupt, cat("the former commune ", row.code, " leads nowhere"));
    }
    auto const number = commune->second;
    auto const district = row.kind == "district";
    if (tables.commune_of_code.emplace(row.code, number).second && !district) {
      tables.former_codes[number].push_back(row.code);
    }
    tables.formers.push_back({.code = row.code,
                              .name = row.name,
                              .kind = district ? PlaceKind::district : PlaceKind::former_commune,
                              .commune = number,
                              .postal_codes = keep_postal_codes(tables, row.postal_codes),
                              .point = row.point});
    if (!district) continue;
    for (auto const code : tables.formers.back().postal_codes) {
      tables.district_of_postal_code.emplace(code, tables.formers.size() - 1);
    }
  }
  return {};
}

void fill_points(Tables& tables) {
  for (std::uint32_t i = 0; i < tables.communes.size(); ++i) {
    auto const& commune = tables.communes[i];
    if (commune.precision == Precision::unknown) continue;
    tables.by_latitude.push_back({commune.point.latitude, direction_of(commune.point), i});
  }
  std::ranges::sort(tables.by_latitude, {},
                    [](Located const& one) { return std::pair(one.latitude, one.commune); });
}

void widen(Tables& tables, PlaceKind kind, std::string_view code, Box const& box) {
  auto const widen_row = [&](Tables::Rows const& rows, auto& areas) {
    if (auto const found = rows.find(code); found != rows.end()) {
      areas[found->second].box.include(box);
    }
  };
  if (kind == PlaceKind::epci) widen_row(tables.epci_of_code, tables.epcis);
  if (kind == PlaceKind::department) widen_row(tables.department_of_code, tables.departments);
  if (kind == PlaceKind::region) widen_row(tables.region_of_code, tables.regions);
}

Result<> fill_outlines(Tables& tables, std::vector<OutlineRow> const& rows) {
  for (auto const& row : rows) {
    SOL_ASSIGN(auto outline, read_rings(row.rings));
    widen(tables, row.kind, row.code, outline.box);
    tables.outlines.insert_or_assign(outline_key(row.kind, row.code), std::move(outline));
  }
  return {};
}

// Communes merged since count once, and codes that nobody knows any more not at all.
void fill_zones(Tables& tables, std::vector<ZoneRow> const& rows) {
  fill_areas(rows, &ZoneRow::code, tables.zones, tables.zone_of_code, [](ZoneRow const& row) {
    return Zone{.code = row.code, .name = row.name, .kind = row.kind, .departments = {}, .box = {}};
  });
  for (auto const& row : rows) {
    auto& zone = tables.zones[tables.zone_of_code[row.code]];
    auto& group = tables.of_zone[row.code];
    std::set<std::uint32_t> communes;
    for (auto const code : split_words(row.communes)) {
      auto const found = tables.commune_of_code.find(code);
      if (found != tables.commune_of_code.end()) communes.insert(found->second);
    }
    std::set<std::string_view> departments;
    for (auto const number : communes) {
      auto const& commune = tables.communes[number];
      group.push_back(&commune);
      departments.insert(commune.department);
      zone.population += commune.population;
      include(zone.box, commune);
    }
    zone.departments.assign(departments.begin(), departments.end());
  }
}

// "CA Porte de l'Isère (CAPI)" is also known as CAPI.
std::string_view acronym_of(std::string_view name) {
  auto const open = name.rfind('(');
  if (open == std::string_view::npos || !name.ends_with(')')) return {};
  return name.substr(open + 1, name.size() - open - 2);
}

void fill_names(Tables& tables) {
  auto const add_all = [&](PlaceKind kind, auto const& areas) {
    for (std::uint32_t i = 0; i < areas.size(); ++i) {
      tables.names.add(kind, i, name_key(areas[i].name));
    }
  };
  add_all(PlaceKind::commune, tables.communes);
  add_all(PlaceKind::department, tables.departments);
  add_all(PlaceKind::region, tables.regions);
  for (std::uint32_t i = 0; i < tables.formers.size(); ++i) {
    auto const& former = tables.formers[i];
    tables.names.add(former.kind, i, name_key(former.name));
  }
  for (std::uint32_t i = 0; i < tables.epcis.size(); ++i) {
    auto const name = tables.epcis[i].name;
    if (!tables.of_epci.contains(tables.epcis[i].siren)) continue;
    auto const acronym = acronym_of(name);
    auto const plain = acronym.empty() ? name : name.substr(0, name.rfind('('));
    tables.names.add(PlaceKind::epci, i, epci_key(plain));
    tables.names.add(PlaceKind::epci, i, name_key(acronym));
  }
  for (std::uint32_t i = 0; i < tables.zones.size(); ++i) {
    auto const& zone = tables.zones[i];
    tables.names.add(PlaceKind::zone, i, name_key(zone.name));
    for (auto const what : zone_words(zone.kind))
      tables.names.add(PlaceKind::zone, i, name_key(cat(what, ' ', zone.name)));
  }
  tables.names.build();
}

}  // namespace

std::vector<std::string_view> zone_words(std::string_view kind) {
  if (kind == "employment") return {"zone d’emploi", "bassin d’emploi"};
  if (kind == "living") return {"bassin de vie"};
  return {"vallée"};
}

std::string outline_key(PlaceKind kind, std::string_view code) {
  return cat(static_cast<char>('a' + static_cast<int>(kind)), code);
}

Direction direction_of(Point point) noexcept {
  auto const latitude = point.latitude * std::numbers::pi / 180;
  auto const longitude = point.longitude * std::numbers::pi / 180;
  return {std::cos(latitude) * std::cos(longitude), std::cos(latitude) * std::sin(longitude),
          std::sin(latitude)};
}

Result<> fill_tables(Tables& tables, GazetteerRows const& rows) {
  tables.sources = rows.sources;
  fill_areas(
      rows.regions, &RegionRow::code, tables.regions, tables.region_of_code,
      [](RegionRow const& row) { return Region{.code = row.code, .name = row.name, .box = {}}; });
  fill_areas(rows.departments, &DepartmentRow::code, tables.departments, tables.department_of_code,
             [](DepartmentRow const& row) {
               return Department{.code = row.code,
                                 .name = row.name,
                                 .region = row.region,
                                 .neighbours = split_words(row.neighbours),
                                 .box = {}};
             });
  fill_areas(rows.epcis, &EpciRow::siren, tables.epcis, tables.epci_of_code,
             [](EpciRow const& row) {
               return Epci{.siren = row.siren,
                           .name = row.name,
                           .kind = row.kind,
                           .departments = {},
                           .population = row.population,
                           .box = {}};
             });
  reserve_postal_codes(tables, rows);
  SOL_TRY(fill_communes(tables, rows.communes));
  fill_groups(tables);
  SOL_TRY(fill_formers(tables, rows.formers));
  fill_points(tables);
  fill_zones(tables, rows.zones);
  SOL_TRY(fill_outlines(tables, rows.outlines));
  fill_names(tables);
  return {};
}

}  // namespace solidaires::geography
