#include "sync/net/dialler.h"

#include <openssl/err.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>

#include "sync/base/log.h"

namespace solidaires::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

std::unexpected<Error> not_enrolled() {
  return fail(Code::unauthenticated, "this node is not enrolled yet");
}

Error refusal_of(HttpResponse const& response) {
  auto const said = printable(response.body);
  switch (response.status) {
    case 401:
    case 403: return {Code::denied, cat("the hub refuses: ", said)};
    case 429: return {Code::exhausted, cat("the hub asks to try later: ", said)};
    case 503: return {Code::unavailable, cat("the hub cannot now: ", said)};
    default:
      return {Code::unsupported,
              cat("what answers there is not such a hub (HTTP ", response.status, ")")};
  }
}

Result<CertificateFacts> verify_hub(Pem const& chain, ExpectedHub const& expected, Instant now) {
  if (chain.empty()) return fail(Code::unauthenticated, "the hub shows no certificate");
  Pem roots = expected.roots;
  if (roots.empty()) {
    auto pinned = find_certificate(chain, expected.pinned_root);
    if (!pinned) {
      return fail(Code::unauthenticated, "what answers there is not the hub that made this token");
    }
    roots = *std::move(pinned);
  }
  auto facts = verify(chain, roots, Role::hub, now);
  if (!facts) {
    return fail(Code::unauthenticated, cat("the hub's certificate: ", facts.error().message()));
  }
  if (facts->network != expected.network || facts->node != expected.network) {
    return fail(Code::unauthenticated, cat("the hub there is ", facts->node.str(), " of ",
                                           facts->network.str(), ", not ", expected.network.str()));
  }
  return facts;
}

}  // namespace

Result<> Dialler::dial_with(Credentials const& credentials) {
  SOL_ASSIGN(auto const facts, credentials.facts());
  SOL_ASSIGN(context_, make_context(&credentials));
  parent_ = {.roots = credentials.roots, .pinned_root = {}, .network = facts.network};
  return {};
}

void Dialler::dial(Address hub, Transport::OnOpened done) {
  if (!context_) {
    asio::post(around_->io, [done = std::move(done)] { done(not_enrolled()); });
    return;
  }
  around_->tasks.spawn([self = shared_from_this(), hub = std::move(hub), done = std::move(done)] {
    return self->dial_and_tell(hub, done);
  });
}

void Dialler::enrol(Address hub, ExpectedHub expected, Bytes request, Transport::OnIssued done) {
  auto context = make_context(nullptr);
  if (!context) return done(std::unexpected(std::move(context).error()));
  around_->tasks.spawn([self = shared_from_this(), hub = std::move(hub), context = *context,
                        expected = std::move(expected), request = std::move(request),
                        done = std::move(done)] {
    return self->ask_and_tell(hub, context, expected, kEnrolPath, request, done);
  });
}

void Dialler::renew(Address hub, Bytes request, Transport::OnIssued done) {
  if (!context_) {
    asio::post(around_->io, [done = std::move(done)] { done(not_enrolled()); });
    return;
  }
  around_->tasks.spawn(
      [self = shared_from_this(), hub = std::move(hub), request = std::move(request),
       done = std::move(done)] { return self->renew_and_tell(hub, request, done); });
}

asio::awaitable<void> Dialler::dial_and_tell(Address hub, Transport::OnOpened done) {
  auto opened = co_await open_channel(std::move(hub));
  if (around_->stopping && opened) opened = fail(Code::unavailable, "stopping");
  done(std::move(opened));
}

asio::awaitable<Result<Opened>> Dialler::open_channel(Address hub) {
  auto connected = co_await connect(hub, context_, parent_, around_->options.handshake_deadline);
  if (!connected) co_return std::unexpected(std::move(connected).error());
  auto const connection = connected->connection;
  auto const [failed, declined] =
      co_await connection->open(connected->hub.node.str(), std::string(kLinkPath));
  if (failed) {
    auto why = declined ? refusal_of(*declined)
                        : network_error(failed, connection->timed_out(), "opening the link");
    connection->abort();
    co_return std::unexpected(std::move(why));
  }
  connection->disarm();
  co_return Opened{
      .peer = connected->hub, .address = hub.to_string(), .channel = connected->connection};
}

asio::awaitable<void> Dialler::ask_and_tell(Address hub, TlsContext context, ExpectedHub expected,
                                            std::string_view path, Bytes body,
                                            Transport::OnIssued done) {
  done(
      co_await ask(std::move(hub), std::move(context), std::move(expected), path, std::move(body)));
}

asio::awaitable<Result<Issued>> Dialler::ask(Address hub, TlsContext context, ExpectedHub expected,
                                             std::string_view path, Bytes body) {
  auto connected = co_await connect(std::move(hub), std::move(context), std::move(expected),
                                    around_->options.enrolment_deadline);
  if (!connected) co_return std::unexpected(std::move(connected).error());
  auto response =
      co_await exchange(connected->connection, path, connected->hub.node, std::move(body));
  if (!response) co_return std::unexpected(std::move(response).error());
  co_return decode_issued(response->body);
}

// One request and its answer, which is 200.
asio::awaitable<Result<HttpResponse>> Dialler::exchange(ConnectionPtr connection,
                                                        std::string_view path, NodeName host,
                                                        Bytes body) {
  auto const sent =
      co_await write_request(connection, std::string(path), host.str(), std::move(body));
  if (!sent) co_return std::unexpected(sent.error());
  auto response = co_await read_response(connection);
  connection->abort();
  if (connection->timed_out()) co_return fail(Code::timeout, "the hub does not answer in time");
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status != 200) co_return std::unexpected(refusal_of(*response));
  co_return response;
}

asio::awaitable<void> Dialler::renew_and_tell(Address hub, Bytes request,
                                              Transport::OnIssued done) {
  auto issued = co_await ask(hub, context_, parent_, kRenewPath, request);
  if (!issued && issued.error().code() == Code::unauthenticated && !around_->stopping) {
    auto successor = co_await succession_of(hub);
    if (successor) issued = co_await ask(hub, context_, *successor, kRenewPath, request);
    if (!successor) log_debug("node.no_succession", {{"reason", successor.error().message()}});
  }
  done(std::move(issued));
}

// From a hub that is not known: nothing of this node is shown or sent to it, and what it tells is
// believed only as far as the roots that are known here have signed it.
asio::awaitable<Result<ExpectedHub>> Dialler::succession_of(Address hub) {
  auto context = make_context(nullptr);
  if (!context) co_return std::unexpected(std::move(context).error());
  auto connection = around_->connection(tcp::socket(around_->io), *context);
  connection->arm(around_->options.enrolment_deadline);
  auto const reached = co_await reach(connection, hub);
  if (!reached) co_return std::unexpected(reached.error());
  auto const told = co_await exchange(connection, kSuccessionPath, parent_.network, {});
  if (!told) co_return std::unexpected(told.error());
  auto const succession = decode_succession(told->body);
  if (!succession) co_return std::unexpected(succession.error());
  auto roots = follow(*succession, parent_.roots, parent_.network);
  if (!roots) co_return std::unexpected(std::move(roots).error());
  co_return ExpectedHub{.roots = *std::move(roots), .pinned_root = {}, .network = parent_.network};
}

// Nothing is sent to the hub, beyond TLS itself, before it is verified.
asio::awaitable<Result<Dialler::Connected>> Dialler::connect(Address hub, TlsContext context,
                                                             ExpectedHub expected, Millis within) {
  auto connection = around_->connection(tcp::socket(around_->io), std::move(context));
  connection->arm(within);
  auto const reached = co_await reach(connection, hub);
  if (!reached) co_return std::unexpected(reached.error());
  auto facts = verify_hub(peer_chain(connection->tls()), expected, around_->clock.now());
  if (!facts) {
    connection->abort();
    co_return std::unexpected(std::move(facts).error());
  }
  co_return Connected{.connection = std::move(connection), .hub = *std::move(facts)};
}

asio::awaitable<Result<>> Dialler::reach(ConnectionPtr connection, Address hub) {
  auto const failed = [&](ErrorCode const& error) {
    return std::unexpected(
        network_error(error, connection->timed_out(), cat("connecting to ", hub.to_string())));
  };
  tcp::resolver resolver(around_->io);
  auto const [unknown, endpoints] =
      co_await resolver.async_resolve(hub.host, std::to_string(hub.port), kAwait);
  if (unknown) co_return failed(unknown);
  if (around_->stopping || connection->timed_out()) co_return failed(asio::error::timed_out);
  auto const [unreachable, endpoint] =
      co_await asio::async_connect(connection->socket(), endpoints, kAwait);
  if (unreachable) co_return failed(unreachable);
  ErrorCode ignored;
  connection->socket().set_option(tcp::no_delay(true), ignored);
  auto const [broken] =
      co_await connection->tls().async_handshake(asio::ssl::stream_base::client, kAwait);
  if (broken) {
    ERR_clear_error();
    co_return failed(broken);
  }
  co_return Result<>();
}

}  // namespace solidaires::net
