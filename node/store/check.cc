#include "node/store/check.h"

#include <algorithm>

#include "node/store/blob_claims.h"
#include "node/store/blob_references.h"
#include "sync/core/erasure.h"

namespace solidaires::store {
namespace {

constexpr std::size_t kProblems = 100;
constexpr std::uint64_t kToldEvery = 1'000;
constexpr std::uint64_t kToldEveryFiles = 10;

class Checker {
 public:
  Checker(Engine const& engine, EngineSnapshot const& at, Indexer const& indexer,
          Store::OnChecked const& told)
      : engine_(engine), at_(at), indexer_(indexer), told_(told) {}

  Result<CheckReport> run(Counts::Table const& counts, Digests::Contents const& digests) {
    for (auto const& [place, count] : counts) expected_ += count.all;
    SOL_TRY(read_meta());
    SOL_TRY(walk(Family::documents, [this](auto key, auto value) { document(key, value); }));
    SOL_TRY(walk(Family::feeds, [this](auto key, auto value) { feed_entry(key, value); }));
    SOL_TRY(walk(Family::indexes, [this](auto key, auto) { index_entry(key); }));
    SOL_TRY(walk(Family::history, [this](auto key, auto value) { history(key, value); }));
    SOL_TRY(walk(Family::cursors, [this](auto key, auto value) { cursor(key, value); }));
    SOL_TRY(walk(Family::blobs, [this](auto, auto value) { expect(parse_blob_record(value)); }));
    SOL_TRY(walk(Family::local, [this](auto key, auto value) { local(key, value); }));
    if (feed_entries_ != report_.documents) problem("a feed has entries of no document", "feeds");
    if (index_entries_ != indexed_) problem("an index has entries of no document", "indexes");
    if (local_expiries_ != expiries_) problem("an expiry belongs to no value", "local");
    auto const counted = expect(Counts::read(engine_, &at_), "counts");
    if (counted && *counted != counts) {
      problem("the counts in memory are not those on disk", "counts");
    }
    auto const table = expect(Digests::read(engine_, &at_), "digests");
    if (table && Digests::contents(*table) != digests) {
      problem("the digests in memory are not those on disk", "digests");
    }
    return std::move(report_);
  }

 private:
  template <class Visit>
  Result<> walk(Family family, Visit const& visit) {
    auto cursor = engine_.walk(family, {}, {}, &at_);
    for (cursor.seek_first(); cursor.valid(); cursor.next()) visit(cursor.key(), cursor.value());
    if (auto const status = cursor.status(); !status) {
      problem(status.error().message(), family_name(family));
    }
    return {};
  }

  void problem(std::string_view what, std::string_view where) {
    if (report_.problems.size() < kProblems) report_.problems.push_back(cat(where, ": ", what));
  }

  // The value, or a null and a problem.
  template <class T>
  std::optional<T> expect(Result<T> result, std::string_view where = "record") {
    if (result) return *std::move(result);
    problem(result.error().message(), where);
    return std::nullopt;
  }

  void expect_key(Family family, std::string_view key, std::string_view what,
                  std::string const& where) {
    auto const found = engine_.get(family, key, &at_);
    if (!found || !*found) problem(what, where);
  }

  Result<> read_meta() {
    auto const read = [this](std::string_view key) -> Result<std::uint64_t> {
      SOL_ASSIGN(auto const bytes, engine_.get(Family::meta, key, &at_));
      if (!bytes) return fail(Code::corrupt, cat("there is no ", key));
      return parse_number(*bytes);
    };
    replica_ = ReplicaId{expect(read(meta_key::kReplica), "meta").value_or(0)};
    counter_ = expect(read(meta_key::kCounter), "meta").value_or(0);
    if (expect(read(meta_key::kFormat), "meta") != kFormat) problem("another format", "meta");
    auto cursor = engine_.walk(Family::meta, meta_key::kHead, after_prefix(meta_key::kHead), &at_);
    for (cursor.seek_first(); cursor.valid(); cursor.next()) {
      auto scope = expect(ScopeId::parse(cursor.key().substr(meta_key::kHead.size())), "meta");
      auto const head = expect(parse_number(cursor.value()), "meta");
      if (scope && head) heads_[*std::move(scope)] = *head;
    }
    return cursor.status();
  }

  void document(std::string_view raw_key, std::string_view bytes) {
    if (++report_.documents % kToldEvery == 0 && told_) {
      told_("documents", report_.documents, expected_);
    }
    auto const key = expect(parse_document_key(raw_key), "documents");
    if (!key) return;
    auto const name = cat(key->scope.to_string(), ' ', key->id.to_string());
    auto const stored = expect(parse_record(*key, bytes), name);
    if (!stored) return;
    auto const& content = stored->document;
    if (auto const valid = sync::validate(content); !valid) problem(valid.error().message(), name);
    if (sync::fingerprint(content) != stored->fingerprint) problem("a stale fingerprint", name);
    auto stub = content;
    sync::drop_if_erased(stub);
    if (stub != content) problem("something is left of what was erased", name);
    auto const& counters = content.context.counters();
    if (auto const own = counters.find(replica_); own != counters.end() && own->second > counter_) {
      problem("a write of this replica above its counter", name);
    }
    document_places(*stored, name);
  }

  void document_places(StoredDocument const& stored, std::string const& name) {
    auto const& content = stored.document;
    auto const place =
        engine_.get(Family::feeds, feed_key(content.key.scope, stored.sequence), &at_);
    auto const entry = place && *place ? parse_feed_record(**place) : Result<FeedRecord>();
    if (!entry || entry->id != content.key.id)
      problem("its place in the feed is not its own", name);
    auto const type = engine_.get(Family::indexes, type_key(content.type, content.key), &at_);
    auto const mark = sync::is_alive(content) ? kAliveMark : kDeletedMark;
    if (!type || *type != mark) problem("it is missing among those of its type", name);
    auto const entries = expect(entries_of(indexer_, &content), name);
    if (!entries) return;
    indexed_ += entries->size() + 1;
    for (auto const& wanted : *entries) {
      expect_key(Family::indexes, index_key(wanted, content.key),
                 cat("it is missing in the index ", wanted.index), name);
    }
  }

  void feed_entry(std::string_view key, std::string_view value) {
    ++feed_entries_;
    auto const split = expect(split_scope(key), "feeds");
    auto const sequence = expect(parse_feed_key(key), "feeds");
    if (split && sequence && heads_[split->scope] < static_cast<std::uint64_t>(*sequence)) {
      problem("an entry above the head", cat("feed of ", split->scope.to_string()));
    }
    expect(parse_feed_record(value), "feeds");
  }

  void index_entry(std::string_view key) {
    ++index_entries_;
    if (key[0] == kTypeTag) {
      expect(parse_type_key(key), "indexes");
    } else {
      expect(parse_index_key(key), "indexes");
    }
  }

  void history(std::string_view key, std::string_view value) {
    constexpr std::size_t kPlaceBytes = 10;
    expect(parse_history(value), "history");
    if (key.size() < kPlaceBytes) return problem("a short key", "history");
    auto const document = key.substr(0, key.size() - kPlaceBytes);
    auto const parsed = expect(parse_document_key(document), "history");
    HistoryEntry entry;
    auto const placed = parse_history_place(key.substr(document.size()), entry);
    if (!parsed || !placed) return;
    auto const name = cat(parsed->scope.to_string(), ' ', parsed->id.to_string());
    expect_key(Family::documents, document, "a history of no document", name);
    if (heads_[parsed->scope] < static_cast<std::uint64_t>(entry.sequence)) {
      problem("a history above the head", name);
    }
  }

  void cursor(std::string_view key, std::string_view value) {
    if (key[0] == kCursorTag) {
      ByteReader reader(key.substr(1));
      expect(reader.u64(), "cursors");
      expect(ScopeId::parse(reader.rest()), "cursors");
      expect(parse_number(value), "cursors");
    } else if (key[0] != kTokenTag) {
      problem("an unknown key", "cursors");
    }
  }

  void local(std::string_view key, std::string_view value) {
    if (key[0] == kExpiryTag) {
      ++local_expiries_;
      return;
    }
    if (key[0] != kLocalTag) {
      auto const valid =
          key[0] == kClaimTag ? check_claim_record(key, value) : check_erasing_record(key, value);
      if (!valid) {
        problem(valid.error().message(), "local");
      } else if (key[0] != kClaimTag) {
        erasing(key);
      }
      return;
    }
    auto const record = expect(parse_local_record(value), "local");
    if (!record || !record->expires_at) return;
    ++expiries_;
    expect_key(Family::local, expiry_key(*record->expires_at, key.substr(1)),
               "a value that expires is not listed", "local");
  }

  // A well-formed record of an erasure or a hold.
  void erasing(std::string_view key) {
    auto const name = key.substr(1);
    if (key.front() == kMarkTag) {
      auto const document = parse_document_key(name);
      auto const bytes = engine_.get(Family::documents, name, &at_);
      if (!document || !bytes || !*bytes) return;  // it never was here: that is lawful
      auto const stored = parse_record(*document, **bytes);
      if (!stored || sync::is_erased(stored->document)) return;
      if (sync::is_paper_of_erasure(stored->document.type)) return;
      problem("ordered to be erased, and it is here",
              cat(document->scope.to_string(), ' ', document->id.to_string()));
    } else if (key.front() == kHeldCopyTag) {
      auto const held = split_scope(name);
      if (!held) return;
      auto const document = name.substr(0, scope_prefix(held->scope).size() + DocumentId::kSize);
      expect_key(Family::local, cat(kHoldTag, document), "a copy that no hold keeps", "local");
    }
  }

  Engine const& engine_;
  EngineSnapshot const& at_;
  Indexer const& indexer_;
  Store::OnChecked const& told_;
  std::uint64_t expected_ = 0;  // documents
  CheckReport report_;
  ReplicaId replica_{};
  std::uint64_t counter_ = 0;
  std::map<ScopeId, std::uint64_t> heads_;
  std::uint64_t feed_entries_ = 0;
  std::uint64_t index_entries_ = 0;   // found
  std::uint64_t indexed_ = 0;         // wanted
  std::uint64_t local_expiries_ = 0;  // found
  std::uint64_t expiries_ = 0;        // wanted
};

}  // namespace

Result<CheckReport> check_store(Engine const& engine, EngineSnapshot const& at,
                                Indexer const& indexer, Counts::Table const& counts,
                                Digests::Contents const& digests, Store::OnChecked const& told) {
  return Checker(engine, at, indexer, told).run(counts, digests);
}

Result<> check_files(Engine const& engine, EngineSnapshot const& at, Blobs const& files,
                     CheckReport& report, Store::OnChecked const& told) {
  SOL_ASSIGN(auto const names, files.list());
  for (auto const& file : names) {
    if (report.files++ % kToldEveryFiles == 0 && told) told("files", report.files, names.size());
    auto const sound = files.verify(file.sha256);
    if (sound || sound.error().code() == Code::not_found) continue;  // collected meanwhile
    if (report.problems.size() < kProblems) {
      report.problems.push_back(cat("files: ", sound.error().message()));
    }
  }
  auto const named = index_prefix(kFilesIndex);
  auto cursor = engine.walk(Family::indexes, named, after_prefix(named), &at);
  sync::BlobClaim last;
  for (cursor.seek_first(); cursor.valid(); cursor.next()) {
    auto const hit = parse_index_key(cursor.key());
    if (!hit) continue;
    auto const file = sync::claim_of(hit->key, hit->value);
    if (file == std::exchange(last, file)) continue;
    SOL_ASSIGN(bool const brought, is_claimed(engine, file));
    if (!brought) {
      ++report.files_awaited;
    } else if (!files.size(file.sha256) && report.problems.size() < kProblems) {
      report.problems.push_back(cat("files: ", hex(file.sha256), ", which ",
                                    hit->key.scope.to_string(), ' ', hit->key.id.to_string(),
                                    " names, was here and is missing"));
    }
  }
  return cursor.status();
}

}  // namespace solidaires::store
