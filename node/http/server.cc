#include "node/http/server.h"

#include "node/http/loop.h"
#include "node/http/shared.h"
#include "sync/base/bytes.h"
#include "sync/base/check.h"

namespace solidaires::http {

struct Server::State {
  State(ServerOptions options, Router router, ServerParts parts)
      : shared(std::move(options), std::move(router), std::move(parts)) {}

  Result<> prepare();
  Result<> listen();

  Shared shared;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<std::uint16_t> ports;
  bool is_started = false;
};

Result<> Server::State::prepare() {
  ServerOptions const& options = shared.options;
  SOL_ASSIGN(shared.proxies, TrustedProxies::parse(options.trusted_proxies));
  shared.security = security_lines(options.security);
  shared.security_framed = security_lines(options.security, Framing::anywhere);
  shared.hsts = hsts_line(options.security);
  bool const wants_tls = std::ranges::any_of(options.listeners, [](Listener const& listener) {
    return listener.kind == Listener::Kind::tls;
  });
  if (!wants_tls) return {};
  if (!options.tls) return fail(Code::invalid, "a TLS listener needs a certificate and its key");
  SOL_ASSIGN(shared.tls, TlsContext::load(*options.tls));
  return {};
}

Result<> Server::State::listen() {
  std::size_t const count = std::max<std::size_t>(shared.options.io_threads, 1);
  for (std::size_t i = 0; i < count; ++i) {
    loops.push_back(std::make_unique<Loop>(shared));
    for (std::size_t at = 0; at < shared.options.listeners.size(); ++at) {
      Listener listener = shared.options.listeners[at];
      if (i > 0) listener.port = ports[at];  // the one that the first loop was given
      SOL_ASSIGN(std::uint16_t const port, loops.back()->listen(listener, count > 1));
      if (i == 0) ports.push_back(port);
    }
  }
  return {};
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
  stop(std::chrono::milliseconds(0));
}

Result<std::unique_ptr<Server>> Server::make(ServerOptions options, Router router,
                                             ServerParts parts) {
  auto state = std::make_unique<State>(std::move(options), std::move(router), std::move(parts));
  SOL_TRY(state->prepare());
  SOL_TRY(state->listen());
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

void Server::start() {
  SOL_CHECK(!state_->is_started);
  state_->is_started = true;
  for (auto const& loop : state_->loops) loop->start();
}

std::uint16_t Server::port(std::size_t listener) const {
  return state_->ports.at(listener);
}

void Server::stop(std::chrono::milliseconds patience) {
  if (!std::exchange(state_->is_started, false)) return;
  for (auto const& loop : state_->loops) loop->drain(patience);
  for (auto const& loop : state_->loops) loop->join();
}

Result<> Server::reload_certificates() {
  if (!state_->shared.tls) return {};
  return state_->shared.tls->reload();
}

Server::Stats Server::stats() const {
  Shared const& shared = state_->shared;
  return {.accepted = shared.accepted,
          .refused = shared.refused,
          .requests = shared.requests,
          .open = shared.open,
          .busy = shared.busy};
}

}  // namespace solidaires::http
