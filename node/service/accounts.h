// Accounts of persons: made by the command line or by invitation, logged in by password. An account
// is a document of type "account" in the node's office scope (its hub sees it, nobody else does);
// passwords and invitations are local and never leave this store. Any thread; may block on the
// disk, and on purpose for about 100 ms where a password is hashed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/service/actor.h"
#include "node/service/instance.h"
#include "node/store/commit.h"
#include "sync/base/result.h"

namespace solidaires::service {

inline constexpr std::string_view kAccountType = "account";
// Roles that trust moves between. Every content model has them.
inline constexpr std::string_view kMemberRole = "member";
inline constexpr std::string_view kTrustedRole = "trusted_member";
inline constexpr std::size_t kPasswordCharactersMin = 12;

struct Account {
  DocumentId id;
  NodeName node;
  std::string email;  // in lower case
  std::string name;
  schema::Role const* role = nullptr;  // null: a role that this program does not know
  bool disabled = false;
  Instant created_at{};
};

// The account of an author, wherever it lives; nullopt if it is not held here (a hub holds those of
// its nodes, a node only its own).
[[nodiscard]] Result<std::optional<Account>> account_of(Instance const& instance,
                                                        Author const& author);
// Those of a node, by name.
[[nodiscard]] Result<std::vector<Account>> accounts_of(Instance const& instance,
                                                       NodeName const& node);
// What makes an account of a trusted author a plain one; nullopt: it is no such account.
[[nodiscard]] Result<std::optional<store::DocumentEdit>> end_of_trust(Instance const& instance,
                                                                      Author const& author);

struct NewAccount {
  std::string email;
  std::string name;
  std::string role;
  std::string password;
};

class Accounts {
 public:
  explicit Accounts(Instance const& instance) : instance_(instance) {}

  // Code::invalid with a sentence in French (address, name, role, password too short or too
  // common), Code::conflict if the address has an account already.
  Result<Account> add(NewAccount const& account, Author const& author);
  // Code::unauthenticated for a wrong password and for an unknown address alike, in the same time.
  Result<Account> log_in(std::string_view email, std::string_view password);
  [[nodiscard]] Result<std::optional<Account>> find(DocumentId const& id) const;
  // As people type it: case and spaces apart.
  [[nodiscard]] Result<std::optional<Account>> find_by_email(std::string_view typed) const;
  [[nodiscard]] Result<std::vector<Account>> list() const;  // of this node, by name
  Result<> set_disabled(Actor const& actor, DocumentId const& id, bool disabled);
  // Code::denied for a role above the actor's, or an account that has more rights already.
  Result<> set_role(Actor const& actor, DocumentId const& id, std::string_view role);
  // The current password is asked for, unless the actor manages accounts.
  Result<> change_password(DocumentId const& id, std::string_view current, std::string_view wanted);

  // A link that makes one account, once, within seven days. The token is shown now and never again.
  Result<std::string> invite(Actor const& actor, std::string_view email, std::string_view role);
  struct Invitation {
    std::string email;
    schema::Role const* role = nullptr;
    Instant expires_at{};
  };
  // Code::not_found if it was used, has expired or never was.
  [[nodiscard]] Result<Invitation> invitation(std::string_view token) const;
  Result<Account> accept(std::string_view token, std::string_view name, std::string_view password);

  // Somebody else's account, which the actor may change; Code::denied, Code::not_found;
  // Code::conflict with the sentence `own` if it is theirs.
  [[nodiscard]] Result<Account> of_others(Actor const& actor, DocumentId const& id,
                                          std::string_view own) const;

  // The actor for an account, with the offices that it works in now.
  [[nodiscard]] Actor actor(Account const& account) const;

 private:
  Result<Account> create(NewAccount const& account, Author const& author,
                         std::string_view spent_invitation);
  Result<> edit(Actor const& actor, DocumentId const& id, std::string_view field,
                std::string_view value, std::string_view reason);
  Instance const& instance_;
};

}  // namespace solidaires::service
