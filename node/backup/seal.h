// Secrets under a passphrase: Argon2id makes a key of it, XChaCha20-Poly1305 seals. The form is
// part of FORMAT.md ("A backup"). Pure but for time: sealing and opening each take about half a
// second and 64 MiB. Any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "sync/base/bytes.h"
#include "sync/base/result.h"

namespace solidaires::backup {

inline constexpr std::size_t kPassphraseCharacters = 12;  // at least, when something is sealed

// Name -> contents: of small files.
using Secrets = std::map<std::string, Bytes, std::less<>>;

// Code::invalid: the passphrase is too short.
[[nodiscard]] Result<Bytes> seal(Secrets const& secrets, std::string_view passphrase);
// Code::denied: another passphrase, or bytes that were altered (the two cannot be told apart);
// Code::corrupt, unsupported: not what seal() makes.
[[nodiscard]] Result<Secrets> unseal(std::string_view sealed, std::string_view passphrase);

}  // namespace solidaires::backup
