// What is pasted as an enrolment token, and what reaches the enrolment desk before anybody is
// known.
#include "sync/base/hash.h"
#include "sync/core/link_token.h"
#include "sync/net/enrolment.h"
#include "sync/net/succession.h"
#include "tests/fuzz/fuzz.h"

using namespace solidaires;

namespace {

net::Pem const& known_root() {
  static auto const kRoot = [] {
    auto const now = from_unix_ms(1'700'000'000'000);
    return net::Authority::create(*NodeName::parse("aura"), now).value().roots();
  }();
  return kRoot;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::Choices input(fuzz::as_bytes(data, size));
  auto const kind = input.below(6);
  auto const bytes = input.all();
  if (kind == 0) {
    if (auto const token = net::EnrolmentToken::parse(bytes)) {
      auto const again = net::EnrolmentToken::parse(token->to_text());
      SOL_CHECK(again && *again == *token);
    }
  } else if (kind == 1) {  // a body that has its checksum, so that what lies behind it is reached
    Bytes body(bytes);
    body += sha256(body).substr(0, 4);
    std::ignore = net::EnrolmentToken::parse(cat("solidaires-", base64url(body)));
  } else if (kind == 2) {
    if (auto const request = net::decode_enrolment_request(bytes)) {
      SOL_CHECK(net::encode(*request) == bytes);
    }
  } else if (kind == 3) {
    if (auto const issued = net::decode_issued(bytes)) SOL_CHECK(net::encode(*issued) == bytes);
  } else if (kind == 5) {
    if (auto const succession = net::decode_succession(bytes)) {
      SOL_CHECK(net::encode(*succession) == bytes);
      // Whatever it says, it leads on from no root that it has not signed.
      SOL_CHECK(!net::follow(*succession, known_root(), *NodeName::parse("aura")));
    }
  } else if (auto const record = sync::decode_token_record(bytes); record && !bytes.empty()) {
    auto const again = sync::decode_token_record(sync::encode(*record));
    SOL_CHECK(again && *again == *record);
  }
  return 0;
}
