#include <memory>

#include "node/app/commands.h"

namespace solidaires::app {
namespace {

struct UserWords {
  std::string email, name, role;
  bool password_stdin = false;
};

std::string password_of(CommandInput const& input) {
  auto const found = input.contents.find("-");
  if (found == input.contents.end()) return {};
  auto password = found->second;
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r'))
    password.pop_back();
  return password;
}

// The administrator at the keyboard: whoever may run commands on this machine may do all.
std::optional<service::Actor> operator_of(CommandContext const& context) {
  schema::Role const* strongest = nullptr;
  for (auto const& role : context.services().model().roles()) {
    if (strongest == nullptr || role.rank > strongest->rank) strongest = &role;
  }
  if (strongest == nullptr) return std::nullopt;
  return service::Actor{context.services().program_author("ligne de commande"),
                        strongest,
                        {context.services().instance().self}};
}

int add_user(CommandContext& context, UserWords const& words) {
  auto const account = context.services().accounts().add(
      {words.email, words.name, words.role, password_of(context.input)},
      context.services().program_author("ligne de commande"));
  if (!account) return context.failed(account.error());
  context.say(cat("Compte ouvert : ", account->email, " (", account->role->label.fr, ")"));
  return 0;
}

int list_users(CommandContext& context) {
  auto const accounts = context.services().accounts().list();
  if (!accounts) return context.failed(accounts.error());
  for (auto const& account : *accounts) {
    context.say(cat(account.email, "  ", account.name, "  ",
                    account.role == nullptr ? "?" : account.role->key,
                    account.disabled ? "  (fermé)" : ""));
  }
  return 0;
}

int invite(CommandContext& context, UserWords const& words) {
  auto const actor = operator_of(context);
  if (!actor) return context.failed({Code::internal, "the content model has no role"});
  auto const token = context.services().accounts().invite(*actor, words.email, words.role);
  if (!token) return context.failed(token.error());
  context.say(cat(context.services().config().instance.base_url, "/espace/invitation/", *token));
  return 0;
}

int set_disabled(CommandContext& context, std::string const& email, bool disabled) {
  auto const actor = operator_of(context);
  auto const account = context.services().accounts().find_by_email(email);
  if (!account) return context.failed(account.error());
  if (!*account || !actor)
    return context.failed({Code::not_found, cat("no account has the address ", email)});
  if (auto const done =
          context.services().accounts().set_disabled(*actor, (*account)->id, disabled);
      !done) {
    return context.failed(done.error());
  }
  context.say(disabled ? "Compte fermé." : "Compte rouvert.");
  return 0;
}

int reset_codes(CommandContext& context, std::string const& email) {
  auto& services = context.services();
  auto const actor = operator_of(context);
  auto const account = services.accounts().find_by_email(email);
  if (!account) return context.failed(account.error());
  if (!*account || !actor)
    return context.failed({Code::not_found, cat("no account has the address ", email)});
  auto const done = services.second_factors().reset(services.accounts(), *actor, (*account)->id);
  if (!done) return context.failed(done.error());
  context.say("Codes remis à zéro : le mot de passe suffit jusqu’à leur nouvelle mise en place.");
  return 0;
}

}  // namespace

void add_people_commands(CLI::App& app, CommandContext& context) {
  auto const words = std::make_shared<UserWords>();
  auto* const user = app.add_subcommand("user", "Accounts of persons");
  user->require_subcommand(1);
  auto* const add =
      user->add_subcommand("add", "Open an account; the password is read from standard input");
  add->add_option("--email", words->email, "Address to log in with")->required();
  add->add_option("--name", words->name, "Name that others see")->required();
  add->add_option("--role", words->role, "member, animateur, administrator ...")->required();
  add->add_flag("--password-stdin", words->password_stdin, "Read the password from standard input")
      ->required();
  add->callback([words, &context] { context.status = add_user(context, *words); });
  user->add_subcommand("list", "All accounts of this node")->callback([&context] {
    context.status = list_users(context);
  });
  auto* const invitation = user->add_subcommand(
      "invite", "Print a link that opens one account, once, within seven days");
  invitation->add_option("--email", words->email, "Address to log in with")->required();
  invitation->add_option("--role", words->role, "member, animateur, administrator ...")->required();
  invitation->callback([words, &context] { context.status = invite(context, *words); });
  for (bool const disabled : {true, false}) {
    auto* const command =
        user->add_subcommand(disabled ? "close" : "reopen",
                             disabled ? "Close an account" : "Open a closed account again");
    command->add_option("email", words->email, "Address of the account")->required();
    command->callback([words, &context, disabled] {
      context.status = set_disabled(context, words->email, disabled);
    });
  }
  auto* const reset = user->add_subcommand(
      "reset-codes", "Forget the one-time codes of somebody who lost telephone and recovery codes");
  reset->add_option("email", words->email, "Address of the account")->required();
  reset->callback([words, &context] { context.status = reset_codes(context, words->email); });
}

}  // namespace solidaires::app
