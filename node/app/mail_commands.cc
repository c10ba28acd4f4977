#include <memory>

#include "node/app/commands.h"
#include "node/app/postman.h"
#include "node/mail/address.h"

namespace solidaires::app {
namespace {

constexpr std::string_view kTestText =
    "Bonjour,\n\nCe courriel d’essai montre que le portail sait écrire. Il n’y a rien à faire.\n";

std::string told(mail::Delivery const& delivery) {
  switch (delivery.outcome) {
    case mail::Outcome::accepted: return "The server took the mail. See that it arrives.";
    case mail::Outcome::deferred:
      return cat("The server does not take it now (", delivery.said, "). Try again later.");
    case mail::Outcome::refused:
      return cat("The server refuses it for good (", delivery.said,
                 "): see its log, the address and mail.sender.");
    case mail::Outcome::unreachable:
      return cat("The server could not be asked (", delivery.said,
                 "): see mail.server, mail.user and its password, and the certificate.");
    case mail::Outcome::interrupted: break;
  }
  return "Stopped.";
}

// By hand and at once, not through the queue: whoever sets mail up wants to read what was said.
int test_mail(CommandContext& context, std::string const& address) {
  auto& services = context.services();
  auto const& config = services.config();
  if (config.mail.server.empty())
    return context.failed({Code::unavailable, "mail is off: mail.server is not set"});
  auto const transport = mail_transport(config);
  if (!transport) return context.failed(transport.error());
  auto const now = services.clock().now();
  auto const envelope = mail::compose(
      {.to = address,
       .subject = cat("Essai – ", config.instance.title),
       .text = cat(kTestText, "\n", config.instance.title, "\n", config.instance.base_url, "\n")},
      {config.mail.sender, config.instance.title}, DocumentId::make(now, services.rng()), now);
  if (!envelope) return context.failed(envelope.error());
  auto const delivery = (*transport)->deliver(*envelope, {});
  context.say(told(delivery));
  return delivery.outcome == mail::Outcome::accepted ? 0 : 1;
}

}  // namespace

void add_mail_commands(CLI::App& app, CommandContext& context) {
  auto* const mail = app.add_subcommand("mail", "Mails of the portal");
  mail->require_subcommand(1);
  auto const address = std::make_shared<std::string>();
  auto* const test =
      mail->add_subcommand("test", "Send one mail now, and tell what the server said");
  test->add_option("address", *address, "Whom to write to")->required();
  test->callback([address, &context] { context.status = test_mail(context, *address); });
}

}  // namespace solidaires::app
