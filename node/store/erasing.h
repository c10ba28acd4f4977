// Erasure as the store sees it: what it must know of marks, holds and what is due, and how that
// lies in the family `local` (FORMAT.md). The stub itself is sync/core's; the files are the
// engine's.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sync/core/document.h"

namespace solidaires::store {

// A legal hold on one document at this node: when it is erased, a copy with its history stays here,
// out of everybody's sight, until the hold is released.
struct Hold {
  Instant since{};
  std::string reason{};
  friend bool operator==(Hold const&, Hold const&) = default;
};

struct HeldDocument {
  sync::DocumentKey key;
  Hold hold;
  bool copy_kept = false;  // it was erased meanwhile
};

// A document whose content was removed here. Listed until Commit::erasures_told names it.
struct ErasedHere {
  sync::DocumentKey key;
  bool purged = false;                // no byte of it is left in a file
  std::uint64_t versions = 0;         // of fields, that were removed
  std::uint64_t history_entries = 0;  // that were removed
  friend bool operator==(ErasedHere const&, ErasedHere const&) = default;
};

class Engine;
class EngineSnapshot;
class Transaction;
struct Cell;

// ---- Inside this room only ----

// In memory, the leader's: few, and asked for every document that comes.
struct Erasures {
  // What is a stub even before a copy of it arrives.
  std::map<sync::DocumentKey, sync::FieldVersion> marks;
  std::map<sync::DocumentKey, Hold> holds;
  // Records of what is due that were written since the purge under way began: it did not see them.
  std::set<Bytes> due_since;

  static Result<Erasures> read(Engine const& engine);
};

Result<> write_erasure(Transaction& transaction, std::vector<sync::DocumentKey> const& keys,
                       sync::FieldVersion const& mark);
// When a document with values becomes a stub, by whatever way: its history goes, what was removed
// is counted and due to be purged, and a copy stays if it is held.
Result<> erase_traces(Transaction& transaction, Cell const& before);
Result<> write_hold(Transaction& transaction, sync::DocumentKey const& key, Hold const& hold);
Result<> release_hold(Transaction& transaction, sync::DocumentKey const& key);
// What became due again since it was told stays.
Result<> write_told(Transaction& transaction, std::vector<sync::DocumentKey> const& keys);
// The whole scope was removed: its ranges are due.
void write_scope_due(Transaction& transaction, ScopeId const& scope);

struct PurgeDue {
  std::vector<Bytes> keys;      // of the family `local`, tag kErasedTag, not purged
  std::vector<Bytes> prefixes;  // of documents, histories and held copies: one for each
};
Result<PurgeDue> read_purge_due(Transaction& transaction);
Result<> purge(Engine& engine, PurgeDue const& due);
// But what became due again since `due` was read.
Result<> write_purged(Transaction& transaction, PurgeDue const& due);

// The scope was dropped, and its files are not purged yet.
Result<bool> read_scope_due(Engine const& engine, EngineSnapshot const* at, ScopeId const& scope);
Result<std::vector<ErasedHere>> read_erased(Engine const& engine, EngineSnapshot const* at);
Result<std::vector<HeldDocument>> read_held(Engine const& engine, EngineSnapshot const* at);
// Null: there is no copy.
Result<std::optional<sync::Document>> read_held_copy(Engine const& engine, EngineSnapshot const* at,
                                                     sync::DocumentKey const& key);
// Code::corrupt unless a key of the family `local` with one of the tags below, and its value, are
// well formed.
Result<> check_erasing_record(std::string_view key, std::string_view value);

inline constexpr char kMarkTag = '\x03';
inline constexpr char kErasedTag = '\x04';
inline constexpr char kHoldTag = '\x05';
inline constexpr char kHeldCopyTag = '\x06';

}  // namespace solidaires::store
