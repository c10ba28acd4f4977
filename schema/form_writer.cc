// A record as the inputs of its form: what form_reader.cc reads back to the same record.
#include "schema/characters.h"
#include "schema/dates.h"
#include "schema/form_reader.h"
#include "schema/numbers.h"
#include "schema/recurrence.h"

namespace solidaires::schema {
namespace {

class Writer {
 public:
  Writer(std::string input, FormFields& out) : input_(std::move(input)), out_(out) {}

  void whole(std::string text) const {
    if (!text.empty()) out_.emplace(input_, std::move(text));
  }
  void part(std::string_view name, std::string text) const {
    if (!text.empty()) out_.emplace(cat(input_, '.', name), std::move(text));
  }
  void date(std::string_view name, std::optional<Date> value) const {
    if (value) part(name, iso(*value));
  }
  void flag(std::string_view name, bool value) const {
    if (value) part(name, "true");
  }
  [[nodiscard]] Writer below(std::string_view name) const { return {cat(input_, '.', name), out_}; }

 private:
  std::string input_;
  FormFields& out_;
};

std::string_view precision_name(Precision precision) {
  constexpr std::string_view kNames[] = {"",         "house",   "street",
                                         "locality", "commune", "approximate"};
  return kNames[static_cast<std::size_t>(precision)];
}

void write(Address const& address, Writer const& out) {
  out.part("label", address.label);
  out.part("lines", join(address.lines, "\n"));
  out.part("postal_code", address.postal_code);
  out.part("commune_code", address.commune_code);
  out.part("commune", address.commune);
  out.part("country", address.country);
  if (address.point) {
    out.part("latitude", to_plain(address.point->latitude));
    out.part("longitude", to_plain(address.point->longitude));
  }
  out.part("precision", std::string(precision_name(address.precision)));
  out.flag("hidden", address.hidden);
  out.part("ban_id", address.ban_id);
}

// The name of the choice in the form that gives exactly this rule; "custom" if none does.
std::string_view repeat_name(Schedule const& schedule, Recurrence const& rule) {
  Recurrence plain;
  plain.interval = rule.interval;
  plain.until = rule.until;
  plain.count = rule.count;
  plain.frequency = rule.frequency;
  if (plain == rule && rule.frequency == Frequency::daily) return "daily";
  if (plain == rule && rule.frequency == Frequency::yearly) return "yearly";
  int const day = static_cast<int>(static_cast<unsigned>(schedule.start.date.day()));
  auto const weekday =
      static_cast<int>(
          std::chrono::weekday(std::chrono::sys_days(schedule.start.date)).iso_encoding()) -
      1;
  if (rule.frequency == Frequency::weekly && !rule.days.empty()) {
    plain.days = rule.days;
    if (plain == rule && std::ranges::is_sorted(rule.days, {}, &RuleDay::day)) return "weekly";
  }
  if (rule.frequency == Frequency::monthly) {
    plain.month_days = {day};
    if (plain == rule) return "monthly_day";
    plain.month_days.clear();
    plain.days = {{day > 28 ? -1 : (day - 1) / 7 + 1, weekday}};
    if (plain == rule) return "monthly_weekday";
  }
  return "custom";
}

void write_rule(Schedule const& schedule, Writer const& out) {
  if (schedule.rule.empty()) return out.part("repeat", "once");
  out.part("rule", schedule.rule);
  auto const rule = parse_rule(schedule.rule);
  std::string_view const name = rule ? repeat_name(schedule, *rule) : "custom";
  out.part("repeat", std::string(name));
  if (!rule || name == "custom") return;
  constexpr std::string_view kDays[] = {"mo", "tu", "we", "th", "fr", "sa", "su"};
  out.part("interval", std::to_string(rule->interval));
  if (name == "weekly")
    for (auto const day : rule->days) out.part("days", std::string(kDays[day.day]));
  out.date("until", rule->until);
  if (rule->count) out.part("count", std::to_string(*rule->count));
}

void write_moment(std::string_view part, std::optional<LocalDateTime> const& at, bool all_day,
                  Writer const& out) {
  if (!at) return;
  out.part(cat(part, "_date"), iso(at->date));
  if (!all_day) out.part(cat(part, "_time"), iso_time(at->minute));
}

std::string moments(std::vector<LocalDateTime> const& all) {
  std::vector<std::string> texts;
  for (auto const& at : all) texts.push_back(iso(at));
  return join(texts, ", ");
}

void write(Schedule const& schedule, Writer const& out) {
  write_moment("start", schedule.start, schedule.all_day, out);
  write_moment("end", schedule.end, schedule.all_day, out);
  out.flag("all_day", schedule.all_day);
  out.part("zone", schedule.zone);
  write_rule(schedule, out);
  out.part("exceptions", moments(schedule.exceptions));
  out.part("additions", moments(schedule.additions));
  constexpr std::string_view kStatuses[] = {"planned", "cancelled", "moved", "full"};
  for (std::size_t n = 0; n < schedule.overrides.size(); ++n) {
    auto const& one = schedule.overrides[n];
    Writer const item = out.below(cat("override.", n));
    item.part("original", iso(one.original));
    item.part("status", std::string(kStatuses[static_cast<std::size_t>(one.status)]));
    write_moment("start", one.start, schedule.all_day, item);
    write_moment("end", one.end, schedule.all_day, item);
    item.part("note", one.note);
  }
}

void write(Price const& price, Writer const& out) {
  constexpr std::string_view kKinds[] = {"", "free", "open", "amounts", "on_request"};
  out.part("kind", std::string(kKinds[static_cast<std::size_t>(price.kind)]));
  for (std::size_t n = 0; n < price.amounts.size(); ++n) {
    Writer const amount = out.below(cat("amount.", n));
    amount.whole(to_plain(price.amounts[n].money));
    amount.part("label", price.amounts[n].label);
  }
  out.flag("membership", price.membership);
  out.part("note", price.note);
}

// The value of a field, or of one element of a set whose inputs are numbered.
struct Visitor {
  Writer const& out;

  void operator()(std::string const& text) const { out.whole(text); }
  void operator()(std::int64_t number) const { out.whole(std::to_string(number)); }
  void operator()(Decimal number) const { out.whole(to_plain(number)); }
  void operator()(bool flag) const { out.whole(flag ? "true" : "false"); }
  void operator()(Date date) const { out.whole(iso(date)); }
  void operator()(LocalDateTime const& at) const { out.whole(iso(at)); }
  void operator()(Money const& money) const { out.whole(to_plain(money)); }
  void operator()(Address const& address) const { write(address, out); }
  void operator()(Schedule const& schedule) const { write(schedule, out); }
  void operator()(Price const& price) const { write(price, out); }
  void operator()(DocumentId const& id) const { out.whole(id.to_string()); }
  void operator()(ExternalId const& id) const { out.whole(id.value); }
  void operator()(Agreement const& agreement) const {
    out.part("code", agreement.code);
    out.part("authority", agreement.authority);
    out.part("number", agreement.number);
    out.date("start", agreement.start);
    out.date("end", agreement.end);
  }
  void operator()(Picture const& picture) const {
    out.part("source", picture.source);
    out.part("alt", picture.alt);
    out.part("credit", picture.credit);
    if (picture.size == 0) return;
    out.part("size", std::to_string(picture.size));
    out.part("media_type", picture.media_type);
    out.part("width", std::to_string(picture.width));
    out.part("height", std::to_string(picture.height));
  }
  void operator()(File const& file) const {
    out.part("sha256", hex(file.sha256));
    out.part("size", std::to_string(file.size));
    out.part("media_type", file.media_type);
    out.part("name", file.name);
    out.part("label", file.label);
  }
  void operator()(Link const& link) const {
    out.part("url", link.url);
    out.part("label", link.label);
  }
  void operator()(Present) const {}
  void operator()(Unknown const&) const {}
};

void write_single(Field const& field, Value const& value, FormFields& out) {
  auto const* text = std::get_if<std::string>(&value);
  // A code that the vocabulary does not have (yet) has no place in a list of choices.
  if (field.kind == FieldKind::choice && text != nullptr &&
      (field.vocabulary == nullptr || field.vocabulary->find(*text) == nullptr))
    return;
  Writer const writer(field.key, out);
  std::visit(Visitor{writer}, value);
  if (auto const* id = std::get_if<ExternalId>(&value)) writer.date("verified_on", id->verified_on);
}

void write_element(Field const& field, std::string const& element, Value const& value,
                   std::size_t n, FormFields& out) {
  switch (field.kind) {
    case FieldKind::choices:
      if (field.vocabulary == nullptr || field.vocabulary->find(element) == nullptr) return;
      [[fallthrough]];
    case FieldKind::area:
    case FieldKind::references: out.emplace(field.key, element); return;
    case FieldKind::tags: out.emplace(field.key, std::get<std::string>(value)); return;
    default: break;
  }
  Writer const item(cat(field.key, '.', n), out);
  if (auto const* id = std::get_if<ExternalId>(&value)) {
    item.part("scheme", id->scheme);
    item.part("value", id->value);
    return;
  }
  item.part("id", element);
  std::visit(Visitor{item}, value);
}

}  // namespace

bool fits(FieldKind kind, Value const& value) {
  switch (kind) {
    case FieldKind::integer: return std::holds_alternative<std::int64_t>(value);
    case FieldKind::decimal: return std::holds_alternative<Decimal>(value);
    case FieldKind::boolean: return std::holds_alternative<bool>(value);
    case FieldKind::date: return std::holds_alternative<Date>(value);
    case FieldKind::date_time: return std::holds_alternative<LocalDateTime>(value);
    case FieldKind::choices:
    case FieldKind::area:
    case FieldKind::references: return std::holds_alternative<Present>(value);
    case FieldKind::address:
    case FieldKind::addresses: return std::holds_alternative<Address>(value);
    case FieldKind::schedule: return std::holds_alternative<Schedule>(value);
    case FieldKind::money: return std::holds_alternative<Money>(value);
    case FieldKind::price: return std::holds_alternative<Price>(value);
    case FieldKind::external_id:
    case FieldKind::external_ids: return std::holds_alternative<ExternalId>(value);
    case FieldKind::reference: return std::holds_alternative<DocumentId>(value);
    case FieldKind::agreements: return std::holds_alternative<Agreement>(value);
    case FieldKind::picture: return std::holds_alternative<Picture>(value);
    case FieldKind::links: return std::holds_alternative<Link>(value);
    case FieldKind::file: return std::holds_alternative<File>(value);
    default: return std::holds_alternative<std::string>(value);
  }
}

void write_inputs(Field const& field, Record const& record, FormFields& out) {
  if (!is_set(field.kind)) {
    auto const found = record.find(field.key);
    if (found != record.end() && fits(field.kind, found->second))
      write_single(field, found->second, out);
    return;
  }
  std::size_t n = 0;
  for (auto const& element : elements(record, field.key)) {
    auto const& value = record.find(element_key(field.key, element))->second;
    if (fits(field.kind, value)) write_element(field, element, value, n++, out);
  }
}

}  // namespace solidaires::schema
