// The commands that work on a store, by subject. Each adds its words to the parser with a callback
// that does the work when they are read. Internal to the room.
#pragma once

#include <CLI/CLI.hpp>

#include "node/app/command.h"

namespace solidaires::app {

struct CommandContext {
  Services* opened = nullptr;  // null while only --help is wanted: no callback runs then
  Running running;
  CommandInput const& input;
  Terminal const& terminal;
  int status = 0;

  [[nodiscard]] Services& services() const { return *opened; }
  // Says the error; the exit status is 1.
  int failed(Error const& error);
  void say(std::string const& text) const { terminal.out(text + "\n"); }
};

// "host:port" where nodes reach this hub's link port.
[[nodiscard]] std::string link_address(Config const& config);

void add_import_commands(CLI::App& app, CommandContext& context);   // import, demo
void add_people_commands(CLI::App& app, CommandContext& context);   // user
void add_mail_commands(CLI::App& app, CommandContext& context);     // mail
void add_check_commands(CLI::App& app, CommandContext& context);    // check, checkpoint
void add_network_commands(CLI::App& app, CommandContext& context);  // node, status
void add_erase_commands(CLI::App& app, CommandContext& context);    // erase

}  // namespace solidaires::app
