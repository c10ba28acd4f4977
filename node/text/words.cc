#include "node/text/words.h"

#include <algorithm>
#include <array>

#include "node/text/code_points.h"

namespace solidaires::text {

namespace {

using detail::folded;
using detail::next_code_point;

constexpr char32_t kEnd = 0xFFFFFFFE;

char32_t peek(std::string_view text, std::size_t at) {
  return at < text.size() ? next_code_point(text, at) : kEnd;
}

// Apostrophes as typed: straight, curly, and the accents that keyboards offer instead.
bool is_apostrophe(char32_t point) {
  return point == '\'' || point == 0x2019 || point == 0x2018 || point == 0x02BC || point == 0xB4 ||
         point == '`' || point == 0x2032 || point == 0xFF07;
}

bool is_middle_dot(char32_t point) {
  return point == 0xB7 || point == 0x2022 || point == 0x2027 || point == 0x22C5 || point == 0x2219;
}

bool is_hyphen(char32_t point) {
  return point == '-' || point == 0x2010 || point == 0x2011;
}

bool is_separator(std::string_view letters) {
  return letters.starts_with(' ') && letters.size() == 1;
}

bool in_word(char32_t point) {
  return point != kEnd && !is_separator(folded(point));
}

template <std::size_t N>
bool one_of(std::string_view word, std::array<std::string_view, N> const& list) {
  return std::ranges::find(list, word) != list.end();
}

bool elided(std::string_view word) {
  static constexpr std::array<std::string_view, 12> kElided = {
      "l", "d", "j", "m", "t", "s", "c", "n", "qu", "jusqu", "lorsqu", "puisqu"};
  return one_of(word, kElided);
}

// Endings that say "inclusive writing" whatever sign stands before them ...
bool clear_ending(std::string_view ending) {
  static constexpr std::array<std::string_view, 14> kClear = {
      "e",      "es",   "ne",    "nes",  "rice",  "rices", "trice",
      "trices", "euse", "euses", "iere", "ieres", "ere",   "eres"};
  return one_of(ending, kClear);
}

// ... and those that are words of their own after a hyphen or a slash ("dit-elle").
bool ending_after_dot(std::string_view ending) {
  static constexpr std::array<std::string_view, 25> kAfterDot = {
      "s",     "le",   "les",   "te",   "tes",   "se",   "ses", "sse",  "sses",
      "ve",    "ves",  "ive",   "ives", "che",   "ches", "que", "ques", "enne",
      "ennes", "elle", "elles", "esse", "esses", "re",   "res"};
  return clear_ending(ending) || one_of(ending, kAfterDot);
}

std::string without(std::string_view word, std::size_t letters) {
  return std::string(word.substr(0, word.size() - letters));
}

// "directeur" and "rice": "directrice". Endings are without their plural s.
std::string feminine_of(std::string_view word, std::string_view ending) {
  struct Rule {
    std::string_view ending;
    std::string_view replaced;  // the end of the masculine that gives way
  };
  static constexpr std::array<Rule, 14> kRules = {{{"rice", "eur"},
                                                   {"trice", "teur"},
                                                   {"euse", "eur"},
                                                   {"euse", "eux"},
                                                   {"ere", "er"},
                                                   {"iere", "ier"},
                                                   {"ive", "if"},
                                                   {"ve", "f"},
                                                   {"se", "x"},
                                                   {"te", "s"},
                                                   {"enne", "en"},
                                                   {"elle", "el"},
                                                   {"esse", "e"},
                                                   {"que", "c"}}};
  for (auto const& rule : kRules) {
    if (rule.ending == ending && word.ends_with(rule.replaced)) {
      return without(word, rule.replaced.size()).append(ending);
    }
  }
  return std::string(word).append(ending);
}

// The letters at `at`, folded, which moves behind them; too long to be an ending: "".
std::string ending_at(std::string_view text, std::size_t& at) {
  std::string letters;
  while (at < text.size() && in_word(peek(text, at))) {
    letters += folded(next_code_point(text, at));
    if (letters.size() > 8) return {};
  }
  return letters;
}

}  // namespace

bool WordScanner::next(Word& word) {
  while (scan(word)) {
    auto const after = peek(text_, at_);
    if (is_apostrophe(after) && elided(word.folded)) {
      auto behind = at_;
      (void)next_code_point(text_, behind);
      if (in_word(peek(text_, behind))) continue;
    }
    if (!join_initials(word)) join_inclusive(word);
    return true;
  }
  return false;
}

bool WordScanner::scan(Word& word) {
  word.folded.clear();
  word.feminine.clear();
  while (at_ < text_.size()) {
    auto const begin = at_;
    auto const byte = text_[at_];
    if (static_cast<unsigned char>(byte) < 0x80) {  // most of French
      ++at_;
      char const letter = detail::folded_ascii(byte);
      if (letter == ' ') {
        if (!word.folded.empty()) {
          at_ = begin;
          return true;
        }
        continue;
      }
      if (word.folded.empty()) word.begin = begin;
      word.folded += letter;
    } else {
      auto const letters = folded(next_code_point(text_, at_));
      if (is_separator(letters)) {
        if (!word.folded.empty()) {
          at_ = begin;
          return true;
        }
        continue;
      }
      if (word.folded.empty()) word.begin = begin;
      for (char const letter : letters) {
        if (letter != ' ') word.folded += letter;
      }
    }
    word.end = at_;
    if (word.folded.size() >= kWordBytes) return true;
  }
  return !word.folded.empty();
}

bool WordScanner::join_initials(Word& word) {
  auto const one_letter = [](std::string_view text) {
    return text.size() == 1 && text[0] >= 'a' && text[0] <= 'z';
  };
  if (!one_letter(word.folded)) return false;
  bool joined = false;
  for (auto at = at_; word.folded.size() < 12 && peek(text_, at) == '.';) {
    ++at;
    auto const letter = ending_at(text_, at);
    if (!one_letter(letter)) break;
    word.folded += letter;
    word.end = at_ = at;
    joined = true;
  }
  return joined;
}

void WordScanner::join_inclusive(Word& word) {
  if (word.folded.size() < 2) return;
  auto at = at_;
  auto const sign = at < text_.size() ? next_code_point(text_, at) : kEnd;
  bool const dot = is_middle_dot(sign);
  bool const open = sign == '(';
  if (!dot && !open && sign != '.' && sign != '/' && !is_hyphen(sign)) return;

  auto ending = ending_at(text_, at);
  bool const known = dot || open ? ending_after_dot(ending) : clear_ending(ending);
  if (!known) return;
  if (open) {
    if (peek(text_, at) != ')') return;
    ++at;
  }
  // The plural: "·s", or "s" straight after the parenthesis.
  auto plural = at;
  auto const next_sign = peek(text_, plural);
  bool const again = next_sign == sign || (dot && is_middle_dot(next_sign));
  if (!open && again) (void)next_code_point(text_, plural);
  if ((open || again) && ending_at(text_, plural) == "s") at = plural;
  if (in_word(peek(text_, at))) return;  // "salarié(e)ment": no

  if (ending.size() > 1 && ending.ends_with('s')) ending.pop_back();
  if (ending != "s") word.feminine = feminine_of(word.folded, ending);
  word.end = at_ = at;
}

}  // namespace solidaires::text
