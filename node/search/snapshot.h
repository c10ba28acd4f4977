// The tables as bytes and back: what makes a start quick. Inner to node/search. The bytes are of
// this program on this kind of machine (arrays as they lie in memory): whoever keeps them sees to
// it that neither they nor the program have changed.
#pragma once

#include <span>
#include <type_traits>
#include <vector>

#include "node/search/tables.h"
#include "sync/base/bytes.h"

namespace solidaires::search {

[[nodiscard]] Bytes write_snapshot(Tables const& tables);
// Into empty tables. Code::corrupt: they are to be thrown away.
[[nodiscard]] Result<> read_snapshot(Tables& tables, std::string_view bytes);

// An array as it lies in memory, after its number of elements.
template <class T>
void put_array(Bytes& out, std::span<T const> values) {
  static_assert(std::is_trivially_copyable_v<T>);
  ByteWriter(out).u64(values.size());
  if (!values.empty())
    out.append(reinterpret_cast<char const*>(values.data()), values.size_bytes());
}
template <class T>
Result<> get_array(ByteReader& from, std::vector<T>& values) {
  static_assert(std::is_trivially_copyable_v<T>);
  SOL_ASSIGN(auto const count, from.u64());
  if (count > from.rest().size() / sizeof(T)) return fail(Code::corrupt, "an array is cut off");
  SOL_ASSIGN(auto const bytes, from.raw(count * sizeof(T)));
  values.resize(count);
  if (count > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
  return {};
}

}  // namespace solidaires::search
