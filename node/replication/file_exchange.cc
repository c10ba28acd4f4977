#include "node/replication/file_exchange.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <mutex>

#include "node/store/blob_references.h"
#include "sync/base/log.h"
#include "sync/net/job_queue.h"

namespace solidaires::replication {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kTick{1};
constexpr unsigned kTicksBetweenRounds = 3'600;  // looking for what lacks, clearing away
constexpr Millis kGrace{24LL * 60 * 60 * 1000};
constexpr std::size_t kScanPage = 1'000;
constexpr unsigned kWaitersMax = 2;  // pages have few workers

}  // namespace

class FileExchange::Impl : public std::enable_shared_from_this<FileExchange::Impl> {
 public:
  Impl(asio::io_context& io, net::Workers& workers, store::Store& store, net::Links& links,
       Clock const& clock, IsEager is_eager)
      : io_(io),
        store_(store),
        links_(links),
        clock_(clock),
        is_eager_(std::move(is_eager)),
        jobs_(std::make_shared<net::JobQueue>(io, workers)),
        timer_(io),
        requests_(
            [this](auto const& want, auto const& but_not) { return links_.fetch(want, but_not); },
            [this](sync::BlobClaim const& file) { discard(file); }) {}

  void start() {
    store_.on_file([weak = weak_from_this()](sync::BlobClaim const& file) {
      if (auto const self = weak.lock()) self->came(file);
    });
    round();
    tick();
  }

  void stop(std::function<void()> done) {
    stopping_ = true;
    timer_.cancel();
    requests_.abandon();
    store_.on_file({});
    jobs_->clear();
    jobs_->when_idle(std::move(done));
  }

  // The document is durable and names a file: from now on a collection leaves the file alone, or
  // has taken it already, and then it is lacking.
  void committed(store::CommitNotice const& notice) {
    std::vector<sync::WantBlob> lacking;
    for (auto const& change : notice.changes) {
      if (!change.after) continue;
      for (auto const& file : store::blob_references(*change.after)) {
        store_.files().keep(file.sha256);
        auto const& scope = change.key().scope;
        if (!is_eager_(scope) || store_.has_file(scope, file.sha256)) continue;
        lacking.push_back({change.key(), file.sha256, file.size});
      }
    }
    if (lacking.empty()) return;
    asio::post(io_, [self = shared_from_this(), lacking = std::move(lacking)] {
      for (auto const& want : lacking) self->want(want);
    });
  }

  void told(NodeName const& peer, sync::Notice const& notice) {
    // Later: the link may be in the middle of being asked by us.
    asio::post(io_, [self = shared_from_this(), peer, notice] { self->hear(peer, notice); });
  }

  void ended(NodeName const& peer) {
    asio::post(io_, [self = shared_from_this(), peer] {
      if (self->stopping_) return;
      self->requests_.link_down(peer, self->clock_.now());
      self->note_counts();
    });
  }

  Result<> fetch(sync::DocumentKey const& document, schema::FileReference const& file,
                 Millis within) {
    if (store_.has_file(document.scope, file.sha256)) return {};
    if (within <= Millis{0}) {
      start_fetching({document, file.sha256, file.size});
      return fail(Code::timeout, "the file is on its way, but not here yet");
    }
    if (waiting_.fetch_add(1) >= kWaitersMax) {
      --waiting_;
      return fail(Code::busy, "too many files are being waited for");
    }
    auto const answer = std::make_shared<std::promise<Result<>>>();
    auto future = answer->get_future();
    asio::post(io_, [self = shared_from_this(), answer,
                     want = sync::WantBlob{document, file.sha256, file.size}] {
      auto const told = [answer](Result<> const& outcome) { answer->set_value(outcome); };
      if (self->stopping_) return told(fail(Code::unavailable, "this instance stops"));
      self->requests_.want(want, false, self->clock_.now(), told);
      self->note_counts();
    });
    bool const answered = future.wait_for(within) == std::future_status::ready;
    --waiting_;
    if (answered) return future.get();
    return fail(Code::timeout, "the file is on its way, but not here yet");
  }

  FileCounts counts() const {
    std::lock_guard const lock(mutex_);
    return counts_;
  }

 private:
  void start_fetching(sync::WantBlob want) {
    asio::post(io_, [self = shared_from_this(), want = std::move(want)] {
      if (self->stopping_) return;
      self->requests_.want(want, false, self->clock_.now());
      self->note_counts();
    });
  }

  void want(sync::WantBlob const& want) {
    if (!stopping_ && !requests_.want(want, true, clock_.now())) overflowed_ = true;
    note_counts();
  }

  void discard(sync::BlobClaim const& file) {
    jobs_->run([self = shared_from_this(), file]() -> net::JobQueue::Completion {
      self->store_.files().forget_partial(file);
      return [] {};
    });
  }

  void came(sync::BlobClaim const& file) {
    links_.file_came(file.sha256);
    asio::post(io_, [self = shared_from_this(), file] {
      self->requests_.came(file);
      self->note_counts();
    });
  }

  void hear(NodeName const& peer, sync::Notice const& notice) {
    if (stopping_) return;
    auto const now = clock_.now();
    if (std::holds_alternative<sync::LinkUp>(notice)) {
      requests_.link_up(peer, now);
    } else if (auto const* fetched = std::get_if<sync::BlobFetched>(&notice)) {
      requests_.came(fetched->file);
    } else if (auto const* failed = std::get_if<sync::BlobNotFetched>(&notice)) {
      auto const code = failed->why.code();
      if (code != Code::not_found && code != Code::busy && code != Code::invalid) {
        log_warning("file.not_fetched", {{"peer", peer.str()},
                                         {"file", hex(failed->file.sha256)},
                                         {"reason", failed->why.to_string()}});
      }
      requests_.not_fetched(peer, failed->file, failed->why, now);
    } else if (auto const* arrived = std::get_if<sync::BlobArrived>(&notice)) {
      requests_.arrived(peer, arrived->sha256, now);
    } else if (auto const* missed = std::get_if<sync::BlobMissed>(&notice)) {
      requests_.want({missed->document, missed->sha256, 0}, false, now);
    }
    note_counts();
  }

  void note_counts() {
    std::lock_guard const lock(mutex_);
    counts_ = requests_.counts();
  }

  void tick() {
    timer_.expires_after(kTick);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code const& cancelled) {
      auto const self = weak.lock();
      if (cancelled || !self || self->stopping_) return;
      self->requests_.tick(self->clock_.now());
      self->note_counts();
      bool const room = self->overflowed_ && self->requests_.counts().wanted == 0;
      if (++self->ticks_ % kTicksBetweenRounds == 0 || room) self->round();
      self->tick();
    });
  }

  // Looks through all references for files that lack, and clears away.
  void round() {
    overflowed_ = false;
    jobs_->run([self = shared_from_this()]() -> net::JobQueue::Completion {
      auto lacking = self->look();
      self->clear_away();
      return [self, lacking = std::move(lacking)] {
        for (auto const& want : lacking) self->want(want);
      };
    });
  }

  std::vector<sync::WantBlob> look() {
    std::vector<sync::WantBlob> lacking;
    std::map<ScopeId, bool> eager;  // asked for once
    auto const view = store_.view();
    store::IndexScan scan{.index = std::string(store::kFilesIndex), .limit = kScanPage};
    do {
      auto const page = view.scan(scan);
      if (!page) {
        log_error("file.look", {{"error", page.error().to_string()}});
        break;
      }
      for (auto const& hit : page->hits) {
        auto const [known, is_new] = eager.try_emplace(hit.key.scope);
        if (is_new) known->second = is_eager_(hit.key.scope);
        if (!known->second || store_.has_file(hit.key.scope, hit.value)) continue;
        lacking.push_back({hit.key, hit.value, size_of(view, hit)});
      }
      scan.position = page->next;
    } while (!scan.position.empty() && !stopping_);
    return lacking;
  }

  static std::uint64_t size_of(store::View const& view, store::IndexHit const& hit) {
    auto const stored = view.get(hit.key);
    if (!stored || !*stored) return 0;
    for (auto const& file : store::blob_references((*stored)->document)) {
      if (file.sha256 == hit.value) return file.size;
    }
    return 0;
  }

  void clear_away() {
    auto const collected = store_.collect_files(clock_.now(), kGrace);
    if (!collected) {
      log_error("file.collect", {{"error", collected.error().to_string()}});
    } else if (collected->files > 0) {
      log_info("file.collected", {{"files", collected->files}, {"bytes", collected->bytes}});
    }
  }

  asio::io_context& io_;
  store::Store& store_;
  net::Links& links_;
  Clock const& clock_;
  IsEager const is_eager_;
  std::shared_ptr<net::JobQueue> jobs_;
  asio::steady_timer timer_;
  FileRequests requests_;
  unsigned ticks_ = 0;
  bool overflowed_ = false;
  std::atomic<bool> stopping_ = false;
  std::atomic<unsigned> waiting_ = 0;
  mutable std::mutex mutex_;
  FileCounts counts_;
};

FileExchange::FileExchange(asio::io_context& io, net::Workers& workers, store::Store& store,
                           net::Links& links, Clock const& clock, IsEager is_eager)
    : impl_(std::make_shared<Impl>(io, workers, store, links, clock, std::move(is_eager))) {}
FileExchange::~FileExchange() = default;

void FileExchange::start() {
  impl_->start();
}

void FileExchange::stop(std::function<void()> done) {
  impl_->stop(std::move(done));
}

void FileExchange::committed(store::CommitNotice const& notice) {
  impl_->committed(notice);
}

void FileExchange::told(NodeName const& peer, sync::Notice const& notice) {
  impl_->told(peer, notice);
}

void FileExchange::ended(NodeName const& peer) {
  impl_->ended(peer);
}

Result<> FileExchange::fetch(sync::DocumentKey const& document, schema::FileReference const& file,
                             Millis within) {
  return impl_->fetch(document, file, within);
}

FileCounts FileExchange::counts() const {
  return impl_->counts();
}

}  // namespace solidaires::replication
