// Finished pages, head and body ready to be sent, in as many codings as were asked for. Read on the
// IO threads without a worker; filled by workers; forgotten by tag when a commit touched what they
// show. Any thread. Memory is bounded: the least recently used go first.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "node/http/prebuilt.h"
#include "sync/base/clock.h"

namespace solidaires::http {

class PageCache {
 public:
  using PagePtr = std::shared_ptr<Prebuilt const>;
  using Waiter = std::move_only_function<void(PagePtr)>;

  explicit PageCache(std::size_t bytes_max = 64UL * 1024 * 1024) : bytes_max_(bytes_max) {}

  // The page for a canonical target, fresh at `now`; null when there is none.
  [[nodiscard]] PagePtr find(std::string_view key, Instant now);

  // One flight per page: the first who misses makes it, those who come meanwhile wait.
  enum class Role { leader, waiter };
  struct Ticket {
    Role role = Role::leader;
    std::uint64_t flight = 0;   // leader: for land()
    std::uint64_t version = 0;  // state of the world that the page will show
  };
  // `waiter` is kept only for Role::waiter, and called once, on the leader's thread, with the page
  // or with null when there is none to share. Nobody waits for a flight from before a commit.
  [[nodiscard]] Ticket board(std::string_view key, Waiter& waiter);
  // Ends the leader's flight, always. `page` may be null (not to be kept). It is stored unless one
  // of its tags was invalidated since the flight began.
  void land(std::string_view key, Ticket const& ticket, PagePtr const& page,
            std::span<std::string const> tags, Instant fresh_until);

  // Forgets every page with one of these tags, and keeps those now being made from being stored.
  // When it returns, no later find() sees an older page. Call it after the commit.
  void invalidate(std::span<std::string const> tags);
  void clear();

  struct Stats {
    std::uint64_t hits = 0, misses = 0, stored = 0, refused = 0, invalidated = 0, evicted = 0;
    std::size_t pages = 0, bytes = 0;
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct Entry {
    std::string key;
    PagePtr page;
    std::vector<std::string> tags;
    Instant fresh_until{};
    std::size_t bytes = 0;
  };
  using Entries = std::list<Entry>;  // the least recently used last
  struct Flight {
    std::uint64_t id = 0;
    std::uint64_t version = 0;
    std::vector<Waiter> waiters;
  };
  void erase(Entries::iterator entry);
  void store(std::string_view key, PagePtr page, std::span<std::string const> tags,
             Instant fresh_until);
  [[nodiscard]] bool is_stale(std::uint64_t version, std::span<std::string const> tags) const;

  std::size_t const bytes_max_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_key_;
  std::unordered_map<std::string, std::unordered_set<std::string_view>> by_tag_;  // keys
  std::unordered_map<std::string, Flight> flights_;
  // Last invalidation of each tag; forgotten in one go when there are too many, which only keeps
  // flights from before `floor_` from being stored.
  std::unordered_map<std::string, std::uint64_t> invalidated_at_;
  std::uint64_t version_ = 1;
  std::uint64_t floor_ = 0;
  std::uint64_t flight_ids_ = 0;
  Stats stats_;
};

}  // namespace solidaires::http
