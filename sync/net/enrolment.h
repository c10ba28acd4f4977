// How a node joins a network: the one-time token that the hub's administrator hands over, the
// messages that carry it, and the desk that redeems it. The token pins the hub's authority, so the
// node knows the hub before it believes anything else. Values: any thread; no IO here.
#pragma once

#include "sync/base/rng.h"
#include "sync/net/authority.h"

namespace solidaires::net {

struct EnrolmentToken {
  std::string hub_address;  // "host:port" of the link port
  NodeName network;
  NodeName node;                // whom it enrols
  Bytes authority_fingerprint;  // 32 bytes
  Bytes secret;                 // 20 random bytes; whoever stores it stores hash_secret() of it
  Instant expires;

  // One word without spaces, to paste; a mangled one is noticed by its checksum.
  [[nodiscard]] std::string to_text() const;
  // Spaces and line breaks around and inside are forgiven. Code::invalid otherwise.
  static Result<EnrolmentToken> parse(std::string_view text);
  friend bool operator==(EnrolmentToken const&, EnrolmentToken const&) = default;
};

[[nodiscard]] Bytes make_secret(Rng& rng);
[[nodiscard]] Bytes hash_secret(std::string_view secret);

// What the hub gives in return.
struct Issued {
  Pem certificate;
  Pem roots;
};

// The hub's side. Its owner keeps the tokens. Called on worker threads, several at once; may block.
class EnrolmentDesk {
 public:
  virtual ~EnrolmentDesk() = default;
  // Uses the token up, durably, before it answers: of two calls with one token, one is refused.
  // Code::denied with the reason (unknown, expired, used already, for another node).
  virtual Result<Issued> redeem(NodeName const& node, std::string_view secret,
                                std::string_view request) = 0;
  // A fresh certificate for a node that has just proved itself with `current`, which may have ended
  // up to kRenewalGrace ago, or come from a former authority: the desk decides whether that one may
  // still ask.
  virtual Result<Issued> renew(CertificateFacts const& current, std::string_view request) = 0;
};

// The messages of the enrolment endpoint (PROTOCOL.md, "Enrolment").
struct EnrolmentRequest {
  NodeName node;
  Bytes secret;
  Pem request;
};
[[nodiscard]] Bytes encode(EnrolmentRequest const& message);
[[nodiscard]] Result<EnrolmentRequest> decode_enrolment_request(std::string_view bytes);
[[nodiscard]] Bytes encode(Issued const& message);
[[nodiscard]] Result<Issued> decode_issued(std::string_view bytes);

inline constexpr std::size_t kEnrolmentBytesMax = 32UL * 1024;  // either message

}  // namespace solidaires::net
