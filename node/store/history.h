// What a change of a document tells: one entry for each write (dot) that it brought, with the
// fields that it changed. Pure functions; the bytes are in FORMAT.md, "history".
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "node/store/view.h"

namespace solidaires::store {

// Only what cannot be found elsewhere is kept: a value stands in the document, or as the `before`
// of the next entry that changed its field. So every value lies on disk once.
struct HistoryRecord {
  HistoryEntry entry;
  std::vector<bool> after_kept;  // by change: `after` is in the record, for it was not shown after
};

struct HistorySource {
  bool remote = false;
  Instant recorded_at{};
  sync::Dot dot{};  // of a local write; else {0, 0}
  std::string_view author{};
  std::string_view reason{};
};

// `before` null: the document is new here. Oldest write first; nothing for what only the engine
// keeps (authors, the renewal of an existence).
[[nodiscard]] std::vector<HistoryRecord> tell(sync::Document const* before,
                                              sync::Document const& after,
                                              HistorySource const& source);

[[nodiscard]] Bytes encode(HistoryRecord const& record);
// Without sequence and ordinal, which are in the key.
[[nodiscard]] Result<HistoryRecord> parse_history(std::string_view bytes);

// Completes `after` of entries that are read newest first, from the newest of all.
class HistoryReader {
 public:
  explicit HistoryReader(sync::Document const* now) : now_(now) {}
  [[nodiscard]] HistoryEntry complete(HistoryRecord record);

 private:
  sync::Document const* now_;  // null: the document is not here
  std::map<std::string, std::optional<Bytes>, std::less<>> shown_;  // by field, after the entry
};

[[nodiscard]] std::string author_field(sync::Dot dot);  // "_by/<replica>-<counter>"
// The fields "_by/..." that no write needs any more once `edits` are made by one who saw `seen`.
[[nodiscard]] std::vector<std::string> idle_author_fields(sync::Document const& document,
                                                          std::vector<sync::FieldEdit> const& edits,
                                                          sync::Context const& seen);

}  // namespace solidaires::store
