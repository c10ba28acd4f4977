// TLS 1.3 as every connection of this room uses it, and what goes wrong on a network in words.
// Private to sync/net; Asio, but not Beast.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "sync/net/credentials.h"

namespace solidaires::net {

using Tls = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;
using TlsContext = std::shared_ptr<boost::asio::ssl::context>;
using ErrorCode = boost::system::error_code;

inline constexpr auto kAwait = boost::asio::as_tuple(boost::asio::use_awaitable);

// Shows the credentials, or nothing if null. The handshake itself takes any certificate or none:
// the peer is verified right after it, by verify(), which can then tell the peer in words why it is
// refused. Nothing of a peer may be believed before that.
[[nodiscard]] Result<TlsContext> make_context(Credentials const* credentials);

// After the handshake: leaf first; empty if the peer showed none.
[[nodiscard]] Pem peer_chain(Tls& tls);

[[nodiscard]] Error network_error(ErrorCode const& error, bool timed_out, std::string_view doing);

// What a peer says of itself, made fit for a log: one line of at most 300 bytes.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace solidaires::net
