#include "schema/numbers.h"

#include <charconv>
#include <cmath>

#include "schema/characters.h"

namespace solidaires::schema {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Without the spaces that separate thousands, plain or non-breaking, and with a point.
std::string tight(std::string_view typed) {
  std::string out;
  std::string const text = clean_line(typed);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    if (std::string_view(text).substr(i).starts_with("\u00A0")) {
      ++i;
    } else if (std::string_view(text).substr(i).starts_with("\u202F") ||
               std::string_view(text).substr(i).starts_with("\u2212")) {
      if (text[i + 2] == '\x92') out += '-';  // a real minus sign
      i += 2;
    } else {
      out += text[i] == ',' ? '.' : text[i];
    }
  }
  return out;
}

std::string padded(std::int64_t value, std::size_t digits) {
  std::string out = std::to_string(value);
  return out.size() < digits ? cat(std::string(digits - out.size(), '0'), out) : out;
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view typed) {
  std::string const text = tight(typed);
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || text.empty()) return std::nullopt;
  // "12.0" is what a spreadsheet makes of 12.
  std::string_view const rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  bool const whole =
      rest.empty() || (rest.starts_with('.') && rest.size() > 1 &&
                       std::ranges::all_of(rest.substr(1), [](char c) { return c == '0'; }));
  return whole ? std::optional(value) : std::nullopt;
}

std::optional<Decimal> parse_decimal(std::string_view typed) {
  std::string text = tight(typed);
  bool const negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.erase(0, 1);
  auto const point = text.find('.');
  std::string const whole = text.substr(0, point);
  std::string fraction = point == std::string::npos ? std::string() : text.substr(point + 1);
  while (fraction.ends_with('0')) fraction.pop_back();
  std::string const digits = cat(whole, fraction);
  if (whole.empty() || fraction.size() > 9 || digits.size() > 15 ||
      !std::ranges::all_of(digits, is_digit))
    return std::nullopt;
  Decimal out{0, static_cast<std::uint8_t>(fraction.size())};
  std::from_chars(digits.data(), digits.data() + digits.size(), out.unscaled);
  if (negative) out.unscaled = -out.unscaled;
  return out;
}

std::optional<Money> parse_money(std::string_view typed) {
  std::string text = clean_line(typed);
  Money out;
  for (std::string_view const mark : {"€", "euros", "euro", "EUR", "CHF", "francs"}) {
    auto const at = text.find(mark);
    if (at == std::string::npos) continue;
    if (mark == "CHF" || mark == "francs") out.currency = "CHF";
    text.erase(at, mark.size());
    break;
  }
  auto const number = parse_decimal(text);
  if (!number || number->scale > 2 || number->unscaled < 0) return std::nullopt;
  out.cents = number->unscaled;
  for (int scale = number->scale; scale < 2; ++scale) out.cents *= 10;
  return out;
}

std::optional<double> parse_degrees(std::string_view typed) {
  std::string const text = tight(typed);
  double value = 0;
  auto const [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || text.empty() || end != text.data() + text.size() ||
      !std::isfinite(value) || std::abs(value) > 1e7)
    return std::nullopt;
  return std::round(value * 1e6) / 1e6;
}

std::string to_plain(Decimal value) {
  std::string const sign = value.unscaled < 0 ? "-" : "";
  std::string digits =
      padded(value.unscaled < 0 ? -value.unscaled : value.unscaled, std::size_t{value.scale} + 1);
  if (value.scale == 0) return cat(sign, digits);
  digits.insert(digits.size() - value.scale, ".");
  return cat(sign, digits);
}

std::string to_plain(Money const& money) {
  std::string digits = padded(money.cents, 3);
  digits.insert(digits.size() - 2, ".");
  return money.currency == "EUR" ? digits : cat(digits, ' ', money.currency);
}

std::string to_plain(double degrees) {
  char buffer[64];
  auto const [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, degrees, std::chars_format::fixed, 6);
  std::string out(buffer, error == std::errc{} ? end : buffer);
  while (out.ends_with('0')) out.pop_back();
  if (out.ends_with('.')) out.pop_back();
  return out;
}

}  // namespace solidaires::schema
