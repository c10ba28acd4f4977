#include "node/http/loop.h"

#include <boost/asio/post.hpp>

#include "node/http/connection.h"
#include "node/http/message.h"
#include "sync/base/log.h"

namespace solidaires::http {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

constexpr std::chrono::milliseconds kTick{100};
constexpr int kBacklog = 1024;

Error bind_error(Listener const& listener, boost::system::error_code const& error) {
  bool const is_busy = error == asio::error::address_in_use;
  return {is_busy ? Code::busy : Code::io, cat("cannot listen on ", listener.address, " port ",
                                               listener.port, ": ", error.message())};
}

}  // namespace

Loop::Loop(Shared& shared)
    : shared_(shared),
      guard_(io_.get_executor()),
      ticker_(io_),
      patience_(io_),
      ids_(SystemRng().next()) {}

Loop::~Loop() = default;

Result<std::uint16_t> Loop::listen(Listener const& listener, bool reuse_port) {
  boost::system::error_code error;
  auto const address = asio::ip::make_address(listener.address, error);
  if (error) return fail(Code::invalid, cat("\"", listener.address, "\" is no address"));
  tcp::endpoint const endpoint(address, listener.port);
  Acceptor acceptor(io_);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && reuse_port) {
    using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
    acceptor.set_option(ReusePort(true), error);
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kBacklog, error);
  if (!error) acceptor.non_blocking(true, error);
  if (error) return std::unexpected(bind_error(listener, error));
  std::uint16_t const port = acceptor.local_endpoint(error).port();
  doors_.push_back({.acceptor = std::move(acceptor), .kind = listener.kind, .next = Socket(io_)});
  return port;
}

void Loop::start() {
  for (Door& door : doors_) accept(door);
  tick();
  thread_ = std::thread([this] { io_.run(); });
}

void Loop::join() {
  if (thread_.joinable()) thread_.join();
}

void Loop::accept(Door& door) {
  door.acceptor.async_accept(door.next, door.peer,
                             [this, &door](boost::system::error_code const& error) {
                               if (!error) admit(door);
                               if (is_draining_) return;
                               // Out of descriptors, say: the tick tries again.
                               door.is_paused = static_cast<bool>(error);
                               if (!error) accept(door);
                             });
}

void Loop::admit(Door& door) {
  Socket socket = std::move(door.next);
  door.next = Socket(io_);
  auto const address = door.peer.address();
  std::size_t const open_here = per_peer_[address];
  bool const is_proxy = shared_.proxies.contains(address.to_string());
  bool const is_crowd = open_here >= shared_.options.connections_per_peer_max && !is_proxy;
  if (is_crowd || (shared_.open >= shared_.options.connections_max && !make_room())) {
    if (open_here == 0) per_peer_.erase(address);
    ++shared_.refused;
    return;  // closes it
  }
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  ++per_peer_[address];
  ++shared_.accepted;
  ++shared_.open;
  auto connection = std::make_shared<Connection>(*this, std::move(socket), address, door.kind);
  connections_.push_back(connection);
  connection->start(std::prev(connections_.end()));
  if (is_draining_) connection->drain();
}

bool Loop::make_room() {
  for (auto const& connection : connections_) {
    if (!connection->is_idle()) continue;
    std::shared_ptr<Connection> const kept = connection;  // cut() takes it off the list
    kept->cut();
    return true;
  }
  return false;
}

void Loop::tick() {
  Steady const at = now();
  for (auto place = connections_.begin(); place != connections_.end();) {
    std::shared_ptr<Connection> const connection = *place++;
    connection->check_deadline(at);
  }
  for (Door& door : doors_) {
    if (std::exchange(door.is_paused, false)) accept(door);
  }
  if (!guard_.owns_work()) return;  // that was the last connection
  ticker_.expires_after(kTick);
  ticker_.async_wait([this](boost::system::error_code const& error) {
    if (!error) tick();
  });
}

std::string const& Loop::date_line() {
  std::time_t const second = std::time(nullptr);
  if (second != date_second_) {
    date_second_ = second;
    date_line_ = cat("Date: ", http_date(from_unix_ms(second * 1000)), "\r\n");
  }
  return date_line_;
}

std::string Loop::make_id() {
  constexpr std::size_t kIdBytes = 10;
  return base32(ids_.bytes(kIdBytes));
}

bool Loop::run_on_worker(std::move_only_function<void()> work, std::move_only_function<void()> done,
                         bool is_admitted) {
  expect_task();
  auto task = [this, work = std::move(work), done = std::move(done)]() mutable {
    work();
    work = nullptr;  // what it holds must not outlive the loop
    post_task(std::move(done));
  };
  WorkerPool& workers = shared_.parts.workers;
  bool const is_taken =
      is_admitted ? workers.submit_admitted(std::move(task)) : workers.submit(std::move(task));
  if (!is_taken) expect_no_task();
  return is_taken;
}

void Loop::post_task(std::move_only_function<void()> task) {
  asio::post(io_, [this, task = std::move(task)]() mutable {
    task();
    task = nullptr;  // lets go of the connection before the loop looks whether all are gone
    expect_no_task();
  });
}

void Loop::became_idle(Place place) {
  connections_.splice(connections_.end(), connections_, place);
}

void Loop::remove(Place place, asio::ip::address const& peer) {
  connections_.erase(place);
  --shared_.open;
  auto const count = per_peer_.find(peer);
  if (count != per_peer_.end() && --count->second == 0) per_peer_.erase(count);
  finish_if_empty();
}

void Loop::drain(std::chrono::milliseconds patience) {
  asio::post(io_, [this, patience] { begin_drain(patience); });
}

void Loop::begin_drain(std::chrono::milliseconds patience) {
  patience_.expires_after(patience);
  patience_.async_wait([this](boost::system::error_code const& error) {
    if (!error) cut_all();
  });
  bool const is_first = !std::exchange(is_draining_, true);
  for (Door& door : doors_) {
    if (is_first) close_door(door);
  }
  for (auto place = connections_.begin(); place != connections_.end();) {
    std::shared_ptr<Connection> const connection = *place++;
    connection->drain();
  }
  finish_if_empty();
}

// Those who are connected already, but not yet greeted, are served as well.
void Loop::close_door(Door& door) {
  boost::system::error_code error;
  door.acceptor.cancel(error);
  for (;;) {
    door.acceptor.accept(door.next, door.peer, error);
    if (error) break;
    admit(door);
  }
  door.acceptor.close(error);
}

void Loop::cut_all() {
  if (!connections_.empty()) {
    log_warning("http.drain_cut", {{"connections", connections_.size()}});
  }
  for (auto place = connections_.begin(); place != connections_.end();) {
    std::shared_ptr<Connection> const connection = *place++;
    connection->cut();
  }
}

void Loop::finish_if_empty() {
  if (!is_draining_ || !connections_.empty() || tasks_ > 0) return;
  ticker_.cancel();
  patience_.cancel();
  guard_.reset();
}

}  // namespace solidaires::http
