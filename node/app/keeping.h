// The commands that work on whole instances as files: backup, restore, and the check of a backup.
// They run in the process that was asked, as its account; of the serving program, a backup asks for
// a checkpoint of the store and nothing else, for that program may write nowhere but in its own
// data directory. Words for people go to `terminal`.
#pragma once

#include <string>
#include <vector>

#include "node/app/command.h"

namespace solidaires::app {

// Each takes the words from its own name on, and gives the exit status.
int backup_command(std::vector<std::string> const& words, Terminal const& terminal);
int restore_command(std::vector<std::string> const& words, Terminal const& terminal);
int check_backup_command(std::vector<std::string> const& words, Terminal const& terminal);

}  // namespace solidaires::app
