// One-time codes: asked for at log-in, set up and looked after on the page of one's account.
#include "node/http/csrf.h"
#include "node/office/log_in.h"
#include "node/office/pages.h"
#include "node/page/qr_code.h"
#include "node/page/wording.h"
#include "node/service/one_time_code.h"

namespace solidaires::office {
namespace {

using page::View;

constexpr std::string_view kCodesPath = "/espace/compte/codes";
// Of a session between password and code. Stored with it: a change ends log-ins under way.
constexpr std::string_view kAwaiting = "awaiting_code";
constexpr std::chrono::minutes kCodeWithin{10};
constexpr std::size_t kLettersOfGroup = 4;

// "JBSW Y3DP EHPK 3PXP": as it is typed into an authenticator.
std::string in_groups(std::string_view secret) {
  std::string out;
  for (std::size_t at = 0; at < secret.size(); at += kLettersOfGroup)
    out += cat(at == 0 ? "" : " ", secret.substr(at, kLettersOfGroup));
  return out;
}

// The key URI that authenticators scan.
std::string key_uri(Context const& context, service::Account const& account,
                    std::string_view secret) {
  auto const issuer = page::url_encode(context.site()->identity().title);
  return cat("otpauth://totp/", issuer, ':', page::url_encode(account.email), "?secret=", secret,
             "&issuer=", issuer);
}

http::Response code_page(Office const& office, http::Session const& session, Onward onward,
                         std::string_view error, int status) {
  View view;
  view.text("error", error).html("csrf_html", office.csrf_field(session));
  show_onward(view, std::move(onward));
  page::PageInfo info;
  info.title = "Code de connexion";
  info.main_class = "wrap page narrow";
  auto response = http::Response::html(
      office.context().site()->office_page(info, {}, "office/code", view), status);
  response.with("Cache-Control", "no-store");
  return response;
}

// The account that a session between password and code is about.
std::optional<service::Account> awaited(Context const& context, http::Session const& session) {
  auto const value = session.values.find(std::string(kAwaiting));
  if (value == session.values.end() || !session.user.empty() ||
      context.instance.clock.now() >= session.created + kCodeWithin)
    return std::nullopt;
  auto const id = DocumentId::parse(value->second);
  if (!id) return std::nullopt;
  auto const account = context.accounts.find(*id);
  if (!account || !*account || (*account)->disabled || (*account)->role == nullptr)
    return std::nullopt;
  return *account;
}

http::Response show_code_page(Office const& office, http::Request const& request) {
  auto const session = office.context().sessions.load(request);
  if (!session || !*session || !awaited(office.context(), **session))
    return http::Response::redirect("/espace/connexion");
  return code_page(office, **session, onward_of(request), {}, 200);
}

http::Response take_code(Office const& office, http::Request const& request) {
  auto const& context = office.context();
  auto session = context.sessions.load(request);
  auto const account =
      session && *session ? awaited(context, **session) : std::optional<service::Account>();
  if (!account) {
    return log_in_page(office, onward_of(request), {},
                       "Le temps pour donner le code est passé. Reconnectez-vous.", 401);
  }
  auto& known = **session;
  if (!http::check_csrf(request, known.csrf_secret)) {
    return code_page(office, known, onward_of(request),
                     "Le formulaire n’a pas pu être vérifié. Donnez le code encore une fois.", 403);
  }
  // Only who knows the password comes as far as this: the account may be what is counted.
  auto const tries = cat("code/", account->id.to_string());
  if (!context.limiter.allow(tries, context.instance.clock.now())) {
    return code_page(office, known, onward_of(request),
                     "Trop d’essais de suite. Patientez une minute, puis recommencez.", 429);
  }
  auto const right = context.second_factors.check(account->id, request.form.get("_code"));
  if (!right) {
    bool const wrong = right.error().code() == Code::unauthenticated;
    return code_page(office, known, onward_of(request),
                     wrong ? right.error().message()
                           : "Le code n’a pas pu être vérifié. Si cela dure, demandez à "
                             "l’administration du portail de remettre vos codes à zéro.",
                     wrong ? 422 : 500);
  }
  context.limiter.forgive(tries);
  known.user = account->id.to_string();
  known.values.erase(std::string(kAwaiting));
  http::Response cookies;
  if (auto const rotated = context.sessions.rotate(known, request, cookies); !rotated)
    return log_in_page(office, onward_of(request), account->email,
                       "La connexion n’a pas abouti. Réessayez dans un instant.", 500);
  auto response = enter(office, request, known, *account);
  move_cookies(cookies, response);
  return response;
}

http::Response recovery_page(Office const& office, Visitor const& visitor,
                             std::vector<std::string> const& codes, Onward onward) {
  View view;
  std::vector<View> rows;
  for (auto const& code : codes) rows.push_back(std::move(View().text("code", code)));
  view.list("codes", std::move(rows))
      .text("email", visitor.account.email)
      .text("portal", office.context().site()->identity().title)
      .text("date", page::date_text(model::to_civil(office.context().instance.clock.now()).date,
                                    page::Language::fr));
  show_onward(view, std::move(onward));
  page::PageInfo info;
  info.title = "Codes de secours";
  info.section = "own";
  info.main_class = "wrap page narrow";
  auto response = office.page(visitor, info, "office/recovery_codes", view);
  response.secret = true;
  return response;
}

http::Response change_codes(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const& context = office.context();
  auto& factors = context.second_factors;
  auto onward = onward_of(request);
  auto const typed = request.form.get("_code");
  if (!context.limiter.allow(cat("code/", visitor.account.id.to_string()),
                             context.instance.clock.now())) {
    return codes_page(office, visitor, std::move(onward),
                      "Trop d’essais de suite. Patientez une minute, puis recommencez.", 429);
  }
  if (request.form.get("_action") == "retirer") {
    if (auto const removed = factors.remove(visitor.account, typed); !removed)
      return codes_page(office, visitor, std::move(onward), removed.error().message(), 422);
    leave_message(office, visitor, "Les codes sont retirés : le mot de passe suffit de nouveau.");
    return http::Response::redirect("/espace/compte");
  }
  auto const codes = request.form.get("_action") == "secours"
                         ? factors.renew_recovery_codes(visitor.account.id, typed)
                         : factors.confirm(visitor.account.id, typed);
  if (!codes) return codes_page(office, visitor, std::move(onward), codes.error().message(), 422);
  context.limiter.forgive(cat("code/", visitor.account.id.to_string()));
  visitor.must_set_up_codes = false;
  return recovery_page(office, visitor, *codes, std::move(onward));
}

http::Response reset_codes(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const id = DocumentId::parse(request.capture("id"));
  if (!id) return office.refused(visitor, {Code::not_found, "Ce compte n’existe pas."});
  auto const& context = office.context();
  auto const done = context.second_factors.reset(context.accounts, visitor.actor, *id);
  if (!done) return office.refused(visitor, done.error());
  leave_message(office, visitor,
                "Les codes sont remis à zéro : le mot de passe suffit, jusqu’à ce que la personne "
                "en mette de nouveaux en place.");
  return http::Response::redirect("/espace/comptes");
}

}  // namespace

http::Response ask_for_code(Office const& office, http::Session& session,
                            service::Account const& account, Onward onward) {
  session.values[std::string(kAwaiting)] = account.id.to_string();
  session.changed = true;
  if (!office.context().sessions.save(session)) {
    return log_in_page(office, std::move(onward), account.email,
                       "La connexion n’a pas abouti. Réessayez dans un instant.", 500);
  }
  return code_page(office, session, std::move(onward), {}, 200);
}

http::Response codes_page(Office const& office, Visitor const& visitor, Onward onward,
                          std::string_view error, int status) {
  auto const& context = office.context();
  auto& factors = context.second_factors;
  auto const id = visitor.account.id;
  auto const set_up = factors.is_set_up(id);
  if (!set_up) return office.refused(visitor, set_up.error());
  View view;
  view.text("error", error)
      .flag("set_up", *set_up)
      .flag("required", factors.is_required(visitor.account))
      .flag("first", visitor.must_set_up_codes);
  if (*set_up) {
    auto const left = factors.recovery_codes_left(id);
    if (!left) return office.refused(visitor, left.error());
    view.text("left", page::counted(static_cast<std::int64_t>(*left), "code de secours",
                                    "codes de secours", false, page::Language::fr));
  } else {
    auto const begun = factors.begin(id);
    if (!begun) return office.refused(visitor, begun.error());
    auto const secret = service::base32(*begun);
    view.text("secret", in_groups(secret))
        .html("qr_html", page::qr_code(key_uri(context, visitor.account, secret),
                                       "QR code à scanner avec l’application de codes"));
  }
  show_onward(view, std::move(onward));
  page::PageInfo info;
  info.title = "Codes de connexion";
  info.section = "own";
  info.main_class = "wrap page narrow";
  auto response = office.page(visitor, info, "office/codes", view, status);
  response.secret = true;
  return response;
}

void add_security_routes(http::Router& router, Office const& office) {
  http::RouteOptions large;
  large.body_bytes_max = kCarriedBytesMax;
  router.get("/espace/connexion/code",
             [&office](http::Request const& request) { return show_code_page(office, request); });
  router.post(
      "/espace/connexion/code",
      [&office](http::Request const& request) { return take_code(office, request); }, large);
  router.get(std::string(kCodesPath), for_person(office, [](Office const& here, Visitor& visitor,
                                                            http::Request const& request) {
               return codes_page(here, visitor, onward_of(request));
             }));
  router.post(std::string(kCodesPath), for_person(office, change_codes), large);
  router.post("/espace/comptes/{id}/codes", for_visitor(office, reset_codes));
}

}  // namespace solidaires::office
