#include "node/http/peer.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

#include "sync/base/bytes.h"

namespace solidaires::http {
namespace {

using Address = std::array<unsigned char, 16>;
constexpr unsigned kMappedBits = 96;

struct Parsed {
  Address bytes{};
  bool is_v4 = false;
};

std::optional<Parsed> parse_address(std::string_view text) {
  std::string const terminated(text);
  Parsed out;
  if (inet_pton(AF_INET6, terminated.c_str(), out.bytes.data()) == 1) return out;
  in_addr v4{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4) != 1) return std::nullopt;
  out.bytes[10] = out.bytes[11] = 0xff;
  std::memcpy(out.bytes.data() + 12, &v4, sizeof v4);
  out.is_v4 = true;
  return out;
}

bool share_prefix(Address const& a, Address const& b, unsigned bits) noexcept {
  unsigned const whole = bits / 8;
  if (std::memcmp(a.data(), b.data(), whole) != 0) return false;
  unsigned const rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(std::vector<std::string> const& texts) {
  TrustedProxies out;
  for (std::string const& text : texts) {
    std::size_t const slash = text.find('/');
    auto const address = parse_address(text.substr(0, slash));
    if (!address) return fail(Code::invalid, cat("trusted proxy \"", text, "\" is no address"));
    unsigned const most = address->is_v4 ? 32 : 128;
    unsigned bits = most;
    if (slash != std::string::npos) {
      char const* const end = text.data() + text.size();
      auto const parsed = std::from_chars(text.data() + slash + 1, end, bits);
      if (parsed.ec != std::errc{} || parsed.ptr != end || bits > most) {
        return fail(Code::invalid, cat("trusted proxy \"", text, "\" has no valid prefix"));
      }
    }
    out.blocks_.push_back({address->bytes, address->is_v4 ? bits + kMappedBits : bits});
  }
  return out;
}

bool TrustedProxies::contains(std::string_view address) const {
  if (blocks_.empty()) return false;
  auto const parsed = parse_address(address);
  return parsed && std::ranges::any_of(blocks_, [&](Block const& block) {
           return share_prefix(parsed->bytes, block.bytes, block.bits);
         });
}

std::string TrustedProxies::client(std::string_view peer, std::string_view forwarded_for) const {
  std::string client(peer);
  while (!forwarded_for.empty() && contains(client)) {
    std::size_t const comma = forwarded_for.rfind(',');
    std::string_view item =
        comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1);
    forwarded_for =
        comma == std::string_view::npos ? std::string_view{} : forwarded_for.substr(0, comma);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (!parse_address(item)) break;  // from here on anybody may have written it
    client = item;
  }
  return client;
}

}  // namespace solidaires::http
