#include "schema/opening_hours.h"

#include <array>
#include <charconv>

#include "schema/characters.h"
#include "sync/base/bytes.h"

namespace solidaires::schema {
namespace {

constexpr std::array<std::string_view, 7> kDays{"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
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

template <std::size_t N>
int index_of(std::array<std::string_view, N> const& names, std::string_view name) {
  auto const found = std::ranges::find(names, name);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

template <std::size_t N>
bool among(std::array<std::string_view, N> const& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

enum class TokenKind : std::uint8_t { day, month, time, number, word, sign, comment };
struct Token {
  TokenKind kind;
  std::string text;  // as in OSM: "Mo", "Dec", "09:00", "off", "PH", "-"
  int value = 0;     // day and month from 0, minutes of a time
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<Token> word_token(std::string_view typed) {
  std::string const word = fold(typed);
  if (word.empty()) return std::nullopt;
  constexpr std::array<std::string_view, 5> kClosed{"off", "closed", "ferme", "fermee", "fermes"};
  constexpr std::array<std::string_view, 4> kHolidays{"ph", "feries", "ferie", "jf"};
  constexpr std::array<std::string_view, 3> kSchool{"sh", "vacances", "vac"};
  if (among(kClosed, word)) return Token{TokenKind::word, "off"};
  if (among(kHolidays, word)) return Token{TokenKind::word, "PH"};
  if (among(kSchool, word)) return Token{TokenKind::word, "SH"};
  if (word == "midi") return Token{TokenKind::time, "12:00", 12 * 60};
  if (word == "minuit") return Token{TokenKind::time, "24:00", 24 * 60};
  if (trim(typed) == "Mar") return Token{TokenKind::word, "Mar"};  // see settle_march
  std::string_view const singular = word.size() > 4 && word.ends_with('s')
                                        ? std::string_view(word).substr(0, word.size() - 1)
                                        : std::string_view(word);
  for (std::size_t i = 0; i < 7; ++i) {
    bool const french =
        singular == kDaysFr[i] || (word.size() == 3 && kDaysFr[i].starts_with(word));
    bool const english = word == fold(kDays[i]) || word == fold(kDaysEn[i]) ||
                         (word.size() == 3 && fold(kDaysEn[i]).starts_with(word));
    bool const two = word.size() == 2 && word != "ma" && kDaysFr[i].starts_with(word);
    if (french || english || two || (i == 1 && word == "ma"))
      return Token{TokenKind::day, std::string(kDays[i]), static_cast<int>(i)};
  }
  for (std::size_t i = 0; i < 12; ++i) {
    std::string const fr = fold(kMonthsFr[i]);
    bool const french = word == fr || (word.size() >= 4 && fr.starts_with(word));
    bool const english = word == fold(kMonths[i]) || word == fold(kMonthsEn[i]);
    if (french || english)
      return Token{TokenKind::month, std::string(kMonths[i]), static_cast<int>(i)};
  }
  return std::nullopt;
}

std::string time_of(int minutes) {
  auto const two = [](int n) { return n < 10 ? cat('0', n) : std::to_string(n); };
  return cat(two(minutes / 60), ':', two(minutes % 60));
}

// Cuts the text into tokens; the error is the piece that is not understood.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : rest_(text) {}

  Result<std::vector<Token>> run() {
    while (!rest_.empty()) {
      char const c = rest_.front();
      if (c == ' ') {
        rest_.remove_prefix(1);
      } else if (c == '"') {
        SOL_TRY(comment());
      } else if (is_digit(c)) {
        SOL_TRY(number());
      } else if (std::string_view(",;-+[]:|/").contains(c)) {
        sign(c, 1);
      } else if (rest_.starts_with("–") || rest_.starts_with("—")) {
        sign('-', 3);
      } else if (rest_.starts_with("à ") || rest_.starts_with("à")) {
        sign('-', 2);
      } else if (rest_.starts_with("\xC2\xA0")) {
        rest_.remove_prefix(2);
      } else {
        SOL_TRY(word());
      }
    }
    return std::move(out_);
  }

 private:
  void sign(char c, std::size_t bytes) {
    out_.push_back({TokenKind::sign, std::string(1, c)});
    rest_.remove_prefix(bytes);
  }
  Result<> comment() {
    auto const end = rest_.find('"', 1);
    if (end == std::string_view::npos)
      return fail(Code::invalid, "Un guillemet est ouvert et n'est pas refermé.");
    out_.push_back({TokenKind::comment, std::string(rest_.substr(1, end - 1))});
    rest_.remove_prefix(end + 1);
    return {};
  }
  int digits() {
    std::size_t count = 0;
    while (count < rest_.size() && count < 4 && is_digit(rest_[count])) ++count;
    int value = 0;
    auto const text = rest_.substr(0, count);
    std::from_chars(text.begin(), text.end(), value);
    rest_.remove_prefix(count);
    return value;
  }
  void spaces() {
    while (rest_.starts_with(' ') || rest_.starts_with("\xC2\xA0"))
      rest_.remove_prefix(rest_.front() == ' ' ? 1 : 2);
  }
  // "9", "09:00", "9h", "9 h 30": a time if a mark follows.
  Result<> number() {
    auto const before = rest_;
    int const hour = digits();
    auto const after = rest_;
    spaces();
    bool const colon = rest_.starts_with(':') && rest_.size() > 1 && is_digit(rest_[1]);
    bool const letter = (rest_.starts_with('h') || rest_.starts_with('H')) &&
                        (rest_.size() == 1 || !std::isalpha(static_cast<unsigned char>(rest_[1])));
    if (!colon && !letter) {
      rest_ = after;
      out_.push_back({TokenKind::number, std::to_string(hour), hour});
      return {};
    }
    rest_.remove_prefix(1);
    auto const marked = rest_;
    if (letter) spaces();
    int minute = 0;
    if (!rest_.empty() && is_digit(rest_.front())) {
      minute = digits();
      // "9h 14h": the second number is a time of its own.
      if (rest_.starts_with('h') || rest_.starts_with(':')) minute = 0, rest_ = marked;
    } else {
      rest_ = marked;
    }
    if (hour > 26 || minute > 59 || (hour == 26 && minute > 0))
      return fail(Code::invalid, cat("« ", before.substr(0, before.size() - rest_.size()),
                                     " » n'est pas une heure."));
    out_.push_back({TokenKind::time, time_of(hour * 60 + minute), hour * 60 + minute});
    return {};
  }
  Result<> word() {
    auto const end = std::min(rest_.find_first_of(" ,;-+[]:|/\"0123456789"), rest_.size());
    auto piece = rest_.substr(0, std::max<std::size_t>(end, 1));
    for (std::string_view const stop : {"–", "\xC2\xA0"})
      if (auto const at = piece.find(stop); at != std::string_view::npos && at > 0)
        piece = piece.substr(0, at);
    rest_.remove_prefix(piece.size());
    std::string const folded = fold(piece);
    constexpr std::array<std::string_view, 6> kFiller{"de", "du", "le", "les", "jours", "jour"};
    if (among(kFiller, folded)) return {};
    if (folded == "au" || folded == "a") {
      out_.push_back({TokenKind::sign, "-"});
      return {};
    }
    if (folded == "et") {
      out_.push_back({TokenKind::sign, ","});
      return {};
    }
    auto token = word_token(piece);
    if (!token)
      return fail(Code::invalid, cat("« ", piece,
                                     " » n'est pas compris. Les horaires s'écrivent comme "
                                     "« lun-ven 9h-12h, 14h-17h ; sam 9h-12h »."));
    out_.push_back(std::move(*token));
    return {};
  }

  std::string_view rest_;
  std::vector<Token> out_;
};

// "Mar" is March for OSM and Tuesday for the French: it is a month beside another month or before a
// number, else a day.
void settle_march(std::vector<Token>& tokens) {
  auto const is_sign = [&](std::size_t i, std::string_view text) {
    return i < tokens.size() && tokens[i].kind == TokenKind::sign && tokens[i].text == text;
  };
  auto const may_be_month = [&](std::size_t i) {
    return i < tokens.size() && (tokens[i].kind == TokenKind::month || tokens[i].text == "Mar");
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].text != "Mar" || tokens[i].kind != TokenKind::word) continue;
    bool const month = (is_sign(i + 1, "-") && may_be_month(i + 2)) ||
                       (i >= 2 && is_sign(i - 1, "-") && may_be_month(i - 2)) ||
                       (i + 1 < tokens.size() && tokens[i + 1].kind == TokenKind::number) ||
                       (i >= 2 && is_sign(i - 1, "-") && tokens[i - 2].kind == TokenKind::number);
    tokens[i] = month ? Token{TokenKind::month, "Mar", 2} : Token{TokenKind::day, "Tu", 1};
  }
}

// Reads one rule from its tokens.
class RuleReader {
 public:
  explicit RuleReader(std::span<Token const> tokens) : tokens_(tokens) {}

  Result<OpeningRule> run() {
    SOL_TRY(season());
    SOL_TRY(days());
    if (sign(":")) ++at_;
    SOL_TRY(times());
    if (at_ < tokens_.size() && tokens_[at_].kind == TokenKind::comment)
      rule_.comment = tokens_[at_++].text;
    if (at_ < tokens_.size())
      return fail(Code::invalid, cat("« ", tokens_[at_].text, " » n'est pas à sa place."));
    if (rule_.spans.empty() && !rule_.closed && rule_.comment.empty())
      return fail(Code::invalid,
                  "Il manque les heures : écrivez par exemple « lun-ven 9h-12h », ou « fermé ».");
    return std::move(rule_);
  }

 private:
  [[nodiscard]] bool is(TokenKind kind, std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() && tokens_[at_ + ahead].kind == kind;
  }
  [[nodiscard]] bool sign(std::string_view text, std::size_t ahead = 0) const {
    return is(TokenKind::sign, ahead) && tokens_[at_ + ahead].text == text;
  }
  [[nodiscard]] bool holiday(std::size_t ahead = 0) const {
    return is(TokenKind::word, ahead) && tokens_[at_ + ahead].text != "off";
  }
  static std::string two(int n) { return n < 10 ? cat('0', n) : std::to_string(n); }

  // "Dec", "Dec 15", or "15 décembre"
  Result<std::string> month_day() {
    int day = 0;
    if (is(TokenKind::number)) day = tokens_[at_++].value;
    if (!is(TokenKind::month)) return fail(Code::invalid, "Il manque un mois.");
    std::string out = tokens_[at_++].text;
    bool const day_after = is(TokenKind::number) && day == 0;
    if (day_after) day = tokens_[at_++].value;
    if (day > 31) return fail(Code::invalid, cat("« ", day, " » n'est pas un jour du mois."));
    return day > 0 ? cat(out, ' ', two(day)) : out;
  }
  Result<> season() {
    bool const french = is(TokenKind::number) && is(TokenKind::month, 1);
    if (!is(TokenKind::month) && !french) return {};
    for (;;) {
      SOL_ASSIGN(auto const from, month_day());
      rule_.season += from;
      if (sign("-")) {
        ++at_;
        SOL_ASSIGN(auto const to, month_day());
        rule_.season += cat('-', to);
      } else if (from == "Mar") {
        rule_.season += "-Mar";  // alone it would be read as Tuesday
      }
      if (!sign(",") || !is(TokenKind::month, 1)) break;
      ++at_;
      rule_.season += ',';
    }
    if (sign(":")) ++at_;
    return {};
  }
  Result<> days() {
    while (is(TokenKind::day) || holiday()) {
      if (holiday()) {
        (tokens_[at_].text == "PH" ? rule_.public_holidays : rule_.school_holidays) = true;
        ++at_;
      } else {
        SOL_TRY(day_range());
      }
      bool const more = sign(",") && (is(TokenKind::day, 1) || holiday(1));
      if (more) ++at_;
    }
    return {};
  }
  Result<> day_range() {
    rule_.days.resize(7);
    auto const from = static_cast<std::size_t>(tokens_[at_++].value);
    auto to = from;
    if (sign("-")) {
      if (!is(TokenKind::day, 1))
        return fail(Code::invalid, cat("Après « ", kDaysFr[from], " à », il manque un jour."));
      to = static_cast<std::size_t>(tokens_[at_ + 1].value);
      at_ += 2;
    }
    for (std::size_t day = from;; day = (day + 1) % 7) {
      rule_.days[day] = true;
      if (day == to) break;
    }
    return sign("[") ? nth() : Result<>{};
  }
  Result<> nth() {
    ++at_;
    for (;;) {
      bool const last = sign("-");
      if (last) ++at_;
      if (!is(TokenKind::number) || tokens_[at_].value < 1 || tokens_[at_].value > 5)
        return fail(Code::invalid, "Entre crochets, on attend un rang dans le mois : 1 à 5 ou -1.");
      rule_.nth.push_back(last ? -tokens_[at_].value : tokens_[at_].value);
      ++at_;
      if (sign("]")) break;
      if (!sign(",")) return fail(Code::invalid, "Un crochet n'est pas refermé.");
      ++at_;
    }
    ++at_;
    return {};
  }
  Result<> times() {
    if (is(TokenKind::word) && tokens_[at_].text == "off") {
      rule_.closed = true;
      ++at_;
      return {};
    }
    while (is(TokenKind::time)) {
      OpeningRule::Span span{static_cast<std::uint16_t>(tokens_[at_++].value), 0, false};
      if (sign("+")) {
        span.open_end = true;
        span.to = span.from;
        ++at_;
      } else if (sign("-") && is(TokenKind::time, 1)) {
        int to = tokens_[at_ + 1].value;
        if (to <= span.from) to += 24 * 60;  // after midnight
        span.to = static_cast<std::uint16_t>(to);
        at_ += 2;
      } else {
        return fail(Code::invalid,
                    cat("Après ", tokens_[at_ - 1].text, ", il manque l'heure de fermeture."));
      }
      rule_.spans.push_back(span);
      if ((sign(",") || sign("/")) && is(TokenKind::time, 1)) ++at_;
    }
    return {};
  }

  std::span<Token const> tokens_;
  std::size_t at_ = 0;
  OpeningRule rule_;
};

// Runs of days: {0, 4} for Monday to Friday.
std::vector<std::pair<std::size_t, std::size_t>> day_runs(std::vector<bool> const& days) {
  std::vector<std::pair<std::size_t, std::size_t>> runs;
  for (std::size_t day = 0; day < days.size(); ++day) {
    if (!days[day]) continue;
    if (!runs.empty() && runs.back().second + 1 == day)
      runs.back().second = day;
    else
      runs.emplace_back(day, day);
  }
  return runs;
}

std::string osm_days(OpeningRule const& rule) {
  std::vector<std::string> parts;
  for (auto const& [from, to] : day_runs(rule.days))
    parts.push_back(from == to ? std::string(kDays[from]) : cat(kDays[from], '-', kDays[to]));
  std::string out = join(parts, ",");
  if (!rule.nth.empty()) {
    std::vector<std::string> ranks;
    for (int const n : rule.nth) ranks.push_back(std::to_string(n));
    out += cat('[', join(ranks, ","), ']');
  }
  if (rule.public_holidays) out += out.empty() ? "PH" : ",PH";
  if (rule.school_holidays) out += out.empty() ? "SH" : ",SH";
  return out;
}

std::string osm_spans(OpeningRule const& rule) {
  std::vector<std::string> parts;
  for (auto const& span : rule.spans) {
    int const to = span.to > 24 * 60 ? span.to - 24 * 60 : span.to;
    parts.push_back(span.open_end ? cat(time_of(span.from), '+')
                                  : cat(time_of(span.from), '-', time_of(to)));
  }
  return join(parts, ",");
}

std::string clock_words(int minutes, Language language) {
  minutes %= 24 * 60;
  if (language == Language::en) return time_of(minutes);
  std::string const hour = cat(minutes / 60, "\u00A0h");
  int const rest = minutes % 60;
  return rest == 0 ? hour : cat(hour, "\u00A0", rest < 10 ? "0" : "", rest);
}

std::string nth_words(std::vector<int> const& ranks, Language language) {
  constexpr std::array<std::string_view, 5> kFr{"premier", "deuxième", "troisième", "quatrième",
                                                "cinquième"};
  constexpr std::array<std::string_view, 5> kEn{"first", "second", "third", "fourth", "fifth"};
  bool const fr = language == Language::fr;
  std::vector<std::string> out;
  for (int const n : ranks)
    out.emplace_back(n < 0 ? (fr ? "dernier" : "last")
                           : (fr ? kFr : kEn).at(static_cast<std::size_t>(n - 1)));
  return join(out, fr ? " et " : " and ");
}

std::string day_words(OpeningRule const& rule, Language language) {
  bool const fr = language == Language::fr;
  auto const& names = fr ? kDaysFr : kDaysEn;
  std::vector<std::string> parts;
  for (auto const& [from, to] : day_runs(rule.days)) {
    if (from == to)
      parts.emplace_back(names[from]);
    else if (to == from + 1)
      parts.push_back(cat(names[from], fr ? " et " : " and ", names[to]));
    else
      parts.push_back(fr ? cat("du ", names[from], " au ", names[to])
                         : cat(names[from], " to ", names[to]));
  }
  std::string out = join(parts, ", ");
  if (!rule.nth.empty())
    out = fr ? cat(nth_words(rule.nth, language), ' ', out, " du mois")
             : cat(nth_words(rule.nth, language), ' ', out, " of the month");
  auto const add = [&](std::string_view words) { out += cat(out.empty() ? "" : ", ", words); };
  if (rule.public_holidays) add(fr ? "jours fériés" : "public holidays");
  if (rule.school_holidays) add(fr ? "vacances scolaires" : "school holidays");
  return out;
}

// "Jul 01-Aug 31" -> "du 1er juillet au 31 août"
std::string season_words(std::string_view season, Language language) {
  bool const fr = language == Language::fr;
  auto const point = [&](std::string_view text) {
    auto const month = static_cast<std::size_t>(std::max(0, index_of(kMonths, text.substr(0, 3))));
    std::string const name(fr ? kMonthsFr[month] : kMonthsEn[month]);
    if (text.size() <= 4) return name;
    std::string_view const digits = text.substr(text[4] == '0' ? 5 : 4);
    return fr ? cat(digits, digits == "1" ? "er " : " ", name) : cat(digits, ' ', name);
  };
  std::vector<std::string> out;
  for (auto const& range : split(season, ",")) {
    auto const dash = range.find('-');
    std::string const from = point(range.substr(0, dash));
    if (dash == std::string::npos || range.substr(0, dash) == range.substr(dash + 1)) {
      out.push_back(fr && dash == std::string::npos && range.size() > 4
                        ? cat("le ", from)
                        : cat(fr ? "en " : "in ", from));
      continue;
    }
    std::string const to = point(range.substr(dash + 1));
    bool const elided = from.starts_with('a') || from.starts_with('o');
    bool const numbered = range.size() > 4 && is_digit(range[4]);
    std::string const start = numbered ? "du " : elided ? "d’" : "de ";
    out.push_back(fr ? cat(start, from, numbered ? " au " : " à ", to) : cat(from, " to ", to));
  }
  return join(out, ", ");
}

std::string span_words(OpeningRule const& rule, Language language) {
  bool const fr = language == Language::fr;
  if (rule.closed) return fr ? "fermé" : "closed";
  std::vector<std::string> parts;
  for (auto const& span : rule.spans)
    parts.push_back(
        span.open_end ? cat(fr ? "à partir de " : "from ", clock_words(span.from, language))
        : span.from == 0 && span.to == 24 * 60
            ? std::string(fr ? "toute la journée" : "all day")
            : cat(clock_words(span.from, language), " – ", clock_words(span.to, language)));
  return join(parts, ", ");
}

std::string capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

}  // namespace

Result<OpeningHours> parse_opening_hours(std::string_view typed) {
  std::string text = clean_lines(typed);
  std::ranges::replace(text, '\n', ';');
  OpeningHours out;
  std::string const tight = fold_tight(text);
  if (tight == "247" || tight == "24h247j7" || tight == "24heuressur24") {
    out.always = true;
    return out;
  }
  // "||" (else) of OSM is read as a further rule.
  SOL_ASSIGN(auto tokens, Lexer(text).run());
  settle_march(tokens);
  std::size_t from = 0;
  for (std::size_t i = 0; i <= tokens.size(); ++i) {
    bool const end = i == tokens.size() || (tokens[i].kind == TokenKind::sign &&
                                            (tokens[i].text == ";" || tokens[i].text == "|"));
    if (!end) continue;
    if (i > from) {
      SOL_ASSIGN(auto rule, RuleReader(std::span(tokens).subspan(from, i - from)).run());
      out.rules.push_back(std::move(rule));
    }
    from = i + 1;
  }
  if (out.rules.empty()) return fail(Code::invalid, "Les horaires sont vides.");
  return out;
}

std::string to_osm(OpeningHours const& hours) {
  if (hours.always) return "24/7";
  std::vector<std::string> rules;
  for (auto const& rule : hours.rules) {
    std::vector<std::string> parts;
    for (auto& part : {rule.season, osm_days(rule), osm_spans(rule)})
      if (!part.empty()) parts.push_back(part);
    if (rule.closed) parts.emplace_back("off");
    if (!rule.comment.empty()) parts.push_back(cat('"', rule.comment, '"'));
    rules.push_back(join(parts, " "));
  }
  return join(rules, "; ");
}

std::vector<std::string> opening_hours_lines(OpeningHours const& hours, Language language) {
  bool const fr = language == Language::fr;
  if (hours.always) return {fr ? "24 heures sur 24, 7 jours sur 7" : "24 hours a day, every day"};
  std::vector<std::string> lines;
  for (auto const& rule : hours.rules) {
    std::vector<std::string> head;
    if (!rule.season.empty()) head.push_back(season_words(rule.season, language));
    if (auto days = day_words(rule, language); !days.empty())
      head.push_back(std::move(days));
    else if (!rule.spans.empty())
      head.emplace_back(fr ? "tous les jours" : "every day");
    std::string line = join(head, ", ");
    if (auto const times = span_words(rule, language); !times.empty())
      line += cat(line.empty() ? "" : (fr ? "\u00A0: " : ": "), times);
    if (!rule.comment.empty())
      line += cat(line.empty() ? "" : " (", rule.comment, line.empty() ? "" : ")");
    lines.push_back(capital(line));
  }
  return lines;
}

}  // namespace solidaires::schema
