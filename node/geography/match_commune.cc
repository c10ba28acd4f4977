// From a code or a row of a file to a commune: no guessing.

#include <algorithm>
#include <utility>

#include "node/geography/gazetteer.h"
#include "node/geography/place_maker.h"
#include "node/geography/tables.h"
#include "node/geography/typed_place.h"

namespace solidaires::geography {

namespace {

using Tables = Gazetteer::Tables;
using Communes = std::vector<Commune const*>;

bool holds(Communes const& communes, Commune const* one) {
  return std::ranges::find(communes, one) != communes.end();
}

void add_once(Communes& communes, Commune const* one) {
  if (!holds(communes, one)) communes.push_back(one);
}

// Communes of today that have this name; only if there is none, those that absorbed one.
Communes communes_named(Tables const& tables, NameKey const& key) {
  Communes now;
  Communes before;
  for (auto const* entry : tables.names.equal(key)) {
    if (entry->kind == PlaceKind::commune) add_once(now, &tables.communes[entry->row]);
    if (entry->kind == PlaceKind::former_commune || entry->kind == PlaceKind::district) {
      add_once(before, &tables.communes[tables.formers[entry->row].commune]);
    }
  }
  return now.empty() ? before : now;
}

// As communes_named, but every commune that has or had the name.
Communes communes_ever_named(Tables const& tables, NameKey const& key) {
  Communes all;
  for (auto const* entry : tables.names.equal(key)) {
    if (entry->kind == PlaceKind::commune) add_once(all, &tables.communes[entry->row]);
    if (entry->kind == PlaceKind::former_commune || entry->kind == PlaceKind::district) {
      add_once(all, &tables.communes[tables.formers[entry->row].commune]);
    }
  }
  return all;
}

Communes both(Communes const& some, Communes const& others) {
  Communes result;
  for (auto const* one : some) {
    if (holds(others, one)) result.push_back(one);
  }
  return result;
}

CommuneMatch by_name(Tables const& tables, NameKey const& key, Communes const& served,
                     std::string_view postal_code) {
  auto const ever = communes_ever_named(tables, key);
  if (ever.empty()) {
    Communes similar;  // a typing error, in the few names of one postal code
    for (auto const* one : served) {
      if (within_one_edit(name_key(one->name).loose, key.loose)) similar.push_back(one);
    }
    if (similar.size() == 1) return {similar, false};
    return {served, !served.empty()};
  }
  if (auto const agreed = both(ever, served); !agreed.empty()) return {agreed, false};
  auto named = communes_named(tables, key);
  if (!served.empty()) return {named, true};
  // A CEDEX code serves no commune, but begins like the codes around it: enough between homonyms.
  Communes near;
  for (auto const* one : named) {
    auto const begins_alike = [&](auto code) {
      return postal_code.size() == 5 && code.starts_with(postal_code.substr(0, 2));
    };
    if (std::ranges::any_of(one->postal_codes, begins_alike)) near.push_back(one);
  }
  return {near.empty() ? named : near, false};
}

}  // namespace

CommuneMatch Gazetteer::match_commune(CommuneHint const& hint) const {
  auto const postal_code = restore_zero(hint.postal_code);
  auto const served_span = communes_of(PlaceKind::postal_code, postal_code);
  Communes const served(served_span.begin(), served_span.end());
  auto const typed = take_apart(hint.name);
  auto const named = typed && !typed->name.full.empty();
  if (auto const* coded = commune(restore_zero(hint.code))) {
    auto const ever = named ? communes_ever_named(*tables_, typed->name) : Communes{};
    auto const other_name = !ever.empty() && !holds(ever, coded);
    auto const other_post = !served.empty() && !holds(served, coded);
    return {{coded}, other_name || other_post};
  }
  if (named) return by_name(*tables_, typed->name, served, postal_code);
  return {served, false};
}

std::optional<Place> Gazetteer::place(std::string_view key) const {
  auto const made = [&](PlaceKind kind, std::uint32_t row) {
    auto place = make_place(*tables_, kind, row);
    place.exact = true;
    return std::optional(std::move(place));
  };
  auto const area = [&](PlaceKind kind, Tables::Rows const& rows, std::string_view code) {
    auto const found = rows.find(code);
    return found == rows.end() ? std::nullopt : made(kind, found->second);
  };
  if (key.starts_with("cp:")) {
    auto const& codes = tables_->postal_codes;
    auto const at = std::ranges::lower_bound(codes, key.substr(3));
    if (at == codes.end() || *at != key.substr(3)) return std::nullopt;
    return made(PlaceKind::postal_code, static_cast<std::uint32_t>(at - codes.begin()));
  }
  if (key.starts_with("reg:")) {
    return area(PlaceKind::region, tables_->region_of_code, key.substr(4));
  }
  if (key.contains(':')) return area(PlaceKind::zone, tables_->zone_of_code, key);
  if (key.size() == 9) return area(PlaceKind::epci, tables_->epci_of_code, key);
  auto const code = restore_zero(key);
  if (code.size() != 5) return area(PlaceKind::department, tables_->department_of_code, code);
  auto const found = tables_->commune_of_code.find(code);
  if (found == tables_->commune_of_code.end()) return std::nullopt;
  auto const& formers = tables_->formers;
  auto const former = std::ranges::lower_bound(formers, code, {}, &Former::code);
  if (tables_->communes[found->second].code == code || former == formers.end() ||
      former->code != code || former->name.empty()) {
    return made(PlaceKind::commune, found->second);
  }
  return made(former->kind, static_cast<std::uint32_t>(former - formers.begin()));
}

}  // namespace solidaires::geography
