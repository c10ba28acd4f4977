// What a type of record is: its fields in groups, and everything that forms, pages, filters, API,
// import and search need to know about them. Part of the immutable content model.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schema/vocabulary.h"

namespace solidaires::schema {

// The same numbers as in proto/schema.proto.
enum class FieldKind : std::uint8_t {
  text = 1,
  long_text,
  integer,
  decimal,
  boolean,
  date,
  date_time,
  choice,
  choices,
  tags,
  url,
  email,
  phone,
  address,
  addresses,
  area,
  schedule,
  opening_hours,
  money,
  price,
  external_id,
  external_ids,
  reference,
  references,
  agreements,
  picture,
  links,
  file
};
[[nodiscard]] bool is_set(FieldKind kind);  // one document field per element
[[nodiscard]] std::string_view kind_name(FieldKind kind);

enum class Audience : std::uint8_t { everyone = 1, office, local };
enum class Required : std::uint8_t { optional, submit, draft };
enum class Card : std::uint8_t {
  none,
  title,
  subtitle,
  summary,
  category,
  place,
  date,
  picture,
  badge
};
enum class Trait : std::uint8_t {
  has_place = 1,
  has_schedule,
  recurs,
  expires,
  is_organisation,
  claimable,
  freshness,
  has_story,
  offers_work,
  seeks_work
};
enum class Gender : std::uint8_t { masculine = 1, feminine };

// Holds if `field` has one of `values` (codes, "true", "false"; none given: is filled); `negated`:
// if not. An empty `field` always holds.
struct Condition {
  std::string field;
  std::vector<std::string> values;
  bool negated = false;
};

struct Facet {
  std::string parameter;  // in addresses: "theme"
  unsigned rank = 0;
};
struct Column {
  std::string part;  // of a composite; empty: the whole field
  std::string header;
  std::vector<std::string> aliases;  // best first
};
struct QualityRule {
  double weight = 1;
  std::size_t ideal_min = 0, ideal_max = 0;  // characters; 0: being filled is enough
};

struct Field {
  std::string key;
  FieldKind kind{};
  Words label, help, example;
  std::string group;
  Required required = Required::optional;
  Audience audience = Audience::local;
  std::string public_if;   // a boolean of the type that opens an office field
  bool is_switch = false;  // is the public_if of another field: nothing to show on a public page
  bool locates = false;    // withheld with a hidden address
  Condition applies_if;

  std::size_t length_min = 0, length_max = 0;  // characters; the maximum is always set
  std::optional<double> min, max;
  std::size_t elements_max = 0;  // always set for sets
  Vocabulary const* vocabulary = nullptr;
  std::string scheme;
  std::vector<std::string> refers_to;
  std::string default_from;

  std::optional<Facet> facet;
  unsigned search_weight = 0;
  Card card = Card::none;
  std::optional<QualityRule> quality;

  std::string schema_org, json, autocomplete;
  std::vector<Column> columns;  // never empty
};

struct Group {
  std::string key;
  Words label, help;
  std::vector<Field const*> fields;  // in the order of the form
};

// From which fields the phases of a record follow (node/model/life_cycle.h); see
// proto/schema.proto.
struct Life {
  std::string dated, opens, closes, ongoing, outcome, outcome_on, near;
  unsigned displayed_days = 0;
  unsigned closing_days = 0;
};

struct Type {
  std::string key, prefix;
  unsigned rank = 0;
  Words singular, plural, description;
  Gender gender = Gender::masculine;
  std::string schema_org, icon;
  std::set<Trait> traits;
  std::string expiry_field;
  Life life;
  std::vector<Group> groups;
  std::vector<Field> fields;  // in the order of the form

  [[nodiscard]] bool has(Trait trait) const { return traits.contains(trait); }
  // Is open for a time, and says what became of it.
  [[nodiscard]] bool has_life() const { return !life.outcome.empty() || !life.closes.empty(); }
  [[nodiscard]] Field const* field(std::string_view key) const;  // null if there is none
  // The first field of a kind, or with a role on cards; null if there is none.
  [[nodiscard]] Field const* first(FieldKind kind) const;
  [[nodiscard]] Field const* first(Card card) const;
  [[nodiscard]] std::vector<Field const*> facets() const;  // by rank
};

// For sentences: "la structure", "l'événement"; "une structure"; "de la structure", "de
// l'événement".
[[nodiscard]] std::string with_the(Type const& type, Language language);
[[nodiscard]] std::string with_a(Type const& type, Language language);
[[nodiscard]] std::string of_the(Type const& type, Language language);

}  // namespace solidaires::schema
