// How the authorities of a network followed one another. Each one, before it goes, signs the root
// of the next: so a node that was away while one or several of them went knows the present one
// again, step by step, without believing anybody but the root that it trusted when it left
// (sync/PROTOCOL.md, "Change of the authority"). Values: any thread; no IO here.
#pragma once

#include <vector>

#include "sync/net/authority.h"

namespace solidaires::net {

struct Successor {
  Pem root;         // one certificate
  Bytes signature;  // over it, by the key of the one before: 64 bytes
  friend bool operator==(Successor const&, Successor const&) = default;
};

struct Succession {
  Pem first;                       // the oldest root; empty: the authority never changed
  std::vector<Successor> steps{};  // oldest first, at most kSuccessorsMax
  [[nodiscard]] bool empty() const noexcept { return steps.empty(); }
  // Every root but the last, which is the present one.
  [[nodiscard]] Pem former() const;
  friend bool operator==(Succession const&, Succession const&) = default;
};

inline constexpr std::size_t kSuccessorsMax = 10;

[[nodiscard]] Bytes encode(Succession const& succession);
// Code::corrupt: these bytes are none. What it says is not verified: follow() does that.
[[nodiscard]] Result<Succession> decode_succession(std::string_view bytes);

// Adds the step from `going`, whose key signs it, to the root of `coming`. Done again it adds
// nothing; of too many steps the oldest goes. Code::conflict: `going` is not where it ends.
[[nodiscard]] Result<> add_successor(Succession& succession, Authority const& going,
                                     Authority const& coming);

// The roots that whoever trusts `roots` may trust after them, oldest first: each signed by the one
// before, an authority of `network` by itself, and begun while the one before still lived. At least
// one. Code::denied: the succession does not lead on from any of `roots`.
[[nodiscard]] Result<Pem> follow(Succession const& succession, std::string_view roots,
                                 NodeName const& network);

}  // namespace solidaires::net
