#include "node/model/committee.h"

#include <algorithm>
#include <array>

#include "node/model/working_days.h"

namespace solidaires::model {
namespace {

struct VoteWords {
  Vote vote;
  std::string_view name, label;
};

constexpr std::array<VoteWords, 3> kVotes{{
    {Vote::yes, "yes", "pour"},
    {Vote::no, "no", "contre"},
    {Vote::abstain, "abstain", "abstention"},
}};

VoteWords const& words(Vote vote) {
  return *std::ranges::find(kVotes, vote, &VoteWords::vote);
}

}  // namespace

std::string_view vote_name(Vote vote) {
  return words(vote).name;
}

std::string_view vote_label(Vote vote) {
  return words(vote).label;
}

std::optional<Vote> parse_vote(std::string_view name) {
  auto const* const found = std::ranges::find(kVotes, name, &VoteWords::name);
  if (found == kVotes.end()) return std::nullopt;
  return found->vote;
}

Verdict verdict(std::span<Vote const> votes, CommitteeRules const& rules, std::size_t electors,
                Instant asked_at, Instant now) {
  auto const count = [votes](Vote wanted) {
    return static_cast<unsigned>(std::ranges::count(votes, wanted));
  };
  Verdict out{.yes = count(Vote::yes),
              .no = count(Vote::no),
              .abstain = count(Vote::abstain),
              .closes_at = after_working_days(asked_at, rules.working_days)};
  bool const everybody = electors > 0 && votes.size() >= electors;
  if (now < out.closes_at && !everybody) return out;
  if (votes.size() >= rules.quorum) {
    out.outcome = out.yes > out.no ? Outcome::accepted : Outcome::rejected;
  } else if (out.no == 0 && now >= out.closes_at) {
    out.outcome = Outcome::accepted;
    out.by_silence = true;
  }
  return out;
}

}  // namespace solidaires::model
