#include "tests/sim/oracle.h"

#include <algorithm>

namespace solidaires::sync::sim {
namespace {

std::string spell(Dot dot) {
  return cat(to_string(dot.replica), ':', dot.counter);
}

}  // namespace

Context common(Context const& a, Context const& b) {
  Context both;
  for (auto const& [replica, counter] : a.counters()) {
    auto const found = b.counters().find(replica);
    if (found != b.counters().end()) both.add({replica, std::min(counter, found->second)});
  }
  return both;
}

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
Oracle::Expected Oracle::expected(std::vector<Write> writes) {
  std::erase_if(writes, [](Write const& write) { return write.lost; });
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
    if (!write.lost && !document.context.covers(write.dot)) {
      return cat("convergence: ", name, " has not seen ", spell(write.dot));
    }
  }
  auto rest = expected(writes);
  for (auto const& [field, versions] : document.fields) {
    for (auto const& version : versions) {
      auto const at = rest.find(field);
      if (at == rest.end() || !at->second.contains(version.dot)) {
        bool const existence = field == kExistence;
        return cat(existence ? "resurrection: " : "convergence: ", name, ": field ", field,
                   " shows ", spell(version.dot), ", which was superseded");
      }
      if (at->second.at(version.dot) != version.value) {
        return cat("unknown-fields: ", name, ": field ", field, " has other bytes for ",
                   spell(version.dot));
      }
      at->second.erase(version.dot);
    }
  }
  for (auto const& [field, versions] : rest) {
    if (!versions.empty()) {
      return cat("lost: ", name, ": field ", field, " lacks ", spell(versions.begin()->first));
    }
  }
  return std::nullopt;
}

// Is the request anywhere? One that was lost with a disk before anybody obeyed binds nobody.
bool Oracle::is_due(DocumentKey const& target) const {
  auto const found = erasures_.find(target);
  return found != erasures_.end() &&
         std::ranges::any_of(found->second, [this](DocumentKey const& request) {
           auto const& writes = writes_.at(request);
           return std::ranges::any_of(writes, [](Write const& write) { return !write.lost; });
         });
}

std::optional<std::string> Oracle::compare_stub(std::vector<Write> const& writes,
                                                Document const& document) const {
  auto const name = cat(document.key.scope.to_string(), ' ', document.key.id.to_string());
  if (!erasures_.contains(document.key)) return cat("lost: ", name, " was erased unasked");
  for (auto const& [field, versions] : document.fields) {
    if (field != kErased && field != kExistence) {
      return cat("resurrection: ", name, " was erased and holds ", field);
    }
  }
  for (auto const& write : writes) {
    if (!write.lost && !document.context.covers(write.dot)) {
      return cat("convergence: ", name, " has not seen ", spell(write.dot));
    }
  }
  return std::nullopt;
}

std::optional<std::string> Oracle::difference(
    ScopeId const& scope, std::map<DocumentId, Document const*> const& held) const {
  for (auto const& [id, document] : held) {
    if (!writes_.contains({scope, id})) {
      return cat("confinement: ", id.to_string(), " was never written in ", scope.to_string());
    }
  }
  for (auto const& [key, writes] : writes_) {
    bool const there = std::ranges::any_of(writes, [](Write const& write) { return !write.lost; });
    if (key.scope != scope || !there || is_aside(key)) continue;
    auto const found = held.find(key.id);
    if (found == held.end()) {
      return cat("lost: ", scope.to_string(), ' ', key.id.to_string(), " is missing");
    }
    bool const stub = is_erased(*found->second);
    if (!stub && is_due(key)) {
      return cat("erasure: ", scope.to_string(), ' ', key.id.to_string(), " is still there");
    }
    auto wrong = stub ? compare_stub(writes, *found->second) : compare(writes, *found->second);
    if (wrong) return wrong;
  }
  return std::nullopt;
}

std::size_t Oracle::writes() const {
  std::size_t count = 0;
  for (auto const& [key, writes] : writes_) count += writes.size();
  return count;
}

}  // namespace solidaires::sync::sim
