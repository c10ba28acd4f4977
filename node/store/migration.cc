#include "node/store/migration.h"

#include <algorithm>
#include <vector>

#include "node/store/keys.h"
#include "sync/base/check.h"
#include "sync/base/log.h"

namespace solidaires::store {

std::span<MigrationStep const> migration_steps() {
  static std::vector<MigrationStep> const kSteps = {};
  return kSteps;
}

Result<> missing_step(std::uint32_t format, std::uint32_t target,
                      std::span<MigrationStep const> steps) {
  for (std::uint32_t at = format; at < target; ++at) {
    if (std::ranges::find(steps, at, &MigrationStep::from) != steps.end()) continue;
    return fail(Code::unsupported,
                cat("no way leads from format ", at, " of the store to format ", at + 1,
                    ": open it once with an earlier version of the program"));
  }
  return {};
}

Result<> migrate(Engine& engine, std::uint32_t format, std::uint32_t target,
                 std::span<MigrationStep const> steps) {
  for (std::uint32_t at = format; at < target; ++at) {
    auto const step = std::ranges::find(steps, at, &MigrationStep::from);
    SOL_CHECK(step != steps.end());
    log_info("store.migrate", {{"from", at}, {"to", at + 1}, {"what", step->what}});
    EngineBatch last(engine);
    SOL_TRY(step->run(engine, last));
    last.put(Family::meta, meta_key::kFormat, number(at + 1));
    SOL_TRY(engine.write(last));
  }
  return {};
}

}  // namespace solidaires::store
