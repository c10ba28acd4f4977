// How fast a TCP line is, as the system measures it. Private to sync/net.
#pragma once

#include <cstdint>

namespace solidaires::net {

// Bytes per second that the other end has acknowledged lately (TCP_INFO's delivery rate): as fast
// as the line, or slower if there was little to send. 0: not known. `socket`: of a connection.
[[nodiscard]] std::uint64_t line_rate(int socket);

}  // namespace solidaires::net
