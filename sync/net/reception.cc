#include "sync/net/reception.h"

#include <openssl/err.h>

#include <boost/asio/post.hpp>

#include "sync/base/check.h"

namespace solidaires::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr Millis kGoodbye{2'000};
constexpr Millis kAcceptPause{200};
constexpr Millis kConnectionRegain{1'000};
constexpr Millis kEnrolmentRegain{12'000};

unsigned status_of(Code code) {
  switch (code) {
    case Code::denied:
    case Code::invalid:
    case Code::corrupt: return 403;
    case Code::unauthenticated: return 401;
    case Code::exhausted: return 429;
    case Code::not_found: return 404;
    default: return 503;
  }
}

}  // namespace

Reception::Reception(std::shared_ptr<Surroundings> around)
    : around_(std::move(around)),
      acceptor_(around_->io),
      connection_limit_(around_->options.connections_burst, kConnectionRegain),
      enrolment_limit_(around_->options.enrolments_burst, kEnrolmentRegain) {}

Result<> Reception::accept_with(Credentials const& credentials) {
  SOL_TRY(credentials.facts());
  SOL_ASSIGN(context_, make_context(&credentials));
  roots_ = credentials.roots;
  return {};
}

void Reception::succeed(Succession const& succession) {
  former_roots_ = succession.former();
  succession_ = succession.empty() ? Bytes() : encode(succession);
}

Result<std::uint16_t> Reception::listen(Address const& address, Door& door) {
  SOL_CHECK(context_ && door_ == nullptr);
  ErrorCode error;
  auto const where = asio::ip::make_address(address.host, error);
  if (error) return fail(Code::invalid, cat("not an IP address: ", address.host));
  tcp::endpoint const endpoint(where, address.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
  if (error) {
    ErrorCode ignored;
    acceptor_.close(ignored);
    return fail(error == asio::error::address_in_use ? Code::busy : Code::io,
                cat("listening for nodes on ", address.to_string(), ": ", error.message()));
  }
  door_ = &door;
  around_->tasks.spawn([self = shared_from_this()] { return self->accept_loop(); });
  return acceptor_.local_endpoint().port();
}

void Reception::stop() {
  ErrorCode ignored;
  acceptor_.close(ignored);
}

asio::awaitable<void> Reception::accept_loop() {
  while (!around_->stopping) {
    auto [error, socket] = co_await acceptor_.async_accept(kAwait);
    if (around_->stopping || error == asio::error::operation_aborted) co_return;
    if (!error) {
      take(std::move(socket));
      continue;
    }
    // Most often: no file descriptors left. Waiting lets others finish.
    log_warning("link.accept_failed", {{"reason", error.message()}});
    asio::steady_timer pause(around_->io, kAcceptPause);
    co_await pause.async_wait(kAwait);
  }
}

void Reception::take(tcp::socket socket) {
  ErrorCode gone;
  auto const remote = socket.remote_endpoint(gone);
  if (gone) return;
  Address const from{remote.address().to_string(), remote.port()};
  if (handshakes_ >= around_->options.handshakes_max ||
      !connection_limit_.allow(from.host, around_->clock.now())) {
    // Closed by its destructor, before any work is put into it.
    log_debug("link.connection_dropped", {{"reason", "too many at once"}});
    return;
  }
  around_->tasks.spawn([self = shared_from_this(), from,
                        connection = around_->connection(std::move(socket), context_)] {
    return self->serve_counted(connection, from);
  });
}

asio::awaitable<void> Reception::serve_counted(ConnectionPtr connection, Address from) {
  ++handshakes_;
  connection->arm(around_->options.handshake_deadline);
  co_await serve(connection, from);
  --handshakes_;
}

asio::awaitable<void> Reception::serve(ConnectionPtr connection, Address from) {
  ErrorCode ignored;
  connection->socket().set_option(tcp::no_delay(true), ignored);
  auto const [broken] =
      co_await connection->tls().async_handshake(asio::ssl::stream_base::server, kAwait);
  if (broken) {
    ERR_clear_error();
    log_debug("link.handshake_failed", {{"reason", broken.message()}});
    co_return;
  }
  auto request = co_await read_request(connection);
  if (!request) {
    log_debug("link.request_unreadable", {{"reason", request.error().message()}});
    co_return;
  }
  if (request->is_post && request->path == kEnrolPath) {
    co_return co_await serve_enrolment(connection, *std::move(request), from);
  }
  if (request->is_post && request->path == kSuccessionPath) {
    co_return co_await serve_succession(connection);
  }
  bool const renews = request->is_post && request->path == kRenewPath;
  auto peer = judge(peer_chain(connection->tls()), renews);
  if (!peer) {
    co_await turn_away(connection, {}, from, peer.error());
  } else if (renews) {
    co_await serve_renewal(connection, *std::move(request), *std::move(peer), from);
  } else if (request->is_upgrade && request->path == kLinkPath) {
    co_await serve_link(connection, *std::move(request), *std::move(peer), from);
  } else {
    co_await answer(connection, {.status = 404, .body = "nothing here"});
  }
}

// Who was away while the authority changed shows a certificate of the one that went: good for
// asking for another and for nothing else, as one that has ended.
Result<CertificateFacts> Reception::judge(Pem const& chain, bool renews) const {
  if (chain.empty()) return fail(Code::unauthenticated, "enrol first: no certificate is shown");
  auto const now = around_->clock.now();
  auto const grace = renews ? kRenewalGrace : std::chrono::days(0);
  auto peer = verify(chain, roots_, Role::node, now, grace);
  if (peer || !renews || former_roots_.empty()) return peer;
  auto former = verify(chain, former_roots_, Role::node, now, grace);
  if (!former) return peer;
  former->of_former_authority = true;
  return former;
}

// For everybody: these are certificates and signatures over them.
asio::awaitable<void> Reception::serve_succession(ConnectionPtr connection) {
  if (succession_.empty()) {
    return answer(std::move(connection), {.status = 404, .body = "the authority never changed"});
  }
  return answer(std::move(connection), {.status = 200, .body = succession_});
}

asio::awaitable<void> Reception::serve_link(ConnectionPtr connection, HttpRequest request,
                                            CertificateFacts peer, Address from) {
  if (auto const admitted = door_->admit(peer); !admitted) {
    co_return co_await turn_away(connection, peer.node, from, admitted.error());
  }
  auto const failed = co_await connection->accept(std::move(request.raw));
  if (failed || around_->stopping) co_return;
  connection->disarm();
  door_->opened({.peer = peer, .address = from.to_string(), .channel = connection});
}

asio::awaitable<void> Reception::serve_enrolment(ConnectionPtr connection, HttpRequest request,
                                                 Address from) {
  EnrolmentDesk* const desk = door_->desk();
  if (desk == nullptr) {
    co_return co_await turn_away(connection, {}, from, {Code::not_found, "nobody enrols here"});
  }
  if (!enrolment_limit_.allow(from.host, around_->clock.now())) {
    co_return co_await turn_away(connection, {}, from,
                                 {Code::exhausted, "too many enrolments from this address"});
  }
  auto const message = decode_enrolment_request(request.body);
  if (!message) co_return co_await turn_away(connection, {}, from, message.error());
  auto const issued = co_await at_the_desk(
      [desk, asked = *message] { return desk->redeem(asked.node, asked.secret, asked.request); });
  // The name is only claimed here, so a refusal is not noted under it.
  if (!issued) co_return co_await turn_away(connection, {}, from, issued.error());
  log_info("node.enrolled", {{"node", message->node.str()}, {"from", from.host}});
  co_await answer(connection, {.status = 200, .body = encode(*issued)});
}

asio::awaitable<void> Reception::serve_renewal(ConnectionPtr connection, HttpRequest request,
                                               CertificateFacts peer, Address from) {
  EnrolmentDesk* const desk = door_->desk();
  auto admitted = door_->admit(peer);
  if (admitted && desk == nullptr) admitted = fail(Code::not_found, "nobody renews here");
  if (admitted && !enrolment_limit_.allow(peer.node.str(), around_->clock.now())) {
    admitted = fail(Code::exhausted, "too many renewals by this node");
  }
  if (!admitted) co_return co_await turn_away(connection, peer.node, from, admitted.error());
  auto const issued = co_await at_the_desk(
      [desk, peer, asked = std::move(request.body)] { return desk->renew(peer, asked); });
  if (!issued) co_return co_await turn_away(connection, peer.node, from, issued.error());
  log_info("node.certificate_issued_again", {{"node", peer.node.str()}});
  co_await answer(connection, {.status = 200, .body = encode(*issued)});
}

asio::awaitable<void> Reception::turn_away(ConnectionPtr connection, NodeName peer, Address from,
                                           Error why) {
  door_->turned_away(peer, from.to_string(), why);
  co_await answer(connection, {.status = status_of(why.code()), .body = why.message()});
}

asio::awaitable<void> Reception::answer(ConnectionPtr connection, HttpResponse response) {
  auto const written = co_await write_response(connection, std::move(response));
  if (!written) co_return;
  connection->arm(kGoodbye);
  co_await connection->tls().async_shutdown(kAwait);
}

// Asks on a worker thread and comes back to this one.
asio::awaitable<Result<Issued>> Reception::at_the_desk(
    std::move_only_function<Result<Issued>()> question) {
  struct Pending {
    asio::steady_timer answered;
    Result<Issued> answer;
  };
  auto pending = std::make_shared<Pending>(
      Pending{asio::steady_timer(around_->io, asio::steady_timer::time_point::max()),
              fail(Code::unavailable, "the hub is stopping")});
  bool const taken = around_->workers.submit(
      [&io = around_->io, pending = pending, question = std::move(question)]() mutable {
        auto given = question();
        // Let go of here: this thread must hold nothing of Asio's once the answer is on its way.
        asio::post(io, [pending = std::move(pending), given = std::move(given)]() mutable {
          pending->answer = std::move(given);
          pending->answered.cancel();
        });
      });
  if (taken) co_await pending->answered.async_wait(kAwait);
  co_return std::move(pending->answer);
}

}  // namespace solidaires::net
