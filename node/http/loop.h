// One IO thread: an io_context, its listening sockets, its connections, one coarse timer for all
// deadlines. Everything here runs on that thread unless it says otherwise. Private to this room.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <ctime>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "node/http/shared.h"
#include "sync/base/rng.h"

namespace solidaires::http {

using Executor = boost::asio::io_context::executor_type;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;
using Timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Steady = std::chrono::steady_clock::time_point;

class Connection;

class Loop {
 public:
  explicit Loop(Shared& shared);
  ~Loop();
  Loop(Loop const&) = delete;
  Loop& operator=(Loop const&) = delete;

  // Before start(). `port` is where it was bound: what was asked, or a free one.
  Result<std::uint16_t> listen(Listener const& listener, bool reuse_port);
  void start();
  // Any thread. `patience` counts from now; then join().
  void drain(std::chrono::milliseconds patience);
  void join();

  // For connections.
  [[nodiscard]] Shared& shared() noexcept { return shared_; }
  [[nodiscard]] bool is_draining() const noexcept { return is_draining_; }
  [[nodiscard]] Steady now() const noexcept { return std::chrono::steady_clock::now(); }
  // "Date: ...\r\n"; made once a second.
  [[nodiscard]] std::string const& date_line();
  [[nodiscard]] std::string make_id();
  // Work on the pool that will come back to this loop: it is awaited at the end. `work` runs on a
  // worker, `done` here. False: the pool is full (or stopped).
  [[nodiscard]] bool run_on_worker(std::move_only_function<void()> work,
                                   std::move_only_function<void()> done, bool is_admitted);
  // Something that somebody else will give back by post_task(), once, from any thread.
  void expect_task() noexcept { ++tasks_; }
  void expect_no_task() { --tasks_, finish_if_empty(); }
  void post_task(std::move_only_function<void()> task);

  using Place = std::list<std::shared_ptr<Connection>>::iterator;
  void became_idle(Place place);
  void remove(Place place, boost::asio::ip::address const& peer);
  // Scratch space for one synchronous step.
  [[nodiscard]] std::string& scratch() noexcept { return scratch_; }
  [[nodiscard]] Head& head() noexcept { return head_; }

 private:
  struct Door {
    Acceptor acceptor;
    Listener::Kind kind;
    Socket next;
    boost::asio::ip::tcp::endpoint peer{};
    bool is_paused = false;
  };
  void accept(Door& door);
  void admit(Door& door);
  [[nodiscard]] bool make_room();
  void tick();
  void begin_drain(std::chrono::milliseconds patience);
  void close_door(Door& door);
  void cut_all();
  void finish_if_empty();

  Shared& shared_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<Executor> guard_;
  Timer ticker_;
  Timer patience_;
  std::list<Door> doors_;                               // their places stay: handlers refer to them
  std::list<std::shared_ptr<Connection>> connections_;  // the longest idle first
  std::unordered_map<boost::asio::ip::address, std::size_t> per_peer_;
  std::size_t tasks_ = 0;
  bool is_draining_ = false;
  std::string date_line_;
  std::time_t date_second_ = 0;
  SeededRng ids_;
  std::string scratch_;
  Head head_;
  std::thread thread_;
};

}  // namespace solidaires::http
