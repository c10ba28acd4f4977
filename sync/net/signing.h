// Statements that an instance signs with the key of its certificate, for whoever reads them later:
// erase orders and receipts. Plain values; any thread; blocks on the disk where it says so.
#pragma once

#include <filesystem>

#include "sync/core/erasure.h"
#include "sync/net/authority.h"

namespace solidaires::net {

// An Ed25519 signature over the statement, with the leaf that certifies the key. Code::invalid: the
// key is of another kind.
[[nodiscard]] Result<sync::SignedStatement> sign(Bytes statement, std::string_view key,
                                                 std::string_view certificate);
// Who signed, if the certificate was valid for `role` at `at`, the time that the statement gives
// itself: certificates live shorter than what is signed with them. Code::denied, with the reason.
[[nodiscard]] Result<CertificateFacts> verify(sync::SignedStatement const& signed_statement,
                                              std::string_view roots, Role role, Instant at);

// The keys of an instance, read from its files at every use, so that a renewal or an enrolment
// counts at once.
class Signer {
 public:
  Signer(NodeName self, std::filesystem::path authority, std::filesystem::path credentials,
         std::filesystem::path succession = {})
      : self_(std::move(self)),
        authority_(std::move(authority)),
        credentials_(std::move(credentials)),
        succession_(std::move(succession)) {}

  // As the hub that owns the authority, with a leaf made for this statement. Code::not_found: no
  // network was founded here.
  [[nodiscard]] Result<sync::SignedStatement> sign_as_hub(Bytes statement, Instant now) const;
  // With the certificate of the hub above; without one, as the hub that this is. Code::not_found:
  // neither founded nor enrolled.
  [[nodiscard]] Result<sync::SignedStatement> sign(Bytes statement, Instant now) const;
  // Every root that this instance believes: of its own authority and of the hub above. Empty: none.
  [[nodiscard]] Pem roots() const;
  // Those, and of a hub the former ones: by which it judges what was signed under them.
  [[nodiscard]] Pem roots_ever() const;

 private:
  NodeName self_;
  std::filesystem::path authority_, credentials_, succession_;
};

}  // namespace solidaires::net
