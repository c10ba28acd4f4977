#include "node/office/pages.h"
#include "node/page/wording.h"
#include "node/text/fold.h"

namespace solidaires::office {
namespace {

using page::View;

constexpr std::size_t kOnHome = 6;
constexpr std::size_t kPerPage = 50;

std::string age_of(Instant at, Instant now) {
  return page::age_text((to_unix_ms(now) - to_unix_ms(at)) / 1000, page::Language::fr);
}

View item_view(Context const& context, Visitor const& visitor,
               service::WorkingCopySummary const& item) {
  auto const now = context.instance.clock.now();
  View view;
  view.text("title", item.title)
      .text("href", record_path(item.key))
      .text("value", together_value(item.key))
      .text("type", item.type->singular.fr);
  view.view("state", state_view(item.state))
      .text("owner", item.owner.name)
      .text("reason", item.reason);
  view.text("updated", age_of(item.updated_at, now)).flag("conflict", item.has_conflict);
  view.text("waiting", item.submitted_at ? age_of(*item.submitted_at, now) : std::string());
  bool const several = visitor.actor.offices.size() > 1;
  view.text("node", several ? title_of_node(context, item.node) : std::string());
  return view;
}

std::vector<View> item_views(Context const& context, Visitor const& visitor,
                             std::vector<service::WorkingCopySummary> const& items) {
  std::vector<View> views;
  for (auto const& item : items) views.push_back(item_view(context, visitor, item));
  return views;
}

void add_list(View& view, std::string_view name, Office const& office, Visitor const& visitor,
              service::ListFilter filter) {
  filter.limit = kOnHome;
  auto const page = office.context().editorial.list(visitor.actor, filter);
  if (!page || page->items.empty()) return;
  view.list(name, item_views(office.context(), visitor, page->items)).flag(cat("has_", name), true);
  view.number(cat(name, "_count"), static_cast<std::int64_t>(page->total));
}

std::string overdue_text(std::int64_t count) {
  return page::counted(count, "attend depuis plus de deux jours ouvrés",
                       "attendent depuis plus de deux jours ouvrés", true, page::Language::fr);
}

http::Response home(Office const& office, Visitor& visitor, http::Request const& /*request*/) {
  auto const& context = office.context();
  View view;
  view.text("name", visitor.account.name);
  auto const counts = context.editorial.counts(visitor.actor);
  if (counts && counts->queue > 0) {
    view.text("queue",
              page::counted(static_cast<std::int64_t>(counts->queue), "fiche attend une relecture",
                            "fiches attendent une relecture", true, page::Language::fr));
    if (counts->oldest_submitted)
      view.text("oldest", age_of(*counts->oldest_submitted, context.instance.clock.now()));
  }
  if (counts && counts->overdue > 0)
    view.text("overdue", overdue_text(static_cast<std::int64_t>(counts->overdue)));
  if (counts && counts->questions > 0) {
    view.text(
        "questions",
        page::counted(static_cast<std::int64_t>(counts->questions), "question attend le comité",
                      "questions attendent le comité", true, page::Language::fr));
  }
  if (counts && counts->unread > 0) {
    view.text("unread",
              page::counted(static_cast<std::int64_t>(counts->unread),
                            "fiche publiée directement est à relire",
                            "fiches publiées directement sont à relire", true, page::Language::fr));
  }
  view.flag("queue_empty",
            counts && counts->queue == 0 && visitor.actor.may(schema::Permission::see_queue));
  if (counts && counts->conflicts > 0) {
    view.text("conflicts",
              page::counted(static_cast<std::int64_t>(counts->conflicts),
                            "fiche a deux versions d’un même champ",
                            "fiches ont deux versions d’un même champ", true, page::Language::fr));
  }
  service::ListFilter returned;
  returned.state = model::State::returned;
  returned.own_only = true;
  add_list(view, "returned", office, visitor, returned);
  service::ListFilter drafts;
  drafts.state = model::State::draft;
  drafts.own_only = true;
  add_list(view, "drafts", office, visitor, drafts);
  add_list(view, "recent", office, visitor, {});
  view.flag("nothing_to_do", counts && counts->queue == 0 && counts->conflicts == 0 &&
                                 counts->drafts == 0 && counts->returned == 0);
  std::vector<View> types;
  if (visitor.actor.may(schema::Permission::create)) {
    for (auto const& type : context.instance.model.types()) {
      types.push_back(
          std::move(View()
                        .text("label", cat("Proposer ", schema::with_a(type, schema::Language::fr)))
                        .text("href", cat("/espace/nouveau/", type.key))
                        .text("description", type.description.fr)));
    }
  }
  view.list("types", std::move(types));
  page::PageInfo info;
  info.title = "Tableau de bord";
  info.section = "home";
  return office.page(visitor, info, "office/home", view);
}

http::Response queue(Office const& office, Visitor& visitor, http::Request const& /*request*/) {
  auto const& context = office.context();
  auto const queue = context.editorial.queue(visitor.actor);
  if (!queue) return office.refused(visitor, queue.error());
  auto const now = context.instance.clock.now();
  std::int64_t overdue = 0;
  std::vector<View> items;
  for (auto const& item : *queue) {
    auto view = item_view(context, visitor, item.copy);
    view.text("due", page::relative_day(model::to_civil(item.due_at).date,
                                        model::to_civil(now).date, page::Language::fr))
        .flag("late", item.overdue);
    if (item.claim) {
      view.text("claimed_by", person(context, item.claim->by))
          .text("claimed_until",
                page::hour_text(model::to_civil(item.claim->until), page::Language::fr));
    }
    overdue += item.overdue ? 1 : 0;
    items.push_back(std::move(view));
  }
  View view;
  view.text("count", page::counted(static_cast<std::int64_t>(items.size()), "fiche à relire",
                                   "fiches à relire", true, page::Language::fr));
  if (overdue > 0) view.text("overdue", overdue_text(overdue));
  view.flag("has_items", !items.empty()).list("items", std::move(items));
  add_together(view, visitor, "/espace/file");
  page::PageInfo info;
  info.title = "À relire";
  info.section = "queue";
  return office.page(visitor, info, "office/queue", view);
}

View option(std::string_view value, std::string_view label, bool selected) {
  return std::move(View().text("value", value).text("label", label).flag("selected", selected));
}

service::ListFilter read_filter(http::Request const& request) {
  service::ListFilter filter;
  filter.state = model::parse_state(request.query.get("etat"));
  filter.type = request.query.get("type");
  if (auto node = NodeName::parse(request.query.get("portail")); node)
    filter.node = *std::move(node);
  filter.own_only = request.query.get("miennes") == "1";
  filter.conflicts_only = request.query.get("conflits") == "1";
  filter.unread_only = request.query.get("apres-coup") == "1";
  filter.words = text::single_line(text::clean(request.query.get("q").substr(0, 200)));
  auto const page = std::atoll(std::string(request.query.get("page")).c_str());
  filter.offset = page > 1 && page < 10'000 ? static_cast<std::size_t>(page - 1) * kPerPage : 0;
  filter.limit = kPerPage;
  return filter;
}

std::string query_of(service::ListFilter const& filter, std::size_t page) {
  std::string query = cat("?page=", page);
  if (filter.state) query += cat("&etat=", model::state_name(*filter.state));
  if (!filter.type.empty()) query += cat("&type=", page::url_encode(filter.type));
  if (filter.node) query += cat("&portail=", filter.node->str());
  if (filter.own_only) query += "&miennes=1";
  if (filter.conflicts_only) query += "&conflits=1";
  if (filter.unread_only) query += "&apres-coup=1";
  if (!filter.words.empty()) query += cat("&q=", page::url_encode(filter.words));
  return query;
}

http::Response records(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const& context = office.context();
  auto const filter = read_filter(request);
  auto const page = context.editorial.list(visitor.actor, filter);
  if (!page) return office.refused(visitor, page.error());
  View view;
  view.list("items", item_views(context, visitor, page->items))
      .flag("has_items", !page->items.empty());
  view.text("count", page::counted(static_cast<std::int64_t>(page->total), "fiche", "fiches", true,
                                   page::Language::fr));
  std::vector<View> states, types, nodes;
  for (auto const state : model::kStates) {
    states.push_back(
        option(model::state_name(state), model::state_label(state), filter.state == state));
  }
  for (auto const& type : context.instance.model.types())
    types.push_back(option(type.key, type.plural.fr, filter.type == type.key));
  for (auto const& node : visitor.actor.offices)
    nodes.push_back(option(node.str(), title_of_node(context, node), filter.node == node));
  view.list("states", std::move(states))
      .list("types", std::move(types))
      .flag("several_nodes", nodes.size() > 1)
      .list("nodes", std::move(nodes));
  view.text("words", filter.words)
      .flag("own_only", filter.own_only)
      .flag("conflicts_only", filter.conflicts_only)
      .flag("unread_only", filter.unread_only)
      .flag("sees_unread", visitor.actor.may(schema::Permission::see_queue));
  auto const number = filter.offset / kPerPage + 1;
  add_together(view, visitor, cat("/espace/fiches", query_of(filter, number)));
  if (number > 1) view.text("previous", cat("/espace/fiches", query_of(filter, number - 1)));
  if (filter.offset + kPerPage < page->total)
    view.text("next", cat("/espace/fiches", query_of(filter, number + 1)));
  page::PageInfo info;
  info.title = filter.conflicts_only ? "À départager" : "Fiches";
  info.section = filter.conflicts_only ? "conflicts" : "records";
  view.text("title", info.title);
  return office.page(visitor, info, "office/records", view);
}

}  // namespace

void add_desk_routes(http::Router& router, Office const& office) {
  router.get("/espace", for_visitor(office, home));
  router.get("/espace/file", for_visitor(office, queue));
  router.get("/espace/fiches", for_visitor(office, records));
}

}  // namespace solidaires::office
