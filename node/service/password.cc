#include "node/service/password.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "node/service/accounts.h"
#include "node/text/fold.h"
#include "sync/base/bytes.h"
#include "sync/base/check.h"

namespace solidaires::service {
namespace {

constexpr std::size_t kPasswordBytesMax = 1'000;

// Long enough, and yet the first that anybody tries.
constexpr std::array<std::string_view, 12> kCommon{
    "motdepasse123", "motdepasse1234", "azertyuiop123", "azertyuiopqs",
    "123456789012",  "1234567890123",  "qwertyuiop123", "password1234",
    "password12345", "administrateur", "solidaires123", "aaaaaaaaaaaa"};

void start_sodium() {
  static bool const ready = sodium_init() >= 0;
  SOL_CHECK(ready);
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

Result<std::string> argon2id(std::string_view password) {
  start_sodium();
  std::string kept(crypto_pwhash_STRBYTES, '\0');
  if (crypto_pwhash_str(kept.data(), password.data(), password.size(),
                        crypto_pwhash_OPSLIMIT_INTERACTIVE,
                        crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) {
    return fail(Code::exhausted, "not enough memory to hash a password");
  }
  kept.resize(kept.find('\0'));
  return kept;
}

}  // namespace

Result<std::string> hash_password(std::string_view password) {
  if (characters(password) < kPasswordCharactersMin) {
    return fail(Code::invalid,
                cat("Le mot de passe doit compter au moins ", kPasswordCharactersMin,
                    " caractères. Quelques mots à la suite font un bon mot de passe."));
  }
  if (password.size() > kPasswordBytesMax) {
    return fail(Code::invalid, "Le mot de passe est trop long : mille caractères au plus.");
  }
  auto const folded = text::fold(password);
  bool const one_character =
      std::ranges::all_of(password, [&](char c) { return c == password[0]; });
  if (one_character || std::ranges::find(kCommon, folded) != kCommon.end()) {
    return fail(
        Code::invalid,
        "Ce mot de passe est l’un des premiers que l’on essaie. Choisissez-en un autre, par "
        "exemple quelques mots à la suite.");
  }
  return argon2id(password);
}

bool password_matches(std::string const& kept, std::string_view password) {
  start_sodium();
  if (password.size() > kPasswordBytesMax) password = {};
  static auto const nobody = argon2id("a password that nobody has").value_or(std::string());
  bool const known = !kept.empty();
  bool const equal = crypto_pwhash_str_verify((known ? kept : nobody).c_str(), password.data(),
                                              password.size()) == 0;
  return known && equal;
}

}  // namespace solidaires::service
