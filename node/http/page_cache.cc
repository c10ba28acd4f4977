#include "node/http/page_cache.h"

namespace solidaires::http {
namespace {

constexpr std::size_t kTagsRememberedMax = 65'536;

}  // namespace

PageCache::PagePtr PageCache::find(std::string_view key, Instant now) {
  std::scoped_lock const lock(mutex_);
  auto const found = by_key_.find(key);
  if (found != by_key_.end() && now < found->second->fresh_until) {
    if (found->second != entries_.begin()) {
      entries_.splice(entries_.begin(), entries_, found->second);
    }
    ++stats_.hits;
    return found->second->page;
  }
  if (found != by_key_.end()) erase(found->second);
  ++stats_.misses;
  return nullptr;
}

PageCache::Ticket PageCache::board(std::string_view key, Waiter& waiter) {
  std::scoped_lock const lock(mutex_);
  Flight& flight = flights_[std::string(key)];
  if (flight.id != 0 && flight.version == version_) {
    flight.waiters.push_back(std::move(waiter));
    return {Role::waiter, flight.id, flight.version};
  }
  // Those who wait for a flight from before a commit change over to the new one.
  flight.id = ++flight_ids_;
  flight.version = version_;
  return {Role::leader, flight.id, flight.version};
}

void PageCache::land(std::string_view key, Ticket const& ticket, PagePtr const& page,
                     std::span<std::string const> tags, Instant fresh_until) {
  std::vector<Waiter> waiters;
  {
    std::scoped_lock const lock(mutex_);
    auto const flight = flights_.find(std::string(key));
    if (flight != flights_.end() && flight->second.id == ticket.flight) {
      waiters = std::move(flight->second.waiters);
      flights_.erase(flight);
    }
    if (page && is_stale(ticket.version, tags)) {
      ++stats_.refused;
    } else if (page) {
      store(key, page, tags, fresh_until);
    }
  }
  for (Waiter& waiter : waiters) waiter(page);
}

bool PageCache::is_stale(std::uint64_t version, std::span<std::string const> tags) const {
  if (version == version_) return false;
  if (version < floor_) return true;
  return std::ranges::any_of(tags, [&](std::string const& tag) {
    auto const found = invalidated_at_.find(tag);
    return found != invalidated_at_.end() && found->second > version;
  });
}

void PageCache::store(std::string_view key, PagePtr page, std::span<std::string const> tags,
                      Instant fresh_until) {
  if (auto const old = by_key_.find(key); old != by_key_.end()) erase(old->second);
  std::size_t bytes = page->bytes() + key.size();
  for (std::string const& tag : tags) bytes += 2 * tag.size() + 64;
  if (bytes > bytes_max_ / 4) return;  // one page must not push out all others
  entries_.push_front(
      {std::string(key), std::move(page), {tags.begin(), tags.end()}, fresh_until, bytes});
  by_key_.emplace(entries_.front().key, entries_.begin());
  for (std::string const& tag : tags) by_tag_[tag].insert(entries_.front().key);
  stats_.bytes += bytes;
  ++stats_.stored;
  while (stats_.bytes > bytes_max_) {
    erase(std::prev(entries_.end()));
    ++stats_.evicted;
  }
}

void PageCache::erase(Entries::iterator entry) {
  for (std::string const& tag : entry->tags) {
    auto const found = by_tag_.find(tag);
    if (found == by_tag_.end()) continue;
    found->second.erase(entry->key);
    if (found->second.empty()) by_tag_.erase(found);
  }
  by_key_.erase(entry->key);
  stats_.bytes -= entry->bytes;
  entries_.erase(entry);
}

void PageCache::invalidate(std::span<std::string const> tags) {
  std::scoped_lock const lock(mutex_);
  if (tags.empty()) return;
  ++version_;
  if (invalidated_at_.size() + tags.size() > kTagsRememberedMax) {
    invalidated_at_.clear();
    floor_ = version_;
  }
  for (std::string const& tag : tags) {
    invalidated_at_[tag] = version_;
    auto const found = by_tag_.find(tag);
    if (found == by_tag_.end()) continue;
    // A copy: erase() edits the set, and drops it with its last page.
    auto const keys = found->second;
    for (std::string_view key : keys) {
      erase(by_key_.find(key)->second);
      ++stats_.invalidated;
    }
  }
}

void PageCache::clear() {
  std::scoped_lock const lock(mutex_);
  floor_ = ++version_;
  stats_.invalidated += entries_.size();
  while (!entries_.empty()) erase(entries_.begin());
}

PageCache::Stats PageCache::stats() const {
  std::scoped_lock const lock(mutex_);
  Stats out = stats_;
  out.pages = entries_.size();
  return out;
}

}  // namespace solidaires::http
