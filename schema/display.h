// A record as people read it: plain text, to be escaped by whoever makes HTML of it (long text is
// Markdown). Pure functions, any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "schema/model.h"
#include "schema/value.h"

namespace solidaires::schema {

struct Linked {
  std::string title, url;
};
// The record behind a reference, if it may be shown; may be empty.
using Resolve = std::function<std::optional<Linked>(DocumentId const&)>;

// The name of a place by its code ("commune:73011", "dep:73"); empty: not known.
using PlaceName = std::function<std::string(std::string_view code)>;

struct DisplayOptions {
  Language language = Language::fr;
  Resolve resolve{};
  PlaceName place{};
};

// One line per item (elements of a set, lines of an address, days of opening hours); empty if the
// record has no such field. References that do not resolve are left out.
[[nodiscard]] std::vector<std::string> display(Field const& field, Record const& record,
                                               DisplayOptions const& options = {});
// The same as one line, items joined by ", ".
[[nodiscard]] std::string display_line(Field const& field, Record const& record,
                                       DisplayOptions const& options = {});
[[nodiscard]] std::string display_value(Field const& field, Value const& value,
                                        DisplayOptions const& options = {});

// The first filled field with that role on cards; empty if there is none.
[[nodiscard]] std::string title(Type const& type, Record const& record);
[[nodiscard]] std::string card(Type const& type, Card role, Record const& record,
                               DisplayOptions const& options = {});

// Pieces, for pages of their own making.
[[nodiscard]] std::vector<std::string> address_lines(Address const& address, Language language);
[[nodiscard]] std::string phone_text(std::string_view e164);        // "04 79 00 00 00"
[[nodiscard]] std::string date_text(Date date, Language language);  // "12 décembre 2026"
[[nodiscard]] std::string day_text(Date date, Language language);   // "samedi 12 décembre 2026"
[[nodiscard]] std::string time_text(std::uint16_t minute, Language language);  // "14 h 30"
[[nodiscard]] std::string money_text(Money const& money, Language language);   // "12,50 €"
[[nodiscard]] std::string price_text(Price const& price, Language language);
[[nodiscard]] std::string schedule_text(Schedule const& schedule, Language language);
// "chaque premier samedi du mois, jusqu'au 30 juin 2027"; empty if there is no rule.
[[nodiscard]] std::string rule_text(Schedule const& schedule, Language language);

}  // namespace solidaires::schema
