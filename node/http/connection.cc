#include "node/http/connection.h"

#include "node/http/rate_limiter.h"
#include "node/http/target.h"
#include "sync/base/log.h"

namespace solidaires::http {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

constexpr std::size_t kReadSmall = 4096;  // what an idle connection holds
constexpr std::size_t kReadLarge = 64UL * 1024;
constexpr std::size_t kBodyPart = 256UL * 1024;  // handed to a worker at once
constexpr std::size_t kSealRecord = 16UL * 1024;
constexpr std::size_t kSealMost = 256UL * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Connection::Connection(Loop& loop, Socket socket, asio::ip::address peer, Listener::Kind kind)
    : loop_(loop),
      shared_(loop.shared()),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      kind_(kind) {
  if (kind_ == Listener::Kind::tls) tls_ = std::make_unique<TlsFilter>(*shared_.tls);
}

Connection::~Connection() = default;

void Connection::start(Loop::Place place) {
  place_ = place;
  set_deadline(shared_.options.deadlines.head);
  drive();
}

void Connection::set_state(State state) {
  auto const is_busy = [](State one) {
    return one == State::body || one == State::working || one == State::writing;
  };
  if (is_busy(state) && !is_busy(state_)) ++shared_.busy;
  if (!is_busy(state) && is_busy(state_)) --shared_.busy;
  state_ = state;
}

void Connection::extend_deadline(std::chrono::milliseconds base, std::uint64_t bytes) {
  auto const earned = bytes * 1000 / shared_.options.deadlines.bytes_per_s_min;
  deadline_ = phase_began_ + base + std::chrono::milliseconds(earned);
}

void Connection::drive() {
  for (;;) {
    if (tls_ && state_ != State::closed && !flush_output()) return;
    Step step = Step::wait;
    switch (state_) {
      case State::head: step = step_head(); break;
      case State::body: step = step_body(); break;
      case State::writing: step = step_write(); break;
      case State::lingering:
        consume(input_.size());
        step = Step::read;
        break;
      case State::working:
      case State::closed: return;
    }
    if (step == Step::read) want_read();
    if (step != Step::go_on) return;
  }
}

// --- bytes in ---

void Connection::keep_input() {
  if (input_.empty()) {
    kept_.clear();
  } else if (is_input_kept_) {
    kept_.erase(0, kept_.size() - input_.size());
  } else {
    kept_.assign(input_);
  }
  is_input_kept_ = true;
  input_ = kept_;
}

void Connection::want_read() {
  if (is_eof_) return close();
  // A TLS hello or alert may be waiting to go out; nothing is read before it is gone.
  if (tls_ && !flush_output()) return;
  if (is_reading_ || state_ == State::closed) return;
  keep_input();
  std::size_t const wanted =
      state_ == State::body && (body_left_ > kReadSmall || chunked_) ? kReadLarge : kReadSmall;
  if (wire_size_ != wanted) {
    wire_ = std::make_unique_for_overwrite<char[]>(wanted);
    wire_size_ = wanted;
  }
  is_reading_ = true;
  socket_.async_read_some(asio::mutable_buffer(wire_.get(), wire_size_),
                          [self = shared_from_this()](ErrorCode const& error, std::size_t size) {
                            self->is_reading_ = false;
                            self->on_read(size, error);
                          });
}

void Connection::on_read(std::size_t size, ErrorCode const& error) {
  if (state_ == State::closed) return;
  if (error) {
    is_eof_ = true;
  } else if (tls_) {
    auto const status = tls_->receive({wire_.get(), size}, kept_);
    is_input_kept_ = true;
    input_ = kept_;
    if (status == TlsFilter::Status::failed) {
      flush_output();  // the alert, if it goes
      return close();
    }
    if (status == TlsFilter::Status::closed) is_eof_ = true;
  } else if (kept_.empty()) {
    is_input_kept_ = false;
    input_ = {wire_.get(), size};
  } else {
    kept_.append(wire_.get(), size);
    input_ = kept_;
  }
  drive();
}

// --- from a head to an answer ---

Connection::Step Connection::step_head() {
  Deadlines const& deadlines = shared_.options.deadlines;
  consume(leading_line_breaks(input_));
  if (input_.empty()) return Step::read;
  if (!has_head_begun_) {
    has_head_begun_ = true;
    set_deadline(deadlines.head);
  }
  if (!may_be_head(input_)) {
    method_ = Method::other;
    refuse(400);
    return Step::go_on;
  }
  std::size_t const size = find_head_end(input_, scanned_);
  if (size == 0) {
    if (input_.size() <= shared_.options.codec.head_bytes_max) return Step::read;
    method_ = Method::other;
    refuse(431);
    return Step::go_on;
  }
  scanned_ = 0;
  has_head_begun_ = false;
  std::string_view const bytes = input_.substr(0, size);
  consume(size);
  begin_request(bytes);
  return Step::go_on;
}

void Connection::begin_request(std::string_view bytes) {
  head_done_ = loop_.now();
  ++shared_.requests;
  Head& head = loop_.head();
  if (auto const refusal = parse_head(bytes, shared_.options.codec, head)) {
    log_debug("http.refused", {{"status", refusal->status}, {"reason", refusal->reason}});
    method_ = head.method_text.empty() ? Method::other : head.method;
    return refuse(refusal->status);
  }
  method_ = head.method;
  is_http_10_ = head.is_http_10;
  by_robot_ = is_robot(head.find("User-Agent"));
  keep_alive_ = head.keep_alive && !loop_.is_draining();
  std::string_view const forwarded = head.find("X-Forwarded-Proto");
  is_secure_ = tls_ != nullptr || (!forwarded.empty() && forwarded == "https" &&
                                   shared_.proxies.contains(peer_.to_string()));
  if (kind_ == Listener::Kind::https_redirect) return redirect_to_https(head);
  if (!is_host_ours(head)) return refuse(421);
  if (!answer_at_once(head)) begin_exchange(head);
}

bool Connection::is_host_ours(Head const& head) const {
  auto const& hosts = shared_.options.hosts;
  if (hosts.empty() || head.host.empty()) return true;
  std::string_view const name = head.host.substr(0, head.host.rfind(':'));
  return std::ranges::any_of(hosts, [&](std::string const& ours) {
    return equals_ignoring_case(ours, head.host) || equals_ignoring_case(ours, name);
  });
}

bool Connection::answer_at_once(Head const& head) {
  if (head.method != Method::get && head.method != Method::head) return false;
  Conditions const conditions{
      .is_head = head.method == Method::head,
      .if_none_match = head.if_none_match,
      .range = head.has_range ? head.find("Range") : std::string_view{},
      .if_range = head.has_range ? head.find("If-Range") : std::string_view{}};
  std::shared_ptr<Prebuilt const> page;
  Served served = Served::asset;
  if (shared_.parts.assets != nullptr) {
    page = shared_.parts.assets->find(head.target.substr(0, head.target.find('?')));
  }
  if (!page && shared_.parts.cache != nullptr && !shared_.is_personal(head)) {
    auto const key = canonical_target(head.target);
    if (key) page = shared_.parts.cache->find(*key, SystemClock().now());
    served = Served::cache;
  }
  if (!page) return false;
  Coding const coding = choose_coding(head.accept_encoding);
  if (page->find(coding) == nullptr) {  // the first who wants it so
    make_exchange(head);
    set_state(State::working);
    on_worker([page = std::move(page)](Exchange& exchange) { exchange.answer_with(page); },
              &Connection::answer_from_exchange, false);
    return true;
  }
  Outgoing out = answer_from(std::move(page), coding, conditions);
  out.served = served;
  answer(std::move(out));
  return true;
}

void Connection::redirect_to_https(Head const& head) {
  std::string_view const name = head.host.substr(0, head.host.rfind(':'));
  if (name.empty() || !head.target.starts_with('/')) return refuse(400);
  Outgoing out;
  out.status = 308;
  out.must_close = head.has_body();
  out.head = cat("HTTP/1.1 308 Permanent Redirect\r\nLocation: https://", name, head.target,
                 "\r\nContent-Length: 0\r\n");
  answer(std::move(out));
}

void Connection::make_exchange(Head const& head) {
  std::string peer = peer_.to_string();
  if (std::string_view const list = head.find("X-Forwarded-For"); !list.empty()) {
    peer = shared_.proxies.client(peer, list);
  }
  client_ = std::move(peer);
  exchange_ = std::make_shared<Exchange>(shared_, head, client_, is_secure_, loop_.make_id());
}

// RateLimit fields as draft-ietf-httpapi-ratelimit-headers-10 has them.
bool Connection::take_from_budget() {
  RateLimiter* const budget = exchange_->budget();
  if (budget == nullptr) return true;
  auto const standing = budget->take(rate_key(client_), SystemClock().now());
  auto const seconds = [](std::chrono::milliseconds time) { return (time.count() + 999) / 1000; };
  auto const& options = budget->options();
  auto const quota = static_cast<std::int64_t>(options.burst);
  budget_lines_ = cat(
      "RateLimit-Policy: \"client\";q=", quota, ";w=", seconds(quota * options.refill),
      "\r\nRateLimit: \"client\";r=", standing.left, ";t=", seconds(standing.full_after), "\r\n");
  if (!standing.allowed) budget_lines_ += cat("Retry-After: ", seconds(standing.wait), "\r\n");
  return standing.allowed;
}

void Connection::begin_exchange(Head const& head) {
  make_exchange(head);
  if (!take_from_budget()) return refuse_politely(429);
  if (!head.has_body()) return dispatch();
  if (int const status = exchange_->early_refusal(head); status != 0) {
    return refuse_politely(status);
  }
  chunked_.reset();
  if (head.is_chunked) chunked_.emplace();
  body_left_ = head.content_length;
  body_received_ = 0;
  is_body_complete_ = false;
  expects_continue_ = head.expects_continue;
  if (!exchange_->needs_admission()) return start_body();
  set_state(State::working);
  on_worker([](Exchange& exchange) { exchange.admit(); }, &Connection::on_admitted, false);
}

void Connection::on_admitted() {
  if (!exchange_->has_answer()) return start_body();
  keep_alive_ = false;  // the body stays unread
  answer_from_exchange();
}

void Connection::start_body() {
  set_state(State::body);
  phase_began_ = loop_.now();
  extend_deadline(shared_.options.deadlines.body, 0);
  if (!expects_continue_ || !input_.empty()) return;
  if (tls_) {
    if (!tls_->send(kContinue)) close();
    return;
  }
  // An empty socket buffer takes 25 bytes; a client that misses them goes on after a while.
  ErrorCode ignored;
  socket_.write_some(asio::const_buffer(kContinue.data(), kContinue.size()), ignored);
}

Connection::Step Connection::step_body() {
  if (!collect_body()) return Step::go_on;
  extend_deadline(shared_.options.deadlines.body, body_received_ + body_part_.size());
  if (!is_body_complete_ && body_part_.size() < kBodyPart) return Step::read;
  hand_over_body();
  return Step::go_on;
}

bool Connection::collect_body() {
  if (chunked_) {
    auto const step = chunked_->read(input_, body_part_, exchange_->body_bytes_max());
    consume(step.taken);
    if (step.refusal) {
      body_part_.clear();
      step.refusal->status == 413 ? refuse_politely(413) : refuse(step.refusal->status);
      return false;
    }
    is_body_complete_ = chunked_->done();
    return true;
  }
  std::size_t const here = std::min<std::uint64_t>(input_.size(), body_left_);
  body_part_ += input_.substr(0, here);
  consume(here);
  body_left_ -= here;
  is_body_complete_ = body_left_ == 0;
  return true;
}

void Connection::hand_over_body() {
  set_state(State::working);
  bool const is_admitted = body_received_ > 0;
  body_received_ += body_part_.size();
  std::string part = std::exchange(body_part_, {});
  if (!is_body_complete_) {
    return on_worker([part = std::move(part)](Exchange& exchange) { exchange.take_body(part); },
                     &Connection::continue_body, is_admitted);
  }
  on_worker(
      [part = std::move(part)](Exchange& exchange) {
        if (exchange.take_body(part)) exchange.run();
      },
      &Connection::answer_from_exchange, is_admitted);
}

void Connection::continue_body() {
  if (!exchange_->has_answer()) return set_state(State::body);
  keep_alive_ = false;
  answer_from_exchange();
}

void Connection::dispatch() {
  set_state(State::working);
  if (exchange_->is_shared()) {
    loop_.expect_task();
    // Called on a worker, which must not be the last to hold the connection: it hands it over.
    PageCache::Waiter waiter = [self = shared_from_this()](PageCache::PagePtr page) mutable {
      Loop& loop = self->loop_;
      loop.post_task(
          [self = std::move(self), page = std::move(page)] { self->on_page_of_another(page); });
    };
    auto const ticket = shared_.parts.cache->board(exchange_->key(), waiter);
    if (ticket.role == PageCache::Role::waiter) return;
    loop_.expect_no_task();
    exchange_->lead(ticket);
  }
  run_exchange();
}

void Connection::run_exchange() {
  on_worker([](Exchange& exchange) { exchange.run(); }, &Connection::answer_from_exchange, false);
}

void Connection::on_page_of_another(std::shared_ptr<Prebuilt const> page) {
  if (state_ != State::working) return;
  if (!page) {
    run_exchange();
  } else if (exchange_->is_ready(*page)) {
    exchange_->answer_with(std::move(page));
    answer_from_exchange();
  } else {
    on_worker([page = std::move(page)](Exchange& exchange) { exchange.answer_with(page); },
              &Connection::answer_from_exchange, true);
  }
  drive();
}

void Connection::on_worker(std::move_only_function<void(Exchange&)> work,
                           void (Connection::*done)(), bool is_admitted) {
  deadline_ = Steady::max();
  auto const is_taken = loop_.run_on_worker(
      [exchange = exchange_, work = std::move(work)]() mutable { work(*exchange); },
      [self = shared_from_this(), done] {
        if (self->state_ != State::working) return;
        (*self.*done)();
        self->drive();
      },
      is_admitted);
  if (!is_taken) refuse(503);
}

void Connection::refuse(int status) {
  exchange_.reset();
  Outgoing out = plain_refusal(status, shared_.security);
  out.without_body = method_ == Method::head;
  answer(std::move(out));
}

void Connection::refuse_politely(int status) {
  keep_alive_ = false;
  set_state(State::working);
  on_worker([status](Exchange& exchange) { exchange.refuse(status); },
            &Connection::answer_from_exchange, true);
}

// --- from an answer to the wire ---

void Connection::answer_from_exchange() {
  answer(std::move(exchange_->out()));
}

void Connection::answer(Outgoing out) {
  out_ = std::move(out);
  keep_alive_ = keep_alive_ && !out_.must_close && !loop_.is_draining();
  tail_ = loop_.date_line() + std::exchange(budget_lines_, {});
  if (is_secure_) tail_ += shared_.hsts;
  if (!keep_alive_) tail_ += "Connection: close\r\n";
  if (keep_alive_ && is_http_10_) tail_ += "Connection: keep-alive\r\n";
  tail_ += "\r\n";
  Prebuilt::Variant const* const variant = out_.variant;
  std::string_view head = out_.head;
  std::string_view body = out_.body;
  if (variant != nullptr) {
    head = out_.status == 304 ? variant->not_modified_head : variant->head;
    body = variant->body;
  }
  if (out_.without_body) {
    body = {};
    out_.source.reset();
  }
  pending_ = {head, tail_, body};
  body_sent_ = body.size();
  sent_ = 0;
  set_state(State::writing);
  phase_began_ = loop_.now();
  extend_deadline(shared_.options.deadlines.write, 0);
}

Connection::Step Connection::step_write() {
  if (is_source_busy_ || !write_pending()) return Step::wait;
  if (out_.source) {
    ask_source();
    return Step::wait;
  }
  finish_response();
  return Step::go_on;
}

bool Connection::write_pending() {
  for (;;) {
    if (tls_ && !flush_output()) return false;
    bool const is_done = std::ranges::all_of(pending_, &std::string_view::empty);
    if (is_done) return true;
    if (tls_) {
      if (seal_pending()) continue;
      close();
      return false;
    }
    std::array<asio::const_buffer, 3> buffers;
    std::ranges::transform(pending_, buffers.begin(), [](std::string_view part) {
      return asio::const_buffer(part.data(), part.size());
    });
    ErrorCode error;
    std::size_t written = socket_.write_some(buffers, error);
    if (error == asio::error::would_block) {
      wait_writable();
      return false;
    }
    if (error) {
      close();
      return false;
    }
    sent_ += written;
    for (std::string_view& part : pending_) {
      std::size_t const here = std::min(written, part.size());
      part.remove_prefix(here);
      written -= here;
    }
    extend_deadline(shared_.options.deadlines.write, sent_);
  }
}

// Head and the start of the body share a record; the rest follows in whole records. All of it goes
// out in one send.
bool Connection::seal_pending() {
  std::string& scratch = loop_.scratch();
  scratch.clear();
  for (std::string_view& part : pending_) {
    std::size_t const here = std::min(part.size(), kSealRecord - scratch.size());
    scratch += part.substr(0, here);
    part.remove_prefix(here);
  }
  sent_ += scratch.size();
  if (!tls_->send(scratch)) return false;
  std::string_view const piece = pending_.back().substr(0, kSealMost);
  pending_.back().remove_prefix(piece.size());
  sent_ += piece.size();
  return tls_->send(piece);
}

bool Connection::flush_output() {
  std::string& output = tls_->output();
  while (output_sent_ < output.size()) {
    ErrorCode error;
    std::size_t const written = socket_.write_some(
        asio::const_buffer(output.data() + output_sent_, output.size() - output_sent_), error);
    if (error == asio::error::would_block) {
      wait_writable();
      return false;
    }
    if (error) {
      close();
      return false;
    }
    output_sent_ += written;
    if (state_ == State::writing) extend_deadline(shared_.options.deadlines.write, sent_);
  }
  output.clear();
  output_sent_ = 0;
  return true;
}

void Connection::wait_writable() {
  if (std::exchange(is_waiting_writable_, true)) return;
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](ErrorCode const& error) {
    self->is_waiting_writable_ = false;
    if (self->state_ == State::closed) return;
    if (error) return self->close();
    self->drive();
  });
}

void Connection::ask_source() {
  is_source_busy_ = true;
  deadline_ = Steady::max();
  auto part = std::make_shared<Result<std::string>>();
  bool const is_taken =
      loop_.run_on_worker([source = out_.source, part] { *part = source->next(); },
                          [self = shared_from_this(), part] {
                            self->is_source_busy_ = false;
                            if (self->state_ == State::closed) return;
                            self->take_from_source(std::move(*part));
                            self->drive();
                          },
                          true);
  if (!is_taken) close();
}

void Connection::take_from_source(Result<std::string> part) {
  if (!part) {
    log_error("http.body_failed",
              {{"route", exchange_->route()}, {"reason", part.error().message()}});
    return close();  // the client sees that it is cut short
  }
  if (part->empty()) out_.source.reset();
  chunk_ = *std::move(part);
  body_sent_ += chunk_.size();
  pending_ = {std::string_view(chunk_), {}, {}};
  // What the source needed is not the client's time.
  phase_began_ = loop_.now();
  sent_ = 0;
  extend_deadline(shared_.options.deadlines.write, 0);
}

void Connection::finish_response() {
  AccessObserver* const observer = shared_.parts.observer;
  if (observer != nullptr && !(exchange_ && exchange_->is_quiet())) {
    std::string_view route = exchange_ ? exchange_->route() : std::string_view{};
    if (out_.page) route = out_.page->route();
    observer->on_response({.method = method_,
                           .route = route,
                           .status = out_.status,
                           .served = out_.served,
                           .duration = std::chrono::duration_cast<std::chrono::microseconds>(
                               loop_.now() - head_done_),
                           .body_bytes = body_sent_,
                           .counted_as = out_.page ? out_.page->counted_as() : out_.counted_as,
                           .by_robot = by_robot_});
  }
  exchange_.reset();
  out_ = Outgoing();
  if (!keep_alive_) return linger();
  set_state(State::head);
  set_deadline(shared_.options.deadlines.idle);
  if (input_.empty()) loop_.became_idle(place_);
}

// Closing with unread input would reset the connection, and the client might lose the response.
void Connection::linger() {
  set_state(State::lingering);
  set_deadline(shared_.options.deadlines.linger);
  if (tls_) {
    tls_->close();
    if (!flush_output()) return;  // no farewell then: the deadline ends it
  }
  ErrorCode ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Connection::close() {
  if (state_ == State::closed) return;
  set_state(State::closed);
  ErrorCode ignored;
  socket_.close(ignored);
  exchange_.reset();
  loop_.remove(place_, peer_);
}

void Connection::cut() {
  close();
}

void Connection::drain() {
  if (!is_idle()) return;
  ErrorCode ignored;
  if (socket_.available(ignored) > 0) return;  // a request is on its way: serve it
  if (tls_) {
    tls_->close();
    if (!flush_output()) return;
  }
  close();
}

void Connection::check_deadline(Steady now) {
  if (now < deadline_) {
    // An idle connection holds little memory.
    if (is_idle() && kept_.capacity() > kReadSmall) keep_input(), kept_.shrink_to_fit();
    if (is_idle() && tls_ && tls_->output().empty()) tls_->output().shrink_to_fit();
    return;
  }
  switch (state_) {
    case State::head:
      if (!has_head_begun_) return close();
      [[fallthrough]];
    case State::body: refuse(408); return drive();
    case State::working:
    case State::closed: return;
    case State::writing:
    case State::lingering: return close();
  }
}

}  // namespace solidaires::http
