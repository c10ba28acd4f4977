// The unit of storage, merge and replication: a key, a type and a map field -> versions, with the
// writes it has seen. Pure values and pure functions: any thread, no clock, no chance, no IO.
// The algebra (sync/PROTOCOL.md, "Merge"): merge is commutative, associative and idempotent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sync/base/ids.h"

namespace solidaires::sync {

// The identity of one write: the replica's counter is committed with the write, so no dot is used
// twice.
struct Dot {
  ReplicaId replica{};
  std::uint64_t counter = 0;
  friend auto operator<=>(Dot const&, Dot const&) = default;
};

// A version vector: for each replica, every write up to a counter has been seen.
class Context {
 public:
  [[nodiscard]] bool covers(Dot dot) const;
  [[nodiscard]] bool covers(Context const& other) const;
  void add(Dot dot);
  void join(Context const& other);
  [[nodiscard]] std::map<ReplicaId, std::uint64_t> const& counters() const noexcept {
    return counters_;
  }
  friend bool operator==(Context const&, Context const&) = default;

 private:
  std::map<ReplicaId, std::uint64_t> counters_;
};

struct FieldVersion {
  Dot dot;
  std::int64_t stamp_ms =
      0;        // Unix milliseconds, max(now, highest in the document + 1): display and ties only
  Bytes value;  // opaque here; empty: cleared by its author
  friend bool operator==(FieldVersion const&, FieldVersion const&) = default;
};

struct DocumentKey {
  ScopeId scope;
  DocumentId id;
  friend auto operator<=>(DocumentKey const&, DocumentKey const&) = default;
};

// Fields whose key starts with '_' belong to the engine; the content model never declares one.
inline constexpr std::string_view kExistence = "_existence";  // value kAlive or kDeleted
inline constexpr std::string_view kAlive = "alive";
inline constexpr std::string_view kDeleted = "deleted";
// Present in an erased document: its value is the id of the erase order (erasure.h). Once a copy
// has it, no merge brings a value back; a deletion, in contrast, keeps what it hides.
inline constexpr std::string_view kErased = "_erased";

struct Document {
  DocumentKey key;
  std::string type;
  // Each list is not empty and sorted by dot. More than one version of a field is a conflict.
  std::map<std::string, std::vector<FieldVersion>, std::less<>> fields;
  Context context;  // covers every dot in `fields`
  friend bool operator==(Document const&, Document const&) = default;
};

// The version to show: highest stamp, then highest replica id, then highest counter. `versions` not
// empty.
[[nodiscard]] FieldVersion const& shown(std::vector<FieldVersion> const& versions);
// The bytes to show for a field; nullopt if the document has no such field or its shown value is
// empty.
[[nodiscard]] std::optional<std::string_view> shown_value(Document const& document,
                                                          std::string_view field);
// False while any version of the existence is kDeleted: a deletion that met an edit hides,
// whichever came later, and is a conflict until somebody settles it.
[[nodiscard]] bool is_alive(Document const& document);
// Keys of the fields with several versions whose values differ, sorted; kExistence among them when
// a deletion met an edit that it had not seen.
[[nodiscard]] std::vector<std::string> conflicts(Document const& document);
[[nodiscard]] std::int64_t highest_stamp_ms(Document const& document);

// One change by one author. value: new bytes (empty clears, and a concurrent edit stays a
// conflict); nullopt removes the versions that the author saw and leaves nothing (for elements of a
// set).
struct FieldEdit {
  std::string field;
  std::optional<Bytes> value;
};

// Writes `edits` with one dot. Supersedes exactly what `seen` covers: versions that the author had
// not seen stay, as a conflict. `seen` is the context that the author's form was rendered with.
// Preconditions: `document` has its key and type, and is not erased; `dot.counter` is above all of
// its replica's before.
void write(Document& document, std::vector<FieldEdit> const& edits, Context const& seen, Dot dot,
           Instant now);

// The join of two copies of one document (same key: checked). Types are equal unless a peer lies;
// then the greater spelling wins on every replica, so that even a lie converges. If either copy is
// erased, so is the result, and it is a stub (below), whatever the other one holds.
[[nodiscard]] Document merge(Document const& ours, Document const& theirs);

[[nodiscard]] bool is_erased(Document const& document);
// What is left of `document` after its erasure: key, type, the context, `mark` as the one version
// of kErased, and an existence kDeleted with the mark's dot and stamp, for instances that know no
// erasure. Of the marks that the document has already and `mark`, the smallest stays.
// Precondition: mark.value is the id of an order.
[[nodiscard]] Document erased(Document const& document, FieldVersion const& mark);
// Makes a received document that is erased a stub: an instance that knows no erasure may have
// merged values beside the mark. What is stored is never an erased document that is no stub.
void drop_if_erased(Document& document);

// What a document must be before it is believed: limits (limits.h), sorted and distinct dots, dots
// covered by the context, field keys of printable UTF-8, an existence that is alive or deleted.
[[nodiscard]] Result<> validate(Document const& document);
// What a merge must still be before it is held: the same, with kMergedFactor times the limits. A
// peer that sends ever more versions or replicas of one document cannot make it grow without end.
[[nodiscard]] Result<> validate_merged(Document const& document);

// The first 16 bytes of the SHA-256 of the canonical encoding (PROTOCOL.md, "Fingerprint"). Two
// replicas hold the same merge state exactly if these are equal; it never depends on protobuf's
// bytes.
using Fingerprint = std::array<std::uint8_t, 16>;
[[nodiscard]] Fingerprint fingerprint(Document const& document);

}  // namespace solidaires::sync
