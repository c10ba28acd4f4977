#include "sync/net/transport.h"

#include <boost/asio/io_context.hpp>
#include <charconv>

#include "sync/net/dialler.h"
#include "sync/net/reception.h"

namespace solidaires::net {

Result<Address> Address::parse(std::string_view text) {
  auto const wrong = [text] {
    return fail(Code::invalid, cat("not an address with a port: \"", printable(text), "\""));
  };
  auto const colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
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

class Transport::Impl {
 public:
  Impl(boost::asio::io_context& io, Workers& workers, Clock const& clock, TransportOptions options)
      : around(new Surroundings{io, workers, clock, options, TaskGroup(io), {}, false}),
        reception(std::make_shared<Reception>(around)),
        dialler(std::make_shared<Dialler>(around)) {}

  std::shared_ptr<Surroundings> around;
  std::shared_ptr<Reception> reception;
  std::shared_ptr<Dialler> dialler;
};

Transport::Transport(boost::asio::io_context& io, Workers& workers, Clock const& clock,
                     TransportOptions options)
    : impl_(std::make_shared<Impl>(io, workers, clock, options)) {}

Transport::~Transport() = default;

Result<> Transport::accept_with(Credentials const& credentials) {
  return impl_->reception->accept_with(credentials);
}

void Transport::succeed(Succession const& succession) {
  impl_->reception->succeed(succession);
}

Result<> Transport::dial_with(Credentials const& credentials) {
  return impl_->dialler->dial_with(credentials);
}

Result<std::uint16_t> Transport::listen(Address const& address, Door& door) {
  return impl_->reception->listen(address, door);
}

void Transport::dial(Address const& hub, OnOpened done) {
  impl_->dialler->dial(hub, std::move(done));
}

void Transport::enrol(EnrolmentToken const& token, Pem const& request, OnIssued done) {
  auto address = Address::parse(token.hub_address);
  if (!address) return done(std::unexpected(std::move(address).error()));
  impl_->dialler->enrol(
      *std::move(address),
      {.roots = {}, .pinned_root = token.authority_fingerprint, .network = token.network},
      encode(EnrolmentRequest{token.node, token.secret, request}), std::move(done));
}

void Transport::renew(Address const& hub, Pem const& request, OnIssued done) {
  impl_->dialler->renew(hub, request, std::move(done));
}

void Transport::stop(std::function<void()> done) {
  impl_->around->stopping = true;
  impl_->reception->stop();
  impl_->around->abort_all();
  impl_->around->tasks.when_idle(std::move(done));
}

Result<Credentials> enrol(EnrolmentToken const& token, Clock const& clock) {
  if (token.expires < clock.now()) {
    return fail(Code::denied, "this token has expired: ask the hub for another one");
  }
  SOL_ASSIGN(auto pair, make_key_and_request());
  boost::asio::io_context io;
  ThreadWorkers workers;
  Transport transport(io, workers, clock);
  Result<Issued> issued = fail(Code::internal, "the enrolment did not run");
  transport.enrol(token, pair.request,
                  [&issued](Result<Issued> given) { issued = std::move(given); });
  io.run();
  if (!issued) return std::unexpected(std::move(issued).error());
  Credentials credentials{std::move(pair.key), std::move(issued->certificate),
                          std::move(issued->roots)};
  SOL_TRY(credentials.facts());
  SOL_ASSIGN(auto const facts,
             verify(credentials.certificate, credentials.roots, Role::node, clock.now()));
  auto const root = find_certificate(credentials.roots, token.authority_fingerprint);
  if (!root || facts.node != token.node || facts.network != token.network) {
    return fail(Code::denied, "the hub gave a certificate for another node or network");
  }
  return credentials;
}

}  // namespace solidaires::net
