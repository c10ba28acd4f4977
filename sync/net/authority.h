// The network's private certificate authority, and what it says about a peer. The hub owns an
// Authority; a node owns its key and a certificate. A certificate names a node as
// "<node>.<network>.solidaires.internal"; that name, once the chain is verified, is the only source
// of a peer's NodeName. Plain values of PEM text: any thread; OpenSSL stays in the .cc.
// Never touches the disk (credentials.h does) and never asks for the time.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "sync/base/ids.h"

namespace solidaires::net {

using Pem = std::string;

inline constexpr std::chrono::days kCertificateLife{30};
inline constexpr std::chrono::days kAuthorityLife{3650};

// What a certificate entitles to: a node dials; a hub also accepts. A node's certificate cannot
// pass for a hub's.
enum class Role { node, hub };

// How long after its end a certificate may still ask for its successor, and for nothing else: a
// node that was away for a year comes back.
inline constexpr std::chrono::days kRenewalGrace{400};

inline constexpr std::chrono::hours kBackdate{1};  // clocks of small machines disagree a little

struct CertificateFacts {
  NodeName node;
  NodeName network;  // the stable name of the hub that owns the authority
  Instant not_before;
  Instant not_after;
  Bytes fingerprint;                 // SHA-256 of the DER form
  bool of_former_authority = false;  // verified by the root of one that was retired
  [[nodiscard]] Instant issued_at() const { return not_before + kBackdate; }  // to the second
};

// A fresh Ed25519 key and the request to certify it. The request carries no name: names are given
// by whoever redeems it.
struct KeyAndRequest {
  Pem key;
  Pem request;
};
[[nodiscard]] Result<KeyAndRequest> make_key_and_request();

class Authority {
 public:
  // A new key and a root for the hub's network: it may only sign names below
  // "<network>.solidaires.internal", and no further authorities.
  static Result<Authority> create(NodeName const& network, Instant now);
  // What to_pem() gave: the key, its root, then older roots that are still trusted.
  static Result<Authority> parse(std::string_view pem);
  [[nodiscard]] Pem to_pem() const { return key_ + roots_; }  // secret

  [[nodiscard]] NodeName const& network() const noexcept { return network_; }
  [[nodiscard]] Pem const& roots() const noexcept { return roots_; }  // its own first
  [[nodiscard]] Bytes const& fingerprint() const noexcept { return fingerprint_; }
  // The same key with its own root alone: what was trusted beside it no longer is.
  [[nodiscard]] Authority alone() const;
  // Keeps another root as trusted beside the own one, while a network changes roots.
  [[nodiscard]] Result<> trust_also(std::string_view root);
  // A certificate for the request's key under the given name. The request's own names are ignored;
  // its signature is checked. Code::invalid: not a request, or a key of another kind.
  [[nodiscard]] Result<Pem> issue(std::string_view request, NodeName const& node, Role role,
                                  Instant now, std::chrono::seconds life = kCertificateLife) const;

 private:
  NodeName network_;
  Pem key_;
  Pem roots_;
  Bytes fingerprint_;
};

// Verifies `chain` (leaf first) against any of `roots` at `now`, for the given role.
// Code::denied, with a reason fit for a log and for the peer: foreign authority, expired, not yet
// valid, wrong role, a name that is not a node's. A leaf that ended no longer than `grace` ago is
// taken as if it still lived: whoever asks for that looks at not_after.
[[nodiscard]] Result<CertificateFacts> verify(std::string_view chain, std::string_view roots,
                                              Role role, Instant now,
                                              std::chrono::seconds grace = {});
// The first certificate's facts, unverified: for showing the own expiry.
[[nodiscard]] Result<CertificateFacts> read_certificate(std::string_view pem);
// True if the first certificate of `chain` certifies the key.
[[nodiscard]] bool belongs_together(std::string_view key, std::string_view chain);
// The first of the certificates in `pem` with this fingerprint; Code::not_found.
[[nodiscard]] Result<Pem> find_certificate(std::string_view pem, std::string_view fingerprint);

// The fingerprint of every certificate in `pem`, sorted.
[[nodiscard]] Result<std::vector<Bytes>> fingerprints_of(std::string_view pem);

// True once two thirds of the certificate's life have passed.
[[nodiscard]] bool renewal_due(CertificateFacts const& facts, Instant now);

}  // namespace solidaires::net
