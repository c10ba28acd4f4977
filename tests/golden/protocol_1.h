// What the golden files of protocol version 1 mean, built by hand: every frame and a few documents.
// Never changed once released; what a later version adds gets files of its own.
#pragma once

#include <string>
#include <vector>

#include "sync/core/frames.h"

namespace solidaires::golden {

struct GoldenFrame {
  std::string name;  // of its file: protocol-1/<name>.hex
  sync::Frame frame;
};
[[nodiscard]] std::vector<GoldenFrame> frames_of_version_1();

struct GoldenDocument {
  std::string name;
  sync::Document document;
};
[[nodiscard]] std::vector<GoldenDocument> documents_of_version_1();

// What people read beside the bytes: one fact a line.
[[nodiscard]] std::string describe(sync::Document const& document);

}  // namespace solidaires::golden
