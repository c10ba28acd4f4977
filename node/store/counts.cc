#include "node/store/counts.h"

#include "node/store/keys.h"

namespace solidaires::store {

Result<Counts::Table> Counts::read(Engine const& engine, EngineSnapshot const* at) {
  Table table;
  Bytes const from(1, kTypeTag);
  auto cursor = engine.walk(Family::indexes, from, after_prefix(from), at);
  Bytes prefix;  // tag, type and scope of the keys that `count` counts
  Count* count = nullptr;
  for (cursor.seek_first(); cursor.valid(); cursor.next()) {
    auto const key = cursor.key();
    if (key.size() < DocumentId::kSize) return fail(Code::corrupt, "a key of the types is short");
    auto const head = key.substr(0, key.size() - DocumentId::kSize);
    if (count == nullptr || head != prefix) {
      SOL_ASSIGN(auto const document, parse_type_key(key));
      prefix = head;
      count = &table[{Bytes(key.substr(1, key.find('\0') - 1)), document.scope}];
    }
    ++count->all;
    if (cursor.value() == kAliveMark) ++count->alive;
  }
  SOL_TRY(cursor.status());
  return table;
}

void Counts::reset(Table table) {
  std::lock_guard const lock(mutex_);
  table_ = std::move(table);
}

void Counts::follow(std::vector<DocumentChange> const& changes) {
  std::lock_guard const lock(mutex_);
  auto at = table_.end();  // where the last one counted: the next is mostly of the same kind
  for (auto const& change : changes) {
    if (change.before) {
      at = table_.find({change.before->type, change.before->key.scope});
      --at->second.all;
      if (change.was_alive()) --at->second.alive;
      if (at->second.all == 0) {
        table_.erase(at);
        at = table_.end();
      }
    }
    if (change.after) {
      if (at == table_.end() || at->first.first != change.after->type ||
          at->first.second != change.after->key.scope) {
        at = table_.try_emplace({change.after->type, change.after->key.scope}).first;
      }
      ++at->second.all;
      if (change.alive()) ++at->second.alive;
    }
  }
}

Counts::Table Counts::table() const {
  std::lock_guard const lock(mutex_);
  return table_;
}

std::uint64_t Counts::alive(std::string_view type, std::optional<ScopeId> const& scope) const {
  std::lock_guard const lock(mutex_);
  std::uint64_t sum = 0;
  auto at = table_.lower_bound({std::string(type), scope.value_or(ScopeId{})});
  for (; at != table_.end() && at->first.first == type; ++at) {
    if (!scope || at->first.second == *scope) sum += at->second.alive;
    if (scope && *scope < at->first.second) break;
  }
  return sum;
}

}  // namespace solidaires::store
