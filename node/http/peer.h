// Who is at the other end: addresses, and which reverse proxies may speak for somebody else. Plain
// values, read-only after start.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sync/base/result.h"

namespace solidaires::http {

class TrustedProxies {
 public:
  // "127.0.0.1", "::1", "10.0.0.0/8".
  static Result<TrustedProxies> parse(std::vector<std::string> const& texts);
  [[nodiscard]] bool contains(std::string_view address) const;
  // The client behind a trusted proxy: the last address of X-Forwarded-For that is none of ours.
  [[nodiscard]] std::string client(std::string_view peer, std::string_view forwarded_for) const;

 private:
  struct Block {
    std::array<unsigned char, 16> bytes{};  // IPv4 as ::ffff:a.b.c.d
    unsigned bits = 0;
  };
  std::vector<Block> blocks_;
};

}  // namespace solidaires::http
