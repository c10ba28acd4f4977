// Invariants that are checked in every build. A failed check is a bug of this program: it names the
// place, then aborts. Never use it on input from a person, a file or a peer: validate that into a
// Result first.
#pragma once

#include <string_view>

namespace solidaires {

[[noreturn]] void check_failed(std::string_view condition, std::string_view file,
                               int line) noexcept;

}  // namespace solidaires

#define SOL_CHECK(condition)                                      \
  do {                                                            \
    if (!(condition)) [[unlikely]]                                \
      ::solidaires::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
