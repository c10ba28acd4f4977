// The value of one field of a content document, its bytes, and a record: the fields of one document
// by key. Plain values, any thread. Bytes come from disks and peers: decoding never fails, what it
// cannot read is kept as Unknown and written back unchanged.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sync/base/bytes.h"
#include "sync/base/ids.h"

namespace solidaires::schema {

using Date = std::chrono::year_month_day;  // valid wherever this room gives one

// As on the wall of the place: its time zone stands beside it, or is Europe/Paris.
struct LocalDateTime {
  Date date{};
  std::uint16_t minute = 0;  // of the day, 0 to 1439
  friend auto operator<=>(LocalDateTime const&, LocalDateTime const&) = default;
};

// unscaled / 10^scale, exactly; without trailing zeros after the point.
struct Decimal {
  std::int64_t unscaled = 0;
  std::uint8_t scale = 0;
  friend bool operator==(Decimal const&, Decimal const&) = default;
};
[[nodiscard]] double to_double(Decimal value);

struct Money {
  std::int64_t cents = 0;
  std::string currency = "EUR";
  friend bool operator==(Money const&, Money const&) = default;
};

struct Point {
  double latitude = 0;  // WGS 84, degrees
  double longitude = 0;
  friend bool operator==(Point const&, Point const&) = default;
};

// Stored on disk: never renumber.
enum class Precision : std::uint8_t { unknown, house, street, locality, commune, approximate };

struct Address {
  std::string label;               // name of the place or of the site
  std::vector<std::string> lines;  // street and complements, without postal code and commune
  std::string postal_code;
  std::string commune_code;  // INSEE
  std::string commune;
  std::string country = "FR";  // ISO 3166-1 alpha-2
  std::optional<Point> point;
  Precision precision = Precision::unknown;
  bool hidden = false;  // published as its commune only
  std::string ban_id;
  friend bool operator==(Address const&, Address const&) = default;
};

// Stored on disk: never renumber.
enum class OccurrenceStatus : std::uint8_t { planned, cancelled, moved, full };

struct Override {
  LocalDateTime original;
  OccurrenceStatus status = OccurrenceStatus::planned;
  std::optional<LocalDateTime> start, end;  // the new ones
  std::string note;
  friend bool operator==(Override const&, Override const&) = default;
};

// `exceptions` and `original` name starts that the rule gives. All-day: minutes are 0, `end` is the
// last day (included).
struct Schedule {
  LocalDateTime start;
  std::optional<LocalDateTime> end;
  bool all_day = false;
  std::string zone = "Europe/Paris";
  std::string rule;  // RRULE of RFC 5545, without its name; empty: once
  std::vector<LocalDateTime> exceptions, additions;
  std::vector<Override> overrides;
  friend bool operator==(Schedule const&, Schedule const&) = default;
};

// Stored on disk: never renumber.
enum class PriceKind : std::uint8_t { unknown, free, open, amounts, on_request };

struct Price {
  struct Amount {
    Money money;
    std::string label;  // for whom: "plein tarif"
    friend bool operator==(Amount const&, Amount const&) = default;
  };
  PriceKind kind = PriceKind::unknown;
  std::vector<Amount> amounts;
  bool membership = false;  // one is asked to join
  std::string note;
  friend bool operator==(Price const&, Price const&) = default;
};

struct ExternalId {
  std::string scheme;
  std::string value;
  std::optional<Date> verified_on;
  friend bool operator==(ExternalId const&, ExternalId const&) = default;
};

struct Agreement {
  std::string code;  // of the field's vocabulary
  std::string authority, number;
  std::optional<Date> start, end;
  friend bool operator==(Agreement const&, Agreement const&) = default;
};

struct Picture {
  std::string source;  // an https address, or "blob:" and the hexadecimal SHA-256 of the file
  std::string alt, credit;
  // Of a file; zero and empty for an address.
  std::uint64_t size = 0;  // bytes
  std::string media_type{};
  std::uint32_t width = 0, height = 0;  // pixels
  friend bool operator==(Picture const&, Picture const&) = default;
};

// A document to read or to download: a file that replicas hold by its hash (file_reference.h).
struct File {
  Bytes sha256;            // 32 bytes
  std::uint64_t size = 0;  // bytes
  std::string media_type;  // "application/pdf"
  std::string name;        // as people save it: "statuts.pdf"
  std::string label;       // what it is, in words; may be empty
  friend bool operator==(File const&, File const&) = default;
};

struct Link {
  std::string url, label;
  friend bool operator==(Link const&, Link const&) = default;
};

struct Present {  // an element of a set whose key says all
  friend bool operator==(Present const&, Present const&) = default;
};
struct Unknown {  // bytes that this version of the program cannot read
  Bytes bytes;
  friend bool operator==(Unknown const&, Unknown const&) = default;
};

// std::string: text, long text, choice (its code), url, email, phone, opening hours, tag (as
// typed).
using Value = std::variant<Present, std::string, std::int64_t, Decimal, bool, Date, LocalDateTime,
                           Money, Address, Schedule, Price, ExternalId, DocumentId, Agreement,
                           Picture, Link, File, Unknown>;

[[nodiscard]] Bytes encode(Value const& value);  // never empty (empty means cleared), save Unknown
[[nodiscard]] Value decode(std::string_view bytes);

// By document field key: "name", and one entry per element of a set: "publics/familles". A field
// without a value is absent. Engine fields ('_...') are never in it.
using Record = std::map<std::string, Value, std::less<>>;

// The value of a single field if it is present and a T, else null. Valid while `record` is
// unchanged.
template <class T>
[[nodiscard]] T const* get(Record const& record, std::string_view key) {
  auto const found = record.find(key);
  return found == record.end() ? nullptr : std::get_if<T>(&found->second);
}
[[nodiscard]] std::string_view text_of(Record const& record, std::string_view key);  // or empty
[[nodiscard]] bool is_set_to_true(Record const& record, std::string_view key);
// The parts after '/' of the elements of a set, in key order: codes of choices, ids of references.
[[nodiscard]] std::vector<std::string> elements(Record const& record, std::string_view key);
// True if the record has the field, or any element of it.
[[nodiscard]] bool has(Record const& record, std::string_view key);

// "publics" of "publics/familles"; the whole key of a single field.
[[nodiscard]] std::string_view field_of(std::string_view document_key);
[[nodiscard]] std::string element_key(std::string_view field, std::string_view element);

// What turns `before` into `after`: nullopt removes. Changed keys in order.
struct Change {
  std::string key;
  std::optional<Value> value;
  friend bool operator==(Change const&, Change const&) = default;
};
[[nodiscard]] std::vector<Change> changes(Record const& before, Record const& after);

}  // namespace solidaires::schema
