#include "node/store/blob_references.h"

#include <algorithm>

namespace solidaires::store {

std::vector<schema::FileReference> blob_references(sync::Document const& document) {
  std::vector<schema::FileReference> found;
  for (auto const& [field, versions] : document.fields) {
    for (auto const& version : versions) {
      auto reference = schema::file_reference_in(version.value);
      if (reference) found.push_back(*std::move(reference));
    }
  }
  std::ranges::sort(found, [](auto const& a, auto const& b) {
    return std::pair(std::string_view(a.sha256), b.size) <
           std::pair(std::string_view(b.sha256), a.size);
  });
  auto const twins = std::ranges::unique(found, {}, &schema::FileReference::sha256);
  found.erase(twins.begin(), twins.end());
  return found;
}

bool refers_to(sync::Document const& document, std::string_view sha256) {
  return std::ranges::any_of(blob_references(document), [sha256](auto const& reference) {
    return reference.sha256 == sha256;
  });
}

}  // namespace solidaires::store
