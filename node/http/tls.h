// TLS as a filter over memory: bytes of the network in, bytes of the application out, and back. No
// socket, no waiting. OpenSSL stays in the .cc.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "sync/base/result.h"

namespace solidaires::http {

struct TlsFiles {
  std::filesystem::path certificate;  // PEM: the server's, then the intermediates
  std::filesystem::path key;          // PEM
};

// The server's certificate and rules: TLS 1.2 with forward secrecy, or 1.3; ALPN "http/1.1". Any
// thread.
class TlsContext {
 public:
  // Code::io, Code::invalid (not PEM, key of another certificate, expired).
  static Result<std::shared_ptr<TlsContext>> load(TlsFiles files);
  ~TlsContext();
  // Reads the files again. New connections use the new certificate; on an error the old one stays.
  Result<> reload();

 private:
  friend class TlsFilter;
  struct Native;
  explicit TlsContext(TlsFiles files) : files_(std::move(files)) {}
  [[nodiscard]] std::shared_ptr<Native> native() const;

  TlsFiles const files_;
  mutable std::mutex mutex_;
  std::shared_ptr<Native> native_;
};

// One connection. One thread.
class TlsFilter {
 public:
  explicit TlsFilter(TlsContext const& context);
  ~TlsFilter();
  TlsFilter(TlsFilter const&) = delete;
  TlsFilter& operator=(TlsFilter const&) = delete;

  enum class Status { open, closed, failed };
  // Takes bytes of the network, appends what they decrypt to. May leave bytes in output()
  // (handshake), also when it fails (the alert).
  Status receive(std::string_view wire, std::string& plain);
  // Encrypts into output(). Only after the handshake. False: the connection is broken.
  bool send(std::string_view plain);
  // Says goodbye into output().
  void close();
  [[nodiscard]] bool is_handshake_done() const;
  // To be written to the network, then cleared, by the caller.
  [[nodiscard]] std::string& output() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace solidaires::http
