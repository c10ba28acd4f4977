// A working copy as the back office sees it: the content of an office document with the engine's
// own fields read out. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/model/workflow.h"
#include "node/service/actor.h"
#include "schema/model.h"
#include "schema/value.h"
#include "sync/core/document.h"

namespace solidaires::service {

// Engine fields of content documents. Stored on disk: never rename.
namespace engine {
inline constexpr std::string_view kState = "_state";       // model::state_name
inline constexpr std::string_view kOwner = "_owner";       // Author::encode, who created it
inline constexpr std::string_view kReason = "_reason";     // of the last decision, for the author
inline constexpr std::string_view kArticle = "_article";   // of the charter, that it rests on
inline constexpr std::string_view kAskedAt = "_asked_at";  // when the committee was asked
inline constexpr std::string_view kPublishAt = "_publish_at";  // of what is scheduled
inline constexpr std::string_view kMergedInto =
    "_merged_into";  // id of the record that it became part of; also public, of what is withdrawn
inline constexpr std::string_view kUnread = "_unread";  // "1": published by its author, to be read
inline constexpr std::string_view kCreatedAt = "_created_at";  // Unix milliseconds, decimal
inline constexpr std::string_view kSubmittedAt = "_submitted_at";
inline constexpr std::string_view kPublishedAt = "_published_at";  // first publication; also public
inline constexpr std::string_view kUpdatedAt = "_updated_at";      // last publication; also public
inline constexpr std::string_view kSource =
    "_source";  // of an import: "source\nid\nlicence"; also public
inline constexpr std::string_view kBatch = "_batch";        // import batch that wrote it last
inline constexpr std::string_view kImported = "_imported";  // digests of values as imported
inline constexpr std::string_view kDemonstration = "_demonstration";  // "1"; also public
}  // namespace engine

// What an author's form was rendered from. It travels in a hidden input of the form, so that a save
// writes only what its author changed and supersedes only what its author saw.
struct EditBasis {
  sync::Context seen;
  std::map<std::string, std::string, std::less<>>
      digests;  // document field key -> first 6 bytes of SHA-256

  // True if the form showed exactly these bytes for the field.
  [[nodiscard]] bool holds(std::string_view key, std::string_view bytes) const;
  [[nodiscard]] std::string encode() const;  // base64url
  static Result<EditBasis> decode(std::string_view text);
};

struct ConflictVersion {
  sync::Dot dot;
  std::optional<schema::Value> value;  // nullopt: cleared
  std::string text;                    // as people read it; "(vide)" when cleared
  Author author;
  Instant written_at{};  // by the author's clock
  bool shown = false;    // the one that pages show until somebody settles it
};

struct FieldConflict {
  std::string key;    // document field key
  std::string label;  // of the field, French
  std::vector<ConflictVersion> versions;
};

struct WorkingCopy {
  sync::DocumentKey key;
  NodeName node;
  schema::Type const* type = nullptr;
  schema::Record record;
  model::State state = model::State::draft;
  std::string title;
  Author owner;
  std::string reason;
  std::string article;  // key in the charter; empty: none
  std::string source;   // name of the import source; empty: entered here
  Instant created_at{}, updated_at{};
  std::optional<Instant> submitted_at, published_at;
  std::optional<Instant> asked_at, publish_at;  // the committee; of a scheduled record
  std::optional<DocumentId> merged_into;        // withdrawn in favour of that record
  bool unread = false;             // published by its author, and drawn to be read afterwards
  bool deletion_conflict = false;  // deleted on one side, edited on the other
  std::vector<FieldConflict> conflicts;
  EditBasis basis;

  [[nodiscard]] bool is_public() const { return published_at.has_value(); }
  // Its author is the account.
  [[nodiscard]] bool is_of(std::string_view account) const {
    return !owner.account.empty() && owner.account == account;
  }
};

// One line of a list of working copies: cheap, without values.
struct WorkingCopySummary {
  sync::DocumentKey key;
  NodeName node;
  schema::Type const* type = nullptr;
  std::string title;
  model::State state = model::State::draft;
  Author owner;
  Instant updated_at{};
  std::optional<Instant> submitted_at, publish_at;
  std::string reason;
  bool has_conflict = false;
};

}  // namespace solidaires::service
