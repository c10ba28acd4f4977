// The control socket: how a command reaches the serving program that holds the store. A Unix socket
// in the data directory, open to the program's own account only. Frames: one byte of kind, four of
// length (big-endian), then bytes.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "node/app/command.h"

namespace solidaires::app {

class ControlServer {
 public:
  // `run` is called on a thread of the connection's own, several at once.
  using Run = std::function<int(CommandInput const&, Terminal const&)>;
  static Result<std::unique_ptr<ControlServer>> listen(std::filesystem::path const& socket,
                                                       Run run);
  ~ControlServer();  // stops taking commands, waits for those that run

 private:
  struct State;
  explicit ControlServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Runs a command in the serving program; nullopt if none serves there.
[[nodiscard]] Result<std::optional<int>> run_remotely(std::filesystem::path const& socket,
                                                      CommandInput const& input,
                                                      Terminal const& terminal);

}  // namespace solidaires::app
