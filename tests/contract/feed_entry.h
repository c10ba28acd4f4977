// What an entry of a feed says, however its store gave it.
#pragma once

#include "sync/core/ports.h"
#include "sync/wire/document_codec.h"

namespace solidaires::sync {

inline Document document_of(FeedEntry const& entry) {
  if (entry.encoded.empty()) return entry.document;
  return decode_document(entry.encoded, entry.document.key.scope).value();
}

}  // namespace solidaires::sync
