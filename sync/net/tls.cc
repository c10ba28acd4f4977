#include "sync/net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include "sync/net/x509.h"

namespace solidaires::net {
namespace {

constexpr std::size_t kPrintableBytes = 300;
constexpr long kChainBytesMax = 32L * 1024;

int accept_for_now(int, X509_STORE_CTX*) {
  return 1;
}

}  // namespace

Result<TlsContext> make_context(Credentials const* credentials) {
  namespace ssl = boost::asio::ssl;
  try {
    auto context = std::make_shared<ssl::context>(ssl::context::tlsv13);
    SSL_CTX* const native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION);
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, accept_for_now);
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(native, 0);
    SSL_CTX_set_max_cert_list(native, kChainBytesMax);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    if (credentials != nullptr) {
      // The roots go along, so that a node that only has a token can find the one that it pins.
      Pem const chain = credentials->certificate + credentials->roots;
      context->use_certificate_chain(boost::asio::buffer(chain));
      context->use_private_key(boost::asio::buffer(credentials->key), ssl::context::pem);
    }
    return context;
  } catch (boost::system::system_error const& caught) {
    ERR_clear_error();
    return fail(Code::corrupt, cat("the credentials cannot be used: ", caught.what()));
  }
}

Pem peer_chain(Tls& tls) {
  SSL* const ssl = tls.native_handle();
  CertificatePtr const leaf(SSL_get1_peer_certificate(ssl));
  if (!leaf) return {};
  Pem chain = to_pem(leaf.get());
  STACK_OF(X509)* const others = SSL_get_peer_cert_chain(ssl);
  int const count = std::min<int>(sk_X509_num(others), kCertificatesMax - 1);
  // The dialling side's list begins with the leaf, the accepting side's does not.
  for (int i = SSL_is_server(ssl) == 1 ? 0 : 1; i < count; ++i) {
    chain += to_pem(sk_X509_value(others, i));
  }
  return chain;
}

Error network_error(ErrorCode const& error, bool timed_out, std::string_view doing) {
  if (timed_out) return {Code::timeout, cat(doing, ": no answer in time")};
  if (error == boost::asio::error::eof || error == boost::asio::ssl::error::stream_truncated) {
    return {Code::unavailable, cat(doing, ": the other end closed the connection")};
  }
  return {Code::unavailable, cat(doing, ": ", error.message())};
}

std::string printable(std::string_view text) {
  std::string out;
  for (char const c : text.substr(0, kPrintableBytes)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return out;
}

}  // namespace solidaires::net
