// What people say and do around a record that waits for a decision: who is reading it, what was
// said about it, how the committee voted. It stands in a document of type "review" of its own
// beside the working copy, in the same office scope, so that neither the record's history, nor its
// age, nor a form that somebody has open is touched by it. Any thread; may block on the disk.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/model/committee.h"
#include "node/service/actor.h"
#include "node/service/instance.h"
#include "node/service/working_copy.h"
#include "node/store/commit.h"

namespace solidaires::service {

inline constexpr std::string_view kReviewType = "review";  // stored on disk: never rename
inline constexpr std::chrono::minutes kClaimLife{20};
inline constexpr std::size_t kRemarkCharactersMax = 2'000;
inline constexpr std::size_t kRemarksMax = 200;  // of one record

// Somebody reads it, so that two people do not do the same work. It hinders nobody for long.
struct Claim {
  Author by;
  Instant until{};
};

struct Remark {
  DocumentId id;  // in the order in which they were said
  Author by;
  Instant at{};
  std::string text;
  bool to_author = false;  // else among those who moderate
};

struct Ballot {
  Author by;
  model::Vote vote = model::Vote::abstain;
  std::string why;
  Instant at{};
};

struct Review {
  std::optional<Claim> claim;   // that has not ended
  std::vector<Remark> remarks;  // oldest first; those that the actor may read
  std::vector<Ballot> ballots;  // since the committee was asked, by time
};

// Where the review of a record stands: known from its key alone, so that two instances that begin
// it at once mean the same document.
[[nodiscard]] sync::DocumentKey review_key(sync::DocumentKey const& record);

// The committee is the node's own: whoever moderates for it from elsewhere does not vote in it.
[[nodiscard]] bool votes(Actor const& actor, WorkingCopy const& copy);
// Every document that speaks of a record: whoever erases it erases them all.
[[nodiscard]] std::vector<sync::DocumentKey> documents_of(sync::DocumentKey const& record);

// What one account said and voted in a review's document, whatever became of it since; the record
// is the one that `record` gives the id of.
struct ReviewWords {
  DocumentId record;
  std::vector<Remark> remarks;
  std::vector<Ballot> ballots;
};
[[nodiscard]] ReviewWords words_of(sync::Document const& review, std::string_view account);

class Reviews {
 public:
  explicit Reviews(Instance const& instance) : instance_(instance) {}

  [[nodiscard]] Result<Review> read(Actor const& actor, WorkingCopy const& copy) const;
  // Everything, whoever asks: for use cases.
  [[nodiscard]] Result<Review> read(WorkingCopy const& copy) const;
  [[nodiscard]] std::optional<Claim> claim_of(sync::DocumentKey const& record) const;

  // Code::conflict, naming who, if somebody else reads it and `take_over` is not said.
  Result<Claim> claim(Actor const& actor, WorkingCopy const& copy, bool take_over);
  // Ends the actor's own claim; nothing if they have none.
  Result<> release(Actor const& actor, WorkingCopy const& copy);
  // What says a remark, to be committed. Authors write to whoever moderates, and read it
  // themselves. Code::invalid: nothing said, or too much; Code::exhausted: too many remarks.
  [[nodiscard]] Result<store::Commit> remark(Actor const& actor, WorkingCopy const& copy,
                                             std::string_view text, bool to_author) const;
  // The actor's vote on what the committee was asked; voting again replaces it. Code::denied,
  // Code::conflict if the committee is not asked (any more). A vote against needs its reason.
  Result<> vote(Actor const& actor, WorkingCopy const& copy, model::Vote vote,
                std::string_view why);

 private:
  [[nodiscard]] store::Commit commit_of(Actor const& actor, WorkingCopy const& copy,
                                        std::vector<sync::FieldEdit> edits,
                                        std::string_view reason) const;
  Result<> write(Actor const& actor, WorkingCopy const& copy, std::vector<sync::FieldEdit> edits,
                 std::string_view reason);
  Instance const& instance_;
};

// Ends whatever claim there is: for a commit that decides. nullopt: there is none.
[[nodiscard]] Result<std::optional<store::DocumentEdit>> end_of_claim(
    Instance const& instance, sync::DocumentKey const& record);

}  // namespace solidaires::service
