// The HTTP server: listening sockets, connections, deadlines, the way from bytes to handlers and
// back. Made and owned by the wiring; runs on threads of its own (one per IO loop) and on the
// workers. A process may have several (public and private port). It knows no domain.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/http/access.h"
#include "node/http/codec.h"
#include "node/http/page_cache.h"
#include "node/http/router.h"
#include "node/http/security_headers.h"
#include "node/http/static_files.h"
#include "node/http/tls.h"
#include "node/http/worker_pool.h"
#include "sync/base/result.h"

namespace solidaires::http {

struct Listener {
  enum class Kind { plain, tls, https_redirect };  // the last answers 308 to the same on 443
  std::string address = "127.0.0.1";               // IPv4 or IPv6
  std::uint16_t port = 0;                          // 0: any free one, see Server::port()
  Kind kind = Kind::plain;
};

struct Deadlines {
  std::chrono::milliseconds head{10'000};    // from the first byte (or the connection) to the head
  std::chrono::milliseconds idle{60'000};    // between requests
  std::chrono::milliseconds body{30'000};    // for the whole body, and
  std::uint64_t bytes_per_s_min = 8 * 1024;  // as much longer as this pace takes, both ways
  std::chrono::milliseconds write{30'000};   // to take a whole response
  std::chrono::milliseconds linger{1'000};   // after a refusal, for the client to read it
};

struct ServerOptions {
  std::vector<Listener> listeners{};
  std::optional<TlsFiles> tls{};  // for listeners of kind tls
  std::size_t io_threads = 1;     // each with its own loop and SO_REUSEPORT
  CodecLimits codec{};
  Deadlines deadlines{};
  std::size_t connections_max = 12'000;         // in all; the longest idle gives way to a new one
  std::size_t connections_per_peer_max = 256;   // not for trusted proxies
  std::vector<std::string> trusted_proxies{};   // "127.0.0.1", "10.0.0.0/8": X-Forwarded-* count
  std::vector<std::string> hosts{};             // names we answer to (else 421); empty: any
  std::vector<std::string> personal_cookies{};  // with one of these a page is not shared
  SecurityHeaders security{};
  std::filesystem::path upload_directory{};  // exists; "" : no files are taken
};

// Renders an error in the clothes of the portal, on a worker. `request` has no route when none
// matched. Must not be slow; when it throws, a plain sentence is sent instead.
using ErrorPage = std::function<Response(Request const& request, int status)>;

// What the server uses and does not own; all outlive it.
struct ServerParts {
  WorkerPool& workers;
  PageCache* cache = nullptr;           // null: nothing is kept
  StaticFiles const* assets = nullptr;  // null: none
  AccessObserver* observer = nullptr;
  ErrorPage error_page = nullptr;  // empty: plain sentences
};

class Server {
 public:
  // Binds every listener (a busy port is Code::busy and says which). Accepts nothing yet.
  static Result<std::unique_ptr<Server>> make(ServerOptions options, Router router,
                                              ServerParts parts);
  ~Server();  // stop() without patience

  void start();
  // Port of a listener, by its place in the options.
  [[nodiscard]] std::uint16_t port(std::size_t listener = 0) const;
  // Stops accepting, lets requests in flight finish, closes idle connections; what is not done
  // after `patience` is cut. Returns when every connection and handler has ended. Idempotent.
  void stop(std::chrono::milliseconds patience);
  // New connections use the certificate that is now in the files.
  Result<> reload_certificates();

  struct Stats {
    std::uint64_t accepted = 0, refused = 0, requests = 0;
    std::uint64_t open = 0, busy = 0;  // connections; those with a request in flight
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace solidaires::http
