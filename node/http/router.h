// Which handler answers which address. Filled before the server starts, read-only from then on:
// any thread may match.
//
// Patterns: "/structures/{slug}", "/agenda/{year:int}-{month:int}", "/structures/{slug}.{format}",
// "/fichiers/{path*}" (the rest, slashes included, last only). A literal wins over a capture, a
// capture with more literal text around it over one with less, a number over text.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/http/request.h"
#include "node/http/response.h"

namespace solidaires::http {

class RateLimiter;

// Runs on a worker thread, several at once. What it throws becomes a 500 and one line in the log.
using Handler = std::function<Response(Request const&)>;

struct RouteOptions {
  std::size_t body_bytes_max = 256UL * 1024;  // all of it for forms without files
  std::uint64_t file_bytes_max = 0;           // of all files of a multipart form; 0: no file
  std::size_t files_max = 10;
  // The page is the same for everybody: it may be kept by the page cache (when the response says
  // keep()), and its handler sees no cookie.
  bool cacheable = false;
  // Other sites' pages may send unsafe requests here (an API with its own authentication).
  // Otherwise the server refuses them by Sec-Fetch-Site and Origin.
  bool cross_origin = false;
  bool quiet = false;  // not told to the observer (health checks)
  // How often one client may have such an answer made (one from the page cache costs nothing); more
  // is answered with 429. Told in RateLimit fields. Null: as often as it likes. Outlives the
  // server.
  RateLimiter* budget = nullptr;
  // Asked on a worker with the head alone, before any of the body is read: an answer refuses the
  // request. For routes that take large bodies.
  std::function<std::optional<Response>(Request const&)> admit = nullptr;
};

struct Route {
  Method method = Method::get;
  std::string pattern;
  Handler handler;
  RouteOptions options;
};

class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  // A pattern that is malformed, or taken already for this method, is a bug and stops the program.
  // A route for GET answers HEAD as well.
  void add(Method method, std::string_view pattern, Handler handler, RouteOptions options = {});
  void get(std::string_view pattern, Handler handler, RouteOptions options = {}) {
    add(Method::get, pattern, std::move(handler), std::move(options));
  }
  void post(std::string_view pattern, Handler handler, RouteOptions options = {}) {
    add(Method::post, pattern, std::move(handler), std::move(options));
  }

  struct Match {
    Route const* route = nullptr;  // lives as long as the router
    Parameters captures;
    std::vector<std::string> allowed;  // methods that would match, when `route` is null
    bool without_slash = false;        // it would match without the slash at its end
  };
  // `segments` as parse_path gives them.
  [[nodiscard]] Match match(Method method, std::vector<std::string> const& segments) const;
  // For the site map, documents and tests.
  [[nodiscard]] std::vector<Route const*> routes() const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace solidaires::http
