#include <map>

#include "node/office/pages.h"
#include "node/page/wording.h"
#include "node/service/programme.h"

namespace solidaires::office {
namespace {

using model::CivilDate;
using page::View;
using service::WorkingCopy;

constexpr auto kFrench = page::Language::fr;
constexpr std::size_t kScheduledMax = 500;
constexpr std::int64_t kProposedDays = 14;  // on the front page, unless others are typed

struct Month {
  CivilDate first, last;
};

Month month_of(CivilDate day) {
  CivilDate const first{day.year, day.month, 1};
  auto const next = CivilDate::from_days(first.days() + 31);
  return {first, CivilDate::from_days(CivilDate{next.year, next.month, 1}.days() - 1)};
}

// "2026-11"
std::string month_text(CivilDate day) {
  return day.iso().substr(0, 7);
}

Month read_month(http::Request const& request, CivilDate today) {
  return month_of(CivilDate::parse(cat(request.query.get("mois"), "-01")).value_or(today));
}

// Entries of days, each with kind, text, and where it leads.
class Days {
 public:
  void add(CivilDate day, std::string_view kind, std::string_view text, std::string_view href = {},
           View more = {}) {
    more.text("kind", kind).text("text", text).text("href", href);
    by_day_[day.days()].push_back(std::move(more));
  }
  [[nodiscard]] std::vector<View> on(CivilDate day) const {
    auto const found = by_day_.find(day.days());
    return found == by_day_.end() ? std::vector<View>() : found->second;
  }

 private:
  std::map<std::int64_t, std::vector<View>> by_day_;
};

View entry_of_programme(NodeName const& node, DocumentId const& id, service::Author const& by) {
  View view;
  view.text("id", id.to_string()).text("node", node.str()).text("who", by.name);
  return view;
}

void add_programme(Days& days, Office const& office, Visitor const& visitor, NodeName const& node) {
  auto const& context = office.context();
  auto const programme = service::Programmes(context.instance).read(node);
  if (!programme) return;
  for (auto const& feature : programme->features) {
    sync::DocumentKey const key{ScopeId::office(node), feature.record};
    auto const copy = context.editorial.get(visitor.actor, key);
    auto const title = copy ? copy->title : std::string("(fiche retirée)");
    auto entry = entry_of_programme(node, feature.id, feature.by);
    entry.text("until", page::date_text(feature.until, kFrench));
    days.add(feature.from, "À la une", title, record_path(key), std::move(entry));
  }
  for (auto const& note : programme->notes)
    days.add(note.day, "Prévu", note.text, {}, entry_of_programme(node, note.id, note.by));
}

Days days_of(Office const& office, Visitor const& visitor) {
  auto const& context = office.context();
  Days days;
  for (auto const& node : visitor.actor.offices) {
    if (service::plans(visitor.actor, node)) add_programme(days, office, visitor, node);
  }
  service::ListFilter scheduled;
  scheduled.state = model::State::scheduled;
  scheduled.limit = kScheduledMax;
  if (auto const list = context.editorial.list(visitor.actor, scheduled); list) {
    for (auto const& item : list->items) {
      if (!item.publish_at) continue;
      auto const at = model::to_civil(*item.publish_at);
      days.add(at.date, "Paraît", cat(item.title, ", à ", page::hour_text(at, kFrench)),
               record_path(item.key));
    }
  }
  if (auto const asked = context.editorial.questions(visitor.actor); asked) {
    for (auto const& question : *asked)
      days.add(model::to_civil(question.verdict.closes_at).date, "Le comité décide",
               question.copy.title, record_path(question.copy.key));
  }
  return days;
}

View day_view(Days const& days, CivilDate day, CivilDate today, Month const& month) {
  View view;
  auto entries = days.on(day);
  view.number("day", day.day)
      .text("date", page::date_text(day, kFrench))
      .flag("today", day == today)
      .flag("outside", day < month.first || month.last < day)
      .flag("has_entries", !entries.empty())
      .list("entries", std::move(entries));
  return view;
}

struct TypedNote {
  std::string day, text, error;
};

http::Response programme_page(Office const& office, Visitor const& visitor, Month const& month,
                              TypedNote const& typed, int status) {
  auto const& context = office.context();
  auto const today = model::to_civil(context.instance.clock.now()).date;
  auto const days = days_of(office, visitor);
  std::vector<View> weeks, listed;
  for (auto monday = month.first.days() - month.first.weekday(); monday <= month.last.days();
       monday += 7) {
    std::vector<View> week;
    for (auto day = monday; day < monday + 7; ++day)
      week.push_back(day_view(days, CivilDate::from_days(day), today, month));
    weeks.push_back(std::move(View().list("days", std::move(week))));
  }
  for (auto day = month.first.days(); day <= month.last.days(); ++day) {
    auto view = day_view(days, CivilDate::from_days(day), today, month);
    if (!days.on(CivilDate::from_days(day)).empty()) listed.push_back(std::move(view));
  }
  auto const to = [](CivilDate day) { return cat("/espace/programme?mois=", month_text(day)); };
  View view;
  view.list("weeks", std::move(weeks))
      .flag("has_listed", !listed.empty())
      .list("listed", std::move(listed))
      .text("month", page::month_text(month.first.year, month.first.month, kFrench))
      .text("month_value", month_text(month.first))
      .text("previous_href", to(CivilDate::from_days(month.first.days() - 1)))
      .text("next_href", to(CivilDate::from_days(month.last.days() + 1)))
      .text("error", typed.error)
      .text("typed_day", typed.day)
      .text("typed_text", typed.text);
  std::vector<View> nodes;
  for (auto const& node : visitor.actor.offices) {
    nodes.push_back(
        std::move(View().text("value", node.str()).text("label", title_of_node(context, node))));
  }
  view.flag("several_nodes", nodes.size() > 1).list("nodes", std::move(nodes));
  page::PageInfo info;
  info.title = "Programme";
  info.section = "programme";
  return office.page(visitor, info, "office/programme", view, status);
}

http::Response show(Office const& office, Visitor& visitor, http::Request const& request) {
  if (!plans_somewhere(visitor)) {
    return office.refused(
        visitor, {Code::denied, "Le programme est réservé à l’équipe éditoriale du portail."});
  }
  auto const today = model::to_civil(office.context().instance.clock.now()).date;
  return programme_page(office, visitor, read_month(request, today), {}, 200);
}

NodeName node_of(Office const& office, http::Request const& request) {
  return NodeName::parse(request.form.get("portail")).value_or(office.context().instance.self);
}

http::Response add_note(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const& context = office.context();
  TypedNote typed{
      std::string(request.form.get("jour")), std::string(request.form.get("texte")), {}};
  auto const day = CivilDate::parse(typed.day);
  auto const today = model::to_civil(context.instance.clock.now()).date;
  service::Programmes programmes(context.instance);
  auto const done = day ? programmes.note(visitor.actor, node_of(office, request), *day, typed.text)
                        : Result<>(fail(Code::invalid, "Choisissez le jour."));
  if (!done) {
    if (done.error().code() == Code::denied) return office.refused(visitor, done.error());
    typed.error = done.error().message();
    return programme_page(office, visitor, month_of(day.value_or(today)), typed, 422);
  }
  leave_message(office, visitor, "C’est noté.");
  return http::Response::redirect(cat("/espace/programme?mois=", month_text(*day)));
}

http::Response remove(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const id = DocumentId::parse(request.form.get("entree"));
  if (!id) return office.refused(visitor, {Code::not_found, "Cette entrée n’existe plus."});
  auto const done = service::Programmes(office.context().instance)
                        .remove(visitor.actor, node_of(office, request), *id);
  if (!done) return office.refused(visitor, done.error());
  leave_message(office, visitor, "C’est retiré du programme.");
  auto const back = request.form.get("retour");
  return http::Response::redirect(back.starts_with("/espace/") ? std::string(back)
                                                               : "/espace/programme");
}

http::Response feature(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                       http::Request const& request) {
  auto const from = CivilDate::parse(request.form.get("du"));
  auto const until = CivilDate::parse(request.form.get("au"));
  auto const words = request.form.get("phrase");
  auto const done =
      from && until ? service::Programmes(office.context().instance)
                          .feature(visitor.actor, copy, *from, *until, words)
                    : Result<>(fail(Code::invalid, "Choisissez le premier et le dernier jour."));
  if (!done) {
    if (done.error().code() == Code::denied) return office.refused(visitor, done.error());
    Typed typed;
    typed.error = done.error().message();
    typed.front_page = {.from = std::string(request.form.get("du")),
                        .until = std::string(request.form.get("au")),
                        .words = std::string(words)};
    return record_page(office, visitor, copy, typed, 422);
  }
  leave_message(office, visitor, "La fiche sera à la une du portail ces jours-là.");
  return http::Response::redirect(record_path(copy.key));
}

}  // namespace

bool plans_somewhere(Visitor const& visitor) {
  return std::ranges::any_of(visitor.actor.offices, [&visitor](NodeName const& node) {
    return service::plans(visitor.actor, node);
  });
}

void add_front_page(View& view, Office const& office, Visitor const& visitor,
                    WorkingCopy const& copy, TypedFrontPage const& typed) {
  if (!copy.is_public() || !service::plans(visitor.actor, copy.node)) return;
  auto const& context = office.context();
  auto const programme = service::Programmes(context.instance).read(copy.node);
  if (!programme) return;
  auto const today = model::to_civil(context.instance.clock.now()).date;
  std::vector<View> features;
  for (auto const& one : programme->features) {
    if (one.record != copy.key.id || one.until < today) continue;
    auto entry = entry_of_programme(copy.node, one.id, one.by);
    entry.text("text", cat("du ", page::date_text(one.from, kFrench), " au ",
                           page::date_text(one.until, kFrench)));
    features.push_back(std::move(entry));
  }
  auto const proposed = CivilDate::from_days(today.days() + kProposedDays);
  view.flag("may_feature", true)
      .text("front_from", typed.from.empty() ? today.iso() : typed.from)
      .text("front_until", typed.until.empty() ? proposed.iso() : typed.until)
      .text("front_words", typed.words)
      .flag("has_features", !features.empty())
      .list("features", std::move(features));
}

void add_programme_routes(http::Router& router, Office const& office) {
  router.get("/espace/programme", for_visitor(office, show));
  router.post("/espace/programme", for_visitor(office, add_note));
  router.post("/espace/programme/retirer", for_visitor(office, remove));
  router.post("/espace/fiches/{node}/{id}/une", for_record(office, feature));
}

}  // namespace solidaires::office
