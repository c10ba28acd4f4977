// Chance as an argument. SystemRng is fit for secrets; SeededRng is for simulation and tests: the
// same seed gives the same bytes on every machine.
#pragma once

#include <cstdint>
#include <string>

#include "sync/base/bytes.h"

namespace solidaires {

class Rng {
 public:
  virtual ~Rng() = default;
  [[nodiscard]] virtual std::uint64_t next() = 0;
  [[nodiscard]] Bytes bytes(std::size_t size);
  // Uniform in [0, bound); bound > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
};

// The kernel's generator. Any thread.
class SystemRng final : public Rng {
 public:
  [[nodiscard]] std::uint64_t next() override;
};

// SplitMix64 (Steele, Lea, Flood 2014). One thread. Never for secrets.
class SeededRng final : public Rng {
 public:
  explicit SeededRng(std::uint64_t seed) : state_(seed) {}
  [[nodiscard]] std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

}  // namespace solidaires
