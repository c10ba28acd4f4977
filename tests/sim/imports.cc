// Records that people import from files, as node/service does it: a file names each by its source
// and number; what is here already is left, and so is what somebody objected to (erasure.cc). The
// same few records come again and again, everywhere.
#include <algorithm>

#include "sync/base/hash.h"
#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {
namespace {

constexpr std::uint64_t kRecords = 4;
constexpr std::string_view kSourceField = "source";

std::string identity_of(std::uint64_t record) {
  return cat("source:trial\n", record);
}

Bytes source_value(ScopeId const& scope, std::uint64_t record) {
  return cat('@', scope.to_string(), '@', record);
}

}  // namespace

std::optional<std::uint64_t> World::record_of(Document const& document) {
  auto const found = document.fields.find(kSourceField);
  if (found == document.fields.end()) return std::nullopt;
  for (std::uint64_t record = 0; record < kRecords; ++record) {
    if (found->second.front().value == source_value(document.key.scope, record)) return record;
  }
  return std::nullopt;
}

Bytes World::objection_digest(Bytes const& key, std::uint64_t record) {
  return hmac_sha256(key, identity_of(record)).substr(0, key.size());
}

bool World::is_objected_to(Machine machine, std::uint64_t record) const {
  for (auto const& [key, stored] : instances_[machine].store->documents()) {
    auto const& type = stored.document.type;
    bool const counts =
        type == kEraseRequestType ||
        (type == kEraseOrderType && options_.plant != Plant::objection_of_others_ignored);
    if (!counts) continue;
    auto const objection = objection_in(stored.document);
    if (objection.digests.empty()) continue;
    auto const digest = objection_digest(objection.key, record);
    if (std::ranges::find(objection.digests, digest) != objection.digests.end()) return true;
  }
  return false;
}

void World::import_a_file(Machine machine) {
  auto const& instance = instances_[machine];
  if (!instance.up || instance.passive || instance.told) return;
  if (instance.version == Version::previous) return;  // it knows no objections
  auto const scope = ScopeId::office(tree_.name(site_of(machine)));
  for (std::uint64_t record = 0; record < kRecords; ++record) {
    auto const here = held(machine, scope);
    bool const known = std::ranges::any_of(here, [&](auto const& entry) {
      return !is_erased(*entry.second) && record_of(*entry.second) == record;
    });
    if (known || is_objected_to(machine, record)) continue;
    check_import(machine, record);
    DocumentKey const key{scope, DocumentId::make(clock(machine), rng_)};
    std::vector<FieldEdit> const edits{{std::string(kExistence), Bytes(kAlive)},
                                       {"name", some_value(machine, scope)},
                                       {std::string(kSourceField), source_value(scope, record)}};
    std::ignore = write_here(machine, key, edits, {});
  }
}

// The world knows who asked for the erasure of which record, and under which id; if that lies here,
// as a request or as an order of some hub, the record may not come back.
void World::check_import(Machine machine, std::uint64_t record) {
  auto const& store = *instances_[machine].store;
  for (auto const& [request, records] : objections_) {
    if (!records.contains(record)) continue;
    bool here = store.find(request) != nullptr;
    for (Site hub = 0; hub < tree_.size(); ++hub) {
      here = here || store.find({ScopeId::network(tree_.name(hub)), request.id}) != nullptr;
    }
    if (!here) continue;
    return violate(cat("objection: ", tree_.name(site_of(machine)).str(), " imports record ",
                       record, ", to which somebody objected"));
  }
}

}  // namespace solidaires::sync::sim
