#include "node/http/csrf.h"

#include <openssl/crypto.h>

#include "sync/base/check.h"

namespace solidaires::http {
namespace {

constexpr std::size_t kSecretBytes = 32;

Bytes masked(std::string_view secret, std::string_view mask) {
  Bytes out(secret);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(out[i] ^ mask[i]);
  return out;
}

}  // namespace

Source source_of(Request const& request) {
  if (auto const site = request.headers.find("Sec-Fetch-Site")) {
    // "none": typed, or a bookmark; no page sent it.
    return *site == "same-origin" || *site == "none" ? Source::same_origin : Source::elsewhere;
  }
  if (auto const origin = request.headers.find("Origin")) {
    return equals_ignoring_case(*origin, request.base_url()) ? Source::same_origin
                                                             : Source::elsewhere;
  }
  if (auto const referer = request.headers.find("Referer")) {
    std::string const ours = request.base_url() + '/';
    return referer->starts_with(ours) ? Source::same_origin : Source::elsewhere;
  }
  return Source::unknown;
}

std::string csrf_token(std::string_view secret, Rng& rng) {
  SOL_CHECK(secret.size() == kSecretBytes);
  Bytes const mask = rng.bytes(kSecretBytes);
  return base64url(mask + masked(secret, mask));
}

bool is_csrf_token(std::string_view secret, std::string_view token) {
  auto const bytes = from_base64url(token);
  if (!bytes || bytes->size() != 2 * kSecretBytes || secret.size() != kSecretBytes) return false;
  std::string_view const view(*bytes);
  Bytes const got = masked(view.substr(kSecretBytes), view.substr(0, kSecretBytes));
  return CRYPTO_memcmp(got.data(), secret.data(), kSecretBytes) == 0;
}

Result<> check_csrf(Request const& request, std::string_view secret) {
  if (source_of(request) == Source::elsewhere) {
    return fail(Code::denied, "the form was sent by a page of another site");
  }
  std::string_view token = request.form.get(kCsrfField);
  if (token.empty()) token = request.headers.get("X-CSRF-Token");
  if (!is_csrf_token(secret, token)) {
    return fail(Code::denied, "the form's token is missing or of another session");
  }
  return {};
}

Result<> check_anonymous(Request const& request) {
  if (source_of(request) != Source::same_origin) {
    return fail(Code::denied, "the form does not say that it comes from this site");
  }
  return {};
}

}  // namespace solidaires::http
