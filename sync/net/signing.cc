#include "sync/net/signing.h"

#include <openssl/err.h>

#include "sync/net/credentials.h"
#include "sync/net/succession.h"
#include "sync/net/x509.h"

namespace solidaires::net {
namespace {

using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Freeing<EVP_MD_CTX_free>>;

constexpr std::size_t kSignatureBytes = 64;

unsigned char const* bytes(std::string_view text) {
  return reinterpret_cast<unsigned char const*>(text.data());
}

Result<Authority> read_authority(std::filesystem::path const& path) {
  SOL_ASSIGN(auto const text, read_secret_file(path));
  return Authority::parse(text);
}

}  // namespace

Result<Bytes> signature_of(EVP_PKEY* key, std::string_view statement) {
  if (EVP_PKEY_is_a(key, "ED25519") != 1) {
    return fail(Code::invalid, "the key is not an Ed25519 key");
  }
  DigestContextPtr const context(EVP_MD_CTX_new());
  Bytes signature(kSignatureBytes, '\0');
  std::size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes(statement), statement.size()) != 1 ||
      size != kSignatureBytes) {
    return fail(Code::internal, cat("signing: ", openssl_reason()));
  }
  return signature;
}

bool is_signature_of(EVP_PKEY* key, std::string_view statement, std::string_view signature) {
  DigestContextPtr const context(EVP_MD_CTX_new());
  return context && EVP_PKEY_is_a(key, "ED25519") == 1 &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(statement),
                          statement.size()) == 1;
}

Result<sync::SignedStatement> sign(Bytes statement, std::string_view key,
                                   std::string_view certificate) {
  SOL_ASSIGN(KeyPtr const parsed, key_from_pem(key));
  SOL_ASSIGN(auto signature, signature_of(parsed.get(), statement));
  SOL_ASSIGN(auto const leaf, certificates_from_pem(certificate));
  return sync::SignedStatement{std::move(statement), std::move(signature),
                               to_pem(leaf.front().get())};
}

Result<CertificateFacts> verify(sync::SignedStatement const& signed_statement,
                                std::string_view roots, Role role, Instant at) {
  SOL_ASSIGN(auto facts, verify(signed_statement.certificate, roots, role, at));
  SOL_ASSIGN(auto const leaf, certificates_from_pem(signed_statement.certificate));
  KeyPtr const key(X509_get_pubkey(leaf.front().get()));
  bool const good =
      key && is_signature_of(key.get(), signed_statement.statement, signed_statement.signature);
  ERR_clear_error();
  if (!good) return fail(Code::denied, "the signature does not fit the statement");
  return facts;
}

Result<sync::SignedStatement> Signer::sign_as_hub(Bytes statement, Instant now) const {
  SOL_ASSIGN(auto const authority, read_authority(authority_));
  SOL_ASSIGN(auto const pair, make_key_and_request());
  SOL_ASSIGN(auto const leaf, authority.issue(pair.request, self_, Role::hub, now));
  return net::sign(std::move(statement), pair.key, leaf);
}

Result<sync::SignedStatement> Signer::sign(Bytes statement, Instant now) const {
  auto const credentials = read_credentials(credentials_);
  if (!credentials && credentials.error().code() == Code::not_found) {
    return sign_as_hub(std::move(statement), now);
  }
  if (!credentials) return std::unexpected(credentials.error());
  return net::sign(std::move(statement), credentials->key, credentials->certificate);
}

Pem Signer::roots() const {
  Pem roots;
  if (auto const authority = read_authority(authority_)) roots += authority->roots();
  if (auto const credentials = read_credentials(credentials_)) roots += credentials->roots;
  return roots;
}

Pem Signer::roots_ever() const {
  auto const bytes = read_secret_file(succession_);
  auto const succession = bytes ? decode_succession(*bytes) : Result<Succession>(Succession{});
  return roots() + (succession ? succession->former() : Pem());
}

}  // namespace solidaires::net
