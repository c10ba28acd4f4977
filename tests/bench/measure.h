// What several benchmarks measure of time and of their own process.
#pragma once

#include <chrono>
#include <fstream>
#include <string>

namespace solidaires {

using Steady = std::chrono::steady_clock;

inline double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

// What of this process is in memory, in megabytes.
inline double resident_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmRSS:") continue;
    double kb = 0;
    status >> kb;
    return kb / 1000;
  }
  return 0;
}

}  // namespace solidaires
