#include "node/geography/overlay.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "node/geography/gazetteer_file.h"
#include "node/geography/names.h"
#include "node/text/fold.h"
#include "sync/base/bytes.h"

namespace solidaires::geography {

namespace {

// A point this far outside all that is known of its department is an error, not a correction.
constexpr double kStrayDegrees = 0.35;

struct Draft {
  std::string code;
  std::string name;
  std::string department;
  std::string epci;
  std::uint32_t population = 0;
  std::set<std::string> postal_codes;
  Precision precision = Precision::unknown;
  Point point{};
  std::string postal_text;  // for the row
  std::string listed_in;    // file of the last list that named it
};

Error invalid(Origin const& origin, std::string const& what) {
  return {Code::invalid, cat(origin.text(), ": ", what)};
}

class OverlayMaker {
 public:
  OverlayMaker(Gazetteer const& base, Reference const& reference, ImportReport& report)
      : base_(base), reference_(reference), report_(report), movements_(reference.movements) {}

  Result<std::string> make(std::string const& base_text) {
    rows_.overlay = true;
    rows_.sources = base_.sources();
    SOL_TRY(take_epcis());
    for (auto const& record : reference_.communes) SOL_TRY(take_commune(record));
    SOL_TRY(take_postal_codes());
    for (auto const& part : reference_.parts)
      add_former(part.code, part.name, part.commune, part.kind);
    for (auto const& record : reference_.communes) take_former_codes(record);
    take_movements();
    write_communes();
    count_formers();
    take_zones();
    if (!reference_.areas.empty()) {
      SOL_ASSIGN(auto const merged, Gazetteer::parse(base_text, write_rows(rows_)));
      SOL_TRY(take_areas(*merged));
    }
    return write_rows(rows_);
  }

 private:
  void warn(std::string text) {
    ++report_.warnings_total;
    if (report_.warnings.size() < kWarningsMax) report_.warnings.push_back(std::move(text));
  }

  void take_zones() {
    struct Members {
      std::string_view name, kind;
      std::set<std::string> communes;
    };
    std::map<std::string, Members> zones;
    for (auto const& record : reference_.zones) {
      auto const* const known = base_.commune(record.commune);
      if (known == nullptr && !drafts_.contains(record.commune)) {
        warn(cat(record.origin.text(), ": no commune has the code ", record.commune));
        continue;
      }
      auto& zone = zones[record.zone];
      zone.name = record.name;
      zone.kind = record.kind;
      zone.communes.insert(record.commune);
    }
    for (auto const& [code, zone] : zones) {
      std::string communes;
      for (auto const& one : zone.communes) communes += cat(communes.empty() ? "" : " ", one);
      rows_.zones.push_back({keep(code), zone.name, zone.kind, keep(std::move(communes))});
    }
    report_.zones = zones.size();
  }

  std::string_view keep(std::string text) { return pool_.emplace_back(std::move(text)); }

  Result<> take_epcis() {
    for (auto const& record : reference_.epcis) {
      if (!epcis_.emplace(record.siren, record).second) {
        return std::unexpected(
            invalid(record.origin, cat("EPCI ", record.siren, " a second time")));
      }
    }
    return {};
  }

  // A commune of the base, or of a list if it is new; from then on the overlay describes it.
  Draft* draft(std::string const& code) {
    if (auto const found = drafts_.find(code); found != drafts_.end()) return &found->second;
    auto const* known = base_.commune(code);
    if (known == nullptr || known->code != code) return nullptr;
    Draft made{.code = code,
               .name = std::string(known->name),
               .department = std::string(known->department),
               .epci = std::string(known->epci),
               .population = known->population,
               .postal_codes = {known->postal_codes.begin(), known->postal_codes.end()},
               .precision = known->precision,
               .point = known->point,
               .postal_text = {},
               .listed_in = {}};
    return &drafts_.emplace(code, std::move(made)).first->second;
  }

  Result<Draft*> listed_draft(CommuneRecord const& record) {
    if (auto* known = draft(record.code)) return known;
    for (std::size_t size : {3U, 2U}) {
      auto const* department = base_.department(record.code.substr(0, size));
      if (department == nullptr) continue;
      Draft made{};
      made.code = record.code;
      made.department = department->code;
      return &drafts_.emplace(record.code, std::move(made)).first->second;
    }
    return std::unexpected(
        invalid(record.origin, cat("commune ", record.code, " lies in no known department")));
  }

  // An older list names communes that have been merged since: the base knows better.
  bool is_outdated(CommuneRecord const& record) {
    auto const* known = base_.commune(record.code);
    if (known == nullptr || known->code == record.code || movements_.exists(record.code)) {
      return false;
    }
    warn(cat(record.origin.text(), ": ", record.code, " has been merged into ", known->code, " (",
             known->name, "): left as it is"));
    return true;
  }

  Result<> take_commune(CommuneRecord const& record) {
    if (is_outdated(record)) return {};
    SOL_ASSIGN(auto* const commune, listed_draft(record));
    if (commune->listed_in == record.origin.file) {
      return std::unexpected(
          invalid(record.origin, cat("commune ", record.code, " a second time")));
    }
    commune->listed_in = record.origin.file;
    commune->name = record.name;
    if (record.population) commune->population = *record.population;
    if (record.postal_codes) {
      commune->postal_codes = {record.postal_codes->begin(), record.postal_codes->end()};
    }
    if (record.epci) SOL_TRY(take_epci_of(record, *record.epci, *commune));
    if (record.point) SOL_TRY(set_point(*commune, *record.point, record.origin));
    return {};
  }

  Result<> take_epci_of(CommuneRecord const& record, std::string const& siren, Draft& commune) {
    if (!siren.empty() && base_.epci(siren) == nullptr && !epcis_.contains(siren)) {
      if (record.epci_name.empty()) {
        return std::unexpected(invalid(record.origin, cat("no file describes EPCI ", siren)));
      }
      auto const kind = record.epci_name.substr(0, record.epci_name.find(' '));
      epcis_[siren] = {record.origin, siren, record.epci_name, kind, 0};
    }
    commune.epci = siren;
    return {};
  }

  Result<> set_point(Draft& commune, Point point, Origin const& origin) {
    auto box = base_.department(commune.department)->box;
    if (!box.empty()) {
      box = {box.south - kStrayDegrees, box.west - kStrayDegrees, box.north + kStrayDegrees,
             box.east + kStrayDegrees};
      if (!box.contains(point)) {
        auto const swapped = box.contains({point.longitude, point.latitude});
        return std::unexpected(invalid(
            origin,
            cat("the point of ", commune.code, " lies far from department ", commune.department,
                swapped ? ": latitude and longitude are swapped" : "")));
      }
    }
    commune.point = point;
    commune.precision = Precision::exact;
    exact_.insert(commune.code);
    return {};
  }

  // What became of a code; empty if nobody knows.
  std::string today(std::string const& code) {
    if (exists(code)) return code;
    if (auto now = movements_.today(code); exists(now)) return now;
    auto const* known = base_.commune(code);
    if (known == nullptr) return {};
    std::string current(known->code);
    if (exists(current)) return current;
    auto later = movements_.today(current);
    return exists(later) ? later : std::string();
  }

  [[nodiscard]] bool exists(std::string const& code) const {
    if (drafts_.contains(code)) return true;
    auto const* known = base_.commune(code);
    return known != nullptr && known->code == code && movements_.today(code) == code;
  }

  struct Served {
    std::set<std::string> codes;
    std::optional<std::pair<Point, Origin>> town;  // of the commune itself
    std::vector<std::pair<Point, Origin>> others;  // of its districts, parts and localities
  };

  Result<> take_postal_codes() {
    std::map<std::string, Served> served;
    std::set<std::string> unknown;
    for (auto const& record : reference_.postal_codes) {
      auto const code = today(record.commune);
      if (code.empty()) {
        if (unknown.insert(record.commune).second) {
          warn(cat(record.origin.text(), ": ", record.commune, " is no known commune"));
        }
        continue;
      }
      auto& commune = served[code];
      commune.codes.insert(record.postal_code);
      if (!record.point) continue;
      if (record.commune == code && !record.locality && !commune.town) {
        commune.town = {*record.point, record.origin};
      } else {
        commune.others.emplace_back(*record.point, record.origin);
      }
    }
    for (auto const& [code, one] : served) SOL_TRY(take_served(*draft(code), one));
    return {};
  }

  Result<> take_served(Draft& commune, Served const& served) {
    commune.postal_codes = served.codes;
    if (served.town) return set_point(commune, served.town->first, served.town->second);
    if (served.others.empty()) return {};
    Point middle;
    auto const count = static_cast<double>(served.others.size());
    for (auto const& [point, origin] : served.others) {
      middle.latitude += point.latitude / count;
      middle.longitude += point.longitude / count;
    }
    return set_point(commune, middle, served.others.front().second);
  }

  void add_former(std::string const& code, std::string const& name, std::string const& into,
                  std::string_view kind) {
    auto const commune = today(into);
    if (commune.empty()) {
      warn(cat("former commune ", code, " leads to ", into, ", which is not known"));
      return;
    }
    auto const folded = text::fold(name);
    auto const* known = base_.commune(commune);
    auto const own = drafts_.contains(commune) ? drafts_[commune].name : std::string(known->name);
    auto const renamed = folded != text::fold(own);
    if (!renamed && code == commune) return;
    if (!formers_.emplace(code, renamed ? folded : "").second) return;
    rows_.formers.push_back({.code = keep(code),
                             .name = keep(renamed ? name : ""),
                             .commune = keep(commune),
                             .kind = kind,
                             .postal_codes = {},
                             .point = {}});
  }

  void take_former_codes(CommuneRecord const& record) {
    for (auto const& code : record.former_codes) {
      auto const* known = base_.commune(code);
      if (exists(code)) {
        warn(cat(record.origin.text(), ": former code ", code, " is a commune of today"));
      } else if (known == nullptr || known->code != record.code) {
        if (!movements_.names().contains(code)) add_former(code, "", record.code, "merged");
      }
    }
  }

  void take_movements() {
    for (auto const& [code, names] : movements_.names()) {
      auto const into = today(code);
      if (into.empty()) {
        warn(cat("changes of communes: ", code, " (", names.back(), ") leads to ",
                 movements_.today(code), ", which is not known"));
        continue;
      }
      if (into == code && movements_.today(code) != code) {
        warn(cat("changes of communes: ", code, " ends in ", movements_.today(code),
                 ", but is listed as a commune of today"));
      }
      if (into != code && movements_.is_split(code)) {
        warn(cat("changes of communes: ", code, " (", names.back(), ") was divided; it leads to ",
                 into));
      }
      for (auto const& name : names) add_former(code, name, into, into == code ? "name" : "merged");
    }
  }

  void write_communes() {
    for (auto& [siren, epci] : epcis_) {
      rows_.epcis.push_back({epci.siren, epci.name, epci.kind, epci.population});
    }
    for (auto& [code, commune] : drafts_) {
      for (auto const& one : commune.postal_codes) {
        if (!commune.postal_text.empty()) commune.postal_text += ' ';
        commune.postal_text += one;
      }
      rows_.communes.push_back({.code = commune.code,
                                .name = commune.name,
                                .department = commune.department,
                                .epci = commune.epci,
                                .population = commune.population,
                                .postal_codes = commune.postal_text,
                                .precision = commune.precision,
                                .point = commune.point});
    }
    report_.communes = drafts_.size();
    report_.exact_points = exact_.size();
  }

  void count_formers() {
    std::set<std::string_view> codes;
    std::ranges::sort(rows_.formers, {},
                      [](auto const& row) { return std::pair(row.code, row.name); });
    for (auto const& row : rows_.formers) {
      if (row.code != row.commune) codes.insert(row.code);
      if (!row.name.empty()) ++report_.former_names;
    }
    report_.former_codes = codes.size();
  }

  Result<> take_areas(Gazetteer const& now) {
    std::map<std::string, std::map<std::string, Rings const*>> parts;  // of each commune of today
    std::map<std::pair<PlaceKind, std::string>, Rings const*> areas;
    for (auto const& record : reference_.areas) {
      auto const& feature = record.feature;
      if (feature.code.size() == 5) {
        auto const* commune = now.commune(feature.code);
        if (commune == nullptr) {
          warn(cat(record.origin.text(), ": ", feature.code, " is no known commune"));
        } else if (!feature.rings.empty()) {
          parts[std::string(commune->code)].insert_or_assign(feature.code, &feature.rings);
        }
      } else if (auto const kind = kind_of_area(now, feature)) {
        areas.insert_or_assign({*kind, feature.code}, &feature.rings);
      } else {
        return std::unexpected(invalid(record.origin, cat("no area has code \"", feature.code,
                                                          "\" and name \"", feature.name, '"')));
      }
    }
    for (auto const& [key, rings] : areas) add_outline(key.first, key.second, *rings);
    for (auto const& [code, own] : parts) add_outline(PlaceKind::commune, code, joined(code, own));
    report_.outlines_of_areas = areas.size();
    report_.outlines_of_communes = parts.size();
    return {};
  }

  static std::optional<PlaceKind> kind_of_area(Gazetteer const& now, Feature const& feature) {
    auto const folded = text::fold(feature.name);
    auto const same = [&](auto const* area) {
      return area != nullptr && (folded.empty() || text::fold(area->name) == folded);
    };
    if (same(now.department(feature.code))) return PlaceKind::department;
    if (same(now.region(feature.code))) return PlaceKind::region;
    if (now.epci(feature.code) != nullptr) return PlaceKind::epci;
    return std::nullopt;
  }

  // Files older than a merger hold the parts; some hold the parts beside the whole.
  static Rings joined(std::string const& code, std::map<std::string, Rings const*> const& parts) {
    if (parts.size() == 1) return *parts.begin()->second;
    auto const whole = parts.find(code);
    Rings all;
    for (auto const& [part, rings] : parts) {
      auto const within =
          whole != parts.end() && part != code && is_inside(*whole->second, centre_of(*rings));
      if (!within) all.insert(all.end(), rings->begin(), rings->end());
    }
    return join_areas(all);
  }

  void add_outline(PlaceKind kind, std::string const& code, Rings const& rings) {
    if (!rings.empty()) rows_.outlines.push_back({kind, keep(code), keep(write_rings(rings))});
  }

  Gazetteer const& base_;
  Reference const& reference_;
  ImportReport& report_;
  Movements movements_;
  std::map<std::string, Draft> drafts_;
  std::map<std::string, EpciRecord> epcis_;
  std::set<std::string> exact_;
  std::set<std::pair<std::string, std::string>> formers_;  // code, folded name
  std::deque<std::string> pool_;                           // what rows are views into
  GazetteerRows rows_;
};

}  // namespace

Result<std::string> make_overlay(Gazetteer const& base, std::string const& base_text,
                                 Reference const& reference, ImportReport& report) {
  return OverlayMaker(base, reference, report).make(base_text);
}

}  // namespace solidaires::geography
