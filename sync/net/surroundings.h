// What the accepting and the dialling half of a Transport share: threads, time, the coroutines that
// run and the connections that are open. Owned by the Transport; IO thread. Private to sync/net.
#pragma once

#include <vector>

#include "sync/net/connection.h"
#include "sync/net/transport.h"

namespace solidaires::net {

inline constexpr std::string_view kLinkPath = "/link";
inline constexpr std::string_view kEnrolPath = "/enrol";
inline constexpr std::string_view kRenewPath = "/renew";
inline constexpr std::string_view kSuccessionPath = "/succession";

struct Surroundings {
  boost::asio::io_context& io;
  Workers& workers;
  Clock const& clock;
  TransportOptions const options;
  TaskGroup tasks;
  std::vector<std::weak_ptr<Connection>> connections;
  bool stopping = false;

  // Keeps a connection in sight of abort_all() for as long as it lives.
  std::shared_ptr<Connection> connection(boost::asio::ip::tcp::socket socket, TlsContext context) {
    std::erase_if(connections, [](auto const& weak) { return weak.expired(); });
    auto made = Connection::make(std::move(socket), std::move(context), tasks);
    connections.push_back(made);
    return made;
  }
  void abort_all() {
    for (auto const& weak : connections) {
      if (auto const open = weak.lock()) open->abort();
    }
  }
};

}  // namespace solidaires::net
