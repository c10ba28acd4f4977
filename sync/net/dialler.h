// The dialling half of a Transport: connects to a hub, verifies it before a byte is sent to it, and
// opens a channel or asks for a certificate. IO thread. Private to sync/net.
#pragma once

#include "sync/net/surroundings.h"

namespace solidaires::net {

// How the hub is known.
struct ExpectedHub {
  Pem roots;          // empty: the one with `pinned_root` among those that the hub shows
  Bytes pinned_root;  // its fingerprint
  NodeName network;
};

class Dialler : public std::enable_shared_from_this<Dialler> {
 public:
  explicit Dialler(std::shared_ptr<Surroundings> around) : around_(std::move(around)) {}

  Result<> dial_with(Credentials const& credentials);
  void dial(Address hub, Transport::OnOpened done);
  void enrol(Address hub, ExpectedHub expected, Bytes request, Transport::OnIssued done);
  void renew(Address hub, Bytes request, Transport::OnIssued done);

 private:
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;
  struct Connected {
    ConnectionPtr connection;
    CertificateFacts hub;
  };

  Awaitable<void> dial_and_tell(Address hub, Transport::OnOpened done);
  Awaitable<Result<Opened>> open_channel(Address hub);
  Awaitable<void> ask_and_tell(Address hub, TlsContext context, ExpectedHub expected,
                               std::string_view path, Bytes body, Transport::OnIssued done);
  Awaitable<Result<Issued>> ask(Address hub, TlsContext context, ExpectedHub expected,
                                std::string_view path, Bytes body);
  Awaitable<void> renew_and_tell(Address hub, Bytes request, Transport::OnIssued done);
  Awaitable<Result<ExpectedHub>> succession_of(Address hub);
  Awaitable<Result<HttpResponse>> exchange(ConnectionPtr connection, std::string_view path,
                                           NodeName host, Bytes body);
  Awaitable<Result<Connected>> connect(Address hub, TlsContext context, ExpectedHub expected,
                                       Millis within);
  Awaitable<Result<>> reach(ConnectionPtr connection, Address hub);

  std::shared_ptr<Surroundings> around_;
  TlsContext context_;  // null: not enrolled
  ExpectedHub parent_;
};

}  // namespace solidaires::net
