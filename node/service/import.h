// Loading records of one type from a file of any format (formats/source_file.h): mapping, dry run,
// row report, partial commit, undo of a batch. Rules: a row is known by (source, its id in the
// source); what people changed here since the last import is theirs and is kept; the same file
// twice changes nothing; what looks like a record from elsewhere is reported, never merged. Any
// thread; blocks on the disk for as long as the file is long.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/formats/table_file.h"
#include "node/service/actor.h"
#include "node/service/instance.h"
#include "sync/base/result.h"

namespace solidaires::geography {
class Gazetteer;
}

namespace solidaires::service {

// What a column feeds, besides the inputs of schema/table.h.
inline constexpr std::string_view kSourceIdInput = "source-id";  // the row's id in its source
inline constexpr std::string_view kIgnoreInput = "-";            // nothing

enum class ImportAs : std::uint8_t { published, submitted, draft };

struct ImportOptions {
  std::string type = "structure";
  NodeName node;        // whose records they become
  std::string source;   // name of the source: "annuaire-insertion"; [a-z0-9-]
  std::string licence;  // shown with each record; may be empty
  ImportAs as = ImportAs::published;
  bool dry_run = false;
  bool keep_duplicates = false;  // import rows that look like a record from elsewhere all the same
  std::map<std::string, std::string>
      mapping;          // header -> input; wins over the saved and the proposed one
  std::string batch{};  // name of the batch, for a run that goes on; empty: a new one
  Author author;
  // Called about every hundred rows with (done, all); false stops after what is committed.
  std::function<bool(std::size_t, std::size_t)> progress;
};

enum class RowOutcome : std::uint8_t {
  created,
  updated,
  unchanged,
  kept_local,  // the file changed, but so did people here: theirs is kept
  duplicate,   // looks like a record from elsewhere, or repeats a row of this file
  refused,     // cannot be read as a record
  objected,    // whom it speaks of had it erased and objected to its return
  set_aside,   // closed, dissolved, not to be shown: its source says so
};
// "créée", "créées"; French.
[[nodiscard]] std::string_view outcome_label(RowOutcome outcome, std::size_t count);

struct RowReport {
  std::size_t line = 0;  // of the file, from 1
  RowOutcome outcome = RowOutcome::unchanged;
  std::string title{};
  std::vector<std::string> notes{};  // French: reasons, repairs
};

struct ColumnReport {
  std::string header;
  std::string input;  // empty: not used
};

struct ImportReport {
  std::string batch{};  // empty for a dry run, or when nothing was written
  formats::Format format = formats::Format::csv;
  std::string encoding{};
  char separator = ',';
  std::size_t header_line = 0;
  std::vector<ColumnReport> columns{};
  std::vector<RowReport> rows{};
  std::map<RowOutcome, std::size_t> counts{};
  std::size_t outside_territory = 0;
  bool stopped = false;  // by progress()
};

struct UndoReport {
  std::size_t removed = 0;        // records that the batch had created
  std::size_t reverted = 0;       // records that it had changed
  std::vector<std::string> kept;  // titles of records that people changed since: left as they are
};

class Importer {
 public:
  Importer(Instance const& instance, std::shared_ptr<geography::Gazetteer const> gazetteer)
      : instance_(instance), gazetteer_(std::move(gazetteer)) {}

  // Code::invalid with a sentence in French for a file or options that cannot be used. An error in
  // the middle (a full disk) leaves what was committed; the same file again goes on from there. The
  // mapping that was used is remembered for the source, except in a dry run.
  Result<ImportReport> run(std::string_view file, ImportOptions const& options) const;
  // A dry run over the first rows of a file: which columns feed what, and what becomes of these
  // rows. No column may feed anything yet: then no row is read.
  Result<ImportReport> look(formats::TableFile const& head, ImportOptions options) const;
  // Code::not_found if no record was last written by that batch.
  Result<UndoReport> undo(std::string_view batch, NodeName const& node, Author const& author) const;

 private:
  struct Plan;
  Result<Plan> plan(formats::TableFile const& table, ImportOptions const& options,
                    ImportReport& report) const;
  Result<> rows(formats::TableFile const& table, Plan const& plan, ImportOptions const& options,
                ImportReport& report) const;
  Instance const& instance_;
  std::shared_ptr<geography::Gazetteer const> gazetteer_;
};

}  // namespace solidaires::service
