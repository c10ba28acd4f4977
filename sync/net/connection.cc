#include "sync/net/connection.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <deque>

#include "sync/base/check.h"
#include "sync/base/limits.h"
#include "sync/net/line_rate.h"

namespace solidaires::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using WebSocket = beast::websocket::stream<Tls, false>;  // without deflate

constexpr std::size_t kIdleBufferBytes = 4UL * 1024;  // most of a hub's links rest
constexpr std::size_t kBulkInARow = 8;
constexpr std::size_t kPartBytes = 16UL * 1024;  // a message is written in such parts

class WebSocketConnection final : public Connection {
 public:
  WebSocketConnection(tcp::socket socket, TlsContext context, TaskGroup& tasks)
      : Connection(socket.get_executor()),
        context_(std::move(context)),
        stream_(std::move(socket), *context_),
        tasks_(tasks),
        reader_wakes_(stream_.get_executor()),
        writer_wakes_(stream_.get_executor()) {}

  [[nodiscard]] Tls& tls() override { return stream_.next_layer(); }

  asio::awaitable<ErrorCode> accept(std::string request) override {
    set_options();
    auto const [failed] = co_await stream_.async_accept(asio::buffer(request), kAwait);
    co_return failed;
  }

  asio::awaitable<Upgrade> open(std::string host, std::string path) override {
    set_options();
    beast::websocket::response_type response;
    auto const [failed] = co_await stream_.async_handshake(response, host, path, kAwait);
    Upgrade upgrade{.failed = failed, .declined = std::nullopt};
    if (failed == beast::websocket::error::upgrade_declined) {
      upgrade.declined = HttpResponse{.status = response.result_int(), .body = response.body()};
    }
    co_return upgrade;
  }

  void start(ChannelEvents& events) override {
    SOL_CHECK(events_ == nullptr);
    events_ = &events;
    loops_ = 2;
    auto const self = std::static_pointer_cast<WebSocketConnection>(shared_from_this());
    tasks_.spawn([self] { return self->read_loop(); });
    tasks_.spawn([self] { return self->write_loop(); });
  }

  void send(Bytes message, Lane lane) override {
    if (closing_ || ended_) return;
    waiting_bytes_ += message.size();
    queue_of(lane).push_back(std::move(message));
    writer_wakes_.cancel();
  }

  [[nodiscard]] std::size_t waiting_bytes() const override { return waiting_bytes_; }

  [[nodiscard]] std::uint64_t line_rate() override {
    return net::line_rate(stream_.next_layer().next_layer().native_handle());
  }

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
    socket().close(ignored);
    reader_wakes_.cancel();
    writer_wakes_.cancel();
  }

 private:
  void set_options() {
    stream_.binary(true);
    stream_.auto_fragment(false);
    stream_.write_buffer_bytes(kPartBytes);
    stream_.read_message_max(0);  // see read_loop()
  }

  asio::awaitable<void> read_loop() {
    beast::flat_buffer buffer;
    while (!ended_) {
      if (paused_ && socket().is_open()) {
        co_await sleep(&reader_wakes_);
        continue;
      }
      // The limit is kept here and not by Beast, whose error for it is lost in its own closing.
      auto const [failed, size] =
          co_await stream_.async_read_some(buffer, limits::kFrameBytes + 1 - buffer.size(), kAwait);
      if (failed) {
        end(why(failed, "reading"));
      } else if (buffer.size() > limits::kFrameBytes) {
        end(Error(Code::exhausted, "reading: a frame is larger than the limit"));
      } else if (!stream_.got_binary()) {
        end(Error(Code::corrupt, "reading: a text message, where only binary ones belong"));
      } else if (stream_.is_message_done()) {
        Bytes message(static_cast<char const*>(buffer.cdata().data()), buffer.size());
        buffer.clear();
        if (buffer.capacity() > kIdleBufferBytes) buffer = beast::flat_buffer();
        events_->received(std::move(message));
      } else {
        events_->receiving(size);
      }
    }
    loop_ended();
  }

  std::deque<Bytes>& queue_of(Lane lane) {
    switch (lane) {
      case Lane::control: return control_;
      case Lane::bulk: return bulk_;
      case Lane::files: break;
    }
    return files_;
  }

  // Whose turn it is; an empty one if all are. A feed without end does not hold up files for ever.
  Lane next_lane() {
    if (!control_.empty()) return Lane::control;
    bool const bulk_goes = !bulk_.empty() && (files_.empty() || bulk_in_a_row_ < kBulkInARow);
    bulk_in_a_row_ = bulk_goes ? bulk_in_a_row_ + 1 : 0;
    return bulk_goes ? Lane::bulk : Lane::files;
  }

  asio::awaitable<void> write_loop() {
    while (!ended_) {
      auto const lane = next_lane();
      auto& queue = queue_of(lane);
      if (queue.empty()) {
        if (closing_) break;
        co_await sleep(&writer_wakes_);
        continue;
      }
      Bytes message = std::move(queue.front());
      queue.pop_front();
      co_await write(std::move(message), lane);
    }
    if (!ended_) {
      co_await stream_.async_close(beast::websocket::close_code::normal, kAwait);
      end(Error(Code::unavailable, "closed"));
    }
    loop_ended();
  }

  // In parts, each of which is told: one large message may take minutes on a slow line.
  asio::awaitable<void> write(Bytes message, Lane lane) {
    std::size_t written = 0;
    do {
      auto const part = std::min(kPartBytes, message.size() - written);
      bool const is_last = written + part == message.size();
      auto const [failed, size] = co_await stream_.async_write_some(
          is_last, asio::buffer(message.data() + written, part), kAwait);
      written += part;
      waiting_bytes_ -= part;
      if (failed) end(why(failed, "writing"));
      if (!ended_) events_->sent(size, lane);
    } while (!ended_ && written < message.size());
    waiting_bytes_ -= message.size() - written;
  }

  static asio::awaitable<void> sleep(asio::steady_timer* timer) {
    timer->expires_at(asio::steady_timer::time_point::max());
    co_await timer->async_wait(kAwait);
  }

  [[nodiscard]] Error why(ErrorCode const& failed, std::string_view doing) const {
    if (failed == beast::websocket::error::closed) {
      return {Code::unavailable, cat(doing, ": the other end closed the connection")};
    }
    static auto const& kWebSocket = make_error_code(beast::websocket::error::closed).category();
    if (failed.category() == kWebSocket && !timed_out()) {
      return {Code::corrupt, cat(doing, ": ", failed.message())};
    }
    return network_error(failed, timed_out(), doing);
  }

  void end(Error reason) {
    if (ended_) return;
    ended_ = true;
    why_ = std::move(reason);
    abort();
  }

  void loop_ended() {
    if (--loops_ > 0) return;
    disarm();
    std::exchange(events_, nullptr)->closed(why_);
  }

  TlsContext context_;
  WebSocket stream_;
  TaskGroup& tasks_;
  asio::steady_timer reader_wakes_;
  asio::steady_timer writer_wakes_;
  ChannelEvents* events_ = nullptr;
  std::deque<Bytes> control_;
  std::deque<Bytes> bulk_;
  std::deque<Bytes> files_;
  std::size_t bulk_in_a_row_ = 0;
  std::size_t waiting_bytes_ = 0;
  int loops_ = 0;
  bool paused_ = false;
  bool closing_ = false;
  bool ended_ = false;
  Error why_{Code::unavailable, "closed"};
};

}  // namespace

std::shared_ptr<Connection> Connection::make(tcp::socket socket, TlsContext context,
                                             TaskGroup& tasks) {
  return std::make_shared<WebSocketConnection>(std::move(socket), std::move(context), tasks);
}

void Connection::arm(Millis within) {
  deadline_.expires_after(within);
  deadline_.async_wait([weak = weak_from_this()](ErrorCode const& cancelled) {
    auto const self = weak.lock();
    if (cancelled || !self) return;
    self->timed_out_ = true;
    self->abort();
  });
}

}  // namespace solidaires::net
