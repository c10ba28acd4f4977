// The real content model, loaded once for all tests of this program.
#pragma once

#include <gtest/gtest.h>

#include "schema/model.h"

namespace solidaires::schema {

inline ContentModel const& real_model() {
  static ContentModel const kModel = [] {
    auto loaded = ContentModel::load(SCHEMA_DIRECTORY);
    if (!loaded) {
      ADD_FAILURE() << loaded.error().to_string();
      std::abort();
    }
    return *std::move(loaded);
  }();
  return kModel;
}

inline Type const& real_type(std::string_view key) {
  return *real_model().type(key);
}

}  // namespace solidaires::schema
