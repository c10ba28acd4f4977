// Writing, moderating and publishing: the use cases of the back office on content. Rights are
// checked here, against the actor's role and the workflow; a handler never decides. Any thread; may
// block on the disk. Every change is durable when its method returns, and on its way to the other
// instances.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/mail/queue.h"
#include "node/service/accounts.h"
#include "node/service/instance.h"
#include "node/service/review.h"
#include "node/service/working_copy.h"
#include "schema/form.h"
#include "sync/base/result.h"

namespace solidaires::service {

// One write of a record.
struct HistoryLine {
  std::string id;  // for undo(); empty: it changed no content, or changed it too long ago
  Author author;
  Instant at{};
  std::string reason;                // what was said with it
  std::vector<std::string> changes;  // "Téléphone : 04 79 ... → 04 50 ...", French, ready to read
};

// What is told to the author with a decision; cleaned and trimmed.
struct Saying {
  Saying() = default;
  Saying(std::string_view said);
  Saying(char const* said) : Saying(std::string_view(said)) {}
  std::string text;
  schema::Article const* article = nullptr;  // of the charter, that it rests on
};
// What the moderator wrote after the wording that they chose, either of them may be empty.
[[nodiscard]] Saying saying(schema::ContentModel const& model, std::string_view wording,
                            std::string_view written);

// What an author is told by mail, unless it is their own doing: a decision, or a remark for them.
struct Notice {
  WorkingCopy const& copy;          // as it is after it
  std::optional<model::Step> step;  // nullopt: a remark
  Author by;
  Saying said;
  Account const& author;
};

struct QueueItem {
  WorkingCopySummary copy;
  Instant due_at{};      // two working days, or the eve of what it announces
  bool overdue = false;  // it waits for longer than authors are promised
  std::optional<Claim> claim;
};

// What the committee is asked.
struct Question {
  WorkingCopySummary copy;
  model::Verdict verdict;
  bool voted = false;  // by the actor
};

struct ListFilter {
  std::optional<model::State> state{};
  std::string type{};              // key; empty: every type
  std::optional<NodeName> node{};  // one office of the actor's; nullopt: all of them
  bool own_only = false;
  bool conflicts_only = false;
  bool unread_only = false;
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
  std::size_t overdue = 0;    // of these, beyond what authors are promised
  std::size_t questions = 0;  // of the committee, likewise
  std::size_t unread = 0;     // published by their authors and drawn to be read
  std::size_t conflicts = 0;  // likewise
  std::optional<Instant> oldest_submitted;
};

class Editorial {
 public:
  explicit Editorial(Instance const& instance) : instance_(instance), reviews_(instance) {}

  // From now on authors are told by mail, together with the decision. Before threads start; the
  // queue outlives it.
  using NoticeWriter = std::function<mail::Letter(Notice const&)>;
  void tell_authors(mail::Queue& queue, NoticeWriter write);
  [[nodiscard]] Reviews& reviews() noexcept { return reviews_; }

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
  // This and the decisions below: Code::conflict too while somebody else reads the record.
  Result<WorkingCopy> publish(Actor const& actor, sync::DocumentKey const& key,
                              std::optional<sync::Context> const& seen = std::nullopt,
                              Saying const& said = {});
  // Published by itself at `at`. Code::invalid if that is past, or more than a year away.
  Result<WorkingCopy> schedule(Actor const& actor, sync::DocumentKey const& key, Instant at,
                               Saying const& said = {});
  // These need something said.
  Result<WorkingCopy> send_back(Actor const& actor, sync::DocumentKey const& key,
                                Saying const& said);
  Result<WorkingCopy> refuse(Actor const& actor, sync::DocumentKey const& key, Saying const& said);
  Result<WorkingCopy> hand_over(Actor const& actor, sync::DocumentKey const& key,
                                Saying const& said);
  Result<WorkingCopy> appeal(Actor const& actor, sync::DocumentKey const& key, Saying const& said);
  // Not public until somebody decides: a report about it is looked into. Its author, if they were
  // trusted to publish alone, is not until somebody trusts them again.
  Result<WorkingCopy> hide(Actor const& actor, sync::DocumentKey const& key, Saying const& said);
  Result<WorkingCopy> withdraw(Actor const& actor, sync::DocumentKey const& key,
                               Saying const& said);
  // Makes two records of one type and office one: `kept` gets the content of `record`, and is
  // public if either was; the other is withdrawn, and its address leads to the one that stays.
  // Code::denied, Code::invalid (what it lacks to be published), Code::conflict if one has changed
  // since it was seen.
  struct Union {
    sync::DocumentKey kept, other;
    sync::Context kept_seen, other_seen;
    schema::Record record;
    bool owner_of_other = false;  // the other's author becomes the author of what stays
  };
  Result<WorkingCopy> unite(Actor const& actor, Union const& wanted);
  // A remark in the conversation about a record (Reviews::remark).
  Result<> say(Actor const& actor, sync::DocumentKey const& key, std::string_view text,
               bool to_author);
  // What its author published alone was read, and stays.
  Result<WorkingCopy> mark_read(Actor const& actor, sync::DocumentKey const& key);
  // Gives the fields that one write changed the values from before it, whatever they are now.
  Result<WorkingCopy> undo(Actor const& actor, sync::DocumentKey const& key, std::string_view line);
  // Undoes the actor's own last decision about a record, within an hour: it is as before, for the
  // public too. Code::conflict, saying why, if something was done since, or what was public before
  // is not held any more. Mails that told of the decision are not called back.
  Result<WorkingCopy> take_back(Actor const& actor, sync::DocumentKey const& key);
  // Keeps one version of a field (by its dot) and supersedes the others; for the existence too.
  Result<WorkingCopy> settle(Actor const& actor, sync::DocumentKey const& key,
                             std::string_view field, sync::Dot chosen);
  // Puts something else in the place of all versions of a field: what `written` holds of it, or
  // nothing. Code::conflict if there are others by now than `basis` saw.
  Result<WorkingCopy> settle(Actor const& actor, sync::DocumentKey const& key,
                             std::string_view field, schema::Record const& written,
                             EditBasis const& basis);

  // Code::not_found also for what the actor may not see.
  [[nodiscard]] Result<WorkingCopy> get(Actor const& actor, sync::DocumentKey const& key) const;
  [[nodiscard]] Result<WorkingCopy> get(Actor const& actor, NodeName const& node,
                                        std::string_view id) const;
  // What the public page shows of it now; nullopt: there is none.
  [[nodiscard]] Result<std::optional<schema::Record>> published(WorkingCopy const& copy) const;
  [[nodiscard]] std::vector<schema::Problem> problems(WorkingCopy const& copy) const;
  [[nodiscard]] std::vector<model::Step> open_steps(Actor const& actor,
                                                    WorkingCopy const& copy) const;
  // The widest audience whose fields the actor may see and edit in this record.
  [[nodiscard]] schema::Audience widest(Actor const& actor, WorkingCopy const& copy) const;

  [[nodiscard]] Result<ListPage> list(Actor const& actor, ListFilter const& filter) const;
  // How many records of an author are public now.
  [[nodiscard]] Result<std::size_t> published_by(Actor const& actor,
                                                 std::string_view account) const;
  // Submitted records, the most urgent first (an event tomorrow before an article of last week).
  [[nodiscard]] Result<std::vector<QueueItem>> queue(Actor const& actor) const;
  // Records that the committee decides about, the first to close first.
  [[nodiscard]] Result<std::vector<Question>> questions(Actor const& actor) const;
  // `review`: all of it (Reviews::read).
  [[nodiscard]] Result<model::Verdict> verdict(WorkingCopy const& copy, Review const& review) const;
  // Everything that the committee was asked in [from, until), decided or not, the latest first.
  [[nodiscard]] Result<std::vector<WorkingCopy>> asked_between(Actor const& actor, Instant from,
                                                               Instant until) const;
  // What this node owes by now: publishes what was scheduled, carries out what the committee
  // decided. To be called every minute; what fails is logged and tried again.
  Result<> carry_out_due();
  [[nodiscard]] Result<OfficeCounts> counts(Actor const& actor) const;
  [[nodiscard]] Result<std::vector<HistoryLine>> history(Actor const& actor,
                                                         sync::DocumentKey const& key,
                                                         std::size_t limit = 50) const;

 private:
  struct Taking;  // a step and what goes with it
  Result<WorkingCopy> take(Author const& by, WorkingCopy const& copy, Taking taking);
  Result<WorkingCopy> decide(Actor const& actor, WorkingCopy const& copy, Taking taking);
  Result<WorkingCopy> decide(Actor const& actor, sync::DocumentKey const& key, model::Step step,
                             Saying const& said);
  Result<Taking> publishing(WorkingCopy const& copy, Saying const& said) const;
  Result<Taking> taking_away(WorkingCopy const& copy, model::Step step, Saying const& said) const;
  Result<> commit(store::Commit const& commit, std::vector<mail::Letter> const& letters);
  [[nodiscard]] std::vector<mail::Letter> letters(Author const& by, WorkingCopy const& after,
                                                  std::optional<model::Step> step,
                                                  Saying const& said) const;
  [[nodiscard]] Result<std::size_t> electors(NodeName const& node) const;
  Result<> carry_out(sync::DocumentKey const& key);
  // When its author is promised an answer.
  [[nodiscard]] Instant promised(WorkingCopySummary const& copy) const;

  Instance const& instance_;
  Reviews reviews_;
  mail::Queue* queue_ = nullptr;  // null: authors are not told
  NoticeWriter write_;
};

}  // namespace solidaires::service
