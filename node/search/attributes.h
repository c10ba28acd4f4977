// Sets of documents by attribute: type, scope, codes of places, facets. Each (facet, code) that
// some document has is a Value with its set. Inner to node/search; the index's lock guards it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "node/search/doc_set.h"
#include "sync/base/bytes.h"

namespace solidaires::search {

using Value = std::uint32_t;
using FacetNumber = std::uint32_t;

class Attributes {
 public:
  Value intern(std::string_view facet, std::string_view code);
  [[nodiscard]] std::optional<Value> find(std::string_view facet, std::string_view code) const;
  [[nodiscard]] std::optional<FacetNumber> find_facet(std::string_view facet) const;
  [[nodiscard]] std::span<Value const> values(FacetNumber facet) const { return facets_[facet]; }
  [[nodiscard]] std::size_t size() const noexcept { return codes_.size(); }

  [[nodiscard]] std::string const& code(Value value) const { return codes_[value].code; }
  [[nodiscard]] FacetNumber facet(Value value) const { return codes_[value].facet; }
  [[nodiscard]] DocSet const& set(Value value) const { return codes_[value].set; }
  [[nodiscard]] DocSet& set(Value value) { return codes_[value].set; }
  // Takes a document out of the set. A value that no document has any more is forgotten, and its
  // number given again.
  void drop(Value value, Slot slot);

  // Facets and codes by their numbers, without the sets.
  void write(Bytes& out) const;
  Result<> read(ByteReader& from);

 private:
  struct Code {
    std::string code;
    FacetNumber facet;
    DocSet set;
  };
  [[nodiscard]] static std::string key(std::string_view facet, std::string_view code);
  std::deque<Code> codes_;  // by value
  std::vector<Value> unused_;
  std::vector<std::vector<Value>> facets_;  // by number
  std::unordered_map<std::string, Value> by_key_;
  std::unordered_map<std::string, FacetNumber> by_facet_;
};

}  // namespace solidaires::search
