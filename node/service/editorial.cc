#include "node/service/editorial.h"

#include <algorithm>

#include "node/model/labour.h"
#include "node/model/recurrence.h"
#include "node/service/indexes.h"
#include "node/service/publication.h"
#include "node/service/working_copy_reader.h"
#include "node/store/store.h"
#include "node/text/fold.h"
#include "schema/display.h"

namespace solidaires::service {
namespace {

constexpr std::size_t kIndexPage = 1'000;
constexpr std::size_t kQueueMax = 2'000;
constexpr std::int64_t kWorkingDaysMs = 2LL * 86'400'000;  // what an author may wait for an answer

using sync::FieldEdit;

FieldEdit engine_edit(std::string_view field, std::string value) {
  return {std::string(field), std::move(value)};
}

FieldEdit engine_edit(std::string_view field, Instant at) {
  return engine_edit(field, std::to_string(to_unix_ms(at)));
}

FieldEdit state_edit(model::State state) {
  return engine_edit(engine::kState, std::string(model::state_name(state)));
}

bool is_own(Actor const& actor, Author const& owner) {
  return !owner.account.empty() && owner.account == actor.author.account;
}

Result<> may(Actor const& actor, WorkingCopy const& copy, model::Step step) {
  return model::may(actor.role->permissions, copy.state, step, is_own(actor, copy.owner));
}

std::unexpected<Error> hidden() {
  return fail(Code::not_found, "Cette fiche n’existe pas, ou n’est pas à vous.");
}

bool may_see(Actor const& actor, NodeName const& node, Author const& owner) {
  if (!actor.works_for(node)) return false;
  return is_own(actor, owner) || actor.may(schema::Permission::edit_any) ||
         actor.may(schema::Permission::see_queue);
}

// What the author changed of the fields that their form showed, and nothing else.
std::vector<FieldEdit> edits_of(schema::Type const& type, schema::Record const& before,
                                schema::Record const& record,
                                std::span<schema::Field const* const> fields,
                                EditBasis const& basis) {
  auto const shown = [&fields](std::string_view key) {
    return std::ranges::any_of(
        fields, [&](auto const* field) { return field->key == schema::field_of(key); });
  };
  std::vector<FieldEdit> edits;
  for (auto const& [key, value] : record) {
    if (!shown(key)) continue;
    auto bytes = schema::encode(value);
    if (!basis.holds(key, bytes)) edits.push_back({key, std::move(bytes)});
  }
  // What the form could not show (a code of a newer vocabulary) was not taken away by its author.
  auto const showable = schema::only(before, fields);
  for (auto const& [key, digest] : basis.digests) {
    if (record.contains(key) || !showable.contains(key)) continue;
    auto const* const field = type.field(schema::field_of(key));
    bool const element = field != nullptr && schema::is_set(field->kind);
    // A cleared field stays as an empty version, so that a concurrent edit of it is noticed; an
    // element of a set just goes.
    edits.push_back({key, element ? std::nullopt : std::optional<Bytes>(Bytes())});
  }
  return edits;
}

std::string words_of(schema::Type const& type, store::FieldChange const& change) {
  auto const* const field = type.field(schema::field_of(change.field));
  auto const text = [&](std::optional<Bytes> const& bytes) -> std::string {
    if (!bytes || bytes->empty()) return "(vide)";
    auto shown =
        field == nullptr ? std::string() : schema::display_value(*field, schema::decode(*bytes));
    return shown.empty() ? "présent" : text::excerpt(shown, 160);
  };
  auto const label = field_label(type, change.field);
  if (change.field.find('/') != std::string::npos) {
    return cat(change.after ? "ajouté : " : "enlevé : ", label);
  }
  return cat(label, " : ", text(change.before), " → ", text(change.after));
}

}  // namespace

namespace {

// Writes `edits` of the engine on top of whatever is there now, provided nothing changed since
// `copy`.
Result<> commit_step(Instance const& instance, Actor const& actor, WorkingCopy const& copy,
                     std::vector<FieldEdit> edits, std::string_view reason,
                     std::optional<store::DocumentEdit> public_edit = std::nullopt) {
  store::Commit commit{
      .now = instance.clock.now(), .author = actor.author.encode(), .reason = std::string(reason)};
  commit.documents.push_back({.key = copy.key,
                              .fields = std::move(edits),
                              .seen = copy.basis.seen,
                              .presence = store::Presence::must_exist,
                              .must_be_as_seen = true});
  if (public_edit) commit.documents.push_back(*std::move(public_edit));
  auto const done = instance.store.commit(commit);
  if (!done && done.error().code() == Code::conflict) {
    return fail(Code::conflict,
                "La fiche a changé entre-temps. Relisez-la, puis recommencez : rien n’est perdu.");
  }
  SOL_TRY(done);
  return {};
}

Result<WorkingCopy> load(Instance const& instance, sync::DocumentKey const& key) {
  SOL_ASSIGN(auto const stored, instance.store.get(key));
  if (!stored) return hidden();
  auto copy = read_working_copy(stored->document, instance.model);
  if (!copy) return hidden();
  if (!sync::is_alive(stored->document) && !copy->deletion_conflict) return hidden();
  return *std::move(copy);
}

}  // namespace

Result<WorkingCopy> Editorial::create(Actor const& actor, NodeName const& node,
                                      std::string_view type_key, schema::Record const& record) {
  if (!actor.works_for(node) || !actor.may(schema::Permission::create)) {
    return fail(Code::denied, "Votre compte ne permet pas de proposer une fiche ici.");
  }
  auto const* const type = instance_.model.type(type_key);
  if (type == nullptr) return fail(Code::invalid, "Ce genre de fiche n’existe pas.");
  auto const now = instance_.clock.now();
  sync::DocumentKey const key{ScopeId::office(node), DocumentId::make(now, instance_.rng)};
  store::Commit commit{.now = now, .author = actor.author.encode()};
  store::DocumentEdit edit{.key = key, .type = type->key, .presence = store::Presence::must_be_new};
  for (auto const& [field, value] : record) edit.fields.push_back({field, schema::encode(value)});
  edit.fields.push_back(state_edit(model::State::draft));
  edit.fields.push_back(engine_edit(engine::kOwner, actor.author.encode()));
  edit.fields.push_back(engine_edit(engine::kCreatedAt, now));
  commit.documents.push_back(std::move(edit));
  SOL_TRY(instance_.store.commit(commit));
  return load(instance_, key);
}

Result<WorkingCopy> Editorial::save(Actor const& actor, sync::DocumentKey const& key,
                                    schema::Record const& record,
                                    std::span<schema::Field const* const> fields,
                                    EditBasis const& basis) {
  SOL_ASSIGN(auto const copy, get(actor, key));
  SOL_TRY(may(actor, copy, model::Step::edit));
  auto content = edits_of(*copy.type, copy.record, record, fields, basis);
  if (content.empty()) return copy;
  SOL_ASSIGN(auto const state, model::after(copy.state, model::Step::edit));
  store::Commit commit{.now = instance_.clock.now(), .author = actor.author.encode()};
  // The content supersedes what its author saw; the state is the engine's, and is as it is now.
  commit.documents.push_back({.key = key,
                              .fields = std::move(content),
                              .seen = basis.seen,
                              .presence = store::Presence::must_exist});
  commit.documents.push_back({.key = key, .fields = {state_edit(state)}});
  SOL_TRY(instance_.store.commit(commit));
  return load(instance_, key);
}

Result<WorkingCopy> Editorial::submit(Actor const& actor, sync::DocumentKey const& key) {
  SOL_ASSIGN(auto const copy, get(actor, key));
  SOL_TRY(may(actor, copy, model::Step::submit));
  if (auto const missing = problems(copy); !missing.empty()) {
    return fail(Code::invalid,
                cat(missing.front().message.fr,
                    missing.size() > 1 ? " D’autres points restent à compléter." : ""));
  }
  SOL_ASSIGN(auto const state, model::after(copy.state, model::Step::submit));
  SOL_TRY(commit_step(instance_, actor, copy,
                      {state_edit(state), engine_edit(engine::kSubmittedAt, instance_.clock.now()),
                       engine_edit(engine::kReason, "")},
                      "submitted"));
  return load(instance_, key);
}

Result<WorkingCopy> Editorial::publish(Actor const& actor, sync::DocumentKey const& key,
                                       std::optional<sync::Context> const& seen,
                                       std::string_view reason) {
  SOL_ASSIGN(auto const copy, get(actor, key));
  if (seen && *seen != copy.basis.seen) {
    return fail(Code::conflict,
                "La fiche a changé pendant votre relecture. Relisez-la avant de la publier.");
  }
  SOL_TRY(may(actor, copy, model::Step::publish));
  if (auto const missing = problems(copy); !missing.empty())
    return fail(Code::invalid, missing.front().message.fr);
  auto const now = instance_.clock.now();
  SOL_ASSIGN(auto public_edit, publication_of(instance_, copy, now));
  SOL_TRY(commit_step(instance_, actor, copy,
                      {state_edit(model::State::published),
                       engine_edit(engine::kPublishedAt, copy.published_at.value_or(now)),
                       engine_edit(engine::kReason, std::string(reason))},
                      cat("published", reason.empty() ? "" : ": ", reason),
                      std::move(public_edit)));
  return load(instance_, key);
}

Result<WorkingCopy> Editorial::send_back(Actor const& actor, sync::DocumentKey const& key,
                                         std::string_view reason) {
  SOL_ASSIGN(auto const copy, get(actor, key));
  SOL_TRY(may(actor, copy, model::Step::send_back));
  auto const said = text::normalise_lines(text::clean(reason));
  if (said.empty()) {
    return fail(Code::invalid,
                "Dites à l’auteur ou l’autrice ce qui est à corriger : la raison manque.");
  }
  SOL_TRY(commit_step(instance_, actor, copy,
                      {state_edit(model::State::returned), engine_edit(engine::kReason, said)},
                      cat("sent back: ", said)));
  return load(instance_, key);
}

Result<WorkingCopy> Editorial::withdraw(Actor const& actor, sync::DocumentKey const& key,
                                        std::string_view reason) {
  SOL_ASSIGN(auto const copy, get(actor, key));
  SOL_TRY(may(actor, copy, model::Step::withdraw));
  SOL_ASSIGN(auto removal, withdrawal_of(instance_, copy));
  SOL_TRY(commit_step(instance_, actor, copy,
                      {state_edit(model::State::withdrawn),
                       {std::string(engine::kPublishedAt), std::nullopt},
                       engine_edit(engine::kReason, text::normalise_lines(text::clean(reason)))},
                      cat("withdrawn", reason.empty() ? "" : ": ", reason), std::move(removal)));
  return load(instance_, key);
}

Result<WorkingCopy> Editorial::settle(Actor const& actor, sync::DocumentKey const& key,
                                      std::string_view field, sync::Dot chosen) {
  SOL_ASSIGN(auto const copy, get(actor, key));
  bool const own = is_own(actor, copy.owner);
  if (!own && !actor.may(schema::Permission::settle_conflict)) {
    return fail(Code::denied, "Votre compte ne permet pas de trancher entre deux versions.");
  }
  SOL_ASSIGN(auto const stored, instance_.store.get(key));
  if (!stored) return hidden();
  auto const found = stored->document.fields.find(field);
  if (found == stored->document.fields.end() ||
      (field.starts_with('_') && field != sync::kExistence)) {
    return fail(Code::not_found, "Ce champ n’a plus de versions à départager.");
  }
  auto const version = std::ranges::find(found->second, chosen, &sync::FieldVersion::dot);
  if (version == found->second.end()) {
    return fail(Code::conflict,
                "Les versions ont changé entre-temps. Relisez-les, puis choisissez.");
  }
  SOL_ASSIGN(auto const state, model::after(copy.state, model::Step::edit));
  std::vector<FieldEdit> edits{{std::string(field), version->value}};
  if (field != sync::kExistence) edits.push_back(state_edit(state));
  SOL_TRY(commit_step(instance_, actor, copy, std::move(edits), "settled"));
  return load(instance_, key);
}

Result<WorkingCopy> Editorial::get(Actor const& actor, sync::DocumentKey const& key) const {
  SOL_ASSIGN(auto copy, load(instance_, key));
  if (!may_see(actor, copy.node, copy.owner)) return hidden();
  return copy;
}

Result<WorkingCopy> Editorial::get(Actor const& actor, NodeName const& node,
                                   std::string_view id) const {
  auto const parsed = DocumentId::parse(id);
  if (!parsed) return hidden();
  return get(actor, {ScopeId::office(node), *parsed});
}

std::vector<schema::Problem> Editorial::problems(WorkingCopy const& copy) const {
  auto problems = schema::validate(*copy.type, copy.record, schema::Stage::submit);
  for (auto& problem : model::labour_problems(*copy.type, copy.record, instance_.labour)) {
    // A field that is missing anyhow says so once.
    if (std::ranges::find(problems, problem.field, &schema::Problem::field) == problems.end())
      problems.push_back(std::move(problem));
  }
  std::erase_if(problems, [](schema::Problem const& problem) { return problem.note; });
  return problems;
}

std::vector<model::Step> Editorial::open_steps(Actor const& actor, WorkingCopy const& copy) const {
  return model::open_steps(actor.role->permissions, copy.state, is_own(actor, copy.owner));
}

schema::Audience Editorial::widest(Actor const& actor, WorkingCopy const& copy) const {
  bool const inside = is_own(actor, copy.owner) || actor.may(schema::Permission::see_office_fields);
  return inside ? schema::Audience::office : schema::Audience::everyone;
}

Result<ListPage> Editorial::list(Actor const& actor, ListFilter const& filter) const {
  bool const sees_all =
      actor.may(schema::Permission::edit_any) || actor.may(schema::Permission::see_queue);
  bool const own_only = filter.own_only || !sees_all;
  std::string const selector = own_only                ? actor.author.account
                               : filter.conflicts_only ? std::string()
                               : filter.state ? std::string(model::state_name(*filter.state))
                                              : std::string();
  auto const index = own_only                ? index::kWorkByOwner
                     : filter.conflicts_only ? index::kWorkConflict
                     : filter.state          ? index::kWorkByState
                                             : index::kWork;
  auto const words = text::fold(filter.words);
  auto const view = instance_.store.view();
  store::IndexScan scan{
      .index = std::string(index), .prefix = work_prefix(selector), .limit = kIndexPage};
  ListPage page;
  do {
    SOL_ASSIGN(auto const hits, view.scan(scan));
    for (auto const& hit : hits.hits) {
      auto const entry = read_work_value(selector, hit.value);
      auto const node = NodeName::parse(hit.key.scope.owner());
      if (!node || !actor.works_for(*node) || (filter.node && *filter.node != *node)) continue;
      if (filter.state && entry.state != *filter.state) continue;
      if (!filter.type.empty() && entry.type != filter.type) continue;
      bool const wanted = page.total >= filter.offset && page.items.size() < filter.limit;
      bool const look = wanted || !words.empty() || (filter.conflicts_only && own_only);
      std::optional<WorkingCopySummary> summary;
      if (look) {
        SOL_ASSIGN(auto const stored, view.get(hit.key));
        if (stored) summary = read_summary(stored->document, instance_.model);
        if (!summary || (filter.conflicts_only && !summary->has_conflict)) continue;
        if (!words.empty() && text::fold(summary->title).find(words) == std::string::npos) continue;
      }
      ++page.total;
      if (wanted) page.items.push_back(*std::move(summary));
    }
    scan.position = hits.next;
  } while (!scan.position.empty());
  return page;
}

Result<ListPage> Editorial::queue(Actor const& actor) const {
  if (!actor.may(schema::Permission::see_queue)) {
    return fail(Code::denied, "La file de relecture est réservée aux personnes qui modèrent.");
  }
  ListFilter const filter{.state = model::State::submitted, .limit = kQueueMax};
  SOL_ASSIGN(auto page, list(actor, filter));
  auto const now = instance_.clock.now();
  auto const today = model::to_civil(now).date;
  // Two working days after it was submitted, or the eve of what it announces, whichever comes
  // first.
  auto const due = [&](WorkingCopySummary const& item) {
    auto due_ms = to_unix_ms(item.submitted_at.value_or(item.updated_at)) + kWorkingDaysMs;
    auto const* const field = item.type->first(schema::FieldKind::schedule);
    if (field == nullptr) return due_ms;
    auto const stored = instance_.store.get(item.key);
    if (!stored || !*stored) return due_ms;
    auto const record = read_record((*stored)->document);
    auto const* const schedule = schema::get<schema::Schedule>(record, field->key);
    if (schedule == nullptr) return due_ms;
    auto const next = model::next_occurrence(*schedule, today);
    if (next)
      due_ms = std::min(due_ms, to_unix_ms(model::to_instant(next->start)) - kWorkingDaysMs / 2);
    return due_ms;
  };
  std::vector<std::pair<std::int64_t, WorkingCopySummary>> ordered;
  ordered.reserve(page.items.size());
  for (auto& item : page.items) {
    auto const at = due(item);
    ordered.emplace_back(at, std::move(item));
  }
  std::ranges::sort(ordered, {}, [](auto const& pair) {
    return std::tuple(pair.first, pair.second.submitted_at, pair.second.key.id);
  });
  page.items.clear();
  for (auto& [at, item] : ordered) page.items.push_back(std::move(item));
  return page;
}

Result<OfficeCounts> Editorial::counts(Actor const& actor) const {
  OfficeCounts counts;
  for (auto const state : {model::State::draft, model::State::returned}) {
    SOL_ASSIGN(auto const page, list(actor, {.state = state, .own_only = true, .limit = 0}));
    (state == model::State::draft ? counts.drafts : counts.returned) = page.total;
  }
  if (actor.may(schema::Permission::see_queue)) {
    SOL_ASSIGN(auto const waiting,
               list(actor, {.state = model::State::submitted, .limit = kQueueMax}));
    counts.queue = waiting.total;
    for (auto const& item : waiting.items) {
      auto const at = item.submitted_at.value_or(item.updated_at);
      counts.oldest_submitted = std::min(counts.oldest_submitted.value_or(at), at);
    }
  }
  if (actor.may(schema::Permission::settle_conflict)) {
    SOL_ASSIGN(auto const page, list(actor, {.conflicts_only = true, .limit = 0}));
    counts.conflicts = page.total;
  }
  return counts;
}

Result<std::vector<HistoryLine>> Editorial::history(Actor const& actor,
                                                    sync::DocumentKey const& key,
                                                    std::size_t limit) const {
  SOL_ASSIGN(auto const copy, get(actor, key));
  SOL_ASSIGN(auto const entries, instance_.store.view().history(key, limit));
  std::vector<HistoryLine> lines;
  for (auto const& entry : entries) {
    HistoryLine line{Author::decode(entry.author), entry.written_at, entry.reason, {}};
    for (auto const& change : entry.changes) {
      if (change.field == engine::kState && change.after) {
        if (auto const state = model::parse_state(*change.after); state) {
          line.changes.push_back(cat("état : ", model::state_label(*state)));
        }
      } else if (change.field == engine::kReason && change.after && !change.after->empty()) {
        line.changes.push_back(cat("message : ", *change.after));
      } else if (!change.field.starts_with('_')) {
        line.changes.push_back(words_of(*copy.type, change));
      }
    }
    if (!line.changes.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace solidaires::service
