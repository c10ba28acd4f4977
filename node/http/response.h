// What a handler answers. A plain value; the server adds length, date, security headers, the
// request's id, compression, ETag and caching, and answers HEAD, If-None-Match and Range from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/http/cookies.h"
#include "node/http/headers.h"
#include "sync/base/result.h"

namespace solidaires::http {

// How a response to a cacheable route is kept. `tags` name what it shows ("type:structure",
// "doc:0190..."): PageCache::invalidate with any of them forgets it.
struct CacheAs {
  std::vector<std::string> tags;
  std::chrono::seconds at_most{300};  // pages that say "today" must not outlive it
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  // Instead of `body`: a file on disk (a download; ranges are honoured; an ETag that is set stands
  // for the one that the server makes of size and time), or chunks asked for one by one on a worker
  // until one is empty (a large export; an error cuts the connection).
  std::optional<std::filesystem::path> file;
  std::function<Result<std::string>()> stream;
  // Unset: never kept. Only routes with `cacheable` may set it; ignored with Set-Cookie.
  std::optional<CacheAs> cache;
  // What sending this is counted as, told to the observer each time, from the page cache too. Names
  // of counters, never anything that one visitor sent.
  std::vector<std::string> counted_as;
  // Other sites' pages may show this in a frame; nothing else may be.
  bool frameable = false;
  // The body shows a secret that is not masked (an invitation link, a recovery code): it is not
  // compressed, since a compressed length tells an eavesdropper about it (BREACH), and not stored
  // by browsers.
  bool secret = false;

  static Response html(std::string body, int status = 200);
  static Response json(std::string body, int status = 200);
  static Response text(std::string body, int status = 200);
  static Response bytes(std::string body, std::string_view content_type);
  // 303: "see there", after a form; 308 for what has moved for good. `location` is ours: a path
  // with its query, or a whole address.
  static Response redirect(std::string_view location, int status = 303);
  static Response not_modified();
  static Response empty(int status = 204);
  // `download_name` is offered for saving; "" shows the file in the browser.
  static Response from_file(std::filesystem::path path, std::string_view content_type,
                            std::string_view download_name = {});
  static Response streamed(std::function<Result<std::string>()> next,
                           std::string_view content_type);

  Response& with(std::string_view name, std::string_view value) &;
  Response&& with(std::string_view name, std::string_view value) &&;
  Response& set_cookie(Cookie const& cookie);
  Response& keep(std::vector<std::string> tags,
                 std::chrono::seconds at_most = std::chrono::seconds(300));
};

[[nodiscard]] std::string_view reason_phrase(int status) noexcept;
// "attachment; filename=...; filename*=UTF-8''...".
[[nodiscard]] std::string content_disposition(std::string_view download_name);

}  // namespace solidaires::http
