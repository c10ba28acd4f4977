// Bodies of forms: urlencoded, and multipart streamed to disk. A FormReader belongs to one request
// and is fed on worker threads, one at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/http/request.h"
#include "sync/base/result.h"

namespace solidaires::http {

// One sane file name: no path, no control or reserved character, no leading dot, at most 120
// bytes of UTF-8, the extension kept; "fichier" when nothing is left.
[[nodiscard]] std::string sane_file_name(std::string_view name);

struct MultipartLimits {
  std::size_t field_bytes_max = 256UL * 1024;  // of all fields together
  std::uint64_t file_bytes_max = 0;            // of all files together
  std::size_t files_max = 10;
  std::size_t parts_max = 1000;
  std::size_t part_head_bytes_max = 8UL * 1024;
};

// multipart/form-data (RFC 7578). Fields stay in memory, files go to `directory` as they arrive
// (mode 0600, random names) and are removed unless somebody takes them.
class MultipartReader {
 public:
  // Code::invalid when the content type has no usable boundary.
  static Result<MultipartReader> make(std::string_view content_type,
                                      std::filesystem::path directory, MultipartLimits limits);
  MultipartReader(MultipartReader&&) noexcept;
  MultipartReader& operator=(MultipartReader&&) noexcept;
  ~MultipartReader();

  // Any cut of the body. Code::exhausted past a limit or with a full disk, Code::invalid when
  // malformed; after an error only destruction.
  Result<> feed(std::string_view bytes);
  // Code::invalid when the closing boundary never came. Moves what was read into the request.
  Result<> finish(Request& request);

 private:
  struct State;
  explicit MultipartReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// "multipart/form-data; boundary=x" -> "multipart/form-data", in lower case.
[[nodiscard]] std::string media_type(std::string_view content_type);
// The value of a parameter of a header, quotes removed; "" when absent.
[[nodiscard]] std::string header_parameter(std::string_view header, std::string_view name);

}  // namespace solidaires::http
