#include "schema/recurrence.h"

#include <array>
#include <charconv>

#include "schema/characters.h"
#include "schema/dates.h"

namespace solidaires::schema {
namespace {

constexpr std::array<std::string_view, 7> kDays{"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
constexpr std::array<std::string_view, 4> kFrequencies{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};

std::unexpected<Error> refuse(std::string_view name, std::string_view value) {
  return fail(Code::invalid,
              cat("Dans la règle de répétition, « ", name, "=", value, " » n'est pas compris."));
}

Result<int> number(std::string_view name, std::string_view text, int min, int max) {
  int value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool const whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || value < min || value > max || (value == 0 && min < 0)) return refuse(name, text);
  return value;
}

Result<std::vector<int>> numbers(std::string_view name, std::string_view text, int min, int max) {
  std::vector<int> out;
  for (auto const& part : split(text, ",")) {
    SOL_ASSIGN(int const value, number(name, part, min, max));
    out.push_back(value);
  }
  if (out.empty() || out.size() > 366) return refuse(name, text);
  return out;
}

Result<std::vector<RuleDay>> rule_days(std::string_view text) {
  std::vector<RuleDay> out;
  for (auto const& part : split(text, ",")) {
    if (part.size() < 2) return refuse("BYDAY", text);
    auto const day = std::ranges::find(kDays, std::string_view(part).substr(part.size() - 2));
    if (day == kDays.end()) return refuse("BYDAY", text);
    RuleDay item{0, static_cast<int>(day - kDays.begin())};
    if (part.size() > 2) {
      SOL_ASSIGN(item.nth,
                 number("BYDAY", std::string_view(part).substr(0, part.size() - 2), -5, 5));
    }
    out.push_back(item);
  }
  if (out.empty() || out.size() > 35) return refuse("BYDAY", text);
  return out;
}

Result<Date> until_date(std::string_view text) {
  std::string const digits(text.substr(0, 8));
  bool const form = text.size() >= 8 && (text.size() == 8 || text[8] == 'T');
  std::optional<Date> date;
  if (form)
    date = parse_date(cat(digits.substr(0, 4), '-', digits.substr(4, 2), '-', digits.substr(6)));
  if (!date) return refuse("UNTIL", text);
  return *date;
}

Result<> read_part(Recurrence& rule, bool& has_frequency, std::string_view name,
                   std::string_view value) {
  if (name == "FREQ") {
    auto const found = std::ranges::find(kFrequencies, value);
    if (found == kFrequencies.end()) return refuse(name, value);
    rule.frequency = static_cast<Frequency>(found - kFrequencies.begin());
    has_frequency = true;
  } else if (name == "INTERVAL") {
    SOL_ASSIGN(rule.interval, number(name, value, 1, 999));
  } else if (name == "COUNT") {
    SOL_ASSIGN(rule.count, number(name, value, 1, 9999));
  } else if (name == "UNTIL") {
    SOL_ASSIGN(rule.until, until_date(value));
  } else if (name == "BYDAY") {
    SOL_ASSIGN(rule.days, rule_days(value));
  } else if (name == "BYMONTHDAY") {
    SOL_ASSIGN(rule.month_days, numbers(name, value, -31, 31));
  } else if (name == "BYMONTH") {
    SOL_ASSIGN(rule.months, numbers(name, value, 1, 12));
  } else if (name == "BYSETPOS") {
    SOL_ASSIGN(rule.positions, numbers(name, value, -366, 366));
  } else if (name != "WKST") {  // a week starts on Monday here; other starts matter for few rules
    return refuse(name, value);
  }
  return {};
}

std::string list(std::vector<int> const& values) {
  std::vector<std::string> parts;
  for (int const value : values) parts.push_back(std::to_string(value));
  return join(parts, ",");
}

}  // namespace

Result<Recurrence> parse_rule(std::string_view typed) {
  std::string text = clean_line(typed);
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (text.starts_with("RRULE:")) text.erase(0, 6);
  Recurrence rule;
  bool has_frequency = false;
  for (auto const& part : split(text, ";")) {
    auto const equals = part.find('=');
    if (equals == std::string::npos) return refuse(part, "");
    std::string_view const view = part;
    SOL_TRY(read_part(rule, has_frequency, trim(view.substr(0, equals)),
                      trim(view.substr(equals + 1))));
  }
  if (!has_frequency)
    return fail(Code::invalid, "Dans la règle de répétition, il manque le rythme (FREQ).");
  if (rule.count && rule.until)
    return fail(Code::invalid,
                "Une répétition s'arrête à une date ou après un nombre de fois, pas les deux.");
  bool const ranked = std::ranges::any_of(rule.days, [](RuleDay day) { return day.nth != 0; });
  if (ranked && rule.frequency != Frequency::monthly && rule.frequency != Frequency::yearly)
    return fail(Code::invalid,
                "« Premier », « dernier »… ne valent que pour un mois ou une année.");
  return rule;
}

std::string to_rule(Recurrence const& rule) {
  std::string out = cat("FREQ=", kFrequencies.at(static_cast<std::size_t>(rule.frequency)));
  if (rule.interval != 1) out += cat(";INTERVAL=", rule.interval);
  if (rule.count) out += cat(";COUNT=", *rule.count);
  if (rule.until) {
    std::string date = iso(*rule.until);
    std::erase(date, '-');
    out += cat(";UNTIL=", date);
  }
  if (!rule.months.empty()) out += cat(";BYMONTH=", list(rule.months));
  if (!rule.month_days.empty()) out += cat(";BYMONTHDAY=", list(rule.month_days));
  std::vector<std::string> days;
  for (auto const day : rule.days)
    days.push_back(cat(day.nth == 0 ? std::string() : std::to_string(day.nth),
                       kDays.at(static_cast<std::size_t>(day.day))));
  if (!days.empty()) out += cat(";BYDAY=", join(days, ","));
  if (!rule.positions.empty()) out += cat(";BYSETPOS=", list(rule.positions));
  return out;
}

}  // namespace solidaires::schema
