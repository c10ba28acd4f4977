#include "sync/base/rng.h"

#include <sys/random.h>

#include "sync/base/check.h"

namespace solidaires {

Bytes Rng::bytes(std::size_t size) {
  Bytes out;
  ByteWriter writer(out);
  while (out.size() < size) writer.u64(next());
  out.resize(size);
  return out;
}

std::uint64_t Rng::below(std::uint64_t bound) {
  SOL_CHECK(bound > 0);
  // The values under `excess` would make the first remainders likelier: draw again.
  std::uint64_t const excess = (0 - bound) % bound;
  std::uint64_t drawn = next();
  while (drawn < excess) drawn = next();
  return drawn % bound;
}

std::uint64_t SystemRng::next() {
  std::uint64_t value = 0;
  SOL_CHECK(getrandom(&value, sizeof value, 0) == static_cast<ssize_t>(sizeof value));
  return value;
}

std::uint64_t SeededRng::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
  return mixed ^ (mixed >> 31U);
}

}  // namespace solidaires
