#include "node/model/recurrence.h"
#include "node/office/change_view.h"
#include "node/office/pages.h"
#include "node/page/markdown.h"
#include "node/page/wording.h"
#include "node/service/areas.h"
#include "node/service/catalogue.h"
#include "schema/audience.h"
#include "schema/display.h"
#include "schema/file_reference.h"
#include "schema/quality.h"

namespace solidaires::office {
namespace {

using page::View;
using service::WorkingCopy;

constexpr std::size_t kHistoryLines = 30;

// As the public will see it; or its address, where it is no file.
void add_picture(View& view, service::WorkingCopy const& copy, schema::Record const& part,
                 schema::Field const& field) {
  auto const* const picture = schema::get<schema::Picture>(part, field.key);
  if (picture == nullptr) return;
  std::vector<View> lines;
  if (auto const file = schema::file_reference(*picture); file) {
    view.text("picture_src", cat(record_path(copy.key), "/fichiers/", hex(file->sha256), "/image"))
        .text("picture_alt", picture->alt);
    bool const sized = picture->width > 0 && picture->height > 0;
    view.text("picture_width", sized ? std::to_string(picture->width) : std::string())
        .text("picture_height", sized ? std::to_string(picture->height) : std::string());
  } else {
    lines.push_back(std::move(View().text("text", picture->source)));
  }
  if (!picture->alt.empty())
    lines.push_back(std::move(View().text("text", cat("Description : ", picture->alt))));
  if (!picture->credit.empty())
    lines.push_back(std::move(View().text("text", cat("Crédit : ", picture->credit))));
  view.list("lines", std::move(lines));
}

// Every filled field that the visitor may see, marked when it is not for the public.
std::vector<View> group_views(Context const& context, service::WorkingCopy const& copy,
                              schema::Audience widest) {
  auto const options = display_options(context);
  std::vector<View> groups;
  auto const part = schema::part_for(*copy.type, copy.record, widest);
  for (auto const& group : copy.type->groups) {
    std::vector<View> fields;
    for (auto const* const field : group.fields) {
      if (!schema::has(part, field->key)) continue;
      View view;
      view.text("label", field->label.fr)
          .flag("office_only", !schema::is_public(*field, copy.record));
      view.text("picture_src", {});
      if (field->kind == schema::FieldKind::picture) {
        add_picture(view, copy, part, *field);
      } else if (field->kind == schema::FieldKind::long_text) {
        view.html("text_html", page::markdown(schema::text_of(part, field->key)));
      } else {
        std::vector<View> lines;
        for (auto const& text : schema::display(*field, part, options))
          lines.push_back(std::move(View().text("text", text)));
        if (lines.empty()) continue;
        view.list("lines", std::move(lines));
      }
      fields.push_back(std::move(view));
    }
    if (!fields.empty())
      groups.push_back(
          std::move(View().text("label", group.label.fr).list("fields", std::move(fields))));
  }
  return groups;
}

void add_history(View& view, Office const& office, Visitor const& visitor,
                 service::WorkingCopy const& copy) {
  auto const& context = office.context();
  auto const history = context.editorial.history(visitor.actor, copy.key, kHistoryLines);
  if (!history) return;
  auto const steps = context.editorial.open_steps(visitor.actor, copy);
  bool const may_edit = std::ranges::find(steps, model::Step::edit) != steps.end();
  std::vector<View> lines;
  for (auto const& line : *history) {
    View one;
    one.text("who", person(context, line.author))
        .text("when", date_and_hour(line.at, context.instance.clock.now()));
    if (may_edit) one.text("undo", line.id);
    std::vector<View> changes;
    for (auto const& change : line.changes)
      changes.push_back(std::move(View().text("text", change)));
    one.list("changes", std::move(changes));
    lines.push_back(std::move(one));
  }
  view.flag("has_history", !lines.empty()).list("history", std::move(lines));
}

void add_quality(View& view, Office const& office, service::WorkingCopy const& copy) {
  auto const today = model::local(model::to_civil(office.context().instance.clock.now())).date;
  auto const updated = model::local(model::to_civil(copy.updated_at)).date;
  auto const score = schema::quality(*copy.type, copy.record, updated, today);
  view.number("quality", static_cast<std::int64_t>(score.score * 100));
  std::vector<View> missing;
  for (auto const* const field : score.missing) {
    missing.push_back(std::move(View().text("label", field->label.fr)));
    if (missing.size() == 8) break;
  }
  view.flag("has_missing", !missing.empty()).list("missing", std::move(missing));
}

// The wordings that a moderator chooses from, those for each decision together.
std::vector<View> wording_views(Context const& context, std::vector<model::Step> const& steps,
                                std::string_view chosen) {
  using schema::Decision;
  struct Offered {
    model::Step step;
    Decision decision;
    std::string_view label;
  };
  static constexpr std::array<Offered, 4> kOffered{
      {{model::Step::send_back, Decision::send_back, "Pour renvoyer"},
       {model::Step::refuse, Decision::refuse, "Pour refuser"},
       {model::Step::hand_over, Decision::hand_over, "Pour confier au comité"},
       {model::Step::hide, Decision::hide, "Pour masquer"}}};
  std::vector<View> groups;
  for (auto const& [step, decision, label] : kOffered) {
    if (std::ranges::find(steps, step) == steps.end()) continue;
    std::vector<View> wordings;
    for (auto const& wording : context.instance.model.wordings()) {
      if (!wording.decisions.contains(decision)) continue;
      wordings.push_back(std::move(View()
                                       .text("key", wording.key)
                                       .text("label", wording.label.fr)
                                       .flag("selected", wording.key == chosen)));
    }
    if (!wordings.empty())
      groups.push_back(
          std::move(View().text("label", label).list("wordings", std::move(wordings))));
  }
  return groups;
}

void add_steps(View& view, Office const& office, Visitor const& visitor,
               service::WorkingCopy const& copy, Typed const& typed) {
  auto const& context = office.context();
  auto const steps = context.editorial.open_steps(visitor.actor, copy);
  for (auto const step : steps) view.flag(cat("may_", model::step_name(step)), true);
  auto const base = record_path(copy.key);
  view.text("record_href", base)
      .text("edit_href", cat(base, "/modifier"))
      .text("decide_action", cat(base, "/decision"));
  bool const moderates = visitor.actor.may(schema::Permission::see_queue);
  bool const decides = std::ranges::any_of(steps, [](model::Step step) {
    return step == model::Step::send_back || step == model::Step::refuse ||
           step == model::Step::hide || step == model::Step::hand_over;
  });
  view.flag("decides", decides).flag("moderates", moderates);
  if (decides) view.list("wording_groups", wording_views(context, steps, typed.wording));
  view.flag("may_mark_read", copy.unread && visitor.actor.may(schema::Permission::publish));
}

// Who reads it, and what was said about it.
void add_review(View& view, Office const& office, Visitor const& visitor,
                service::WorkingCopy const& copy) {
  auto const& context = office.context();
  auto const review = context.editorial.reviews().read(visitor.actor, copy);
  if (!review) return;
  auto const now = context.instance.clock.now();
  if (review->claim) {
    bool const own = review->claim->by.account == visitor.actor.author.account;
    view.flag("claimed", true)
        .flag("claimed_here", own)
        .text("claimed_by", person(context, review->claim->by))
        .text("claimed_until",
              page::hour_text(model::to_civil(review->claim->until), page::Language::fr));
  }
  view.flag("may_claim", !review->claim && copy.state == model::State::submitted &&
                             visitor.actor.may(schema::Permission::see_queue));
  std::vector<View> remarks;
  for (auto const& remark : review->remarks) {
    remarks.push_back(std::move(View()
                                    .text("who", person(context, remark.by))
                                    .text("when", date_and_hour(remark.at, now))
                                    .text("text", remark.text)
                                    .flag("inside", !remark.to_author)));
  }
  view.flag("has_remarks", !remarks.empty()).list("remarks", std::move(remarks));
  if (copy.state != model::State::in_committee) return;
  if (!visitor.actor.may(schema::Permission::see_queue)) return;
  auto const verdict = context.editorial.verdict(copy, *review);
  if (!verdict) return;
  view.flag("asked", true)
      .flag("may_vote", service::votes(visitor.actor, copy))
      .text("closes", date_and_hour(verdict->closes_at, now))
      .number("votes_yes", verdict->yes)
      .number("votes_no", verdict->no)
      .number("votes_abstain", verdict->abstain)
      .number("quorum", context.instance.rules.committee.quorum);
  view.flag("has_ballots", !review->ballots.empty())
      .list("ballots", ballot_views(context, review->ballots));
}

// When it was changed and proposed, and when it will appear.
void add_dates(View& view, Context const& context, service::WorkingCopy const& copy) {
  auto const now = context.instance.clock.now();
  view.text("updated", date_and_hour(copy.updated_at, now));
  if (copy.submitted_at) view.text("submitted", date_and_hour(*copy.submitted_at, now));
  if (copy.state == model::State::scheduled && copy.publish_at)
    view.text("appears", date_and_hour(*copy.publish_at, now));
}

}  // namespace

http::Response record_page(Office const& office, Visitor const& visitor,
                           service::WorkingCopy const& copy, Typed const& typed, int status) {
  auto const& context = office.context();
  View view;
  view.text("title", copy.title)
      .text("type", copy.type->singular.fr)
      .view("state", state_view(copy.state));
  view.text("owner", person(context, copy.owner))
      .text("reason", copy.reason)
      .text("source", copy.source);
  if (auto const* const article = context.instance.model.article(copy.article); article != nullptr)
    view.text("article", article->title.fr).text("article_href", cat("/charte#", article->key));
  add_dates(view, context, copy);
  if (copy.published_at)
    view.text("public_href", service::public_path(*copy.type, copy.key.id, copy.title));
  if (visitor.actor.offices.size() > 1) view.text("node", title_of_node(context, copy.node));
  if (may_erase(office, visitor)) view.text("erase_href", cat(record_path(copy.key), "/effacer"));
  view.text("basis", copy.basis.encode())
      .text("error", typed.error)
      .text("typed_reason", typed.message)
      .text("typed_day", typed.day)
      .text("typed_hour", typed.hour);
  add_steps(view, office, visitor, copy, typed);
  add_review(view, office, visitor, copy);
  add_changes(view, context, copy);
  if (context.preview) view.text("preview_href", cat(record_path(copy.key), "/apercu"));
  add_twins(view, office, visitor, copy);
  add_front_page(view, office, visitor, copy, typed.front_page);
  if (copy.merged_into) view.text("merged_href", record_path({copy.key.scope, *copy.merged_into}));
  std::vector<View> problems;
  for (auto const& problem : context.editorial.problems(copy)) {
    auto const* const field = copy.type->field(problem.field);
    problems.push_back(std::move(View()
                                     .text("label", field == nullptr ? "" : field->label.fr)
                                     .text("message", problem.message.fr)));
  }
  view.flag("has_problems", !problems.empty()).list("problems", std::move(problems));
  std::vector<View> conflicts;
  for (auto const& conflict : copy.conflicts) {
    View one;
    one.text("label", conflict.label)
        .text("href",
              cat(record_path(copy.key), "/conflit?champ=", page::url_encode(conflict.key)));
    one.number("count", static_cast<std::int64_t>(conflict.versions.size()));
    conflicts.push_back(std::move(one));
  }
  view.flag("has_conflicts", !conflicts.empty()).list("conflicts", std::move(conflicts));
  view.list("groups", group_views(context, copy, context.editorial.widest(visitor.actor, copy)));
  add_quality(view, office, copy);
  add_history(view, office, visitor, copy);
  page::PageInfo info;
  info.title = copy.title;
  info.section = "records";
  return office.page(visitor, info, "office/record", view, status);
}

namespace {

http::Response show(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                    http::Request const& /*request*/) {
  return record_page(office, visitor, copy);
}

}  // namespace

void add_review_routes(http::Router& router, Office const& office) {
  router.get("/espace/fiches/{node}/{id}", for_record(office, show));
}

}  // namespace solidaires::office
