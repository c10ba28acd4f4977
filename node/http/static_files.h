// The assets of the build (style sheets, scripts, icons): loaded into memory at start, then
// read-only and served from the IO threads. A request names an entry of a table, never a path on
// disk.
//
// "name.<8 to 64 hexadecimal digits>.ext" never changes and is cached by browsers for good; any
// other name is revalidated by its ETag. "x.br" and "x.gz" beside x are its compressed forms.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "node/http/prebuilt.h"
#include "sync/base/result.h"

namespace solidaires::http {

// "site.css" -> "/assets/site.3f9a21bc.css". An unhashed file is its own name.
class AssetManifest {
 public:
  // The address of an asset; "/assets/<name>" for one that does not exist, which then answers 404.
  [[nodiscard]] std::string url(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;

 private:
  friend class StaticFiles;
  std::string prefix_ = "/assets/";
  std::unordered_map<std::string, std::string> urls_;
};

class StaticFiles {
 public:
  StaticFiles() = default;  // nothing to serve
  // Reads every regular file under `directory`, subfolders included; `prefix` starts and ends with
  // a slash. Links are not followed. Code::io, Code::exhausted past `bytes_max` in all.
  static Result<StaticFiles> load(std::filesystem::path const& directory,
                                  std::string_view prefix = "/assets/",
                                  std::uint64_t bytes_max = 256ULL * 1024 * 1024);
  // Files at addresses of their own, such as "/favicon.ico" and "/robots.txt".
  void add(std::string url, std::string body, std::string_view content_type);

  // `path` as in the request line, without the query.
  [[nodiscard]] std::shared_ptr<Prebuilt const> find(std::string_view path) const;
  [[nodiscard]] AssetManifest const& manifest() const noexcept { return manifest_; }
  [[nodiscard]] std::size_t size() const noexcept { return files_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, std::shared_ptr<Prebuilt const>, Hash, std::equal_to<>> files_;
  AssetManifest manifest_;
};

[[nodiscard]] std::string_view content_type_of(std::string_view file_name) noexcept;

}  // namespace solidaires::http
