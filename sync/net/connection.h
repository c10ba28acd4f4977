// One TCP connection from its first byte to its last: TLS, one HTTP request, then, if both sides
// agree, a WebSocket of binary messages. IO thread only. Private to sync/net; the WebSocket itself
// stays in the .cc, the one file that instantiates it.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "sync/net/channel.h"
#include "sync/net/http_message.h"
#include "sync/net/task_group.h"

namespace solidaires::net {

class Connection : public Channel, public std::enable_shared_from_this<Connection> {
 public:
  // Its coroutines are spawned in `tasks`, which outlives it.
  static std::shared_ptr<Connection> make(boost::asio::ip::tcp::socket socket, TlsContext context,
                                          TaskGroup& tasks);

  [[nodiscard]] virtual Tls& tls() = 0;
  [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return tls().next_layer(); }

  // Accepts the request that was read as a WebSocket; start() may follow.
  virtual boost::asio::awaitable<ErrorCode> accept(std::string request) = 0;
  struct Upgrade {
    ErrorCode failed;
    std::optional<HttpResponse> declined;  // what the other side answered instead
  };
  // Asks to become a WebSocket; start() may follow unless it failed.
  virtual boost::asio::awaitable<Upgrade> open(std::string host, std::string path) = 0;

  // Closes the connection unless disarmed in time. One deadline at a time.
  void arm(Millis within);
  void disarm() { deadline_.cancel(); }
  [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }

 protected:
  explicit Connection(boost::asio::any_io_executor const& executor) : deadline_(executor) {}

 private:
  boost::asio::steady_timer deadline_;
  bool timed_out_ = false;
};

}  // namespace solidaires::net
