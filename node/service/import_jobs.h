// Imports that people ask for in the back office: a file is sent, read, mapped, tried, written and
// perhaps undone, on one thread of its own and never in a request. What is asked stands in local
// values of the store, files in a directory, so that a restart goes on with what was under way.
// Any thread; calls return at once, but for the reading of a few rows.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "node/service/actor.h"
#include "node/service/import.h"
#include "node/service/instance.h"

namespace solidaires::service {

inline constexpr std::size_t kImportJobsMax = 200;  // kept; beyond, the oldest that are over go
inline constexpr std::chrono::hours kImportFileLife{24 * 30};

// Stored on disk by name (name_of): never rename.
enum class ImportState : std::uint8_t {
  reading,  // what is it?
  ready,    // people map and decide
  trying,   // dry run
  importing,
  done,  // written, wholly or in part
  undoing,
  undone,
  failed,  // cannot be read
};
[[nodiscard]] std::string_view name_of(ImportState state);
[[nodiscard]] std::string_view label_of(ImportState state);  // French

struct ImportJob {
  DocumentId id;
  Author author;
  NodeName node;
  Instant asked_at{};
  std::string file_name;
  ImportState state = ImportState::reading;
  // What people choose.
  std::string type = "structure", source{}, licence{};
  ImportAs as = ImportAs::submitted;
  bool keep_duplicates = false;
  std::map<std::string, std::string> mapping{};
  // What came of it.
  std::string format{};  // French
  bool tried = false;    // the report is that of a dry run
  bool stopped = false;  // by people, in the middle
  std::string batch{};
  std::map<RowOutcome, std::size_t> counts{};
  std::size_t outside_territory = 0;
  std::string said{};  // French: what went wrong, or was interrupted

  [[nodiscard]] bool under_way() const {
    return state == ImportState::reading || state == ImportState::trying ||
           state == ImportState::importing || state == ImportState::undoing;
  }
  [[nodiscard]] bool can_change() const {
    return state == ImportState::ready || state == ImportState::undone ||
           (state == ImportState::done && stopped);
  }
};

struct ImportProgress {
  std::size_t done = 0, all = 0;
};

// A line of a report, as it is kept.
struct ImportLine {
  std::string line, outcome, label, title, notes;
};
[[nodiscard]] std::string_view name_of(RowOutcome outcome);  // in addresses and files

class ImportJobs {
 public:
  // `directory` is made. Instance and directory outlive it.
  ImportJobs(Instance const& instance, std::shared_ptr<geography::Gazetteer const> gazetteer,
             std::filesystem::path directory);
  ~ImportJobs();

  void start();
  void stop();  // what is under way stops at the next commit and goes on after a restart
  // What start() does first, and then again and again on its thread: says of each job that was
  // under way that it goes on; carries out all that is asked. For whoever starts no thread.
  void recover();
  void carry_out(std::stop_token const& stop);

  // Takes the file over (it is renamed). Code::denied, Code::invalid in French.
  Result<ImportJob> add(Actor const& actor, std::filesystem::path const& file,
                        std::string_view name, std::string_view type);
  // Newest first. Code::denied.
  [[nodiscard]] Result<std::vector<ImportJob>> list(Actor const& actor) const;
  // Code::denied, Code::not_found.
  [[nodiscard]] Result<ImportJob> get(Actor const& actor, std::string_view id) const;
  // The first rows, and what would become of them.
  [[nodiscard]] Result<formats::TableFile> head(ImportJob const& job) const;
  [[nodiscard]] Result<ImportReport> look(ImportJob const& job) const;
  // Keeps what people choose. Publishing is only for those who may; others go to the queue.
  Result<> choose(Actor const& actor, ImportJob const& choice);
  // trying, importing or undoing. Code::conflict: not now.
  Result<> order(Actor const& actor, std::string_view id, ImportState what);
  Result<> cancel(Actor const& actor, std::string_view id);  // what is written stays
  Result<> forget(Actor const& actor, std::string_view id);  // the job and its files; no record
  [[nodiscard]] std::optional<ImportProgress> progress(DocumentId const& id) const;
  // Of the last dry run or import; `outcome` empty: all.
  [[nodiscard]] Result<std::vector<ImportLine>> report(ImportJob const& job,
                                                       std::string_view outcome) const;
  // The same as a CSV file. Code::not_found: there is none.
  [[nodiscard]] Result<std::string> report_file(ImportJob const& job) const;

 private:
  void run(std::stop_token const& stop);
  [[nodiscard]] std::optional<ImportJob> next() const;
  void carry_out_one(ImportJob job, std::stop_token const& stop);
  void read(ImportJob& job) const;
  // false: the program stops in the middle.
  [[nodiscard]] bool import(ImportJob& job, std::stop_token const& stop);
  void undo(ImportJob& job) const;
  Result<> save(ImportJob const& job) const;
  void remove(DocumentId const& id) const;
  void clean() const;
  [[nodiscard]] Result<std::vector<ImportJob>> all() const;  // newest first
  [[nodiscard]] ImportOptions options_of(ImportJob const& job) const;
  [[nodiscard]] std::filesystem::path path_of(DocumentId const& id, std::string_view what) const;

  Instance const& instance_;
  std::shared_ptr<geography::Gazetteer const> gazetteer_;
  std::filesystem::path directory_;
  mutable std::mutex mutex_;  // jobs are read, changed and written back under it
  std::condition_variable_any awake_;
  bool asked_ = false;
  std::optional<DocumentId> running_;
  ImportProgress progress_;
  bool cancelled_ = false;
  std::jthread thread_;
};

}  // namespace solidaires::service
