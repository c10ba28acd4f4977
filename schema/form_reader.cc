#include "schema/form_reader.h"

#include "schema/characters.h"
#include "schema/contact.h"
#include "schema/dates.h"
#include "schema/identifiers.h"
#include "schema/numbers.h"
#include "schema/opening_hours.h"

namespace solidaires::schema {
namespace {

constexpr std::size_t kElementBytes = 120;

std::optional<bool> parse_flag(std::string_view text) {
  std::string const word = fold(text);
  for (std::string_view const yes : {"true", "on", "1", "oui", "vrai", "o", "yes", "y", "x"})
    if (word == yes) return true;
  for (std::string_view const no : {"false", "off", "0", "non", "faux", "n", "no"})
    if (word == no) return false;
  return std::nullopt;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void FormReader::run() {
  if (is_set(field_.kind))
    set();
  else
    single();
}

void FormReader::single() {
  switch (field_.kind) {
    case FieldKind::text: return text(false);
    case FieldKind::long_text: return text(true);
    case FieldKind::integer:
    case FieldKind::decimal:
    case FieldKind::money: return number();
    case FieldKind::boolean: return boolean();
    case FieldKind::date: return date();
    case FieldKind::date_time: return date_time();
    case FieldKind::choice: return choice();
    case FieldKind::url:
    case FieldKind::phone: return contact();
    case FieldKind::email: return email();
    case FieldKind::address:
      if (auto read = address(field_.key)) put(std::move(*read));
      return;
    case FieldKind::schedule: return schedule();
    case FieldKind::opening_hours: return opening_hours();
    case FieldKind::price: return price();
    case FieldKind::external_id: return external_id();
    case FieldKind::reference: return reference();
    case FieldKind::picture: return picture();
    case FieldKind::file: return file();
    default: return;
  }
}

void FormReader::set() {
  switch (field_.kind) {
    case FieldKind::choices: return choices();
    case FieldKind::tags: return tags();
    case FieldKind::addresses: return addresses();
    case FieldKind::area: return area();
    case FieldKind::external_ids: return external_ids();
    case FieldKind::references: return references();
    case FieldKind::agreements: return agreements();
    case FieldKind::links: return links();
    default: return;
  }
}

std::string FormReader::raw(std::string const& input) const {
  auto const found = typed_.lower_bound(input);
  return found != typed_.end() && found->first == input ? found->second : std::string();
}

std::string FormReader::line(std::string const& input) const {
  return clean_line(raw(input));
}

std::vector<std::string> FormReader::lines(std::string const& input) const {
  std::vector<std::string> out;
  auto const [first, last] = typed_.equal_range(input);
  for (auto it = first; it != last; ++it)
    if (std::string text = clean_lines(it->second); !text.empty()) out.push_back(std::move(text));
  return out;
}

std::optional<bool> FormReader::flag(std::string const& input) const {
  // A hidden "false" before a checkbox is usual: any "true" wins.
  std::optional<bool> out;
  auto const [first, last] = typed_.equal_range(input);
  for (auto it = first; it != last; ++it)
    if (auto const read = parse_flag(it->second)) out = out.value_or(false) || *read;
  return out;
}

// Names of the numbered inputs below `input`, by number: "links.0", "links.2".
std::vector<std::string> FormReader::indexed(std::string const& input) const {
  std::map<unsigned long, std::string> found;
  std::string const prefix = cat(input, '.');
  for (auto it = typed_.lower_bound(prefix); it != typed_.end() && it->first.starts_with(prefix);
       ++it) {
    std::string_view const rest = std::string_view(it->first).substr(prefix.size());
    auto const number = rest.substr(0, rest.find('.'));
    if (is_digits(number) && number.size() <= 3)
      found.emplace(std::stoul(std::string(number)), cat(prefix, number));
  }
  std::vector<std::string> out;
  for (auto& [number, name] : found) out.push_back(std::move(name));
  return out;
}

void FormReader::problem(std::string input, Words message) {
  if (source_ == Source::form) {
    message.fr += " Votre texte est conservé.";
    message.en += " Your text is kept.";
  }
  out_.problems.push_back({field_.key, std::move(input), std::move(message), false});
}

void FormReader::note(std::string input, Words message) {
  out_.problems.push_back({field_.key, std::move(input), std::move(message), true});
}

void FormReader::text(bool several_lines) {
  std::string value = several_lines ? clean_lines(raw(field_.key)) : line(field_.key);
  if (!value.empty()) put(std::move(value));
}

void FormReader::number() {
  std::string const typed = line(field_.key);
  if (typed.empty()) return;
  if (field_.kind == FieldKind::integer) {
    if (auto const value = parse_integer(typed)) return put(*value);
    return problem(field_.key,
                   {cat("« ", typed, " » n'est pas un nombre entier, comme 12 ou 1 250."),
                    cat("“", typed, "” is not a whole number, such as 12 or 1250.")});
  }
  if (field_.kind == FieldKind::money) {
    if (auto const value = parse_money(typed)) return put(*value);
    return problem(field_.key, {cat("« ", typed, " » n'est pas un montant, comme 12,50."),
                                cat("“", typed, "” is not an amount, such as 12.50.")});
  }
  if (auto const value = parse_decimal(typed)) return put(*value);
  problem(field_.key, {cat("« ", typed, " » n'est pas un nombre, comme 4,5."),
                       cat("“", typed, "” is not a number, such as 4.5.")});
}

void FormReader::boolean() {
  if (auto const value = flag(field_.key)) return put(*value);
  std::string const typed = line(field_.key);
  if (!typed.empty())
    return problem(field_.key, {cat("« ", typed, " » ne répond pas par oui ou par non."),
                                cat("“", typed, "” does not answer yes or no.")});
  if (sent(cat(field_.key, ".shown"))) put(false);  // the box was there, and was not ticked
}

std::optional<Date> FormReader::date_at(std::string const& input) {
  std::string typed = line(input);
  std::string const day = line(cat(input, ".day"));
  if (typed.empty() && !day.empty())
    typed = cat(day, '/', line(cat(input, ".month")), '/', line(cat(input, ".year")));
  if (typed.empty()) return std::nullopt;
  auto const date = parse_date(typed);
  if (!date)
    problem(input, {cat("« ", typed,
                        " » n'est pas une date du calendrier. Écrivez par exemple "
                        "12/12/2026, avec les quatre chiffres de l'année."),
                    cat("“", typed,
                        "” is not a date of the calendar. Write for example "
                        "12/12/2026, with the four digits of the year.")});
  return date;
}

void FormReader::date() {
  if (auto const value = date_at(field_.key)) put(*value);
}

void FormReader::date_time() {
  std::string typed = line(field_.key);
  if (typed.empty() && !line(cat(field_.key, ".date")).empty())
    typed = cat(line(cat(field_.key, ".date")), ' ', line(cat(field_.key, ".time")));
  if (typed.empty()) return;
  if (auto const value = parse_date_time(typed)) return put(*value);
  problem(field_.key,
          {cat("« ", typed, " » n'est pas une date et une heure, comme 12/12/2026 14:30."),
           cat("“", typed, "” is not a date and a time, such as 12/12/2026 14:30.")});
}

void FormReader::choice() {
  std::string const typed = line(field_.key);
  if (typed.empty() || field_.vocabulary == nullptr) return;
  if (auto const* term = field_.vocabulary->resolve(typed)) return put(term->code);
  problem(field_.key,
          {cat("« ", typed, " » n'est pas dans la liste « ", field_.vocabulary->label.fr, " »."),
           cat("“", typed, "” is not in the list “", field_.vocabulary->label.en, "”.")});
}

void FormReader::choices() {
  if (field_.vocabulary == nullptr) return;
  for (auto const& text : lines(field_.key)) resolve_codes(text, field_.key);
}

namespace {

// Codes of a text in which every part is known, whatever separates them: labels hold commas and
// slashes too, so each separator is tried. False if none fits.
bool find_codes(Vocabulary const& vocabulary, std::string_view text,
                std::vector<std::string>& codes) {
  if (auto const* term = vocabulary.resolve(text)) {
    codes.push_back(term->code);
    return true;
  }
  for (std::string_view const separator : {"|", ";", "\n", ",", "/"}) {
    if (!text.contains(separator)) continue;
    std::size_t const before = codes.size();
    auto const parts = split(text, separator);
    if (std::ranges::all_of(
            parts, [&](std::string const& part) { return find_codes(vocabulary, part, codes); }))
      return true;
    codes.resize(before);
  }
  return false;
}

}  // namespace

void FormReader::resolve_codes(std::string_view text, std::string_view input) {
  constexpr std::size_t kListBytes = 2000;
  std::vector<std::string> codes;
  if (text.size() <= kListBytes && find_codes(*field_.vocabulary, text, codes)) {
    for (auto const& code : codes) put(code, Present{});
    return;
  }
  // Something is unknown: what is known is taken, the rest is named.
  for (std::string_view const separator : {"|", ";", "\n", ",", "/"}) {
    if (!text.contains(separator)) continue;
    for (auto const& part : split(text, separator)) resolve_codes(part, input);
    return;
  }
  problem(std::string(input),
          {cat("« ", text, " » n'est pas dans la liste « ", field_.vocabulary->label.fr, " »."),
           cat("“", text, "” is not in the list “", field_.vocabulary->label.en, "”.")});
}

void FormReader::tags() {
  for (auto const& text : lines(field_.key)) {
    std::string_view separators = "|;\n,";
    if (source_ == Source::file && text.find_first_of(separators) == std::string::npos)
      separators = "/";
    for (auto const& part : split(text, separators)) {
      std::string const tag = clean_line(part);
      std::string const key = fold_key(tag, kElementBytes);
      if (!key.empty() && !out_.record.contains(element_key(field_.key, key))) put(key, tag);
    }
  }
}

void FormReader::contact() {
  std::string const typed = line(field_.key);
  if (typed.empty()) return;
  bool const phone = field_.kind == FieldKind::phone;
  auto const check = phone ? check_phone : check_url;
  auto checked = check(typed);
  if (checked.valid) return put(checked.value);
  // Files hold several numbers or addresses in one cell: the first that is good is kept.
  auto const parts =
      source_ == Source::file ? split(typed, phone ? ",;/|" : ",;| ") : std::vector<std::string>();
  for (auto const& part : parts) {
    auto other = check(part);
    if (parts.size() < 2 || !other.valid) continue;
    put(other.value);
    return note(field_.key,
                {cat("La case contient plusieurs valeurs (« ", typed, " ») ; seule « ", part,
                     " » est gardée."),
                 cat("The cell holds several values (“", typed, "”); only “", part, "” is kept.")});
  }
  problem(field_.key, std::move(checked.problem));
}

void FormReader::email() {
  std::string const typed = line(field_.key);
  if (typed.empty()) return;
  auto const parts = split(typed, " ,;/|");
  if (parts.size() < 2 || source_ == Source::form) {
    auto checked = check_email(typed);
    return checked.valid ? put(checked.value) : problem(field_.key, std::move(checked.problem));
  }
  for (auto const& part : parts) {
    auto const checked = check_email(part);
    if (!checked.valid) continue;
    put(checked.value);
    return note(field_.key, {cat("La case contient plusieurs valeurs ; seule l'adresse ",
                                 checked.value, " est gardée."),
                             cat("The cell holds several values; only the address ", checked.value,
                                 " is kept.")});
  }
  problem(field_.key, check_email(typed).problem);
}

void FormReader::area() {
  for (auto const& text : lines(field_.key)) {
    for (auto const& part : split(text, "|;,\n ")) {
      std::string code = part;
      if (!code.contains(':'))
        code = cat(code.size() == 5 ? "commune:" : code.size() == 9 ? "epci:" : "dep:", code);
      if (is_area_code(code))
        put(code, Present{});
      else
        problem(field_.key,
                {cat("Le territoire « ", part,
                     " » n'est pas reconnu. Un code s'écrit comme "
                     "commune:73065, epci:200069110, dep:73, region:84 ou country:FR."),
                 cat("The area “", part,
                     "” is not recognised. A code is written like "
                     "commune:73065, epci:200069110, dep:73, region:84 or country:FR.")});
    }
  }
}

void FormReader::opening_hours() {
  std::string typed = clean_lines(raw(field_.key));
  if (typed.empty()) {
    constexpr std::pair<std::string_view, std::string_view> kDays[] = {
        {"mo", "Mo"}, {"tu", "Tu"}, {"we", "We"}, {"th", "Th"},
        {"fr", "Fr"}, {"sa", "Sa"}, {"su", "Su"}, {"ph", "PH"}};
    for (auto const& [part, osm] : kDays)
      if (std::string const day = line(cat(field_.key, '.', part)); !day.empty())
        typed += cat(typed.empty() ? "" : "; ", osm, ' ', day);
  }
  if (typed.empty()) return;
  auto const hours = parse_opening_hours(typed);
  if (hours) return put(to_osm(*hours));
  problem(field_.key, {hours.error().message(),
                       "The opening hours are not understood. Write for example "
                       "“Mo-Fr 09:00-12:00,14:00-17:00; Sa 09:00-12:00”."});
}

void FormReader::external_id() {
  std::string const typed = line(field_.key);
  if (typed.empty()) return;
  auto checked = check_id(field_.scheme, typed, source_ == Source::file);
  if (!checked.valid) return problem(field_.key, std::move(checked.problem));
  if (checked.repaired)
    note(field_.key, {cat("Zéros de tête rétablis : ", typed, " est devenu ", checked.value, "."),
                      cat("Leading zeros put back: ", typed, " became ", checked.value, ".")});
  ExternalId id{field_.scheme, checked.value, std::nullopt};
  id.verified_on = parse_date(line(cat(field_.key, ".verified_on")));
  put(std::move(id));
}

void FormReader::reference() {
  std::string const typed = line(field_.key);
  if (typed.empty()) return;
  if (auto const id = DocumentId::parse(typed)) return put(*id);
  problem(field_.key, {"La fiche liée n'a pas été reconnue. Choisissez-la dans la liste.",
                       "The linked record was not recognised. Choose it from the list."});
}

void FormReader::references() {
  for (auto const& text : lines(field_.key)) {
    for (auto const& part : split(text, "|;,\n ")) {
      if (auto const id = DocumentId::parse(part))
        put(id->to_string(), Present{});
      else
        problem(field_.key, {cat("La fiche liée « ", part, " » n'a pas été reconnue."),
                             cat("The linked record “", part, "” was not recognised.")});
    }
  }
}

}  // namespace solidaires::schema
