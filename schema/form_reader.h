// Reads one field from the inputs of a form, kind by kind. Internal to schema/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/form.h"

namespace solidaires::schema {

// Marks: files are read with more indulgence than forms.
enum class Source : std::uint8_t { form, file };

class FormReader {
 public:
  FormReader(Field const& field, FormFields const& typed, Source source, Parsed& out)
      : field_(field), typed_(typed), source_(source), out_(out) {}
  void run();

 private:
  void single();
  void set();
  void text(bool lines);
  void number();
  void boolean();
  void date();
  void date_time();
  void choice();
  void choices();
  void resolve_codes(std::string_view text, std::string_view input);
  void tags();
  void contact();
  void email();
  void area();
  void opening_hours();
  void external_id();
  void reference();
  void references();

  // form_composites.cc
  void addresses();
  void external_ids();
  void agreements();
  void agreement_codes(std::string const& input, std::string_view text);
  void put_agreement(std::string const& input, std::string_view typed, Agreement out);
  void picture();
  void file();
  [[nodiscard]] std::uint64_t count_at(std::string const& input) const;
  void links();
  void price();
  std::vector<Price::Amount> amounts();
  void schedule();
  std::optional<Address> address(std::string const& input);
  void address_codes(Address& address, std::string const& input);
  void address_point(Address& address, std::string const& input);
  std::optional<LocalDateTime> moment(std::string const& input, std::string_view part, bool all_day,
                                      std::optional<Date> same_day);
  std::string schedule_rule(Schedule const& schedule);
  std::string built_rule(std::string const& repeat, Schedule const& schedule);
  std::vector<LocalDateTime> moments(std::string const& input, Schedule const& schedule);
  std::vector<Override> overrides(Schedule const& schedule);
  std::optional<Date> date_at(std::string const& input);

  [[nodiscard]] bool sent(std::string const& input) const { return typed_.contains(input); }
  [[nodiscard]] std::string raw(std::string const& input) const;   // the first; empty if none
  [[nodiscard]] std::string line(std::string const& input) const;  // cleaned
  [[nodiscard]] std::vector<std::string> lines(std::string const& input) const;  // all, cleaned
  [[nodiscard]] std::optional<bool> flag(std::string const& input) const;
  [[nodiscard]] std::vector<std::string> indexed(std::string const& input) const;  // "links.0"
  [[nodiscard]] std::string element_id(std::string const& input, Value const& value) const;

  void put(Value value) { out_.record.insert_or_assign(field_.key, std::move(value)); }
  void put(std::string_view element, Value value) {
    out_.record.insert_or_assign(element_key(field_.key, element), std::move(value));
  }
  void problem(std::string input, Words message);
  void note(std::string input, Words message);

  Field const& field_;
  FormFields const& typed_;
  Source source_;
  Parsed& out_;
};

// What the record shows in the inputs of one field.
void write_inputs(Field const& field, Record const& record, FormFields& out);
// True if `value` is of the alternative that the kind has (of one element, for sets).
[[nodiscard]] bool fits(FieldKind kind, Value const& value);

}  // namespace solidaires::schema
