// How the portal is used: counts by day, and nothing else. No address, no cookie, no mark of a
// visitor, no word that was searched; what is counted was named by the program, places and themes
// by their codes. Counts wait in memory and are written together now and then, so that a page
// costs no write; a crash loses what was not written. Any thread; add() never blocks on the disk.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/model/civil_time.h"
#include "node/service/instance.h"
#include "sync/base/result.h"

namespace solidaires::service {

// A counter is "GROUP" or "GROUP/DETAIL". Groups are stored on disk: never rename.
namespace usage {
inline constexpr std::string_view kPage = "page";      // by kind: "page/record:structure"
inline constexpr std::string_view kRobot = "robot";    // what says that it is a program
inline constexpr std::string_view kSearch = "search";  // by type of content, or "all"
inline constexpr std::string_view kEmpty = "empty";    // searches without a result, likewise
inline constexpr std::string_view kEmptyPlace = "empty_place";  // by the key of the place
inline constexpr std::string_view kEmptyTheme = "empty_theme";  // by the code of the theme
inline constexpr std::string_view kContact = "contact";         // messages that were passed on
inline constexpr std::string_view kReport = "report";
// What authors answered to "still right?".
inline constexpr std::string_view kConfirmed = "confirmed";
inline constexpr std::string_view kFilled = "filled";           // elsewhere
inline constexpr std::string_view kFilledHere = "filled_here";  // through the portal
inline constexpr std::string_view kWithdrawn = "withdrawn";
inline constexpr std::string_view kAlert = "alert";  // that were confirmed
inline constexpr std::string_view kFeed = "feed";    // fetched, by format
inline constexpr std::string_view kSheet = "sheet";  // short addresses of printed sheets
}  // namespace usage

// "search/structure".
[[nodiscard]] std::string counter(std::string_view group, std::string_view detail = {});
[[nodiscard]] std::string_view group_of(std::string_view counter);
[[nodiscard]] std::string_view detail_of(std::string_view counter);

// CNIL: statistics of an audience are kept for at most 25 months.
inline constexpr std::int64_t kUsageDaysKept = 760;
// Of one day. Beyond, a new detail counts as "other" of its group: nobody fills the disk by asking.
inline constexpr std::size_t kUsageCountersMax = 2'000;
// A reader asks for its feed once an hour at most, as a rule.
inline constexpr std::uint64_t kFeedFetchesPerDay = 24;

using Counts = std::map<std::string, std::uint64_t, std::less<>>;

struct UsageDay {
  model::CivilDate date;
  Counts counts;
  [[nodiscard]] std::uint64_t of(std::string_view group) const;  // its sum
};

class Usage {
 public:
  explicit Usage(Instance const& instance) : instance_(instance) {}

  // What one answer counts as. Of a robot, pages and searches are one "robot".
  void add(std::span<std::string const> counters, bool by_robot, Instant now);
  // Writes what waits. After an error it still waits.
  Result<> save();
  // The days on which something was counted, oldest first, both ends included; with what waits.
  [[nodiscard]] Result<std::vector<UsageDay>> days(model::CivilDate const& from,
                                                   model::CivilDate const& until) const;
  // Since the start of the program.
  [[nodiscard]] Counts since_start() const;

 private:
  using Days = std::map<std::int64_t, Counts>;  // days since 1970
  [[nodiscard]] Result<Counts> stored(std::int64_t day) const;

  Instance const& instance_;
  mutable std::mutex saving_;  // what is written is neither lost nor counted twice
  mutable std::mutex waiting_mutex_;
  Days waiting_;
  Counts since_start_;
  std::int64_t today_ = 0;
  Instant today_ends_{};
};

}  // namespace solidaires::service
