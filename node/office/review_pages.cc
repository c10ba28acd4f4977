#include <charconv>

#include "node/model/recurrence.h"
#include "node/office/pages.h"
#include "node/page/french.h"
#include "node/page/markdown.h"
#include "node/service/areas.h"
#include "node/service/catalogue.h"
#include "schema/audience.h"
#include "schema/display.h"
#include "schema/file_reference.h"
#include "schema/quality.h"

namespace solidaires::office {
namespace {

using page::View;

constexpr std::size_t kHistoryLines = 30;

std::string person(Context const& context, service::Author const& author) {
  auto name = author.name.empty() ? std::string("auteur inconnu") : author.name;
  if (!author.node.empty()) name += cat(" (", title_of_node(context, author.node), ')');
  return name;
}

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
  schema::DisplayOptions options;
  options.place = [&context](std::string_view code) {
    return service::area_name(*context.gazetteer, code);
  };
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
  std::vector<View> lines;
  for (auto const& line : *history) {
    View one;
    one.text("who", person(context, line.author))
        .text("when", date_and_hour(line.at, context.instance.clock.now()));
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

void add_steps(View& view, Office const& office, Visitor const& visitor,
               service::WorkingCopy const& copy) {
  for (auto const step : office.context().editorial.open_steps(visitor.actor, copy)) {
    view.flag(cat("may_", model::step_name(step)), true);
  }
  view.text("edit_href", cat(record_path(copy.key), "/modifier"))
      .text("decide_action", cat(record_path(copy.key), "/decision"));
}

http::Response record_page(Office const& office, Visitor const& visitor,
                           service::WorkingCopy const& copy, std::string_view error,
                           std::string_view reason, int status) {
  auto const& context = office.context();
  View view;
  view.text("title", copy.title)
      .text("type", copy.type->singular.fr)
      .view("state", state_view(copy.state));
  view.text("owner", person(context, copy.owner))
      .text("reason", copy.reason)
      .text("source", copy.source);
  auto const now = context.instance.clock.now();
  view.text("updated", date_and_hour(copy.updated_at, now));
  if (copy.submitted_at) view.text("submitted", date_and_hour(*copy.submitted_at, now));
  if (copy.published_at)
    view.text("public_href", service::public_path(*copy.type, copy.key.id, copy.title));
  if (visitor.actor.offices.size() > 1) view.text("node", title_of_node(context, copy.node));
  if (may_erase(office, visitor)) view.text("erase_href", cat(record_path(copy.key), "/effacer"));
  view.text("basis", copy.basis.encode()).text("error", error).text("typed_reason", reason);
  add_steps(view, office, visitor, copy);
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

http::Response show(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const copy = record_of(office, visitor, request);
  if (!copy) return office.refused(visitor, copy.error());
  return record_page(office, visitor, *copy, {}, {}, 200);
}

http::Response decide(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const copy = record_of(office, visitor, request);
  if (!copy) return office.refused(visitor, copy.error());
  auto& editorial = office.context().editorial;
  auto const step = request.form.get("action");
  auto const reason = request.form.get("raison");
  Result<service::WorkingCopy> done = fail(Code::invalid, "Choisissez une action.");
  std::string message;
  if (step == "publish") {
    auto const basis = service::EditBasis::decode(request.form.get("_basis"));
    done = basis ? editorial.publish(visitor.actor, copy->key, basis->seen, reason)
                 : Result<service::WorkingCopy>(std::unexpected(basis.error()));
    message = "La fiche est publiée.";
  } else if (step == "submit") {
    done = editorial.submit(visitor.actor, copy->key);
    message = "La fiche est proposée à la relecture.";
  } else if (step == "send_back") {
    done = editorial.send_back(visitor.actor, copy->key, reason);
    message = "La fiche est renvoyée à son auteur ou son autrice, avec votre message.";
  } else if (step == "withdraw") {
    if (request.form.get("sur") != "oui") {
      done = fail(Code::invalid, "Pour retirer la fiche, cochez la case qui le confirme.");
    } else {
      done = editorial.withdraw(visitor.actor, copy->key, reason);
      message = "La fiche est retirée. Son texte est conservé ici.";
    }
  }
  if (!done) {
    auto const code = done.error().code();
    if (code != Code::invalid && code != Code::conflict)
      return office.refused(visitor, done.error());
    return record_page(office, visitor, *copy, done.error().message(), reason,
                       code == Code::conflict ? 409 : 422);
  }
  leave_message(office, visitor, message);
  bool const next =
      request.form.get("suivante") == "1" && visitor.actor.may(schema::Permission::see_queue);
  return http::Response::redirect(next ? std::string("/espace/file") : record_path(copy->key));
}

std::string dot_text(sync::Dot dot) {
  return cat(to_string(dot.replica), '-', dot.counter);
}

std::optional<sync::Dot> read_dot(std::string_view text) {
  auto const hyphen = text.find('-');
  if (hyphen == std::string_view::npos) return std::nullopt;
  auto const replica = parse_replica_id(text.substr(0, hyphen));
  std::uint64_t counter = 0;
  auto const digits = text.substr(hyphen + 1);
  auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), counter);
  if (!replica || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return sync::Dot{*replica, counter};
}

http::Response conflict_page(Office const& office, Visitor const& visitor,
                             service::WorkingCopy const& copy, std::string_view key,
                             std::string_view error, int status) {
  auto const& context = office.context();
  auto const found = std::ranges::find(copy.conflicts, key, &service::FieldConflict::key);
  if (found == copy.conflicts.end()) return http::Response::redirect(record_path(copy.key));
  View view;
  view.text("title", copy.title)
      .text("label", found->label)
      .text("record_href", record_path(copy.key))
      .text("error", error);
  view.text("action", cat(record_path(copy.key), "/conflit")).text("key", found->key);
  std::vector<View> versions;
  for (auto const& version : found->versions) {
    View one;
    one.text("dot", dot_text(version.dot)).text("text", version.text).flag("shown", version.shown);
    one.text("who", person(context, version.author))
        .text("when", date_and_hour(version.written_at, context.instance.clock.now()));
    one.text("id", cat("version-", dot_text(version.dot)));
    versions.push_back(std::move(one));
  }
  view.list("versions", std::move(versions));
  page::PageInfo info;
  info.title = cat("Départager : ", found->label);
  info.section = "conflicts";
  return office.page(visitor, info, "office/conflict", view, status);
}

http::Response show_conflict(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const copy = record_of(office, visitor, request);
  if (!copy) return office.refused(visitor, copy.error());
  return conflict_page(office, visitor, *copy, request.query.get("champ"), {}, 200);
}

http::Response settle(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const copy = record_of(office, visitor, request);
  if (!copy) return office.refused(visitor, copy.error());
  auto const key = request.form.get("champ");
  auto const chosen = read_dot(request.form.get("version"));
  if (!chosen)
    return conflict_page(office, visitor, *copy, key, "Choisissez l’une des versions.", 422);
  auto const settled = office.context().editorial.settle(visitor.actor, copy->key, key, *chosen);
  if (!settled) {
    if (settled.error().code() == Code::conflict)
      return conflict_page(office, visitor, *copy, key, settled.error().message(), 409);
    return office.refused(visitor, settled.error());
  }
  leave_message(office, visitor,
                "C’est tranché : la version choisie est gardée, l’autre reste dans l’historique.");
  return http::Response::redirect(record_path(copy->key));
}

}  // namespace

void add_review_routes(http::Router& router, Office const& office) {
  router.get("/espace/fiches/{node}/{id}", for_visitor(office, show));
  router.post("/espace/fiches/{node}/{id}/decision", for_visitor(office, decide));
  router.get("/espace/fiches/{node}/{id}/conflit", for_visitor(office, show_conflict));
  router.post("/espace/fiches/{node}/{id}/conflit", for_visitor(office, settle));
}

}  // namespace solidaires::office
