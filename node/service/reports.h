// Errors and problems that visitors tell, with or without an address, and what became of each. A
// report is a document of type "report" in the node's office scope: its moderators see it, and
// those of the hub if they act for it. The address for an answer stays in this node's local values,
// and goes when the report is settled, after ninety days at the latest. Any thread; may block.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/mail/queue.h"
#include "node/service/actor.h"
#include "node/service/instance.h"

namespace solidaires::service {

inline constexpr std::string_view kReportType = "report";  // stored on disk: never rename
inline constexpr std::size_t kReportsMax =
    5'000;  // of one node; beyond, people are sent to the telephone
inline constexpr std::size_t kReportCharactersMax = 4'000;
inline constexpr std::chrono::hours kReportAddressLife{24 * 90};

enum class ReportKind : std::uint8_t { error, content, access, message, other };
enum class ReportState : std::uint8_t { open, done, dropped };

[[nodiscard]] bool is_open_report(sync::Document const& document);

// Stored on disk, and in forms: never rename. Unknown names are `other` and `open`.
[[nodiscard]] std::string_view name_of(ReportKind kind);
[[nodiscard]] ReportKind report_kind(std::string_view name);
[[nodiscard]] std::string_view label_of(ReportKind kind, schema::Language language);
[[nodiscard]] std::string_view label_of(ReportState state);  // French

struct Report {
  DocumentId id;
  NodeName node;
  ReportKind kind = ReportKind::other;
  std::string page;  // path, as people gave it: not to be trusted as an address of ours
  std::string what;
  std::string answer_to;  // address; empty: none, gone, or kept at another node
  ReportState state = ReportState::open;
  Instant told_at{};
  std::string note;        // of whoever settled it
  std::string settled_by;  // name
  [[nodiscard]] std::string reference() const { return id.short_id(); }
};

struct NewReport {
  ReportKind kind = ReportKind::other;
  std::string page{};
  std::string what;
  std::string answer_to{};  // parsed, or empty
};

class Reports {
 public:
  // Both outlive it.
  Reports(Instance const& instance, mail::Queue& queue) : instance_(instance), queue_(queue) {}

  // `write`: the mail that tells the moderators, if mail is on. Code::exhausted: too many wait.
  Result<Report> file(NewReport const& report,
                      std::function<mail::Letter(Report const&)> const& write);
  // Of the actor's offices, newest first. Code::denied.
  [[nodiscard]] Result<std::vector<Report>> list(Actor const& actor) const;
  [[nodiscard]] std::size_t open(Actor const& actor) const;  // 0 for those who may not see them
  // Code::denied, Code::not_found, Code::conflict if somebody else has settled it meanwhile.
  Result<> settle(Actor const& actor, NodeName const& node, std::string_view id, ReportState state,
                  std::string_view note);

 private:
  Instance const& instance_;
  mail::Queue& queue_;
};

}  // namespace solidaires::service
