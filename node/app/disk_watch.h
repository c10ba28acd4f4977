// The daily reading of everything that lies on disk, in small slices beside all other work: so that
// a file that rots, or memory that is wrong, is found by us and not by chance
// (node/store/rereading.h). One thread calls go_on(); any thread asks for the report.
#pragma once

#include <mutex>
#include <optional>

#include "node/store/store.h"
#include "sync/base/clock.h"

namespace solidaires::app {

struct DiskReport {
  std::optional<Instant> read_at{};  // when the last whole reading ended; nullopt: none has yet
  std::uint64_t documents = 0;       // of that reading
  std::uint64_t tables = 0;
  std::uint64_t found = 0;              // problems since the start
  std::uint64_t mended = 0;             // of these
  std::vector<std::string> problems{};  // of the last reading that found some; at most 100
};

class DiskWatch {
 public:
  // Both outlive it.
  DiskWatch(store::Store& store, Clock const& clock) : store_(store), clock_(clock) {}

  // Reads on until `at_most` has passed (a table more at the worst), or to the end; begins anew a
  // day after it began last. True: this slice found something, and peers are to be compared with.
  bool go_on(Millis at_most);
  [[nodiscard]] DiskReport report() const;

 private:
  void note(std::size_t problems_before, std::uint64_t mended_before);

  store::Store& store_;
  Clock const& clock_;
  store::Rereading at_;
  std::optional<Instant> began_;
  mutable std::mutex mutex_;
  DiskReport report_;
};

}  // namespace solidaires::app
