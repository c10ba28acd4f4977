#include "sync/net/transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <charconv>
#include <deque>
#include <set>

#include "sync/base/check.h"
#include "sync/base/limits.h"
#include "sync/net/backoff.h"
#include "sync/net/task_group.h"
#include "sync/net/x509.h"

namespace solidaires::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Tls = asio::ssl::stream<tcp::socket>;
using WebSocket = beast::websocket::stream<Tls, false>;  // without deflate
using ErrorCode = boost::system::error_code;
using TlsContext = std::shared_ptr<asio::ssl::context>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view kLinkPath = "/link";
constexpr std::string_view kEnrolPath = "/enrol";
constexpr std::string_view kRenewPath = "/renew";
constexpr std::size_t kHeaderBytesMax = 8UL * 1024;
constexpr std::size_t kIdleBufferBytes = 64UL * 1024;
constexpr std::size_t kWriteChunkBytes = 64UL * 1024;
constexpr Millis kGoodbye{2'000};

// What a peer says of itself, made fit for a log.
std::string printable(std::string_view text) {
  std::string out;
  for (char const c : text.substr(0, 300)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return out;
}

Error network_error(ErrorCode const& error, bool timed_out, std::string_view doing) {
  if (timed_out) return {Code::timeout, cat(doing, ": no answer in time")};
  if (error == beast::websocket::error::closed || error == asio::error::eof ||
      error == asio::ssl::error::stream_truncated || error == http::error::end_of_stream) {
    return {Code::unavailable, cat(doing, ": the other end closed the connection")};
  }
  bool const is_protocol =
      error.category() == make_error_code(beast::websocket::error::closed).category();
  return {is_protocol ? Code::corrupt : Code::unavailable, cat(doing, ": ", error.message())};
}

// Lets the handshake finish with any certificate or none: the peer is verified right after it, by
// verify(), which can then tell the peer in words why it is refused.
int accept_for_now(int, X509_STORE_CTX*) {
  return 1;
}

Result<TlsContext> make_context(Credentials const* credentials) {
  try {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tlsv13);
    SSL_CTX* const native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION);
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, accept_for_now);
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(native, 0);
    SSL_CTX_set_max_cert_list(native, 32L * 1024);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    if (credentials != nullptr) {
      // The roots go along, so that a node that only has a token can find the one that it pins.
      Pem const chain = credentials->certificate + credentials->roots;
      context->use_certificate_chain(asio::buffer(chain));
      context->use_private_key(asio::buffer(credentials->key), asio::ssl::context::pem);
    }
    return context;
  } catch (boost::system::system_error const& caught) {
    ERR_clear_error();
    return fail(Code::corrupt, cat("the credentials cannot be used: ", caught.what()));
  }
}

// One TCP connection from its first byte to its last: TLS, one HTTP request, then, if both agree, a
// WebSocket.
class Connection final : public Channel, public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, TlsContext context, TaskGroup& tasks)
      : context_(std::move(context)),
        socket_(std::move(socket), *context_),
        tasks_(tasks),
        deadline_(socket_.get_executor()),
        reader_wakes_(socket_.get_executor()),
        writer_wakes_(socket_.get_executor()) {}

  [[nodiscard]] Tls& tls() { return socket_.next_layer(); }
  [[nodiscard]] tcp::socket& tcp_socket() { return tls().next_layer(); }
  [[nodiscard]] WebSocket& web_socket() { return socket_; }
  [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }

  // Closes the connection unless disarmed in time. One deadline at a time.
  void arm(Millis within) {
    deadline_.expires_after(within);
    deadline_.async_wait([weak = weak_from_this()](ErrorCode const& cancelled) {
      auto const self = weak.lock();
      if (cancelled || !self) return;
      self->timed_out_ = true;
      self->abort();
    });
  }
  void disarm() { deadline_.cancel(); }

  void set_options() {
    socket_.binary(true);
    socket_.auto_fragment(false);
    socket_.write_buffer_bytes(kWriteChunkBytes);
    socket_.read_message_max(0);  // see read_loop()
  }

  // Leaf first; empty if the peer showed none.
  [[nodiscard]] Pem peer_chain() {
    SSL* const ssl = tls().native_handle();
    CertificatePtr const leaf(SSL_get1_peer_certificate(ssl));
    if (!leaf) return {};
    Pem chain = to_pem(leaf.get());
    STACK_OF(X509)* const others = SSL_get_peer_cert_chain(ssl);
    int const count = std::min<int>(sk_X509_num(others), kCertificatesMax - 1);
    for (int i = SSL_is_server(ssl) == 1 ? 0 : 1; i < count; ++i) {
      chain += to_pem(sk_X509_value(others, i));
    }
    return chain;
  }

  void start(ChannelEvents& events) override {
    SOL_CHECK(events_ == nullptr);
    events_ = &events;
    loops_ = 2;
    tasks_.spawn([self = shared_from_this()] { return self->read_loop(); });
    tasks_.spawn([self = shared_from_this()] { return self->write_loop(); });
  }

  void send(Bytes message, Lane lane) override {
    if (closing_ || ended_) return;
    waiting_bytes_ += message.size();
    (lane == Lane::control ? control_ : bulk_).push_back(std::move(message));
    writer_wakes_.cancel();
  }
  [[nodiscard]] std::size_t waiting_bytes() const override { return waiting_bytes_; }

  void pause(bool paused) override {
    if (paused_ == paused) return;
    paused_ = paused;
    reader_wakes_.cancel();
  }

  void close(Millis within) override {
    if (closing_ || ended_) return;
    closing_ = true;
    arm(within);
    pause(false);
    writer_wakes_.cancel();
  }

  void abort() override {
    ErrorCode ignored;
    tcp_socket().close(ignored);
    reader_wakes_.cancel();
    writer_wakes_.cancel();
  }

 private:
  asio::awaitable<void> read_loop() {
    beast::flat_buffer buffer;
    while (!ended_) {
      if (paused_ && tcp_socket().is_open()) {
        co_await sleep(reader_wakes_);
        continue;
      }
      // The limit is kept here and not by Beast, whose error for it is lost in its own closing.
      auto const [error, size] =
          co_await socket_.async_read_some(buffer, limits::kFrameBytes + 1 - buffer.size(), kAwait);
      if (error) {
        end(network_error(error, timed_out_, "reading"));
      } else if (buffer.size() > limits::kFrameBytes) {
        end(Error(Code::exhausted, "reading: a frame is larger than the limit"));
      } else if (!socket_.got_binary()) {
        end(Error(Code::corrupt, "reading: a text message, where only binary ones belong"));
      } else if (socket_.is_message_done()) {
        Bytes message(static_cast<char const*>(buffer.cdata().data()), buffer.size());
        buffer.clear();
        if (buffer.capacity() > kIdleBufferBytes) buffer = beast::flat_buffer();
        events_->received(std::move(message));
      }
    }
    loop_ended();
  }

  asio::awaitable<void> write_loop() {
    while (!ended_) {
      auto& queue = control_.empty() ? bulk_ : control_;
      if (queue.empty()) {
        if (closing_) break;
        co_await sleep(writer_wakes_);
        continue;
      }
      Bytes const message = std::move(queue.front());
      queue.pop_front();
      auto const [error, size] = co_await socket_.async_write(asio::buffer(message), kAwait);
      waiting_bytes_ -= message.size();
      if (error) {
        end(network_error(error, timed_out_, "writing"));
      } else {
        events_->sent(size);
      }
    }
    if (!ended_) {
      co_await socket_.async_close(beast::websocket::close_code::normal, kAwait);
      end(Error(Code::unavailable, "closed"));
    }
    loop_ended();
  }

  static asio::awaitable<void> sleep(asio::steady_timer& timer) {
    timer.expires_at(asio::steady_timer::time_point::max());
    co_await timer.async_wait(kAwait);
  }

  void end(Error why) {
    if (ended_) return;
    ended_ = true;
    why_ = std::move(why);
    abort();
  }

  void loop_ended() {
    if (--loops_ > 0) return;
    disarm();
    std::exchange(events_, nullptr)->closed(why_);
  }

  TlsContext context_;
  WebSocket socket_;
  TaskGroup& tasks_;
  asio::steady_timer deadline_;
  asio::steady_timer reader_wakes_;
  asio::steady_timer writer_wakes_;
  ChannelEvents* events_ = nullptr;
  std::deque<Bytes> control_;
  std::deque<Bytes> bulk_;
  std::size_t waiting_bytes_ = 0;
  int loops_ = 0;
  bool paused_ = false;
  bool closing_ = false;
  bool ended_ = false;
  bool timed_out_ = false;
  Error why_{Code::unavailable, "closed"};
};

using ConnectionPtr = std::shared_ptr<Connection>;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

asio::awaitable<void> answer(ConnectionPtr connection, http::status status, std::string body) {
  Response response{status, 11};
  response.set(http::field::content_type, status == http::status::ok ? "application/octet-stream"
                                                                     : "text/plain; charset=utf-8");
  response.set(http::field::cache_control, "no-store");
  response.keep_alive(false);
  response.body() = std::move(body);
  response.prepare_payload();
  auto const [failed, sent] = co_await http::async_write(connection->tls(), response, kAwait);
  if (failed) co_return;
  connection->arm(kGoodbye);
  co_await connection->tls().async_shutdown(kAwait);
}

http::status status_of(Code code) {
  switch (code) {
    case Code::denied:
    case Code::invalid: return http::status::forbidden;
    case Code::unauthenticated: return http::status::unauthorized;
    case Code::exhausted: return http::status::too_many_requests;
    case Code::not_found: return http::status::not_found;
    default: return http::status::service_unavailable;
  }
}

Error refusal_of(Response const& response) {
  auto const said = printable(response.body());
  auto const status = response.result();
  if (status == http::status::forbidden || status == http::status::unauthorized) {
    return {Code::denied, cat("the hub refuses: ", said)};
  }
  if (status == http::status::too_many_requests) {
    return {Code::exhausted, cat("the hub asks to try later: ", said)};
  }
  if (status == http::status::service_unavailable) {
    return {Code::unavailable, cat("the hub cannot now: ", said)};
  }
  return {Code::unsupported, cat("what answers there is not a hub (HTTP ",
                                 static_cast<unsigned>(response.result_int()), ")")};
}

// How the dialling side knows the hub.
struct Expected {
  Pem roots;  // empty: the one with `pinned_root` among those that the hub shows
  Bytes pinned_root;
  NodeName network;
};

Result<CertificateFacts> verify_hub(Pem const& chain, Expected const& expected, Instant now) {
  if (chain.empty()) return fail(Code::denied, "the hub shows no certificate");
  Pem roots = expected.roots;
  if (roots.empty()) {
    auto pinned = find_certificate(chain, expected.pinned_root);
    if (!pinned) {
      return fail(Code::denied, "what answers there is not the hub that made this token");
    }
    roots = *std::move(pinned);
  }
  auto facts = verify(chain, roots, Role::hub, now);
  if (!facts) return std::unexpected(std::move(facts).error().in("the hub's certificate"));
  if (facts->network != expected.network || facts->node != expected.network) {
    return fail(Code::denied, cat("the hub there is ", facts->node.str(), " of ",
                                  facts->network.str(), ", not ", expected.network.str()));
  }
  return facts;
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  auto const colon = text.rfind(':');
  auto const wrong = [text] {
    return fail(Code::invalid, cat("not an address with a port: \"", printable(text), "\""));
  };
  if (colon == std::string_view::npos || colon == 0) return wrong();
  auto host = text.substr(0, colon);
  auto const digits = text.substr(colon + 1);
  Address address;
  auto const [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (error != std::errc() || end != digits.data() + digits.size()) return wrong();
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong();
  }
  if (host.empty()) return wrong();
  address.host = host;
  return address;
}

std::string Address::to_string() const {
  bool const is_v6 = host.find(':') != std::string::npos;
  return is_v6 ? cat("[", host, "]:", port) : cat(host, ":", port);
}

class Transport::Impl : public std::enable_shared_from_this<Transport::Impl> {
 public:
  Impl(asio::io_context& io, Workers& workers, Clock const& clock, TransportOptions options)
      : io_(io),
        workers_(workers),
        clock_(clock),
        options_(options),
        acceptor_(io),
        tasks_(io),
        connection_limit_(options.connections_burst, Millis(1'000)),
        enrolment_limit_(options.enrolments_burst, Millis(12'000)) {}

  Result<> accept_with(Credentials const& credentials) {
    SOL_TRY(credentials.facts());
    SOL_ASSIGN(server_context_, make_context(&credentials));
    server_roots_ = credentials.roots;
    return {};
  }

  Result<> dial_with(Credentials const& credentials) {
    SOL_ASSIGN(auto const facts, credentials.facts());
    SOL_ASSIGN(client_context_, make_context(&credentials));
    parent_ = {.roots = credentials.roots, .pinned_root = {}, .network = facts.network};
    return {};
  }

  Result<std::uint16_t> listen(Address const& address, Door& door) {
    SOL_CHECK(server_context_ && door_ == nullptr);
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
    tasks_.spawn([self = shared_from_this()] { return self->accept_loop(); });
    return acceptor_.local_endpoint().port();
  }

  void dial(Address const& hub, OnOpened done) {
    if (!client_context_) {
      asio::post(io_, [done = std::move(done)] {
        done(fail(Code::unauthenticated, "this node is not enrolled yet"));
      });
      return;
    }
    tasks_.spawn([self = shared_from_this(), hub, done = std::move(done)]() mutable {
      return self->dial_and_tell(std::move(hub), std::move(done));
    });
  }

  void exchange(Address hub, TlsContext context, Expected expected, std::string_view path,
                Bytes body, OnIssued done) {
    tasks_.spawn([self = shared_from_this(), hub = std::move(hub), context = std::move(context),
                  expected = std::move(expected), path, body = std::move(body),
                  done = std::move(done)]() mutable {
      return self->exchange_and_tell(std::move(hub), std::move(context), std::move(expected), path,
                                     std::move(body), std::move(done));
    });
  }

  void renew(Address const& hub, Pem const& request, OnIssued done) {
    if (!client_context_) {
      asio::post(io_, [done = std::move(done)] {
        done(fail(Code::unauthenticated, "this node is not enrolled yet"));
      });
      return;
    }
    exchange(hub, client_context_, parent_, kRenewPath, request, std::move(done));
  }

  void stop(std::function<void()> done) {
    stopping_ = true;
    ErrorCode ignored;
    acceptor_.close(ignored);
    for (auto const& weak : connections_) {
      if (auto const connection = weak.lock()) connection->abort();
    }
    tasks_.when_idle(std::move(done));
  }

 private:
  // Keeps a connection in sight of stop() for as long as it lives.
  ConnectionPtr track(tcp::socket socket, TlsContext context) {
    std::erase_if(connections_, [](auto const& weak) { return weak.expired(); });
    auto connection = std::make_shared<Connection>(std::move(socket), std::move(context), tasks_);
    connections_.push_back(connection);
    return connection;
  }

  asio::awaitable<void> accept_loop() {
    while (!stopping_) {
      auto [error, socket] = co_await acceptor_.async_accept(kAwait);
      if (stopping_ || error == asio::error::operation_aborted) co_return;
      if (error) {
        // Most often: no file descriptors left. Waiting lets others finish.
        log_warning("link.accept_failed", {{"reason", error.message()}});
        asio::steady_timer pause(io_, Millis(200));
        co_await pause.async_wait(kAwait);
        continue;
      }
      ErrorCode gone;
      auto const remote = socket.remote_endpoint(gone);
      if (gone) continue;
      if (handshakes_ >= options_.handshakes_max ||
          !connection_limit_.allow(remote.address().to_string(), clock_.now())) {
        log_debug("link.connection_dropped", {{"reason", "too many at once"}});
        continue;  // closed by its destructor, before any work was put into it
      }
      Address const from{remote.address().to_string(), remote.port()};
      auto connection = track(std::move(socket), server_context_);
      tasks_.spawn([self = shared_from_this(), connection = std::move(connection), from] {
        return self->serve_counted(connection, from);
      });
    }
  }

  asio::awaitable<void> serve_counted(ConnectionPtr connection, Address from) {
    ++handshakes_;
    connection->arm(options_.handshake_deadline);
    co_await serve(connection, from);
    --handshakes_;
  }

  asio::awaitable<void> serve(ConnectionPtr connection, Address from) {
    ErrorCode ignored;
    connection->tcp_socket().set_option(tcp::no_delay(true), ignored);
    auto const [broken] =
        co_await connection->tls().async_handshake(asio::ssl::stream_base::server, kAwait);
    if (broken) {
      ERR_clear_error();
      log_debug("link.handshake_failed", {{"reason", broken.message()}});
      co_return;
    }
    beast::flat_buffer buffer(kHeaderBytesMax + kEnrolmentBytesMax);
    http::request_parser<http::string_body> parser;
    parser.header_limit(kHeaderBytesMax);
    parser.body_limit(kEnrolmentBytesMax);
    auto const [unread, size] =
        co_await http::async_read(connection->tls(), buffer, parser, kAwait);
    if (unread) {
      log_debug("link.request_unreadable", {{"reason", unread.message()}});
      co_return;
    }
    Request const request = parser.release();
    auto const path = std::string_view(request.target().data(), request.target().size());
    if (request.method() == http::verb::post && path == kEnrolPath) {
      co_await serve_enrolment(connection, request, from);
      co_return;
    }
    Pem const chain = connection->peer_chain();
    auto peer = chain.empty() ? Result<CertificateFacts>(fail(
                                    Code::unauthenticated, "enrol first: no certificate is shown"))
                              : verify(chain, server_roots_, Role::node, clock_.now());
    if (!peer) {
      co_await turn_away(connection, {}, from, peer.error());
    } else if (request.method() == http::verb::post && path == kRenewPath) {
      co_await serve_renewal(connection, request, *peer, from);
    } else if (path == kLinkPath && beast::websocket::is_upgrade(request) && buffer.size() == 0) {
      co_await serve_link(connection, request, *peer, from);
    } else {
      co_await answer(connection, http::status::not_found, "nothing here");
    }
  }

  asio::awaitable<void> turn_away(ConnectionPtr connection, NodeName peer, Address from,
                                  Error why) {
    door_->turned_away(peer, from.to_string(), why);
    co_await answer(connection, status_of(why.code()), why.message());
  }

  asio::awaitable<void> serve_link(ConnectionPtr connection, Request const& request,
                                   CertificateFacts const& peer, Address const& from) {
    if (auto const admitted = door_->admit(peer); !admitted) {
      co_await turn_away(connection, peer.node, from, admitted.error());
      co_return;
    }
    connection->set_options();
    auto const [failed] = co_await connection->web_socket().async_accept(request, kAwait);
    if (failed || stopping_) co_return;
    connection->disarm();
    door_->opened({.peer = peer, .address = from.to_string(), .channel = connection});
  }

  asio::awaitable<void> serve_enrolment(ConnectionPtr connection, Request const& request,
                                        Address const& from) {
    auto const message = decode_enrolment_request(request.body());
    EnrolmentDesk* const desk = door_->desk();
    if (!message || desk == nullptr) {
      co_await turn_away(connection, {}, from,
                         message ? Error(Code::not_found, "nobody enrols here") : message.error());
      co_return;
    }
    if (!enrolment_limit_.allow(from.host, clock_.now())) {
      co_await turn_away(connection, {}, from,
                         Error(Code::exhausted, "too many enrolments from this address"));
      co_return;
    }
    auto const issued = co_await at_the_desk([desk, message = *message] {
      return desk->redeem(message.node, message.secret, message.request);
    });
    if (!issued) {
      co_await turn_away(connection, message->node, from, issued.error());
      co_return;
    }
    log_info("node.enrolled", {{"node", message->node.str()}, {"from", from.host}});
    co_await answer(connection, http::status::ok, encode(*issued));
  }

  asio::awaitable<void> serve_renewal(ConnectionPtr connection, Request const& request,
                                      CertificateFacts const& peer, Address const& from) {
    EnrolmentDesk* const desk = door_->desk();
    auto admitted = door_->admit(peer);
    if (admitted && desk == nullptr) admitted = fail(Code::not_found, "nobody renews here");
    if (admitted && !enrolment_limit_.allow(peer.node.str(), clock_.now())) {
      admitted = fail(Code::exhausted, "too many renewals by this node");
    }
    if (!admitted) {
      co_await turn_away(connection, peer.node, from, admitted.error());
      co_return;
    }
    auto const issued = co_await at_the_desk(
        [desk, peer, asked = request.body()] { return desk->renew(peer, asked); });
    if (!issued) {
      co_await turn_away(connection, peer.node, from, issued.error());
      co_return;
    }
    log_info("node.certificate_renewed", {{"node", peer.node.str()}});
    co_await answer(connection, http::status::ok, encode(*issued));
  }

  // Asks on a worker thread and comes back to this one.
  asio::awaitable<Result<Issued>> at_the_desk(std::move_only_function<Result<Issued>()> question) {
    struct Pending {
      asio::steady_timer answered;
      Result<Issued> answer;
    };
    auto pending = std::make_shared<Pending>(
        Pending{asio::steady_timer(io_, asio::steady_timer::time_point::max()),
                fail(Code::unavailable, "the hub is stopping")});
    bool const taken = workers_.submit([this, pending, question = std::move(question)]() mutable {
      auto given = question();
      asio::post(io_, [pending, given = std::move(given)]() mutable {
        pending->answer = std::move(given);
        pending->answered.cancel();
      });
    });
    if (taken) co_await pending->answered.async_wait(kAwait);
    co_return std::move(pending->answer);
  }

  // An open TLS connection to the verified hub.
  asio::awaitable<Result<std::pair<ConnectionPtr, CertificateFacts>>> connect(Address hub,
                                                                              TlsContext context,
                                                                              Expected expected,
                                                                              Millis within) {
    auto connection = track(tcp::socket(io_), std::move(context));
    connection->arm(within);
    auto const doing = cat("connecting to ", hub.to_string());
    auto resolver = std::make_shared<tcp::resolver>(io_);
    auto const [unknown, endpoints] =
        co_await resolver->async_resolve(hub.host, std::to_string(hub.port), kAwait);
    if (unknown) co_return std::unexpected(network_error(unknown, connection->timed_out(), doing));
    if (stopping_ || connection->timed_out()) {
      co_return fail(Code::timeout, cat(doing, ": no answer in time"));
    }
    auto const [unreachable, endpoint] =
        co_await asio::async_connect(connection->tcp_socket(), endpoints, kAwait);
    if (unreachable) {
      co_return std::unexpected(network_error(unreachable, connection->timed_out(), doing));
    }
    ErrorCode ignored;
    connection->tcp_socket().set_option(tcp::no_delay(true), ignored);
    auto const [broken] =
        co_await connection->tls().async_handshake(asio::ssl::stream_base::client, kAwait);
    if (broken) {
      ERR_clear_error();
      co_return std::unexpected(network_error(broken, connection->timed_out(), doing));
    }
    auto facts = verify_hub(connection->peer_chain(), expected, clock_.now());
    if (!facts) {
      connection->abort();
      co_return std::unexpected(std::move(facts).error());
    }
    co_return std::pair(std::move(connection), *std::move(facts));
  }

  asio::awaitable<void> dial_and_tell(Address hub, OnOpened done) {
    auto opened = co_await open_channel(std::move(hub));
    if (stopping_ && opened) opened = fail(Code::unavailable, "stopping");
    done(std::move(opened));
  }

  asio::awaitable<Result<Opened>> open_channel(Address hub) {
    auto connected = co_await connect(hub, client_context_, parent_, options_.handshake_deadline);
    if (!connected) co_return std::unexpected(std::move(connected).error());
    auto& [connection, facts] = *connected;
    connection->set_options();
    beast::websocket::response_type response;
    auto const [failed] = co_await connection->web_socket().async_handshake(
        response, facts.node.str(), kLinkPath, kAwait);
    if (failed) {
      bool const declined = failed == beast::websocket::error::upgrade_declined;
      auto why = declined ? refusal_of(response)
                          : network_error(failed, connection->timed_out(), "opening the link");
      connection->abort();
      co_return std::unexpected(std::move(why));
    }
    connection->disarm();
    co_return Opened{.peer = facts, .address = hub.to_string(), .channel = connection};
  }

  asio::awaitable<void> exchange_and_tell(Address hub, TlsContext context, Expected expected,
                                          std::string_view path, Bytes body, OnIssued done) {
    done(co_await ask(std::move(hub), std::move(context), std::move(expected), path,
                      std::move(body)));
  }

  asio::awaitable<Result<Issued>> ask(Address hub, TlsContext context, Expected expected,
                                      std::string_view path, Bytes body) {
    auto connected =
        co_await connect(hub, std::move(context), std::move(expected), options_.enrolment_deadline);
    if (!connected) co_return std::unexpected(std::move(connected).error());
    auto const& connection = connected->first;
    Request request{http::verb::post, {path.data(), path.size()}, 11};
    request.set(http::field::host, connected->second.node.str());
    request.set(http::field::content_type, "application/octet-stream");
    request.body() = std::move(body);
    request.prepare_payload();
    auto const [unsent, sent] = co_await http::async_write(connection->tls(), request, kAwait);
    if (unsent) {
      co_return std::unexpected(network_error(unsent, connection->timed_out(), "asking the hub"));
    }
    beast::flat_buffer buffer(kHeaderBytesMax + kEnrolmentBytesMax);
    http::response_parser<http::string_body> parser;
    parser.body_limit(kEnrolmentBytesMax);
    auto const [unread, size] =
        co_await http::async_read(connection->tls(), buffer, parser, kAwait);
    bool const timed_out = connection->timed_out();
    connection->abort();
    if (unread) co_return std::unexpected(network_error(unread, timed_out, "asking the hub"));
    if (parser.get().result() != http::status::ok) {
      co_return std::unexpected(refusal_of(parser.get()));
    }
    co_return decode_issued(parser.get().body());
  }

  asio::io_context& io_;
  Workers& workers_;
  Clock const& clock_;
  TransportOptions const options_;
  TlsContext server_context_;
  TlsContext client_context_;
  Pem server_roots_;
  Expected parent_;
  tcp::acceptor acceptor_;
  TaskGroup tasks_;
  Door* door_ = nullptr;
  std::vector<std::weak_ptr<Connection>> connections_;
  std::size_t handshakes_ = 0;
  RateLimit connection_limit_;
  RateLimit enrolment_limit_;
  bool stopping_ = false;
};

Transport::Transport(asio::io_context& io, Workers& workers, Clock const& clock,
                     TransportOptions options)
    : impl_(std::make_shared<Impl>(io, workers, clock, options)) {}

Transport::~Transport() = default;

Result<> Transport::accept_with(Credentials const& credentials) {
  return impl_->accept_with(credentials);
}

Result<> Transport::dial_with(Credentials const& credentials) {
  return impl_->dial_with(credentials);
}

Result<std::uint16_t> Transport::listen(Address const& address, Door& door) {
  return impl_->listen(address, door);
}

void Transport::dial(Address const& hub, OnOpened done) {
  impl_->dial(hub, std::move(done));
}

void Transport::enrol(EnrolmentToken const& token, Pem const& request, OnIssued done) {
  auto address = Address::parse(token.hub_address);
  auto context = make_context(nullptr);
  if (!address) return done(std::unexpected(std::move(address).error()));
  if (!context) return done(std::unexpected(std::move(context).error()));
  impl_->exchange(
      *std::move(address), *std::move(context),
      {.roots = {}, .pinned_root = token.authority_fingerprint, .network = token.network},
      kEnrolPath, encode(EnrolmentRequest{token.node, token.secret, request}), std::move(done));
}

void Transport::renew(Address const& hub, Pem const& request, OnIssued done) {
  impl_->renew(hub, request, std::move(done));
}

void Transport::stop(std::function<void()> done) {
  impl_->stop(std::move(done));
}

Result<Credentials> enrol(EnrolmentToken const& token, Clock const& clock) {
  if (token.expires < clock.now()) {
    return fail(Code::denied, "this token has expired: ask the hub for another one");
  }
  SOL_ASSIGN(auto pair, make_key_and_request());
  asio::io_context io;
  ThreadWorkers workers;
  Transport transport(io, workers, clock);
  Result<Issued> issued = fail(Code::internal, "the enrolment did not run");
  transport.enrol(token, pair.request,
                  [&issued](Result<Issued> given) { issued = std::move(given); });
  io.run();
  if (!issued) return std::unexpected(std::move(issued).error());
  Credentials credentials{std::move(pair.key), std::move(issued->certificate),
                          std::move(issued->roots)};
  SOL_ASSIGN(auto const facts,
             verify(credentials.certificate, credentials.roots, Role::node, clock.now()));
  SOL_TRY(credentials.facts());
  auto const root = find_certificate(credentials.roots, token.authority_fingerprint);
  if (!root || facts.node != token.node || facts.network != token.network) {
    return fail(Code::denied, "the hub gave a certificate for another node or network");
  }
  return credentials;
}

}  // namespace solidaires::net
