#include "node/store/digests.h"

#include <mutex>

#include "node/store/keys.h"

namespace solidaires::store {

Result<Digests::Table> Digests::read(Engine const& engine, EngineSnapshot const* at) {
  Table table;
  Bytes prefix;  // of the keys of `scope`
  Scope* scope = nullptr;
  auto cursor = engine.walk(Family::documents, {}, {}, at);
  for (cursor.seek_first(); cursor.valid(); cursor.next()) {
    SOL_ASSIGN(auto const key, parse_document_key(cursor.key()));
    if (key.scope.kind() == ScopeKind::local) continue;
    auto const head = cursor.key().substr(0, cursor.key().size() - DocumentId::kSize);
    if (scope == nullptr || head != prefix) {
      prefix = head;
      scope = &table[key.scope];
    }
    SOL_ASSIGN(auto const record, parse_record_head(cursor.value()));
    scope->tree.set(key.id, record.fingerprint);
  }
  SOL_TRY(cursor.status());
  return table;
}

Digests::Contents Digests::contents(Table const& table) {
  Contents contents;
  for (auto const& [scope, held] : table) {
    auto const digest = held.tree.digest();
    if (digest.count > 0) contents[scope] = {digest.count, digest.digest};
  }
  return contents;
}

void Digests::reset(Result<Table> table) {
  std::unique_lock const lock(mutex_);
  damage_ = table ? std::nullopt : std::optional(table.error());
  table_ = table ? *std::move(table) : Table();
}

void Digests::follow(std::span<DigestChange const> changes) {
  std::unique_lock const lock(mutex_);
  for (auto const& change : changes) {
    if (change.key.scope.kind() == ScopeKind::local) continue;
    auto& scope = table_[change.key.scope];
    scope.tree.set(change.key.id, change.fingerprint);
    scope.head = std::max(scope.head, change.sequence);
  }
}

Result<sync::Sequence> Digests::look(
    ScopeId const& scope, std::function<void(sync::DigestTree const&)> const& visit) const {
  std::shared_lock const lock(mutex_);
  if (damage_) return std::unexpected(*damage_);
  auto const found = table_.find(scope);
  if (found == table_.end()) {
    visit(sync::DigestTree());
    return sync::Sequence{0};
  }
  visit(found->second.tree);
  return found->second.head;
}

Digests::Known Digests::find(sync::DocumentKey const& key) const {
  std::shared_lock const lock(mutex_);
  if (damage_ || key.scope.kind() == ScopeKind::local) return {};
  auto const found = table_.find(key.scope);
  if (found == table_.end()) return {true, std::nullopt};
  return {true, found->second.tree.find(key.id)};
}

Digests::Contents Digests::contents() const {
  std::shared_lock const lock(mutex_);
  return contents(table_);
}

}  // namespace solidaires::store
