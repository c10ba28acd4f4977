#include "sync/net/line_rate.h"

#include <linux/tcp.h>  // the C library's netinet/tcp.h, which cannot stand beside it, lacks the rate
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace solidaires::net {

std::uint64_t line_rate(int socket) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  bool const known = ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
                     size >= offsetof(tcp_info, tcpi_delivery_rate) + sizeof(std::uint64_t);
  return known ? info.tcpi_delivery_rate : 0;
}

}  // namespace solidaires::net
