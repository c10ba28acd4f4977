#include "node/service/import_jobs.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "node/formats/source_file.h"
#include "node/store/store.h"
#include "node/text/fold.h"
#include "schema/characters.h"
#include "sync/base/log.h"

namespace solidaires::service {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kKeys = "import-job/";
constexpr std::size_t kHeadRows = 45;  // titles above the header, the header, some of each kind
constexpr std::size_t kHeadCellBytes = 400;
constexpr std::size_t kSourceCharacters = 60;
constexpr std::string_view kUpload = "file", kHead = "head", kReport = "report";

constexpr std::array<std::pair<ImportState, std::pair<std::string_view, std::string_view>>, 8>
    kStates{{{ImportState::reading, {"reading", "en lecture"}},
             {ImportState::ready, {"ready", "à préparer"}},
             {ImportState::trying, {"trying", "essai en cours"}},
             {ImportState::importing, {"importing", "import en cours"}},
             {ImportState::done, {"done", "importé"}},
             {ImportState::undoing, {"undoing", "annulation en cours"}},
             {ImportState::undone, {"undone", "annulé"}},
             {ImportState::failed, {"failed", "illisible"}}}};

constexpr std::array<std::pair<RowOutcome, std::string_view>, 8> kOutcomes{
    {{RowOutcome::created, "creees"},
     {RowOutcome::updated, "mises-a-jour"},
     {RowOutcome::unchanged, "inchangees"},
     {RowOutcome::kept_local, "gardees"},
     {RowOutcome::duplicate, "doublons"},
     {RowOutcome::refused, "refusees"},
     {RowOutcome::objected, "oppositions"},
     {RowOutcome::set_aside, "de-cote"}}};

constexpr std::array<std::pair<ImportAs, std::string_view>, 3> kWays{
    {{ImportAs::published, "published"},
     {ImportAs::submitted, "submitted"},
     {ImportAs::draft, "draft"}}};

Error not_found() {
  return {Code::not_found, "Cet import n’existe pas, ou n’est plus gardé."};
}

std::string key_of(DocumentId const& id) {
  return cat(kKeys, id.to_string());
}

std::string encode(ImportJob const& job) {
  json::object out{{"author", job.author.encode()},
                   {"node", job.node.str()},
                   {"asked", job.asked_at.time_since_epoch().count()},
                   {"name", job.file_name},
                   {"state", name_of(job.state)},
                   {"type", job.type},
                   {"source", job.source},
                   {"licence", job.licence},
                   {"duplicates", job.keep_duplicates},
                   {"format", job.format},
                   {"tried", job.tried},
                   {"stopped", job.stopped},
                   {"batch", job.batch},
                   {"outside", job.outside_territory},
                   {"said", job.said}};
  for (auto const& [way, name] : kWays) {
    if (way == job.as) out["as"] = name;
  }
  json::object mapping, counts;
  for (auto const& [header, input] : job.mapping) mapping[header] = input;
  for (auto const& [outcome, count] : job.counts) counts[name_of(outcome)] = count;
  out["mapping"] = std::move(mapping);
  out["counts"] = std::move(counts);
  return json::serialize(out);
}

std::string text_of(json::object const& object, std::string_view name) {
  auto const* const found = object.if_contains(name);
  if (found == nullptr || !found->is_string()) return {};
  return {found->get_string().data(), found->get_string().size()};
}

std::int64_t number_of(json::object const& object, std::string_view name) {
  auto const* const found = object.if_contains(name);
  boost::system::error_code error;
  auto const number = found == nullptr ? 0 : found->to_number<std::int64_t>(error);
  return error ? 0 : number;
}

bool flag_of(json::object const& object, std::string_view name) {
  auto const* const found = object.if_contains(name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

json::object object_of(json::object const& object, std::string_view name) {
  auto const* const found = object.if_contains(name);
  return found != nullptr && found->is_object() ? found->get_object() : json::object();
}

std::optional<ImportJob> decode(DocumentId const& id, std::string_view text) {
  boost::system::error_code error;
  auto const value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  auto const& object = value.get_object();
  ImportJob job;
  job.id = id;
  job.author = Author::decode(text_of(object, "author"));
  auto node = NodeName::parse(text_of(object, "node"));
  if (!node) return std::nullopt;
  job.node = *std::move(node);
  job.asked_at = Instant(Millis(number_of(object, "asked")));
  job.file_name = text_of(object, "name");
  for (auto const& [state, names] : kStates) {
    if (names.first == text_of(object, "state")) job.state = state;
  }
  job.type = text_of(object, "type");
  job.source = text_of(object, "source");
  job.licence = text_of(object, "licence");
  for (auto const& [way, name] : kWays) {
    if (name == text_of(object, "as")) job.as = way;
  }
  job.keep_duplicates = flag_of(object, "duplicates");
  job.format = text_of(object, "format");
  job.tried = flag_of(object, "tried");
  job.stopped = flag_of(object, "stopped");
  job.batch = text_of(object, "batch");
  job.outside_territory = static_cast<std::size_t>(number_of(object, "outside"));
  job.said = text_of(object, "said");
  for (auto const& [header, input] : object_of(object, "mapping")) {
    if (input.is_string()) job.mapping[std::string(header)] = input.get_string();
  }
  auto const counts = object_of(object, "counts");
  for (auto const& [outcome, name] : kOutcomes) {
    if (counts.contains(name))
      job.counts[outcome] = static_cast<std::size_t>(number_of(counts, name));
  }
  return job;
}

Result<std::string> contents(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected(not_found());
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// The whole file or none of it.
Result<> write(fs::path const& path, std::string_view text) {
  auto const beside = fs::path(path).concat(".new");
  {
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    file << text;
    if (!file.flush()) return fail(Code::io, cat("cannot write ", beside.string()));
  }
  std::error_code error;
  fs::rename(beside, path, error);
  if (error) return fail(Code::io, cat("cannot write ", path.string(), ": ", error.message()));
  return {};
}

json::array texts(std::vector<std::string> const& from) {
  json::array out;
  for (auto const& text : from) out.emplace_back(text::beginning(text, kHeadCellBytes));
  return out;
}

std::string encode_head(formats::TableFile const& table) {
  json::array rows;
  for (std::size_t i = 0; i < std::min(table.rows.size(), kHeadRows); ++i) {
    auto const& row = table.rows[i];
    rows.push_back(json::object{{"line", row.line},
                                {"cells", texts(row.cells)},
                                {"notes", texts(row.notes)},
                                {"aside", row.set_aside}});
  }
  return json::serialize(json::object{{"format", static_cast<int>(table.format)},
                                      {"encoding", table.encoding},
                                      {"separator", std::string(1, table.separator)},
                                      {"rows", std::move(rows)}});
}

std::vector<std::string> texts(json::object const& object, std::string_view name) {
  std::vector<std::string> out;
  auto const* const list = object.if_contains(name);
  if (list == nullptr || !list->is_array()) return out;
  for (auto const& text : list->get_array()) {
    out.emplace_back(text.is_string() ? std::string(text.get_string().c_str()) : std::string());
  }
  return out;
}

Result<formats::TableFile> decode_head(std::string_view text) {
  boost::system::error_code error;
  auto const value = json::parse(text, error);
  if (error || !value.is_object()) return fail(Code::corrupt, "the head of an import is damaged");
  auto const& object = value.get_object();
  formats::TableFile table;
  table.format = static_cast<formats::Format>(number_of(object, "format"));
  table.encoding = text_of(object, "encoding");
  auto const separator = text_of(object, "separator");
  if (!separator.empty()) table.separator = separator.front();
  auto const* const rows = object.if_contains("rows");
  if (rows == nullptr || !rows->is_array() || rows->get_array().empty())
    return fail(Code::corrupt, "the head of an import is damaged");
  for (auto const& row : rows->get_array()) {
    if (!row.is_object()) continue;
    auto const& one = row.get_object();
    table.rows.push_back({.line = static_cast<std::size_t>(number_of(one, "line")),
                          .cells = texts(one, "cells"),
                          .notes = texts(one, "notes"),
                          .set_aside = text_of(one, "aside")});
  }
  return table;
}

std::string encode_report(ImportReport const& report) {
  std::string out = "\xef\xbb\xbf\"ligne\";\"issue\";\"resultat\";\"titre\";\"remarques\"\r\n";
  for (auto const& row : report.rows) {
    std::string notes;
    for (auto const& note : row.notes) notes += cat(notes.empty() ? "" : " ; ", note);
    auto const line = std::to_string(row.line);
    out += cat(formats::csv_cell(line), ';', formats::csv_cell(name_of(row.outcome)), ';',
               formats::csv_cell(outcome_label(row.outcome, 1)), ';', formats::csv_cell(row.title),
               ';', formats::csv_cell(notes), "\r\n");
  }
  return out;
}

std::string sentence_of(Error const& error) {
  if (error.code() == Code::invalid || error.code() == Code::exhausted ||
      error.code() == Code::not_found)
    return error.message();
  log_error("import.failed", {{"error", error.to_string()}});
  return "Un problème est survenu en route. Ce qui était écrit le reste : relancez pour finir.";
}

}  // namespace

std::string_view name_of(ImportState state) {
  return std::ranges::find(kStates, state, [](auto const& one) { return one.first; })->second.first;
}

std::string_view label_of(ImportState state) {
  return std::ranges::find(kStates, state, [](auto const& one) { return one.first; })
      ->second.second;
}

std::string_view name_of(RowOutcome outcome) {
  return std::ranges::find(kOutcomes, outcome, [](auto const& one) { return one.first; })->second;
}

ImportJobs::ImportJobs(Instance const& instance,
                       std::shared_ptr<geography::Gazetteer const> gazetteer, fs::path directory)
    : instance_(instance), gazetteer_(std::move(gazetteer)), directory_(std::move(directory)) {
  std::error_code ignored;
  fs::create_directories(directory_, ignored);
}

ImportJobs::~ImportJobs() {
  stop();
}

fs::path ImportJobs::path_of(DocumentId const& id, std::string_view what) const {
  return directory_ / cat(id.to_string(), '.', what);
}

void ImportJobs::recover() {
  std::scoped_lock const lock(mutex_);
  clean();
  auto jobs = all();
  for (auto& job : jobs.value_or(std::vector<ImportJob>())) {
    if (!job.under_way() || job.state == ImportState::reading) continue;
    job.said =
        "Le portail s’est arrêté pendant ce travail, qui a repris de lui-même : ce qui était "
        "déjà écrit compte parmi les lignes inchangées.";
    if (auto const saved = save(job); !saved)
      log_error("import.not_saved", {{"error", saved.error().to_string()}});
  }
}

void ImportJobs::start() {
  recover();
  thread_ = std::jthread([this](std::stop_token const& stop) { run(stop); });
}

void ImportJobs::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void ImportJobs::run(std::stop_token const& stop) {
  while (!stop.stop_requested()) {
    carry_out(stop);
    std::unique_lock lock(mutex_);
    awake_.wait(lock, stop, [this] { return asked_; });
  }
}

void ImportJobs::carry_out(std::stop_token const& stop) {
  while (true) {
    std::optional<ImportJob> job;
    {
      std::scoped_lock const lock(mutex_);
      asked_ = false;
      job = next();
      if (!job) return;
      running_ = job->id;
      progress_ = {};
      cancelled_ = false;
    }
    carry_out_one(*std::move(job), stop);
    if (stop.stop_requested()) return;
  }
}

std::optional<ImportJob> ImportJobs::next() const {
  auto jobs = all();
  if (!jobs) return std::nullopt;
  for (auto it = jobs->rbegin(); it != jobs->rend(); ++it) {
    if (it->under_way()) return std::move(*it);
  }
  return std::nullopt;
}

void ImportJobs::carry_out_one(ImportJob job, std::stop_token const& stop) {
  bool over = true;
  if (job.state == ImportState::reading) {
    read(job);
  } else if (job.state == ImportState::undoing) {
    undo(job);
  } else {
    over = import(job, stop);
  }
  std::scoped_lock const lock(mutex_);
  running_.reset();
  if (!over) return;
  if (auto const saved = save(job); !saved)
    log_error("import.not_saved", {{"error", saved.error().to_string()}});
}

void ImportJobs::read(ImportJob& job) const {
  auto const bytes = contents(path_of(job.id, kUpload));
  auto const table = bytes ? formats::read_source(*bytes) : std::unexpected(bytes.error());
  auto const kept =
      table ? write(path_of(job.id, kHead), encode_head(*table)) : std::unexpected(table.error());
  if (!kept) {
    job.state = ImportState::failed;
    job.said = sentence_of(kept.error());
    return;
  }
  job.format = formats::label_of(table->format);
  if (table->format == formats::Format::calendar) job.type = "event";
  if (table->format == formats::Format::feed) job.type = "article";
  if (table->format == formats::Format::job_offers) job.type = "job_offer";
  job.state = ImportState::ready;
}

ImportOptions ImportJobs::options_of(ImportJob const& job) const {
  return {.type = job.type,
          .node = job.node,
          .source = job.source,
          .licence = job.licence,
          .as = job.as,
          .keep_duplicates = job.keep_duplicates,
          .mapping = job.mapping,
          .batch = job.batch,
          .author = job.author,
          .progress = {}};
}

bool ImportJobs::import(ImportJob& job, std::stop_token const& stop) {
  bool const trying = job.state == ImportState::trying;
  auto const bytes = contents(path_of(job.id, kUpload));
  auto options = options_of(job);
  options.dry_run = trying;
  options.progress = [this, &stop](std::size_t done, std::size_t rows) {
    std::scoped_lock const lock(mutex_);
    progress_ = {done, rows};
    return !cancelled_ && !stop.stop_requested();
  };
  auto const report =
      bytes ? Importer(instance_, gazetteer_).run(*bytes, options) : std::unexpected(bytes.error());
  if (report && report->stopped && stop.stop_requested()) return false;
  job.state = trying ? ImportState::ready : ImportState::done;
  job.tried = trying;
  job.stopped = !report || report->stopped;
  if (!report) {
    job.said = sentence_of(report.error());
    return true;
  }
  if (report->stopped) {
    job.said = trying ? "Essai arrêté en route."
                      : "Import arrêté en route : ce qui était écrit le reste. Relancez-le pour "
                        "finir, ou annulez le lot.";
  }
  job.counts = report->counts;
  job.outside_territory = report->outside_territory;
  if (auto const kept = write(path_of(job.id, kReport), encode_report(*report)); !kept)
    job.said = sentence_of(kept.error());
  return true;
}

void ImportJobs::undo(ImportJob& job) const {
  auto const report = Importer(instance_, gazetteer_).undo(job.batch, job.node, job.author);
  job.state = ImportState::undone;
  job.tried = false;
  if (!report) {
    job.said = sentence_of(report.error());
    return;
  }
  job.said = cat(
      "Lot annulé : ", report->removed,
      report->removed > 1 ? " fiches retirées, " : " fiche retirée, ", report->reverted,
      report->reverted > 1 ? " remises dans leur état d’avant." : " remise dans son état d’avant.");
  if (!report->kept.empty()) {
    job.said += cat(' ', report->kept.size(),
                    report->kept.size() > 1 ? " gardées, car modifiées depuis : "
                                            : " gardée, car modifiée depuis : ",
                    text::excerpt(schema::join(report->kept, ", "), kHeadCellBytes), '.');
  }
}

Result<> ImportJobs::save(ImportJob const& job) const {
  store::Commit commit{.now = instance_.clock.now(), .author = job.author.encode()};
  commit.local.push_back({.key = key_of(job.id), .value = encode(job)});
  SOL_TRY(instance_.store.commit(commit));
  return {};
}

void ImportJobs::remove(DocumentId const& id) const {
  std::error_code ignored;
  for (auto const what : {kUpload, kHead, kReport}) fs::remove(path_of(id, what), ignored);
  store::Commit commit{.now = instance_.clock.now()};
  commit.local.push_back({.key = key_of(id)});
  if (auto const done = instance_.store.commit(commit); !done)
    log_error("import.not_removed", {{"error", done.error().to_string()}});
}

// Files hold what people sent, whole: they go after a while, and with the oldest jobs.
void ImportJobs::clean() const {
  auto const jobs = all();
  if (!jobs) return;
  std::error_code ignored;
  std::size_t kept = 0;
  for (auto const& job : *jobs) {
    if (job.under_way()) continue;
    if (++kept > kImportJobsMax) {
      remove(job.id);
    } else if (job.asked_at + kImportFileLife < instance_.clock.now()) {
      for (auto const what : {kUpload, kHead}) fs::remove(path_of(job.id, what), ignored);
    }
  }
}

Result<std::vector<ImportJob>> ImportJobs::all() const {
  std::vector<ImportJob> jobs;
  SOL_ASSIGN(auto const items,
             instance_.store.view().local_scan(kKeys, instance_.clock.now(), 2 * kImportJobsMax));
  for (auto const& item : items) {
    auto const id = DocumentId::parse(item.key.substr(kKeys.size()));
    if (!id) continue;
    if (auto job = decode(*id, item.value)) jobs.push_back(*std::move(job));
  }
  std::ranges::sort(jobs, std::greater(), &ImportJob::id);
  return jobs;
}

Result<std::vector<ImportJob>> ImportJobs::list(Actor const& actor) const {
  if (!actor.may(schema::Permission::import) || !actor.works_for(instance_.self))
    return fail(Code::denied, "Les imports sont réservés à l’animation du portail.");
  return all();
}

Result<ImportJob> ImportJobs::get(Actor const& actor, std::string_view id) const {
  SOL_ASSIGN(auto jobs, list(actor));
  auto const wanted = DocumentId::parse(id);
  if (!wanted) return std::unexpected(not_found());
  auto const found = std::ranges::find(jobs, *wanted, &ImportJob::id);
  if (found == jobs.end()) return std::unexpected(not_found());
  return std::move(*found);
}

Result<ImportJob> ImportJobs::add(Actor const& actor, fs::path const& file, std::string_view name,
                                  std::string_view type) {
  std::scoped_lock const lock(mutex_);
  SOL_ASSIGN(auto const jobs, list(actor));
  auto const waiting = std::ranges::count_if(jobs, &ImportJob::under_way);
  if (static_cast<std::size_t>(waiting) >= kImportJobsMax / 10)
    return fail(Code::exhausted, "Trop d’imports attendent déjà : laissez-les finir.");
  ImportJob job;
  job.id = DocumentId::make(instance_.clock.now(), instance_.rng);
  job.author = actor.author;
  job.node = instance_.self;
  job.asked_at = instance_.clock.now();
  job.file_name = text::beginning(name, 200);
  job.type = instance_.model.type(type) == nullptr ? job.type : std::string(type);
  job.source = text::slug(fs::path(job.file_name).stem().string(), kSourceCharacters);
  if (job.source.empty()) job.source = "fichier";
  std::error_code error;
  fs::rename(file, path_of(job.id, kUpload), error);
  if (error) {
    error.clear();
    fs::copy_file(file, path_of(job.id, kUpload), error);
  }
  if (error) return fail(Code::io, cat("cannot keep an upload: ", error.message()));
  SOL_TRY(save(job));
  asked_ = true;
  awake_.notify_all();
  return job;
}

Result<formats::TableFile> ImportJobs::head(ImportJob const& job) const {
  SOL_ASSIGN(auto const text, contents(path_of(job.id, kHead)));
  return decode_head(text);
}

Result<ImportReport> ImportJobs::look(ImportJob const& job) const {
  SOL_ASSIGN(auto const table, head(job));
  return Importer(instance_, gazetteer_).look(table, options_of(job));
}

Result<> ImportJobs::choose(Actor const& actor, ImportJob const& choice) {
  std::scoped_lock const lock(mutex_);
  SOL_ASSIGN(auto job, get(actor, choice.id.to_string()));
  if (!job.can_change())
    return fail(Code::conflict, "Cet import est en cours ou fini : il ne se change plus.");
  auto const source = text::slug(choice.source, kSourceCharacters);
  if (instance_.model.type(choice.type) == nullptr || source.empty())
    return fail(Code::invalid, "Donnez un nom à la source, et un genre de fiche.");
  job.type = choice.type;
  job.source = source;
  job.licence = text::beginning(text::single_line(choice.licence), 200);
  bool const publishes = actor.may(schema::Permission::publish);
  job.as = choice.as == ImportAs::published && !publishes ? ImportAs::submitted : choice.as;
  job.keep_duplicates = choice.keep_duplicates;
  job.mapping = choice.mapping;
  return save(job);
}

Result<> ImportJobs::order(Actor const& actor, std::string_view id, ImportState what) {
  std::scoped_lock const lock(mutex_);
  SOL_ASSIGN(auto job, get(actor, id));
  bool const undoes = what == ImportState::undoing;
  if (undoes ? job.state != ImportState::done : !job.can_change())
    return fail(Code::conflict, "Cet import est en cours ou fini : attendez, puis rouvrez-le.");
  job.state = what;
  job.said.clear();
  job.author = actor.author;
  if (what == ImportState::importing) {
    // The same batch goes on; after an undo a new one begins.
    if (job.batch.empty() || !job.stopped)
      job.batch =
          cat(job.source, '-', DocumentId::make(instance_.clock.now(), instance_.rng).short_id());
    job.stopped = false;
  }
  SOL_TRY(save(job));
  asked_ = true;
  awake_.notify_all();
  return {};
}

Result<> ImportJobs::cancel(Actor const& actor, std::string_view id) {
  std::scoped_lock const lock(mutex_);
  SOL_ASSIGN(auto job, get(actor, id));
  if (running_ == job.id) {
    cancelled_ = true;
    return {};
  }
  if (job.state != ImportState::trying && job.state != ImportState::importing) return {};
  job.state = ImportState::ready;  // it waited behind another
  return save(job);
}

Result<> ImportJobs::forget(Actor const& actor, std::string_view id) {
  std::scoped_lock const lock(mutex_);
  SOL_ASSIGN(auto const job, get(actor, id));
  if (job.under_way()) return fail(Code::conflict, "Cet import est en cours : arrêtez-le d’abord.");
  remove(job.id);
  return {};
}

std::optional<ImportProgress> ImportJobs::progress(DocumentId const& id) const {
  std::scoped_lock const lock(mutex_);
  if (running_ != id) return std::nullopt;
  return progress_;
}

Result<std::string> ImportJobs::report_file(ImportJob const& job) const {
  return contents(path_of(job.id, kReport));
}

Result<std::vector<ImportLine>> ImportJobs::report(ImportJob const& job,
                                                   std::string_view outcome) const {
  SOL_ASSIGN(auto const text, report_file(job));
  SOL_ASSIGN(auto const table, formats::read_table(text));
  std::vector<ImportLine> lines;
  for (std::size_t i = 1; i < table.rows.size(); ++i) {
    auto cells = table.rows[i].cells;
    cells.resize(5);
    if (!outcome.empty() && cells[1] != outcome) continue;
    lines.push_back({std::move(cells[0]), std::move(cells[1]), std::move(cells[2]),
                     std::move(cells[3]), std::move(cells[4])});
  }
  return lines;
}

}  // namespace solidaires::service
