// The files that documents show, as pages give them: which document of which reader entitles to
// which file, and as what it is served. Whoever knows a hash gets nothing by it. Any thread; reads
// the store.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "node/service/instance.h"
#include "schema/file_reference.h"
#include "sync/core/document.h"

namespace solidaires::service {

struct PublishedFile {
  sync::DocumentKey document;  // the public copy that shows it
  schema::FileReference file;
  bool gone = false;  // a document of that id was public, and is not any more; `file` is empty
};

// Nothing: no public document of that id shows such a file. Code::io ...: the store.
[[nodiscard]] Result<std::optional<PublishedFile>> published_file(Instance const& instance,
                                                                  DocumentId const& id,
                                                                  std::string_view sha256);
// The file as a document shows it now, in the fields that `is_open` lets through; nothing if it
// shows none of that hash.
[[nodiscard]] std::optional<schema::FileReference> file_shown(
    sync::Document const& document, std::string_view sha256,
    std::function<bool(std::string_view field)> const& is_open = {});

struct ServedAs {
  std::string_view media_type;  // static; "application/octet-stream" for what is not known
  bool is_picture = false;      // shown by browsers; all else is saved, and never run
};
// From the word of whoever wrote the document, which is not believed.
[[nodiscard]] ServedAs served_as(std::string_view media_type);

}  // namespace solidaires::service
