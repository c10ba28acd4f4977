// Makes channels: accepts them on the hub's link port, dials them from a node, and carries the
// enrolment over the same port. TLS 1.3 and the network's own authority on both sides; the peer is
// verified before a byte of its message is believed. Owned by Links (or by enrol() below); IO
// thread only, except where said. It decides nothing about links: the Door does. Beast stays in the
// .cc.
#pragma once

#include <functional>
#include <memory>

#include "sync/net/channel.h"
#include "sync/net/credentials.h"
#include "sync/net/enrolment.h"
#include "sync/net/succession.h"
#include "sync/net/workers.h"

namespace boost::asio {
class io_context;
}

namespace solidaires::net {

struct Address {
  std::string host;  // a name, or an address without brackets
  std::uint16_t port = 0;
  static Result<Address> parse(std::string_view text);  // "host:port", "[::1]:7443"
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(Address const&, Address const&) = default;
};

// The accepting side's owner. IO thread; quick.
class Door {
 public:
  virtual ~Door() = default;
  // May this verified node come in now? The error's message goes to the peer. Code::denied: not
  // before somebody acts; others: it may try again.
  virtual Result<> admit(CertificateFacts const& peer) = 0;
  virtual void opened(Opened opened) = 0;
  // A connection was turned away, for the log; `peer` is empty if no certificate was verified.
  virtual void turned_away(NodeName const& peer, std::string const& address, Error const& why) = 0;
  virtual EnrolmentDesk* desk() = 0;  // null: nobody enrols here. Used on worker threads
};

struct TransportOptions {
  Millis handshake_deadline{10'000};  // from the TCP connection to an open channel
  Millis enrolment_deadline{30'000};
  std::size_t handshakes_max = 64;  // at once
  unsigned connections_burst = 60;  // per remote address; one more every second
  unsigned enrolments_burst = 5;    // per remote address; one more every 12 seconds
};

class Transport {
 public:
  Transport(boost::asio::io_context& io, Workers& workers, Clock const& clock,
            TransportOptions options = {});
  ~Transport();  // after stop() has called back, or with its io_context at rest

  // What it shows to peers and believes of them, from the next connection on.
  Result<> accept_with(Credentials const& credentials);
  // How the authorities of the own network followed one another, told to whoever asks.
  void succeed(Succession const& succession);
  Result<> dial_with(Credentials const& credentials);

  // Accepts until stop(); port 0 chooses one. The port; Code::busy: taken by another program.
  Result<std::uint16_t> listen(Address const& address, Door& door);

  using OnOpened = std::function<void(Result<Opened>)>;
  // One attempt. Code::unavailable, timeout: try again; denied: refused, with the reason;
  // unauthenticated: what answers there is not the hub, or one whose authority is not known here.
  void dial(Address const& hub, OnOpened done);
  using OnIssued = std::function<void(Result<Issued>)>;
  // Believes the hub whose authority the token pins, and no other.
  void enrol(EnrolmentToken const& token, Pem const& request, OnIssued done);
  // A hub whose authority changed meanwhile is known by the succession that it tells.
  void renew(Address const& hub, Pem const& request, OnIssued done);

  // Refuses what comes, aborts what is open, calls back when nothing of it runs any more.
  void stop(std::function<void()> done);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

// The whole enrolment of a node, blocking: makes a key, redeems the token, verifies what it gets.
// The caller writes the credentials down. Any thread but an IO thread.
[[nodiscard]] Result<Credentials> enrol(EnrolmentToken const& token, Clock const& clock);

}  // namespace solidaires::net
