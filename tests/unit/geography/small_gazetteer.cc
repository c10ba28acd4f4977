#include "tests/unit/geography/small_gazetteer.h"

namespace solidaires::geography {

Loaded const& built_gazetteer() {
  static Loaded const loaded = [] {
    auto result = Gazetteer::load(SOLIDAIRES_GEOGRAPHY_DIR);
    EXPECT_TRUE(result) << (result ? "" : result.error().to_string());
    return result ? *result : nullptr;
  }();
  return loaded;
}

}  // namespace solidaires::geography
