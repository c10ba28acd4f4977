#include "node/office/pages.h"
#include "node/page/wording.h"

namespace solidaires::office {
namespace {

using page::View;

constexpr std::int64_t kMinutesDays = 31;  // unless others are asked for

View question_view(Context const& context, Visitor const& visitor,
                   service::Question const& question) {
  View view;
  view.text("title", question.copy.title)
      .text("href", record_path(question.copy.key))
      .text("type", question.copy.type->singular.fr)
      .text("reason", question.copy.reason)
      .number("votes_yes", question.verdict.yes)
      .number("votes_no", question.verdict.no)
      .number("votes_abstain", question.verdict.abstain)
      .text("closes", date_and_hour(question.verdict.closes_at, context.instance.clock.now()))
      .flag("voted", question.voted);
  bool const several = visitor.actor.offices.size() > 1;
  view.text("node", several ? title_of_node(context, question.copy.node) : std::string());
  return view;
}

http::Response questions(Office const& office, Visitor& visitor, http::Request const& /*request*/) {
  auto const& context = office.context();
  auto const asked = context.editorial.questions(visitor.actor);
  if (!asked) return office.refused(visitor, asked.error());
  std::vector<View> items;
  for (auto const& question : *asked) items.push_back(question_view(context, visitor, question));
  View view;
  view.text("count", page::counted(static_cast<std::int64_t>(items.size()), "question au comité",
                                   "questions au comité", true, page::Language::fr));
  view.flag("has_items", !items.empty()).list("items", std::move(items));
  view.number("days", context.instance.rules.committee.working_days)
      .number("quorum", context.instance.rules.committee.quorum);
  page::PageInfo info;
  info.title = "Comité éditorial";
  info.section = "committee";
  return office.page(visitor, info, "office/committee", view);
}

View minute_view(Context const& context, Visitor const& visitor, service::WorkingCopy const& copy) {
  View view;
  view.text("title", copy.title)
      .text("href", record_path(copy.key))
      .text("type", copy.type->singular.fr)
      .text("reason", copy.reason)
      .text("asked", date_and_hour(*copy.asked_at, context.instance.clock.now()))
      .view("state", state_view(copy.state));
  if (auto const review = context.editorial.reviews().read(visitor.actor, copy); review)
    view.list("ballots", ballot_views(context, review->ballots));
  return view;
}

http::Response minutes(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const& context = office.context();
  auto const today = model::to_civil(context.instance.clock.now()).date;
  auto const from = model::CivilDate::parse(request.query.get("du"))
                        .value_or(model::CivilDate::from_days(today.days() - kMinutesDays));
  auto const until = model::CivilDate::parse(request.query.get("au")).value_or(today);
  auto const asked = context.editorial.asked_between(
      visitor.actor, model::to_instant({from}),
      model::to_instant({model::CivilDate::from_days(until.days() + 1)}));
  if (!asked) return office.refused(visitor, asked.error());
  std::vector<View> items;
  for (auto const& copy : *asked) items.push_back(minute_view(context, visitor, copy));
  View view;
  view.text("from", from.iso())
      .text("until", until.iso())
      .text("period", cat("Questions posées du ", page::date_text(from, page::Language::fr), " au ",
                          page::date_text(until, page::Language::fr)));
  view.flag("has_items", !items.empty()).list("items", std::move(items));
  page::PageInfo info;
  info.title = "Compte rendu du comité éditorial";
  info.section = "committee";
  return office.page(visitor, info, "office/minutes", view);
}

}  // namespace

void add_committee_routes(http::Router& router, Office const& office) {
  router.get("/espace/comite", for_visitor(office, questions));
  router.get("/espace/comite/compte-rendu", for_visitor(office, minutes));
}

}  // namespace solidaires::office
