// The registry's documents and local values as the hub writes them. Inside this room only; blocks
// on the disk.
#pragma once

#include "node/replication/network.h"

namespace solidaires::replication {

inline constexpr std::string_view kRegistryAuthor = "network";  // in histories

// Keys of local values. Stored on disk: never rename.
inline constexpr std::string_view kTokenPrefix = "enrolment/";  // hash of the secret -> TokenState
inline constexpr std::string_view kIssuedPrefix = "issued/";    // name -> the last certificates

// The first byte of a token's value; the name of its node follows. Stored on disk.
inline constexpr char kUnused = 'u';
inline constexpr char kUsed = 'x';

struct Found {
  sync::Document document;
  NodeRecord record;
};
[[nodiscard]] Result<std::optional<Found>> find_record(store::Store const& store,
                                                       NodeName const& hub, NodeName const& node);
// Writes a record, new or not. Two that create the same name at once meet in the reservation.
Result<> put_record(store::Store& store, NodeName const& hub, NodeRecord record, Clock const& clock,
                    Rng& rng, std::vector<store::LocalEdit> local);

// The hub's present authority; Code::not_found before it has founded its network.
[[nodiscard]] Result<net::Authority> read_authority(StateFiles const& files);

// Seconds, as certificates have them.
[[nodiscard]] inline Instant to_second(Instant at) {
  return std::chrono::floor<std::chrono::seconds>(at);
}

}  // namespace solidaires::replication
