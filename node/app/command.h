// The commands that work on a store. Each runs either in the serving program (through its control
// socket, with the store that it has open) or, when none serves, in the command's own process: the
// same function, with the same words. Words for people go to `out`; what went wrong goes to `err`.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "node/app/services.h"
#include "node/replication/replication.h"

namespace solidaires::app {

struct Terminal {
  std::function<void(std::string_view)> out;
  std::function<void(std::string_view)> err;
  std::function<bool()> gone;  // true: whoever asked has left; long work may stop
};

// What a command was given: its words, and the contents of the files and streams that they name,
// read by the process that was asked (the server may not be allowed to read them).
struct CommandInput {
  std::vector<std::string> words;               // "import", "structures", "--dry-run" ...
  std::map<std::string, std::string> contents;  // path as written -> bytes; "-" is standard input
};

// What runs beside the store while the program serves; null otherwise.
struct Running {
  replication::Replication* replication = nullptr;
};

// Parses the words and runs. Gives the exit status: 0 done, 1 it failed (said on err), 2 wrong
// words.
int run_command(Services& services, Running const& running, CommandInput const& input,
                Terminal const& terminal);

// True for commands that run_command() knows; the others (serve, config, enrol ...) need no store.
[[nodiscard]] bool works_on_store(std::vector<std::string> const& words);
// --help of a command that works on a store; needs none.
int command_help(std::vector<std::string> const& words, Terminal const& terminal);
// Their names and what they are for, for the program's own --help.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> store_command_list();

}  // namespace solidaires::app
