#include "node/service/usage.h"

#include <algorithm>
#include <array>

#include "node/store/store.h"

namespace solidaires::service {
namespace {

// Local values. Stored on disk: never rename.
constexpr std::string_view kPrefix = "usage/";  // + "2026-12-31"
constexpr std::uint8_t kVersion = 1;
constexpr std::string_view kOther = "other";
constexpr std::array kOfPeople{usage::kPage, usage::kSearch, usage::kEmpty, usage::kEmptyPlace,
                               usage::kEmptyTheme};

std::string key_of(std::int64_t day) {
  return cat(kPrefix, model::CivilDate::from_days(day).iso());
}

void count(Counts& counts, std::string_view name, std::uint64_t more) {
  auto found = counts.find(name);
  if (found == counts.end()) {
    bool const full = counts.size() >= kUsageCountersMax && !detail_of(name).empty();
    found = counts.try_emplace(full ? counter(group_of(name), kOther) : std::string(name)).first;
  }
  found->second += more;
}

void merge(Counts& into, Counts const& from) {
  for (auto const& [name, number] : from) count(into, name, number);
}

Bytes encode(Counts const& counts) {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(kVersion).u32(static_cast<std::uint32_t>(counts.size()));
  for (auto const& [name, number] : counts) writer.sized(name).u64(number);
  return out;
}

Result<Counts> decode(std::string_view bytes) {
  ByteReader reader(bytes);
  SOL_ASSIGN(auto const version, reader.u8());
  if (version != kVersion) return fail(Code::unsupported, "counts of another version");
  SOL_ASSIGN(auto left, reader.u32());
  Counts counts;
  for (; left > 0; --left) {
    SOL_ASSIGN(auto name, reader.sized());
    SOL_ASSIGN(counts[std::string(name)], reader.u64());
  }
  return counts;
}

}  // namespace

std::string counter(std::string_view group, std::string_view detail) {
  return detail.empty() ? std::string(group) : cat(group, '/', detail);
}

std::string_view group_of(std::string_view counter) {
  return counter.substr(0, counter.find('/'));
}

std::string_view detail_of(std::string_view counter) {
  auto const slash = counter.find('/');
  return slash == std::string_view::npos ? std::string_view() : counter.substr(slash + 1);
}

std::uint64_t UsageDay::of(std::string_view group) const {
  std::uint64_t sum = 0;
  for (auto const& [name, number] : counts) {
    if (group_of(name) == group) sum += number;
  }
  return sum;
}

void Usage::add(std::span<std::string const> counters, bool by_robot, Instant now) {
  if (counters.empty()) return;
  std::scoped_lock const lock(waiting_mutex_);
  if (now >= today_ends_ || today_ == 0) {
    auto const today = model::to_civil(now).date;
    today_ = today.days();
    today_ends_ = model::to_instant({model::CivilDate::from_days(today_ + 1)});
  }
  auto& waiting = waiting_[today_];
  bool is_counted = false;
  for (std::string_view name : counters) {
    if (by_robot && std::ranges::find(kOfPeople, group_of(name)) != kOfPeople.end()) {
      if (std::exchange(is_counted, true)) continue;
      name = usage::kRobot;
    }
    count(waiting, name, 1);
    count(since_start_, name, 1);
  }
}

Result<Counts> Usage::stored(std::int64_t day) const {
  SOL_ASSIGN(auto const bytes, instance_.store.local(key_of(day), instance_.clock.now()));
  if (!bytes) return Counts{};
  return decode(*bytes);
}

Result<> Usage::save() {
  std::scoped_lock const saving(saving_);
  Days written;
  {
    std::scoped_lock const lock(waiting_mutex_);
    written = waiting_;
  }
  if (written.empty()) return {};
  store::Commit commit{.now = instance_.clock.now()};
  for (auto const& [day, counts] : written) {
    SOL_ASSIGN(auto sum, stored(day));
    merge(sum, counts);
    auto const end = model::to_instant({model::CivilDate::from_days(day + kUsageDaysKept)});
    commit.local.push_back({.key = key_of(day), .value = encode(sum), .expires_at = end});
  }
  SOL_TRY(instance_.store.commit(commit));
  std::scoped_lock const lock(waiting_mutex_);
  for (auto const& [day, counts] : written) {
    auto& left = waiting_[day];
    for (auto const& [name, number] : counts) {
      auto const found = left.find(name);
      found->second -= number;
      if (found->second == 0) left.erase(found);
    }
    if (left.empty()) waiting_.erase(day);
  }
  return {};
}

Result<std::vector<UsageDay>> Usage::days(model::CivilDate const& from,
                                          model::CivilDate const& until) const {
  std::scoped_lock const saving(saving_);
  Days waiting;
  {
    std::scoped_lock const lock(waiting_mutex_);
    waiting = waiting_;
  }
  std::vector<UsageDay> out;
  auto const first = std::max(from.days(), until.days() - kUsageDaysKept);
  for (auto day = first; day <= until.days(); ++day) {
    SOL_ASSIGN(auto counts, stored(day));
    if (auto const more = waiting.find(day); more != waiting.end()) merge(counts, more->second);
    if (!counts.empty()) out.push_back({model::CivilDate::from_days(day), std::move(counts)});
  }
  return out;
}

Counts Usage::since_start() const {
  std::scoped_lock const lock(waiting_mutex_);
  return since_start_;
}

}  // namespace solidaires::service
