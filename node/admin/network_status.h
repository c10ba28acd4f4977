// What the console shows of the network: plain values, filled by the program's wiring from the
// links and the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sync/base/clock.h"

namespace solidaires::admin {

struct ScopeStatus {
  std::string scope;
  bool outgoing = false;
  std::uint64_t documents_behind = 0;  // at most
  std::uint64_t bytes_behind = 0;      // estimated
  Millis age{0};
};

struct NodeStatus {
  std::string name, title, base_url;
  std::vector<std::string> territory;  // department codes
  bool is_self = false, is_hub = false;
  // live, connecting, greeting, waiting, refused, absent, invited, suspended, self, elsewhere
  std::string state;
  std::string linked_to;            // elsewhere: the hub that it dials, which is not this one
  Instant since{}, last_contact{};  // epoch: never
  std::uint64_t documents = 0;      // published ones held here
  std::uint64_t documents_behind = 0, bytes_behind = 0;
  Millis age{0};
  std::optional<int> certificate_days;
  std::string last_error;
  std::size_t quarantine = 0;
  bool in_sync = false;           // both ends are proven to hold the same
  std::uint64_t differences = 0;  // found since the start: an alarm
  std::vector<ScopeStatus> scopes;
};

class NetworkStatus {
 public:
  virtual ~NetworkStatus() = default;
  [[nodiscard]] virtual std::vector<NodeStatus> nodes() const = 0;  // any thread, from memory
};

}  // namespace solidaires::admin
