#include "node/office/office.h"

#include "node/http/csrf.h"
#include "node/office/pages.h"
#include "node/page/wording.h"
#include "node/service/areas.h"
#include "node/service/duplicates.h"
#include "sync/base/log.h"

namespace solidaires::office {
namespace {

using page::View;

constexpr std::string_view kMessage = "message";

std::vector<page::MenuEntry> menu_of(Context const& context, Visitor const& visitor) {
  std::vector<page::MenuEntry> menu{{"home", {"Tableau de bord", "/espace"}, 0}};
  auto const counts = context.editorial.counts(visitor.actor);
  auto const waiting = [&](auto member) {
    return counts ? static_cast<std::int64_t>((*counts).*member) : 0;
  };
  if (visitor.actor.may(schema::Permission::see_queue)) {
    menu.push_back({"queue", {"À relire", "/espace/file"}, waiting(&service::OfficeCounts::queue)});
  }
  if (visitor.actor.may(schema::Permission::see_queue)) {
    menu.push_back(
        {"committee", {"Comité", "/espace/comite"}, waiting(&service::OfficeCounts::questions)});
  }
  if (plans_somewhere(visitor))
    menu.push_back({"programme", {"Programme", "/espace/programme"}, 0});
  menu.push_back({"records", {"Fiches", "/espace/fiches"}, 0});
  if (visitor.actor.may(schema::Permission::settle_conflict)) {
    menu.push_back({"conflicts",
                    {"À départager", "/espace/fiches?conflits=1"},
                    waiting(&service::OfficeCounts::conflicts)});
  }
  if (service::unites(visitor.actor))
    menu.push_back({"duplicates", {"Doublons", "/espace/doublons"}, 0});
  if (context.reports != nullptr && visitor.actor.may(schema::Permission::see_queue)) {
    menu.push_back({"reports",
                    {"Signalements", "/espace/signalements"},
                    static_cast<std::int64_t>(context.reports->open(visitor.actor))});
  }
  if (context.imports != nullptr && visitor.actor.may(schema::Permission::import))
    menu.push_back({"imports", {"Imports", "/espace/imports"}, 0});
  if (may_see_usage(context, visitor))
    menu.push_back({"usage", {"Fréquentation", "/espace/frequentation"}, 0});
  if (visitor.actor.may(schema::Permission::manage_users))
    menu.push_back({"accounts", {"Comptes", "/espace/comptes"}, 0});
  if (visitor.actor.may(schema::Permission::see_network))
    menu.push_back({"network", {"Réseau", "/region"}, 0});
  menu.push_back({"own", {"Mon compte", "/espace/compte"}, 0});
  return menu;
}

}  // namespace

page::Html Office::csrf_field(http::Session const& session) const {
  return {cat("<input type=\"hidden\" name=\"", http::kCsrfField, "\" value=\"",
              http::csrf_token(session.csrf_secret, context_.instance.rng), "\">")};
}

std::optional<Visitor> Office::visitor(http::Request const& request) const {
  auto known = person(request);
  if (known && known->must_set_up_codes) return std::nullopt;
  return known;
}

std::optional<Visitor> Office::person(http::Request const& request) const {
  auto session = context_.sessions.load(request);
  if (!session || !*session || (*session)->user.empty()) return std::nullopt;
  auto const id = DocumentId::parse((*session)->user);
  if (!id) return std::nullopt;
  auto const account = context_.accounts.find(*id);
  if (!account || !*account || (*account)->disabled || (*account)->role == nullptr)
    return std::nullopt;
  auto const must_set_up = context_.second_factors.must_be_set_up(**account);
  if (!must_set_up) return std::nullopt;
  return Visitor{**std::move(session), **account, context_.accounts.actor(**account), *must_set_up};
}

http::Response Office::page(Visitor const& visitor, page::PageInfo const& info,
                            std::string_view name, View const& view, int status) const {
  page::OfficeFrame frame{visitor.account.name, csrf_field(visitor.session), {}};
  if (!visitor.must_set_up_codes) frame.menu = menu_of(context_, visitor);
  View whole = view;
  whole.html("csrf_html", frame.csrf);
  if (auto const left = visitor.session.values.find(std::string(kMessage));
      left != visitor.session.values.end()) {
    whole.text("message", left->second);
    Visitor after = visitor;
    after.session.values.erase(std::string(kMessage));
    after.session.changed = true;
    if (auto const saved = context_.sessions.save(after.session); !saved) {
      log_warning("session.save_failed", {{"error", saved.error().to_string()}});
    }
  }
  auto response =
      http::Response::html(context_.site()->office_page(info, frame, name, whole), status);
  response.with("Cache-Control", "no-store");
  return response;
}

http::Response Office::refused(Visitor const& visitor, Error const& error) const {
  int const status = error.code() == Code::not_found   ? 404
                     : error.code() == Code::denied    ? 403
                     : error.code() == Code::conflict  ? 409
                     : error.code() == Code::invalid   ? 422
                     : error.code() == Code::exhausted ? 429
                                                       : 500;
  View view;
  page::PageInfo info;
  info.title = status == 404   ? "Introuvable"
               : status == 403 ? "Accès refusé"
               : status == 409 ? "La fiche a changé"
                               : "La demande n’a pas abouti";
  view.text("title", info.title);
  if (status >= 500) {
    log_error("office.failed", {{"error", error.to_string()}});
    view.text("sentence",
              "Un problème est survenu. Réessayez dans un instant : rien de ce qui était "
              "enregistré n’est perdu.");
  } else {
    view.text("sentence", error.message());
  }
  return page(visitor, info, "office/refused", view, status);
}

void leave_message(Office const& office, Visitor& visitor, std::string message) {
  visitor.session.values[std::string(kMessage)] = std::move(message);
  visitor.session.changed = true;
  if (auto const saved = office.context().sessions.save(visitor.session); !saved) {
    log_warning("session.save_failed", {{"error", saved.error().to_string()}});
  }
}

namespace {

http::Handler guarded(Office const& office, VisitorHandler handler,
                      std::optional<Visitor> (Office::*who)(http::Request const&) const) {
  return [&office, who, handler = std::move(handler)](http::Request const& request) {
    auto visitor = (office.*who)(request);
    if (!visitor) return office.ask_to_log_in(request);
    if (!request.is_safe()) {
      if (auto const genuine = http::check_csrf(request, visitor->session.csrf_secret); !genuine) {
        return office.refused(*visitor, {Code::denied,
                                         "Ce formulaire n’a pas pu être vérifié. Revenez à la page "
                                         "précédente et rechargez-la : "
                                         "ce que vous avez saisi y est encore."});
      }
    }
    return handler(office, *visitor, request);
  };
}

}  // namespace

http::Handler for_visitor(Office const& office, VisitorHandler handler) {
  return guarded(office, std::move(handler), &Office::visitor);
}

http::Handler for_person(Office const& office, VisitorHandler handler) {
  return guarded(office, std::move(handler), &Office::person);
}

Result<service::WorkingCopy> record_of(Office const& office, Visitor const& visitor,
                                       http::Request const& request) {
  auto const node = NodeName::parse(request.capture("node"));
  if (!node) return fail(Code::not_found, "Cette fiche n’existe pas.");
  return office.context().editorial.get(visitor.actor, *node, request.capture("id"));
}

std::string title_of_node(Context const& context, NodeName const& node) {
  for (auto const& known : context.instance.directory.nodes()) {
    if (known.name == node) return known.title;
  }
  return node.str();
}

std::string record_path(sync::DocumentKey const& key) {
  return cat("/espace/fiches/", key.scope.owner(), '/', key.id.to_string());
}

std::string date_and_hour(Instant at, Instant now) {
  auto const civil = model::to_civil(at);
  return cat(page::relative_day(civil.date, model::to_civil(now).date, page::Language::fr), " à ",
             page::hour_text(civil, page::Language::fr));
}

std::string person(Context const& context, service::Author const& author) {
  auto name = author.name.empty() ? std::string("auteur inconnu") : author.name;
  if (!author.node.empty()) name += cat(" (", title_of_node(context, author.node), ')');
  return name;
}

std::vector<View> ballot_views(Context const& context,
                               std::vector<service::Ballot> const& ballots) {
  std::vector<View> views;
  for (auto const& ballot : ballots) {
    views.push_back(std::move(View()
                                  .text("who", person(context, ballot.by))
                                  .text("vote", model::vote_label(ballot.vote))
                                  .text("why", ballot.why)));
  }
  return views;
}

schema::DisplayOptions display_options(Context const& context) {
  schema::DisplayOptions options;
  options.place = [&context](std::string_view code) {
    return service::area_name(*context.gazetteer, code);
  };
  return options;
}

http::Handler for_record(Office const& office, RecordHandler handler) {
  return for_visitor(office, [handler = std::move(handler)](Office const& here, Visitor& visitor,
                                                            http::Request const& request) {
    auto const copy = record_of(here, visitor, request);
    if (!copy) return here.refused(visitor, copy.error());
    return handler(here, visitor, *copy, request);
  });
}

View state_view(model::State state) {
  View view;
  view.text("name", model::state_name(state)).text("label", model::state_label(state));
  return view;
}

void Office::add_routes(http::Router& router) {
  add_session_routes(router, *this);
  add_security_routes(router, *this);
  add_account_routes(router, *this);
  add_desk_routes(router, *this);
  add_writing_routes(router, *this);
  add_review_routes(router, *this);
  add_decision_routes(router, *this);
  add_conflict_routes(router, *this);
  add_duplicate_routes(router, *this);
  add_personal_routes(router, *this);
  add_together_routes(router, *this);
  add_programme_routes(router, *this);
  add_committee_routes(router, *this);
  add_file_routes(router, *this);
  add_erasure_routes(router, *this);
  add_report_routes(router, *this);
  add_import_routes(router, *this);
  add_usage_routes(router, *this);
}

}  // namespace solidaires::office
