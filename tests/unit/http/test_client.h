// A small blocking HTTP client for tests: raw bytes in, parsed responses out, plain or TLS. It
// checks framing strictly and trusts nothing else. One thread.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace solidaires::http::test {

struct Reply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // as received
  std::string body;                                          // without transfer coding

  // The first of this name, in any case; "" when absent.
  [[nodiscard]] std::string header(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
};

class Client {
 public:
  // Connects to 127.0.0.1; a connection that fails has is_open() false. `verify` of a TLS peer is
  // left out: tests use certificates of their own making.
  static Client plain(std::uint16_t port);
  static Client tls(std::uint16_t port, int max_version = 0);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  // False when the peer has closed.
  bool send(std::string_view bytes);
  void shutdown_send();
  // One response; nothing when the connection ended (or stayed silent for 10 s) before it was
  // whole. `to_head`: the response has no body (HEAD).
  std::optional<Reply> receive(bool to_head = false);
  // send() and receive().
  std::optional<Reply> ask(std::string_view bytes);
  std::optional<Reply> get(std::string_view target, std::string_view more_headers = {});
  std::optional<Reply> post(std::string_view target, std::string_view content_type,
                            std::string_view body, std::string_view more_headers = {});
  // Everything until the peer closes.
  std::string read_all();
  // Whether the peer has closed, within ten seconds, with no further byte.
  bool is_closed_by_peer();
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] std::string tls_version() const;
  [[nodiscard]] std::string certificate_name() const;

 private:
  explicit Client(int fd) : fd_(fd) {}
  bool fill();  // more bytes into buffer_
  std::optional<std::string> line();
  std::optional<std::string> exactly(std::size_t size);

  int fd_ = -1;
  SSL* ssl_ = nullptr;
  std::string buffer_;
};

// "Name: value\r\n..." and so on of a whole request; Host is there already.
[[nodiscard]] std::string request(std::string_view method, std::string_view target,
                                  std::string_view headers = {}, std::string_view body = {});

}  // namespace solidaires::http::test
