#include "node/service/objection.h"

#include <algorithm>

#include "node/service/indexes.h"
#include "node/service/working_copy.h"
#include "node/store/store.h"
#include "sync/base/hash.h"
#include "sync/base/limits.h"

namespace solidaires::service {
namespace {

constexpr std::size_t kObjectionBytes = 16;

Bytes digest_of(std::string_view key, std::string_view identity) {
  return hmac_sha256(key, identity).substr(0, kObjectionBytes);
}

Result<> read_type(store::View const& view, std::string_view type,
                   std::vector<sync::Objection>& all) {
  store::TypeScan scan{.type = std::string(type)};
  do {
    SOL_ASSIGN(auto const page, view.scan(scan));
    SOL_ASSIGN(auto const documents, view.get_many(page.keys));
    for (auto const& stored : documents) {
      if (!stored) continue;
      auto objection = sync::objection_in(stored->document);
      if (!objection.digests.empty()) all.push_back(std::move(objection));
    }
    scan.position = page.next;
  } while (!scan.position.empty());
  return {};
}

}  // namespace

std::string source_identity(std::string_view source, std::string_view id) {
  return cat("source:", source, '\n', id);
}

std::vector<std::string> identities_of(sync::Document const& document) {
  std::vector<std::string> identities;
  for (auto const& entry : duplicate_keys(document)) {
    if (entry.index == index::kContact) continue;  // several may share it
    bool const is_name = entry.index == index::kName;
    // Branches share their head office's number; a name without a place is nobody's.
    if (entry.value.starts_with("siren:") || (is_name && entry.value.starts_with('\n'))) continue;
    identities.push_back(cat(is_name ? "name:" : "identifier:", entry.value));
  }
  auto const source = sync::shown_value(document, engine::kSource).value_or("");
  auto const end = source.find('\n');
  if (end != std::string_view::npos) {
    auto const rest = source.substr(end + 1);
    identities.push_back(source_identity(source.substr(0, end), rest.substr(0, rest.find('\n'))));
  }
  std::ranges::sort(identities);
  auto const twins = std::ranges::unique(identities);
  identities.erase(twins.begin(), twins.end());
  return identities;
}

Result<sync::Objection> object_to(Instance const& instance,
                                  std::vector<sync::DocumentKey> const& documents) {
  sync::Objection objection;
  ByteWriter(objection.key).u64(instance.rng.next()).u64(instance.rng.next());
  for (auto const& key : documents) {
    SOL_ASSIGN(auto const stored, instance.store.get(key));
    if (!stored) continue;
    for (auto const& identity : identities_of(stored->document)) {
      objection.digests.push_back(digest_of(objection.key, identity));
    }
  }
  std::ranges::sort(objection.digests);
  auto const twins = std::ranges::unique(objection.digests);
  objection.digests.erase(twins.begin(), twins.end());
  if (objection.digests.size() > limits::kEraseDigests) {
    return fail(Code::exhausted, "too many records for one objection: ask for fewer at once");
  }
  return objection.digests.empty() ? sync::Objection{} : objection;
}

Result<Objections> Objections::read(Instance const& instance) {
  Objections found;
  auto const view = instance.store.view();
  SOL_TRY(read_type(view, sync::kEraseOrderType, found.all_));
  SOL_TRY(read_type(view, sync::kEraseRequestType, found.all_));  // before their order comes
  return found;
}

bool Objections::forbids(std::vector<std::string> const& identities) const {
  return std::ranges::any_of(all_, [&](sync::Objection const& objection) {
    return std::ranges::any_of(identities, [&](std::string const& identity) {
      return std::ranges::binary_search(objection.digests, digest_of(objection.key, identity));
    });
  });
}

}  // namespace solidaires::service
