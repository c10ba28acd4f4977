#include "node/http/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cstring>

#include "sync/base/bytes.h"
#include "sync/base/check.h"

namespace solidaires::http {
namespace {

struct Free {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};

std::string last_error() {
  unsigned long const code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown";
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

// The two ends of a filter: what came from the network and is not yet read by OpenSSL, and what it
// wrote and is not yet sent.
struct Wire {
  std::string_view in;
  std::string out;
};

int wire_read(BIO* bio, char* data, int size) {
  auto* const wire = static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (wire->in.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  std::size_t const taken = std::min(wire->in.size(), static_cast<std::size_t>(size));
  std::memcpy(data, wire->in.data(), taken);
  wire->in.remove_prefix(taken);
  return static_cast<int>(taken);
}

int wire_write(BIO* bio, char const* data, int size) {
  auto* const wire = static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  wire->out.append(data, static_cast<std::size_t>(size));
  return size;
}

long wire_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* wire_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    SOL_CHECK(made != nullptr);
    BIO_meth_set_read(made, wire_read);
    BIO_meth_set_write(made, wire_write);
    BIO_meth_set_ctrl(made, wire_control);
    return made;
  }();
  return method;
}

int choose_protocol(SSL* /*ssl*/, unsigned char const** out, unsigned char* out_size,
                    unsigned char const* in, unsigned int in_size, void* /*unused*/) {
  static constexpr std::array<unsigned char, 9> kOurs = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  int const status =
      SSL_select_next_proto(&chosen, out_size, kOurs.data(), kOurs.size(), in, in_size);
  if (status != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

using Context = std::unique_ptr<SSL_CTX, Free>;

Result<Context> make_context(TlsFiles const& files) {
  Context context(SSL_CTX_new(TLS_server_method()));
  SOL_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Idle connections give their record buffers back.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  // Tickets carry what is needed to resume: nothing is kept here.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1) {
    return fail(Code::invalid, cat("certificate ", files.certificate.string(), ": ", last_error()));
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail(Code::invalid, cat("key ", files.key.string(), ": ", last_error()));
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    return fail(Code::invalid,
                cat("key ", files.key.string(), " is not that of ", files.certificate.string()));
  }
  X509 const* const certificate = SSL_CTX_get0_certificate(context.get());
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
    return fail(Code::invalid, cat("certificate ", files.certificate.string(), " has expired"));
  }
  return context;
}

}  // namespace

struct TlsContext::Native {
  Context context;
};

Result<std::shared_ptr<TlsContext>> TlsContext::load(TlsFiles files) {
  std::shared_ptr<TlsContext> out(new TlsContext(std::move(files)));
  SOL_TRY(out->reload());
  return out;
}

TlsContext::~TlsContext() = default;

Result<> TlsContext::reload() {
  SOL_ASSIGN(Context context, make_context(files_));
  std::scoped_lock const lock(mutex_);
  native_ = std::make_shared<Native>(std::move(context));
  return {};
}

std::shared_ptr<TlsContext::Native> TlsContext::native() const {
  std::scoped_lock const lock(mutex_);
  return native_;
}

struct TlsFilter::State {
  Wire wire;
  std::unique_ptr<SSL, Free> ssl;
  bool is_broken = false;
};

TlsFilter::TlsFilter(TlsContext const& context) : state_(std::make_unique<State>()) {
  state_->ssl.reset(SSL_new(context.native()->context.get()));
  SOL_CHECK(state_->ssl != nullptr);
  BIO* const bio = BIO_new(wire_method());
  SOL_CHECK(bio != nullptr);
  BIO_set_data(bio, &state_->wire);
  BIO_set_init(bio, 1);
  SSL_set_bio(state_->ssl.get(), bio, bio);
  SSL_set_accept_state(state_->ssl.get());
}

TlsFilter::~TlsFilter() = default;

TlsFilter::Status TlsFilter::receive(std::string_view wire, std::string& plain) {
  if (state_->is_broken) return Status::failed;
  state_->wire.in = wire;
  ERR_clear_error();
  for (;;) {
    std::size_t const size = plain.size();
    // Little room for little input: an idle connection keeps this buffer.
    std::size_t const room = std::clamp<std::size_t>(state_->wire.in.size(), 1024, 16384);
    std::size_t taken = 0;
    int status = 0;
    plain.resize_and_overwrite(size + room, [&](char* data, std::size_t) {
      status = SSL_read_ex(state_->ssl.get(), data + size, room, &taken);
      return size + (status == 1 ? taken : 0);
    });
    if (status == 1) continue;
    int const error = SSL_get_error(state_->ssl.get(), status);
    if (error == SSL_ERROR_WANT_READ) return Status::open;
    if (error == SSL_ERROR_ZERO_RETURN) return Status::closed;
    ERR_clear_error();
    state_->is_broken = true;
    return Status::failed;
  }
}

bool TlsFilter::send(std::string_view plain) {
  if (plain.empty()) return !state_->is_broken;
  std::size_t written = 0;
  ERR_clear_error();
  if (state_->is_broken ||
      SSL_write_ex(state_->ssl.get(), plain.data(), plain.size(), &written) != 1) {
    ERR_clear_error();
    state_->is_broken = true;
    return false;
  }
  return written == plain.size();
}

void TlsFilter::close() {
  if (state_->is_broken || !is_handshake_done()) return;
  SSL_shutdown(state_->ssl.get());
  ERR_clear_error();
}

bool TlsFilter::is_handshake_done() const {
  return SSL_is_init_finished(state_->ssl.get()) == 1;
}

std::string& TlsFilter::output() noexcept {
  return state_->wire.out;
}

}  // namespace solidaires::http
