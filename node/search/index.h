// The search index of an instance: words, places, dates and facets of its records, in memory. It is
// derived data, rebuilt from the store; it never reads the store and asks no clock. Any thread may
// search; writers take turns. A search sees each entry as it was before or after a write, never
// half; a write holds searches off for about a millisecond at a time, and is searchable when it
// returns.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "node/search/entry.h"
#include "node/search/query.h"
#include "sync/base/bytes.h"

namespace solidaires::search {

class Index {
 public:
  Index();
  ~Index();
  Index(Index const&) = delete;
  Index& operator=(Index const&) = delete;

  // Adds entries, or replaces those of the same key. Searches may run between two of a batch.
  void put(std::span<Entry const> entries);
  void put(Entry const& entry) { put(std::span(&entry, 1)); }
  // False if there was none.
  bool remove(sync::DocumentKey const& key);
  void clear();

  // Everything, for restore() by the same program on the same machine.
  [[nodiscard]] Bytes snapshot() const;
  // Instead of what was there. Code::corrupt: it is no snapshot; the index is empty then.
  Result<> restore(std::string_view snapshot);

  // Never fails: what makes no sense in a query matches nothing or is left out, as query.h says.
  [[nodiscard]] Found search(Query const& query) const;
  // Titles that begin with what is typed, then those with a word that does, then what a search for
  // it finds. `types` empty: all.
  [[nodiscard]] std::vector<Suggestion> suggest(std::string_view typed, std::size_t limit,
                                                std::span<std::string const> types = {}) const;

  [[nodiscard]] std::size_t size() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace solidaires::search
