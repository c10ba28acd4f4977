#include "schema/display.h"

#include <array>

#include "schema/characters.h"
#include "schema/contact.h"
#include "schema/form_reader.h"
#include "schema/identifiers.h"
#include "schema/numbers.h"
#include "schema/opening_hours.h"
#include "schema/recurrence.h"

namespace solidaires::schema {
namespace {

constexpr std::string_view kNoBreak = "\u00A0";

constexpr std::array<std::string_view, 7> kDaysFr{"lundi",    "mardi",  "mercredi", "jeudi",
                                                  "vendredi", "samedi", "dimanche"};
constexpr std::array<std::string_view, 7> kDaysEn{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                  "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonthsFr{
    "janvier", "février", "mars",      "avril",   "mai",      "juin",
    "juillet", "août",    "septembre", "octobre", "novembre", "décembre"};
constexpr std::array<std::string_view, 12> kMonthsEn{
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

std::size_t weekday_of(Date date) {
  return std::chrono::weekday(std::chrono::sys_days(date)).iso_encoding() - 1;
}

// "1250,5" -> "1 250,5"
std::string number_words(std::string plain, Language language) {
  bool const fr = language == Language::fr;
  auto point = plain.find('.');
  if (point == std::string::npos) point = plain.size();
  std::size_t const first = plain.starts_with('-') ? 1 : 0;
  if (fr && point < plain.size()) plain[point] = ',';
  if (point - first < 5 && fr) return plain;  // years and small numbers stay whole
  for (std::size_t at = point; at > first + 3;) {
    at -= 3;
    plain.insert(at, fr ? "\u202F" : ",");
  }
  return plain;
}

std::string both(bool fr, std::string_view french, std::string_view english) {
  return std::string(fr ? french : english);
}

std::string area_words(std::string_view code, DisplayOptions const& options) {
  if (options.place)
    if (std::string name = options.place(code); !name.empty()) return name;
  bool const fr = options.language == Language::fr;
  auto const colon = code.find(':');
  auto const rest = code.substr(std::min(colon + 1, code.size()));
  if (code == "country:FR") return both(fr, "toute la France", "all of France");
  if (code == "country:CH") return both(fr, "toute la Suisse", "all of Switzerland");
  if (code == "region:84") return "Auvergne-Rhône-Alpes";
  if (code.starts_with("dep:")) return cat(both(fr, "département ", "department "), rest);
  if (code.starts_with("commune:")) return cat("commune ", rest);
  if (code.starts_with("epci:")) return cat(both(fr, "intercommunalité ", "EPCI "), rest);
  return std::string(code);
}

std::string agreement_words(Field const& field, Agreement const& agreement, Language language) {
  bool const fr = language == Language::fr;
  std::vector<std::string> details;
  if (!agreement.number.empty()) details.push_back(cat(fr ? "n° " : "no. ", agreement.number));
  if (!agreement.authority.empty()) details.push_back(agreement.authority);
  if (agreement.start && agreement.end)
    details.push_back(cat(fr ? "du " : "from ", date_text(*agreement.start, language),
                          fr ? " au " : " to ", date_text(*agreement.end, language)));
  else if (agreement.start)
    details.push_back(cat(fr ? "depuis le " : "since ", date_text(*agreement.start, language)));
  else if (agreement.end)
    details.push_back(cat(fr ? "jusqu’au " : "until ", date_text(*agreement.end, language)));
  std::string const label = field.vocabulary != nullptr
                                ? field.vocabulary->label_of(agreement.code, language)
                                : agreement.code;
  return details.empty() ? label : cat(label, " (", join(details, ", "), ')');
}

std::string linked_title(DocumentId const& id, DisplayOptions const& options) {
  if (!options.resolve) return {};
  auto const linked = options.resolve(id);
  return linked ? linked->title : std::string();
}

std::string element_words(Field const& field, std::string const& element, Value const& value,
                          DisplayOptions const& options) {
  switch (field.kind) {
    case FieldKind::choices:
      return field.vocabulary != nullptr ? field.vocabulary->label_of(element, options.language)
                                         : element;
    case FieldKind::area: return area_words(element, options);
    case FieldKind::references: {
      auto const id = DocumentId::parse(element);
      return id ? linked_title(*id, options) : std::string();
    }
    default: return display_value(field, value, options);
  }
}

std::vector<std::string> display_set(Field const& field, Record const& record,
                                     DisplayOptions const& options) {
  auto all = elements(record, field.key);
  if (field.kind == FieldKind::choices && field.vocabulary != nullptr)
    std::ranges::sort(all, {}, [&](std::string const& code) {
      return std::pair(field.vocabulary->order(code), code);
    });
  std::vector<std::string> out;
  for (auto const& element : all) {
    auto const& value = record.find(element_key(field.key, element))->second;
    if (!fits(field.kind, value)) continue;
    if (auto text = element_words(field, element, value, options); !text.empty())
      out.push_back(std::move(text));
  }
  return out;
}

struct Speaker {
  Field const& field;
  DisplayOptions const& options;

  [[nodiscard]] Language language() const { return options.language; }
  std::string operator()(Present) const { return {}; }
  std::string operator()(std::string const& text) const {
    switch (field.kind) {
      case FieldKind::choice:
        return field.vocabulary != nullptr ? field.vocabulary->label_of(text, language()) : text;
      case FieldKind::phone: return phone_text(text);
      case FieldKind::url: return is_web_url(text) ? text : std::string();
      case FieldKind::opening_hours: {
        auto const hours = parse_opening_hours(text);
        return hours ? join(opening_hours_lines(*hours, language()), "\n") : text;
      }
      default: return text;
    }
  }
  std::string operator()(std::int64_t number) const {
    return number_words(std::to_string(number), language());
  }
  std::string operator()(Decimal number) const {
    return number_words(to_plain(number), language());
  }
  std::string operator()(bool flag) const {
    return language() == Language::fr ? (flag ? "oui" : "non") : (flag ? "yes" : "no");
  }
  std::string operator()(Date date) const { return date_text(date, language()); }
  std::string operator()(LocalDateTime const& at) const {
    bool const fr = language() == Language::fr;
    return cat(day_text(at.date, language()), fr ? " à " : ", ", time_text(at.minute, language()));
  }
  std::string operator()(Money const& money) const { return money_text(money, language()); }
  std::string operator()(Address const& address) const {
    return join(address_lines(address, language()), ", ");
  }
  std::string operator()(Schedule const& schedule) const {
    return schedule_text(schedule, language());
  }
  std::string operator()(Price const& price) const { return price_text(price, language()); }
  std::string operator()(ExternalId const& id) const {
    std::string const value = display_id(id.scheme, id.value);
    return field.kind == FieldKind::external_ids ? cat(id.scheme, ' ', value) : value;
  }
  std::string operator()(DocumentId const& id) const { return linked_title(id, options); }
  std::string operator()(Agreement const& agreement) const {
    return agreement_words(field, agreement, language());
  }
  std::string operator()(Picture const& picture) const { return picture.alt; }
  std::string operator()(File const& file) const {
    return file.label.empty() ? file.name : file.label;
  }
  std::string operator()(Link const& link) const {
    return link.label.empty() ? link.url : link.label;
  }
  std::string operator()(Unknown const&) const { return {}; }
};

}  // namespace

std::string display_value(Field const& field, Value const& value, DisplayOptions const& options) {
  return fits(field.kind, value) || is_set(field.kind) ? std::visit(Speaker{field, options}, value)
                                                       : std::string();
}

std::vector<std::string> display(Field const& field, Record const& record,
                                 DisplayOptions const& options) {
  if (is_set(field.kind)) return display_set(field, record, options);
  auto const found = record.find(field.key);
  if (found == record.end() || !fits(field.kind, found->second)) return {};
  if (auto const* address = std::get_if<Address>(&found->second))
    return address_lines(*address, options.language);
  if (field.kind == FieldKind::opening_hours)
    return split(display_value(field, found->second, options), "\n");
  std::string text = display_value(field, found->second, options);
  if (text.empty()) return {};
  return {std::move(text)};
}

std::string display_line(Field const& field, Record const& record, DisplayOptions const& options) {
  return join(display(field, record, options),
              field.kind == FieldKind::opening_hours ? "\u00A0; " : ", ");
}

std::string card(Type const& type, Card role, Record const& record, DisplayOptions const& options) {
  for (auto const& field : type.fields) {
    if (field.card != role) continue;
    if (std::string text = display_line(field, record, options); !text.empty()) return text;
  }
  return {};
}

std::string title(Type const& type, Record const& record) {
  return card(type, Card::title, record);
}

std::vector<std::string> address_lines(Address const& address, Language language) {
  std::vector<std::string> out;
  bool const fr = language == Language::fr;
  if (!address.hidden) {
    if (!address.label.empty()) out.push_back(address.label);
    out.insert(out.end(), address.lines.begin(), address.lines.end());
  }
  std::string town =
      address.hidden || address.postal_code.empty()
          ? address.commune
          : cat(address.postal_code, address.commune.empty() ? "" : " ", address.commune);
  if (address.hidden && !town.empty())
    town += both(fr, " (adresse non publiée)", " (address not published)");
  if (!town.empty()) out.push_back(std::move(town));
  if (address.country == "CH") out.push_back(both(fr, "Suisse", "Switzerland"));
  if (address.country == "IT") out.push_back(both(fr, "Italie", "Italy"));
  return out;
}

std::string phone_text(std::string_view e164) {
  if (e164.size() == 12 && e164.starts_with("+33")) {
    std::string out = cat('0', e164.substr(3, 1));
    for (std::size_t at = 4; at < 12; at += 2) out += cat(kNoBreak, e164.substr(at, 2));
    return out;
  }
  if (e164.size() == 12 && e164.starts_with("+41"))
    return cat("+41", kNoBreak, e164.substr(3, 2), kNoBreak, e164.substr(5, 3), kNoBreak,
               e164.substr(8, 2), kNoBreak, e164.substr(10));
  if (e164.size() == 4) return cat(e164.substr(0, 2), kNoBreak, e164.substr(2));
  return std::string(e164);
}

std::string date_text(Date date, Language language) {
  if (!date.ok()) return {};
  auto const month = static_cast<unsigned>(date.month()) - 1;
  auto const day = static_cast<unsigned>(date.day());
  int const year = static_cast<int>(date.year());
  if (language == Language::en) return cat(day, kNoBreak, kMonthsEn.at(month), ' ', year);
  return cat(day, day == 1 ? "er" : "", kNoBreak, kMonthsFr.at(month), ' ', year);
}

std::string day_text(Date date, Language language) {
  if (!date.ok()) return {};
  return cat((language == Language::fr ? kDaysFr : kDaysEn).at(weekday_of(date)), ' ',
             date_text(date, language));
}

std::string time_text(std::uint16_t minute, Language language) {
  unsigned const rest = minute % 60U;
  std::string const two = cat(rest < 10 ? "0" : "", rest);
  if (language == Language::en) return cat(minute / 60U < 10 ? "0" : "", minute / 60U, ':', two);
  return cat(minute / 60U, kNoBreak, 'h', rest == 0 ? std::string() : cat(kNoBreak, two));
}

std::string money_text(Money const& money, Language language) {
  std::string text = to_plain(Money{money.cents, "EUR"});
  if (text.ends_with(".00")) text.resize(text.size() - 3);
  text = number_words(std::move(text), language);
  std::string const sign = money.currency == "EUR" ? "€" : money.currency;
  if (language == Language::en)
    return money.currency == "EUR" ? cat(sign, text) : cat(sign, ' ', text);
  return cat(text, kNoBreak, sign);
}

std::string price_text(Price const& price, Language language) {
  bool const fr = language == Language::fr;
  std::vector<std::string> parts;
  if (price.kind == PriceKind::free) parts.push_back(both(fr, "gratuit", "free"));
  if (price.kind == PriceKind::open) parts.push_back(both(fr, "prix libre", "pay what you want"));
  if (price.kind == PriceKind::on_request)
    parts.push_back(both(fr, "tarif sur demande", "price on request"));
  for (auto const& amount : price.amounts)
    parts.push_back(amount.label.empty()
                        ? money_text(amount.money, language)
                        : cat(money_text(amount.money, language), " (", amount.label, ')'));
  if (price.membership) parts.push_back(both(fr, "adhésion demandée", "membership asked for"));
  if (!price.note.empty()) parts.push_back(price.note);
  return join(parts, ", ");
}

namespace {

// "de 14 h à 17 h"
std::string hours_words(std::uint16_t from, std::uint16_t to, Language language) {
  bool const fr = language == Language::fr;
  return cat(fr ? "de " : "from ", time_text(from, language), fr ? " à " : " to ",
             time_text(to, language));
}

std::string days_words(std::vector<RuleDay> const& days, Language language) {
  std::vector<std::string> names;
  for (auto const day : days)
    names.emplace_back(
        (language == Language::fr ? kDaysFr : kDaysEn).at(static_cast<std::size_t>(day.day)));
  if (names.size() < 2) return join(names, "");
  std::string const last = names.back();
  names.pop_back();
  return cat(join(names, ", "), language == Language::fr ? " et " : " and ", last);
}

std::string nth_words(int nth, Language language) {
  constexpr std::array<std::string_view, 5> kFr{"premier", "deuxième", "troisième", "quatrième",
                                                "cinquième"};
  constexpr std::array<std::string_view, 5> kEn{"first", "second", "third", "fourth", "fifth"};
  bool const fr = language == Language::fr;
  if (nth == -1) return fr ? "dernier" : "last";
  if (nth < 0) return cat(-nth, fr ? "e avant la fin," : " before the end,");
  return std::string((fr ? kFr : kEn).at(static_cast<std::size_t>(nth - 1)));
}

std::string every(int interval, std::string_view one, std::string_view many) {
  return interval == 1 ? std::string(one) : cat("tous les ", interval, ' ', many);
}

std::string base_rule_fr(Recurrence const& rule) {
  int const n = rule.interval;
  switch (rule.frequency) {
    case Frequency::daily: return every(n, "chaque jour", "jours");
    case Frequency::weekly: {
      std::string const days = days_words(rule.days, Language::fr);
      if (days.empty()) return n == 1 ? "chaque semaine" : cat("toutes les ", n, " semaines");
      return n == 1 ? cat("chaque ", days) : cat(days, ", toutes les ", n, " semaines");
    }
    case Frequency::monthly: {
      std::string const months = every(n, "", "mois");
      if (!rule.days.empty() && rule.days.front().nth != 0)
        return n == 1 ? cat("chaque ", nth_words(rule.days.front().nth, Language::fr), ' ',
                            days_words(rule.days, Language::fr), " du mois")
                      : cat("le ", nth_words(rule.days.front().nth, Language::fr), ' ',
                            days_words(rule.days, Language::fr), ", ", months);
      if (!rule.month_days.empty()) {
        int const day = rule.month_days.front();
        std::string const which = day == -1  ? "le dernier jour"
                                  : day == 1 ? "le 1er"
                                             : cat("le ", day);
        return n == 1 ? cat(which, " de chaque mois") : cat(which, ", ", months);
      }
      return n == 1 ? "chaque mois" : months;
    }
    case Frequency::yearly: return every(n, "chaque année", "ans");
  }
  return {};
}

std::string base_rule_en(Recurrence const& rule) {
  int const n = rule.interval;
  constexpr std::array<std::string_view, 4> kUnits{"day", "week", "month", "year"};
  std::string_view const unit = kUnits.at(static_cast<std::size_t>(rule.frequency));
  std::string const period = n == 1 ? cat("every ", unit) : cat("every ", n, ' ', unit, 's');
  std::string const days = days_words(rule.days, Language::en);
  if (!days.empty() && rule.days.front().nth != 0)
    return cat("the ", nth_words(rule.days.front().nth, Language::en), ' ', days, ", ", period);
  if (!days.empty() && n == 1 && rule.frequency == Frequency::weekly) return cat("every ", days);
  if (!days.empty()) return cat(days, ", ", period);
  if (!rule.month_days.empty())
    return rule.month_days.front() == -1 ? cat("the last day, ", period)
                                         : cat("day ", rule.month_days.front(), ", ", period);
  return period;
}

}  // namespace

std::string rule_text(Schedule const& schedule, Language language) {
  if (schedule.rule.empty()) return {};
  bool const fr = language == Language::fr;
  auto const rule = parse_rule(schedule.rule);
  if (!rule) return both(fr, "plusieurs dates", "several dates");
  std::string out = fr ? base_rule_fr(*rule) : base_rule_en(*rule);
  if (!rule->months.empty()) {
    std::vector<std::string> months;
    for (int const month : rule->months)
      months.emplace_back((fr ? kMonthsFr : kMonthsEn).at(static_cast<std::size_t>(month - 1)));
    out += cat(fr ? ", en " : ", in ", join(months, ", "));
  }
  if (rule->until) out += cat(fr ? ", jusqu’au " : ", until ", date_text(*rule->until, language));
  if (rule->count) out += cat(", ", *rule->count, fr ? " fois" : " times");
  return out;
}

std::string schedule_text(Schedule const& schedule, Language language) {
  bool const fr = language == Language::fr;
  auto const& [start, end] = std::pair(schedule.start, schedule.end);
  bool const same_day = !end || end->date == start.date;
  std::string out;
  if (std::string const rule = rule_text(schedule, language); !rule.empty()) {
    out = rule;
    if (!schedule.all_day)
      out += cat(", ", end && same_day ? hours_words(start.minute, end->minute, language)
                                       : cat(fr ? "à " : "at ", time_text(start.minute, language)));
    return cat(out, fr ? ", à partir du " : ", from ", day_text(start.date, language));
  }
  if (same_day) {
    out = day_text(start.date, language);
    if (schedule.all_day) return out;
    if (end && end->minute != start.minute)
      return cat(out, ", ", hours_words(start.minute, end->minute, language));
    return cat(out, fr ? " à " : ", ", time_text(start.minute, language));
  }
  if (schedule.all_day)
    return cat(fr ? "du " : "from ", day_text(start.date, language), fr ? " au " : " to ",
               day_text(end->date, language));
  return cat(fr ? "du " : "from ", day_text(start.date, language), fr ? " à " : ", ",
             time_text(start.minute, language), fr ? " au " : " to ", day_text(end->date, language),
             fr ? " à " : ", ", time_text(end->minute, language));
}

}  // namespace solidaires::schema
