#include "schema/value.h"

#include <google/protobuf/stubs/logging.h>

#include <climits>
#include <cmath>

#include "proto/value.pb.h"

namespace solidaires::schema {
namespace {

// Thrown by the readers below, caught in decode(): the bytes are no value of ours.
struct Unreadable {};

void put(Date date, proto::DateValue& out) {
  out.set_year(static_cast<int>(date.year()));
  out.set_month(static_cast<unsigned>(date.month()));
  out.set_day(static_cast<unsigned>(date.day()));
}
void put(LocalDateTime const& at, proto::LocalDateTimeValue& out) {
  put(at.date, *out.mutable_date());
  out.set_minute(at.minute);
}
void put(Money const& money, proto::MoneyValue& out) {
  out.set_cents(money.cents);
  out.set_currency(money.currency);
}

Date read(proto::DateValue const& in) {
  if (in.year() < 1 || in.year() > 9999 || in.month() > 12 || in.day() > 31) throw Unreadable{};
  Date const date{std::chrono::year(in.year()), std::chrono::month(in.month()),
                  std::chrono::day(in.day())};
  if (!date.ok()) throw Unreadable{};
  return date;
}
LocalDateTime read(proto::LocalDateTimeValue const& in) {
  if (in.minute() >= 24 * 60) throw Unreadable{};
  return {read(in.date()), static_cast<std::uint16_t>(in.minute())};
}
Money read(proto::MoneyValue const& in) {
  return {in.cents(), in.currency()};
}
std::optional<Date> read_if(bool there, proto::DateValue const& in) {
  return there ? std::optional(read(in)) : std::nullopt;
}
std::optional<LocalDateTime> read_if(bool there, proto::LocalDateTimeValue const& in) {
  return there ? std::optional(read(in)) : std::nullopt;
}
template <class Enum>
Enum read_enum(std::uint32_t number, Enum last) {
  if (number > static_cast<std::uint32_t>(last)) throw Unreadable{};
  return static_cast<Enum>(number);
}

void put(Address const& address, proto::AddressValue& out) {
  out.set_label(address.label);
  for (auto const& line : address.lines) out.add_line(line);
  out.set_postal_code(address.postal_code);
  out.set_commune_code(address.commune_code);
  out.set_commune(address.commune);
  out.set_country(address.country);
  if (address.point) {
    out.set_latitude(address.point->latitude);
    out.set_longitude(address.point->longitude);
  }
  out.set_precision(static_cast<std::uint32_t>(address.precision));
  out.set_hidden(address.hidden);
  out.set_ban_id(address.ban_id);
}
Address read(proto::AddressValue const& in) {
  Address out;
  out.label = in.label();
  out.lines.assign(in.line().begin(), in.line().end());
  out.postal_code = in.postal_code();
  out.commune_code = in.commune_code();
  out.commune = in.commune();
  out.country = in.country();
  if (in.has_latitude() && in.has_longitude()) {
    Point const point{in.latitude(), in.longitude()};
    // Written so that a NaN is refused too.
    if (!(std::abs(point.latitude) <= 90 && std::abs(point.longitude) <= 180)) throw Unreadable{};
    out.point = point;
  }
  out.precision = read_enum(in.precision(), Precision::approximate);
  out.hidden = in.hidden();
  out.ban_id = in.ban_id();
  return out;
}

void put(Schedule const& schedule, proto::ScheduleValue& out) {
  put(schedule.start, *out.mutable_start());
  if (schedule.end) put(*schedule.end, *out.mutable_end());
  out.set_all_day(schedule.all_day);
  out.set_zone(schedule.zone);
  out.set_rule(schedule.rule);
  for (auto const& at : schedule.exceptions) put(at, *out.add_except());
  for (auto const& at : schedule.additions) put(at, *out.add_extra());
  for (auto const& one : schedule.overrides) {
    auto& item = *out.add_override();
    put(one.original, *item.mutable_original());
    item.set_status(static_cast<std::uint32_t>(one.status));
    if (one.start) put(*one.start, *item.mutable_start());
    if (one.end) put(*one.end, *item.mutable_end());
    item.set_note(one.note);
  }
}
Schedule read(proto::ScheduleValue const& in) {
  Schedule out;
  out.start = read(in.start());
  out.end = read_if(in.has_end(), in.end());
  out.all_day = in.all_day();
  out.zone = in.zone();
  out.rule = in.rule();
  for (auto const& at : in.except()) out.exceptions.push_back(read(at));
  for (auto const& at : in.extra()) out.additions.push_back(read(at));
  for (auto const& item : in.override())
    out.overrides.push_back({read(item.original()),
                             read_enum(item.status(), OccurrenceStatus::full),
                             read_if(item.has_start(), item.start()),
                             read_if(item.has_end(), item.end()), item.note()});
  return out;
}

void put(Price const& price, proto::PriceValue& out) {
  out.set_kind(static_cast<std::uint32_t>(price.kind));
  for (auto const& amount : price.amounts) {
    auto& item = *out.add_amount();
    put(amount.money, *item.mutable_money());
    item.set_label(amount.label);
  }
  out.set_membership(price.membership);
  out.set_note(price.note);
}
Price read(proto::PriceValue const& in) {
  Price out;
  out.kind = read_enum(in.kind(), PriceKind::on_request);
  for (auto const& item : in.amount()) out.amounts.push_back({read(item.money()), item.label()});
  out.membership = in.membership();
  out.note = in.note();
  return out;
}

struct Encoder {
  proto::Value& out;

  void operator()(Present) const { out.set_present(true); }
  void operator()(std::string const& text) const { out.set_text(text); }
  void operator()(std::int64_t number) const { out.set_integer(number); }
  void operator()(Decimal number) const {
    out.mutable_decimal()->set_unscaled(number.unscaled);
    out.mutable_decimal()->set_scale(number.scale);
  }
  void operator()(bool flag) const { out.set_boolean(flag); }
  void operator()(Date date) const { put(date, *out.mutable_date()); }
  void operator()(LocalDateTime const& at) const { put(at, *out.mutable_date_time()); }
  void operator()(Money const& money) const { put(money, *out.mutable_money()); }
  void operator()(Address const& address) const { put(address, *out.mutable_address()); }
  void operator()(Schedule const& schedule) const { put(schedule, *out.mutable_schedule()); }
  void operator()(Price const& price) const { put(price, *out.mutable_price()); }
  void operator()(ExternalId const& id) const {
    auto& item = *out.mutable_external_id();
    item.set_scheme(id.scheme);
    item.set_value(id.value);
    if (id.verified_on) put(*id.verified_on, *item.mutable_verified_on());
  }
  void operator()(DocumentId const& id) const { out.set_reference(Bytes(id.bytes())); }
  void operator()(Agreement const& agreement) const {
    auto& item = *out.mutable_agreement();
    item.set_code(agreement.code);
    item.set_authority(agreement.authority);
    item.set_number(agreement.number);
    if (agreement.start) put(*agreement.start, *item.mutable_start());
    if (agreement.end) put(*agreement.end, *item.mutable_end());
  }
  void operator()(Picture const& picture) const {
    auto& item = *out.mutable_picture();
    item.set_source(picture.source);
    item.set_alt(picture.alt);
    item.set_credit(picture.credit);
    item.set_size(picture.size);
    item.set_media_type(picture.media_type);
    item.set_width(picture.width);
    item.set_height(picture.height);
  }
  void operator()(File const& file) const {
    auto& item = *out.mutable_file();
    item.set_sha256(file.sha256);
    item.set_size(file.size);
    item.set_media_type(file.media_type);
    item.set_name(file.name);
    item.set_label(file.label);
  }
  void operator()(Link const& link) const {
    out.mutable_link()->set_url(link.url);
    out.mutable_link()->set_label(link.label);
  }
  void operator()(Unknown const&) const {}
};

Value read_composite(proto::Value const& in) {
  switch (in.value_case()) {
    case proto::Value::kAddress: return read(in.address());
    case proto::Value::kSchedule: return read(in.schedule());
    case proto::Value::kPrice: return read(in.price());
    case proto::Value::kExternalId: {
      auto const& id = in.external_id();
      return ExternalId{id.scheme(), id.value(), read_if(id.has_verified_on(), id.verified_on())};
    }
    case proto::Value::kAgreement: {
      auto const& item = in.agreement();
      return Agreement{item.code(), item.authority(), item.number(),
                       read_if(item.has_start(), item.start()),
                       read_if(item.has_end(), item.end())};
    }
    case proto::Value::kPicture: {
      auto const& item = in.picture();
      return Picture{item.source(),     item.alt(),   item.credit(), item.size(),
                     item.media_type(), item.width(), item.height()};
    }
    case proto::Value::kFile: {
      auto const& item = in.file();
      if (item.sha256().size() != 32) throw Unreadable{};
      return File{item.sha256(), item.size(), item.media_type(), item.name(), item.label()};
    }
    case proto::Value::kLink: return Link{in.link().url(), in.link().label()};
    default: throw Unreadable{};
  }
}

Value read(proto::Value const& in) {
  switch (in.value_case()) {
    case proto::Value::kPresent: return Present{};
    case proto::Value::kText: return in.text();
    case proto::Value::kInteger: return std::int64_t{in.integer()};
    case proto::Value::kDecimal:
      if (in.decimal().scale() > 18) throw Unreadable{};
      return Decimal{in.decimal().unscaled(), static_cast<std::uint8_t>(in.decimal().scale())};
    case proto::Value::kBoolean: return in.boolean();
    case proto::Value::kDate: return read(in.date());
    case proto::Value::kDateTime: return read(in.date_time());
    case proto::Value::kMoney: return read(in.money());
    case proto::Value::kReference: {
      auto id = DocumentId::from_bytes(in.reference());
      if (!id) throw Unreadable{};
      return *id;
    }
    default: return read_composite(in);
  }
}

}  // namespace

double to_double(Decimal value) {
  return static_cast<double>(value.unscaled) / std::pow(10.0, value.scale);
}

Bytes encode(Value const& value) {
  if (auto const* unknown = std::get_if<Unknown>(&value)) return unknown->bytes;
  proto::Value out;
  std::visit(Encoder{out}, value);
  return out.SerializeAsString();
}

Value decode(std::string_view bytes) {
  // Bytes of peers must not be able to fill the log; failures are told by the result.
  [[maybe_unused]] static auto* const kSilenced = google::protobuf::SetLogHandler(nullptr);
  proto::Value in;
  if (bytes.size() > INT_MAX || !in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Unknown{Bytes(bytes)};
  try {
    return read(in);
  } catch (Unreadable const&) {
    return Unknown{Bytes(bytes)};
  }
}

std::string_view text_of(Record const& record, std::string_view key) {
  auto const* text = get<std::string>(record, key);
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

bool is_set_to_true(Record const& record, std::string_view key) {
  auto const* flag = get<bool>(record, key);
  return flag != nullptr && *flag;
}

std::vector<std::string> elements(Record const& record, std::string_view key) {
  std::vector<std::string> out;
  std::string const prefix = cat(key, '/');
  for (auto it = record.lower_bound(prefix); it != record.end() && it->first.starts_with(prefix);
       ++it)
    out.push_back(it->first.substr(prefix.size()));
  return out;
}

bool has(Record const& record, std::string_view key) {
  if (record.contains(key)) return true;
  std::string const prefix = cat(key, '/');
  auto const found = record.lower_bound(prefix);
  return found != record.end() && found->first.starts_with(prefix);
}

std::string_view field_of(std::string_view document_key) {
  return document_key.substr(0, document_key.find('/'));
}

std::string element_key(std::string_view field, std::string_view element) {
  return cat(field, '/', element);
}

std::vector<Change> changes(Record const& before, Record const& after) {
  std::vector<Change> out;
  auto old = before.begin();
  auto now = after.begin();
  while (old != before.end() || now != after.end()) {
    if (now == after.end() || (old != before.end() && old->first < now->first)) {
      out.push_back({old->first, std::nullopt});
      ++old;
    } else if (old == before.end() || now->first < old->first) {
      out.push_back({now->first, now->second});
      ++now;
    } else {
      if (old->second != now->second) out.push_back({now->first, now->second});
      ++old;
      ++now;
    }
  }
  return out;
}

}  // namespace solidaires::schema
