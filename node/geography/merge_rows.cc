// How an overlay changes a base. See FORMAT.md, "Overlay".

#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "node/geography/tables.h"

namespace solidaires::geography {

namespace {

constexpr int kChangesMax = 16;  // of one code; stops a circle

using Successors = std::unordered_map<std::string_view, std::string_view>;

// A base that is newer than the overlay knows better what exists: points and outlines are kept.
void refine(GazetteerRows& base, GazetteerRows const& overlay) {
  std::unordered_map<std::string_view, CommuneRow const*> exact;
  for (auto const& row : overlay.communes) {
    if (row.precision == Precision::exact) exact.emplace(row.code, &row);
  }
  for (auto& row : base.communes) {
    auto const found = exact.find(row.code);
    if (found == exact.end()) continue;
    row.precision = Precision::exact;
    row.point = found->second->point;
  }
}

void replace_communes(GazetteerRows& base, GazetteerRows const& overlay) {
  std::unordered_set<std::string_view> replaced;
  for (auto const& row : overlay.communes) replaced.insert(row.code);
  for (auto const& row : overlay.formers) {
    if (row.code != row.commune) replaced.insert(row.code);
  }
  std::erase_if(base.communes, [&](auto const& row) { return replaced.contains(row.code); });
  base.communes.insert(base.communes.end(), overlay.communes.begin(), overlay.communes.end());
}

void replace_epcis(GazetteerRows& base, GazetteerRows const& overlay) {
  std::unordered_set<std::string_view> replaced;
  for (auto const& row : overlay.epcis) replaced.insert(row.siren);
  std::erase_if(base.epcis, [&](auto const& row) { return replaced.contains(row.siren); });
  base.epcis.insert(base.epcis.end(), overlay.epcis.begin(), overlay.epcis.end());
}

// Every former code leads to a commune that exists, through as many mergers as it takes.
void follow_changes(std::vector<FormerRow>& formers, Successors const& leads_to,
                    std::unordered_set<std::string_view> const& alive) {
  for (auto& row : formers) {
    if (auto const newer = leads_to.find(row.code);
        newer != leads_to.end() && row.code != row.commune) {
      row.commune = newer->second;
    }
    for (int i = 0; i < kChangesMax && !alive.contains(row.commune); ++i) {
      auto const next = leads_to.find(row.commune);
      if (next == leads_to.end()) break;
      row.commune = next->second;
    }
  }
}

void replace_formers(GazetteerRows& base, GazetteerRows const& overlay) {
  std::unordered_set<std::string_view> alive;
  for (auto const& row : base.communes) alive.insert(row.code);
  Successors leads_to;
  auto const follow = [&](std::vector<FormerRow> const& rows) {
    for (auto const& row : rows) {
      if (row.code != row.commune) leads_to.insert_or_assign(row.code, row.commune);
    }
  };
  follow(base.formers);
  follow(overlay.formers);
  std::set<std::pair<std::string_view, std::string_view>> known;
  std::unordered_set<std::string_view> named;
  for (auto const& row : base.formers) {
    known.emplace(row.code, row.name);
    if (!row.name.empty()) named.insert(row.code);
  }
  for (auto const& row : overlay.formers) {
    if (!row.name.empty()) named.insert(row.code);
    if (known.emplace(row.code, row.name).second) base.formers.push_back(row);
  }
  std::erase_if(base.formers, [&](auto const& row) {
    auto const again_a_commune = row.code != row.commune && alive.contains(row.code);
    return again_a_commune || (row.name.empty() && named.contains(row.code));
  });
  follow_changes(base.formers, leads_to, alive);
}

}  // namespace

void merge_rows(GazetteerRows& base, GazetteerRows const& overlay) {
  if (overlay.sources == base.sources) {
    replace_communes(base, overlay);
    replace_epcis(base, overlay);
    replace_formers(base, overlay);
  } else {
    refine(base, overlay);
  }
  base.zones.insert(base.zones.end(), overlay.zones.begin(), overlay.zones.end());
  base.outlines.insert(base.outlines.end(), overlay.outlines.begin(), overlay.outlines.end());
}

}  // namespace solidaires::geography
