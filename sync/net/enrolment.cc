#include "sync/net/enrolment.h"

#include "sync/base/hash.h"

namespace solidaires::net {
namespace {

constexpr std::string_view kPrefix = "solidaires-";
constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kSecretBytes = 20;
constexpr std::size_t kFingerprintBytes = 32;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kTokenTextMax = 2000;

std::unexpected<Error> mangled() {
  return fail(Code::invalid,
              "this is not an enrolment token, or a part of it is missing: copy it again in full");
}

Result<EnrolmentToken> parse_body(std::string_view body) {
  ByteReader in(body);
  SOL_ASSIGN(auto const format, in.u8());
  if (format != kFormat) {
    return fail(Code::unsupported, "this token comes from a newer version of the program");
  }
  EnrolmentToken token;
  SOL_ASSIGN(token.hub_address, in.sized());
  SOL_ASSIGN(auto const network, in.sized());
  SOL_ASSIGN(auto const node, in.sized());
  SOL_ASSIGN(token.network, NodeName::parse(network));
  SOL_ASSIGN(token.node, NodeName::parse(node));
  SOL_ASSIGN(token.authority_fingerprint, in.raw(kFingerprintBytes));
  SOL_ASSIGN(token.secret, in.raw(kSecretBytes));
  SOL_ASSIGN(auto const expires, in.u64());
  token.expires = from_unix_ms(static_cast<std::int64_t>(expires));
  if (!in.done()) return mangled();
  return token;
}

}  // namespace

std::string EnrolmentToken::to_text() const {
  Bytes body;
  ByteWriter(body)
      .u8(kFormat)
      .sized(hub_address)
      .sized(network.str())
      .sized(node.str())
      .raw(authority_fingerprint)
      .raw(secret)
      .u64(static_cast<std::uint64_t>(to_unix_ms(expires)));
  body += sha256(body).substr(0, kChecksumBytes);
  return cat(kPrefix, base64url(body));
}

Result<EnrolmentToken> EnrolmentToken::parse(std::string_view text) {
  if (text.size() > kTokenTextMax) return mangled();
  std::string word;
  for (char const c : text) {
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') word += c;
  }
  if (!word.starts_with(kPrefix)) return mangled();
  auto const bytes = from_base64url(std::string_view(word).substr(kPrefix.size()));
  if (!bytes || bytes->size() <= kChecksumBytes) return mangled();
  std::string_view const all = *bytes;
  auto const body = all.substr(0, all.size() - kChecksumBytes);
  if (sha256(body).substr(0, kChecksumBytes) != all.substr(body.size())) return mangled();
  auto token = parse_body(body);
  if (!token && token.error().code() != Code::unsupported) return mangled();
  return token;
}

Bytes make_secret(Rng& rng) {
  return rng.bytes(kSecretBytes);
}

Bytes hash_secret(std::string_view secret) {
  return sha256(cat("solidaires enrolment ", secret));
}

Bytes encode(EnrolmentRequest const& message) {
  Bytes out;
  ByteWriter(out)
      .u8(kFormat)
      .sized(message.node.str())
      .sized(message.secret)
      .sized(message.request);
  return out;
}

Result<EnrolmentRequest> decode_enrolment_request(std::string_view bytes) {
  ByteReader in(bytes);
  SOL_ASSIGN(auto const format, in.u8());
  if (format != kFormat) return fail(Code::unsupported, "an enrolment of a newer version");
  EnrolmentRequest message;
  SOL_ASSIGN(auto const node, in.sized());
  SOL_ASSIGN(message.node, NodeName::parse(node));
  SOL_ASSIGN(message.secret, in.sized());
  SOL_ASSIGN(message.request, in.sized());
  if (!in.done()) return fail(Code::corrupt, "bytes after the enrolment request");
  return message;
}

Bytes encode(Issued const& message) {
  Bytes out;
  ByteWriter(out).u8(kFormat).sized(message.certificate).sized(message.roots);
  return out;
}

Result<Issued> decode_issued(std::string_view bytes) {
  ByteReader in(bytes);
  SOL_ASSIGN(auto const format, in.u8());
  if (format != kFormat) return fail(Code::unsupported, "an answer of a newer version");
  Issued message;
  SOL_ASSIGN(message.certificate, in.sized());
  SOL_ASSIGN(message.roots, in.sized());
  if (!in.done()) return fail(Code::corrupt, "bytes after the certificates");
  return message;
}

}  // namespace solidaires::net
