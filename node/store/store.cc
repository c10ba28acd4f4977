#include "node/store/store.h"

#include <atomic>
#include <mutex>
#include <numeric>

#include "node/store/blob_references.h"
#include "node/store/check.h"
#include "node/store/commit_queue.h"
#include "node/store/counts.h"
#include "node/store/digests.h"
#include "node/store/erasing.h"
#include "node/store/observers.h"
#include "node/store/opening.h"
#include "node/store/rereading_steps.h"
#include "node/store/writes.h"
#include "sync/base/log.h"

namespace solidaires::store {
namespace {

constexpr std::size_t kGroupBytes = 8UL << 20;  // a group that is this large takes nobody else
constexpr Millis kAddingGrace{5'000};           // from adding a file to the commit that keeps it
constexpr std::size_t kDropChunk = 500;
constexpr std::size_t kPurgeChunk = 1000;
// Above every dot that a group can have given out whose write failed.
constexpr std::uint64_t kCounterGap = 1'000'000;

SystemClock const kSystemClock;

}  // namespace

struct Store::Parts {
  Parts(Opened opened, Options given)
      : directory(std::move(opened.directory)),
        engine(std::move(opened.engine)),
        files(std::move(opened.files)),
        options(std::move(given)),
        positions(std::move(opened.positions)),
        replica(positions.replica),
        counter(positions.counter),
        queue([this](auto group) { return run_group(group); }) {
    for (auto const& [scope, head] : positions.heads) version += head;
  }

  void submit_all(std::span<Request> requests);
  Result<> submit(Request& request);
  template <class Work>
  Result<> submit(Work work) {
    Request request{.work = std::move(work)};
    return submit(request);
  }
  [[nodiscard]] Instant now() const {
    return (options.clock != nullptr ? *options.clock : kSystemClock).now();
  }

  // By the leader of the queue alone:
  std::size_t run_group(std::span<Request* const> group);
  std::size_t run_readers(std::span<Request* const> group, Result<> const& refusal);
  Result<> check_writable();
  // A document names it, one that is held did, or somebody sent it and may name it yet.
  [[nodiscard]] Result<bool> is_needed(std::string_view sha256, Instant now) const;
  void run_one(Transaction& transaction, Request& request);
  Result<> write(Transaction& transaction);
  void publish(Request& request);

  Directory directory;  // outlives the engine: it holds the lock
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Blobs> files;
  Options options;
  Counts counts;
  Digests digests;
  std::shared_ptr<Observers> observers = std::make_shared<Observers>();
  Positions positions;                  // the leader's
  Erasures erasures;                    // the leader's
  std::optional<Error> disk_error;      // of the last write, if the disk refused it
  std::atomic<bool> uncertain = false;  // the disk may hold more than is readable: disk_error
  // What is durable, for everybody:
  std::atomic<ReplicaId> replica;
  std::atomic<std::uint64_t> counter;
  std::atomic<std::uint64_t> version = 0;
  std::atomic<std::uint64_t> commits = 0;
  std::atomic<std::uint64_t> syncs = 0;
  CommitQueue queue;
  std::mutex purging;  // one purge at a time
  std::mutex on_file_mutex;
  std::function<void(sync::BlobClaim const&)> on_file;
};

void Store::Parts::submit_all(std::span<Request> requests) {
  if (!observers->telling_here()) return queue.submit(requests);
  for (auto& request : requests) {
    request.result = fail(Code::internal, "an observer of the store must not write to it");
  }
}

Result<> Store::Parts::submit(Request& request) {
  submit_all({&request, 1});
  return std::move(request.result);
}

Result<> Store::Parts::check_writable() {
  if (auto const free = directory.free_bytes(); free < options.disk_reserve_bytes) {
    return fail(Code::exhausted,
                cat("the disk of ", directory.path().string(), " has only ", free >> 20U,
                    " MB left: free some space. Nothing was written"));
  }
  if (!disk_error) return {};
  // From a full disk the engine recovers in the background, some seconds after there is room. From
  // any other failure it does not: nobody knows what the disk kept.
  if (auto const resumed = engine->resume(); !resumed) {
    bool const full = disk_error->code() == Code::exhausted;
    return fail(disk_error->code(),
                cat("the store takes no writes since its disk refused one (", disk_error->message(),
                    full ? "): free some space" : "): when the disk is well, restart the program"));
  }
  disk_error.reset();
  uncertain = false;
  log_info("store.resumed");
  return {};
}

void Store::Parts::run_one(Transaction& transaction, Request& request) {
  transaction.begin();
  try {
    request.result = request.work(transaction);
  } catch (std::exception const& error) {
    request.result = fail(Code::internal, cat("a commit failed: ", error.what()));
  }
  if (request.result) {
    request.changes = transaction.keep();
    request.digests = transaction.take_digests();
  } else {
    transaction.undo();
  }
}

Result<> Store::Parts::write(Transaction& transaction) {
  transaction.finish();
  if (transaction.batch().empty()) return {};
  SOL_TRY(engine->write(transaction.batch()));
  ++syncs;
  return {};
}

void Store::Parts::publish(Request& request) {
  counts.follow(request.changes);
  digests.follow(request.digests);
  CommitNotice notice{version += request.changes.size(), request.remote, {}};
  if (request.changes.empty() || observers->empty()) return;
  notice.changes = std::move(request.changes);
  observers->tell(notice);
}

std::size_t Store::Parts::run_readers(std::span<Request* const> group, Result<> const& refusal) {
  Transaction transaction(*engine, digests, options.indexer, positions, erasures);
  for (auto* request : group) {
    if (request->writes) {
      request->result = refusal;
    } else {
      run_one(transaction, *request);
    }
  }
  return group.size();
}

std::size_t Store::Parts::run_group(std::span<Request* const> group) {
  if (auto const writable = check_writable(); !writable) return run_readers(group, writable);
  auto const before = std::pair(positions.replica, positions.counter);
  Transaction transaction(*engine, digests, options.indexer, positions, erasures);
  std::size_t handled = 0;
  while (handled < group.size() && transaction.batch().bytes() < kGroupBytes) {
    run_one(transaction, *group[handled++]);
  }
  auto const written = write(transaction);
  if (!written) {
    disk_error = written.error();
    uncertain = true;
    log_error("store.write", {{"error", written.error().message()}});
    // What was given out may yet come back from the log after a restart: it is not given twice.
    if (positions.replica != before.first) {
      positions.replica = before.first;
      positions.counter = before.second + kCounterGap;
    }
  } else {
    replica = positions.replica;
    counter = positions.counter;
  }
  for (auto* request : group.first(handled)) {
    if (!request->result) continue;
    if (written) {
      ++commits;
      publish(*request);
    } else {
      request->result = std::unexpected(Error(written.error()).in("writing to the store"));
    }
  }
  return handled;
}

Store::Store(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(std::filesystem::path const& directory,
                                           Options options) {
  SystemRng system;
  Rng& rng = options.rng != nullptr ? *options.rng : system;
  SOL_ASSIGN(auto opened, open_directory(directory, options, rng, kFormat, migration_steps()));
  SOL_ASSIGN(auto counts, Counts::read(*opened.engine, nullptr));
  SOL_ASSIGN(auto erasures, Erasures::read(*opened.engine));
  auto digests = Digests::read(*opened.engine, nullptr);
  if (!digests) log_error("store.digests", {{"error", digests.error().message()}});
  for (auto const& [scope, head] : opened.positions.heads) {
    if (digests && scope.kind() != ScopeKind::local) (*digests)[scope].head = sync::Sequence{head};
  }
  auto parts = std::make_unique<Parts>(std::move(opened), std::move(options));
  parts->erasures = std::move(erasures);
  parts->counts.reset(std::move(counts));
  parts->digests.reset(std::move(digests));
  return std::unique_ptr<Store>(new Store(std::move(parts)));
}

Result<std::vector<CommittedDocument>> Store::commit(Commit const& request) {
  // Before it is durable: a collection beside it then leaves the files alone.
  for (auto const& edit : request.documents) {
    for (auto const& field : edit.fields) {
      auto const file = field.value ? schema::file_reference_in(*field.value) : std::nullopt;
      if (file) parts_->files->keep(file->sha256);
    }
  }
  std::vector<CommittedDocument> committed;
  SOL_TRY(parts_->submit([&](Transaction& transaction) -> Result<> {
    SOL_ASSIGN(committed, write_commit(transaction, request));
    return {};
  }));
  return committed;
}

View Store::view() const {
  return View(*parts_->engine);
}

Result<std::optional<StoredDocument>> Store::get(sync::DocumentKey const& key) const {
  SOL_ASSIGN(auto const record, parts_->engine->get(Family::documents, document_key(key)));
  if (!record) return std::nullopt;
  return parse_record(key, *record);
}

Result<std::optional<Bytes>> Store::local(std::string_view key, Instant now) const {
  return view().local(key, now);
}

std::uint64_t Store::count(std::string_view type, std::optional<ScopeId> const& scope) const {
  return parts_->counts.alive(type, scope);
}

std::uint64_t Store::version() const {
  return parts_->version;
}

Subscription Store::subscribe(Observer observer) {
  return Observers::add(parts_->observers, std::move(observer));
}

ReplicaId Store::replica() const {
  return parts_->replica;
}

std::uint64_t Store::counter() const {
  return parts_->counter;
}

Result<sync::Sequence> Store::cursor(ReplicaId peer, ScopeId const& scope) const {
  return view().cursor(peer, scope);
}

Result<sync::FeedPage> Store::read_feed(ScopeId const& scope, sync::Sequence after,
                                        std::size_t documents_max, std::size_t bytes_max,
                                        ReplicaId reader) const {
  return view().read_feed(scope, after, documents_max, bytes_max, reader);
}

Result<sync::Sequence> Store::head(ScopeId const& scope) const {
  return view().head(scope);
}

Result<sync::Sequence> Store::look(
    ScopeId const& scope, std::function<void(sync::DigestTree const&)> const& visit) const {
  return parts_->digests.look(scope, visit);
}

Result<std::vector<sync::Document>> Store::documents(ScopeId const& scope,
                                                     std::vector<DocumentId> const& ids,
                                                     std::size_t bytes_max) const {
  std::vector<Bytes> keys;
  keys.reserve(ids.size());
  for (auto const& id : ids) keys.push_back(document_key({scope, id}));
  SOL_ASSIGN(auto const records, parts_->engine->get_many(Family::documents, keys));
  std::vector<sync::Document> found;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!records[i]) continue;
    bytes += records[i]->size();
    if (!found.empty() && bytes > bytes_max) break;
    SOL_ASSIGN(auto stored, parse_record({scope, ids[i]}, *records[i]));
    found.push_back(std::move(stored.document));
  }
  return found;
}

Result<> Store::apply(sync::RemoteBatch batch) {
  std::vector<sync::RemoteBatch> one;
  one.push_back(std::move(batch));
  return std::move(apply_all(std::move(one)).front());
}

std::vector<Result<>> Store::apply_all(std::vector<sync::RemoteBatch> batches) {
  std::vector<Result<std::vector<PreparedDocument>>> prepared;
  std::vector<Request> requests;
  prepared.reserve(batches.size());
  requests.reserve(batches.size());
  for (auto& batch : batches) {
    auto& documents = prepared.emplace_back(prepare(batch));
    requests.push_back({.work = [&](Transaction& transaction) -> Result<> {
                          if (!documents) return std::unexpected(documents.error());
                          return write_remote(transaction, batch, *documents, parts_->now());
                        },
                        .remote = true});
  }
  parts_->submit_all(requests);
  std::vector<Result<>> outcomes;
  outcomes.reserve(requests.size());
  for (auto& request : requests) outcomes.push_back(std::move(request.result));
  return outcomes;
}

Result<Bytes> Store::link_token(ReplicaId peer) const {
  // Whether the disk is well again shows when something is written.
  if (parts_->uncertain) {
    SOL_TRY(parts_->submit([](Transaction&) -> Result<> { return {}; }));
  }
  SOL_ASSIGN(auto const token, parts_->engine->get(Family::cursors, token_key(peer)));
  return token.value_or(Bytes());
}

Result<> Store::keep_link_token(ReplicaId peer, Bytes const& token) {
  return parts_->submit([&](Transaction& transaction) -> Result<> {
    transaction.batch().put(Family::cursors, token_key(peer), token);
    return {};
  });
}

Blobs& Store::files() const noexcept {
  return *parts_->files;
}

Result<std::vector<sync::DocumentKey>> Store::documents_with(std::string_view sha256,
                                                             std::size_t limit) const {
  IndexScan scan{.index = std::string(kFilesIndex), .prefix = Bytes(sha256), .limit = limit};
  SOL_ASSIGN(auto const page, view().scan(scan));
  std::vector<sync::DocumentKey> keys;
  for (auto const& hit : page.hits) keys.push_back(hit.key);
  return keys;
}

bool Store::has_file(ScopeId const& scope, std::string_view sha256) const {
  if (!parts_->files->size(sha256)) return false;
  auto const claimed = is_claimed(*parts_->engine, {Bytes(sha256), sync::blob_origin(scope)});
  return claimed && *claimed;
}

void Store::on_file(std::function<void(sync::BlobClaim const&)> callback) {
  std::lock_guard const lock(parts_->on_file_mutex);
  parts_->on_file = std::move(callback);
}

Result<bool> Store::Parts::is_needed(std::string_view sha256, Instant now) const {
  View const view(*engine);
  IndexScan const scan{.index = std::string(kFilesIndex), .prefix = Bytes(sha256), .limit = 1};
  SOL_ASSIGN(auto const page, view.scan(scan));
  if (!page.hits.empty()) return true;
  SOL_ASSIGN(auto const sent, view.local_scan(sent_file_prefix(sha256), now, 1));
  if (!sent.empty()) return true;
  // In this order: an erasure moves what is held from the index to its copy.
  SOL_ASSIGN(auto const held, read_held(*engine, nullptr));
  for (auto const& document : held) {
    if (!document.copy_kept) continue;
    SOL_ASSIGN(auto const copy, read_held_copy(*engine, nullptr, document.key));
    if (copy && refers_to(*copy, sha256)) return true;
  }
  return false;
}

Result<BlobCollection> Store::collect_files(Instant now, Millis grace) {
  SOL_ASSIGN(auto collection, parts_->files->collect(now, grace, [&](std::string_view sha256) {
    return parts_->is_needed(sha256, now);
  }));
  if (collection.removed.empty()) return collection;
  SOL_TRY(parts_->submit([&](Transaction& transaction) -> Result<> {
    for (auto const& sha256 : collection.removed) {
      if (!parts_->files->size(sha256)) forget_claims(transaction, sha256);
    }
    return {};
  }));
  return collection;
}

Result<sync::BlobPart> Store::read_blob(sync::DocumentKey const& document, Bytes const& sha256,
                                        std::uint64_t offset, std::size_t bytes_max) const {
  SOL_ASSIGN(auto const stored, get(document));
  if (!stored || !refers_to(stored->document, sha256)) {
    return fail(Code::denied, "no document here gives a right to this file");
  }
  SOL_ASSIGN(bool const claimed, is_claimed(*parts_->engine, sync::claim_of(document, sha256)));
  if (!claimed) return fail(Code::not_found, "the file is not here for this document");
  return parts_->files->read(sha256, offset, bytes_max);
}

Result<sync::BlobProgress> Store::blob_progress(sync::BlobClaim const& file) {
  SOL_ASSIGN(bool const claimed, is_claimed(*parts_->engine, file));
  return parts_->files->progress(file, claimed);
}

Result<sync::BlobProgress> Store::append_blob(sync::BlobClaim const& file, std::uint64_t offset,
                                              std::uint64_t size, std::string_view bytes) {
  auto const now = parts_->now();
  SOL_ASSIGN(auto const progress,
             parts_->files->append(file, offset, size, bytes, [&](std::string_view sha256) {
               return parts_->is_needed(sha256, now);
             }));
  if (!progress.whole) return progress;
  SOL_TRY(parts_->submit([&](Transaction& transaction) -> Result<> {
    write_claim(transaction, file);
    return {};
  }));
  std::lock_guard const lock(parts_->on_file_mutex);
  if (parts_->on_file) parts_->on_file(file);
  return progress;
}

Result<ReplicaId> Store::renew_incarnation() {
  SystemRng system;
  ReplicaId fresh{(parts_->options.rng != nullptr ? *parts_->options.rng : system).next()};
  SOL_TRY(parts_->submit([fresh](Transaction& transaction) -> Result<> {
    transaction.renew(fresh);
    return forget_cursors(transaction, std::nullopt);
  }));
  return fresh;
}

Result<std::uint64_t> Store::drop_scope(ScopeId const& scope) {
  std::uint64_t dropped = 0;
  // Cut short and allowed again, the scope must be read from its beginning: the cursors go first.
  SOL_TRY(
      parts_->submit([&](Transaction& transaction) { return forget_cursors(transaction, scope); }));
  for (bool more = true; more;) {
    SOL_TRY(parts_->submit([&](Transaction& transaction) -> Result<> {
      SOL_ASSIGN(std::size_t const removed, remove_documents(transaction, scope, kDropChunk));
      dropped += removed;
      more = removed == kDropChunk;
      if (removed > 0) write_scope_due(transaction, scope);
      return {};
    }));
  }
  return dropped;
}

Result<> Store::erase(std::vector<sync::DocumentKey> const& keys, sync::FieldVersion const& mark) {
  return parts_->submit([&](Transaction& transaction) -> Result<> {
    SOL_TRY(transaction.prefetch(keys));
    return write_erasure(transaction, keys, mark);
  });
}

Result<> Store::purge_erased() {
  std::lock_guard const turn(parts_->purging);
  PurgeDue due;
  SOL_TRY(parts_->submit([&](Transaction& transaction) -> Result<> {
    SOL_ASSIGN(due, read_purge_due(transaction));
    return {};
  }));
  if (due.keys.empty()) return {};
  SOL_TRY(purge(*parts_->engine, due));
  // Their files too. One that was added a moment ago may be about to be named by a commit.
  SOL_ASSIGN(auto const collected, collect_files(SystemClock().now(), kAddingGrace));
  if (collected.young > 0) {
    return fail(Code::busy, cat(collected.young,
                                " files that no document names were touched less "
                                "than five seconds ago: the purge is to be run again"));
  }
  return parts_->submit([&](Transaction& transaction) { return write_purged(transaction, due); });
}

Result<> Store::purge_local() {
  std::lock_guard const turn(parts_->purging);
  return parts_->engine->scrub({{Family::local, {}, {}}});
}

Result<> Store::hold(sync::DocumentKey const& key, Hold const& hold) {
  return parts_->submit(
      [&](Transaction& transaction) { return write_hold(transaction, key, hold); });
}

Result<> Store::release_hold(sync::DocumentKey const& key) {
  return parts_->submit(
      [&](Transaction& transaction) { return store::release_hold(transaction, key); });
}

Result<std::uint64_t> Store::purge_expired(Instant now) {
  std::uint64_t purged = 0;
  for (bool more = true; more;) {
    SOL_TRY(parts_->submit([&](Transaction& transaction) -> Result<> {
      SOL_ASSIGN(std::size_t const removed, remove_expired(transaction, now, kPurgeChunk));
      purged += removed;
      more = removed == kPurgeChunk;
      return {};
    }));
  }
  return purged;
}

Result<Stats> Store::stats() const {
  Stats stats;
  for (std::size_t i = 0; i < kFamilies; ++i) {
    auto const family = static_cast<Family>(i);
    stats.family_bytes.emplace_back(family_name(family), parts_->engine->bytes(family));
  }
  auto const table = parts_->counts.table();
  auto const now = view();
  SOL_ASSIGN(auto const scopes, now.scopes());
  for (auto const& scope : scopes) {
    Stats::Scope line{.scope = scope};
    for (auto const& [place, count] : table) {
      if (place.second != scope) continue;
      line.documents += count.all;
      line.alive += count.alive;
    }
    SOL_ASSIGN(line.head, now.head(scope));
    stats.scopes.push_back(std::move(line));
  }
  stats.disk_free_bytes = parts_->directory.free_bytes();
  stats.commits = parts_->commits;
  stats.syncs = parts_->syncs;
  stats.files = parts_->files->stats();
  return stats;
}

Result<CheckReport> Store::check(OnChecked const& told) {
  std::unique_ptr<EngineSnapshot> snapshot;
  Counts::Table counts;
  Digests::Contents digests;
  // Between two groups, memory and disk say the same.
  Request look{.work = [&](Transaction&) -> Result<> {
                 snapshot = parts_->engine->snapshot();
                 counts = parts_->counts.table();
                 digests = parts_->digests.contents();
                 return {};
               },
               .writes = false};
  SOL_TRY(parts_->submit(look));
  SOL_ASSIGN(auto report, check_store(*parts_->engine, *snapshot, parts_->options.indexer, counts,
                                      digests, told));
  SOL_TRY(check_files(*parts_->engine, *snapshot, *parts_->files, report, told));
  return report;
}

Result<bool> Store::reread(Rereading& at) {
  auto const suspects = reread_step(*parts_->engine, parts_->digests, at);
  if (!suspects) {
    at.problem(suspects.error().message());
    if (suspects.error().code() == Code::corrupt) {
      parts_->digests.reset(std::unexpected(suspects.error()));
    }
    at.part = Rereading::Part::done;
    return false;
  }
  for (auto const& key : *suspects) {
    SOL_TRY(parts_->submit(
        [&](Transaction& transaction) { return mend(transaction, parts_->digests, key, at); }));
  }
  return at.part != Rereading::Part::done;
}

Result<> Store::checkpoint(std::filesystem::path const& directory) {
  std::error_code error;
  std::filesystem::create_directory(directory, error);
  if (error) {
    return fail(Code::io,
                cat("cannot make the directory ", directory.string(), ": ", error.message()));
  }
  SOL_TRY(parts_->engine->checkpoint(directory / "db"));
  return parts_->directory.copy_format_to(directory);
}

}  // namespace solidaires::store
