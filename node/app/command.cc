#include "node/app/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "node/app/commands.h"

namespace solidaires::app {
namespace {

// Parses and runs; CLI11 takes the words reversed.
int parse(CommandContext& context) {
  CLI::App app("Commands on the store of an instance", "solidaires");
  app.require_subcommand(1);
  app.fallthrough();
  std::string ignored;  // whoever runs the command has read it
  app.add_option("--config", ignored, "Configuration of the instance");
  add_import_commands(app, context);
  add_people_commands(app, context);
  add_mail_commands(app, context);
  add_network_commands(app, context);
  add_check_commands(app, context);
  add_erase_commands(app, context);
  try {
    app.parse(std::vector<std::string>(context.input.words.rbegin(), context.input.words.rend()));
  } catch (CLI::ParseError const& error) {
    std::ostringstream out;
    std::ostringstream err;
    int const status = app.exit(error, out, err);
    if (!out.str().empty()) context.terminal.out(out.str());
    if (!err.str().empty()) context.terminal.err(err.str());
    return status == 0 ? 0 : 2;
  }
  return context.status;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> store_command_list() {
  return {{"import", "Load records from a file"},
          {"user", "Accounts of persons"},
          {"mail", "Mails of the portal"},
          {"node", "The nodes of this hub's network"},
          {"erase", "Erasure of records in the whole network"},
          {"demo", "Demonstration content"},
          {"check", "Verify everything that this instance, or a backup, holds"},
          {"status", "State of this instance and of its links"},
          {"verify", "Compare with the other instances what both sides hold"}};
}

bool works_on_store(std::vector<std::string> const& words) {
  return !words.empty() && std::ranges::any_of(store_command_list(), [&](auto const& command) {
    return command.first == words.front();
  });
}

int run_command(Services& services, Running const& running, CommandInput const& input,
                Terminal const& terminal) {
  CommandContext context{&services, running, input, terminal, 0};
  return parse(context);
}

int command_help(std::vector<std::string> const& words, Terminal const& terminal) {
  CommandInput const input{words, {}};
  CommandContext context{nullptr, {}, input, terminal, 0};
  return parse(context);
}

int CommandContext::failed(Error const& error) {
  terminal.err(cat("solidaires: ", error.message(), "\n"));
  return status = 1;
}

}  // namespace solidaires::app
