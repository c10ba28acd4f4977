// A document as bytes, for the wire and for the store (proto/document.proto). The scope is not in
// the bytes: on the wire a batch names it, in the store the key does. Pure functions, any thread;
// protobuf stays in the .cc.
#pragma once

#include <string_view>

#include "sync/core/document.h"

namespace solidaires::sync {

// Equal documents give equal bytes in one build of the program only: never hash or sign them, use
// fingerprint().
[[nodiscard]] Bytes encode_document(Document const& document);

// encode_document(document).size(), without making it. Bytes of a document that are as many as this
// say nothing else, in whatever order they say it.
[[nodiscard]] std::size_t encoded_size(Document const& document);

// Values come back byte for byte. Code::corrupt: not a document, or one out of order (fields,
// versions and context must be sorted and distinct). Limits and meaning are not judged here: a
// document from a peer must still pass validate().
[[nodiscard]] Result<Document> decode_document(std::string_view bytes, ScopeId const& scope);

// Protobuf writes lines of its own to standard error about bytes that it cannot read; a peer could
// fill the log with them. Both decoders call this: what went wrong is in their results.
void keep_protobuf_quiet();

}  // namespace solidaires::sync
