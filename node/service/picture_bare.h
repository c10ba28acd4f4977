// A picture without anything that is not needed to show it: whatever a library that wrote it kept
// (some keep the place where it was taken in spite of being told not to). A pure function, any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace solidaires::service {

// The same JPEG, PNG or WebP with those of its parts alone that carry pixels, palette, transparency
// and colours. Nothing: it is none of them, or its parts do not fit together.
[[nodiscard]] std::optional<std::string> bare_picture(std::string_view bytes);

}  // namespace solidaires::service
