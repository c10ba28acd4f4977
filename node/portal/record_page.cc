#include <algorithm>

#include "node/page/markdown.h"
#include "node/page/wording.h"
#include "node/portal/cards.h"
#include "node/portal/citations.h"
#include "node/portal/life.h"
#include "node/portal/map.h"
#include "node/portal/pages.h"
#include "node/portal/pictures.h"
#include "node/portal/portal.h"
#include "node/portal/relay.h"
#include "node/portal/short_address.h"
#include "node/service/areas.h"
#include "node/text/fold.h"
#include "schema/display.h"
#include "schema/json.h"

namespace solidaires::portal {
namespace {

using page::View;
using schema::FieldKind;

constexpr std::size_t kLinkedMax = 8;
constexpr std::size_t kNextDatesMax = 8;
constexpr std::size_t kInsteadMax = 4;

View line(std::string_view text, std::string_view href = {}) {
  return std::move(View().text("text", text).text("href", href));
}

// Fields that the top of the page or its side show already.
bool shown_elsewhere(schema::Field const& field) {
  switch (field.kind) {
    case FieldKind::schedule:
    case FieldKind::address:
    case FieldKind::phone:
    case FieldKind::email:
    case FieldKind::opening_hours:
    case FieldKind::picture: return true;
    default:
      return field.is_switch || field.key == service::kContactFormField ||
             field.card == schema::Card::title || field.card == schema::Card::summary;
  }
}

// In the words of its author.
bool is_written(FieldKind kind) {
  return kind == FieldKind::text || kind == FieldKind::tags || kind == FieldKind::links ||
         kind == FieldKind::file;
}

std::vector<View> linked_lines(Context const& context, schema::Field const& field,
                               schema::Record const& record) {
  std::vector<View> lines;
  for (auto const& element : schema::elements(record, field.key)) {
    auto const id = DocumentId::parse(element);
    auto const other =
        id ? context.catalogue.get(*id) : Result<service::RecordPtr>(service::RecordPtr());
    if (other && *other) lines.push_back(line((*other)->title, context.address((*other)->path)));
  }
  if (auto const* const id = schema::get<DocumentId>(record, field.key); id != nullptr) {
    auto const other = context.catalogue.get(*id);
    if (other && *other) lines.push_back(line((*other)->title, context.address((*other)->path)));
  }
  return lines;
}

std::vector<View> plain_lines(Context const& context, schema::Field const& field,
                              schema::Record const& record) {
  std::vector<View> lines;
  schema::DisplayOptions options;
  options.language = context.language();
  options.place = [&context](std::string_view code) {
    return service::area_name(*context.gazetteer, code);
  };
  for (auto const& text : schema::display(field, record, options)) {
    bool const address = field.kind == FieldKind::url || field.kind == FieldKind::links;
    auto const href = address && (text.starts_with("https://") || text.starts_with("http://"))
                          ? text
                          : std::string();
    lines.push_back(line(text, href));
  }
  return lines;
}

// Long texts as sections, everything else as pairs of a name and its values.
void add_fields(View& view, Context const& context, service::PublicRecord const& record) {
  auto const language = context.language();
  bool const is_story = record.type->has(schema::Trait::has_story);
  std::vector<View> groups;
  for (auto const& group : record.type->groups) {
    std::vector<View> facts;
    std::vector<View> stories;
    for (auto const* const field : group.fields) {
      if (shown_elsewhere(*field) || !schema::has(record.record, field->key)) continue;
      if (schema::text_of(record.record, field->key) == record.title) continue;
      if (is_story && field->card == schema::Card::date) continue;  // above the text
      if (field->kind == FieldKind::long_text) {
        View story;
        // A text that is all there is of its group needs no name of its own.
        story.text("label",
                   field->label == group.label ? std::string_view() : field->label.in(language));
        // The text of a story follows its title, every other one the heading of its group.
        story.html("text_html",
                   page::markdown(schema::text_of(record.record, field->key),
                                  page::LineBreaks::kept, is_story && groups.empty() ? 2 : 3));
        stories.push_back(std::move(story));
        continue;
      }
      bool const links =
          field->kind == FieldKind::reference || field->kind == FieldKind::references;
      auto lines = links ? linked_lines(context, *field, record.record)
                         : plain_lines(context, *field, record.record);
      if (lines.empty()) continue;
      View fact;
      fact.text("label", field->label.in(language))
          .flag("in_french", links || is_written(field->kind))
          .flag("several", lines.size() > 1)
          .list("lines", std::move(lines));
      facts.push_back(std::move(fact));
    }
    if (facts.empty() && stories.empty()) continue;
    View one;
    // The text of a story follows its title: no heading between them.
    bool const is_the_text = is_story && groups.empty() && !stories.empty();
    one.text("label", is_the_text ? std::string_view() : group.label.in(language))
        .flag("has_facts", !facts.empty());
    one.list("facts", std::move(facts)).list("stories", std::move(stories));
    groups.push_back(std::move(one));
  }
  view.list("groups", std::move(groups));
}

// False if there is nothing of the kind.
bool add_contact(View& view, Context const& context, service::PublicRecord const& record) {
  std::vector<View> phones, emails, hours;
  for (auto const& field : record.type->fields) {
    if (field.kind == FieldKind::phone) {
      auto const number = schema::text_of(record.record, field.key);
      if (!number.empty()) phones.push_back(line(schema::phone_text(number), cat("tel:", number)));
    } else if (field.kind == FieldKind::email) {
      auto const address = schema::text_of(record.record, field.key);
      if (!address.empty()) emails.push_back(line(address, cat("mailto:", address)));
    } else if (field.kind == FieldKind::opening_hours) {
      for (auto const& text :
           schema::display(field, record.record, {.language = context.language()}))
        hours.push_back(line(text));
    }
  }
  auto const form = relay_href(context, record);
  bool const any = !phones.empty() || !emails.empty() || !hours.empty() || !form.empty();
  view.flag("has_contact", !phones.empty() || !emails.empty() || !form.empty());
  view.text("relay_href", form);
  view.list("phones", std::move(phones)).list("emails", std::move(emails));
  view.flag("has_hours", !hours.empty()).list("hours", std::move(hours));
  auto const* const place = record.place();
  if (place == nullptr) return any;
  std::vector<View> lines;
  for (auto const& text : schema::address_lines(*place, context.language()))
    lines.push_back(line(text));
  view.list("address", std::move(lines)).flag("has_address", true);
  auto const at = point_of(context, record);
  if (!at) return true;
  auto const* const commune = context.gazetteer->commune(place->commune_code);
  MapOptions options;
  if (commune != nullptr) options.departments = {std::string(commune->department)};
  options.label = context.say("Carte : {}"_fr, record.title);
  options.words = &context.messages();
  options.width = 320;
  options.box = {at->latitude - 0.3, at->longitude - 0.4, at->latitude + 0.3, at->longitude + 0.4};
  view.html("map_html", draw_map(*context.gazetteer,
                                 {{*at, record.title, context.address(record.path)}}, options));
  return true;
}

// False if the record has no dates.
bool add_dates(View& view, Context const& context, service::PublicRecord const& record) {
  auto const* const field = record.type->first(FieldKind::schedule);
  auto const* const schedule =
      field == nullptr ? nullptr : schema::get<schema::Schedule>(record.record, field->key);
  if (schedule == nullptr) return false;
  auto const today = context.today();
  auto const last = model::CivilDate::from_days(today.days() + 366);
  auto next = model::occurrences(*schedule, today, last, kNextDatesMax);
  view.text("rule", schema::rule_text(*schedule, context.language()));
  view.text("ics_href", cat(record.path, ".ics"));
  if (next.empty()) {
    view.flag("over", true);
    auto const past = model::occurrences(*schedule, {1970, 1, 1}, today, 10'000);
    if (!past.empty()) view.text("when", occurrence_text(context, past.back()));
    return true;
  }
  view.text("when", occurrence_text(context, next.front()))
      .text("status", status_label(context, next.front().status));
  view.text("note", next.front().note);
  view.flag("cancelled", next.front().status == schema::OccurrenceStatus::cancelled);
  std::vector<View> dates;
  for (auto const& one : next) {
    View date;
    date.text("when", occurrence_text(context, one))
        .text("status", status_label(context, one.status))
        .text("note", one.note);
    date.flag("cancelled", one.status == schema::OccurrenceStatus::cancelled);
    dates.push_back(std::move(date));
  }
  view.flag("has_dates", dates.size() > 1).list("dates", std::move(dates));
  return true;
}

// What names this record: events of a structure, its offers, the news about it.
void add_linked(View& view, Context const& context, service::PublicRecord const& record) {
  std::vector<View> sections;
  for (auto const& type : context.instance.model.types()) {
    auto const linked = context.catalogue.referring_to(record.key.id, type.key, kLinkedMax);
    if (!linked || linked->empty()) continue;
    std::vector<service::ListHit> hits;
    for (auto const& other : *linked) hits.push_back(hit_of(context, other));
    sections.push_back(
        std::move(View()
                      .text("label", text::capitalised(type.plural.in(context.language())))
                      .list("cards", cards(context, hits))));
  }
  view.list("linked", std::move(sections));
}

// Where it stands; of what is over, what is open instead.
void add_standing(View& view, Context const& context, service::PublicRecord const& record) {
  if (!add_life(view, context, record).over()) return;
  auto instead = cards(context, open_instead(context, record, kInsteadMax));
  view.flag("has_instead", !instead.empty()).list("instead", std::move(instead));
  view.text(
      "instead_label",
      context.say(record.type->gender == schema::Gender::feminine ? "{} ouvertes en ce moment"_fr
                                                                  : "{} ouverts en ce moment"_fr,
                  text::capitalised(record.type->plural.in(context.language()))));
  view.text("list_href", context.address(cat('/', record.type->prefix)))
      .text("list_label", record.type->plural.in(context.language()));
}

http::Response gone_page(Context const& context, schema::Type const& type,
                         http::Request const& request) {
  auto const site = context.site();
  View view;
  view.text("list_href", context.address(cat('/', type.prefix)))
      .text("list_label", type.plural.in(context.language()));
  service::ListQuery query;
  query.types = {type.key};
  query.place.departments = context.instance.territory;
  query.sort = service::Sort::date;
  query.limit = 5;
  if (type.has(schema::Trait::has_schedule)) query.from = context.today();
  if (auto const near = context.catalogue.find(query); near)
    view.list("cards", cards(context, near->hits));
  page::PageInfo info;
  info.title = context.say("Cette fiche a été retirée"_fr);
  info.translation = context.translation(cat('/', type.prefix, '/', request.capture("address")));
  info.section = type.key;
  info.noindex = true;
  return http::Response::html(site->page(info, "portal/gone", view), 410);
}

// What a page shows of a record.
struct Shown {
  View view;
  page::PageInfo info;
};

Shown show(Context const& context, service::PublicRecord const& record,
           FileAddress const& address = {}) {
  auto const site = context.site();
  auto const& type = *record.type;
  auto const language = context.language();
  auto const path = context.address(record.path);
  Shown shown;
  auto& view = shown.view;
  view.text("title", record.title)
      .text("category",
            schema::card(type, schema::Card::category, record.record, {.language = language}));
  view.text("kind", type.singular.in(language))
      .text("lead", schema::card(type, schema::Card::summary, record.record));
  view.flag("demonstration", record.demonstration);
  std::vector<View> badges;
  auto const* const badge = type.first(schema::Card::badge);
  if (badge != nullptr) {
    for (auto const& text : schema::display(*badge, record.record, {.language = language}))
      badges.push_back(line(text));
  }
  view.flag("has_badges", !badges.empty()).list("badges", std::move(badges));
  bool const dated = add_dates(view, context, record);
  bool const reachable = add_contact(view, context, record);
  view.flag("has_side", dated || reachable);
  view.list("pictures", picture_views(context, record, address));
  add_standing(view, context, record);
  add_fields(view, context, record);
  add_linked(view, context, record);
  view.text("updated", page::date_text(model::to_civil(record.updated_at).date, language));
  if (type.has(schema::Trait::has_story)) view.text("published", story_date(context, record));
  view.text("source", record.source).text("licence", record.licence);
  for (auto const& node : context.instance.directory.nodes()) {
    if (node.name == record.node && node.name != context.instance.self) {
      view.text("portal", node.title)
          .text("portal_href", node.base_url.empty() ? "" : cat(node.base_url, record.path));
    }
  }
  view.text("json_href", cat(record.path, ".json"));
  view.text("bib_href", is_citable(type) ? cat(record.path, ".bib") : "")
      .text("ris_href", cat(record.path, ".ris"));
  add_paper_trail(view, context, record.key.id);
  view.text("report_href", context.address(cat("/signaler?page=", page::url_encode(path))));

  auto& info = shown.info;
  info.title = record.title;
  info.description = text::excerpt(schema::card(type, schema::Card::summary, record.record), 200);
  set_address(info, context, record.path);
  info.section = type.key;
  info.breadcrumb = {
      {text::capitalised(type.plural.in(language)), context.address(cat('/', type.prefix))},
      {record.title, "", true}};
  info.alternates.push_back(
      {"application/json", context.say("Cette fiche en JSON"_fr), cat(record.path, ".json")});
  schema::DisplayOptions in_words;
  in_words.resolve = [&](DocumentId const& id) -> std::optional<schema::Linked> {
    auto const other = context.catalogue.get(id);
    if (!other || !*other) return std::nullopt;
    return schema::Linked{(*other)->title, site->identity().base_url + (*other)->path};
  };
  in_words.place = [&context](std::string_view code) {
    return service::area_name(*context.gazetteer, code);
  };
  info.json_ld = schema::to_schema_org(
      type, record.record, in_words,
      {{"url", schema::json_string(site->identity().base_url + record.path)}});
  add_picture(info, record);
  return shown;
}

}  // namespace

http::Response record_page(Context const& context, schema::Type const& type,
                           http::Request const& request) {
  auto const found = context.catalogue.at(type, request.capture("address"));
  if (!found) return error_page(context, 500, &request);
  if (std::holds_alternative<service::Gone>(*found)) return gone_page(context, type, request);
  auto const* const held = std::get_if<service::RecordPtr>(&*found);
  if (held == nullptr) return error_page(context, 404, &request);
  auto const& record = **held;
  auto const path = context.address(record.path);
  if (request.path != path) return http::Response::redirect(path, 308);
  auto const [view, info] = show(context, record);
  auto tags = tags_of_all(context);
  tags.push_back(cat("doc:", record.key.id.to_string()));
  return keep_while_true(context,
                         http::Response::html(context.site()->page(info, "portal/record", view)),
                         std::move(tags));
}

http::Response record_preview(Context const& context, service::PublicRecord const& record,
                              FileAddress const& address) {
  auto [view, info] = show(context, record, address);
  view.flag("preview", true);
  info.noindex = true;
  info.path.clear();
  info.translation.clear();
  auto response = http::Response::html(context.site()->page(info, "portal/record", view));
  response.with("Cache-Control", "no-store");
  return response;
}

}  // namespace solidaires::portal
