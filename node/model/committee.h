// How the editorial committee decides: votes, a quorum, and silence that consents. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sync/base/clock.h"

namespace solidaires::model {

enum class Vote : std::uint8_t { yes, no, abstain };  // stored by name: never rename
[[nodiscard]] std::string_view vote_name(Vote vote);
[[nodiscard]] std::optional<Vote> parse_vote(std::string_view name);
[[nodiscard]] std::string_view vote_label(Vote vote);  // "pour"

struct CommitteeRules {
  unsigned quorum = 3;        // votes that make a decision, abstentions among them
  unsigned working_days = 5;  // that a question stays open
};

enum class Outcome : std::uint8_t { open, accepted, rejected };

struct Verdict {
  Outcome outcome = Outcome::open;
  bool by_silence = false;  // too few voted, and nobody against
  unsigned yes = 0, no = 0, abstain = 0;
  Instant closes_at{};
};

// A question stays open for the days that the rules give, so that nobody's vote comes too late.
// Then the majority of the votes decides if the quorum was met (a tie leaves things as they are: it
// rejects); if it was not, silence consents unless somebody voted against: then it stays open until
// the quorum is met. `electors`: who may vote; when all of them did, the question closes at once.
[[nodiscard]] Verdict verdict(std::span<Vote const> votes, CommitteeRules const& rules,
                              std::size_t electors, Instant asked_at, Instant now);

}  // namespace solidaires::model
