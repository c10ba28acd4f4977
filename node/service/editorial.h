// Writing, moderating and publishing: the use cases of the back office on content. Rights are
// checked here, against the actor's role and the workflow; a handler never decides. Any thread; may
// block on the disk. Every change is durable when its method returns, and on its way to the other
// instances.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/service/instance.h"
#include "node/service/working_copy.h"
#include "schema/form.h"
#include "sync/base/result.h"

namespace solidaires::service {

// Documents that a decision wrote, as they are after it.
struct HistoryLine {
  Author author;
  Instant at{};
  std::string reason;                // what was said with it
  std::vector<std::string> changes;  // "Téléphone : 04 79 ... → 04 50 ...", French, ready to read
};

struct ListFilter {
  std::optional<model::State> state{};
  std::string type{};              // key; empty: every type
  std::optional<NodeName> node{};  // one office of the actor's; nullopt: all of them
  bool own_only = false;
  bool conflicts_only = false;
  std::string words{};  // in the title, folded
  std::size_t offset = 0;
  std::size_t limit = 50;
};

struct ListPage {
  std::vector<WorkingCopySummary> items;
  std::size_t total = 0;
};

struct OfficeCounts {
  std::size_t drafts = 0;     // own
  std::size_t returned = 0;   // own
  std::size_t queue = 0;      // submitted, in the actor's offices, if they may see the queue
  std::size_t conflicts = 0;  // likewise
  std::optional<Instant> oldest_submitted;
};

class Editorial {
 public:
  explicit Editorial(Instance const& instance) : instance_(instance) {}

  // An empty record to start from is no document yet: create() makes it. `record` is what
  // schema::parse_form read. Code::denied, Code::invalid (unknown type).
  Result<WorkingCopy> create(Actor const& actor, NodeName const& node, std::string_view type,
                             schema::Record const& record);
  // Writes what differs from the basis among `fields` (those that the form showed). The state
  // follows the workflow.
  Result<WorkingCopy> save(Actor const& actor, sync::DocumentKey const& key,
                           schema::Record const& record,
                           std::span<schema::Field const* const> fields, EditBasis const& basis);
  // Code::invalid with the problems' count in the message if the record is not complete; ask
  // problems().
  Result<WorkingCopy> submit(Actor const& actor, sync::DocumentKey const& key);
  // Working copy and public copy in one commit. With `seen` (what the moderator's screen showed):
  // Code::conflict if anything has changed since, so that nobody publishes what they have not read.
  Result<WorkingCopy> publish(Actor const& actor, sync::DocumentKey const& key,
                              std::optional<sync::Context> const& seen = std::nullopt,
                              std::string_view reason = {});
  Result<WorkingCopy> send_back(Actor const& actor, sync::DocumentKey const& key,
                                std::string_view reason);
  Result<WorkingCopy> withdraw(Actor const& actor, sync::DocumentKey const& key,
                               std::string_view reason);
  // Keeps one version of a field (by its dot) and supersedes the others; for the existence too.
  Result<WorkingCopy> settle(Actor const& actor, sync::DocumentKey const& key,
                             std::string_view field, sync::Dot chosen);

  // Code::not_found also for what the actor may not see.
  [[nodiscard]] Result<WorkingCopy> get(Actor const& actor, sync::DocumentKey const& key) const;
  [[nodiscard]] Result<WorkingCopy> get(Actor const& actor, NodeName const& node,
                                        std::string_view id) const;
  [[nodiscard]] std::vector<schema::Problem> problems(WorkingCopy const& copy) const;
  [[nodiscard]] std::vector<model::Step> open_steps(Actor const& actor,
                                                    WorkingCopy const& copy) const;
  // The widest audience whose fields the actor may see and edit in this record.
  [[nodiscard]] schema::Audience widest(Actor const& actor, WorkingCopy const& copy) const;

  [[nodiscard]] Result<ListPage> list(Actor const& actor, ListFilter const& filter) const;
  // Submitted records, the most urgent first (an event tomorrow before an article of last week).
  [[nodiscard]] Result<ListPage> queue(Actor const& actor) const;
  [[nodiscard]] Result<OfficeCounts> counts(Actor const& actor) const;
  [[nodiscard]] Result<std::vector<HistoryLine>> history(Actor const& actor,
                                                         sync::DocumentKey const& key,
                                                         std::size_t limit = 50) const;

 private:
  Instance const& instance_;
};

}  // namespace solidaires::service
