// What every target of this folder shares. A target is one function over arbitrary bytes that must
// neither crash nor break an invariant; libFuzzer calls it (tests/fuzz/run), and so does replay.cc
// with the files of corpus/ (ctest, label "fuzz").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sync/base/bytes.h"
#include "sync/base/check.h"

// Both call it; the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace solidaires::fuzz {

inline std::string_view as_bytes(std::uint8_t const* data, std::size_t size) {
  return {reinterpret_cast<char const*>(data), size};
}

// Takes choices from the front of the input; when it is used up, every choice is 0.
class Choices {
 public:
  explicit Choices(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    auto const value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint64_t below(std::uint64_t bound) { return byte() % bound; }
  // Small numbers mostly, and those at the ends of their range.
  std::uint64_t number() {
    auto const value = byte();
    if (value < 200) return value % 20;
    switch (value % 6) {
      case 0: return ~std::uint64_t{0};
      case 1: return ~std::uint64_t{0} - 1;
      case 2: return std::uint64_t{1} << 63U;
      case 3: return (std::uint64_t{1} << 63U) - 1;
      case 4: return std::uint64_t{1} << 32U;
      default: return byte() * std::uint64_t{256} + byte();
    }
  }
  // A part whose length stands before it in two bytes; what is left, if that is less.
  std::string_view part() {
    std::size_t const high = byte();
    std::size_t const size = std::min(high * 256 + byte(), rest_.size());
    auto const taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view all() { return std::exchange(rest_, {}); }

 private:
  std::string_view rest_;
};

// The reverse of Choices::part(), for those who write corpora.
inline Bytes sized_part(std::string_view bytes) {
  Bytes out;
  ByteWriter(out).u16(static_cast<std::uint16_t>(bytes.size())).raw(bytes);
  return out;
}

}  // namespace solidaires::fuzz
