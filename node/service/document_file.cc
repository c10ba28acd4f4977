#include "node/service/document_file.h"

#include <algorithm>
#include <array>

#include "node/service/indexes.h"
#include "node/service/public_record.h"

namespace solidaires::service {
namespace {

constexpr std::size_t kDocumentsMax = 100;  // of one short id

constexpr std::array<std::string_view, 5> kPictures{"image/png", "image/jpeg", "image/webp",
                                                    "image/gif", "image/avif"};
constexpr std::array<std::string_view, 8> kDocuments{
    "application/pdf",
    "text/csv",
    "text/calendar",
    "application/zip",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"};

}  // namespace

std::optional<schema::FileReference> file_shown(
    sync::Document const& document, std::string_view sha256,
    std::function<bool(std::string_view)> const& is_open) {
  if (!sync::is_alive(document)) return std::nullopt;
  for (auto const& [field, versions] : document.fields) {
    auto file = schema::file_reference_in(sync::shown(versions).value);
    if (file && file->sha256 == sha256 && (!is_open || is_open(field))) return file;
  }
  return std::nullopt;
}

Result<std::optional<PublishedFile>> published_file(Instance const& instance, DocumentId const& id,
                                                    std::string_view sha256) {
  auto const view = instance.store.view();
  SOL_ASSIGN(auto const page, view.scan(store::IndexScan{.index = std::string(index::kShortId),
                                                         .prefix = id.short_id(),
                                                         .limit = kDocumentsMax}));
  std::optional<PublishedFile> gone;
  bool is_public = false;
  for (auto const& hit : page.hits) {
    if (hit.key.id != id || hit.key.scope.kind() != ScopeKind::published) continue;
    SOL_ASSIGN(auto const stored, view.get(hit.key));
    if (!stored) continue;
    if (!read_public_record(stored->document, instance.model)) {
      gone = PublishedFile{.document = hit.key, .file = {}, .gone = true};
      continue;
    }
    is_public = true;
    if (auto file = file_shown(stored->document, sha256)) {
      return PublishedFile{hit.key, *std::move(file), false};
    }
  }
  return is_public ? std::nullopt : gone;
}

ServedAs served_as(std::string_view media_type) {
  if (auto const* const at = std::ranges::find(kPictures, media_type); at != kPictures.end()) {
    return {*at, true};
  }
  if (auto const* const at = std::ranges::find(kDocuments, media_type); at != kDocuments.end()) {
    return {*at, false};
  }
  return {"application/octet-stream", false};
}

}  // namespace solidaires::service
