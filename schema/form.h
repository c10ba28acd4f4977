// From what a person typed to a record, and back. Pure functions, any thread.
//
// Inputs of a form, by kind of field (K is the field's key, n counts from 0):
//   text, long_text, integer, decimal, date, date_time, choice, url, email, phone, money,
//   reference, external_id   K (also K.date and K.time for date_time, K.day K.month K.year for
//   date) boolean       K: "true" or "false"; a checkbox sends "true", and K.shown=1 says it was
//   there choices, references, area   K, once per element (area: "commune:73011", "epci:...",
//   "dep:73") tags          K: separated by commas or lines, or K several times address K.label
//   .lines .postal_code .commune .commune_code .country .latitude .longitude
//                 .precision .hidden .ban_id
//   addresses     K.n.id and the parts of address
//   schedule      K.start_date .start_time .end_date .end_time .all_day .zone
//                 .repeat (once, daily, weekly, monthly_day, monthly_weekday, yearly, custom)
//                 .interval .days (mo tu we th fr sa su, several) .until .count .rule
//                 .exceptions .additions (dates, separated by commas or lines)
//                 .override.n.original .status .start_date .start_time .end_date .end_time .note
//   opening_hours K: OSM text or French words; or one input per day, K.mo ... K.su, K.ph
//   price         K.kind (free, open, amounts, on_request) .amount.n .amount.n.label .membership
//   .note external_ids  K.n.scheme K.n.value agreements    K.n.id .code .authority .number .start
//   .end picture       K.source .alt .credit links         K.n.url .label
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "schema/model.h"
#include "schema/value.h"

namespace solidaires::schema {

using FormFields = std::multimap<std::string, std::string, std::less<>>;

struct Problem {
  std::string field;  // key of the field
  std::string input;  // name of the input to point at
  Words message;      // what happened, what is kept, what to do
  bool note = false;  // not an error: something was put right, and says so
};

struct Parsed {
  Record record;  // what could be read
  std::vector<Problem> problems;
  [[nodiscard]] bool ok() const;  // no problem but notes
};

// The fields of a form for somebody who may see up to `widest`.
[[nodiscard]] std::vector<Field const*> form_fields(Type const& type, Audience widest);

// Reads `fields` (those that the form showed; all of the type by default). The record holds nothing
// of other fields: apply changes(part of the old record with these fields, parsed record).
// Only what cannot be read is a problem here; validate() has the rules.
[[nodiscard]] Parsed parse_form(FormFields const& typed, std::span<Field const* const> fields);
[[nodiscard]] Parsed parse_form(Type const& type, FormFields const& typed);
// One field.
void parse_field(Field const& field, FormFields const& typed, Parsed& out);

// The inputs that show `record`. When a form comes back with problems, show what was typed instead.
[[nodiscard]] FormFields form_values(Type const& type, Record const& record);

// `record` restricted to `fields` (with all elements of sets).
[[nodiscard]] Record only(Record const& record, std::span<Field const* const> fields);

enum class Stage : std::uint8_t { draft, submit };
// Rules across a whole record: required fields, limits, codes of vocabularies, exclusive terms,
// dates in order, kinds. Empty: fine. `typed` values that could not be read are parse_form's.
[[nodiscard]] std::vector<Problem> validate(Type const& type, Record const& record, Stage stage);

[[nodiscard]] bool holds(Condition const& condition, Record const& record);

}  // namespace solidaires::schema
