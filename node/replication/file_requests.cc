#include "node/replication/file_requests.h"

#include <algorithm>

#include "sync/base/check.h"

namespace solidaires::replication {
namespace {

constexpr std::size_t kWantedMax = 10'000;
constexpr std::size_t kAskedMax = 64;     // over all links
constexpr std::size_t kDocumentsMax = 4;  // remembered per file
constexpr Millis kKeptInMind{60'000};     // what is not lasting
constexpr Millis kRestMin{1'000};
constexpr Millis kRestMax{60'000};
constexpr Millis kDiskRest{60'000};

}  // namespace

bool FileRequests::want(sync::WantBlob const& want, bool lasting, Instant now, Waiter waiter) {
  auto const file = sync::claim_of(want.document, want.sha256);
  auto found = wanted_.find(file);
  if (found == wanted_.end()) {
    if (wanted_.size() >= kWantedMax) {
      if (waiter) waiter(fail(Code::busy, "too many files are being fetched already"));
      return false;
    }
    found = wanted_.emplace(file, Wanted{}).first;
    ready_.push_back(file);
  }
  auto& wanted = found->second;
  wanted.size = std::max(wanted.size, want.size);
  wanted.lasting = wanted.lasting || lasting;
  wanted.until = now + kKeptInMind;
  if (std::ranges::find(wanted.documents, want.document) == wanted.documents.end()) {
    if (wanted.documents.size() >= kDocumentsMax) wanted.documents.erase(wanted.documents.begin());
    wanted.documents.push_back(want.document);
    wake(found);  // another document may open another link
  }
  if (waiter) {
    wanted.waiters.push_back(std::move(waiter));
    wake(found);
  }
  dispatch(now);
  return true;
}

void FileRequests::came(sync::BlobClaim const& file) {
  auto const found = wanted_.find(file);
  if (found == wanted_.end()) return;
  if (found->second.asked) ++fetched_;
  forget(found, {});
}

void FileRequests::not_fetched(NodeName const& peer, sync::BlobClaim const& file, Error const& why,
                               Instant now) {
  auto const found = wanted_.find(file);
  if (found == wanted_.end() || found->second.asked != peer) return;
  ++failed_;
  auto& wanted = found->second;
  release(wanted);
  switch (why.code()) {
    case Code::exhausted:
    case Code::io:  // this disk: another peer would not help
      wanted.resting_until = now + kDiskRest;
      resting_.emplace(*wanted.resting_until, file);
      break;
    case Code::invalid:  // no document here names it any more
      forget(found, fail(Code::not_found, "no document names the file any more"));
      break;
    case Code::conflict:  // another link brought bytes meanwhile
      ready_.push_back(file);
      break;
    case Code::corrupt: discard_(file); [[fallthrough]];
    default: wanted.refused.insert(peer); ready_.push_back(file);
  }
  dispatch(now);
}

void FileRequests::arrived(NodeName const& peer, Bytes const& sha256, Instant now) {
  for (auto found = wanted_.lower_bound({sha256, {}});
       found != wanted_.end() && found->first.sha256 == sha256; ++found) {
    found->second.refused.erase(peer);
    wake(found);
  }
  dispatch(now);
}

void FileRequests::link_up(NodeName const& peer, Instant now) {
  for (auto wanted = wanted_.begin(); wanted != wanted_.end(); ++wanted) {
    wanted->second.refused.erase(peer);
    wake(wanted);
  }
  dispatch(now);
}

void FileRequests::link_down(NodeName const& peer, Instant now) {
  for (auto& [file, wanted] : wanted_) {
    wanted.refused.erase(peer);
    if (wanted.asked != peer) continue;
    release(wanted);
    ready_.push_back(file);
  }
  dispatch(now);
}

void FileRequests::tick(Instant now) {
  while (!resting_.empty() && resting_.begin()->first <= now) {
    auto const wanted = wanted_.find(resting_.begin()->second);
    SOL_CHECK(wanted != wanted_.end() && wanted->second.resting_until);
    wake(wanted);
  }
  for (auto wanted = wanted_.begin(); wanted != wanted_.end();) {
    auto const next = std::next(wanted);
    bool const idle = !wanted->second.lasting && !wanted->second.asked;
    if (idle && wanted->second.until <= now) {
      forget(wanted, fail(Code::timeout, "no peer had the file in time"));
    }
    wanted = next;
  }
  dispatch(now);
}

void FileRequests::abandon() {
  while (!wanted_.empty()) {
    forget(wanted_.begin(), fail(Code::unavailable, "this instance stops"));
  }
}

FileCounts FileRequests::counts() const {
  return {wanted_.size(), asked_, fetched_, failed_};
}

void FileRequests::dispatch(Instant now) {
  while (!ready_.empty() && asked_ < kAskedMax) {
    auto const found = wanted_.find(ready_.front());
    ready_.pop_front();
    if (found == wanted_.end() || found->second.asked || found->second.resting_until) continue;
    ask(found, now);
  }
}

void FileRequests::ask(Table::iterator wanted, Instant now) {
  auto& file = wanted->second;
  for (auto const& document : file.documents) {
    file.asked = ask_({document, wanted->first.sha256, file.size}, file.refused);
    if (!file.asked) continue;
    ++asked_;
    return;
  }
  // With nobody there to ask, who waits need not wait.
  if (file.refused.empty() && !file.lasting) {
    return forget(wanted, fail(Code::unavailable, "no link that may carry the file is up"));
  }
  if (file.refused.empty()) {
    for (auto& waiter : std::exchange(file.waiters, {})) {
      waiter(fail(Code::unavailable, "no link that may carry the file is up"));
    }
  }
  rest(wanted, now);
}

void FileRequests::rest(Table::iterator wanted, Instant now) {
  auto& file = wanted->second;
  file.refused.clear();
  auto const length = std::min(Millis(kRestMin.count() << std::min(file.rests++, 6U)), kRestMax);
  file.resting_until = now + length;
  resting_.emplace(*file.resting_until, wanted->first);
}

void FileRequests::wake(Table::iterator wanted) {
  if (wanted == wanted_.end() || !wanted->second.resting_until) return;
  resting_.erase({*wanted->second.resting_until, wanted->first});
  wanted->second.resting_until.reset();
  ready_.push_back(wanted->first);
}

void FileRequests::release(Wanted& wanted) {
  wanted.asked.reset();
  --asked_;
}

void FileRequests::forget(Table::iterator wanted, Result<> const& outcome) {
  auto& file = wanted->second;
  if (file.asked) release(file);
  if (file.resting_until) resting_.erase({*file.resting_until, wanted->first});
  auto waiters = std::move(file.waiters);
  wanted_.erase(wanted);
  for (auto& waiter : waiters) waiter(outcome);
}

}  // namespace solidaires::replication
