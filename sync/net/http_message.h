// The little HTTP/1.1 that the link port speaks before a connection becomes a WebSocket, and for
// the enrolment: one request, one answer, small and bounded. Private to sync/net.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "sync/net/tls.h"

namespace solidaires::net {

class Connection;
using ConnectionPtr = std::shared_ptr<Connection>;  // kept alive by whoever reads or writes

struct HttpRequest {
  bool is_post = false;
  bool is_upgrade = false;  // to a WebSocket
  std::string path;
  std::string body;
  std::string raw;  // as received, for the WebSocket's own handshake
};

struct HttpResponse {
  unsigned status = 0;
  std::string body;
};

// The caller has set a deadline. Bytes after the message are an error: neither side sends any.
[[nodiscard]] boost::asio::awaitable<Result<HttpRequest>> read_request(ConnectionPtr from);
[[nodiscard]] boost::asio::awaitable<Result<HttpResponse>> read_response(ConnectionPtr from);
[[nodiscard]] boost::asio::awaitable<Result<>> write_request(ConnectionPtr to, std::string path,
                                                             std::string host, std::string body);
[[nodiscard]] boost::asio::awaitable<Result<>> write_response(ConnectionPtr to,
                                                              HttpResponse response);

}  // namespace solidaires::net
