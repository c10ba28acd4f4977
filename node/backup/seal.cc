#include "node/backup/seal.h"

#include <sodium.h>

#include <array>

namespace solidaires::backup {
namespace {

// Stored on disk: never renumber.
constexpr std::string_view kMagic = "solidaires-sealed 1\n";
constexpr std::uint64_t kOperations = 4;
constexpr std::uint64_t kMemoryBytes = 64ULL << 20;
// What a file may ask of the machine that opens it.
constexpr std::uint64_t kOperationsMax = 16;
constexpr std::uint64_t kMemoryBytesMax = 1ULL << 30;

using Key = std::array<unsigned char, crypto_aead_xchacha20poly1305_ietf_KEYBYTES>;

unsigned char const* octets(std::string_view bytes) {
  return reinterpret_cast<unsigned char const*>(bytes.data());
}

unsigned char* octets(Bytes& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

Result<> make_key(Key& key, std::string_view passphrase, std::string_view salt,
                  std::uint64_t operations, std::uint64_t memory) {
  if (crypto_pwhash(key.data(), key.size(), passphrase.data(), passphrase.size(), octets(salt),
                    operations, memory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(Code::exhausted, cat("there is no memory to work on the passphrase (",
                                     memory >> 20U, " MiB): free some and try again"));
  }
  return {};
}

Bytes encode(Secrets const& secrets) {
  Bytes plain;
  ByteWriter writer(plain);
  writer.u32(static_cast<std::uint32_t>(secrets.size()));
  for (auto const& [name, contents] : secrets) writer.sized(name).sized(contents);
  return plain;
}

Result<Secrets> decode(std::string_view plain) {
  ByteReader reader(plain);
  Secrets secrets;
  SOL_ASSIGN(auto const count, reader.u32());
  for (std::uint32_t i = 0; i < count; ++i) {
    SOL_ASSIGN(auto const name, reader.sized());
    SOL_ASSIGN(auto const contents, reader.sized());
    secrets.emplace(name, contents);
  }
  if (!reader.done()) return fail(Code::corrupt, "the sealed secrets have bytes behind their end");
  return secrets;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

}  // namespace

Result<Bytes> seal(Secrets const& secrets, std::string_view passphrase) {
  if (sodium_init() < 0) return fail(Code::internal, "the cryptography does not start");
  if (characters(passphrase) < kPassphraseCharacters) {
    return fail(Code::invalid, cat("the passphrase needs ", kPassphraseCharacters,
                                   " characters at least: several words are easiest to keep"));
  }
  Bytes salt(crypto_pwhash_SALTBYTES, '\0');
  Bytes nonce(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, '\0');
  randombytes_buf(salt.data(), salt.size());
  randombytes_buf(nonce.data(), nonce.size());
  Bytes sealed(kMagic);
  ByteWriter(sealed).u64(kOperations).u64(kMemoryBytes).raw(salt).raw(nonce);
  Key key{};
  SOL_TRY(make_key(key, passphrase, salt, kOperations, kMemoryBytes));
  Bytes plain = encode(secrets);
  Bytes box(plain.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
  unsigned long long size = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(octets(box), &size, octets(plain), plain.size(),
                                             octets(sealed), sealed.size(), nullptr, octets(nonce),
                                             key.data());
  sodium_memzero(key.data(), key.size());
  sodium_memzero(plain.data(), plain.size());
  return sealed + box;
}

Result<Secrets> unseal(std::string_view sealed, std::string_view passphrase) {
  if (sodium_init() < 0) return fail(Code::internal, "the cryptography does not start");
  if (!sealed.starts_with(kMagic)) {
    return fail(Code::unsupported,
                "the sealed secrets have a form that this program does not know");
  }
  ByteReader reader(sealed.substr(kMagic.size()));
  SOL_ASSIGN(auto const operations, reader.u64());
  SOL_ASSIGN(auto const memory, reader.u64());
  SOL_ASSIGN(auto const salt, reader.raw(crypto_pwhash_SALTBYTES));
  SOL_ASSIGN(auto const nonce, reader.raw(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES));
  auto const box = reader.rest();
  if (operations < 1 || operations > kOperationsMax || memory < crypto_pwhash_MEMLIMIT_MIN ||
      memory > kMemoryBytesMax || box.size() < crypto_aead_xchacha20poly1305_ietf_ABYTES) {
    return fail(Code::corrupt, "the sealed secrets are damaged");
  }
  Key key{};
  SOL_TRY(make_key(key, passphrase, salt, operations, memory));
  auto const head = sealed.substr(0, sealed.size() - box.size());
  Bytes plain(box.size() - crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
  unsigned long long size = 0;
  bool const opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
                          octets(plain), &size, nullptr, octets(box), box.size(), octets(head),
                          head.size(), octets(nonce), key.data()) == 0;
  sodium_memzero(key.data(), key.size());
  if (!opened) {
    return fail(Code::denied,
                "the passphrase is not the one that sealed these secrets, or their "
                "bytes were altered");
  }
  auto secrets = decode(plain);
  sodium_memzero(plain.data(), plain.size());
  return secrets;
}

}  // namespace solidaires::backup
