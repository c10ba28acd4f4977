#include "schema/version.h"

#include <google/protobuf/text_format.h>

#include <fstream>
#include <iterator>

#include "proto/schema.pb.h"
#include "sync/base/bytes.h"

namespace solidaires::schema {

Result<ModelVersion> load_version(std::filesystem::path const& directory) {
  auto const path = directory / "version.txtpb";
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Code::not_found, cat("cannot read ", path.string()));
  std::string const text{std::istreambuf_iterator<char>(file), {}};
  proto::ContentFile content;
  if (!google::protobuf::TextFormat::ParseFromString(text, &content) ||
      content.version().major_number() == 0) {
    return fail(Code::invalid, cat(path.string(), " names no version of the content model"));
  }
  return ModelVersion{content.version().major_number(), content.version().minor_number()};
}

}  // namespace solidaires::schema
