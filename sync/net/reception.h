// The accepting half of a Transport: the hub's link port. Verifies whoever knocks, asks the Door,
// serves enrolments through its desk. IO thread. Private to sync/net.
#pragma once

#include "sync/net/backoff.h"
#include "sync/net/succession.h"
#include "sync/net/surroundings.h"

namespace solidaires::net {

class Reception : public std::enable_shared_from_this<Reception> {
 public:
  explicit Reception(std::shared_ptr<Surroundings> around);

  Result<> accept_with(Credentials const& credentials);
  void succeed(Succession const& succession);
  Result<std::uint16_t> listen(Address const& address, Door& door);
  void stop();

 private:
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

  Awaitable<void> accept_loop();
  void take(boost::asio::ip::tcp::socket socket);
  Awaitable<void> serve_counted(ConnectionPtr connection, Address from);
  Awaitable<void> serve(ConnectionPtr connection, Address from);
  [[nodiscard]] Result<CertificateFacts> judge(Pem const& chain, bool renews) const;
  Awaitable<void> serve_succession(ConnectionPtr connection);
  Awaitable<void> serve_link(ConnectionPtr connection, HttpRequest request, CertificateFacts peer,
                             Address from);
  Awaitable<void> serve_enrolment(ConnectionPtr connection, HttpRequest request, Address from);
  Awaitable<void> serve_renewal(ConnectionPtr connection, HttpRequest request,
                                CertificateFacts peer, Address from);
  Awaitable<void> turn_away(ConnectionPtr connection, NodeName peer, Address from, Error why);
  Awaitable<void> answer(ConnectionPtr connection, HttpResponse response);
  Awaitable<Result<Issued>> at_the_desk(std::move_only_function<Result<Issued>()> question);

  std::shared_ptr<Surroundings> around_;
  boost::asio::ip::tcp::acceptor acceptor_;
  TlsContext context_;
  Pem roots_;
  Pem former_roots_;  // for renewals alone
  Bytes succession_;  // encoded; empty: the authority never changed
  Door* door_ = nullptr;
  std::size_t handshakes_ = 0;
  RateLimit connection_limit_;
  RateLimit enrolment_limit_;
};

}  // namespace solidaires::net
