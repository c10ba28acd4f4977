// What an instance needs to prove who it is, and the one file that holds it. A key and its
// certificate are always replaced together by renaming a whole file, so a crash leaves the old pair
// or the new one. Any thread; blocks on the disk.
#pragma once

#include <filesystem>

#include "sync/net/authority.h"

namespace solidaires::net {

struct Credentials {
  Pem key;          // secret
  Pem certificate;  // the leaf; it names the node and its network
  Pem roots;        // the authorities that this instance believes

  // Checks that key and certificate belong together; the validity is verified by every handshake.
  [[nodiscard]] Result<CertificateFacts> facts() const;
  friend bool operator==(Credentials const&, Credentials const&) = default;
};

// Replaces `path` by `text`, mode 0600, durable when it returns; a crash leaves the old file.
[[nodiscard]] Result<> write_secret_file(std::filesystem::path const& path, std::string_view text);
// Code::not_found if there is none; at most 64 KiB.
[[nodiscard]] Result<std::string> read_secret_file(std::filesystem::path const& path);

[[nodiscard]] Result<> write_credentials(std::filesystem::path const& path, Credentials const&);
// Code::not_found before the enrolment; Code::corrupt if it is not what write_credentials wrote.
[[nodiscard]] Result<Credentials> read_credentials(std::filesystem::path const& path);

}  // namespace solidaires::net
