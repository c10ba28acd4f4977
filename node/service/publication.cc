#include "node/service/publication.h"

#include "node/service/working_copy_reader.h"
#include "node/store/store.h"
#include "schema/audience.h"

namespace solidaires::service {
namespace {

// Engine fields that visitors may know of: where a record comes from, and that it is invented.
constexpr std::array<std::string_view, 2> kSharedEngineFields{engine::kSource,
                                                              engine::kDemonstration};

}  // namespace

sync::DocumentKey public_key(WorkingCopy const& copy) {
  return {ScopeId::published(copy.node), copy.key.id};
}

PublicRecord as_published(WorkingCopy const& copy, Instant now) {
  PublicRecord record;
  record.key = public_key(copy);
  record.node = copy.node;
  record.type = copy.type;
  record.record = schema::public_part(*copy.type, copy.record);
  record.title = copy.title;
  record.path = public_path(*copy.type, copy.key.id, copy.title);
  record.published_at = copy.published_at.value_or(now);
  record.updated_at = now;
  record.source = copy.source;
  return record;
}

Result<store::DocumentEdit> publication_of(Instance const& instance, WorkingCopy const& copy,
                                           Instant now) {
  SOL_ASSIGN(auto const working, instance.store.get(copy.key));
  if (!working) return fail(Code::not_found, "the working copy is gone");
  return publication_of(instance, copy, working->document, now);
}

Result<store::DocumentEdit> publication_of(Instance const& instance, WorkingCopy const& copy,
                                           sync::Document const& working, Instant now) {
  SOL_ASSIGN(auto const existing, instance.store.get(public_key(copy)));
  std::map<std::string, Bytes, std::less<>> wanted;
  for (auto const& [key, value] : schema::public_part(*copy.type, copy.record)) {
    wanted.emplace(key, schema::encode(value));
  }
  for (auto const field : kSharedEngineFields) {
    if (auto text = engine_text(working, field); !text.empty())
      wanted.emplace(field, std::move(text));
  }
  wanted.emplace(engine::kPublishedAt, std::to_string(to_unix_ms(copy.published_at.value_or(now))));
  wanted.emplace(engine::kUpdatedAt, std::to_string(to_unix_ms(now)));
  wanted.emplace(sync::kExistence, sync::kAlive);
  store::DocumentEdit edit{.key = public_key(copy), .type = copy.type->key};
  if (existing) {
    for (auto const& [key, versions] : existing->document.fields) {
      if (!wanted.contains(key)) edit.fields.push_back({key, std::nullopt});
    }
  }
  for (auto& [key, bytes] : wanted) edit.fields.push_back({key, std::move(bytes)});
  return edit;
}

sync::Document as_after(sync::Document before, store::DocumentEdit const& edit, Instant now) {
  before.key = edit.key;
  if (!edit.type.empty()) before.type = edit.type;
  auto const& counters = before.context.counters();
  auto const last = counters.find(ReplicaId{});
  sync::Dot const dot{ReplicaId{}, last == counters.end() ? 1 : last->second + 1};
  sync::write(before, edit.fields, edit.seen.value_or(before.context), dot, now);
  return before;
}

Result<std::optional<store::DocumentEdit>> withdrawal_of(Instance const& instance,
                                                         WorkingCopy const& copy) {
  SOL_ASSIGN(auto const existing, instance.store.get(public_key(copy)));
  if (!existing || !sync::is_alive(existing->document)) return std::nullopt;
  return store::DocumentEdit{.key = public_key(copy),
                             .fields = {{std::string(sync::kExistence), Bytes(sync::kDeleted)}}};
}

Result<std::optional<Instant>> last_published_at(Instance const& instance,
                                                 WorkingCopy const& copy) {
  SOL_ASSIGN(auto const existing, instance.store.get(public_key(copy)));
  if (!existing) return std::nullopt;
  return engine_instant(existing->document, engine::kPublishedAt);
}

}  // namespace solidaires::service
