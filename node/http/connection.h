// One client: bytes in, requests one after the other, responses in their order, bytes out; one
// deadline at a time. Belongs to a loop and runs on its thread only; kept alive by whatever it has
// started. Private to this room.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "node/http/exchange.h"
#include "node/http/loop.h"

namespace solidaires::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Loop& loop, Socket socket, boost::asio::ip::address peer, Listener::Kind kind);
  ~Connection();

  void start(Loop::Place place);
  // Now and then, by the loop.
  void check_deadline(Steady now);
  // Ends it unless a request is in flight, which is then the last one.
  void drain();
  // Ends it at once.
  void cut();
  [[nodiscard]] bool is_idle() const noexcept { return state_ == State::head && input_.empty(); }

 private:
  enum class State : std::uint8_t { head, body, working, writing, lingering, closed };
  enum class Step : std::uint8_t { go_on, read, wait };

  // Goes on until something has to be awaited.
  void drive();
  Step step_head();
  Step step_body();
  Step step_write();
  void want_read();
  void on_read(std::size_t size, boost::system::error_code const& error);
  void consume(std::size_t size) noexcept { input_.remove_prefix(size); }
  void keep_input();

  // From a head to an answer.
  void begin_request(std::string_view bytes);
  [[nodiscard]] bool is_host_ours(Head const& head) const;
  [[nodiscard]] bool answer_at_once(Head const& head);
  void redirect_to_https(Head const& head);
  void make_exchange(Head const& head);
  [[nodiscard]] bool take_from_budget();  // false: none is left
  void begin_exchange(Head const& head);
  void on_admitted();
  void start_body();
  [[nodiscard]] bool collect_body();  // false: refused
  void hand_over_body();
  void continue_body();
  void dispatch();
  void run_exchange();
  void on_page_of_another(std::shared_ptr<Prebuilt const> page);
  void refuse(int status);           // in plain words, before there is a request
  void refuse_politely(int status);  // with the error page; the body stays unread
  // `work` on a worker with the exchange, then `done` here; 503 when the pool is full.
  void on_worker(std::move_only_function<void(Exchange&)> work, void (Connection::*done)(),
                 bool is_admitted);

  // From an answer to the wire.
  void answer(Outgoing out);
  void answer_from_exchange();
  [[nodiscard]] bool write_pending();  // false: would block, or broken
  [[nodiscard]] bool seal_pending();   // TLS: pending_ into the filter's output
  bool flush_output();                 // TLS: the filter's output to the socket
  void wait_writable();
  void ask_source();
  void take_from_source(Result<std::string> part);
  void finish_response();
  void linger();
  void close();
  void set_state(State state);
  void set_deadline(std::chrono::milliseconds after) { deadline_ = loop_.now() + after; }
  // `base` from the start of the phase, and what so many bytes have earned.
  void extend_deadline(std::chrono::milliseconds base, std::uint64_t bytes);

  Loop& loop_;
  Shared& shared_;
  Socket socket_;
  boost::asio::ip::address peer_;
  Listener::Kind kind_;
  Loop::Place place_;
  std::unique_ptr<TlsFilter> tls_;

  State state_ = State::head;
  bool is_reading_ = false;
  bool is_waiting_writable_ = false;
  bool is_eof_ = false;
  Steady deadline_{};
  Steady phase_began_{};  // of the body or the response

  std::unique_ptr<char[]> wire_;  // what the socket reads into
  std::size_t wire_size_ = 0;
  std::string kept_;        // input that outlived one read
  std::string_view input_;  // not yet consumed: into wire_ or kept_
  bool is_input_kept_ = false;
  std::size_t scanned_ = 0;
  bool has_head_begun_ = false;

  // The request at hand.
  std::shared_ptr<Exchange> exchange_;
  std::optional<ChunkedReader> chunked_;
  std::uint64_t body_left_ = 0;
  std::uint64_t body_received_ = 0;
  std::string body_part_;
  bool is_body_complete_ = false;
  bool keep_alive_ = true;
  bool is_http_10_ = false;
  bool by_robot_ = false;
  bool is_secure_ = false;
  bool expects_continue_ = false;
  Method method_ = Method::get;
  std::string client_;  // address, behind trusted proxies
  Steady head_done_{};

  // The response at hand.
  Outgoing out_;
  std::string tail_;
  std::string budget_lines_;  // header lines
  std::string chunk_;
  std::array<std::string_view, 3> pending_;
  std::size_t output_sent_ = 0;  // TLS: how much of the filter's output is gone
  std::uint64_t sent_ = 0;       // since phase_began_
  std::uint64_t body_sent_ = 0;
  bool is_source_busy_ = false;
};

}  // namespace solidaires::http
