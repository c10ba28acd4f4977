#include "node/service/accounts.h"

#include <algorithm>

#include "node/service/password.h"
#include "node/store/store.h"
#include "node/text/fold.h"
#include "sync/base/hash.h"

namespace solidaires::service {
namespace {

constexpr std::chrono::hours kInvitationLife{24 * 7};
constexpr std::size_t kEmailBytesMax = 254;
constexpr std::size_t kNameBytesMax = 200;

// Fields of an account's document. Stored on disk: never rename.
constexpr std::string_view kEmailField = "email";
constexpr std::string_view kNameField = "name";
constexpr std::string_view kRoleField = "role";
constexpr std::string_view kDisabledField = "disabled";
constexpr std::string_view kCreatedField = "created_at";

std::string password_key(DocumentId const& id) {
  return cat("password/", id.to_string());
}
std::string email_key(std::string_view email) {
  return cat("account-email/", email);
}
std::string invitation_key(std::string_view token) {
  return cat("invitation/", hex(sha256(token)));
}

Result<std::string> clean_email(std::string_view typed) {
  std::string email;
  for (char const c : typed) {
    if (c == ' ' || c == '\t') continue;
    email += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  auto const at = email.find('@');
  bool const shaped =
      at != std::string::npos && at > 0 && at == email.rfind('@') &&
      email.find('.', at) != std::string::npos && email.back() != '.' &&
      email.size() <= kEmailBytesMax && std::ranges::all_of(email, [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && c != '<' && c != '>' && c != ',';
      });
  if (!shaped) {
    return fail(Code::invalid, "L’adresse électronique doit ressembler à « prenom@exemple.fr ».");
  }
  return email;
}

Result<std::string> clean_name(std::string_view typed) {
  auto const name = text::single_line(text::clean(typed));
  if (name.empty()) return fail(Code::invalid, "Le nom manque.");
  if (name.size() > kNameBytesMax) return fail(Code::invalid, "Ce nom est trop long.");
  return name;
}

Account read_account(sync::Document const& document, schema::ContentModel const& model) {
  auto const text = [&document](std::string_view field) {
    return std::string(sync::shown_value(document, field).value_or(std::string_view()));
  };
  Account account;
  account.id = document.key.id;
  account.node = NodeName::parse(document.key.scope.owner()).value_or(NodeName());
  account.email = text(kEmailField);
  account.name = text(kNameField);
  account.role = model.role(text(kRoleField));
  account.disabled = text(kDisabledField) == "1" || !sync::is_alive(document);
  account.created_at = from_unix_ms(std::atoll(text(kCreatedField).c_str()));
  return account;
}

Result<std::optional<Account>> account_at(Instance const& instance, NodeName const& node,
                                          DocumentId const& id) {
  SOL_ASSIGN(auto const stored, instance.store.get({ScopeId::office(node), id}));
  if (!stored || stored->document.type != kAccountType) return std::nullopt;
  return read_account(stored->document, instance.model);
}

}  // namespace

Result<std::optional<Account>> account_of(Instance const& instance, Author const& author) {
  auto const id = DocumentId::parse(author.account);
  if (!id || author.node.empty()) return std::nullopt;
  return account_at(instance, author.node, *id);
}

Result<std::vector<Account>> accounts_of(Instance const& instance, NodeName const& node) {
  std::vector<Account> accounts;
  auto const view = instance.store.view();
  store::TypeScan scan{
      .type = std::string(kAccountType), .scope = ScopeId::office(node), .limit = 1'000};
  do {
    SOL_ASSIGN(auto const page, view.scan(scan));
    SOL_ASSIGN(auto const documents, view.get_many(page.keys));
    for (auto const& stored : documents) {
      if (stored) accounts.push_back(read_account(stored->document, instance.model));
    }
    scan.position = page.next;
  } while (!scan.position.empty());
  std::ranges::sort(accounts, {}, [](Account const& account) { return text::fold(account.name); });
  return accounts;
}

Result<std::optional<store::DocumentEdit>> end_of_trust(Instance const& instance,
                                                        Author const& author) {
  SOL_ASSIGN(auto const account, account_of(instance, author));
  if (!account || account->role == nullptr || account->role->key != kTrustedRole)
    return std::nullopt;
  return store::DocumentEdit{.key = {ScopeId::office(account->node), account->id},
                             .fields = {{std::string(kRoleField), Bytes(kMemberRole)}},
                             .presence = store::Presence::must_exist};
}

Result<Account> Accounts::create(NewAccount const& wanted, Author const& author,
                                 std::string_view spent_invitation) {
  SOL_ASSIGN(auto const email, clean_email(wanted.email));
  SOL_ASSIGN(auto const name, clean_name(wanted.name));
  if (instance_.model.role(wanted.role) == nullptr) {
    std::string known;
    for (auto const& role : instance_.model.roles())
      known += cat(known.empty() ? "" : ", ", role.key);
    return fail(Code::invalid,
                cat("Le rôle « ", wanted.role, " » n’existe pas. Rôles connus : ", known, '.'));
  }
  SOL_ASSIGN(auto const kept, hash_password(wanted.password));
  auto const now = instance_.clock.now();
  auto const id = DocumentId::make(now, instance_.rng);
  store::Commit commit{.now = now, .author = author.encode(), .reason = "account added"};
  commit.documents.push_back(
      {.key = {ScopeId::office(instance_.self), id},
       .type = std::string(kAccountType),
       .fields = {{std::string(kEmailField), email},
                  {std::string(kNameField), name},
                  {std::string(kRoleField), wanted.role},
                  {std::string(kCreatedField), std::to_string(to_unix_ms(now))}},
       .presence = store::Presence::must_be_new});
  commit.local.push_back({.key = email_key(email),
                          .value = id.to_string(),
                          .expect = store::LocalEdit::Expect::absent});
  commit.local.push_back({.key = password_key(id), .value = kept});
  if (!spent_invitation.empty()) {
    SOL_ASSIGN(auto const held, instance_.store.local(invitation_key(spent_invitation), now));
    if (!held)
      return fail(Code::not_found, "Cette invitation a déjà servi, ou n’est plus valable.");
    commit.local.push_back({.key = invitation_key(spent_invitation),
                            .value = std::nullopt,
                            .expect = store::LocalEdit::Expect::value,
                            .expected_value = *held});
  }
  auto committed = instance_.store.commit(commit);
  if (!committed && committed.error().code() == Code::conflict) {
    return fail(Code::conflict, "Un compte existe déjà avec cette adresse électronique.");
  }
  SOL_TRY(committed);
  return read_account(*committed->front().document, instance_.model);
}

Result<Account> Accounts::add(NewAccount const& account, Author const& author) {
  return create(account, author, {});
}

Result<Account> Accounts::log_in(std::string_view email, std::string_view password) {
  SOL_ASSIGN(auto const account, find_by_email(email));
  std::string kept;
  if (account && !account->disabled && account->role != nullptr) {
    SOL_ASSIGN(auto held, instance_.store.local(password_key(account->id), instance_.clock.now()));
    kept = std::move(held).value_or(std::string());
  }
  if (!password_matches(kept, password)) {
    return fail(
        Code::unauthenticated,
        "L’adresse ou le mot de passe ne convient pas. Vérifiez les majuscules, puis réessayez.");
  }
  return *account;
}

Result<std::optional<Account>> Accounts::find(DocumentId const& id) const {
  return account_at(instance_, instance_.self, id);
}

Result<std::optional<Account>> Accounts::find_by_email(std::string_view typed) const {
  auto const email = clean_email(typed);
  if (!email) return std::nullopt;
  SOL_ASSIGN(auto const id, instance_.store.local(email_key(*email), instance_.clock.now()));
  if (!id) return std::nullopt;
  SOL_ASSIGN(auto const parsed, DocumentId::parse(*id));
  return find(parsed);
}

Result<std::vector<Account>> Accounts::list() const {
  return accounts_of(instance_, instance_.self);
}

Result<Account> Accounts::of_others(Actor const& actor, DocumentId const& id,
                                    std::string_view own) const {
  if (!actor.may(schema::Permission::manage_users)) {
    return fail(Code::denied, "Votre compte ne permet pas de gérer les comptes.");
  }
  if (actor.author.account == id.to_string()) return fail(Code::conflict, std::string(own));
  SOL_ASSIGN(auto account, find(id));
  if (!account) return fail(Code::not_found, "Ce compte n’existe pas.");
  if (account->role != nullptr && account->role->rank > actor.role->rank) {
    return fail(Code::denied, "Ce compte a plus de droits que le vôtre.");
  }
  return *std::move(account);
}

Result<> Accounts::set_disabled(Actor const& actor, DocumentId const& id, bool disabled) {
  SOL_TRY(of_others(actor, id,
                    "On ne peut pas fermer son propre compte : demandez à une autre personne."));
  return edit(actor, id, kDisabledField, disabled ? "1" : "0",
              disabled ? "account disabled" : "account enabled");
}

Result<> Accounts::set_role(Actor const& actor, DocumentId const& id, std::string_view key) {
  SOL_TRY(
      of_others(actor, id, "On ne change pas son propre rôle : demandez à une autre personne."));
  auto const* const role = instance_.model.role(key);
  if (role == nullptr || (role->reach == schema::Reach::network && !instance_.hub))
    return fail(Code::invalid, "Choisissez un rôle dans la liste.");
  if (role->rank > actor.role->rank)
    return fail(Code::denied, "On ne peut pas donner plus de droits que l’on n’en a.");
  return edit(actor, id, kRoleField, role->key, "role changed");
}

Result<> Accounts::edit(Actor const& actor, DocumentId const& id, std::string_view field,
                        std::string_view value, std::string_view reason) {
  store::Commit commit{
      .now = instance_.clock.now(), .author = actor.author.encode(), .reason = std::string(reason)};
  commit.documents.push_back({.key = {ScopeId::office(instance_.self), id},
                              .fields = {{std::string(field), Bytes(value)}},
                              .presence = store::Presence::must_exist});
  SOL_TRY(instance_.store.commit(commit));
  return {};
}

Result<> Accounts::change_password(DocumentId const& id, std::string_view current,
                                   std::string_view wanted) {
  SOL_ASSIGN(auto const kept, instance_.store.local(password_key(id), instance_.clock.now()));
  if (!password_matches(kept.value_or(std::string()), current)) {
    return fail(Code::denied, "Le mot de passe actuel ne convient pas.");
  }
  SOL_ASSIGN(auto const hashed, hash_password(wanted));
  store::Commit commit{.now = instance_.clock.now(), .reason = "password changed"};
  commit.local.push_back({.key = password_key(id), .value = hashed});
  SOL_TRY(instance_.store.commit(commit));
  return {};
}

Result<std::string> Accounts::invite(Actor const& actor, std::string_view email,
                                     std::string_view role) {
  if (!actor.may(schema::Permission::manage_users)) {
    return fail(Code::denied, "Votre compte ne permet pas d’inviter des personnes.");
  }
  SOL_ASSIGN(auto const address, clean_email(email));
  auto const* const wanted = instance_.model.role(role);
  if (wanted == nullptr) return fail(Code::invalid, "Choisissez un rôle dans la liste.");
  if (wanted->rank > actor.role->rank) {
    return fail(Code::denied, "On ne peut pas donner plus de droits que l’on n’en a.");
  }
  SOL_ASSIGN(auto const existing, find_by_email(address));
  if (existing)
    return fail(Code::conflict, "Un compte existe déjà avec cette adresse électronique.");
  auto const token = base64url(instance_.rng.bytes(24));
  auto const now = instance_.clock.now();
  auto const expires = now + kInvitationLife;
  store::Commit commit{.now = now, .author = actor.author.encode(), .reason = "invitation"};
  commit.local.push_back({.key = invitation_key(token),
                          .value = cat(address, '\n', wanted->key, '\n', to_unix_ms(expires)),
                          .expires_at = expires});
  SOL_TRY(instance_.store.commit(commit));
  return token;
}

Result<Accounts::Invitation> Accounts::invitation(std::string_view token) const {
  SOL_ASSIGN(auto const held, instance_.store.local(invitation_key(token), instance_.clock.now()));
  if (!held) {
    return fail(Code::not_found,
                "Cette invitation a déjà servi, ou n’est plus valable. Demandez-en une nouvelle.");
  }
  auto const first = held->find('\n');
  auto const second = held->find('\n', first + 1);
  if (second == std::string::npos) return fail(Code::corrupt, "an invitation that cannot be read");
  return Invitation{held->substr(0, first),
                    instance_.model.role(held->substr(first + 1, second - first - 1)),
                    from_unix_ms(std::atoll(held->c_str() + second + 1))};
}

Result<Account> Accounts::accept(std::string_view token, std::string_view name,
                                 std::string_view password) {
  SOL_ASSIGN(auto const held, invitation(token));
  if (held.role == nullptr)
    return fail(Code::invalid, "Le rôle de cette invitation n’existe plus.");
  NewAccount const wanted{held.email, std::string(name), held.role->key, std::string(password)};
  return create(wanted, Author{{}, std::string(name), instance_.self}, token);
}

Actor Accounts::actor(Account const& account) const {
  Actor actor;
  actor.author = {account.id.to_string(), account.name, account.node};
  actor.role = account.role;
  actor.offices.push_back(instance_.self);
  if (instance_.hub && account.role != nullptr && account.role->reach == schema::Reach::network) {
    for (auto const& node : instance_.directory.nodes()) {
      if (node.delegates_moderation && node.name != instance_.self)
        actor.offices.push_back(node.name);
    }
  }
  return actor;
}

}  // namespace solidaires::service
