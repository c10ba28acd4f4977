// From one format on disk to the next, step by step, when a store opens. Inside this room only.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "node/store/engine.h"

namespace solidaires::store {

// Takes a store of format `from` to `from` + 1. It may write what it needs in batches of its own,
// as long as it can be run again from the start after a crash; what must come with the new number
// goes into `last`.
struct MigrationStep {
  std::uint32_t from = 0;
  std::string what;  // for the log: "adds the fingerprints"
  std::function<Result<>(Engine& engine, EngineBatch& last)> run;
};

// Every step of this program, in order. Format 1 is the first: there is none yet.
[[nodiscard]] std::span<MigrationStep const> migration_steps();

// Code::unsupported if a step is missing on the way from `format` to `target`.
Result<> missing_step(std::uint32_t format, std::uint32_t target,
                      std::span<MigrationStep const> steps);
// Runs the steps, none of which is missing, and commits the number with each.
Result<> migrate(Engine& engine, std::uint32_t format, std::uint32_t target,
                 std::span<MigrationStep const> steps);

}  // namespace solidaires::store
