// The kinds whose value has parts.
#include <charconv>

#include "schema/characters.h"
#include "schema/contact.h"
#include "schema/dates.h"
#include "schema/form_reader.h"
#include "schema/identifiers.h"
#include "schema/numbers.h"
#include "schema/recurrence.h"
#include "sync/base/hash.h"

namespace solidaires::schema {
namespace {

bool is_digits(std::string_view text, std::size_t size) {
  return text.size() == size &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_element_id(std::string_view text) {
  return !text.empty() && text.size() <= 60 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

constexpr std::pair<std::string_view, Precision> kPrecisions[] = {
    {"house", Precision::house},
    {"street", Precision::street},
    {"locality", Precision::locality},
    {"commune", Precision::commune},
    {"approximate", Precision::approximate}};

constexpr std::pair<std::string_view, OccurrenceStatus> kStatuses[] = {
    {"planned", OccurrenceStatus::planned},
    {"cancelled", OccurrenceStatus::cancelled},
    {"moved", OccurrenceStatus::moved},
    {"full", OccurrenceStatus::full}};

template <class Enum, std::size_t N>
std::optional<Enum> named(std::pair<std::string_view, Enum> const (&names)[N],
                          std::string_view text) {
  for (auto const& [name, value] : names)
    if (name == text) return value;
  return std::nullopt;
}

std::string country_code(std::string_view typed) {
  std::string const word = fold(typed);
  if (word.empty() || word == "france" || word == "fr") return "FR";
  if (word == "suisse" || word == "switzerland" || word == "ch") return "CH";
  if (word == "italie" || word == "italy" || word == "it") return "IT";
  std::string code(typed);
  for (char& c : code)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return code;
}

std::optional<PriceKind> price_kind(std::string_view typed) {
  std::string const word = fold(typed);
  for (std::string_view const free : {"free", "gratuit", "entree libre", "entree gratuite", "0"})
    if (word == free) return PriceKind::free;
  for (std::string_view const open : {"open", "prix libre", "participation libre", "libre"})
    if (word == open) return PriceKind::open;
  for (std::string_view const request : {"on request", "sur demande", "sur devis"})
    if (word == request) return PriceKind::on_request;
  if (word == "amounts" || word == "payant") return PriceKind::amounts;
  return std::nullopt;
}

}  // namespace

// The identity of an element of a set: the one it had, or one that its first content gives.
std::string FormReader::element_id(std::string const& input, Value const& value) const {
  if (std::string id = line(cat(input, ".id")); is_element_id(id)) return id;
  return base32(sha256(encode(value))).substr(0, 12);
}

void FormReader::address_codes(Address& out, std::string const& input) {
  auto const refuse = [&](std::string_view part, Words message) {
    problem(cat(input, '.', part), std::move(message));
  };
  std::string& postal = out.postal_code;
  std::erase(postal, ' ');
  if (postal.ends_with(".0")) postal.resize(postal.size() - 2);
  bool const four = is_digits(postal, 4);
  if (out.country == "FR" && four && source_ == Source::file) {
    note(cat(input, ".postal_code"),
         {cat("Zéro de tête rétabli : le code postal ", postal, " est devenu 0", postal, "."),
          cat("Leading zero put back: postal code ", postal, " became 0", postal, ".")});
    postal.insert(0, "0");
  } else if (out.country == "FR" && four) {
    refuse("postal_code",
           {cat("Le code postal ", postal, " n'a que quatre chiffres. Vouliez-vous écrire ", postal,
                "0 ou 0", postal, " ?"),
            cat("The postal code ", postal, " has only four digits. Did you mean ", postal,
                "0 or 0", postal, "?")});
  } else if (out.country == "FR" && !postal.empty() && !is_digits(postal, 5)) {
    refuse("postal_code", {cat("Le code postal « ", postal, " » n'a pas cinq chiffres."),
                           cat("The postal code “", postal, "” does not have five digits.")});
  } else if (out.country == "CH" && !postal.empty() && !four) {
    refuse("postal_code", {cat("Le code postal suisse « ", postal, " » n'a pas quatre chiffres."),
                           cat("The Swiss postal code “", postal, "” does not have four digits.")});
  }
  std::string& commune = out.commune_code;
  if (commune.size() == 4 && is_digits(commune, 4) && source_ == Source::file)
    commune.insert(0, "0");
  if (!commune.empty() && out.country == "FR" && !is_area_code(cat("commune:", commune)))
    refuse("commune_code",
           {cat("Le code INSEE « ", commune, " » n'a pas la forme de celui d'une commune."),
            cat("The INSEE code “", commune, "” does not look like that of a commune.")});
}

void FormReader::address_point(Address& out, std::string const& input) {
  std::string const latitude = line(cat(input, ".latitude"));
  std::string const longitude = line(cat(input, ".longitude"));
  if (latitude.empty() && longitude.empty()) return;
  auto const lat = parse_degrees(latitude);
  auto const lon = parse_degrees(longitude);
  if (!lat || !lon)
    return problem(cat(input, lat ? ".longitude" : ".latitude"),
                   {cat("Les coordonnées « ", latitude, " ; ", longitude,
                        " » ne sont pas deux nombres, comme 45,566 et 5,921."),
                    cat("The coordinates “", latitude, "; ", longitude,
                        "” are not two numbers, such as 45.566 and 5.921.")});
  Point point{*lat, *lon};
  // Around here latitudes are near 46 and longitudes near 6: the other way round is a swap.
  bool const near_home = out.country == "FR" || out.country == "CH" || out.country == "IT";
  if (near_home && *lat >= -6 && *lat <= 11 && *lon >= 41 && *lon <= 52) {
    std::swap(point.latitude, point.longitude);
    note(cat(input, ".latitude"),
         {"La latitude et la longitude étaient inversées ; elles ont été échangées.",
          "Latitude and longitude were the wrong way round; they were swapped."});
  }
  if (std::abs(point.latitude) > 90 || std::abs(point.longitude) > 180)
    return problem(cat(input, ".latitude"),
                   {cat("Les coordonnées ", latitude, " ; ", longitude,
                        " ne sont sur aucun point de la Terre."),
                    cat("The coordinates ", latitude, "; ", longitude, " are nowhere on Earth.")});
  if (point == Point{}) return;  // 0, 0 is how tables say "unknown"
  out.point = point;
}

std::optional<Address> FormReader::address(std::string const& input) {
  auto const part = [&](std::string_view name) { return line(cat(input, '.', name)); };
  Address out;
  out.label = part("label");
  std::string const typed_lines = clean_lines(raw(cat(input, ".lines")));
  for (auto const& text : split(typed_lines.empty() ? line(input) : typed_lines, "\n|"))
    out.lines.push_back(clean_line(text));
  out.postal_code = part("postal_code");
  out.commune_code = part("commune_code");
  out.commune = part("commune");
  out.ban_id = part("ban_id");
  out.country = country_code(part("country"));
  out.hidden = flag(cat(input, ".hidden")).value_or(false);
  address_point(out, input);
  bool const empty = out.label.empty() && out.lines.empty() && out.postal_code.empty() &&
                     out.commune_code.empty() && out.commune.empty() && !out.point;
  if (empty) return std::nullopt;
  if (out.country.size() != 2)
    problem(
        cat(input, ".country"),
        {cat("Le pays « ", part("country"), " » s'écrit par son code de deux lettres : FR, CH."),
         cat("The country “", part("country"), "” is written by its two letters: FR, CH.")});
  if (auto const precision = named(kPrecisions, part("precision"))) out.precision = *precision;
  address_codes(out, input);
  return out;
}

void FormReader::addresses() {
  for (auto const& input : indexed(field_.key))
    if (auto read = address(input)) {
      std::string const id = element_id(input, *read);
      put(id, std::move(*read));
    }
}

void FormReader::external_ids() {
  for (auto const& input : indexed(field_.key)) {
    std::string scheme = line(cat(input, ".scheme"));
    std::string value = line(cat(input, ".value"));
    if (std::string const whole = line(input); value.empty() && whole.contains(':')) {
      scheme = whole.substr(0, whole.find(':'));
      value = whole.substr(whole.find(':') + 1);
    }
    if (value.empty()) continue;
    scheme = fold_key(scheme, 40);
    if (scheme == "swiss-uid") scheme = "swiss_uid";
    auto checked = check_id(scheme, value, source_ == Source::file);
    if (scheme.empty() || !checked.valid) {
      problem(input, scheme.empty()
                         ? Words{cat("Il manque l'origine de l'identifiant ", value, "."),
                                 cat("The origin of the identifier ", value, " is missing.")}
                         : std::move(checked.problem));
      continue;
    }
    put(cat(scheme, ':', checked.value), ExternalId{scheme, checked.value, std::nullopt});
  }
}

// A cell may list several: "ACI / EI".
void FormReader::agreement_codes(std::string const& input, std::string_view text) {
  auto const parts = split(text, ",/");
  if (field_.vocabulary->resolve(text) == nullptr && parts.size() > 1) {
    for (auto const& part : parts) agreement_codes(input, part);
    return;
  }
  put_agreement(input, text, {});
}

void FormReader::put_agreement(std::string const& input, std::string_view typed, Agreement out) {
  auto const* term = field_.vocabulary->resolve(typed);
  if (term == nullptr)
    return problem(
        cat(input, ".code"),
        {cat("« ", typed, " » n'est pas dans la liste « ", field_.vocabulary->label.fr, " »."),
         cat("“", typed, "” is not in the list “", field_.vocabulary->label.en, "”.")});
  out.code = term->code;
  std::string const code = fold_key(term->code, 50);
  std::string id = line(cat(input, ".id"));
  if (!is_element_id(id)) id = code;
  // The same agreement twice (one ended, one running): a number tells them apart.
  for (int n = 2; out_.record.contains(element_key(field_.key, id)); ++n) id = cat(code, '-', n);
  put(id, std::move(out));
}

void FormReader::agreements() {
  if (field_.vocabulary == nullptr) return;
  for (auto const& input : indexed(field_.key)) {
    std::string const code = line(cat(input, ".code"));
    Agreement out;
    out.authority = line(cat(input, ".authority"));
    out.number = line(cat(input, ".number"));
    out.start = date_at(cat(input, ".start"));
    out.end = date_at(cat(input, ".end"));
    if (std::string const nameless = line(input); !nameless.empty() && out == Agreement{})
      agreement_codes(input, nameless);
    else if (!code.empty() || !nameless.empty() || out != Agreement{})
      put_agreement(input, code.empty() ? nameless : code, std::move(out));
  }
}

void FormReader::picture() {
  std::string const source = line(cat(field_.key, ".source"));
  if (source.empty()) return;
  bool const blob = source.starts_with("blob:") && source.size() == 5 + 64;
  auto checked = check_url(source);
  if (!blob && !checked.valid)
    return problem(cat(field_.key, ".source"), std::move(checked.problem));
  Picture out{blob ? source : checked.value, line(cat(field_.key, ".alt")),
              line(cat(field_.key, ".credit"))};
  if (blob) {
    out.size = count_at(cat(field_.key, ".size"));
    out.media_type = line(cat(field_.key, ".media_type"));
    out.width = static_cast<std::uint32_t>(count_at(cat(field_.key, ".width")));
    out.height = static_cast<std::uint32_t>(count_at(cat(field_.key, ".height")));
  }
  put(std::move(out));
}

// What the form carries of a file that the program described before: no person types it.
std::uint64_t FormReader::count_at(std::string const& input) const {
  std::string const text = line(input);
  std::uint64_t number = 0;
  auto const end = text.data() + text.size();
  auto const [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && at == end ? number : 0;
}

void FormReader::file() {
  auto sha256 = from_hex(line(cat(field_.key, ".sha256")));
  if (!sha256 || sha256->size() != 32) return;
  put(File{*std::move(sha256), count_at(cat(field_.key, ".size")),
           line(cat(field_.key, ".media_type")), line(cat(field_.key, ".name")),
           line(cat(field_.key, ".label"))});
}

void FormReader::links() {
  for (auto const& input : indexed(field_.key)) {
    std::string const nameless = line(input);
    std::string const url = nameless.empty() ? line(cat(input, ".url")) : nameless;
    if (url.empty()) continue;
    auto checked = check_url(url);
    if (!checked.valid) {
      problem(cat(input, ".url"), std::move(checked.problem));
      continue;
    }
    put(base32(sha256(checked.value)).substr(0, 12),
        Link{checked.value, line(cat(input, ".label"))});
  }
}

std::vector<Price::Amount> FormReader::amounts() {
  std::vector<Price::Amount> out;
  for (auto const& input : indexed(cat(field_.key, ".amount"))) {
    std::string const typed = line(input);
    if (typed.empty()) continue;
    if (auto const money = parse_money(typed))
      out.push_back({*money, line(cat(input, ".label"))});
    else
      problem(input, {cat("« ", typed, " » n'est pas un montant, comme 12,50."),
                      cat("“", typed, "” is not an amount, such as 12.50.")});
  }
  return out;
}

void FormReader::price() {
  Price out;
  std::string const typed = line(cat(field_.key, ".kind"));
  out.amounts = amounts();
  out.membership = flag(cat(field_.key, ".membership")).value_or(false);
  out.note = line(cat(field_.key, ".note"));
  if (auto const kind = price_kind(typed)) {
    out.kind = *kind;
  } else if (auto const money = parse_money(typed); money && !typed.empty()) {
    out.amounts.insert(out.amounts.begin(), {*money, {}});
  } else if (!typed.empty() && source_ == Source::file) {
    out.note = out.note.empty() ? typed : cat(typed, ". ", out.note);
  } else if (!typed.empty()) {
    problem(cat(field_.key, ".kind"),
            {cat("Le tarif « ", typed,
                 " » n'est pas compris : gratuit, prix libre, un montant ou "
                 "sur demande."),
             cat("The price “", typed,
                 "” is not understood: free, pay what you want, an amount or "
                 "on request.")});
  }
  if (out.kind == PriceKind::unknown && !out.amounts.empty()) out.kind = PriceKind::amounts;
  if (out != Price{}) put(std::move(out));
}

// The date and time of `part` ("start", "end"). `same_day`: the date if only a time is given.
std::optional<LocalDateTime> FormReader::moment(std::string const& input, std::string_view part,
                                                bool all_day, std::optional<Date> same_day) {
  std::string const prefix = cat(input, '.', part);
  std::string const time_typed = line(cat(prefix, "_time"));
  auto date = date_at(cat(prefix, "_date"));
  bool const date_typed =
      !line(cat(prefix, "_date")).empty() || !line(cat(prefix, "_date.day")).empty();
  if (!date && date_typed) return std::nullopt;  // said already
  if (!date && !time_typed.empty() && !all_day) date = same_day;
  if (!date) {
    if (!time_typed.empty() && !all_day)
      problem(cat(prefix, "_date"), {cat("Il manque la date pour ", time_typed, "."),
                                     cat("The date for ", time_typed, " is missing.")});
    return std::nullopt;
  }
  LocalDateTime out{*date, 0};
  if (all_day || time_typed.empty()) return out;
  auto const time = parse_time(time_typed);
  if (!time) {
    problem(cat(prefix, "_time"),
            {cat("« ", time_typed, " » n'est pas une heure. Écrivez par exemple 14:30 ou 14 h 30."),
             cat("“", time_typed, "” is not a time. Write for example 14:30.")});
    return std::nullopt;
  }
  out.minute = *time;
  return out;
}

std::string FormReader::built_rule(std::string const& repeat, Schedule const& schedule) {
  Recurrence rule;
  std::string const interval = line(cat(field_.key, ".interval"));
  auto const every = parse_integer(interval.empty() ? "1" : interval);
  if (!every || *every < 1 || *every > 999)
    problem(cat(field_.key, ".interval"),
            {cat("« ", interval, " » : la répétition se compte de 1 à 999."),
             cat("“", interval, "”: an interval goes from 1 to 999.")});
  else
    rule.interval = static_cast<int>(*every);
  auto const weekday =
      static_cast<int>(
          std::chrono::weekday(std::chrono::sys_days(schedule.start.date)).iso_encoding()) -
      1;
  int const day = static_cast<int>(static_cast<unsigned>(schedule.start.date.day()));
  constexpr std::string_view kDays[] = {"mo", "tu", "we", "th", "fr", "sa", "su"};
  if (repeat == "daily") rule.frequency = Frequency::daily;
  if (repeat == "yearly") rule.frequency = Frequency::yearly;
  if (repeat == "weekly") {
    for (auto const& typed : lines(cat(field_.key, ".days")))
      for (int i = 0; i < 7; ++i)
        if (typed == kDays[i]) rule.days.push_back({0, i});
    if (rule.days.empty()) rule.days.push_back({0, weekday});
    std::ranges::sort(rule.days, {}, &RuleDay::day);
  }
  if (repeat == "monthly_day" || repeat == "monthly_weekday") rule.frequency = Frequency::monthly;
  if (repeat == "monthly_day") rule.month_days = {day};
  // The fifth Saturday is not in each month: people mean the last one.
  if (repeat == "monthly_weekday") rule.days = {{day > 28 ? -1 : (day - 1) / 7 + 1, weekday}};
  rule.until = date_at(cat(field_.key, ".until"));
  if (auto const count = parse_integer(line(cat(field_.key, ".count"))); count && !rule.until)
    rule.count = static_cast<int>(std::clamp<std::int64_t>(*count, 1, 9999));
  return to_rule(rule);
}

std::string FormReader::schedule_rule(Schedule const& schedule) {
  std::string const repeat = line(cat(field_.key, ".repeat"));
  std::string const typed = line(cat(field_.key, ".rule"));
  if (repeat == "once") return {};
  if (!repeat.empty() && repeat != "custom") return built_rule(repeat, schedule);
  if (typed.empty()) return {};
  auto const rule = parse_rule(typed);
  if (rule) return to_rule(*rule);
  problem(cat(field_.key, ".rule"),
          {rule.error().message(), "The rule of repetition is not understood."});
  return {};
}

std::vector<LocalDateTime> FormReader::moments(std::string const& input, Schedule const& schedule) {
  std::vector<LocalDateTime> out;
  for (auto const& text : lines(input))
    for (auto const& part : split(text, ",;|\n")) {
      auto at = parse_date_time(part);
      if (!at) {
        problem(input, {cat("« ", part, " » n'est pas une date, comme 12/12/2026."),
                        cat("“", part, "” is not a date, such as 12/12/2026.")});
        continue;
      }
      // A date alone means the usual time.
      if (parse_date(part) && !part.contains(':') && fold(part).find('h') == std::string::npos)
        at->minute = schedule.start.minute;
      if (schedule.all_day) at->minute = 0;
      out.push_back(*at);
    }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

std::vector<Override> FormReader::overrides(Schedule const& schedule) {
  std::vector<Override> out;
  for (auto const& input : indexed(cat(field_.key, ".override"))) {
    std::string const original = line(cat(input, ".original"));
    if (original.empty()) continue;
    auto at = moments(cat(input, ".original"), schedule);
    if (at.empty()) continue;
    Override item;
    item.original = at.front();
    auto const status = named(kStatuses, line(cat(input, ".status")));
    item.status = status.value_or(OccurrenceStatus::planned);
    item.start = moment(input, "start", schedule.all_day, item.original.date);
    item.end =
        moment(input, "end", schedule.all_day, item.start ? item.start->date : item.original.date);
    item.note = line(cat(input, ".note"));
    if (item.start && !status) item.status = OccurrenceStatus::moved;
    out.push_back(std::move(item));
  }
  std::ranges::sort(out, {}, &Override::original);
  return out;
}

void FormReader::schedule() {
  Schedule out;
  out.all_day = flag(cat(field_.key, ".all_day")).value_or(false);
  std::string const start_time = line(cat(field_.key, ".start_time"));
  auto const start = moment(field_.key, "start", out.all_day, std::nullopt);
  if (!start) return;
  out.start = *start;
  // A file that gives no time at all describes whole days.
  if (start_time.empty() && !out.all_day && source_ == Source::file) out.all_day = true;
  if (start_time.empty() && !out.all_day)
    problem(cat(field_.key, ".start_time"),
            {"Il manque l'heure de début. Si l'événement dure toute la journée, cochez la case.",
             "The time of the start is missing. If the event lasts all day, tick the box."});
  if (out.all_day) out.start.minute = 0;
  out.end = moment(field_.key, "end", out.all_day, out.start.date);
  if (std::string const zone = line(cat(field_.key, ".zone")); !zone.empty()) out.zone = zone;
  out.rule = schedule_rule(out);
  out.exceptions = moments(cat(field_.key, ".exceptions"), out);
  out.additions = moments(cat(field_.key, ".additions"), out);
  out.overrides = overrides(out);
  if (out.end && *out.end < out.start)
    problem(cat(field_.key, ".end_date"),
            {"La fin est avant le début. Vérifiez la date et l'heure de fin.",
             "The end is before the start. Check the date and time of the end."});
  put(std::move(out));
}

}  // namespace solidaires::schema
