// The indexes that use cases ask of the store: what each holds, and how its values are made. One
// pure function for local and received documents alike; a change of it raises kIndexVersion.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/model/workflow.h"
#include "node/store/store.h"
#include "sync/core/document.h"

namespace solidaires::service {

inline constexpr std::string_view kIndexVersion = "5";

// Working copies, newest first. Value: <selector> 0x00 <u64: inverted time> <state> 0x00 <type>.
namespace index {
inline constexpr std::string_view kWork = "work";               // selector empty: all of them
inline constexpr std::string_view kWorkByState = "work_state";  // selector: the state's name
inline constexpr std::string_view kWorkByOwner = "work_owner";  // selector: the owner's account
inline constexpr std::string_view kWorkConflict =
    "work_conflict";  // selector empty: those with a conflict
inline constexpr std::string_view kWorkUnread = "work_unread";  // selector empty: to be read later
inline constexpr std::string_view kWorkAsked = "work_asked";    // empty: the committee was asked
inline constexpr std::string_view kSource = "source";  // "<source>\n<id>": imports find their rows
inline constexpr std::string_view kBatch = "batch";    // "<batch>": what an import wrote last
inline constexpr std::string_view kIdentifier =
    "identifier";                                  // "siren:...", "siret:...": duplicates
inline constexpr std::string_view kName = "name";  // "<commune>\n<folded name>", of an event
                                                   // "<commune>\n<title>\n<first day>": duplicates
inline constexpr std::string_view kContact = "contact";  // "phone:...", "site:...": duplicates
inline constexpr std::string_view kMerged = "merged";    // public copies by the id that they became
inline constexpr std::string_view kShortId = "short_id";  // of public copies, deleted ones too
inline constexpr std::string_view kReference =
    "reference";  // public copies by the id that they name
inline constexpr std::string_view kEmail = "account_email";
inline constexpr std::string_view kOpenReport = "open_report";  // "<node>" 0x00
}  // namespace index

struct WorkEntry {
  model::State state = model::State::draft;
  std::string type;
};
inline constexpr std::size_t kScanPage = 1'000;  // hits that are read at once
[[nodiscard]] Bytes work_prefix(std::string_view selector);
// All entries of one of the indexes of working copies with that selector.
[[nodiscard]] store::IndexScan work_scan(std::string_view index, std::string_view selector);
[[nodiscard]] WorkEntry read_work_value(std::string_view selector, std::string_view value);

inline constexpr std::string_view kPhonePrefix = "phone:", kSitePrefix = "site:";  // of kContact

// The entries of kIdentifier, kName and kContact for a record, to look for its duplicates.
[[nodiscard]] std::vector<store::IndexEntry> duplicate_keys(sync::Document const& document);

[[nodiscard]] store::Indexer make_indexer();

}  // namespace solidaires::service
