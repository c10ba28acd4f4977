// Places by typed text: collect what may be meant, score it, keep the best.

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "node/geography/gazetteer.h"
#include "node/geography/place_maker.h"
#include "node/geography/tables.h"
#include "node/geography/typed_place.h"

namespace solidaires::geography {

namespace {

using Tables = Gazetteer::Tables;

// Added to a name's quality and to log10(population): see names.cc for the scale.
constexpr double kPreferred = 2.0;     // in the portal's own departments
constexpr double kHinted = 6.0;        // agrees with every hint, or with the postal code beside it
constexpr double kTrailing = 2.5;      // "chambery savoie": the last words named its department
constexpr double kFormerWeight = 2.2;  // their inhabitants are not counted apart
constexpr double kDistrictWeight = 4.0;
constexpr double kEpciLess = 1.2;
constexpr double kEpciMost = 1.5;  // of quality, unless the text says that it means an EPCI
constexpr double kZoneLess = 1.4;
constexpr double kRegionLess = 2.0;
constexpr double kKnownCode = 20.0;  // a code beats every name
constexpr double kWholePostalCode = 30.0;
constexpr double kCodeBeginning = 10.0;
constexpr double kLostZero = 15.5;  // between the large and the small towns of a beginning
constexpr std::size_t kTrailingWordsMax = 4;  // "alpes de haute provence"

double weight_of(std::uint32_t population) {
  return std::log10(std::max<double>(population, 10));
}

bool is_part(PlaceKind kind) {
  return kind == PlaceKind::former_commune || kind == PlaceKind::district;
}

struct Candidate {
  PlaceKind kind;
  std::uint32_t row;
  double score;
  bool exact;
};

// A hint, understood: a department, a kind of area, or else the name of a commune.
struct Hint {
  Department const* department = nullptr;
  std::optional<PlaceKind> kind;
  std::string commune;
};

// Collects the answers to one text, each place once with its best score.
class Finder {
 public:
  Finder(Tables const& tables, FindOptions const& options) : t_(tables), options_(options) {}

  std::vector<Candidate> find(TypedPlace const& typed) {
    if (!typed.code.empty()) {
      find_code(typed.code);
      return ranked();
    }
    for (auto const& hint : typed.hints) hints_.push_back(understand(hint));
    postal_code_ = typed.postal_code;
    search(typed.name, 0, nullptr);
    if (options_.areas && typed.group_name != typed.name.loose) search_groups(typed.group_name);
    if (hints_.empty() && !exact_) search_without_department(typed.name.full);
    if (best_.empty() && !postal_code_.empty()) find_code(postal_code_);
    return ranked();
  }

 private:
  static std::uint64_t id(PlaceKind kind, std::uint32_t row) {
    return static_cast<std::uint64_t>(kind) << 32 | row;
  }

  void add(Candidate const& candidate) {
    if (!options_.areas && candidate.kind >= PlaceKind::postal_code) return;
    exact_ = exact_ || candidate.exact;
    auto const [at, fresh] = best_.try_emplace(id(candidate.kind, candidate.row), candidate);
    if (fresh) return;
    at->second.score = std::max(at->second.score, candidate.score);
    at->second.exact = at->second.exact || candidate.exact;
  }

  // A commune that answers by itself also answers for its former parts, with the better score.
  void fold_parts() {
    std::erase_if(best_, [&](auto const& one) {
      auto const& part = one.second;
      if (!is_part(part.kind)) return false;
      auto const whole = best_.find(id(PlaceKind::commune, t_.formers[part.row].commune));
      if (whole == best_.end()) return false;
      whole->second.score = std::max(whole->second.score, part.score);
      whole->second.exact = whole->second.exact || part.exact;
      return true;
    });
  }

  std::vector<Candidate> ranked() {
    fold_parts();
    std::vector<Candidate> all;
    all.reserve(best_.size());
    for (auto const& [key, candidate] : best_) all.push_back(candidate);
    auto const shown = std::min(options_.limit, all.size());
    std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(shown),
                              [](Candidate const& a, Candidate const& b) {
                                if (a.score != b.score) return a.score > b.score;
                                return std::pair(a.kind, a.row) < std::pair(b.kind, b.row);
                              });
    all.resize(shown);
    return all;
  }

  // The commune that a row is or belongs to. Null for larger areas.
  [[nodiscard]] Commune const* commune_of(PlaceKind kind, std::uint32_t row) const {
    if (kind == PlaceKind::commune) return &t_.communes[row];
    return is_part(kind) ? &t_.communes[t_.formers[row].commune] : nullptr;
  }

  [[nodiscard]] bool lies_in(PlaceKind kind, std::uint32_t row, std::string_view department) const {
    if (auto const* commune = commune_of(kind, row)) return commune->department == department;
    if (kind == PlaceKind::department) return t_.departments[row].code == department;
    if (kind == PlaceKind::postal_code) {
      auto const& served = t_.of_postal_code.at(t_.postal_codes[row]);
      return std::ranges::any_of(served, [&](auto* one) { return one->department == department; });
    }
    if (kind != PlaceKind::epci && kind != PlaceKind::zone) return false;
    auto const& departments =
        kind == PlaceKind::epci ? t_.epcis[row].departments : t_.zones[row].departments;
    return std::ranges::find(departments, department) != departments.end();
  }

  [[nodiscard]] double weight(PlaceKind kind, std::uint32_t row) const {
    double weight = 0;
    switch (kind) {
      case PlaceKind::commune: weight = weight_of(t_.communes[row].population); break;
      case PlaceKind::former_commune: weight = kFormerWeight; break;
      case PlaceKind::district: weight = kDistrictWeight; break;
      case PlaceKind::epci: weight = weight_of(t_.epcis[row].population) - kEpciLess; break;
      case PlaceKind::department: weight = weight_of(t_.departments[row].population); break;
      case PlaceKind::region: weight = weight_of(t_.regions[row].population) - kRegionLess; break;
      case PlaceKind::zone: weight = weight_of(t_.zones[row].population) - kZoneLess; break;
      case PlaceKind::postal_code: break;
    }
    auto const own = [&](auto const& department) { return lies_in(kind, row, department); };
    auto const preferred = std::ranges::any_of(options_.preferred_departments, own);
    return preferred ? weight + kPreferred : weight;
  }

  [[nodiscard]] Hint understand(NameKey const& text) const {
    Hint hint{.department = department_named(text.full), .kind = {}, .commune = text.full};
    if (text.full == "departement") hint.kind = PlaceKind::department;
    if (text.full == "intercommunalite") hint.kind = PlaceKind::epci;
    if (text.full == "region") hint.kind = PlaceKind::region;
    return hint;
  }

  [[nodiscard]] bool agrees(Hint const& hint, NameEntry const& entry) const {
    if (hint.department != nullptr) return lies_in(entry.kind, entry.row, hint.department->code);
    if (hint.kind) return entry.kind == *hint.kind;
    if (!is_part(entry.kind)) return false;
    return name_key(commune_of(entry.kind, entry.row)->name).full == hint.commune;
  }

  [[nodiscard]] bool is_served(NameEntry const& entry) const {
    auto const* commune = commune_of(entry.kind, entry.row);
    return commune != nullptr &&
           std::ranges::find(commune->postal_codes, postal_code_) != commune->postal_codes.end();
  }

  // `only`: the department that the last words named; null: everywhere.
  void search(NameKey const& key, double bonus, Department const* only) {
    t_.names.search(key, [&](NameEntry const& entry, double quality) {
      if (only != nullptr && !lies_in(entry.kind, entry.row, only->code)) return;
      auto const agreed =
          std::ranges::all_of(hints_, [&](Hint const& hint) { return agrees(hint, entry); });
      // "Thonon" is the town before it is the towns around it.
      bool const unsaid = entry.kind == PlaceKind::zone && !says_what_it_is(entry);
      bool const around = entry.kind == PlaceKind::epci || unsaid;
      auto const worth = around ? std::min(quality, kEpciMost) : quality;
      auto const exact = quality >= NameIndex::kExactLoose && !unsaid &&
                         (entry.kind != PlaceKind::epci || entry.loose.contains(' '));
      auto score = worth + bonus + weight(entry.kind, entry.row);
      if (!hints_.empty() && agreed) score += kHinted;
      if (!postal_code_.empty() && is_served(entry)) score += kHinted;
      add({entry.kind, entry.row, score, agreed && exact});
    });
  }

  // "zone d emploi chambery", "vallee arve"
  [[nodiscard]] bool says_what_it_is(NameEntry const& entry) const {
    auto const words = zone_words(t_.zones[entry.row].kind);
    return std::ranges::any_of(words, [&](std::string_view what) {
      return entry.loose.starts_with(name_key(what).loose);
    });
  }

  // "agglo du grand chambery", "communauté de communes Cœur de Savoie".
  void search_groups(std::string const& group_name) {
    t_.names.search({group_name, group_name}, [&](NameEntry const& entry, double quality) {
      if (entry.kind != PlaceKind::epci) return;
      auto const score = quality + kHinted + weight(entry.kind, entry.row);
      add({entry.kind, entry.row, score, quality >= NameIndex::kExactLoose});
    });
  }

  // "chambery 73", "saint pierre isere": the longest ending that names a department.
  void search_without_department(std::string const& full) {
    auto const words = split_words(full);
    for (auto count = std::min(kTrailingWordsMax, words.size() - 1); count > 0; --count) {
      auto const cut = static_cast<std::size_t>(words[words.size() - count].data() - full.data());
      auto const* const department = department_named(full.substr(cut));
      if (department == nullptr) continue;
      search(name_key(full.substr(0, cut)), kTrailing, department);
      return;
    }
  }

  [[nodiscard]] Department const* department_named(std::string const& text) const {
    auto code = restore_zero(text);
    if (code.size() == 1) code.insert(0, 1, '0');
    if (auto const found = t_.department_of_code.find(code); found != t_.department_of_code.end()) {
      return &t_.departments[found->second];
    }
    for (auto const* entry : t_.names.equal({text, text})) {
      if (entry->kind == PlaceKind::department) return &t_.departments[entry->row];
    }
    return nullptr;
  }

  void find_code(std::string const& code) {
    if (auto const found = t_.department_of_code.find(code); found != t_.department_of_code.end()) {
      add({PlaceKind::department, found->second, kKnownCode, true});
    }
    if (auto const found = t_.epci_of_code.find(code); found != t_.epci_of_code.end()) {
      add({PlaceKind::epci, found->second, kKnownCode, true});
    }
    auto const whole = restore_zero(code);
    auto const& codes = t_.postal_codes;
    auto const at = std::ranges::lower_bound(codes, whole);
    if (at != codes.end() && *at == whole) {
      add_postal_code(static_cast<std::uint32_t>(at - codes.begin()), whole != code);
    }
    add_postal_codes_starting(code);
    add_insee_code(whole, whole != code);
  }

  // The code first if it serves several communes, then its district, then the communes by size.
  // Four digits are a code without its zero, or the beginning of another one: no certainty.
  void add_postal_code(std::uint32_t row, bool lost_zero) {
    auto const code = t_.postal_codes[row];
    auto const base = lost_zero ? kLostZero : kWholePostalCode;
    if (auto const district = t_.district_of_postal_code.find(code);
        district != t_.district_of_postal_code.end()) {
      add({PlaceKind::district, district->second, base, !lost_zero});
      return;
    }
    auto const& communes = t_.of_postal_code.at(code);
    auto const alone = communes.size() == 1;
    if (!alone) {
      add({PlaceKind::postal_code, row, base + weight(PlaceKind::postal_code, row), !lost_zero});
    }
    for (auto const* commune : communes) {
      add_commune(*commune, lost_zero ? kCodeBeginning : kKnownCode, alone && !lost_zero);
    }
  }

  void add_postal_codes_starting(std::string const& beginning) {
    auto const& codes = t_.postal_codes;
    for (auto at = std::ranges::lower_bound(codes, beginning);
         at != codes.end() && at->starts_with(beginning); ++at) {
      if (at->size() == beginning.size()) continue;
      for (auto const* commune : t_.of_postal_code.at(*at)) {
        add_commune(*commune, kCodeBeginning, false);
      }
    }
  }

  void add_commune(Commune const& commune, double base, bool exact) {
    auto const row = static_cast<std::uint32_t>(&commune - t_.communes.data());
    add({PlaceKind::commune, row, base + weight(PlaceKind::commune, row), exact});
  }

  void add_insee_code(std::string const& code, bool lost_zero) {
    auto const found = t_.commune_of_code.find(code);
    if (found == t_.commune_of_code.end()) return;
    auto const score = lost_zero ? kCodeBeginning : kKnownCode;
    auto const former = std::ranges::lower_bound(t_.formers, code, {}, &Former::code);
    auto const named = former != t_.formers.end() && former->code == code && !former->name.empty();
    if (t_.communes[found->second].code == code || !named) {
      add({PlaceKind::commune, found->second, score, !lost_zero});
    } else {
      auto const row = static_cast<std::uint32_t>(former - t_.formers.begin());
      add({former->kind, row, score, !lost_zero});
    }
  }

  Tables const& t_;
  FindOptions const& options_;
  std::vector<Hint> hints_;
  std::string postal_code_;
  std::unordered_map<std::uint64_t, Candidate> best_;
  bool exact_ = false;  // some place has exactly the name
};

}  // namespace

std::vector<Place> Gazetteer::find_places(std::string_view text, FindOptions const& options) const {
  std::vector<Place> places;
  auto const typed = take_apart(text);
  if (!typed || options.limit == 0) return places;
  for (auto const& candidate : Finder(*tables_, options).find(*typed)) {
    places.push_back(make_place(*tables_, candidate.kind, candidate.row));
    places.back().exact = candidate.exact;
  }
  return places;
}

}  // namespace solidaires::geography
