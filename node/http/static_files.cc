#include "node/http/static_files.h"

#include <fstream>

#include "node/http/headers.h"
#include "sync/base/bytes.h"

namespace solidaires::http {
namespace {

namespace fs = std::filesystem;

std::string_view extension(std::string_view name) noexcept {
  std::size_t const dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(dot);
}

bool is_hash(std::string_view text) noexcept {
  constexpr std::size_t kMin = 8;
  constexpr std::size_t kMax = 64;
  return text.size() >= kMin && text.size() <= kMax &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// "css/site.3f9a21bc.css" -> "css/site.css"; nothing when there is no hash in it.
std::string name_without_hash(std::string_view name) {
  std::string_view const last = extension(name);
  std::string_view const stem = name.substr(0, name.size() - last.size());
  std::size_t const dot = stem.rfind('.');
  if (dot == std::string_view::npos || !is_hash(stem.substr(dot + 1))) return {};
  return cat(stem.substr(0, dot), last);
}

Result<std::string> read_whole(fs::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in || in.bad()) return fail(Code::io, cat("cannot read ", path.string()));
  return bytes;
}

using Contents = std::map<std::string, std::string>;  // relative name -> bytes

Result<Contents> read_tree(fs::path const& directory, std::uint64_t bytes_max) {
  std::error_code error;
  Contents out;
  std::uint64_t total = 0;
  fs::recursive_directory_iterator files(directory, error);
  for (; !error && files != fs::recursive_directory_iterator(); files.increment(error)) {
    std::error_code status_error;
    if (files->symlink_status(status_error).type() != fs::file_type::regular) continue;
    std::string const name = files->path().lexically_relative(directory).generic_string();
    SOL_ASSIGN(std::string bytes, read_whole(files->path()));
    total += bytes.size();
    if (total > bytes_max) {
      return fail(Code::exhausted,
                  cat(directory.string(), " holds more than ", bytes_max, " bytes"));
    }
    out.emplace(name, std::move(bytes));
  }
  if (error) return fail(Code::io, cat(directory.string(), ": ", error.message()));
  return out;
}

std::shared_ptr<Prebuilt> prebuilt(std::string_view name, std::string body, std::string_view type,
                                   bool is_immutable) {
  return std::make_shared<Prebuilt>(PrebuiltParts{
      .head = cat("Content-Type: ", type, "\r\nCache-Control: ",
                  is_immutable ? "public, max-age=31536000, immutable" : "public, no-cache",
                  "\r\nX-Content-Type-Options: nosniff\r\n"),
      .body = std::move(body),
      .route = cat("asset ", extension(name)),
      .is_compressible = is_compressible(type),
      .has_ranges = true});
}

}  // namespace

std::string AssetManifest::url(std::string_view name) const {
  auto const found = urls_.find(std::string(name));
  return found == urls_.end() ? cat(prefix_, name) : found->second;
}

bool AssetManifest::has(std::string_view name) const {
  return urls_.contains(std::string(name));
}

Result<StaticFiles> StaticFiles::load(fs::path const& directory, std::string_view prefix,
                                      std::uint64_t bytes_max) {
  SOL_ASSIGN(Contents contents, read_tree(directory, bytes_max));
  StaticFiles out;
  out.manifest_.prefix_ = prefix;
  for (auto& [name, body] : contents) {
    std::string_view const last = extension(name);
    bool const is_variant = last == ".br" || last == ".gz";
    if (is_variant && contents.contains(name.substr(0, name.size() - last.size()))) continue;
    std::string const plain_name = name_without_hash(name);
    auto file = prebuilt(name, body, content_type_of(name), !plain_name.empty());
    for (auto const& [ending, coding] :
         {std::pair(".br", Coding::brotli), std::pair(".gz", Coding::gzip)}) {
      auto const packed = contents.find(name + ending);
      if (packed != contents.end()) file->provide(coding, packed->second);
    }
    for (Coding coding : {Coding::brotli, Coding::gzip}) file->make(coding);
    std::string const url = cat(prefix, name);
    out.manifest_.urls_[name] = url;
    if (!plain_name.empty()) out.manifest_.urls_[plain_name] = url;
    out.files_[url] = std::move(file);
  }
  return out;
}

void StaticFiles::add(std::string url, std::string body, std::string_view content_type) {
  auto file = prebuilt(url, std::move(body), content_type, false);
  for (Coding coding : {Coding::brotli, Coding::gzip}) file->make(coding);
  files_[std::move(url)] = std::move(file);
}

std::shared_ptr<Prebuilt const> StaticFiles::find(std::string_view path) const {
  auto const found = files_.find(path);
  return found == files_.end() ? nullptr : found->second;
}

std::string_view content_type_of(std::string_view file_name) noexcept {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 27> kTypes = {{
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".html", "text/html; charset=utf-8"},
      {".txt", "text/plain; charset=utf-8"},
      {".csv", "text/csv; charset=utf-8"},
      {".ics", "text/calendar; charset=utf-8"},
      {".xml", "application/xml"},
      {".rss", "application/rss+xml"},
      {".atom", "application/atom+xml"},
      {".json", "application/json"},
      {".geojson", "application/geo+json"},
      {".map", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},
      {".gif", "image/gif"},
      {".webp", "image/webp"},
      {".avif", "image/avif"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".woff", "font/woff"},
      {".pdf", "application/pdf"},
      {".wasm", "application/wasm"},
      {".zip", "application/zip"},
  }};
  std::string_view const last = extension(file_name);
  auto const found = std::ranges::find_if(
      kTypes, [&](auto const& type) { return equals_ignoring_case(type.first, last); });
  return found == kTypes.end() ? "application/octet-stream" : found->second;
}

}  // namespace solidaires::http
