#include "node/office/pages.h"
#include "node/page/wording.h"

namespace solidaires::office {
namespace {

using page::View;

// The roles that this visitor may give here.
std::vector<schema::Role const*> roles_to_give(Context const& context, Visitor const& visitor) {
  std::vector<schema::Role const*> roles;
  for (auto const& role : context.instance.model.roles()) {
    if (role.rank > visitor.actor.role->rank) continue;
    if (role.reach == schema::Reach::network && !context.instance.hub) continue;
    roles.push_back(&role);
  }
  return roles;
}

// "7 fiches publiées : vous pouvez lui faire confiance", once it is earned.
std::string trust_earned(Context const& context, Visitor const& visitor,
                         service::Account const& account) {
  auto const after = context.instance.rules.trusted_after;
  if (after == 0 || account.role == nullptr || account.role->key != service::kMemberRole) return {};
  auto const published = context.editorial.published_by(visitor.actor, account.id.to_string());
  if (!published || *published < after) return {};
  return page::counted(static_cast<std::int64_t>(*published),
                       "fiche publiée : la publication directe peut lui être confiée.",
                       "fiches publiées : la publication directe peut lui être confiée.", true,
                       page::Language::fr);
}

View account_row(Context const& context, Visitor const& visitor, service::Account const& account,
                 std::vector<schema::Role const*> const& roles) {
  View row;
  bool const self = account.id == visitor.account.id;
  row.text("name", account.name).text("email", account.email).text("id", account.id.to_string());
  row.text("role", account.role == nullptr ? "?" : account.role->label.fr)
      .flag("disabled", account.disabled)
      .flag("self", self)
      .text("since", page::date_text(model::to_civil(account.created_at).date, page::Language::fr))
      .text("trust", trust_earned(context, visitor, account));
  bool const below = account.role == nullptr || account.role->rank <= visitor.actor.role->rank;
  if (self || !below) return row;
  std::vector<View> options;
  for (auto const* const role : roles) {
    options.push_back(std::move(View()
                                    .text("value", role->key)
                                    .text("label", role->label.fr)
                                    .flag("selected", role == account.role)));
  }
  if (auto const codes = context.second_factors.is_set_up(account.id)) row.flag("codes", *codes);
  row.flag("roles_to_give", true).list("options", std::move(options));
  return row;
}

http::Response accounts_page(Office const& office, Visitor const& visitor, std::string_view link,
                             std::string_view error, std::string_view email, int status) {
  if (!visitor.actor.may(schema::Permission::manage_users)) {
    return office.refused(
        visitor,
        {Code::denied, "La gestion des comptes est réservée à l’administration du portail."});
  }
  auto const accounts = office.context().accounts.list();
  if (!accounts) return office.refused(visitor, accounts.error());
  View view;
  std::vector<View> rows;
  auto const to_give = roles_to_give(office.context(), visitor);
  for (auto const& account : *accounts)
    rows.push_back(account_row(office.context(), visitor, account, to_give));
  view.list("accounts", std::move(rows));
  std::vector<View> roles;
  for (auto const* const role : to_give) {
    roles.push_back(std::move(View()
                                  .text("key", role->key)
                                  .text("label", role->label.fr)
                                  .text("description", role->description.fr)));
  }
  view.list("roles", std::move(roles)).text("link", link).text("error", error).text("email", email);
  page::PageInfo info;
  info.title = "Comptes";
  info.section = "accounts";
  auto response = office.page(visitor, info, "office/accounts", view, status);
  response.secret = !link.empty();
  return response;
}

http::Response invite(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const email = request.form.get("courriel");
  auto const token =
      office.context().accounts.invite(visitor.actor, email, request.form.get("role"));
  if (!token) return accounts_page(office, visitor, {}, token.error().message(), email, 422);
  auto const link =
      cat(office.context().site()->identity().base_url, "/espace/invitation/", *token);
  return accounts_page(office, visitor, link, {}, {}, 200);
}

http::Response set_open(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const id = DocumentId::parse(request.capture("id"));
  if (!id) return office.refused(visitor, {Code::not_found, "Ce compte n’existe pas."});
  bool const closing = request.form.get("action") == "fermer";
  auto const done = office.context().accounts.set_disabled(visitor.actor, *id, closing);
  if (!done) return office.refused(visitor, done.error());
  leave_message(office, visitor, closing ? "Le compte est fermé." : "Le compte est rouvert.");
  return http::Response::redirect("/espace/comptes");
}

http::Response set_role(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const id = DocumentId::parse(request.capture("id"));
  if (!id) return office.refused(visitor, {Code::not_found, "Ce compte n’existe pas."});
  auto const done =
      office.context().accounts.set_role(visitor.actor, *id, request.form.get("role"));
  if (!done) return office.refused(visitor, done.error());
  leave_message(office, visitor, "Le rôle est changé ; il vaut dès la prochaine page.");
  return http::Response::redirect("/espace/comptes");
}

}  // namespace

void add_account_routes(http::Router& router, Office const& office) {
  router.get("/espace/comptes", for_visitor(office, [](Office const& here, Visitor& visitor,
                                                       http::Request const& /*request*/) {
               return accounts_page(here, visitor, {}, {}, {}, 200);
             }));
  router.post("/espace/comptes", for_visitor(office, invite));
  router.post("/espace/comptes/{id}", for_visitor(office, set_open));
  router.post("/espace/comptes/{id}/role", for_visitor(office, set_role));
}

}  // namespace solidaires::office
