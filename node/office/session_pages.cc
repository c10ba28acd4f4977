#include "node/http/csrf.h"
#include "node/office/pages.h"
#include "node/page/wording.h"
#include "sync/base/log.h"

namespace solidaires::office {
namespace {

using page::View;

constexpr std::string_view kLostFile = "_fichier";

// A path of ours and nothing else: never "//host" or "/\host".
std::string local_path(std::string_view text) {
  bool const ours = text.size() > 1 && text.front() == '/' && text[1] != '/' && text[1] != '\\' &&
                    text.find_first_of("\r\n\\") == std::string_view::npos && text.size() < 2'000;
  return ours ? std::string(text) : std::string("/espace");
}

// What a form had when its session was over: carried through the log-in, shown again after it.
std::vector<View> carried_fields(http::Request const& request) {
  std::vector<View> fields;
  for (auto const& [name, value] : request.form.items()) {
    if (name == http::kCsrfField || name == "courriel" || name == "mot_de_passe" ||
        name == "_suite")
      continue;
    fields.push_back(std::move(View().text("name", name).text("value", value)));
  }
  // A file cannot be carried; that it was there is.
  if (!request.files.empty() && request.form.get(kLostFile).empty())
    fields.push_back(std::move(View().text("name", kLostFile).text("value", "1")));
  return fields;
}

http::Response log_in_page(Office const& office, http::Request const& request,
                           std::string const& next, std::string_view email, std::string_view error,
                           std::vector<View> carried, int status = 200) {
  auto const site = office.context().site();
  View view;
  view.text("next", next)
      .text("email", email)
      .text("error", error)
      .flag("demonstration", site->identity().demonstration);
  view.text("phone", site->identity().phone);
  view.flag("has_carried", !carried.empty()).list("carried", std::move(carried));
  page::PageInfo info;
  info.title = "Se connecter";
  info.main_class = "wrap page narrow";
  (void)request;
  auto response = http::Response::html(site->office_page(info, {}, "office/log_in", view), status);
  response.with("Cache-Control", "no-store");
  return response;
}

// After a log-in that interrupted a form: the same form, sent again by one button, with its text.
http::Response resend_page(Office const& office, Visitor const& visitor, std::string const& next,
                           std::vector<View> carried, bool lost_file) {
  View view;
  view.text("next", next).list("carried", std::move(carried)).flag("lost_file", lost_file);
  page::PageInfo info;
  info.title = "Vous êtes de retour";
  info.main_class = "wrap page narrow";
  return office.page(visitor, info, "office/resend", view);
}

http::Response log_in(Office const& office, http::Request const& request) {
  auto const& context = office.context();
  auto const next = local_path(request.form.get("_suite"));
  auto const email = request.form.get("courriel");
  auto carried = carried_fields(request);
  if (auto const ours = http::check_anonymous(request); !ours) {
    return log_in_page(office, request, next, email,
                       "Le formulaire n’a pas pu être vérifié. Recommencez depuis cette page.",
                       std::move(carried), 403);
  }
  auto const now = context.instance.clock.now();
  auto const by_address = cat("log-in/", http::rate_key(request.peer));
  // Per address and account: somebody else's tries never lock the owner out from elsewhere.
  auto const by_account = cat(by_address, '/', email.substr(0, 200));
  if (!context.limiter.allow(by_account, now) || !context.limiter.allow(by_address, now)) {
    return log_in_page(office, request, next, email,
                       "Trop d’essais de suite. Patientez une minute, puis recommencez.",
                       std::move(carried), 429);
  }
  auto const account = context.accounts.log_in(email, request.form.get("mot_de_passe"));
  if (!account) {
    auto const sentence =
        account.error().code() == Code::unauthenticated
            ? account.error().message()
            : std::string("La connexion n’a pas abouti. Réessayez dans un instant.");
    return log_in_page(office, request, next, email, sentence, std::move(carried), 422);
  }
  context.limiter.forgive(by_account);
  context.limiter.forgive(by_address);
  auto response = http::Response::redirect(next);
  auto session = context.sessions.start(request, response);
  if (!session)
    return log_in_page(office, request, next, email,
                       "La connexion n’a pas abouti. Réessayez dans un instant.",
                       std::move(carried), 500);
  session->user = account->id.to_string();
  session->changed = true;
  if (auto const saved = context.sessions.save(*session); !saved) {
    return log_in_page(office, request, next, email,
                       "La connexion n’a pas abouti. Réessayez dans un instant.",
                       std::move(carried), 500);
  }
  if (carried.empty()) return response;
  Visitor const visitor{*session, *account, context.accounts.actor(*account)};
  auto again =
      resend_page(office, visitor, next, std::move(carried), !request.form.get(kLostFile).empty());
  for (auto const& header : response.headers.items()) {
    if (http::equals_ignoring_case(header.name, "Set-Cookie"))
      again.headers.add(header.name, header.value);
  }
  return again;
}

http::Response log_out(Office const& office, Visitor& visitor, http::Request const& request) {
  auto response = http::Response::redirect("/");
  if (auto const ended = office.context().sessions.end(visitor.session, request, response); !ended)
    return office.refused(visitor, ended.error());
  return response;
}

http::Response invitation_page(Office const& office, http::Request const& request,
                               std::string_view name, std::string_view error, int status) {
  auto const site = office.context().site();
  auto const token = request.capture("token");
  auto const invitation = office.context().accounts.invitation(token);
  View view;
  page::PageInfo info;
  info.main_class = "wrap page narrow";
  info.title = "Ouvrir mon compte";
  if (!invitation) {
    view.text("gone", invitation.error().code() == Code::not_found ? invitation.error().message()
                                                                   : "Un problème est survenu.");
    return http::Response::html(site->office_page(info, {}, "office/invitation", view), 410);
  }
  view.text("email", invitation->email)
      .text("role", invitation->role == nullptr ? "" : invitation->role->label.fr);
  view.text("action", cat("/espace/invitation/", token)).text("name", name).text("error", error);
  view.text("length", std::to_string(service::kPasswordCharactersMin));
  auto response =
      http::Response::html(site->office_page(info, {}, "office/invitation", view), status);
  response.secret = true;
  return response;
}

http::Response accept(Office const& office, http::Request const& request) {
  auto const name = request.form.get("nom");
  if (auto const ours = http::check_anonymous(request); !ours)
    return invitation_page(office, request, name,
                           "Le formulaire n’a pas pu être vérifié. Recommencez.", 403);
  if (request.form.get("mot_de_passe") != request.form.get("mot_de_passe_encore")) {
    return invitation_page(office, request, name, "Les deux mots de passe ne sont pas les mêmes.",
                           422);
  }
  auto const account = office.context().accounts.accept(request.capture("token"), name,
                                                        request.form.get("mot_de_passe"));
  if (!account) return invitation_page(office, request, name, account.error().message(), 422);
  auto response = http::Response::redirect("/espace");
  auto session = office.context().sessions.start(request, response);
  if (!session) return http::Response::redirect("/espace/connexion");
  session->user = account->id.to_string();
  session->values["message"] = cat("Bienvenue, ", account->name, ". Votre compte est ouvert.");
  session->changed = true;
  if (auto const saved = office.context().sessions.save(*session); !saved)
    return http::Response::redirect("/espace/connexion");
  return response;
}

http::Response own_account(Office const& office, Visitor& visitor, http::Request const& request) {
  View view;
  std::string error;
  int status = 200;
  if (request.method == http::Method::post) {
    auto const wanted = request.form.get("nouveau");
    auto const changed =
        wanted != request.form.get("nouveau_encore")
            ? Result<>(
                  fail(Code::invalid, "Les deux nouveaux mots de passe ne sont pas les mêmes."))
            : office.context().accounts.change_password(visitor.account.id,
                                                        request.form.get("actuel"), wanted);
    if (changed) {
      auto response = http::Response::redirect("/espace/compte");
      visitor.session.values["message"] = "Votre mot de passe est changé.";
      if (auto const rotated = office.context().sessions.rotate(visitor.session, request, response);
          !rotated)
        return office.refused(visitor, rotated.error());
      return response;
    }
    error = changed.error().message();
    status = 422;
  }
  view.text("email", visitor.account.email)
      .text("name", visitor.account.name)
      .text("role", visitor.account.role->label.fr);
  view.text("error", error).text("length", std::to_string(service::kPasswordCharactersMin));
  page::PageInfo info;
  info.title = "Mon compte";
  info.section = "own";
  info.main_class = "wrap page narrow";
  return office.page(visitor, info, "office/own_account", view, status);
}

}  // namespace

http::Response Office::ask_to_log_in(http::Request const& request) const {
  if (request.is_safe())
    return http::Response::redirect(
        cat("/espace/connexion?suite=", page::url_encode(request.target)));
  return log_in_page(*this, request, request.path, {},
                     "Votre session est terminée. Reconnectez-vous : votre texte est conservé.",
                     carried_fields(request), 401);
}

void add_session_routes(http::Router& router, Office const& office) {
  http::RouteOptions large;
  large.body_bytes_max = 2UL * 1024 * 1024;
  router.get("/espace/connexion", [&office](http::Request const& request) {
    if (office.visitor(request))
      return http::Response::redirect(local_path(request.query.get("suite")));
    return log_in_page(office, request, local_path(request.query.get("suite")), {}, {}, {});
  });
  router.post(
      "/espace/connexion",
      [&office](http::Request const& request) { return log_in(office, request); }, large);
  router.post("/espace/deconnexion", for_visitor(office, log_out));
  router.get("/espace/invitation/{token}", [&office](http::Request const& request) {
    return invitation_page(office, request, {}, {}, 200);
  });
  router.post("/espace/invitation/{token}",
              [&office](http::Request const& request) { return accept(office, request); });
  router.get("/espace/compte", for_visitor(office, own_account));
  router.post("/espace/compte", for_visitor(office, own_account));
}

}  // namespace solidaires::office
