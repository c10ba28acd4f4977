#include "node/http/csrf.h"
#include "node/office/form_pictures.h"
#include "node/office/form_reading.h"
#include "node/office/form_view.h"
#include "node/office/pages.h"
#include "node/page/wording.h"
#include "node/service/publication.h"
#include "schema/display.h"
#include "schema/file_reference.h"
#include "schema/json.h"

namespace solidaires::office {
namespace {

using page::View;

struct Draft {
  schema::Type const* type = nullptr;
  std::optional<service::WorkingCopy> copy;  // nullopt: a new record
  schema::FormFields typed;
  std::vector<schema::Problem> problems;
  std::string basis;
  std::string heading;  // of the problems
};

schema::Audience widest(Office const& office, Visitor const& visitor, Draft const& draft) {
  return draft.copy ? office.context().editorial.widest(visitor.actor, *draft.copy)
                    : schema::Audience::office;
}

// Where the form's own author sees the file: through the record that shows it, or, until one does,
// because they sent it.
std::string picture_href(Draft const& draft, std::string_view source) {
  auto const hash = source.substr(std::min(schema::kBlobSource.size(), source.size()));
  if (draft.copy) {
    for (auto const& field : draft.type->fields) {
      auto const* const picture = schema::get<schema::Picture>(draft.copy->record, field.key);
      if (field.kind != schema::FieldKind::picture || picture == nullptr) continue;
      if (picture->source == source)
        return cat(record_path(draft.copy->key), "/fichiers/", hash, "/image");
    }
  }
  return cat("/espace/images/", hash);
}

http::Response form_page(Office const& office, Visitor const& visitor, Draft const& draft,
                         int status) {
  View view;
  page::PageInfo info;
  bool const is_new = !draft.copy;
  info.title = is_new ? cat("Proposer ", schema::with_a(*draft.type, schema::Language::fr))
                      : cat("Modifier : ", draft.copy->title);
  info.section = "records";
  info.main_class = "wrap page narrow";
  view.text("title", info.title).text("basis", draft.basis);
  view.text("action", is_new ? cat("/espace/nouveau/", draft.type->key)
                             : cat(record_path(draft.copy->key), "/modifier"));
  view.text("cancel", is_new ? "/espace" : record_path(draft.copy->key));
  auto const named = candidates(office, visitor);
  FormOptions const options{
      widest(office, visitor, draft), &named, display_options(office.context()).place,
      [&draft](std::string_view source) { return picture_href(draft, source); }};
  view.list("groups", form_groups(*draft.type, draft.typed, draft.problems, options));
  view.flag("has_problems", !draft.problems.empty())
      .list("problems", problem_views(*draft.type, draft.problems));
  view.text("problem_heading", draft.heading.empty() ? "Quelques points à revoir" : draft.heading);
  auto const state = is_new ? model::State::draft : draft.copy->state;
  if (!is_new) {
    view.text("state_name", model::state_name(state))
        .text("state_label", model::state_label(state));
    if (state == model::State::returned) view.text("reason", draft.copy->reason);
  }
  bool const publishes = visitor.actor.may(schema::Permission::publish);
  view.flag("saves_itself", state == model::State::draft || state == model::State::returned);
  view.flag("may_publish", publishes).flag("may_preview", bool(office.context().preview));
  view.flag("may_submit", !publishes && state != model::State::submitted);
  view.text("save_label",
            state == model::State::submitted ? "Enregistrer" : "Enregistrer le brouillon");
  return office.page(visitor, info, "office/form", view, status);
}

http::Response new_form(Office const& office, Visitor& visitor, http::Request const& request) {
  Draft draft;
  draft.type = office.context().instance.model.type(request.capture("type"));
  if (draft.type == nullptr)
    return office.refused(visitor, {Code::not_found, "Ce genre de fiche n’existe pas."});
  if (!visitor.actor.may(schema::Permission::create))
    return office.refused(visitor,
                          {Code::denied, "Votre compte ne permet pas de proposer une fiche."});
  return form_page(office, visitor, draft, 200);
}

bool wants_preview(Office const& office, http::Request const& request) {
  return office.context().preview && request.form.get("_then") == "preview";
}

// The public page of what was typed, or what must be put right first. Nothing is saved.
http::Response preview(Office const& office, Visitor const& visitor, Draft& draft,
                       std::span<schema::Field const* const> fields) {
  auto const& context = office.context();
  auto const record = read_form(context, *draft.type, draft.typed, fields, draft.problems);
  if (!record) return form_page(office, visitor, draft, 422);
  service::WorkingCopy copy;
  if (draft.copy) copy = *draft.copy;
  copy.type = draft.type;
  copy.node = draft.copy ? draft.copy->node : context.instance.self;
  // What the form did not show stays as it is.
  std::erase_if(copy.record, [&fields](auto const& item) {
    return std::ranges::find(fields, schema::field_of(item.first), &schema::Field::key) !=
           fields.end();
  });
  copy.record.insert(record->begin(), record->end());
  copy.title = schema::title(*copy.type, copy.record);
  return context.preview(service::as_published(copy, context.instance.clock.now()),
                         [&draft](schema::FileReference const& file) {
                           return picture_href(draft, cat(schema::kBlobSource, hex(file.sha256)));
                         });
}

http::Response show_preview(Office const& office, Visitor& /*visitor*/,
                            service::WorkingCopy const& copy, http::Request const& /*request*/) {
  auto const& context = office.context();
  return context.preview(service::as_published(copy, context.instance.clock.now()),
                         [&copy](schema::FileReference const& file) {
                           return cat(record_path(copy.key), "/fichiers/", hex(file.sha256),
                                      "/image");
                         });
}

// A draft that its page saves while somebody writes.
bool saves_itself(http::Request const& request) {
  return request.form.get("_then") == "autosave";
}

// Where the draft is from now on, and what it was rendered from.
http::Response saved_by_itself(Office const& office, service::WorkingCopy const& saved) {
  auto const at = model::to_civil(office.context().instance.clock.now());
  return http::Response::json(
      cat("{\"action\":", schema::json_string(cat(record_path(saved.key), "/modifier")),
          ",\"basis\":", schema::json_string(saved.basis.encode()),
          ",\"saved\":", schema::json_string(page::hour_text(at, page::Language::fr)), "}\n"));
}

http::Response not_saved_by_itself(std::string_view problem) {
  return http::Response::json(cat("{\"problem\":", schema::json_string(problem), "}\n"));
}

// What was typed cannot be read as a record: says what to put right.
http::Response unsound(Office const& office, Visitor const& visitor, http::Request const& request,
                       Draft const& draft) {
  if (!saves_itself(request)) return form_page(office, visitor, draft, 422);
  return not_saved_by_itself(draft.problems.empty() ? "" : draft.problems.front().message.fr);
}

// After a save: the step that the button asked for.
http::Response then(Office const& office, Visitor& visitor, http::Request const& request,
                    Draft draft, service::WorkingCopy const& saved) {
  auto const wanted = request.form.get("_then");
  auto& editorial = office.context().editorial;
  Result<service::WorkingCopy> done = saved;
  std::string message = "Enregistré.";
  if (wanted == "submit") {
    done = editorial.submit(visitor.actor, saved.key);
    message =
        "Merci. Votre fiche est proposée ; une personne la relit, et vous saurez ce qu’il en est.";
  } else if (wanted == "publish") {
    done = editorial.publish(visitor.actor, saved.key);
    message = "La fiche est publiée.";
  }
  if (!done && done.error().code() == Code::invalid) {
    draft.copy = saved;
    draft.problems = editorial.problems(saved);
    draft.basis = saved.basis.encode();
    draft.heading = "La fiche est enregistrée en brouillon ; voici ce qui manque pour la proposer";
    return form_page(office, visitor, draft, 422);
  }
  if (!done) return office.refused(visitor, done.error());
  leave_message(office, visitor, message);
  return http::Response::redirect(record_path(saved.key));
}

// Before anything that was typed is read.
void take_sent_pictures(Office const& office, Visitor const& visitor, http::Request const& request,
                        Draft& draft) {
  auto const& instance = office.context().instance;
  auto const basis = service::EditBasis::decode(draft.basis);
  PictureForm const form{
      .type = *draft.type,
      .scope = draft.copy ? draft.copy->key.scope : ScopeId::office(instance.self),
      .account = visitor.actor.author.account,
      .before = draft.copy ? &draft.copy->record : nullptr,
      .basis = draft.copy && basis ? &*basis : nullptr,
      .now = instance.clock.now()};
  take_pictures(instance.store, form, request, draft.typed, draft.problems);
}

http::Response create(Office const& office, Visitor& visitor, http::Request const& request) {
  Draft draft;
  draft.type = office.context().instance.model.type(request.capture("type"));
  if (draft.type == nullptr)
    return office.refused(visitor, {Code::not_found, "Ce genre de fiche n’existe pas."});
  draft.typed = typed_in(request);
  take_sent_pictures(office, visitor, request, draft);
  auto const fields = schema::form_fields(*draft.type, schema::Audience::office);
  if (wants_preview(office, request)) return preview(office, visitor, draft, fields);
  auto const record = read_form(office.context(), *draft.type, draft.typed, fields, draft.problems);
  if (!record) return unsound(office, visitor, request, draft);
  auto const saved = office.context().editorial.create(
      visitor.actor, office.context().instance.self, draft.type->key, *record);
  if (!saved) return office.refused(visitor, saved.error());
  if (saves_itself(request)) return saved_by_itself(office, *saved);
  return then(office, visitor, request, std::move(draft), *saved);
}

http::Response edit_form(Office const& office, Visitor& visitor, http::Request const& request) {
  auto copy = record_of(office, visitor, request);
  if (!copy) return office.refused(visitor, copy.error());
  Draft draft;
  draft.type = copy->type;
  draft.typed = schema::form_values(*copy->type, copy->record);
  draft.basis = copy->basis.encode();
  draft.copy = *std::move(copy);
  return form_page(office, visitor, draft, 200);
}

http::Response save(Office const& office, Visitor& visitor, http::Request const& request) {
  auto copy = record_of(office, visitor, request);
  if (!copy) return office.refused(visitor, copy.error());
  Draft draft;
  draft.type = copy->type;
  draft.typed = typed_in(request);
  draft.basis = request.form.get("_basis");
  draft.copy = *copy;
  take_sent_pictures(office, visitor, request, draft);
  auto const basis = service::EditBasis::decode(draft.basis);
  if (!basis) return office.refused(visitor, basis.error());
  auto const fields = schema::form_fields(*draft.type, widest(office, visitor, draft));
  if (wants_preview(office, request)) return preview(office, visitor, draft, fields);
  auto const record = read_form(office.context(), *draft.type, draft.typed, fields, draft.problems);
  if (!record) return unsound(office, visitor, request, draft);
  auto const saved =
      office.context().editorial.save(visitor.actor, copy->key, *record, fields, *basis);
  if (saved && saves_itself(request)) return saved_by_itself(office, *saved);
  if (!saved) {
    if (saves_itself(request)) return not_saved_by_itself(saved.error().message());
    if (saved.error().code() != Code::conflict && saved.error().code() != Code::invalid)
      return office.refused(visitor, saved.error());
    draft.heading = saved.error().message();
    draft.problems.push_back({"", "", {saved.error().message(), saved.error().message()}, false});
    return form_page(office, visitor, draft, 409);
  }
  return then(office, visitor, request, std::move(draft), *saved);
}

}  // namespace

void add_writing_routes(http::Router& router, Office const& office) {
  http::RouteOptions large;
  large.body_bytes_max = 2UL * 1024 * 1024;
  large.file_bytes_max = 3 * kPictureBytes;  // what is too large gets a word beside its input
  large.files_max = 4;
  router.get("/espace/nouveau/{type}", for_visitor(office, new_form));
  router.post("/espace/nouveau/{type}", for_visitor(office, create), large);
  router.get("/espace/fiches/{node}/{id}/modifier", for_visitor(office, edit_form));
  router.post("/espace/fiches/{node}/{id}/modifier", for_visitor(office, save), large);
  if (office.context().preview)
    router.get("/espace/fiches/{node}/{id}/apercu", for_record(office, show_preview));
}

}  // namespace solidaires::office
