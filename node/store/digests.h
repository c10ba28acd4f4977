// The digest tree of each scope, in memory: read when the store opens, from the fingerprints on
// disk, and kept by the leader of each group of commits. Any thread reads.
#pragma once

#include <map>
#include <shared_mutex>
#include <span>

#include "node/store/engine.h"
#include "sync/core/digest_tree.h"
#include "sync/core/ports.h"

namespace solidaires::store {

// What a change does to the digests of its scope; no fingerprint: the document is gone.
struct DigestChange {
  sync::DocumentKey key;
  std::optional<sync::Fingerprint> fingerprint;
  sync::Sequence sequence{};
};

class Digests {
 public:
  struct Scope {
    sync::DigestTree tree;
    sync::Sequence head{};
  };
  using Table = std::map<ScopeId, Scope>;
  // The digest of every scope that holds documents: what two tables are compared by.
  using Contents = std::map<ScopeId, std::pair<std::uint64_t, sync::SetDigest>>;

  // Reads the head of every record; `local` has no digest, for nobody else holds it.
  static Result<Table> read(Engine const& engine, EngineSnapshot const* at);
  [[nodiscard]] static Contents contents(Table const& table);

  // An error: the documents could not all be read. look() then gives it, and nothing is compared.
  void reset(Result<Table> table);
  void follow(std::span<DigestChange const> changes);
  // See sync::ReplicaStore::look.
  Result<sync::Sequence> look(ScopeId const& scope,
                              std::function<void(sync::DigestTree const&)> const& visit) const;
  [[nodiscard]] Contents contents() const;
  // What is known of a document without reading it. Not told: there is no digest to tell; told, and
  // no fingerprint: it is not here.
  struct Known {
    bool told = false;
    std::optional<sync::Fingerprint> fingerprint;
    [[nodiscard]] bool lacking() const { return told && !fingerprint; }
  };
  [[nodiscard]] Known find(sync::DocumentKey const& key) const;

 private:
  mutable std::shared_mutex mutex_;
  Table table_;
  std::optional<Error> damage_;
};

}  // namespace solidaires::store
