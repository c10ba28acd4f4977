#include "node/portal/filters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ranges>
#include <set>

#include "node/page/wording.h"
#include "node/text/fold.h"

namespace solidaires::portal {
namespace {

using service::Sort;

constexpr std::size_t kWordsMax = 200;
constexpr std::size_t kPagesMax = 5'000;
constexpr double kNoCommuneKm = 100;  // from the nearest commune: at sea, or abroad
constexpr std::array<std::pair<std::string_view, Sort>, 5> kSorts{{
    {"pertinence", Sort::relevance},
    {"distance", Sort::distance},
    {"date", Sort::date},
    {"echeance", Sort::deadline},
    {"nom", Sort::name},
}};

std::optional<double> read_number(std::string_view text) {
  std::string plain(text);
  std::ranges::replace(plain, ',', '.');
  double value = 0;
  auto const [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (error != std::errc{} || end != plain.data() + plain.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

// As addresses hold it: "12.5".
std::string plain_decimal(double value, int digits) {
  std::array<char, 32> buffer{};
  auto const end =
      std::to_chars(buffer.begin(), buffer.end(), value, std::chars_format::fixed, digits).ptr;
  std::string text(buffer.begin(), end);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

// Of what was typed: cut between two characters.
std::string_view beginning(std::string_view text) {
  auto size = std::min(text.size(), kWordsMax);
  while (size > 0 && size < text.size() &&
         (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U)
    --size;
  return text.substr(0, size);
}

std::string shortened(std::string_view text) {
  return text::excerpt(text::clean(text), 40);
}

// By its name where that leads back to it, else (a homonym) by its key.
void name_place(Context const& context, geography::FindOptions const& options, Filters& out) {
  out.place_value = out.place->key();
  if (out.place->commune == nullptr) return;
  auto const again = context.gazetteer->find_places(out.place->name, options);
  if (!again.empty() && again.front().key() == out.place_value) out.place_value = out.place->name;
}

// Numbers between commas: "45.692, 6.392"; nothing if anything else is among them, or if they are
// not so many.
std::vector<double> read_numbers(std::string_view text, std::size_t count) {
  std::vector<double> numbers;
  for (auto const part : std::views::split(text, ',')) {
    std::string_view piece(part);
    while (piece.starts_with(' ')) piece.remove_prefix(1);
    auto const number = read_number(piece);
    if (!number) return {};
    numbers.push_back(*number);
  }
  return numbers.size() == count ? numbers : std::vector<double>();
}

// "45.692, 6.392", alone or in brackets after words: a latitude and a longitude.
std::optional<geography::Point> read_position(std::string_view text) {
  if (text.ends_with(')')) {
    auto const open = text.rfind('(');
    if (open != std::string_view::npos) text = text.substr(open + 1, text.size() - open - 2);
  }
  auto const numbers = read_numbers(text, 2);
  if (numbers.empty() || std::abs(numbers[0]) > 90 || std::abs(numbers[1]) > 180) {
    return std::nullopt;
  }
  return geography::Point{numbers[0], numbers[1]};
}

// About a hundred metres: nearer than that nobody need be known.
std::string position_text(geography::Point const& at) {
  return cat(plain_decimal(at.latitude, 3), ", ", plain_decimal(at.longitude, 3));
}

void take_position(Context const& context, geography::Point const& at, Filters& out) {
  auto const* const commune = context.gazetteer->nearest_commune(at);
  if (commune == nullptr || geography::distance_km(commune->point, at) > kNoCommuneKm) {
    out.ignored.push_back(context.say(
        "Votre position est loin de toute commune connue ici : donnez plutôt un nom de commune."_fr));
    return;
  }
  out.place_is_position = true;
  out.place_text = context.say("ma position ({})"_fr, position_text(at));
  out.place_value = position_text(at);
  out.place = geography::Place{.kind = geography::PlaceKind::commune,
                               .code = commune->code,
                               .name = context.say("votre position"_fr),
                               .label = context.say("votre position, près de {}"_fr, commune->name),
                               .commune = commune,
                               .precision = geography::Precision::exact,
                               .point = at,
                               .box = {},
                               .exact = true};
}

void read_place(Context const& context, http::Parameters const& query, Filters& out) {
  auto typed = query.get("lieu");
  if (typed.empty()) typed = query.get("epci");
  if (typed.empty()) return;
  out.place_text = text::single_line(text::clean(beginning(typed)));
  if (auto const at = read_position(out.place_text)) return take_position(context, *at, out);
  geography::FindOptions const options{.limit = 6,
                                       .preferred_departments = context.instance.territory};
  if (auto place = context.gazetteer->place(out.place_text); place) {
    out.place = std::move(place);
    name_place(context, options, out);
    return;
  }
  auto found = context.gazetteer->find_places(out.place_text, options);
  if (found.empty()) {
    out.ignored.push_back(context.say(
        "Le lieu « {} » n’a pas été trouvé : essayez le nom de la commune ou son code postal."_fr,
        shortened(out.place_text)));
    return;
  }
  out.place = std::move(found.front());
  found.erase(found.begin());
  std::erase_if(found, [](geography::Place const& place) { return !place.exact; });
  out.other_places = std::move(found);
  name_place(context, options, out);
}

void read_radius(Context const& context, http::Parameters const& query, Filters& out) {
  auto const text = query.get("rayon");
  if (text.empty()) return;
  auto const km = read_number(text);
  if (!km || *km < 0) {
    out.ignored.push_back(
        context.say("La distance « {} » n’a pas été comprise."_fr, shortened(text)));
  } else if (*km > kRadiusMaxKm) {
    out.radius_km = kRadiusMaxKm;
    out.ignored.push_back(
        context.say("La distance est limitée à {} km."_fr, static_cast<int>(kRadiusMaxKm)));
  } else {
    out.radius_km = km;
  }
}

void read_zone(Context const& context, http::Parameters const& query, Filters& out) {
  auto const text = query.get("zone");
  if (text.empty()) return;
  auto const sides = read_numbers(text, 4);
  geography::Box box;
  if (!sides.empty()) box = {sides[1], sides[0], sides[3], sides[2]};
  bool const sound = !box.empty() && box.west <= box.east && box.south >= -90 && box.north <= 90 &&
                     box.west >= -180 && box.east <= 180;
  if (sound) {
    out.zone = box;
  } else {
    out.ignored.push_back(context.say(
        "La zone « {} » n’a pas été comprise : choisissez-la à nouveau sur la carte."_fr,
        shortened(text)));
  }
}

void read_departments(Context const& context, http::Parameters const& query, Filters& out) {
  for (auto const value : query.all("dep")) {
    if (value.empty()) continue;
    if (value == "tous") {
      out.everywhere = true;
    } else if (context.gazetteer->department(value) != nullptr) {
      if (std::ranges::find(out.departments, value) == out.departments.end())
        out.departments.emplace_back(value);
    } else {
      out.ignored.push_back(
          context.say("Le département « {} » n’existe pas."_fr, shortened(value)));
    }
  }
  if (out.everywhere) out.departments.clear();
}

void read_facets(Context const& context, schema::Type const& type, http::Parameters const& query,
                 Filters& out) {
  for (auto const* const field : type.facets()) {
    auto& kept = out.facets[field->facet->parameter];
    for (auto const value : query.all(field->facet->parameter)) {
      if (value.empty()) continue;
      bool const known = field->vocabulary == nullptr || field->vocabulary->find(value) != nullptr;
      if (!known) {
        out.ignored.push_back(context.say("Le filtre « {} » ({}) n’existe pas."_fr,
                                          shortened(value), field->label.in(context.language())));
      } else if (std::ranges::find(kept, value) == kept.end() && kept.size() < 50) {
        kept.emplace_back(value);
      }
    }
    if (kept.empty()) out.facets.erase(field->facet->parameter);
  }
}

void read_dates(Context const& context, http::Parameters const& query, Filters& out) {
  auto const read = [&](std::string_view name) -> std::optional<model::CivilDate> {
    auto const text = query.get(name);
    if (text.empty()) return std::nullopt;
    auto const date = model::CivilDate::parse(text);
    if (!date || date->year < 1970 || date->year > 2200) {
      out.ignored.push_back(
          context.say("La date « {} » n’a pas été comprise : écrivez-la comme {}."_fr,
                      shortened(text), context.today().iso()));
      return std::nullopt;
    }
    return *date;
  };
  out.from = read("du");
  out.until = read("au");
  if (out.from && out.until && *out.until < *out.from) {
    std::swap(out.from, out.until);
    out.ignored.push_back(context.say("Les deux dates étaient inversées."_fr));
  }
}

void read_order(Context const& context, http::Parameters const& query, Filters& out) {
  if (auto const text = query.get("tri"); !text.empty()) {
    auto const* const found =
        std::ranges::find(kSorts, text, &std::pair<std::string_view, Sort>::first);
    if (found == kSorts.end()) {
      out.ignored.push_back(context.say("Le tri « {} » n’existe pas."_fr, shortened(text)));
    } else {
      out.sort = found->second;
    }
  }
  if (auto const text = query.get("page"); !text.empty()) {
    auto const number = read_number(text);
    if (!number || *number < 1 || *number > static_cast<double>(kPagesMax)) {
      out.ignored.push_back(context.say("La page « {} » n’existe pas."_fr, shortened(text)));
    } else {
      out.page = static_cast<std::size_t>(*number);
    }
  }
  if (auto const text = query.get("vue"); text == "carte" || text == "mois") out.view = text;
}

class QueryWriter {
 public:
  QueryWriter(std::string_view left_out, std::string_view left_out_value)
      : left_out_(left_out), left_out_value_(left_out_value) {}
  void add(std::string_view name, std::string_view value) {
    if (value.empty() ||
        (name == left_out_ && (left_out_value_.empty() || value == left_out_value_)))
      return;
    out_ += cat(out_.empty() ? "?" : "&", name, '=', page::url_encode(value));
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string_view left_out_, left_out_value_;
  std::string out_;
};

std::string write_query(Filters const& filters, std::string_view left_out, std::string_view value,
                        std::size_t page_number, std::string_view sort) {
  QueryWriter writer(left_out, value);
  writer.add("q", filters.words);
  if (filters.place) {
    writer.add("lieu", filters.place_value);
    if (left_out != "lieu" && filters.radius_km)
      writer.add("rayon", plain_decimal(*filters.radius_km, 1));
  }
  if (filters.zone) writer.add("zone", box_text(*filters.zone));
  if (filters.everywhere) writer.add("dep", "tous");
  for (auto const& department : filters.departments) writer.add("dep", department);
  for (auto const& [parameter, codes] : filters.facets) {
    for (auto const& code : codes) writer.add(parameter, code);
  }
  if (filters.from) writer.add("du", filters.from->iso());
  if (filters.until) writer.add("au", filters.until->iso());
  if (filters.over_too && left_out != "termines") writer.add("termines", "1");
  writer.add("tri", sort);
  writer.add("vue", filters.view);
  if (page_number > 1) writer.add("page", std::to_string(page_number));
  return writer.take();
}

std::string sort_name(Filters const& filters) {
  if (!filters.sort) return {};
  return std::string(
      std::ranges::find(kSorts, *filters.sort, &std::pair<std::string_view, Sort>::second)->first);
}

// "d’Annecy", "de Chambéry", "du Bourget-du-Lac", "des Gets", "de La Motte".
std::string of_place(std::string_view name) {
  if (name.starts_with("Le ")) return cat("du ", name.substr(3));
  if (name.starts_with("Les ")) return cat("des ", name.substr(4));
  auto const first = text::fold(name.substr(0, 2));
  bool const vowel =
      !first.empty() && std::string_view("aeiouyh").find(first.front()) != std::string_view::npos;
  return cat(vowel ? "d’" : "de ", name);
}

}  // namespace

std::string box_text(geography::Box const& box) {
  std::string out;
  for (double const side : {box.west, box.south, box.east, box.north}) {
    out += cat(out.empty() ? "" : ",", plain_decimal(side, 4));
  }
  return out;
}

std::string Filters::query(std::string_view left_out, std::string_view value) const {
  return write_query(*this, left_out, value, 1, sort_name(*this));
}
std::string Filters::query_of_page(std::size_t number) const {
  return write_query(*this, {}, {}, number, sort_name(*this));
}
std::string Filters::query_sorted(std::string_view wanted) const {
  return write_query(*this, {}, {}, 1, wanted);
}
bool Filters::any() const {
  return !words.empty() || place || zone || !departments.empty() || everywhere || !facets.empty() ||
         from || until;
}

Filters read_filters(Context const& context, schema::Type const* type,
                     http::Parameters const& query) {
  Filters out;
  auto const typed = query.get("q");
  out.words = text::single_line(text::clean(beginning(typed)));
  if (typed.size() > kWordsMax) {
    out.ignored.push_back(
        context.say("La recherche a été raccourcie : quelques mots suffisent."_fr));
  }
  read_place(context, query, out);
  read_radius(context, query, out);
  read_zone(context, query, out);
  read_departments(context, query, out);
  if (type != nullptr) read_facets(context, *type, query, out);
  read_dates(context, query, out);
  read_order(context, query, out);
  out.over_too = query.get("termines") == "1";
  return out;
}

Filters fit_to_keep(Context const& context, Filters filters) {
  if (!filters.place_is_position) return filters;
  filters.place_is_position = false;
  filters.place = context.gazetteer->place(filters.place->code);
  if (filters.place) name_place(context, {.limit = 1}, filters);
  return filters;
}

bool opens_and_closes(schema::Type const* type) {
  return type != nullptr && !type->life.opens.empty() && !type->life.closes.empty();
}

service::ListQuery to_query(Context const& context, schema::Type const* type,
                            Filters const& filters) {
  service::ListQuery query;
  if (type != nullptr) query.types = {type->key};
  query.words = filters.words;
  query.place.departments = filters.departments;
  if (filters.departments.empty() && !filters.everywhere)
    query.place.departments = context.instance.territory;
  if (context.instance.hub && filters.departments.empty()) query.place.departments.clear();
  if (filters.place) {
    auto const& place = *filters.place;
    bool const has_point = place.precision != geography::Precision::unknown;
    if (place.kind == geography::PlaceKind::department) {
      query.place.departments = {std::string(place.code)};
    } else if (place.kind == geography::PlaceKind::epci) {
      query.place.epci = place.code;
      query.place.departments.clear();
    } else if (place.kind == geography::PlaceKind::zone) {
      for (auto const* const commune : context.gazetteer->communes_of(place.kind, place.code))
        query.place.communes.emplace_back(commune->code);
      query.place.departments.clear();
    } else if (place.kind == geography::PlaceKind::region) {
      query.place.departments.clear();
    } else if (place.commune != nullptr) {
      query.place.commune = place.commune->code;
    }
    bool const is_point =
        place.commune != nullptr || place.kind == geography::PlaceKind::postal_code;
    auto const radius = filters.radius_km.value_or(is_point ? kRadiusDefaultKm : 0);
    if (has_point && is_point) {
      query.place.around = schema::Point{place.point.latitude, place.point.longitude};
      query.place.radius_km = radius;
    }
  }
  query.place.zone = filters.zone;
  if (type != nullptr) {
    for (auto const* const field : type->facets()) {
      auto const found = filters.facets.find(field->facet->parameter);
      if (found != filters.facets.end()) query.facets.emplace(field->key, found->second);
      query.facets_wanted.push_back(field->key);
    }
  }
  // Under every kind alike, so that the counts of the other kinds are what their lists will show.
  query.from = filters.from ? filters.from : context.today();
  query.until = filters.until;
  query.over_too = filters.over_too;
  bool const scheduled = type != nullptr && type->has(schema::Trait::has_schedule);
  query.sort = filters.sort.value_or(!filters.words.empty()   ? Sort::relevance
                                     : scheduled              ? Sort::date
                                     : opens_and_closes(type) ? Sort::deadline
                                     : query.place.around     ? Sort::distance
                                     : type != nullptr && type->has(schema::Trait::is_organisation)
                                         ? Sort::name
                                         : Sort::date);
  query.limit = context.results_per_page;
  query.offset = (filters.page - 1) * query.limit;
  return query;
}

std::vector<Chip> chips(Context const& context, schema::Type const* type, Filters const& filters,
                        std::string_view path) {
  std::vector<Chip> out;
  auto const add = [&](std::string label, std::string_view parameter, std::string_view value = {}) {
    out.push_back({std::move(label), cat(path, filters.query(parameter, value))});
  };
  if (!filters.words.empty()) add(context.say("« {} »"_fr, filters.words), "q");
  if (filters.place) add(filters.place->label, "lieu");
  bool const foreign = context.language() != page::Language::fr;
  for (auto& name : out) name.in_french = foreign && !filters.place_is_position;
  if (filters.zone) add(context.say("zone de la carte"_fr), "zone");
  if (filters.everywhere) add(context.say("tout le réseau"_fr), "dep");
  for (auto const& department : filters.departments)
    add(context.say("département {}"_fr, department), "dep", department);
  if (type != nullptr) {
    for (auto const* const field : type->facets()) {
      auto const found = filters.facets.find(field->facet->parameter);
      if (found == filters.facets.end()) continue;
      for (auto const& code : found->second) {
        auto const label = field->vocabulary == nullptr
                               ? field->label.in(context.language())
                               : field->vocabulary->label_of(code, context.language());
        add(label, field->facet->parameter, code);
      }
    }
  }
  auto const day = [&](model::CivilDate const& date) {
    return page::date_text(date, context.language());
  };
  if (filters.from) add(context.say("à partir du {}"_fr, day(*filters.from)), "du");
  if (filters.until) add(context.say("jusqu’au {}"_fr, day(*filters.until)), "au");
  if (filters.over_too) add(context.say("terminés compris"_fr), "termines");
  return out;
}

std::string chip_words(Context const& context, schema::Type const* type, Filters const& filters) {
  std::string words;
  for (auto const& chip : chips(context, type, filters, {})) {
    words += cat(words.empty() ? "" : ", ", chip.label);
  }
  return words;
}

std::vector<page::View> chip_views(Context const& context, schema::Type const* type,
                                   Filters const& filters, std::string_view path) {
  std::vector<page::View> views;
  for (auto const& chip : chips(context, type, filters, path)) {
    views.push_back(std::move(page::View()
                                  .text("label", chip.label)
                                  .text("remove", chip.remove)
                                  .flag("in_french", chip.in_french)));
  }
  return views;
}

std::string place_phrase(Context const& context, Filters const& filters) {
  if (filters.place) {
    auto const& place = *filters.place;
    if (place.commune == nullptr) return cat(": ", place.label);
    auto const radius = filters.radius_km.value_or(kRadiusDefaultKm);
    if (radius <= 0) return context.say("à {}"_fr, place.name);
    return context.say(
        "à moins de {} {}"_fr, page::distance_text(radius, context.language()),
        context.language() == page::Language::fr ? of_place(place.name) : place.name);
  }
  if (filters.zone) return context.say("dans cette zone de la carte"_fr);
  if (filters.everywhere) return context.say("dans tout le réseau"_fr);
  if (!filters.departments.empty()) {
    std::string names;
    for (auto const& code : filters.departments) {
      auto const* const department = context.gazetteer->department(code);
      names += cat(names.empty() ? "" : ", ",
                   department == nullptr ? std::string_view(code) : department->name);
    }
    return cat(": ", names);
  }
  return {};
}

}  // namespace solidaires::portal
