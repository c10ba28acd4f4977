#include "schema/dates.h"

#include <array>
#include <charconv>

#include "schema/characters.h"

namespace solidaires::schema {
namespace {

std::optional<int> number(std::string_view text) {
  int value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<Date> make_date(std::optional<int> year, std::optional<int> month,
                              std::optional<int> day) {
  if (!year || !month || !day || *year < 1000 || *year > 9999 || *month > 12 || *day > 31)
    return std::nullopt;
  Date const date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                  std::chrono::day(static_cast<unsigned>(*day))};
  return date.ok() ? std::optional(date) : std::nullopt;
}

std::optional<int> month_by_name(std::string_view word) {
  constexpr std::array<std::string_view, 12> kFrench{
      "janvier", "fevrier", "mars",      "avril",   "mai",      "juin",
      "juillet", "aout",    "septembre", "octobre", "novembre", "decembre"};
  constexpr std::array<std::string_view, 12> kEnglish{
      "january", "february", "march",     "april",   "may",      "june",
      "july",    "august",   "september", "october", "november", "december"};
  for (std::size_t i = 0; i < 12; ++i) {
    bool const french = kFrench[i] == word || (word.size() >= 4 && kFrench[i].starts_with(word));
    bool const english = kEnglish[i] == word || (word.size() == 3 && kEnglish[i].starts_with(word));
    if (french || english) return static_cast<int>(i) + 1;
  }
  return std::nullopt;
}

// "samedi 12 décembre 2026", "1er mai 2027"
std::optional<Date> parse_words(std::string_view text) {
  auto words = split(fold(text), " ");
  if (words.size() == 4) words.erase(words.begin());
  if (words.size() != 3) return std::nullopt;
  if (words[0] == "1er") words[0] = "1";
  return make_date(number(words[2]), month_by_name(words[1]), number(words[0]));
}

std::string two(unsigned value) {
  return value < 10 ? cat('0', value) : std::to_string(value);
}

bool looks_iso(std::string_view text) {
  return text.size() >= 10 && text[4] == '-' && text[7] == '-';
}

}  // namespace

std::optional<Date> parse_date(std::string_view typed) {
  std::string const clean = clean_line(typed);
  std::string_view const text = clean;
  if (looks_iso(text) && (text.size() == 10 || text[10] == 'T' || text[10] == ' '))
    return make_date(number(text.substr(0, 4)), number(text.substr(5, 2)),
                     number(text.substr(8, 2)));
  auto parts = split(text, "/.-");
  if (parts.size() == 3) {
    auto const year = split(parts[2], " T");  // "31/12/2026 00:00"
    return make_date(year[0].size() == 4 ? number(year[0]) : std::nullopt, number(parts[1]),
                     number(parts[0]));
  }
  return parse_words(text);
}

std::optional<std::uint16_t> parse_time(std::string_view typed) {
  std::string text;
  for (char const c : fold_tight(typed)) text += c;
  if (text == "midi") return 12 * 60;
  if (text == "minuit") return 0;
  // fold_tight took ':' away: read the parts from the text itself.
  std::string marked;
  for (char c : clean_line(typed)) {
    if (c == 'H') c = 'h';
    if (c == ' ' || static_cast<unsigned char>(c) >= 0x80) continue;
    marked += c == 'h' || c == '.' ? ':' : c;
  }
  if (marked.ends_with("min")) marked.resize(marked.size() - 3);
  auto const parts = split(marked, ":");
  if (parts.empty() || parts.size() > 3 || (parts.size() == 1 && !marked.contains(':')))
    return std::nullopt;
  auto const hour = number(parts[0]);
  auto const minute = parts.size() > 1 ? number(parts[1]) : std::optional(0);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  return static_cast<std::uint16_t>(*hour * 60 + *minute);
}

std::optional<LocalDateTime> parse_date_time(std::string_view typed) {
  std::string const text = clean_line(typed);
  for (std::string_view const gap : {"T", " à ", " "}) {
    auto const at = gap == "T" && !looks_iso(text) ? std::string::npos : text.find(gap);
    if (at == std::string::npos) continue;
    auto const date = parse_date(std::string_view(text).substr(0, at));
    auto const time = parse_time(std::string_view(text).substr(at + gap.size()));
    if (date && time) return LocalDateTime{*date, *time};
  }
  // "12 décembre 2026 14 h 30": the time is after the year.
  if (auto const at = text.find(" à "); at == std::string::npos) {
    for (std::size_t i = text.rfind(' '); i != std::string::npos && i > 0;
         i = text.rfind(' ', i - 1)) {
      auto const date = parse_date(std::string_view(text).substr(0, i));
      auto const time = parse_time(std::string_view(text).substr(i + 1));
      if (date && time) return LocalDateTime{*date, *time};
    }
  }
  if (text.size() > 10 && looks_iso(text)) return std::nullopt;
  if (auto const date = parse_date(text)) return LocalDateTime{*date, 0};
  return std::nullopt;
}

std::string iso(Date date) {
  std::string const year = std::to_string(static_cast<int>(date.year()));
  return cat(std::string(4 - std::min<std::size_t>(4, year.size()), '0'), year, '-',
             two(static_cast<unsigned>(date.month())), '-', two(static_cast<unsigned>(date.day())));
}

std::string iso_time(std::uint16_t minute) {
  return cat(two(minute / 60U), ':', two(minute % 60U));
}

std::string iso(LocalDateTime const& at) {
  return cat(iso(at.date), 'T', iso_time(at.minute));
}

std::int64_t days_between(Date from, Date to) {
  return (std::chrono::sys_days(to) - std::chrono::sys_days(from)).count();
}

Date plus_months(Date date, int months) {
  Date const moved = date + std::chrono::months(months);
  return moved.ok() ? moved
                    : Date{std::chrono::year_month_day_last(
                          moved.year(), std::chrono::month_day_last(moved.month()))};
}

}  // namespace solidaires::schema
