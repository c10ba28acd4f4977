// The version of the content model, as data beside it (version.txtpb). Peers compare it: additions
// raise the minor number, a change of what existing fields mean the major one (sync/PROTOCOL.md,
// "Versions").
#pragma once

#include <cstdint>
#include <filesystem>

#include "sync/base/result.h"

namespace solidaires::schema {

struct ModelVersion {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  friend bool operator==(ModelVersion const&, ModelVersion const&) = default;
};

// Code::not_found, invalid: `directory`/version.txtpb is missing, or names no major number.
[[nodiscard]] Result<ModelVersion> load_version(std::filesystem::path const& directory);

}  // namespace solidaires::schema
