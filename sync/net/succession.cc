#include "sync/net/succession.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "sync/net/x509.h"

namespace solidaires::net {
namespace {

constexpr std::uint8_t kForm = 1;
constexpr std::string_view kPurpose = "solidaires-succession-1\n";
constexpr std::size_t kSignatureBytes = 64;
constexpr std::size_t kRootBytesMax = 4096;

Result<CertificatePtr> only_certificate(std::string_view pem) {
  if (pem.size() > kRootBytesMax) return fail(Code::corrupt, "a root is too long");
  SOL_ASSIGN(auto found, certificates_from_pem(pem));
  if (found.size() != 1) return fail(Code::corrupt, "more than one root where one belongs");
  return std::move(found.front());
}

// Never the bytes of a certificate, which the same key signs too: those begin with 0x30.
Bytes statement_of(X509* root) {
  return cat(kPurpose, der_of(root));
}

bool has_signed(X509* older, X509* root, std::string_view signature) {
  KeyPtr const key(X509_get_pubkey(older));
  bool const good = key && is_signature_of(key.get(), statement_of(root), signature);
  ERR_clear_error();
  return good;
}

// An authority of the network, signed by itself.
bool is_root_of(X509* root, NodeName const& network) {
  KeyPtr const key(X509_get_pubkey(root));
  auto const says = network_of_root(root);
  bool const good = key && EVP_PKEY_is_a(key.get(), "ED25519") == 1 && X509_check_ca(root) == 1 &&
                    X509_verify(root, key.get()) == 1 && says && *says == network;
  ERR_clear_error();
  return good;
}

bool begins_in_the_life_of(X509* root, X509* older) {
  return ASN1_TIME_compare(X509_get0_notBefore(root), X509_get0_notBefore(older)) >= 0 &&
         ASN1_TIME_compare(X509_get0_notBefore(root), X509_get0_notAfter(older)) <= 0;
}

}  // namespace

Pem Succession::former() const {
  Pem roots = first;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) roots += steps[i].root;
  return roots;
}

Bytes encode(Succession const& succession) {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(kForm).sized(succession.first).u32(static_cast<std::uint32_t>(succession.steps.size()));
  for (auto const& step : succession.steps) writer.sized(step.root).raw(step.signature);
  return out;
}

Result<Succession> decode_succession(std::string_view bytes) {
  ByteReader reader(bytes);
  SOL_ASSIGN(auto const form, reader.u8());
  if (form != kForm) return fail(Code::unsupported, "a succession of a newer version");
  Succession succession;
  SOL_ASSIGN(succession.first, reader.sized());
  SOL_ASSIGN(auto const count, reader.u32());
  if (count > kSuccessorsMax) return fail(Code::corrupt, "a succession is too long");
  for (std::uint32_t i = 0; i < count; ++i) {
    Successor step;
    SOL_ASSIGN(step.root, reader.sized());
    SOL_ASSIGN(step.signature, reader.raw(kSignatureBytes));
    SOL_TRY(only_certificate(step.root));
    succession.steps.push_back(std::move(step));
  }
  if (!reader.done()) return fail(Code::corrupt, "bytes after a succession");
  if (!succession.empty()) SOL_TRY(only_certificate(succession.first));
  return succession;
}

Result<> add_successor(Succession& succession, Authority const& going, Authority const& coming) {
  auto const old_root = going.alone().roots();
  auto const new_root = coming.alone().roots();
  if (!succession.empty() && succession.steps.back().root == new_root) return {};
  if (succession.empty()) succession.first = old_root;
  if ((succession.empty() ? succession.first : succession.steps.back().root) != old_root) {
    return fail(Code::conflict, "the succession of authorities does not end with the present one");
  }
  SOL_ASSIGN(auto const root, only_certificate(new_root));
  SOL_ASSIGN(KeyPtr const key, key_from_pem(going.to_pem()));
  SOL_ASSIGN(auto signature, signature_of(key.get(), statement_of(root.get())));
  succession.steps.push_back({new_root, std::move(signature)});
  if (succession.steps.size() > kSuccessorsMax) {
    succession.first = succession.steps.front().root;
    succession.steps.erase(succession.steps.begin());
  }
  return {};
}

Result<Pem> follow(Succession const& succession, std::string_view roots, NodeName const& network) {
  SOL_ASSIGN(auto trusted, certificates_from_pem(roots));
  Pem found;
  for (auto const& step : succession.steps) {
    SOL_ASSIGN(auto root, only_certificate(step.root));
    bool const follows = std::ranges::any_of(trusted, [&](CertificatePtr const& older) {
      return begins_in_the_life_of(root.get(), older.get()) &&
             has_signed(older.get(), root.get(), step.signature);
    });
    if (!follows) continue;  // before the root that is trusted here
    if (!is_root_of(root.get(), network)) {
      return fail(Code::denied,
                  "what the old authority signed is not an authority of this network");
    }
    found += net::to_pem(root.get());
    trusted.push_back(std::move(root));
  }
  if (found.empty()) {
    return fail(Code::denied, "no known authority says what followed it: enrol again");
  }
  return found;
}

}  // namespace solidaires::net
