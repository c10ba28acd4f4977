// Mail by SMTP, through the one server that the operator names (libcurl stays in the .cc). TLS is
// asked for always, but on this machine's own loopback; certificates are checked.
#pragma once

#include <filesystem>
#include <memory>

#include "node/mail/transport.h"

namespace solidaires::mail {

struct SmtpOptions {
  std::string url;     // "smtps://host:465", or "smtp://host:587" (STARTTLS)
  std::string user{};  // empty: no log-in
  std::string password{};
  std::string greeting;                 // the name to say in EHLO: the domain of the sender
  std::filesystem::path authorities{};  // certificates (PEM) to trust instead of the system's
};

class SmtpTransport final : public Transport {
 public:
  // Code::invalid if the address is not one of SMTP. Connects to nothing yet.
  static Result<std::unique_ptr<SmtpTransport>> make(SmtpOptions options);
  ~SmtpTransport() override;

  // One connection serves several mails that follow each other.
  Delivery deliver(Envelope const& envelope, std::stop_token const& stop) override;

 private:
  struct Handle;
  SmtpTransport(SmtpOptions options, std::unique_ptr<Handle> handle);

  SmtpOptions options_;
  std::unique_ptr<Handle> handle_;
};

// Where "smtp://host:port" leads; empty if the address is not one of SMTP.
[[nodiscard]] std::string host_of(std::string_view url);

}  // namespace solidaires::mail
