#include "tests/contract/memory_store.h"

#include <algorithm>
#include <set>
#include <utility>

namespace solidaires::sync {
namespace {

std::size_t weight(Document const& document) {
  std::size_t bytes = 64;
  for (auto const& [key, versions] : document.fields) {
    for (auto const& version : versions) bytes += key.size() + version.value.size() + 32;
  }
  return bytes;
}

struct Feed {
  Sequence head{};
  std::map<Sequence, DocumentId> entries;
};

}  // namespace

struct MemoryStore::Image {
  ReplicaId replica{};
  std::uint64_t counter = 0;
  Documents documents;
  std::map<ScopeId, Feed> feeds;
  std::map<ScopeId, DigestTree> digests;
  std::map<std::pair<ReplicaId, ScopeId>, Sequence> cursors;
  std::map<ReplicaId, Bytes> tokens;
  std::map<DocumentKey, FieldVersion> marks;

  std::set<ScopeId> put(Commit const& commit);
  void forget(DocumentKey const& key);
  void become(ReplicaId incarnation) {
    replica = incarnation;
    counter = 0;
    cursors.clear();
  }
};

std::set<ScopeId> MemoryStore::Image::put(Commit const& commit) {
  std::set<ScopeId> touched;
  for (auto const& written : commit.documents) {
    auto const& key = written.document.key;
    auto& feed = feeds[key.scope];
    auto& stored = documents[key];
    feed.entries.erase(stored.sequence);
    stored = written;
    feed.head = Sequence{static_cast<std::uint64_t>(feed.head) + 1};
    stored.sequence = feed.head;
    feed.entries[feed.head] = key.id;
    digests[key.scope].set(key.id, fingerprint(stored.document));
    touched.insert(key.scope);
  }
  if (commit.cursor) cursors[commit.cursor->first] = commit.cursor->second;
  marks.insert(commit.marks.begin(), commit.marks.end());
  if (commit.token) tokens[commit.token->first] = commit.token->second;
  counter = std::max(counter, commit.counter);
  return touched;
}

void MemoryStore::Image::forget(DocumentKey const& key) {
  auto const found = documents.find(key);
  if (found == documents.end()) return;
  feeds[key.scope].entries.erase(found->second.sequence);
  digests[key.scope].set(key.id, std::nullopt);
  documents.erase(found);
}

MemoryStore::MemoryStore(ReplicaId replica)
    : live_(std::make_unique<Image>()), durable_(std::make_unique<Image>()) {
  live_->replica = durable_->replica = replica;
}

MemoryStore::MemoryStore(MemoryStore const& other)
    : live_(std::make_unique<Image>(*other.live_)),
      durable_(std::make_unique<Image>(*other.durable_)),
      unsynced_(other.unsynced_),
      full_(other.full_),
      broken_(other.broken_) {}

MemoryStore& MemoryStore::operator=(MemoryStore const& other) {
  *live_ = *other.live_;
  *durable_ = *other.durable_;
  unsynced_ = other.unsynced_;
  full_ = other.full_;
  broken_ = other.broken_;
  return *this;
}

MemoryStore::~MemoryStore() = default;

ReplicaId MemoryStore::replica() const {
  return live_->replica;
}

std::uint64_t MemoryStore::counter() const {
  return live_->counter;
}

MemoryStore::Documents const& MemoryStore::documents() const {
  return live_->documents;
}

MemoryStore::Documents const& MemoryStore::durable_documents() const {
  return durable_->documents;
}

Result<> MemoryStore::readable() const {
  if (!fate || fate(false) == Fate::done) return {};
  return fail(Code::io, "the disk could not be read");
}

Result<Sequence> MemoryStore::cursor(ReplicaId peer, ScopeId const& scope) const {
  SOL_TRY(readable());
  auto const found = live_->cursors.find({peer, scope});
  return found == live_->cursors.end() ? Sequence{} : found->second;
}

Sequence MemoryStore::durable_cursor(ReplicaId peer, ScopeId const& scope) const {
  auto const found = durable_->cursors.find({peer, scope});
  return found == durable_->cursors.end() ? Sequence{} : found->second;
}

Result<FeedPage> MemoryStore::read_feed(ScopeId const& scope, Sequence after,
                                        std::size_t documents_max, std::size_t bytes_max,
                                        ReplicaId reader) const {
  SOL_TRY(readable());
  FeedPage page;
  auto const found = live_->feeds.find(scope);
  if (found == live_->feeds.end()) return page;
  page.head = found->second.head;
  std::size_t bytes = 0;
  auto at = found->second.entries.upper_bound(after);
  for (; at != found->second.entries.end() && page.entries.size() < documents_max; ++at) {
    auto const& stored = live_->documents.at({scope, at->second});
    if (stored.origin == reader) {
      page.entries.push_back({stored.sequence, {{scope, at->second}, {}, {}, {}}, {}, reader});
      continue;
    }
    bytes += weight(stored.document);
    if (!page.entries.empty() && bytes > bytes_max) break;
    page.entries.push_back({stored.sequence, stored.document, {}, stored.origin});
  }
  return page;
}

Result<Sequence> MemoryStore::head(ScopeId const& scope) const {
  SOL_TRY(readable());
  auto const found = live_->feeds.find(scope);
  return found == live_->feeds.end() ? Sequence{} : found->second.head;
}

Result<Sequence> MemoryStore::look(ScopeId const& scope,
                                   std::function<void(DigestTree const&)> const& visit) const {
  auto const found = live_->digests.find(scope);
  visit(found == live_->digests.end() ? DigestTree() : found->second);
  return head(scope);
}

Result<std::vector<Document>> MemoryStore::documents(ScopeId const& scope,
                                                     std::vector<DocumentId> const& ids,
                                                     std::size_t bytes_max) const {
  std::vector<Document> found;
  std::size_t bytes = 0;
  for (auto const& id : ids) {
    auto const* document = find({scope, id});
    if (document == nullptr) continue;
    bytes += weight(*document);
    if (!found.empty() && bytes > bytes_max) break;
    found.push_back(*document);
  }
  return found;
}

Absorbed MemoryStore::absorb_one(Document const* ours, Document theirs, ReplicaId peer) const {
  return absorb(ours, std::move(theirs), peer);
}

// The same document may stand in a batch twice: the second meets what the first has made.
Result<MemoryStore::Commit> MemoryStore::merged(RemoteBatch const& batch) const {
  Commit commit;
  std::map<DocumentKey, Stored> made;
  for (auto const& theirs : batch.documents) {
    if (theirs.key.scope != batch.scope) return fail(Code::invalid, "a document of another scope");
    if (claims_unmade_writes(theirs, *this)) {
      return fail(Code::corrupt, "a document claims writes that this replica never made");
    }
    auto const earlier = made.find(theirs.key);
    auto const* ours = earlier == made.end() ? find(theirs.key) : &earlier->second.document;
    if (ours != nullptr && ours->type != theirs.type) return fail(Code::invalid, "another type");
    // What was ordered to be erased before it came is met by the stub that it would be.
    std::optional<Document> marked;
    if (auto const mark = live_->marks.find(theirs.key);
        ours == nullptr && mark != live_->marks.end()) {
      marked = erased({theirs.key, theirs.type, {}, {}}, mark->second);
      ours = &*marked;
    }
    auto absorbed = absorb_one(ours, theirs, batch.peer);
    if (!absorbed.changed && !marked) continue;
    SOL_TRY(validate_merged(absorbed.document));
    made[theirs.key] = Stored{std::move(absorbed.document), {}, absorbed.origin};
  }
  for (auto& [key, stored] : made) commit.documents.push_back(std::move(stored));
  commit.cursor = {{batch.peer, batch.scope}, batch.last};
  return commit;
}

Result<> MemoryStore::apply(RemoteBatch batch) {
  SOL_ASSIGN(auto const stored, cursor(batch.peer, batch.scope));
  if (stored != batch.previous) return fail(Code::conflict, "the cursor is elsewhere");
  SOL_ASSIGN(auto changes, merged(batch));
  return commit(std::move(changes));
}

// In one step, as large stores do it in several: whoever looks in between asks again.
Result<std::uint64_t> MemoryStore::drop_scope(ScopeId const& scope) {
  if (full_) return fail(Code::exhausted, "the disk is full");
  sync();
  auto const drop = [&scope](Image& image) {
    std::erase_if(image.cursors, [&](auto const& entry) { return entry.first.second == scope; });
    image.feeds[scope].entries.clear();
    image.digests.erase(scope);
    return std::erase_if(image.documents,
                         [&](auto const& entry) { return entry.first.scope == scope; });
  };
  drop(*durable_);
  return drop(*live_);
}

Result<Bytes> MemoryStore::link_token(ReplicaId peer) const {
  SOL_TRY(readable());
  if (broken_) return fail(Code::io, "nobody knows which token the disk has kept");
  auto const found = live_->tokens.find(peer);
  return found == live_->tokens.end() ? Bytes{} : found->second;
}

Result<> MemoryStore::keep_link_token(ReplicaId peer, Bytes const& token) {
  Commit change;
  change.token = {peer, token};
  return commit(std::move(change));
}

Result<Dot> MemoryStore::write_local(DocumentKey const& key, std::string const& type,
                                     std::vector<FieldEdit> const& edits, Context const& seen,
                                     Instant now) {
  auto const* stored = find(key);
  Document document = stored != nullptr ? *stored : Document{key, type, {}, {}};
  Dot const dot{replica(), counter() + 1};
  write(document, edits, seen, dot, now);
  Commit change;
  change.documents.push_back({std::move(document), {}, std::nullopt});
  change.counter = dot.counter;
  SOL_TRY(commit(std::move(change)));
  return dot;
}

bool MemoryStore::is_marked(DocumentKey const& key) const {
  return live_->marks.contains(key);
}

Result<std::size_t> MemoryStore::erase(std::vector<DocumentKey> const& keys,
                                       FieldVersion const& mark) {
  if (mark.dot.replica == replica() && mark.dot.counter > counter()) {
    return fail(Code::corrupt, "the order stands on a write that this replica never made");
  }
  Commit change;
  std::size_t versions = 0;
  for (auto const& key : keys) {
    change.marks.emplace(key, mark);
    auto const* document = find(key);
    if (document == nullptr) continue;
    auto stub = erased(*document, mark);
    if (stub == *document) continue;
    for (auto const& [field, all] : document->fields) versions += all.size();
    change.documents.push_back({std::move(stub), {}, std::nullopt});
  }
  SOL_TRY(commit(std::move(change)));
  return versions;
}

Document const* MemoryStore::find(DocumentKey const& key) const {
  auto const found = live_->documents.find(key);
  return found == live_->documents.end() ? nullptr : &found->second.document;
}

Result<> MemoryStore::commit(Commit commit, bool synced) {
  if (full_) return fail(Code::exhausted, "the disk is full");
  if (broken_) return fail(Code::io, "the disk has failed; restart to write again");
  auto const fate_now = fate ? fate(true) : Fate::done;
  if (fate_now != Fate::done) {
    broken_ = true;
    if (fate_now == Fate::unanswered) durable_->put(commit);
    return fail(Code::io, "the disk has failed");
  }
  auto const touched = live_->put(commit);
  if (synced) {
    sync();  // a log is synced as a whole
    durable_->put(commit);
  } else {
    unsynced_.push_back(std::move(commit));
  }
  for (auto const& scope : touched) {
    if (on_commit) on_commit(scope, live_->feeds[scope].head);
  }
  return {};
}

void MemoryStore::sync() {
  for (auto const& commit : unsynced_) durable_->put(commit);
  unsynced_.clear();
}

void MemoryStore::crash() {
  unsynced_.clear();
  broken_ = false;
  *live_ = *durable_;
}

void MemoryStore::renew_incarnation(ReplicaId incarnation) {
  sync();
  durable_->become(incarnation);
  *live_ = *durable_;
}

MemoryStore::Backup MemoryStore::backup() const {
  return std::make_shared<Image const>(*durable_);
}

void MemoryStore::restore(Backup const& backup, ReplicaId incarnation) {
  unsynced_.clear();
  *durable_ = *backup;
  if (durable_->replica != incarnation) durable_->become(incarnation);
  broken_ = false;
  *live_ = *durable_;
}

void MemoryStore::fill_disk(bool full) {
  full_ = full;
}

void MemoryStore::corrupt(DocumentKey const& key, Document state) {
  for (auto* image : {live_.get(), durable_.get()}) {
    image->digests[key.scope].set(key.id, fingerprint(state));
    image->documents[key].document = state;
  }
}

void MemoryStore::forget(DocumentKey const& key) {
  live_->forget(key);
  durable_->forget(key);
}

}  // namespace solidaires::sync
