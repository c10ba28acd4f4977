#include "tests/unit/http/test_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "node/http/headers.h"
#include "sync/base/bytes.h"

namespace solidaires::http::test {

std::string Reply::header(std::string_view name) const {
  for (auto const& [key, value] : headers) {
    if (equals_ignoring_case(key, name)) return value;
  }
  return {};
}

std::size_t Reply::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      headers, [&](auto const& one) { return equals_ignoring_case(one.first, name); }));
}

Client Client::plain(std::uint16_t port) {
  std::signal(SIGPIPE, SIG_IGN);
  Client client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(client.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(std::exchange(client.fd_, -1));
    return client;
  }
  timeval const patience{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(client.fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(client.fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  int const yes = 1;
  ::setsockopt(client.fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return client;
}

Client Client::tls(std::uint16_t port, int max_version) {
  Client client = plain(port);
  if (!client.is_open()) return client;
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (max_version != 0) SSL_CTX_set_max_proto_version(context, max_version);
  client.ssl_ = SSL_new(context);
  SSL_CTX_free(context);
  SSL_set_fd(client.ssl_, client.fd_);
  if (SSL_connect(client.ssl_) != 1) ::close(std::exchange(client.fd_, -1));
  return client;
}

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      ssl_(std::exchange(other.ssl_, nullptr)),
      buffer_(std::move(other.buffer_)) {}

Client& Client::operator=(Client&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(ssl_, other.ssl_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

Client::~Client() {
  SSL_free(ssl_);
  if (fd_ >= 0) ::close(fd_);
}

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t const sent = ssl_ != nullptr
                             ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                             : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Client::shutdown_send() {
  ::shutdown(fd_, SHUT_WR);
}

bool Client::fill() {
  std::array<char, 16384> part{};
  ssize_t const got = ssl_ != nullptr ? SSL_read(ssl_, part.data(), static_cast<int>(part.size()))
                                      : ::recv(fd_, part.data(), part.size(), 0);
  if (got <= 0) return false;
  buffer_.append(part.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> Client::line() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  std::string out = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return out;
}

std::optional<std::string> Client::exactly(std::size_t size) {
  while (buffer_.size() < size) {
    if (!fill()) return std::nullopt;
  }
  std::string out = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return out;
}

std::optional<Reply> Client::receive(bool to_head) {
  Reply out;
  auto const first = line();
  if (!first || !first->starts_with("HTTP/1.1 ")) return std::nullopt;
  out.status = std::stoi(first->substr(9, 3));
  for (;;) {
    auto const field = line();
    if (!field) return std::nullopt;
    if (field->empty()) break;
    std::size_t const colon = field->find(": ");
    if (colon == std::string::npos) return std::nullopt;
    out.headers.emplace_back(field->substr(0, colon), field->substr(colon + 2));
  }
  if (to_head || out.status == 204 || out.status == 304 || out.status < 200) return out;
  if (std::string const length = out.header("Content-Length"); !length.empty()) {
    auto body = exactly(std::stoul(length));
    if (!body) return std::nullopt;
    out.body = *std::move(body);
    return out;
  }
  if (out.header("Transfer-Encoding") != "chunked") {
    while (fill()) {
    }
    out.body = std::exchange(buffer_, {});
    return out;
  }
  for (;;) {
    auto const size = line();
    if (!size) return std::nullopt;
    auto const part = exactly(std::stoul(*size, nullptr, 16));
    if (!part || !line()) return std::nullopt;
    if (part->empty()) return out;
    out.body += *part;
  }
}

std::optional<Reply> Client::ask(std::string_view bytes) {
  send(bytes);
  return receive(bytes.starts_with("HEAD "));
}

std::optional<Reply> Client::get(std::string_view target, std::string_view more_headers) {
  return ask(request("GET", target, more_headers));
}

std::optional<Reply> Client::post(std::string_view target, std::string_view content_type,
                                  std::string_view body, std::string_view more_headers) {
  return ask(request("POST", target,
                     cat("Content-Type: ", content_type, "\r\nContent-Length: ", body.size(),
                         "\r\n", more_headers),
                     body));
}

std::string Client::read_all() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

bool Client::is_closed_by_peer() {
  char byte = 0;
  if (!buffer_.empty()) return false;
  if (ssl_ != nullptr) return SSL_read(ssl_, &byte, 1) <= 0;
  ssize_t const got = ::recv(fd_, &byte, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

std::string Client::tls_version() const {
  return SSL_get_version(ssl_);
}

std::string Client::certificate_name() const {
  X509* const certificate = SSL_get1_peer_certificate(ssl_);
  std::array<char, 128> text{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text.data(),
                            text.size());
  X509_free(certificate);
  return text.data();
}

std::string request(std::string_view method, std::string_view target, std::string_view headers,
                    std::string_view body) {
  return cat(method, ' ', target, " HTTP/1.1\r\nHost: localhost\r\n", headers, "\r\n", body);
}

}  // namespace solidaires::http::test
