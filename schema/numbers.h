// Numbers as people type them: "1 250", "12,5", "12.50 €". Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schema/value.h"

namespace solidaires::schema {

[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);
// At most 9 digits after the point or comma, 15 digits in all.
[[nodiscard]] std::optional<Decimal> parse_decimal(std::string_view text);
// Euros unless the text says CHF; two decimals at most, never negative.
[[nodiscard]] std::optional<Money> parse_money(std::string_view text);
[[nodiscard]] std::optional<double> parse_degrees(std::string_view text);  // rounded to 1e-6

[[nodiscard]] std::string to_plain(Decimal value);       // "12.5"
[[nodiscard]] std::string to_plain(Money const& money);  // "12.50", "12.50 CHF"
[[nodiscard]] std::string to_plain(double degrees);      // up to 6 decimals

}  // namespace solidaires::schema
