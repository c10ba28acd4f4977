// Which files of the network a value refers to, and under which name: what replication, collection
// and the addresses of files go by. Pure functions, any thread.
#pragma once

#include <optional>

#include "schema/value.h"

namespace solidaires::schema {

struct FileReference {
  Bytes sha256;              // 32 bytes
  std::uint64_t size = 0;    // 0: the value does not say
  std::string media_type{};  // may be empty; a peer's word: check it before you serve it
  std::string name{};        // may be empty
  friend bool operator==(FileReference const&, FileReference const&) = default;
};

inline constexpr std::string_view kBlobSource = "blob:";  // then 64 hexadecimal digits

// Nothing if the value refers to no file.
[[nodiscard]] std::optional<FileReference> file_reference(Value const& value);
[[nodiscard]] std::optional<FileReference> file_reference(Picture const& picture);
// Of a value's bytes: those that cannot hold a reference are told apart without being decoded.
[[nodiscard]] std::optional<FileReference> file_reference_in(std::string_view bytes);

// "type/subtype" of RFC 9110, lower case, without parameters, at most 100 characters.
[[nodiscard]] bool is_media_type(std::string_view text);

}  // namespace solidaires::schema
