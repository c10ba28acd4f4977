#include "schema/file_reference.h"

#include <algorithm>

#include "sync/base/hash.h"

namespace solidaires::schema {
namespace {

// The tag of Value.file (field 17, length-delimited) on the wire.
constexpr std::string_view kFileTag = "\x8a\x01";
constexpr std::size_t kMediaTypeMax = 100;

bool is_token(char c) {
  constexpr std::string_view kOthers = "!#$&^_.+-";
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || kOthers.contains(c);
}

// Looked for in every value that is committed, so by the character of `part` that is rarest in
// texts.
bool has(std::string_view bytes, std::string_view part, std::size_t rarest) {
  for (auto at = bytes.find(part[rarest]); at != std::string_view::npos;
       at = bytes.find(part[rarest], at + 1)) {
    if (at >= rarest && bytes.substr(at - rarest).starts_with(part)) return true;
  }
  return false;
}

}  // namespace

std::optional<FileReference> file_reference(Picture const& picture) {
  if (!picture.source.starts_with(kBlobSource)) return std::nullopt;
  auto sha256 = from_hex(std::string_view(picture.source).substr(kBlobSource.size()));
  if (!sha256 || sha256->size() != kSha256Bytes) return std::nullopt;
  return FileReference{*std::move(sha256), picture.size, picture.media_type, {}};
}

std::optional<FileReference> file_reference(Value const& value) {
  if (auto const* picture = std::get_if<Picture>(&value)) return file_reference(*picture);
  if (auto const* file = std::get_if<File>(&value)) {
    return FileReference{file->sha256, file->size, file->media_type, file->name};
  }
  return std::nullopt;
}

std::optional<FileReference> file_reference_in(std::string_view bytes) {
  if (!has(bytes, kBlobSource, kBlobSource.size() - 1) && !has(bytes, kFileTag, 0)) {
    return std::nullopt;
  }
  return file_reference(decode(bytes));
}

bool is_media_type(std::string_view text) {
  auto const slash = text.find('/');
  return text.size() <= kMediaTypeMax && slash != std::string_view::npos && slash > 0 &&
         slash + 1 < text.size() && std::ranges::all_of(text.substr(0, slash), is_token) &&
         std::ranges::all_of(text.substr(slash + 1), is_token);
}

}  // namespace solidaires::schema
