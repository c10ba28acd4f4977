// What a use case asks of the store in one commit, and what it gets back. Plain values, owned by
// the caller. All of a commit becomes durable together, or none of it does.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sync/core/blob_store.h"
#include "sync/core/document.h"
#include "sync/core/ports.h"

namespace solidaires::store {

enum class Presence {
  any,
  must_be_new,  // Code::conflict if the document is here already, deleted or not
  must_exist,   // Code::not_found if it is not here, or deleted
};

// Edits one document, or creates it. A field is left alone if the author saw its only version and
// gives the same bytes; if nothing is left to write, the document does not change.
struct DocumentEdit {
  sync::DocumentKey key;
  std::string type{};  // needed to create; else empty, or the document's type (Code::invalid)
  std::vector<sync::FieldEdit> fields{};  // "_by/..." is the store's own: Code::invalid
  std::optional<sync::Context> seen{};    // what the author's form showed; nullopt: all of it
  Presence presence = Presence::any;
  bool must_be_as_seen = false;  // Code::conflict if the document's context is not `seen`
};

// Local values: sessions, secrets, counters, saved mappings. They never leave this store.
struct LocalEdit {
  enum class Expect { anything, absent, value };

  Bytes key{};
  std::optional<Bytes> value{};         // nullopt removes
  std::optional<Instant> expires_at{};  // not readable from then on; purged some time later
  Expect expect = Expect::anything;     // Code::conflict if it is otherwise
  Bytes expected_value{};
};

// What this store knows of a file that documents name by its SHA-256. The file itself lies beside.
struct BlobRecord {
  std::uint64_t size = 0;        // of the whole file, in bytes
  std::uint64_t held_bytes = 0;  // durable here so far; equal to `size` once it is verified
  std::string media_type{};
  Instant recorded_at{};
  friend bool operator==(BlobRecord const&, BlobRecord const&) = default;
};

struct BlobEdit {
  Bytes sha256;                      // 32 bytes
  std::optional<BlobRecord> record;  // nullopt removes
};

struct Commit {
  Instant now{};
  std::string author{};  // an account's id or a program's name; kept in histories
  std::string reason{};  // for the history here ("import 12", "sent back"); may be empty
  std::vector<DocumentEdit> documents{};
  std::vector<LocalEdit> local{};
  std::vector<BlobEdit> blobs{};
  std::vector<sync::BlobClaim> claims{};  // files here that this origin has brought: an upload
  std::vector<sync::DocumentKey> erasures_told{};  // of View::erased(): a receipt counts them now
};

using DocumentPtr = std::shared_ptr<sync::Document const>;

struct CommittedDocument {
  DocumentPtr document;       // as it is after the commit
  sync::Sequence sequence{};  // its place in the feed of its scope
  bool changed = false;
};

struct DocumentChange {
  DocumentPtr before;  // null: the document is new here
  DocumentPtr after;   // null: removed from this store (its scope was dropped)
  sync::Sequence sequence{};

  [[nodiscard]] sync::DocumentKey const& key() const { return (after ? after : before)->key; }
  [[nodiscard]] std::string const& type() const { return (after ? after : before)->type; }
  [[nodiscard]] bool was_alive() const { return before && sync::is_alive(*before); }
  [[nodiscard]] bool alive() const { return after && sync::is_alive(*after); }
};

// One commit or one received batch that changed documents.
struct CommitNotice {
  std::uint64_t version = 0;  // of the store, after it; see Store::version()
  bool remote = false;        // received from a peer
  std::vector<DocumentChange> changes;
};

// Who wrote: in office and group scopes the store adds an engine field "_by/<dot>" = author to
// every local write, and takes it away when no other field holds that dot. It travels with the
// document, so that each side of a conflict has its author.
inline constexpr std::string_view kAuthorPrefix = "_by/";
[[nodiscard]] std::optional<std::string_view> author_of(sync::Document const& document,
                                                        sync::Dot dot);
// True in the scopes whose documents carry their authors and have a history.
[[nodiscard]] bool keeps_history(ScopeId const& scope);

}  // namespace solidaires::store
