#include "sync/base/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "sync/base/check.h"

namespace solidaires {

namespace {

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

// OpenSSL 3 looks an algorithm up by its name each time it is asked for, which takes longer than
// the sum of a short text: it is looked up once here.
EVP_MD const* algorithm() {
  static EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  SOL_CHECK(fetched != nullptr);
  return fetched;
}

}  // namespace

Sha256Sum sha256_sum(std::string_view bytes) {
  thread_local Context const context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  Sha256Sum out;
  SOL_CHECK(context && EVP_DigestInit_ex2(context.get(), algorithm(), nullptr) == 1 &&
            EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
            EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1);
  return out;
}

Bytes sha256(std::string_view bytes) {
  auto const sum = sha256_sum(bytes);
  return {sum.begin(), sum.end()};
}

struct Sha256::State {
  Context context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  SOL_CHECK(state_->context &&
            EVP_DigestInit_ex2(state_->context.get(), algorithm(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::string_view bytes) {
  SOL_CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

Bytes Sha256::finish() {
  Bytes out(kSha256Bytes, '\0');
  SOL_CHECK(EVP_DigestFinal_ex(state_->context.get(), reinterpret_cast<unsigned char*>(out.data()),
                               nullptr) == 1);
  return out;
}

Bytes hmac_sha256(std::string_view key, std::string_view bytes) {
  Bytes out(SHA256_DIGEST_LENGTH, '\0');
  SOL_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                 reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size(),
                 reinterpret_cast<unsigned char*>(out.data()), nullptr) != nullptr);
  return out;
}

}  // namespace solidaires
