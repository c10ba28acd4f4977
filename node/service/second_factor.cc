#include "node/service/second_factor.h"

#include <sodium.h>

#include <algorithm>

#include "node/service/one_time_code.h"
#include "node/store/store.h"
#include "sync/base/check.h"
#include "sync/base/hash.h"

namespace solidaires::service {
namespace {

constexpr std::uint8_t kFormat = 1;  // stored on disk: never renumber
constexpr std::chrono::hours kBeginningLife{1};
constexpr std::size_t kRecoveryCodeLetters = 12;  // 60 bits
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(kSealingKeyBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

constexpr std::string_view kWrongCode =
    "Ce code ne convient pas. Attendez le suivant sur votre téléphone, puis réessayez ; un code de "
    "secours convient aussi, une seule fois.";

std::string kept_key(DocumentId const& id) {
  return cat("one-time-codes/", id.to_string());
}
std::string beginning_key(DocumentId const& id) {
  return cat("one-time-codes-begun/", id.to_string());
}

unsigned char const* unsigned_data(std::string_view bytes) {
  return reinterpret_cast<unsigned char const*>(bytes.data());
}

// As it was written, whatever the person made of it: "k7q2 m9xa 4trw".
std::string recovery_digest(std::string_view typed) {
  std::string code;
  for (char const c : typed) {
    if (c == ' ' || c == '-') continue;
    code += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  return sha256(code);
}

}  // namespace

struct SecondFactors::Kept {
  Bytes secret;
  std::uint64_t last_step = 0;  // whose code served last
  std::vector<Bytes> recovery;  // SHA-256 of the codes that are left

  [[nodiscard]] Bytes encode() const {
    Bytes out;
    ByteWriter writer(out);
    writer.u8(kFormat).sized(secret).u64(last_step).u32(
        static_cast<std::uint32_t>(recovery.size()));
    for (auto const& digest : recovery) writer.sized(digest);
    return out;
  }
  static Result<Kept> decode(std::string_view bytes) {
    ByteReader reader(bytes);
    SOL_ASSIGN(auto const format, reader.u8());
    if (format != kFormat) return fail(Code::unsupported, "one-time codes of another format");
    Kept out;
    SOL_ASSIGN(out.secret, reader.sized());
    SOL_ASSIGN(out.last_step, reader.u64());
    SOL_ASSIGN(auto const count, reader.u32());
    for (std::uint32_t i = 0; i < count; ++i) {
      SOL_ASSIGN(auto const digest, reader.sized());
      out.recovery.emplace_back(digest);
    }
    if (!reader.done()) return fail(Code::corrupt, "one-time codes with bytes behind their end");
    return out;
  }
};

struct SecondFactors::Held {
  Bytes sealed;
  Kept kept;
};

SecondFactors::SecondFactors(Instance const& instance, Options options)
    : instance_(instance), options_(std::move(options)) {
  SOL_CHECK(sodium_init() >= 0);
  SOL_CHECK(options_.sealing_key.size() == kSealingKeyBytes);
}

bool SecondFactors::is_required(Account const& account) const {
  return options_.may_be_required && account.role != nullptr && account.role->needs_second_factor;
}

Result<bool> SecondFactors::must_be_set_up(Account const& account) const {
  if (!is_required(account)) return false;
  SOL_ASSIGN(auto const done, is_set_up(account.id));
  return !done;
}

Result<bool> SecondFactors::is_set_up(DocumentId const& id) const {
  SOL_ASSIGN(auto const sealed, instance_.store.local(kept_key(id), instance_.clock.now()));
  return sealed.has_value();
}

Result<std::size_t> SecondFactors::recovery_codes_left(DocumentId const& id) const {
  SOL_ASSIGN(auto const found, held(id));
  return found.kept.recovery.size();
}

Result<Bytes> SecondFactors::begin(DocumentId const& id) {
  SOL_ASSIGN(auto const done, is_set_up(id));
  if (done) return fail(Code::conflict, "Les codes de ce compte sont déjà en place.");
  auto const now = instance_.clock.now();
  SOL_ASSIGN(auto const begun, instance_.store.local(beginning_key(id), now));
  if (begun) return open(beginning_key(id), *begun);
  auto secret = instance_.rng.bytes(kCodeSecretBytes);
  store::Commit commit{.now = now};
  commit.local.push_back({.key = beginning_key(id),
                          .value = seal(beginning_key(id), secret),
                          .expires_at = now + kBeginningLife});
  SOL_TRY(instance_.store.commit(commit));
  return secret;
}

Result<std::vector<std::string>> SecondFactors::confirm(DocumentId const& id,
                                                        std::string_view typed) {
  auto const now = instance_.clock.now();
  SOL_ASSIGN(auto const begun, instance_.store.local(beginning_key(id), now));
  if (!begun) {
    return fail(Code::conflict,
                "Cette mise en place a expiré. Recommencez avec le nouveau code à scanner.");
  }
  Kept kept;
  SOL_ASSIGN(kept.secret, open(beginning_key(id), *begun));
  auto const step = matching_step(kept.secret, typed, now, 0);
  if (!step) {
    return fail(Code::invalid,
                "Ce code n’est pas celui que nous attendons. Vérifiez que l’heure de votre "
                "téléphone est juste, puis donnez le code qu’il montre maintenant.");
  }
  kept.last_step = *step;
  auto codes = new_recovery_codes(kept);
  store::Commit commit{.now = now};
  commit.local.push_back({.key = kept_key(id),
                          .value = seal(kept_key(id), kept.encode()),
                          .expect = store::LocalEdit::Expect::absent});
  commit.local.push_back({.key = beginning_key(id), .value = std::nullopt});
  SOL_TRY(instance_.store.commit(commit));
  return codes;
}

Result<> SecondFactors::check(DocumentId const& id, std::string_view typed) {
  SOL_ASSIGN(auto const found, held(id));
  SOL_ASSIGN(auto const after, spend(found.kept, typed));
  return replace(id, found, after);
}

Result<std::vector<std::string>> SecondFactors::renew_recovery_codes(DocumentId const& id,
                                                                     std::string_view typed) {
  SOL_ASSIGN(auto const found, held(id));
  SOL_ASSIGN(auto after, spend(found.kept, typed));
  auto codes = new_recovery_codes(after);
  SOL_TRY(replace(id, found, after));
  return codes;
}

Result<> SecondFactors::remove(Account const& account, std::string_view typed) {
  if (is_required(account)) {
    return fail(Code::denied,
                "Votre rôle demande ces codes. Pour changer de téléphone, demandez à une autre "
                "personne de l’administration de les remettre à zéro.");
  }
  SOL_ASSIGN(auto const found, held(account.id));
  SOL_TRY(spend(found.kept, typed));
  store::Commit commit{.now = instance_.clock.now()};
  commit.local.push_back({.key = kept_key(account.id),
                          .value = std::nullopt,
                          .expect = store::LocalEdit::Expect::value,
                          .expected_value = found.sealed});
  SOL_TRY(instance_.store.commit(commit));
  return {};
}

Result<> SecondFactors::reset(Accounts const& accounts, Actor const& actor, DocumentId const& id) {
  SOL_TRY(accounts.of_others(
      actor, id,
      "On ne remet pas ses propres codes à zéro ici : passez par la page de votre compte."));
  store::Commit commit{.now = instance_.clock.now(), .author = actor.author.encode()};
  for (auto const& key : {kept_key(id), beginning_key(id)})
    commit.local.push_back({.key = key, .value = std::nullopt});
  SOL_TRY(instance_.store.commit(commit));
  return {};
}

Result<SecondFactors::Held> SecondFactors::held(DocumentId const& id) const {
  SOL_ASSIGN(auto sealed, instance_.store.local(kept_key(id), instance_.clock.now()));
  if (!sealed) return fail(Code::unauthenticated, std::string(kWrongCode));
  SOL_ASSIGN(auto const plain, open(kept_key(id), *sealed));
  SOL_ASSIGN(auto kept, Kept::decode(plain));
  return Held{*std::move(sealed), std::move(kept)};
}

Result<SecondFactors::Kept> SecondFactors::spend(Kept kept, std::string_view typed) const {
  if (auto const step = matching_step(kept.secret, typed, instance_.clock.now(), kept.last_step)) {
    kept.last_step = *step;
    return kept;
  }
  if (std::erase(kept.recovery, recovery_digest(typed)) == 0)
    return fail(Code::unauthenticated, std::string(kWrongCode));
  return kept;
}

// Of two requests with one code, the second finds other bytes than it read.
Result<> SecondFactors::replace(DocumentId const& id, Held const& held, Kept const& by) {
  store::Commit commit{.now = instance_.clock.now()};
  commit.local.push_back({.key = kept_key(id),
                          .value = seal(kept_key(id), by.encode()),
                          .expect = store::LocalEdit::Expect::value,
                          .expected_value = held.sealed});
  auto const committed = instance_.store.commit(commit);
  if (!committed && committed.error().code() == Code::conflict)
    return fail(Code::unauthenticated, std::string(kWrongCode));
  SOL_TRY(committed);
  return {};
}

std::vector<std::string> SecondFactors::new_recovery_codes(Kept& kept) {
  std::vector<std::string> codes;
  kept.recovery.clear();
  while (codes.size() < kRecoveryCodes) {
    auto const code = base32(instance_.rng.bytes(8)).substr(0, kRecoveryCodeLetters);
    kept.recovery.push_back(recovery_digest(code));
    codes.push_back(cat(code.substr(0, 4), '-', code.substr(4, 4), '-', code.substr(8)));
  }
  return codes;
}

Bytes SecondFactors::seal(std::string_view name, std::string_view plain) const {
  auto out = instance_.rng.bytes(kNonceBytes);
  out.resize(kNonceBytes + plain.size() + kTagBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      reinterpret_cast<unsigned char*>(out.data() + kNonceBytes), nullptr, unsigned_data(plain),
      plain.size(), unsigned_data(name), name.size(), nullptr, unsigned_data(out),
      unsigned_data(options_.sealing_key));
  return out;
}

Result<Bytes> SecondFactors::open(std::string_view name, std::string_view sealed) const {
  if (sealed.size() < kNonceBytes + kTagBytes)
    return fail(Code::corrupt, "sealed one-time codes that are too short");
  auto const body = sealed.substr(kNonceBytes);
  Bytes plain(body.size() - kTagBytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          reinterpret_cast<unsigned char*>(plain.data()), nullptr, nullptr, unsigned_data(body),
          body.size(), unsigned_data(name), name.size(), unsigned_data(sealed),
          unsigned_data(options_.sealing_key)) != 0) {
    return fail(Code::corrupt,
                "one-time codes that the key of this instance does not open: reset them with "
                "\"solidaires user reset-codes\"");
  }
  return plain;
}

}  // namespace solidaires::service
