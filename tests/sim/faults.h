// What can go wrong in a simulated world. Each seed draws its own weather: which faults there are
// at all, and how often. A new fault: a line here and in kFaults, and its doing in misfortune.cc,
// transport.cc or stores.cc.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sync/base/rng.h"

namespace solidaires::sync::sim {

enum class Fault : std::uint8_t {
  crash,           // at any moment; up again within 20 s
  crash_at_store,  // just before or just after a call of the store
  disk_full,       // for a while: what people write is refused
  disk_error,      // a call of the store fails; done or not done, nobody knows
  cut,             // a link is down: seconds, hours, or until the end
  all_away,        // every link is down for a day to a year, while people go on writing
  hole,            // a connection goes dead without either end being told
  one_way_hole,    // the same in one direction
  loss,            // a Batch, Ack or Nack does not arrive
  duplication,     // one arrives twice
  reorder,         // a Batch arrives after its successors
  slow_link,       // frames take seconds
  stuck_reader,    // one end takes nothing for a while
  unreadable,      // a document of a batch cannot be read
  clock_jump,      // hours, either way
  clock_years,     // 1971, or the year 9000
  restore,         // a backup of any age, with a new incarnation
  lost_disk,       // an empty store, enrolled again
  stale_restore,   // a backup, copied in place without a new incarnation
  clone,           // a second machine starts with a copy of a store
  re_enrolment,    // a new incarnation of a healthy store
  late_join,       // an instance joins a network that is running
  rights,          // a subscription begins or ends
  mixed_versions,  // some instances run the previous version, some the next
  damage,          // when all is mended: a document is gone, or as it was, and nobody is told
};

inline constexpr std::array kFaults{
    std::pair{Fault::crash, std::string_view("crash")},
    std::pair{Fault::crash_at_store, std::string_view("crash-at-store")},
    std::pair{Fault::disk_full, std::string_view("disk-full")},
    std::pair{Fault::disk_error, std::string_view("disk-error")},
    std::pair{Fault::cut, std::string_view("cut")},
    std::pair{Fault::all_away, std::string_view("all-away")},
    std::pair{Fault::hole, std::string_view("hole")},
    std::pair{Fault::one_way_hole, std::string_view("one-way-hole")},
    std::pair{Fault::loss, std::string_view("loss")},
    std::pair{Fault::duplication, std::string_view("duplication")},
    std::pair{Fault::reorder, std::string_view("reorder")},
    std::pair{Fault::slow_link, std::string_view("slow-link")},
    std::pair{Fault::stuck_reader, std::string_view("stuck-reader")},
    std::pair{Fault::unreadable, std::string_view("unreadable")},
    std::pair{Fault::clock_jump, std::string_view("clock-jump")},
    std::pair{Fault::clock_years, std::string_view("clock-years")},
    std::pair{Fault::restore, std::string_view("restore")},
    std::pair{Fault::lost_disk, std::string_view("lost-disk")},
    std::pair{Fault::stale_restore, std::string_view("stale-restore")},
    std::pair{Fault::clone, std::string_view("clone")},
    std::pair{Fault::re_enrolment, std::string_view("re-enrolment")},
    std::pair{Fault::late_join, std::string_view("late-join")},
    std::pair{Fault::rights, std::string_view("rights")},
    std::pair{Fault::mixed_versions, std::string_view("mixed-versions")},
    std::pair{Fault::damage, std::string_view("damage")},
};
[[nodiscard]] std::optional<Fault> fault_named(std::string_view name);

using FaultMask = std::uint32_t;
[[nodiscard]] constexpr FaultMask mask_of(Fault fault) {
  return FaultMask{1} << static_cast<unsigned>(fault);
}
inline constexpr FaultMask kNoFaults = ~FaultMask{0};  // as a mask of those left out

class Weather {
 public:
  // `without`: faults that stay away whatever the seed says. Draws the same chances in any case.
  static Weather draw(Rng& rng, FaultMask without);

  [[nodiscard]] bool has(Fault fault) const { return rate(fault) > 0; }
  // 0: never; else 1 to 4, how often.
  [[nodiscard]] std::uint64_t rate(Fault fault) const {
    return rates_.at(static_cast<std::size_t>(fault));
  }

 private:
  std::array<std::uint8_t, kFaults.size()> rates_{};
};

}  // namespace solidaires::sync::sim
