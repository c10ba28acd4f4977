#include "sync/net/authority.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>

#include "sync/base/check.h"
#include "sync/base/hash.h"
#include "sync/net/x509.h"

namespace solidaires::net {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, Freeing<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Freeing<X509_STORE_CTX_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freeing<X509_EXTENSION_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freeing<GENERAL_NAMES_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Freeing<EVP_PKEY_CTX_free>>;

constexpr std::string_view kNameSuffix = ".solidaires.internal";
constexpr std::string_view kAuthorityOf = "Solidaires authority of ";
constexpr std::size_t kPemBytesMax = 64UL * 1024;

std::unexpected<Error> openssl_failed(std::string_view doing) {
  return fail(Code::internal, cat(doing, ": ", openssl_reason()));
}

BioPtr reading(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Pem text_of(BIO* bio) {
  char* data = nullptr;
  long const size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

Result<KeyPtr> make_key() {
  KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) return openssl_failed("making a key");
  return key;
}

Result<Pem> key_pem(EVP_PKEY* key) {
  BioPtr const out(BIO_new(BIO_s_mem()));
  if (!out ||
      PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return openssl_failed("writing a key");
  }
  return text_of(out.get());
}

bool add_extension(X509* certificate, X509V3_CTX& context, int nid, std::string const& value) {
  ExtensionPtr const extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_name(X509_NAME* name, std::string const& common_name) {
  return X509_NAME_add_entry_by_txt(
             name, "CN", MBSTRING_UTF8,
             reinterpret_cast<unsigned char const*>(common_name.data()),  // OpenSSL's text type
             static_cast<int>(common_name.size()), -1, 0) == 1;
}

bool set_validity(X509* certificate, Instant from, Instant until) {
  auto const seconds = [](Instant at) {
    return static_cast<std::time_t>(
        std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  };
  return ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(until)) != nullptr;
}

// Version 3, a random serial number of 127 bits, the subject's key.
Result<CertificatePtr> blank_certificate(EVP_PKEY* subject_key) {
  CertificatePtr certificate(X509_new());
  std::unique_ptr<BIGNUM, Freeing<BN_free>> const serial(BN_new());
  if (!certificate || !serial || BN_rand(serial.get(), 127, BN_RAND_TOP_ANY, 0) != 1 ||
      BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate.get())) == nullptr ||
      X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      X509_set_pubkey(certificate.get(), subject_key) != 1) {
    return openssl_failed("preparing a certificate");
  }
  return certificate;
}

Result<> check_request_key(EVP_PKEY* key) {
  if (key != nullptr && EVP_PKEY_is_a(key, "ED25519") == 1) return {};
  return fail(Code::invalid, "the request's key is not an Ed25519 key");
}

Result<Instant> instant_of(ASN1_TIME const* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return fail(Code::corrupt, "a certificate without dates");
  return Instant(std::chrono::seconds(timegm(&parts)));
}

// "<node>.<network>.solidaires.internal", exactly two labels before the suffix.
Result<> parse_names(std::string_view dns, CertificateFacts& facts) {
  if (!dns.ends_with(kNameSuffix)) return fail(Code::denied, "the certificate names no node");
  dns.remove_suffix(kNameSuffix.size());
  auto const dot = dns.find('.');
  if (dot == std::string_view::npos) return fail(Code::denied, "the certificate names no node");
  auto node = NodeName::parse(dns.substr(0, dot));
  auto network = NodeName::parse(dns.substr(dot + 1));
  if (!node || !network) return fail(Code::denied, "the certificate's name is not a node's name");
  facts.node = *std::move(node);
  facts.network = *std::move(network);
  return {};
}

Result<StorePtr> store_of(std::vector<CertificatePtr> const& roots) {
  StorePtr store(X509_STORE_new());
  if (!store) return openssl_failed("preparing the roots");
  for (auto const& root : roots) {
    if (X509_STORE_add_cert(store.get(), root.get()) != 1) {
      return openssl_failed("adding a root");
    }
  }
  return store;
}

std::string refusal(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "the certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the certificate is not valid yet: check the clocks of both machines";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return "the certificate comes from another network's authority";
    case X509_V_ERR_INVALID_PURPOSE:
      return "the certificate does not entitle to this side of a link";
    default: return cat("the certificate is refused: ", X509_verify_cert_error_string(error));
  }
}

}  // namespace

std::string openssl_reason() {
  unsigned long const code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  std::array<char, 160> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

Result<KeyPtr> key_from_pem(std::string_view pem) {
  if (pem.size() > kPemBytesMax) return fail(Code::invalid, "the key file is too long");
  BioPtr const in = reading(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  if (!key) {
    ERR_clear_error();
    return fail(Code::corrupt, "no private key in PEM form");
  }
  return key;
}

Result<std::vector<CertificatePtr>> certificates_from_pem(std::string_view pem) {
  if (pem.size() > kPemBytesMax) return fail(Code::invalid, "the certificates are too long");
  BioPtr const in = reading(pem);
  std::vector<CertificatePtr> found;
  while (found.size() <= kCertificatesMax) {
    CertificatePtr certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    found.push_back(std::move(certificate));
  }
  ERR_clear_error();  // the end of the text is an error to OpenSSL
  if (found.empty()) return fail(Code::corrupt, "no certificate in PEM form");
  if (found.size() > kCertificatesMax) return fail(Code::invalid, "too many certificates");
  return found;
}

Pem to_pem(X509* certificate) {
  BioPtr const out(BIO_new(BIO_s_mem()));
  SOL_CHECK(out && PEM_write_bio_X509(out.get(), certificate) == 1);
  return text_of(out.get());
}

Bytes der_of(X509* certificate) {
  unsigned char* der = nullptr;
  int const size = i2d_X509(certificate, &der);
  SOL_CHECK(size > 0);
  Bytes const bytes(reinterpret_cast<char const*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

Bytes fingerprint_of(X509* certificate) {
  return sha256(der_of(certificate));
}

Result<NodeName> network_of_root(X509* root) {
  std::array<char, 128> common_name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(root), NID_commonName, common_name.data(),
                            static_cast<int>(common_name.size()));
  std::string_view const text = common_name.data();
  if (!text.starts_with(kAuthorityOf)) return fail(Code::invalid, "not the root of a network");
  return NodeName::parse(text.substr(kAuthorityOf.size()));
}

Result<CertificateFacts> facts_of(X509* certificate) {
  CertificateFacts facts;
  NamesPtr const names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names || sk_GENERAL_NAME_num(names.get()) != 1) {
    return fail(Code::denied, "the certificate does not have exactly one name");
  }
  GENERAL_NAME const* name = sk_GENERAL_NAME_value(names.get(), 0);
  if (name->type != GEN_DNS) return fail(Code::denied, "the certificate names no node");
  SOL_TRY(parse_names({reinterpret_cast<char const*>(ASN1_STRING_get0_data(name->d.dNSName)),
                       static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))},
                      facts));
  SOL_ASSIGN(facts.not_before, instant_of(X509_get0_notBefore(certificate)));
  SOL_ASSIGN(facts.not_after, instant_of(X509_get0_notAfter(certificate)));
  facts.fingerprint = fingerprint_of(certificate);
  return facts;
}

Result<KeyAndRequest> make_key_and_request() {
  SOL_ASSIGN(KeyPtr const key, make_key());
  RequestPtr const request(X509_REQ_new());
  if (!request || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request.get(), key.get()) != 1 ||
      X509_REQ_sign(request.get(), key.get(), nullptr) <= 0) {
    return openssl_failed("signing a request");
  }
  BioPtr const out(BIO_new(BIO_s_mem()));
  if (!out || PEM_write_bio_X509_REQ(out.get(), request.get()) != 1) {
    return openssl_failed("writing a request");
  }
  SOL_ASSIGN(Pem secret, key_pem(key.get()));
  return KeyAndRequest{.key = std::move(secret), .request = text_of(out.get())};
}

Result<Authority> Authority::create(NodeName const& network, Instant now) {
  SOL_ASSIGN(KeyPtr const key, make_key());
  SOL_ASSIGN(CertificatePtr const root, blank_certificate(key.get()));
  X509V3_CTX context{};
  X509V3_set_ctx(&context, root.get(), root.get(), nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  // The root may sign names of this network only, so that a person who installs it by mistake does
  // not trust the hub with the names of banks.
  bool const built =
      set_name(X509_get_subject_name(root.get()), cat(kAuthorityOf, network.str())) &&
      X509_set_issuer_name(root.get(), X509_get_subject_name(root.get())) == 1 &&
      set_validity(root.get(), now - kBackdate, now + kAuthorityLife) &&
      add_extension(root.get(), context, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      add_extension(root.get(), context, NID_key_usage, "critical,keyCertSign") &&
      add_extension(root.get(), context, NID_subject_key_identifier, "hash") &&
      add_extension(root.get(), context, NID_name_constraints,
                    cat("critical,permitted;DNS:", network.str(), kNameSuffix,
                        ",excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:0::/0::,excluded;email:.,"
                        "excluded;URI:.")) &&
      X509_sign(root.get(), key.get(), nullptr) > 0;
  if (!built) return openssl_failed("making the authority");
  Authority authority;
  authority.network_ = network;
  SOL_ASSIGN(authority.key_, key_pem(key.get()));
  authority.roots_ = net::to_pem(root.get());
  authority.fingerprint_ = fingerprint_of(root.get());
  return authority;
}

Result<Authority> Authority::parse(std::string_view pem) {
  SOL_ASSIGN(KeyPtr const key, key_from_pem(pem));
  SOL_ASSIGN(auto const roots, certificates_from_pem(pem));
  if (X509_check_private_key(roots.front().get(), key.get()) != 1) {
    ERR_clear_error();
    return fail(Code::corrupt, "the authority's key and certificate do not belong together");
  }
  Authority authority;
  SOL_ASSIGN(authority.network_, network_of_root(roots.front().get()));
  SOL_ASSIGN(authority.key_, key_pem(key.get()));
  for (auto const& root : roots) authority.roots_ += net::to_pem(root.get());
  authority.fingerprint_ = fingerprint_of(roots.front().get());
  return authority;
}

Authority Authority::alone() const {
  Authority own = *this;
  auto root = find_certificate(roots_, fingerprint_);
  SOL_CHECK(root.has_value());  // parse() and create() put it first
  own.roots_ = *std::move(root);
  return own;
}

Result<> Authority::trust_also(std::string_view root) {
  SOL_ASSIGN(auto const roots, certificates_from_pem(root));
  for (auto const& certificate : roots) {
    if (X509_check_ca(certificate.get()) != 1) {
      return fail(Code::invalid, "the certificate is not an authority's");
    }
    roots_ += net::to_pem(certificate.get());
  }
  return {};
}

Result<Pem> Authority::issue(std::string_view request, NodeName const& node, Role role, Instant now,
                             std::chrono::seconds life) const {
  if (request.size() > kPemBytesMax) return fail(Code::invalid, "the request is too long");
  BioPtr const in = reading(request);
  RequestPtr const parsed(PEM_read_bio_X509_REQ(in.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!parsed) return fail(Code::invalid, "not a certificate request in PEM form");
  EVP_PKEY* const subject_key = X509_REQ_get0_pubkey(parsed.get());
  SOL_TRY(check_request_key(subject_key));
  if (X509_REQ_verify(parsed.get(), subject_key) != 1) {
    ERR_clear_error();
    return fail(Code::invalid, "the request is not signed by its own key");
  }
  SOL_ASSIGN(KeyPtr const key, key_from_pem(key_));
  SOL_ASSIGN(auto const roots, certificates_from_pem(roots_));
  X509* const root = roots.front().get();
  SOL_ASSIGN(CertificatePtr const leaf, blank_certificate(subject_key));
  X509V3_CTX context{};
  X509V3_set_ctx(&context, root, leaf.get(), nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  bool const built =
      set_name(X509_get_subject_name(leaf.get()), node.str()) &&
      X509_set_issuer_name(leaf.get(), X509_get_subject_name(root)) == 1 &&
      set_validity(leaf.get(), now - kBackdate, now + life) &&
      add_extension(leaf.get(), context, NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(leaf.get(), context, NID_key_usage, "critical,digitalSignature") &&
      add_extension(leaf.get(), context, NID_ext_key_usage,
                    role == Role::hub ? "serverAuth,clientAuth" : "clientAuth") &&
      add_extension(leaf.get(), context, NID_subject_alt_name,
                    cat("DNS:", node.str(), ".", network_.str(), kNameSuffix)) &&
      add_extension(leaf.get(), context, NID_subject_key_identifier, "hash") &&
      add_extension(leaf.get(), context, NID_authority_key_identifier, "keyid:always") &&
      X509_sign(leaf.get(), key.get(), nullptr) > 0;
  if (!built) return openssl_failed("issuing a certificate");
  return net::to_pem(leaf.get());
}

Result<CertificateFacts> verify(std::string_view chain, std::string_view roots, Role role,
                                Instant now, std::chrono::seconds grace) {
  SOL_ASSIGN(auto const certificates, certificates_from_pem(chain));
  SOL_ASSIGN(Instant const ends, instant_of(X509_get0_notAfter(certificates.front().get())));
  Instant const at = now > ends && now <= ends + grace ? ends - std::chrono::seconds(1) : now;
  SOL_ASSIGN(auto const anchors, certificates_from_pem(roots));
  SOL_ASSIGN(StorePtr const store, store_of(anchors));
  StoreContextPtr const context(X509_STORE_CTX_new());
  // The authority signs leaves directly, so nothing but the leaf is taken from the peer's chain.
  if (!context ||
      X509_STORE_CTX_init(context.get(), store.get(), certificates.front().get(), nullptr) != 1) {
    return openssl_failed("preparing a verification");
  }
  X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(rules, static_cast<std::time_t>(to_unix_ms(at) / 1000));
  X509_VERIFY_PARAM_set_purpose(
      rules, role == Role::hub ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
  if (X509_verify_cert(context.get()) != 1) {
    ERR_clear_error();
    return fail(Code::denied, refusal(X509_STORE_CTX_get_error(context.get())));
  }
  return facts_of(certificates.front().get());
}

Result<CertificateFacts> read_certificate(std::string_view pem) {
  SOL_ASSIGN(auto const certificates, certificates_from_pem(pem));
  return facts_of(certificates.front().get());
}

bool belongs_together(std::string_view key, std::string_view chain) {
  auto const parsed_key = key_from_pem(key);
  auto const certificates = certificates_from_pem(chain);
  bool const fits = parsed_key && certificates &&
                    X509_check_private_key(certificates->front().get(), parsed_key->get()) == 1;
  ERR_clear_error();
  return fits;
}

Result<Pem> find_certificate(std::string_view pem, std::string_view fingerprint) {
  SOL_ASSIGN(auto const certificates, certificates_from_pem(pem));
  for (auto const& certificate : certificates) {
    if (fingerprint_of(certificate.get()) == fingerprint) return net::to_pem(certificate.get());
  }
  return fail(Code::not_found, "no certificate with this fingerprint");
}

Result<std::vector<Bytes>> fingerprints_of(std::string_view pem) {
  SOL_ASSIGN(auto const certificates, certificates_from_pem(pem));
  std::vector<Bytes> found;
  for (auto const& certificate : certificates) found.push_back(fingerprint_of(certificate.get()));
  std::ranges::sort(found);
  return found;
}

bool renewal_due(CertificateFacts const& facts, Instant now) {
  return now >= facts.not_before + (facts.not_after - facts.not_before) * 2 / 3;
}

}  // namespace solidaires::net
