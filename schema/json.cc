#include "schema/json.h"

#include <boost/json.hpp>

#include "schema/characters.h"
#include "schema/contact.h"
#include "schema/dates.h"
#include "schema/form_reader.h"
#include "schema/numbers.h"
#include "schema/opening_hours.h"
#include "schema/recurrence.h"

namespace solidaires::schema {
namespace {

namespace json = boost::json;

json::string text(std::string_view value) {
  return json::string(value);
}

void put(json::object& out, std::string_view name, std::string_view value) {
  if (!value.empty()) out[name] = text(value);
}
void put(json::object& out, std::string_view name, std::optional<Date> value) {
  if (value) out[name] = text(iso(*value));
}

// Safe inside a script element and in any other place of an HTML page.
std::string serialized(json::value const& value) {
  std::string const plain = json::serialize(value);
  std::string out;
  out.reserve(plain.size());
  for (char const c : plain) {
    // Outside strings JSON has none of these signs.
    if (c == '<')
      out += "\\u003c";
    else if (c == '>')
      out += "\\u003e";
    else if (c == '&')
      out += "\\u0026";
    else
      out += c;
  }
  return out;
}

json::object api(Address const& address) {
  json::object out;
  put(out, "label", address.label);
  if (!address.lines.empty()) {
    json::array lines;
    for (auto const& line : address.lines) lines.emplace_back(text(line));
    out["lines"] = std::move(lines);
  }
  put(out, "postal_code", address.postal_code);
  put(out, "commune_code", address.commune_code);
  put(out, "commune", address.commune);
  put(out, "country", address.country);
  if (address.point) {
    out["latitude"] = address.point->latitude;
    out["longitude"] = address.point->longitude;
  }
  constexpr std::string_view kPrecisions[] = {"",         "house",   "street",
                                              "locality", "commune", "approximate"};
  put(out, "precision", kPrecisions[static_cast<std::size_t>(address.precision)]);
  if (address.hidden) out["hidden"] = true;
  put(out, "ban_id", address.ban_id);
  return out;
}

json::string moment(LocalDateTime const& at, bool all_day) {
  return text(all_day ? iso(at.date) : iso(at));
}
json::array moments(std::vector<LocalDateTime> const& all, bool all_day) {
  json::array out;
  for (auto const& at : all) out.emplace_back(moment(at, all_day));
  return out;
}

json::object api(Schedule const& schedule) {
  json::object out;
  bool const days = schedule.all_day;
  out["start"] = moment(schedule.start, days);
  if (schedule.end) out["end"] = moment(*schedule.end, days);
  out["all_day"] = days;
  put(out, "time_zone", schedule.zone);
  put(out, "rule", schedule.rule);
  if (!schedule.exceptions.empty()) out["exceptions"] = moments(schedule.exceptions, days);
  if (!schedule.additions.empty()) out["additions"] = moments(schedule.additions, days);
  if (schedule.overrides.empty()) return out;
  constexpr std::string_view kStatuses[] = {"planned", "cancelled", "moved", "full"};
  json::array overrides;
  for (auto const& one : schedule.overrides) {
    json::object item;
    item["original"] = moment(one.original, days);
    put(item, "status", kStatuses[static_cast<std::size_t>(one.status)]);
    if (one.start) item["start"] = moment(*one.start, days);
    if (one.end) item["end"] = moment(*one.end, days);
    put(item, "note", one.note);
    overrides.emplace_back(std::move(item));
  }
  out["overrides"] = std::move(overrides);
  return out;
}

json::object api(Money const& money) {
  json::object out;
  out["amount"] = static_cast<double>(money.cents) / 100;
  out["currency"] = text(money.currency);
  return out;
}

json::object api(Price const& price) {
  json::object out;
  constexpr std::string_view kKinds[] = {"", "free", "open", "amounts", "on_request"};
  put(out, "kind", kKinds[static_cast<std::size_t>(price.kind)]);
  json::array amounts;
  for (auto const& amount : price.amounts) {
    json::object item = api(amount.money);
    put(item, "label", amount.label);
    amounts.emplace_back(std::move(item));
  }
  if (!amounts.empty()) out["amounts"] = std::move(amounts);
  if (price.membership) out["membership"] = true;
  put(out, "note", price.note);
  return out;
}

struct Api {
  json::value operator()(Present) const { return true; }
  json::value operator()(std::string const& value) const { return text(value); }
  json::value operator()(std::int64_t value) const { return value; }
  json::value operator()(Decimal value) const { return to_double(value); }
  json::value operator()(bool value) const { return value; }
  json::value operator()(Date value) const { return text(iso(value)); }
  json::value operator()(LocalDateTime const& value) const { return text(iso(value)); }
  json::value operator()(Money const& value) const { return api(value); }
  json::value operator()(Address const& value) const { return api(value); }
  json::value operator()(Schedule const& value) const { return api(value); }
  json::value operator()(Price const& value) const { return api(value); }
  json::value operator()(ExternalId const& value) const { return text(value.value); }
  json::value operator()(DocumentId const& value) const { return text(value.to_string()); }
  json::value operator()(Agreement const& value) const {
    json::object out;
    put(out, "code", value.code);
    put(out, "authority", value.authority);
    put(out, "number", value.number);
    put(out, "start", value.start);
    put(out, "end", value.end);
    return out;
  }
  json::value operator()(Picture const& value) const {
    json::object out;
    put(out, "source", value.source);
    put(out, "alt", value.alt);
    put(out, "credit", value.credit);
    put(out, "media_type", value.media_type);
    if (value.size != 0) out["size"] = value.size;
    if (value.width != 0) out["width"] = value.width;
    if (value.height != 0) out["height"] = value.height;
    return out;
  }
  json::value operator()(File const& value) const {
    json::object out;
    put(out, "sha256", hex(value.sha256));
    out["size"] = value.size;
    put(out, "media_type", value.media_type);
    put(out, "name", value.name);
    put(out, "label", value.label);
    return out;
  }
  json::value operator()(Link const& value) const {
    json::object out;
    put(out, "url", value.url);
    put(out, "label", value.label);
    return out;
  }
  json::value operator()(Unknown const&) const { return nullptr; }
};

json::value api_element(Field const& field, std::string const& element, Value const& value) {
  if (std::holds_alternative<Present>(value)) return text(element);
  auto const* id = std::get_if<ExternalId>(&value);
  if (id == nullptr || field.kind != FieldKind::external_ids) return std::visit(Api{}, value);
  json::object out;
  put(out, "scheme", id->scheme);
  put(out, "value", id->value);
  return out;
}

json::object members(JsonMembers const& first) {
  json::object out;
  for (auto const& [name, value] : first) {
    json::error_code error;
    auto parsed = json::parse(value, error);
    if (!error) out[name] = std::move(parsed);
  }
  return out;
}

// A second value of the same property makes a list of it.
void add(json::object& out, std::string_view name, json::value value) {
  auto const found = out.find(name);
  if (found == out.end()) {
    out[name] = std::move(value);
    return;
  }
  if (!found->value().is_array()) found->value() = json::array{found->value()};
  auto& list = found->value().as_array();
  if (value.is_array())
    for (auto& item : value.as_array()) list.emplace_back(std::move(item));
  else
    list.emplace_back(std::move(value));
}

json::object postal(Address const& address) {
  json::object out;
  out["@type"] = "PostalAddress";
  put(out, "streetAddress", join(address.lines, ", "));
  put(out, "postalCode", address.postal_code);
  put(out, "addressLocality", address.commune);
  put(out, "addressCountry", address.country);
  return out;
}

json::object place(Address const& address) {
  json::object out;
  out["@type"] = "Place";
  put(out, "name", address.label.empty() ? address.commune : address.label);
  out["address"] = postal(address);
  if (address.point) {
    json::object geo;
    geo["@type"] = "GeoCoordinates";
    geo["latitude"] = address.point->latitude;
    geo["longitude"] = address.point->longitude;
    out["geo"] = std::move(geo);
  }
  return out;
}

// "2026-12-12T14:00+01:00": summer time of the European Union, last Sunday of March to last Sunday
// of October. Other zones are written without an offset, which means local time.
std::string with_offset(LocalDateTime const& at, Schedule const& schedule) {
  if (schedule.all_day) return iso(at.date);
  if (schedule.zone != "Europe/Paris" && schedule.zone != "Europe/Zurich")
    return cat(iso(at), ":00");
  using namespace std::chrono;
  auto const change = [&](month which) { return sys_days(at.date.year() / which / Sunday[last]); };
  auto const moment = sys_days(at.date) + minutes(at.minute);
  bool const summer = moment >= change(March) + hours(2) && moment < change(October) + hours(3);
  return cat(iso(at), summer ? ":00+02:00" : ":00+01:00");
}

void add_schedule(json::object& out, Schedule const& schedule) {
  put(out, "startDate", with_offset(schedule.start, schedule));
  if (schedule.end) put(out, "endDate", with_offset(*schedule.end, schedule));
  auto const rule = parse_rule(schedule.rule);
  if (schedule.rule.empty() || !rule) return;
  constexpr std::string_view kUnits[] = {"D", "W", "M", "Y"};
  constexpr std::string_view kDays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};
  json::object item;
  item["@type"] = "Schedule";
  put(item, "startDate", std::optional(schedule.start.date));
  if (!schedule.all_day) put(item, "startTime", cat(iso_time(schedule.start.minute), ":00"));
  put(item, "endDate", rule->until);
  put(item, "repeatFrequency",
      cat('P', rule->interval, kUnits[static_cast<std::size_t>(rule->frequency)]));
  if (rule->count) item["repeatCount"] = *rule->count;
  json::array days;
  for (auto const day : rule->days)
    days.emplace_back(text(cat("https://schema.org/", kDays[day.day])));
  if (!days.empty()) item["byDay"] = std::move(days);
  if (!schedule.exceptions.empty())
    item["exceptDate"] = moments(schedule.exceptions, schedule.all_day);
  put(item, "scheduleTimezone", schedule.zone);
  out["eventSchedule"] = std::move(item);
}

void add_price(json::object& out, std::string_view name, Price const& price) {
  if (price.kind == PriceKind::free) out["isAccessibleForFree"] = true;
  for (auto const& amount : price.amounts) {
    json::object item;
    item["@type"] = "Offer";
    put(item, "name", amount.label);
    put(item, "price", to_plain(Money{amount.money.cents, "EUR"}));
    put(item, "priceCurrency", amount.money.currency);
    add(out, name, std::move(item));
  }
}

void add_hours(json::object& out, std::string_view name, std::string const& osm) {
  auto const hours = parse_opening_hours(osm);
  if (!hours) return;
  for (auto const& rule : hours->rules) {
    // Seasons, ranks in the month and holidays have no place in this property.
    if (rule.closed || rule.spans.empty() || !rule.season.empty() || !rule.nth.empty()) continue;
    OpeningHours one;
    one.rules.push_back(rule);
    one.rules.front().public_holidays = one.rules.front().school_holidays = false;
    one.rules.front().comment.clear();
    if (rule.days.empty() && rule.public_holidays) continue;
    add(out, name, text(to_osm(one)));
  }
}

json::value term(Field const& field, std::string_view code, Language language) {
  auto const* found = field.vocabulary != nullptr ? field.vocabulary->find(code) : nullptr;
  if (found != nullptr && !found->schema_org.empty()) return text(found->schema_org);
  return text(found != nullptr ? found->label.in(language) : std::string(code));
}

void add_linked(json::object& out, std::string_view name, DocumentId const& id,
                DisplayOptions const& options) {
  if (!options.resolve) return;
  auto const linked = options.resolve(id);
  if (!linked) return;
  json::object item;
  item["@type"] = name == "location" ? "Place" : "Organization";
  put(item, "name", linked->title);
  put(item, "url", linked->url);
  add(out, name, std::move(item));
}

void add_identifier(json::object& out, std::string_view name, ExternalId const& id) {
  json::object item;
  item["@type"] = "PropertyValue";
  put(item, "propertyID", id.scheme);
  put(item, "value", id.value);
  add(out, name, std::move(item));
}

void add_element(json::object& out, Field const& field, std::string const& element,
                 Value const& value, DisplayOptions const& options) {
  std::string_view const name = field.schema_org;
  if (field.kind == FieldKind::choices)
    return add(out, name, term(field, element, options.language));
  if (field.kind == FieldKind::references) {
    if (auto const id = DocumentId::parse(element)) add_linked(out, name, *id, options);
    return;
  }
  if (auto const* address = std::get_if<Address>(&value)) return add(out, name, place(*address));
  if (auto const* id = std::get_if<ExternalId>(&value)) return add_identifier(out, name, *id);
  if (auto const* link = std::get_if<Link>(&value)) {
    if (is_web_url(link->url)) add(out, name, text(link->url));
    return;
  }
  if (field.kind == FieldKind::area) {
    if (options.place)
      if (std::string const where = options.place(element); !where.empty())
        add(out, name, text(where));
    return;
  }
  if (auto words = display_value(field, value, options); !words.empty())
    add(out, name, text(words));
}

void add_value(json::object& out, Field const& field, Value const& value,
               DisplayOptions const& options) {
  std::string_view const name = field.schema_org;
  if (auto const* address = std::get_if<Address>(&value)) {
    if (name == "address") add(out, name, postal(*address));
    if (name != "address" || address->point)
      add(out, name == "address" ? "location" : name, place(*address));
  } else if (auto const* schedule = std::get_if<Schedule>(&value)) {
    add_schedule(out, *schedule);
  } else if (auto const* price = std::get_if<Price>(&value)) {
    add_price(out, name, *price);
  } else if (auto const* id = std::get_if<ExternalId>(&value)) {
    add_identifier(out, name, *id);
  } else if (auto const* reference = std::get_if<DocumentId>(&value)) {
    add_linked(out, name, *reference, options);
  } else if (auto const* picture = std::get_if<Picture>(&value)) {
    if (is_web_url(picture->source)) add(out, name, text(picture->source));
  } else if (std::holds_alternative<File>(value)) {
    return;  // its address is the portal's own
  } else if (field.kind == FieldKind::choice) {
    add(out, name, term(field, std::get<std::string>(value), options.language));
  } else if (field.kind == FieldKind::opening_hours) {
    add_hours(out, name, std::get<std::string>(value));
  } else if (name == "hiringOrganization" || name == "organizer") {
    json::object item;  // one that has no record here
    item["@type"] = "Organization";
    put(item, "name", std::get<std::string>(value));
    add(out, name, std::move(item));
  } else {
    add(out, name, std::visit(Api{}, value));
  }
}

// What an offer pays: the fields of types/job_offer.txtpb. Units without a schema.org name are not
// for machines.
void add_salary(json::object& out, Type const& type, Record const& record) {
  auto const* const low = get<Money>(record, "pay_min");
  auto const* const high = get<Money>(record, "pay_max");
  auto const* const units = type.field("pay_unit");
  if (low == nullptr || units == nullptr || units->vocabulary == nullptr) return;
  auto const* const unit = units->vocabulary->find(text_of(record, "pay_unit"));
  if (unit == nullptr || unit->schema_org.empty()) return;
  json::object pay;
  pay["@type"] = "QuantitativeValue";
  if (high == nullptr || high->cents == low->cents) {
    pay["value"] = static_cast<double>(low->cents) / 100;
  } else {
    pay["minValue"] = static_cast<double>(low->cents) / 100;
    pay["maxValue"] = static_cast<double>(high->cents) / 100;
  }
  pay["unitText"] = text(unit->schema_org);
  json::object amount;
  amount["@type"] = "MonetaryAmount";
  amount["currency"] = text(low->currency);
  amount["value"] = std::move(pay);
  out["baseSalary"] = std::move(amount);
}

}  // namespace

std::string json_string(std::string_view value) {
  return serialized(text(value));
}

std::string to_json(Type const& type, Record const& record, JsonMembers const& first) {
  json::object out = members(first);
  for (auto const& field : type.fields) {
    if (is_set(field.kind)) {
      json::array list;
      for (auto const& element : elements(record, field.key)) {
        auto const& value = record.find(element_key(field.key, element))->second;
        if (fits(field.kind, value)) list.emplace_back(api_element(field, element, value));
      }
      if (!list.empty()) out[field.json] = std::move(list);
      continue;
    }
    auto const found = record.find(field.key);
    if (found != record.end() && fits(field.kind, found->second))
      out[field.json] = std::visit(Api{}, found->second);
  }
  return serialized(out);
}

std::string to_schema_org(Type const& type, Record const& record, DisplayOptions const& options,
                          JsonMembers const& first) {
  json::object out;
  out["@context"] = "https://schema.org";
  out["@type"] = text(type.schema_org.empty() ? "Thing" : type.schema_org);
  for (auto& member : members(first)) out[member.key()] = member.value();
  for (auto const& field : type.fields) {
    if (field.schema_org.empty()) continue;
    for (auto const& element : elements(record, field.key)) {
      auto const& value = record.find(element_key(field.key, element))->second;
      if (is_set(field.kind) && fits(field.kind, value))
        add_element(out, field, element, value, options);
    }
    auto const found = record.find(field.key);
    if (found != record.end() && !is_set(field.kind) && fits(field.kind, found->second))
      add_value(out, field, found->second, options);
  }
  if (type.has(Trait::offers_work)) add_salary(out, type, record);
  return serialized(out);
}

}  // namespace solidaires::schema
