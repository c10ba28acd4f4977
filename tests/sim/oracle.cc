#include "tests/sim/oracle.h"

#include <algorithm>

namespace solidaires::sync::sim {
namespace {

std::string spell(Dot dot) {
  return cat(to_string(dot.replica), ':', dot.counter);
}

}  // namespace

std::optional<std::string> Oracle::record(DocumentKey const& key, Dot dot,
                                          std::vector<FieldEdit> const& edits,
                                          Context const& seen) {
  Write write{dot, {}, seen};
  for (auto const& edit : edits) write.edits[edit.field] = edit.value;
  writes_[key].push_back(std::move(write));
  if (dots_.insert(dot).second) return std::nullopt;
  return cat("identity: the dot ", spell(dot), " was given to two writes");
}

// A version stands unless a write of the same field had seen it.
Oracle::Expected Oracle::expected(std::vector<Write> const& writes) {
  Expected fields;
  for (auto const& write : writes) {
    for (auto const& [field, value] : write.edits) {
      auto const superseded = [&, &name = field](Write const& other) {
        return other.dot != write.dot && other.edits.contains(name) && other.seen.covers(write.dot);
      };
      if (value && std::ranges::none_of(writes, superseded)) fields[field][write.dot] = *value;
    }
  }
  return fields;
}

std::optional<std::string> Oracle::compare(std::vector<Write> const& writes,
                                           Document const& document) {
  auto const name = cat(document.key.scope.to_string(), ' ', document.key.id.to_string());
  for (auto const& write : writes) {
    if (!document.context.covers(write.dot)) return cat(name, ": has not seen ", spell(write.dot));
  }
  auto rest = expected(writes);
  for (auto const& [field, versions] : document.fields) {
    for (auto const& version : versions) {
      auto const at = rest.find(field);
      if (at == rest.end() || !at->second.contains(version.dot)) {
        return cat(name, ": field ", field, " shows ", spell(version.dot),
                   ", which was superseded");
      }
      if (at->second.at(version.dot) != version.value) {
        return cat(name, ": field ", field, " has another value for ", spell(version.dot));
      }
      at->second.erase(version.dot);
    }
  }
  for (auto const& [field, versions] : rest) {
    if (!versions.empty()) {
      return cat(name, ": field ", field, " lost ", spell(versions.begin()->first));
    }
  }
  return std::nullopt;
}

std::optional<std::string> Oracle::difference(
    ScopeId const& scope, std::map<DocumentId, Document const*> const& held) const {
  for (auto const& [id, document] : held) {
    if (!writes_.contains({scope, id})) return cat(id.to_string(), " was never written");
  }
  for (auto const& [key, writes] : writes_) {
    if (key.scope != scope || writes.empty()) continue;
    auto const found = held.find(key.id);
    if (found == held.end()) {
      return cat(scope.to_string(), ' ', key.id.to_string(), " is missing");
    }
    if (auto wrong = compare(writes, *found->second)) return wrong;
  }
  return std::nullopt;
}

std::size_t Oracle::writes() const {
  std::size_t count = 0;
  for (auto const& [key, writes] : writes_) count += writes.size();
  return count;
}

}  // namespace solidaires::sync::sim
