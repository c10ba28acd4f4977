#include <algorithm>

#include "node/http/csrf.h"
#include "node/office/device.h"
#include "node/office/log_in.h"
#include "node/office/pages.h"
#include "node/page/wording.h"
#include "node/service/devices.h"
#include "sync/base/hash.h"
#include "sync/base/log.h"

namespace solidaires::office {
namespace {

using page::View;

constexpr std::string_view kLostFile = "_fichier";
constexpr std::string_view kDevice = "device";  // of a session, in words

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
        name == "_suite" || name == "_code" || name == "_action" || name == kLostFile)
      continue;
    fields.push_back(std::move(View().text("name", name).text("value", value)));
  }
  return fields;
}

// From now on the session is this account's.
void open_for(http::Session& session, http::Request const& request,
              service::Account const& account) {
  session.user = account.id.to_string();
  session.values[std::string(kDevice)] = device_words(request.headers.get("User-Agent"));
  session.changed = true;
}

// After a log-in that interrupted a form: the same form, sent again by one button, with its text.
http::Response resend_page(Office const& office, Visitor const& visitor, Onward onward) {
  View view;
  show_onward(view, std::move(onward));
  page::PageInfo info;
  info.title = "Vous êtes de retour";
  info.main_class = "wrap page narrow";
  return office.page(visitor, info, "office/resend", view);
}

// What counts the tries of a log-in: address, and address with account. Somebody else's tries never
// lock the owner out from elsewhere; nor from here, on a device where they have logged in before,
// for its tries are counted apart.
std::vector<std::string> tries_of(Context const& context, http::Request const& request) {
  auto const email = request.form.get("courriel");
  auto const device = device_token(request);
  auto const account = context.accounts.find_by_email(email);
  if (!device.empty() && account && *account) {
    auto const known = service::is_known_device(context.instance, (*account)->id, device);
    if (known && *known) return {cat("log-in/device/", hex(sha256(device)))};
  }
  auto const by_address = cat("log-in/", http::rate_key(request.peer));
  return {cat(by_address, '/', email.substr(0, 200)), by_address};
}

http::Response log_in(Office const& office, http::Request const& request) {
  auto const& context = office.context();
  auto const email = request.form.get("courriel");
  auto const again = [&](std::string_view error, int status) {
    return log_in_page(office, onward_of(request), email, error, status);
  };
  constexpr std::string_view kFailed = "La connexion n’a pas abouti. Réessayez dans un instant.";
  if (!http::check_anonymous(request))
    return again("Le formulaire n’a pas pu être vérifié. Recommencez depuis cette page.", 403);
  auto const tries = tries_of(context, request);
  if (!std::ranges::all_of(tries, [&](std::string const& key) {
        return context.limiter.allow(key, context.instance.clock.now());
      }))
    return again("Trop d’essais de suite. Patientez une minute, puis recommencez.", 429);
  auto const account = context.accounts.log_in(email, request.form.get("mot_de_passe"));
  if (!account) {
    return again(
        account.error().code() == Code::unauthenticated ? account.error().message() : kFailed, 422);
  }
  auto const codes = context.second_factors.is_set_up(account->id);
  http::Response cookies;
  auto session = context.sessions.start(request, cookies);
  if (!codes || !session) return again(kFailed, 500);
  for (auto const& key : tries) context.limiter.forgive(key);
  auto response = *codes ? ask_for_code(office, *session, *account, onward_of(request))
                         : enter(office, request, *session, *account);
  move_cookies(cookies, response);
  return response;
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
  open_for(*session, request, *account);
  session->values["message"] = cat("Bienvenue, ", account->name, ". Votre compte est ouvert.");
  if (auto const saved = office.context().sessions.save(*session); !saved)
    return http::Response::redirect("/espace/connexion");
  greet_device(office.context(), request, *account, response);
  return response;
}

std::vector<View> session_rows(Context const& context, Visitor const& visitor) {
  auto const sessions = context.sessions.of(visitor.session.user);
  std::vector<View> rows;
  if (!sessions) return rows;
  auto const now = context.instance.clock.now();
  for (auto const& session : *sessions) {
    auto const device = session.values.find(std::string(kDevice));
    rows.push_back(std::move(
        View()
            .text("device", device == session.values.end() ? "Appareil inconnu" : device->second)
            .text("begun", date_and_hour(session.created, now))
            .text("seen", date_and_hour(session.seen, now))
            .text("label", session.label())
            .flag("mine", session.key == visitor.session.key)));
  }
  return rows;
}

http::Response end_sessions(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const label = request.form.get("session");
  auto const ended = office.context().sessions.end_others(visitor.session, label);
  if (!ended) return office.refused(visitor, ended.error());
  leave_message(office, visitor,
                label.empty() ? "Vos autres sessions sont fermées." : "Cette session est fermée.");
  return http::Response::redirect("/espace/compte");
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
      auto& sessions = office.context().sessions;
      visitor.session.values["message"] =
          "Votre mot de passe est changé, et vos autres sessions sont fermées.";
      if (auto const rotated = sessions.rotate(visitor.session, request, response); !rotated)
        return office.refused(visitor, rotated.error());
      if (auto const ended = sessions.end_others(visitor.session); !ended)
        return office.refused(visitor, ended.error());
      return response;
    }
    error = changed.error().message();
    status = 422;
  }
  view.text("email", visitor.account.email)
      .text("name", visitor.account.name)
      .text("role", visitor.account.role->label.fr);
  if (auto const codes = office.context().second_factors.is_set_up(visitor.account.id))
    view.flag("codes", *codes);
  view.text("error", error).text("length", std::to_string(service::kPasswordCharactersMin));
  auto const sessions = session_rows(office.context(), visitor);
  view.list("sessions", sessions).flag("has_others", sessions.size() > 1);
  page::PageInfo info;
  info.title = "Mon compte";
  info.section = "own";
  info.main_class = "wrap page narrow";
  return office.page(visitor, info, "office/own_account", view, status);
}

}  // namespace

Onward onward_of(http::Request const& request) {
  // Of a form that was interrupted, its own address.
  auto const next = request.form.has("_suite") ? request.form.get("_suite")
                    : request.is_safe()        ? request.query.get("suite")
                                               : std::string_view(request.path);
  return {local_path(next), carried_fields(request),
          !request.files.empty() || request.form.has(kLostFile)};
}

void show_onward(View& view, Onward onward) {
  view.flag("has_carried", !onward.carried.empty()).flag("lost_file", onward.lost_file);
  // A file cannot be carried; that it was there is.
  if (onward.lost_file)
    onward.carried.push_back(std::move(View().text("name", kLostFile).text("value", "1")));
  view.text("next", onward.next).list("carried", std::move(onward.carried));
}

http::Response log_in_page(Office const& office, Onward onward, std::string_view email,
                           std::string_view error, int status) {
  auto const site = office.context().site();
  View view;
  view.text("email", email).text("error", error).text("phone", site->identity().phone);
  show_onward(view, std::move(onward));
  page::PageInfo info;
  info.title = "Se connecter";
  info.main_class = "wrap page narrow";
  auto response = http::Response::html(site->office_page(info, {}, "office/log_in", view), status);
  response.with("Cache-Control", "no-store");
  return response;
}

http::Response enter(Office const& office, http::Request const& request, http::Session session,
                     service::Account const& account) {
  auto const& context = office.context();
  auto onward = onward_of(request);
  open_for(session, request, account);
  auto const must_set_up = context.second_factors.must_be_set_up(account);
  if (!context.sessions.save(session) || !must_set_up) {
    return log_in_page(office, std::move(onward), account.email,
                       "La connexion n’a pas abouti. Réessayez dans un instant.", 500);
  }
  Visitor const visitor{std::move(session), account, context.accounts.actor(account), *must_set_up};
  auto response = *must_set_up             ? codes_page(office, visitor, std::move(onward))
                  : onward.carried.empty() ? http::Response::redirect(onward.next)
                                           : resend_page(office, visitor, std::move(onward));
  greet_device(context, request, account, response);
  return response;
}

void move_cookies(http::Response const& from, http::Response& to) {
  for (auto const& header : from.headers.items()) {
    if (http::equals_ignoring_case(header.name, "Set-Cookie"))
      to.headers.add(header.name, header.value);
  }
}

http::Response Office::ask_to_log_in(http::Request const& request) const {
  if (auto const known = person(request))
    return codes_page(*this, *known, onward_of(request), {}, request.is_safe() ? 200 : 401);
  if (request.is_safe())
    return http::Response::redirect(
        cat("/espace/connexion?suite=", page::url_encode(request.target)));
  return log_in_page(*this, onward_of(request), {},
                     "Votre session est terminée. Reconnectez-vous : votre texte est conservé.",
                     401);
}

void add_session_routes(http::Router& router, Office const& office) {
  http::RouteOptions large;
  large.body_bytes_max = kCarriedBytesMax;
  router.get("/espace/connexion", [&office](http::Request const& request) {
    if (office.visitor(request))
      return http::Response::redirect(local_path(request.query.get("suite")));
    return log_in_page(office, onward_of(request), {}, {});
  });
  router.post(
      "/espace/connexion",
      [&office](http::Request const& request) { return log_in(office, request); }, large);
  router.post("/espace/deconnexion", for_person(office, log_out));
  router.get("/espace/invitation/{token}", [&office](http::Request const& request) {
    return invitation_page(office, request, {}, {}, 200);
  });
  router.post("/espace/invitation/{token}",
              [&office](http::Request const& request) { return accept(office, request); });
  router.get("/espace/compte", for_visitor(office, own_account));
  router.post("/espace/compte", for_visitor(office, own_account));
  router.post("/espace/compte/sessions", for_visitor(office, end_sessions));
}

}  // namespace solidaires::office
