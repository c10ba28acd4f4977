// How a mail leaves: one SMTP server, or a stand-in for tests. Used by one thread at a time;
// blocks.
#pragma once

#include <stop_token>
#include <string>

#include "node/mail/letter.h"

namespace solidaires::mail {

enum class Outcome : std::uint8_t {
  accepted,     // the server answers for it now
  deferred,     // it does not want this mail yet (4xx)
  refused,      // it never will (5xx): the address does not exist, the mail is not wanted
  unreachable,  // it could not be asked: no connection, no TLS, log-in refused, or it is not ready
  interrupted,  // stopped before anything of the mail was given
};

struct Delivery {
  Outcome outcome = Outcome::unreachable;
  std::string said;  // for the log: the step and the server's number, never an address
};

class Transport {
 public:
  virtual ~Transport() = default;
  // A stop ends it at once while nothing of the mail has been given; what has begun is ended,
  // within a minute: to break off then would leave open whether it was accepted.
  virtual Delivery deliver(Envelope const& envelope, std::stop_token const& stop) = 0;
};

}  // namespace solidaires::mail
