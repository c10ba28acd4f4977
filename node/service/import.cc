#include "node/service/import.h"

#include <algorithm>
#include <set>

#include "node/formats/source_file.h"
#include "node/geography/gazetteer.h"
#include "node/service/import_row.h"
#include "node/service/indexes.h"
#include "node/service/objection.h"
#include "node/service/publication.h"
#include "node/service/working_copy_reader.h"
#include "node/store/store.h"
#include "node/text/fold.h"
#include "schema/display.h"
#include "sync/base/hash.h"

namespace solidaires::service {
namespace {

constexpr std::size_t kRecordsPerCommit = 200;
constexpr std::size_t kHeaderRowsLooked = 15;
constexpr std::size_t kProgressEvery = 200;

using Digests = std::map<std::string, std::string, std::less<>>;  // document field key -> digest

std::string digest_of(std::string_view bytes) {
  return hex(sha256(bytes).substr(0, 6));
}

std::string encode_digests(Digests const& digests) {
  std::string out;
  for (auto const& [key, digest] : digests) out += cat(key, ' ', digest, '\n');
  return out;
}

Digests decode_digests(std::string_view text) {
  Digests digests;
  while (!text.empty()) {
    auto const line = text.substr(0, text.find('\n'));
    auto const space = line.rfind(' ');
    if (space != std::string_view::npos)
      digests.emplace(line.substr(0, space), line.substr(space + 1));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return digests;
}

bool is_source_name(std::string_view name) {
  return !name.empty() && name.size() <= 60 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_id_header(std::string_view header) {
  static std::set<std::string, std::less<>> const names{
      "id", "identifiant", "id source", "source id", "uid", "id fiche", "reference", "cle"};
  return names.contains(text::fold(header));
}

struct Header {
  std::size_t row = 0;  // in TableFile::rows
  std::vector<std::string> inputs;
};

// The row among the first whose cells name the most fields: titles and empty lines may stand above.
// Only tables that people made have any. None that names a field: the first, for people to map.
Header find_header(formats::TableFile const& file, schema::Type const& type) {
  bool const by_people =
      file.format == formats::Format::csv || file.format == formats::Format::spreadsheet;
  Header best{0, std::vector<std::string>(file.rows.front().cells.size())};
  std::size_t best_named = 0;
  auto const looked = std::min(file.rows.size(), by_people ? kHeaderRowsLooked : 1);
  for (std::size_t i = 0; i < looked; ++i) {
    auto inputs = schema::propose_mapping(type, file.rows[i].cells);
    for (std::size_t c = 0; c < inputs.size(); ++c) {
      if (inputs[c].empty() && is_id_header(file.rows[i].cells[c])) inputs[c] = kSourceIdInput;
    }
    auto const named = static_cast<std::size_t>(
        std::ranges::count_if(inputs, [](auto const& input) { return !input.empty(); }));
    if (named > best_named) {
      best_named = named;
      best = Header{i, std::move(inputs)};
    }
  }
  return best;
}

std::set<std::string, std::less<>> fields_fed(schema::Type const& type,
                                              std::vector<std::string> const& inputs) {
  std::set<std::string, std::less<>> fields;
  for (auto const& input : inputs) fields.insert(input.substr(0, input.find('.')));
  for (auto const& field : type.fields) {
    if (fields.contains(field.default_from)) fields.insert(field.key);
  }
  return fields;
}

std::string mapping_key(std::string_view source) {
  return cat("import-mapping/", source);
}

// Saved as "input<TAB>header" lines.
std::map<std::string, std::string> decode_mapping(std::string_view text) {
  std::map<std::string, std::string> mapping;
  while (!text.empty()) {
    auto const line = text.substr(0, text.find('\n'));
    auto const tab = line.find('\t');
    if (tab != std::string_view::npos) mapping.emplace(line.substr(tab + 1), line.substr(0, tab));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return mapping;
}

}  // namespace

std::string_view outcome_label(RowOutcome outcome, std::size_t count) {
  bool const one = count < 2;
  switch (outcome) {
    case RowOutcome::created: return one ? "créée" : "créées";
    case RowOutcome::updated: return one ? "mise à jour" : "mises à jour";
    case RowOutcome::unchanged: return one ? "inchangée" : "inchangées";
    case RowOutcome::kept_local:
      return one ? "gardée telle que modifiée ici" : "gardées telles que modifiées ici";
    case RowOutcome::duplicate:
      return one ? "doublon possible, non importé" : "doublons possibles, non importés";
    case RowOutcome::refused: return one ? "refusée" : "refusées";
    case RowOutcome::objected:
      return one ? "écartée : opposition à son retour" : "écartées : opposition à leur retour";
    case RowOutcome::set_aside:
      return one ? "laissée de côté par sa source" : "laissées de côté par leur source";
  }
  return "";
}

namespace {

// One run over one file: what it has seen, and what waits to be committed.
class Run {
 public:
  Run(Instance const& instance, geography::Gazetteer const& gazetteer, schema::Type const& type,
      std::set<std::string, std::less<>> covered, Objections objections,
      ImportOptions const& options, ImportReport& report)
      : instance_(instance),
        gazetteer_(gazetteer),
        type_(type),
        covered_(std::move(covered)),
        objections_(std::move(objections)),
        options_(options),
        report_(report),
        batch_(options.batch.empty()
                   ? cat(options.source, '-',
                         DocumentId::make(instance.clock.now(), instance.rng).short_id())
                   : options.batch) {}

  Result<> row(formats::TableRow const& row, RowReader const& reader);
  Result<> flush();

 private:
  [[nodiscard]] std::string id_of(ReadRow const& row) const;
  [[nodiscard]] Result<std::optional<sync::DocumentKey>> known(std::string const& id) const;
  [[nodiscard]] bool is_objected(schema::Record const& record, std::string const& id) const;
  [[nodiscard]] sync::Document probe_of(schema::Record const& record) const;
  [[nodiscard]] Result<std::string> duplicate_of(schema::Record const& record) const;
  Result<> create(schema::Record const& record, std::string const& id, RowReport& said);
  Result<> update(sync::DocumentKey const& key, schema::Record const& record, std::string const& id,
                  RowReport& said);
  void add_engine_fields(store::DocumentEdit& edit, std::string const& id,
                         Digests const& digests) const;
  // Working copy and public copy in one commit: whatever interrupts the run leaves no half.
  Result<> publish(sync::Document const& after);
  [[nodiscard]] model::State state_of_new(schema::Record const& record, RowReport& said) const;
  [[nodiscard]] std::string repeated(schema::Record const& record, std::size_t line,
                                     RowReport& said);
  void check_territory(schema::Record const& record, RowReport& said);

  Instance const& instance_;
  geography::Gazetteer const& gazetteer_;
  schema::Type const& type_;
  std::set<std::string, std::less<>> covered_;  // fields that a column of this file feeds
  Objections objections_;
  ImportOptions const& options_;
  ImportReport& report_;
  std::string batch_;
  std::map<std::string, std::size_t> seen_;  // id in the source -> line
  std::map<std::string, std::size_t> seen_identifiers_, seen_names_;
  std::vector<store::DocumentEdit> pending_;
};

// The file's own id, else an identifier that the State gave, else the name and the place.
std::string Run::id_of(ReadRow const& row) const {
  if (!row.source_id.empty()) return row.source_id;
  for (std::string_view const key : {"siret", "rna", "siren"}) {
    if (auto const text = schema::text_of(row.record, key); !text.empty())
      return cat(key, ':', text);
    if (auto const* const id = schema::get<schema::ExternalId>(row.record, key); id != nullptr)
      return cat(key, ':', id->value);
  }
  std::string commune;
  for (auto const& [key, value] : row.record) {
    if (auto const* const address = std::get_if<schema::Address>(&value);
        address != nullptr && commune.empty()) {
      commune =
          address->commune_code.empty() ? text::fold(address->commune) : address->commune_code;
    }
  }
  return cat("nom:", commune, ':', text::slug(schema::title(type_, row.record), 100));
}

Result<std::optional<sync::DocumentKey>> Run::known(std::string const& id) const {
  auto const value = cat(options_.source, '\n', id);
  SOL_ASSIGN(auto const page,
             instance_.store.view().scan(store::IndexScan{
                 .index = std::string(index::kSource), .prefix = value, .limit = 100}));
  for (auto const& hit : page.hits) {
    if (hit.value == value && hit.key.scope == ScopeId::office(options_.node)) return hit.key;
  }
  return std::nullopt;
}

// The title of a record from elsewhere that has one of this record's identifiers, or its name in
// its commune; empty if there is none.
Result<std::string> Run::duplicate_of(schema::Record const& record) const {
  auto const probe = probe_of(record);
  auto const view = instance_.store.view();
  for (auto const& entry : duplicate_keys(probe)) {
    if (entry.value.starts_with("siren:") || entry.index == index::kContact)
      continue;  // branches share these with their head office
    SOL_ASSIGN(auto const page, view.scan(store::IndexScan{
                                    .index = entry.index, .prefix = entry.value, .limit = 20}));
    for (auto const& hit : page.hits) {
      if (hit.value != entry.value) continue;
      SOL_ASSIGN(auto const stored, view.get(hit.key));
      if (!stored || stored->document.type != type_.key || !sync::is_alive(stored->document))
        continue;
      auto const source = engine_text(stored->document, engine::kSource);
      if (source.substr(0, source.find('\n')) == options_.source &&
          hit.key.scope == probe.key.scope)
        continue;
      bool const by_name = entry.index == index::kName;
      return cat(schema::title(type_, read_record(stored->document)),
                 by_name ? " (même nom dans la même commune)"
                         : cat(" (même ", entry.value.substr(0, entry.value.find(':')), ')'));
    }
  }
  return std::string();
}

void Run::check_territory(schema::Record const& record, RowReport& said) {
  for (auto const& [key, value] : record) {
    auto const* const address = std::get_if<schema::Address>(&value);
    if (address == nullptr) continue;
    auto const* const commune = gazetteer_.commune(address->commune_code);
    if (commune == nullptr) continue;
    if (std::ranges::find(instance_.territory, commune->department) == instance_.territory.end()) {
      ++report_.outside_territory;
      said.notes.push_back(
          cat("hors du territoire de ce portail (département ", commune->department, ')'));
    }
    return;
  }
}

void Run::add_engine_fields(store::DocumentEdit& edit, std::string const& id,
                            Digests const& digests) const {
  edit.fields.push_back(
      {std::string(engine::kSource), cat(options_.source, '\n', id, '\n', options_.licence)});
  edit.fields.push_back({std::string(engine::kBatch), batch_});
  edit.fields.push_back({std::string(engine::kImported), encode_digests(digests)});
}

Result<> Run::create(schema::Record const& record, std::string const& id, RowReport& said) {
  said.outcome = RowOutcome::created;
  auto const now = instance_.clock.now();
  store::DocumentEdit edit{
      .key = {ScopeId::office(options_.node), DocumentId::make(now, instance_.rng)},
      .type = type_.key,
      .presence = store::Presence::must_be_new};
  Digests digests;
  for (auto const& [key, value] : record) {
    auto bytes = schema::encode(value);
    digests.emplace(key, digest_of(bytes));
    edit.fields.push_back({key, std::move(bytes)});
  }
  auto const state = state_of_new(record, said);
  edit.fields.push_back({std::string(engine::kState), Bytes(model::state_name(state))});
  edit.fields.push_back({std::string(engine::kOwner), options_.author.encode()});
  edit.fields.push_back({std::string(engine::kCreatedAt), std::to_string(to_unix_ms(now))});
  if (state == model::State::submitted) {
    edit.fields.push_back({std::string(engine::kSubmittedAt), std::to_string(to_unix_ms(now))});
  }
  add_engine_fields(edit, id, digests);
  if (state == model::State::published) {
    edit.fields.push_back({std::string(engine::kPublishedAt), std::to_string(to_unix_ms(now))});
    SOL_TRY(publish(as_after({}, edit, now)));
  }
  pending_.push_back(std::move(edit));
  return {};
}

// A directory from elsewhere rarely has all that our form asks for: such a record is published, and
// what it lacks is said. One with a value that breaks a rule, or an event without its date, waits.
model::State Run::state_of_new(schema::Record const& record, RowReport& said) const {
  std::string lacking;
  bool waits = false;
  auto const wrong = schema::validate(type_, record, schema::Stage::draft);
  for (auto const& problem : schema::validate(type_, record, schema::Stage::submit)) {
    if (problem.note) continue;
    auto const* const field = type_.field(problem.field);
    bool const broken = std::ranges::any_of(wrong, [&problem](schema::Problem const& one) {
      return one.field == problem.field && one.message.fr == problem.message.fr;
    });
    if (broken || field == nullptr) {
      said.notes.push_back(
          cat(field == nullptr ? "" : cat(field->label.fr, " : "), problem.message.fr));
      waits = true;
    } else {
      lacking += cat(lacking.empty() ? "" : ", ", field->label.fr);
      waits =
          waits || field->kind == schema::FieldKind::schedule || options_.as == ImportAs::submitted;
    }
  }
  if (!lacking.empty()) said.notes.push_back(cat("à compléter : ", lacking));
  if (options_.as == ImportAs::draft) return model::State::draft;
  if (waits) {
    said.notes.emplace_back("fiche incomplète : gardée en brouillon");
    return model::State::draft;
  }
  return options_.as == ImportAs::published ? model::State::published : model::State::submitted;
}

Result<> Run::publish(sync::Document const& after) {
  auto const copy = read_working_copy(after, instance_.model);
  if (!copy) return fail(Code::internal, "an imported record cannot be read back");
  SOL_ASSIGN(auto edit, publication_of(instance_, *copy, after, instance_.clock.now()));
  pending_.push_back(std::move(edit));
  return {};
}

Result<> Run::update(sync::DocumentKey const& key, schema::Record const& record,
                     std::string const& id, RowReport& said) {
  SOL_ASSIGN(auto const stored, instance_.store.get(key));
  if (!stored) return fail(Code::corrupt, "an index names a document that is not there");
  if (!sync::is_alive(stored->document)) {
    said.outcome = RowOutcome::kept_local;
    said.notes.emplace_back("fiche supprimée ici : elle le reste");
    return {};
  }
  auto const before = decode_digests(engine_text(stored->document, engine::kImported));
  store::DocumentEdit edit{.key = key, .seen = stored->document.context};
  Digests digests;
  bool kept = false;
  auto const current = [&](std::string_view field) {
    auto const bytes = sync::shown_value(stored->document, field);
    return bytes ? digest_of(*bytes) : std::string();
  };
  for (auto const& [field, value] : record) {
    auto bytes = schema::encode(value);
    auto const wanted = digest_of(bytes);
    digests.emplace(field, wanted);
    auto const imported = before.find(field);
    auto const now_here = current(field);
    if (now_here == wanted) continue;
    if (imported != before.end() && imported->second == wanted)
      continue;  // the file did not change
    bool const local = now_here != (imported == before.end() ? std::string() : imported->second);
    if (local) {
      kept = true;
      auto const* const definition = type_.field(schema::field_of(field));
      said.notes.push_back(cat(definition == nullptr ? field : definition->label.fr,
                               " : modifié ici, valeur gardée"));
    } else {
      edit.fields.push_back({field, std::move(bytes)});
    }
  }
  for (auto const& [field, digest] : before) {
    if (record.contains(field)) continue;
    if (!covered_.contains(schema::field_of(field))) {  // this file has no such column
      digests.emplace(field, digest);
      continue;
    }
    if (current(field) != digest) continue;
    auto const* const definition = type_.field(schema::field_of(field));
    bool const element = definition != nullptr && schema::is_set(definition->kind);
    edit.fields.push_back({field, element ? std::nullopt : std::optional<Bytes>(Bytes())});
  }
  if (edit.fields.empty()) {
    said.outcome = kept ? RowOutcome::kept_local : RowOutcome::unchanged;
    return {};
  }
  said.outcome = RowOutcome::updated;
  add_engine_fields(edit, id, digests);
  if (engine_text(stored->document, engine::kState) == model::state_name(model::State::published)) {
    SOL_TRY(publish(as_after(stored->document, edit, instance_.clock.now())));
  }
  pending_.push_back(std::move(edit));
  return {};
}

Result<> Run::row(formats::TableRow const& row, RowReader const& reader) {
  auto read = reader.read(row);
  RowReport said{
      .line = row.line, .title = schema::title(type_, read.record), .notes = std::move(read.notes)};
  auto const note = [&said](RowOutcome outcome, std::string reason) {
    said.outcome = outcome;
    said.notes.insert(said.notes.begin(), std::move(reason));
  };
  auto const id = id_of(read);
  if (!row.set_aside.empty()) {
    note(RowOutcome::set_aside, row.set_aside);
  } else if (!read.faults.empty()) {
    note(RowOutcome::refused, read.faults.front());
  } else if (is_objected(read.record, id)) {
    note(RowOutcome::objected,
         "la personne ou la structure a fait effacer cette fiche et s’oppose à son retour");
  } else {
    auto const [earlier, is_first] = seen_.try_emplace(id, row.line);
    SOL_ASSIGN(auto const key, known(id));
    auto const twin = key || options_.keep_duplicates || !is_first
                          ? Result<std::string>(std::string())
                          : duplicate_of(read.record);
    SOL_TRY(twin);
    if (!is_first) {
      note(RowOutcome::duplicate,
           cat("même identifiant que la ligne ", earlier->second, " (", id, ')'));
    } else if (!twin->empty()) {
      note(RowOutcome::duplicate, cat("ressemble à une fiche venue d’ailleurs : ", *twin));
    } else if (auto const repeat = repeated(read.record, row.line, said);
               !key && !options_.keep_duplicates && !repeat.empty()) {
      note(RowOutcome::duplicate, repeat);
    } else {
      check_territory(read.record, said);
      if (key) {
        SOL_TRY(update(*key, read.record, id, said));
      } else {
        SOL_TRY(create(read.record, id, said));
      }
    }
  }
  ++report_.counts[said.outcome];
  report_.rows.push_back(std::move(said));
  if (pending_.size() >= kRecordsPerCommit) return flush();
  return {};
}

// What the row repeats of an earlier one under another id: an identifier (a sentence is returned),
// or its name in its commune (only noted: branches do that).
std::string Run::repeated(schema::Record const& record, std::size_t line, RowReport& said) {
  std::string sentence;
  for (auto const& entry : duplicate_keys(probe_of(record))) {
    if (entry.value.starts_with("siren:")) continue;  // branches share their head office's
    bool const by_name = entry.index == index::kName;
    auto& seen = by_name ? seen_names_ : seen_identifiers_;
    auto const [earlier, is_first] = seen.try_emplace(entry.value, line);
    if (is_first) continue;
    if (by_name) {
      said.notes.push_back(cat("même nom dans la même commune que la ligne ", earlier->second));
    } else {
      sentence = cat("même identifiant que la ligne ", earlier->second, " (", entry.value, ')');
    }
  }
  return sentence;
}

bool Run::is_objected(schema::Record const& record, std::string const& id) const {
  if (objections_.empty()) return false;
  auto identities = identities_of(probe_of(record));
  identities.push_back(source_identity(options_.source, id));
  return objections_.forbids(identities);
}

sync::Document Run::probe_of(schema::Record const& record) const {
  sync::Document probe;
  probe.key.scope = ScopeId::office(options_.node);
  probe.type = type_.key;
  for (auto const& [key, value] : record) {
    probe.fields[key] = {{{}, 0, schema::encode(value)}};
  }
  return probe;
}

Result<> Run::flush() {
  auto pending = std::exchange(pending_, {});
  if (pending.empty() || options_.dry_run) return {};
  report_.batch = batch_;
  store::Commit commit{.now = instance_.clock.now(),
                       .author = options_.author.encode(),
                       .reason = cat("import ", batch_)};
  commit.documents = std::move(pending);
  SOL_TRY(instance_.store.commit(commit));
  return {};
}

}  // namespace

// How the columns of one file are read.
struct Importer::Plan {
  schema::Type const* type = nullptr;
  Header header;
  std::string remembered;  // for the source
  [[nodiscard]] bool feeds_nothing() const {
    return std::ranges::all_of(header.inputs, [](std::string const& input) {
      return input.empty() || input == kIgnoreInput;
    });
  }
};

Result<Importer::Plan> Importer::plan(formats::TableFile const& table, ImportOptions const& options,
                                      ImportReport& report) const {
  auto const* const type = instance_.model.type(options.type);
  if (type == nullptr)
    return fail(Code::invalid, cat("Le genre de fiche « ", options.type, " » n’existe pas."));
  if (!is_source_name(options.source)) {
    return fail(
        Code::invalid,
        "Le nom de la source ne contient que des lettres minuscules, des chiffres et des tirets.");
  }
  Plan out{.type = type, .header = find_header(table, *type), .remembered = {}};
  auto& inputs = out.header.inputs;
  auto titles = table.rows[out.header.row].cells;
  for (auto& title : titles) title = text::single_line(title);
  SOL_ASSIGN(auto const saved_text,
             instance_.store.local(mapping_key(options.source), instance_.clock.now()));
  auto const saved = decode_mapping(saved_text.value_or(std::string()));
  report.format = table.format;
  report.encoding = table.encoding;
  report.separator = table.separator;
  report.header_line = table.rows[out.header.row].line;
  for (std::size_t i = 0; i < titles.size(); ++i) {
    if (auto const found = saved.find(titles[i]); found != saved.end()) inputs[i] = found->second;
    if (auto const found = options.mapping.find(titles[i]); found != options.mapping.end())
      inputs[i] = found->second;
    report.columns.push_back({titles[i], inputs[i]});
    if (!titles[i].empty())
      out.remembered += cat(inputs[i].empty() ? kIgnoreInput : inputs[i], '\t', titles[i], '\n');
  }
  for (auto const& [title, input] : options.mapping) {
    if (std::ranges::find(titles, title) == titles.end()) {
      return fail(Code::invalid, cat("Le fichier n’a pas de colonne « ", title, " »."));
    }
  }
  return out;
}

Result<> Importer::rows(formats::TableFile const& table, Plan const& plan,
                        ImportOptions const& options, ImportReport& report) const {
  RowReader const reader(*plan.type, plan.header.inputs, *gazetteer_);
  SOL_ASSIGN(auto objections, Objections::read(instance_));
  Run run(instance_, *gazetteer_, *plan.type, fields_fed(*plan.type, plan.header.inputs),
          std::move(objections), options, report);
  auto const first = plan.header.row + 1;
  for (std::size_t i = first; i < table.rows.size(); ++i) {
    SOL_TRY(run.row(table.rows[i], reader));
    bool const tell =
        options.progress && ((i - first + 1) % kProgressEvery == 0 || i + 1 == table.rows.size());
    if (!tell) continue;
    SOL_TRY(run.flush());  // what is told as done is durable
    if (!options.progress(i - first + 1, table.rows.size() - first)) {
      report.stopped = true;
      break;
    }
  }
  return run.flush();
}

Result<ImportReport> Importer::look(formats::TableFile const& head, ImportOptions options) const {
  options.dry_run = true;
  ImportReport report;
  SOL_ASSIGN(auto const plan, this->plan(head, options, report));
  if (!plan.feeds_nothing()) SOL_TRY(rows(head, plan, options, report));
  return report;
}

Result<ImportReport> Importer::run(std::string_view file, ImportOptions const& options) const {
  SOL_ASSIGN(auto const table, formats::read_source(file));
  ImportReport report;
  SOL_ASSIGN(auto const plan, this->plan(table, options, report));
  if (plan.feeds_nothing()) {
    return fail(Code::invalid,
                "Aucune ligne d’en-tête n’a été reconnue : la première ligne du tableau doit "
                "nommer les colonnes "
                "(nom, adresse, code postal, commune…).");
  }
  SOL_TRY(rows(table, plan, options, report));
  if (!options.dry_run) {
    store::Commit commit{.now = instance_.clock.now(), .author = options.author.encode()};
    commit.local.push_back({.key = mapping_key(options.source), .value = plan.remembered});
    SOL_TRY(instance_.store.commit(commit));
  }
  return report;
}

namespace {

// What takes a record back to what it was before the batch; nullopt: people changed it since.
std::optional<store::DocumentEdit> revert_edit(sync::Document const& document,
                                               std::vector<store::HistoryEntry> const& history,
                                               std::string const& reason, bool& created) {
  created = false;
  store::DocumentEdit edit{.key = document.key, .seen = document.context};
  bool found = false;
  std::set<std::string, std::less<>> undone;  // imports since, and taken back since
  for (auto const& entry : history) {         // newest first
    if (entry.reason != reason) {
      if (found) break;
      if (entry.reason.starts_with("undo ")) undone.insert(cat("import ", entry.reason.substr(5)));
      if (entry.reason.starts_with("undo ") || undone.contains(entry.reason)) continue;
      bool const by_people = std::ranges::any_of(
          entry.changes,
          [](store::FieldChange const& change) { return !change.field.starts_with('_'); });
      if (by_people) return std::nullopt;
      continue;
    }
    found = true;
    for (auto const& change : entry.changes) {
      if (change.field == engine::kState && !change.before) created = true;
      // An older entry of the batch comes later here and has the last word.
      std::erase_if(edit.fields, [&change](auto const& one) { return one.field == change.field; });
      edit.fields.push_back({change.field, change.before});
    }
  }
  if (!found) return std::nullopt;
  if (created) edit.fields = {{std::string(sync::kExistence), Bytes(sync::kDeleted)}};
  return edit;
}

}  // namespace

Result<UndoReport> Importer::undo(std::string_view batch, NodeName const& node,
                                  Author const& author) const {
  auto const view = instance_.store.view();
  store::IndexScan scan{
      .index = std::string(index::kBatch), .prefix = Bytes(batch), .limit = 1'000};
  UndoReport report;
  bool any = false;
  auto const reason = cat("import ", batch);
  do {
    SOL_ASSIGN(auto const page, view.scan(scan));
    for (auto const& hit : page.hits) {
      if (hit.value != batch || hit.key.scope != ScopeId::office(node)) continue;
      SOL_ASSIGN(auto const stored, view.get(hit.key));
      if (!stored || !sync::is_alive(stored->document)) continue;
      any = true;
      SOL_ASSIGN(auto const history, view.history(hit.key, 200));
      bool created = false;
      auto edit = revert_edit(stored->document, history, reason, created);
      auto const copy = read_working_copy(stored->document, instance_.model);
      if (!edit || !copy) {
        report.kept.push_back(copy ? copy->title : hit.key.id.to_string());
        continue;
      }
      store::Commit commit{
          .now = instance_.clock.now(), .author = author.encode(), .reason = cat("undo ", batch)};
      commit.documents.push_back(*std::move(edit));
      if (created) {
        SOL_ASSIGN(auto removal, withdrawal_of(instance_, *copy));
        if (removal) commit.documents.push_back(*std::move(removal));
      }
      auto const after = as_after(stored->document, commit.documents.front(), commit.now);
      auto const back = created ? std::nullopt : read_working_copy(after, instance_.model);
      if (back && back->state == model::State::published) {
        SOL_ASSIGN(auto public_edit, publication_of(instance_, *back, after, commit.now));
        commit.documents.push_back(std::move(public_edit));
      }
      SOL_TRY(instance_.store.commit(commit));
      created ? ++report.removed : ++report.reverted;
    }
    scan.position = page.next;
  } while (!scan.position.empty());
  if (!any) {
    return fail(Code::not_found, cat("Aucune fiche ne vient du lot « ", batch,
                                     " », ou un lot plus récent les a reprises."));
  }
  return report;
}

}  // namespace solidaires::service
