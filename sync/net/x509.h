// OpenSSL's objects under RAII, and what this room reads out of them. Private to sync/net's .cc
// files: no other room includes OpenSSL's X.509.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <vector>

#include "sync/net/authority.h"

namespace solidaires::net {

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Freeing<BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freeing<X509_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Freeing<X509_REQ_free>>;

// Empties OpenSSL's error queue of this thread into words.
[[nodiscard]] std::string openssl_reason();

[[nodiscard]] Result<KeyPtr> key_from_pem(std::string_view pem);
// Every certificate in `pem`, in order; at least one, at most kCertificatesMax.
[[nodiscard]] Result<std::vector<CertificatePtr>> certificates_from_pem(std::string_view pem);
[[nodiscard]] Pem to_pem(X509* certificate);
[[nodiscard]] Bytes der_of(X509* certificate);
[[nodiscard]] Bytes fingerprint_of(X509* certificate);
// Whose authority a root says it is. Code::invalid: its name is not that of an authority.
[[nodiscard]] Result<NodeName> network_of_root(X509* root);
// Ed25519, 64 bytes. Code::invalid: a key of another kind.
[[nodiscard]] Result<Bytes> signature_of(EVP_PKEY* key, std::string_view statement);
[[nodiscard]] bool is_signature_of(EVP_PKEY* key, std::string_view statement,
                                   std::string_view signature);
[[nodiscard]] Result<CertificateFacts> facts_of(X509* certificate);

inline constexpr std::size_t kCertificatesMax = 16;

}  // namespace solidaires::net
