#include "node/service/editorial.h"

#include <algorithm>

#include "node/model/labour.h"
#include "node/model/recurrence.h"
#include "node/model/working_days.h"
#include "node/service/indexes.h"
#include "node/service/publication.h"
#include "node/service/working_copy_reader.h"
#include "node/store/scanning.h"
#include "node/store/store.h"
#include "node/text/fold.h"
#include "schema/display.h"
#include "sync/base/log.h"

namespace solidaires::service {
namespace {

constexpr std::size_t kQueueMax = 2'000;
constexpr std::chrono::hours kEve{24};  // what announces a day is to be read a day before it
constexpr std::chrono::hours kScheduledMax{24 * 366};
constexpr std::chrono::hours kTakenBack{1};  // a decision, by whoever took it
constexpr std::string_view kTakenBackReason = "taken back";
constexpr std::size_t kUndoable = 200;  // of the latest writes
constexpr std::size_t kSayingCharactersMax = 4'000;
constexpr std::string_view kScheduler = "Publication programmée";
constexpr std::string_view kCommittee = "Comité éditorial";

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

Result<> may(Actor const& actor, WorkingCopy const& copy, model::Step step) {
  return model::may(actor.role->permissions, copy.state, step, copy.is_of(actor.author.account));
}

std::unexpected<Error> hidden() {
  return fail(Code::not_found, "Cette fiche n’existe pas, ou n’est pas à vous.");
}

bool may_see(Actor const& actor, WorkingCopy const& copy) {
  if (!actor.works_for(copy.node)) return false;
  return copy.is_of(actor.author.account) || actor.may(schema::Permission::edit_any) ||
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

// How a commit on what somebody saw ended, for them.
template <class T>
Result<> in_words(Result<T> const& done) {
  if (done) return {};
  if (done.error().code() != Code::conflict) return std::unexpected(done.error());
  return fail(Code::conflict,
              "La fiche a changé entre-temps. Relisez-la, puis recommencez : rien n’est perdu.");
}

// Content as somebody wants it, on top of whatever is there now, provided nothing changed since
// `copy`.
Result<> write_over(Instance const& instance, Actor const& actor, WorkingCopy const& copy,
                    std::vector<FieldEdit> edits, std::string_view reason) {
  SOL_ASSIGN(auto const state, model::after(copy.state, model::Step::edit));
  bool const content = edits.front().field != sync::kExistence;
  if (content) edits.push_back(state_edit(state));
  store::Commit commit{
      .now = instance.clock.now(), .author = actor.author.encode(), .reason = std::string(reason)};
  commit.documents.push_back({.key = copy.key,
                              .fields = std::move(edits),
                              .seen = copy.basis.seen,
                              .presence = store::Presence::must_exist,
                              .must_be_as_seen = true});
  return in_words(instance.store.commit(commit));
}

Result<> may_settle(Actor const& actor, WorkingCopy const& copy) {
  if (copy.is_of(actor.author.account) || actor.may(schema::Permission::settle_conflict)) return {};
  return fail(Code::denied, "Votre compte ne permet pas de trancher entre deux versions.");
}

Error nothing_to_settle() {
  return {Code::not_found, "Ce champ n’a plus de versions à départager."};
}

// Code::invalid, with what to say, if the step needs a reason and none is given.
Result<> reason_given(model::Step step, Saying const& said) {
  if (!said.text.empty()) return {};
  switch (step) {
    case model::Step::send_back:
      return fail(Code::invalid,
                  "Dites à l’auteur ou l’autrice ce qui est à corriger : la raison manque.");
    case model::Step::refuse:
      return fail(Code::invalid,
                  "Un refus se motive : dites pourquoi, avec l’article de la charte.");
    case model::Step::hand_over:
      return fail(Code::invalid, "Dites au comité sur quoi il doit se prononcer.");
    case model::Step::appeal:
      return fail(Code::invalid, "Dites au comité pourquoi vous contestez ce refus.");
    case model::Step::hide:
      return fail(Code::invalid,
                  "Dites à l’auteur ou l’autrice ce qui est signalé, pour pouvoir y répondre.");
    case model::Step::edit:
    case model::Step::submit:
    case model::Step::publish:
    case model::Step::schedule:
    case model::Step::withdraw: return {};
  }
  return {};
}

// "1234-0": the place of a write in the history.
std::string line_id(store::HistoryEntry const& entry) {
  return cat(static_cast<std::uint64_t>(entry.sequence), '-', entry.ordinal);
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

// One step of a record's life. `said` stands in the record for its author.
struct Editorial::Taking {
  model::Step step;
  Saying said{};
  std::vector<FieldEdit> edits{};  // beside state, reason and article
  std::vector<store::DocumentEdit> others{};
  std::optional<Instant> publish_at{};
};

// Writes on top of whatever is there now, provided nothing changed since `copy`.
Result<WorkingCopy> Editorial::take(Author const& by, WorkingCopy const& copy, Taking taking) {
  SOL_ASSIGN(auto const state, model::after(copy.state, taking.step));
  auto const& said = taking.said;
  if (text::length(said.text) > kSayingCharactersMax) {
    return fail(Code::invalid,
                cat("Ce message est trop long : ", kSayingCharactersMax, " caractères au plus."));
  }
  store::Commit commit{
      .now = instance_.clock.now(),
      .author = by.encode(),
      .reason = cat(model::step_name(taking.step), said.text.empty() ? "" : ": ", said.text)};
  auto after = copy;
  after.state = state;
  if (taking.publish_at) after.publish_at = taking.publish_at;
  auto edits = std::move(taking.edits);
  if (taking.publish_at) {
    edits.push_back(engine_edit(engine::kPublishAt, *taking.publish_at));
  } else if (copy.publish_at) {
    edits.push_back({std::string(engine::kPublishAt), std::nullopt});
  }
  if (state == model::State::in_committee)
    edits.push_back(engine_edit(engine::kAskedAt, commit.now));
  edits.push_back(state_edit(state));
  edits.push_back(engine_edit(engine::kReason, said.text));
  edits.push_back(
      engine_edit(engine::kArticle, said.article == nullptr ? std::string() : said.article->key));
  commit.documents.push_back({.key = copy.key,
                              .fields = std::move(edits),
                              .seen = copy.basis.seen,
                              .presence = store::Presence::must_exist,
                              .must_be_as_seen = true});
  for (auto& other : taking.others) commit.documents.push_back(std::move(other));
  SOL_ASSIGN(auto claim, end_of_claim(instance_, copy.key));
  if (claim) commit.documents.push_back(*std::move(claim));
  auto const done = this->commit(commit, letters(by, after, taking.step, said));
  SOL_TRY(in_words(done));
  return load(instance_, copy.key);
}

// What was decided or said matters more than the mail about it.
Result<> Editorial::commit(store::Commit const& commit, std::vector<mail::Letter> const& letters) {
  if (!letters.empty()) {
    auto const done = queue_->commit(commit, letters);
    if (done || done.error().code() != Code::exhausted) return done;
  }
  SOL_TRY(instance_.store.commit(commit));
  return {};
}

std::vector<mail::Letter> Editorial::letters(Author const& by, WorkingCopy const& after,
                                             std::optional<model::Step> step,
                                             Saying const& said) const {
  if (queue_ == nullptr || !queue_->on() || after.is_of(by.account)) return {};
  if (step == model::Step::submit) return {};  // somebody did it for them, and they asked for it
  auto const account = account_of(instance_, after.owner);
  if (!account || !*account || (*account)->disabled || (*account)->email.empty()) return {};
  return {write_(Notice{after, step, by, said, **account})};
}

Result<> Editorial::say(Actor const& actor, sync::DocumentKey const& key, std::string_view text,
                        bool to_author) {
  SOL_ASSIGN(auto const copy, get(actor, key));
  SOL_ASSIGN(auto const remark, reviews_.remark(actor, copy, text, to_author));
  return commit(remark, to_author ? letters(actor.author, copy, std::nullopt, text)
                                  : std::vector<mail::Letter>());
}

void Editorial::tell_authors(mail::Queue& queue, NoticeWriter write) {
  queue_ = &queue;
  write_ = std::move(write);
}

Saying::Saying(std::string_view said) : text(text::normalise_lines(text::clean(said))) {}

Saying saying(schema::ContentModel const& model, std::string_view chosen,
              std::string_view written) {
  Saying said(written);
  auto const* const wording = model.wording(chosen);
  if (wording == nullptr) return said;
  said.article = wording->article;
  said.text = said.text.empty() ? wording->text.fr : cat(wording->text.fr, "\n\n", said.text);
  return said;
}

// A step of somebody who decides about others' records: not while another person reads it.
Result<WorkingCopy> Editorial::decide(Actor const& actor, WorkingCopy const& copy, Taking taking) {
  SOL_TRY(may(actor, copy, taking.step));
  auto const claim = reviews_.claim_of(copy.key);
  if (claim && claim->by.account != actor.author.account &&
      actor.may(schema::Permission::see_queue)) {
    return fail(
        Code::conflict,
        cat(claim->by.name, " relit cette fiche en ce moment. Attendez, ou prenez le relais."));
  }
  return take(actor.author, copy, std::move(taking));
}

// A step that is nothing but what is said with it.
Result<WorkingCopy> Editorial::decide(Actor const& actor, sync::DocumentKey const& key,
                                      model::Step step, Saying const& said) {
  SOL_TRY(reason_given(step, said));
  SOL_ASSIGN(auto const copy, get(actor, key));
  return decide(actor, copy, {.step = step, .said = said});
}

Result<WorkingCopy> Editorial::submit(Actor const& actor, sync::DocumentKey const& key) {
  SOL_ASSIGN(auto const copy, get(actor, key));
  SOL_TRY(may(actor, copy, model::Step::submit));
  if (auto const missing = problems(copy); !missing.empty()) {
    return fail(Code::invalid,
                cat(missing.front().message.fr,
                    missing.size() > 1 ? " D’autres points restent à compléter." : ""));
  }
  return take(actor.author, copy,
              {.step = model::Step::submit,
               .edits = {engine_edit(engine::kSubmittedAt, instance_.clock.now())}});
}

// What publishing writes, the public copy with it.
Result<Editorial::Taking> Editorial::publishing(WorkingCopy const& copy, Saying const& said) const {
  if (auto const missing = problems(copy); !missing.empty())
    return fail(Code::invalid, missing.front().message.fr);
  auto const now = instance_.clock.now();
  auto shown = copy;
  // What comes back from being hidden is no news.
  if (copy.state == model::State::hidden) {
    SOL_ASSIGN(shown.published_at, last_published_at(instance_, copy));
  }
  SOL_ASSIGN(auto public_edit, publication_of(instance_, shown, now));
  Taking taking{.step = model::Step::publish,
                .said = said,
                .edits = {engine_edit(engine::kPublishedAt, shown.published_at.value_or(now))}};
  if (copy.merged_into) taking.edits.push_back({std::string(engine::kMergedInto), std::nullopt});
  taking.others.push_back(std::move(public_edit));
  return taking;
}

Result<WorkingCopy> Editorial::publish(Actor const& actor, sync::DocumentKey const& key,
                                       std::optional<sync::Context> const& seen,
                                       Saying const& said) {
  SOL_ASSIGN(auto const copy, get(actor, key));
  if (seen && *seen != copy.basis.seen) {
    return fail(Code::conflict,
                "La fiche a changé pendant votre relecture. Relisez-la avant de la publier.");
  }
  SOL_TRY(may(actor, copy, model::Step::publish));
  bool const own = copy.is_of(actor.author.account);
  auto const& two_eyes = instance_.rules.two_eyes;
  if (own && std::ranges::find(two_eyes, copy.type->key) != two_eyes.end()) {
    return fail(Code::denied,
                "Ce genre de fiche est toujours relu par une deuxième personne : proposez-la à la "
                "relecture.");
  }
  SOL_ASSIGN(auto taking, publishing(copy, said));
  // Of what trusted authors publish alone, some is read afterwards: which, nobody can foresee.
  auto const every = instance_.rules.sample_every;
  bool const drawn = own && !actor.may(schema::Permission::publish) && every > 0 &&
                     instance_.rng.next() % every == 0;
  if (drawn || copy.unread) taking.edits.push_back(engine_edit(engine::kUnread, drawn ? "1" : ""));
  return decide(actor, copy, std::move(taking));
}

Result<WorkingCopy> Editorial::unite(Actor const& actor, Union const& wanted) {
  SOL_ASSIGN(auto kept, get(actor, wanted.kept));
  SOL_ASSIGN(auto other, get(actor, wanted.other));
  if (kept.key.scope != other.key.scope || kept.type != other.type || kept.key == other.key)
    return fail(Code::invalid, "Ces deux fiches ne peuvent pas être réunies.");
  SOL_TRY(may(actor, kept, model::Step::edit));
  bool const shown = kept.is_public() || other.is_public();
  auto const now = instance_.clock.now();
  // The record that stays, as it will be.
  std::vector<FieldEdit> edits;
  for (auto const& [key, value] : wanted.record) edits.push_back({key, schema::encode(value)});
  for (auto const& [key, value] : kept.record) {
    if (wanted.record.contains(key)) continue;
    edits.push_back({key, key.contains('/') ? std::nullopt : std::optional(Bytes())});
  }
  kept.record = wanted.record;
  kept.basis.seen = wanted.kept_seen;
  other.basis.seen = wanted.other_seen;
  SOL_ASSIGN(kept.state, model::after(kept.state, model::Step::edit));
  if (wanted.owner_of_other) edits.push_back(engine_edit(engine::kOwner, other.owner.encode()));
  SOL_ASSIGN(auto away, taking_away(other, model::Step::withdraw, {}));
  if (shown) {
    if (kept.state != model::State::published) SOL_TRY(may(actor, kept, model::Step::publish));
    if (auto const missing = problems(kept); !missing.empty())
      return fail(Code::invalid, missing.front().message.fr);
    if (!kept.published_at) kept.published_at = other.published_at;
    kept.state = model::State::published;
    edits.push_back(engine_edit(engine::kPublishedAt, kept.published_at.value_or(now)));
    SOL_ASSIGN(auto public_edit, publication_of(instance_, kept, now));
    away.others.push_back(std::move(public_edit));
  }
  edits.push_back(state_edit(kept.state));
  auto const became = engine_edit(engine::kMergedInto, kept.key.id.to_string());
  away.edits.push_back(became);
  for (auto& edit : away.others) {
    if (edit.key == public_key(other)) edit.fields.push_back(became);
  }
  away.others.push_back({.key = kept.key,
                         .fields = std::move(edits),
                         .seen = kept.basis.seen,
                         .presence = store::Presence::must_exist,
                         .must_be_as_seen = true});
  SOL_ASSIGN(auto claim, end_of_claim(instance_, kept.key));
  if (claim) away.others.push_back(*std::move(claim));
  away.said = Saying(cat("Cette fiche est réunie avec « ", schema::title(*kept.type, kept.record),
                         " », qui parle de la même chose : son adresse y mène désormais."));
  SOL_TRY(decide(actor, other, std::move(away)));
  return load(instance_, kept.key);
}

Result<WorkingCopy> Editorial::mark_read(Actor const& actor, sync::DocumentKey const& key) {
  SOL_ASSIGN(auto const copy, get(actor, key));
  if (!actor.may(schema::Permission::publish)) {
    return fail(Code::denied, "Votre compte ne permet pas cette action sur cette fiche.");
  }
  if (!copy.unread) return copy;
  store::Commit commit{
      .now = instance_.clock.now(), .author = actor.author.encode(), .reason = "read"};
  commit.documents.push_back({.key = key,
                              .fields = {engine_edit(engine::kUnread, "")},
                              .presence = store::Presence::must_exist});
  SOL_TRY(instance_.store.commit(commit));
  return load(instance_, key);
}

Result<WorkingCopy> Editorial::schedule(Actor const& actor, sync::DocumentKey const& key,
                                        Instant at, Saying const& said) {
  auto const now = instance_.clock.now();
  if (at <= now || at > now + kScheduledMax) {
    return fail(Code::invalid,
                "Choisissez un jour et une heure à venir, dans l’année : la fiche paraîtra alors "
                "d’elle-même.");
  }
  SOL_ASSIGN(auto const copy, get(actor, key));
  if (auto const missing = problems(copy); !missing.empty())
    return fail(Code::invalid, missing.front().message.fr);
  return decide(actor, copy, {.step = model::Step::schedule, .said = said, .publish_at = at});
}

Result<WorkingCopy> Editorial::send_back(Actor const& actor, sync::DocumentKey const& key,
                                         Saying const& said) {
  return decide(actor, key, model::Step::send_back, said);
}

Result<WorkingCopy> Editorial::refuse(Actor const& actor, sync::DocumentKey const& key,
                                      Saying const& said) {
  return decide(actor, key, model::Step::refuse, said);
}

Result<WorkingCopy> Editorial::hand_over(Actor const& actor, sync::DocumentKey const& key,
                                         Saying const& said) {
  return decide(actor, key, model::Step::hand_over, said);
}

Result<WorkingCopy> Editorial::appeal(Actor const& actor, sync::DocumentKey const& key,
                                      Saying const& said) {
  return decide(actor, key, model::Step::appeal, said);
}

// What takes a record from the public.
Result<Editorial::Taking> Editorial::taking_away(WorkingCopy const& copy, model::Step step,
                                                 Saying const& said) const {
  Taking taking{.step = step, .said = said};
  SOL_ASSIGN(auto removal, withdrawal_of(instance_, copy));
  if (removal) taking.others.push_back(*std::move(removal));
  taking.edits.push_back({std::string(engine::kPublishedAt), std::nullopt});
  return taking;
}

Result<WorkingCopy> Editorial::hide(Actor const& actor, sync::DocumentKey const& key,
                                    Saying const& said) {
  SOL_TRY(reason_given(model::Step::hide, said));
  SOL_ASSIGN(auto const copy, get(actor, key));
  if (!copy.is_public())
    return fail(Code::conflict, "Cette fiche n’est pas publique : il n’y a rien à masquer.");
  SOL_ASSIGN(auto taking, taking_away(copy, model::Step::hide, said));
  SOL_ASSIGN(auto trust, end_of_trust(instance_, copy.owner));
  if (trust) taking.others.push_back(*std::move(trust));
  return decide(actor, copy, std::move(taking));
}

Result<WorkingCopy> Editorial::withdraw(Actor const& actor, sync::DocumentKey const& key,
                                        Saying const& said) {
  SOL_ASSIGN(auto const copy, get(actor, key));
  SOL_ASSIGN(auto taking, taking_away(copy, model::Step::withdraw, said));
  return decide(actor, copy, std::move(taking));
}

Result<WorkingCopy> Editorial::settle(Actor const& actor, sync::DocumentKey const& key,
                                      std::string_view field, sync::Dot chosen) {
  SOL_ASSIGN(auto const copy, get(actor, key));
  SOL_TRY(may_settle(actor, copy));
  SOL_ASSIGN(auto const stored, instance_.store.get(key));
  if (!stored) return hidden();
  auto const found = stored->document.fields.find(field);
  if (found == stored->document.fields.end() ||
      (field.starts_with('_') && field != sync::kExistence))
    return std::unexpected(nothing_to_settle());
  auto const version = std::ranges::find(found->second, chosen, &sync::FieldVersion::dot);
  if (version == found->second.end()) {
    return fail(Code::conflict,
                "Les versions ont changé entre-temps. Relisez-les, puis choisissez.");
  }
  std::vector<FieldEdit> edits{{std::string(field), version->value}};
  SOL_TRY(write_over(instance_, actor, copy, std::move(edits), "settled"));
  return load(instance_, key);
}

Result<WorkingCopy> Editorial::settle(Actor const& actor, sync::DocumentKey const& key,
                                      std::string_view field, schema::Record const& written,
                                      EditBasis const& basis) {
  SOL_ASSIGN(auto copy, get(actor, key));
  SOL_TRY(may_settle(actor, copy));
  if (std::ranges::find(copy.conflicts, field, &FieldConflict::key) == copy.conflicts.end() ||
      field.starts_with('_'))
    return std::unexpected(nothing_to_settle());
  std::vector<FieldEdit> edits;
  for (auto const& [typed, value] : written) {
    if (schema::field_of(typed) == schema::field_of(field))
      edits.push_back({typed, schema::encode(value)});
  }
  if (!written.contains(field)) {
    bool const element = field.contains('/');
    edits.push_back({std::string(field), element ? std::nullopt : std::optional(Bytes())});
  }
  copy.basis.seen = basis.seen;
  SOL_TRY(write_over(instance_, actor, copy, std::move(edits), "settled"));
  return load(instance_, key);
}

Result<WorkingCopy> Editorial::undo(Actor const& actor, sync::DocumentKey const& key,
                                    std::string_view line) {
  SOL_ASSIGN(auto const copy, get(actor, key));
  SOL_TRY(may(actor, copy, model::Step::edit));
  SOL_ASSIGN(auto const entries, instance_.store.view().history(key, kUndoable));
  auto const entry = std::ranges::find(entries, line, line_id);
  if (entry == entries.end())
    return fail(Code::not_found, "Cette modification n’est plus dans l’historique.");
  std::vector<FieldEdit> edits;
  for (auto const& change : entry->changes) {
    if (change.field.starts_with('_')) continue;
    bool const element = change.field.contains('/');
    edits.push_back({change.field, change.before || element ? change.before : Bytes()});
  }
  if (edits.empty())
    return fail(Code::invalid, "Cette étape n’a changé aucun contenu : il n’y a rien à annuler.");
  SOL_TRY(write_over(instance_, actor, copy, std::move(edits), "undone"));
  return load(instance_, key);
}

namespace {

// The decision that can still be taken back: the actor's own, the last thing that was done.
Result<store::HistoryEntry> own_last_decision(Instance const& instance, Actor const& actor,
                                              sync::DocumentKey const& key) {
  SOL_ASSIGN(auto entries, instance.store.view().history(key, 1));
  auto const decides = [](store::FieldChange const& change) {
    return change.field == engine::kState && change.before && change.after;
  };
  bool const own = !entries.empty() && entries.front().reason != kTakenBackReason &&
                   Author::decode(entries.front().author).account == actor.author.account &&
                   std::ranges::any_of(entries.front().changes, decides);
  if (!own || instance.clock.now() - entries.front().recorded_at > kTakenBack) {
    return fail(Code::conflict,
                "Cette décision ne peut plus être annulée : quelque chose a été fait depuis, ou "
                "plus d’une heure a passé.");
  }
  if (std::ranges::any_of(entries.front().changes, [](store::FieldChange const& change) {
        return !change.field.starts_with('_');
      })) {
    return fail(Code::conflict,
                "Cette étape a aussi changé le contenu : annulez-la depuis l’historique.");
  }
  return std::move(entries.front());
}

}  // namespace

Result<WorkingCopy> Editorial::take_back(Actor const& actor, sync::DocumentKey const& key) {
  SOL_ASSIGN(auto const copy, get(actor, key));
  SOL_ASSIGN(auto const entry, own_last_decision(instance_, actor, key));
  auto before = copy;
  store::DocumentEdit edit{.key = key,
                           .seen = copy.basis.seen,
                           .presence = store::Presence::must_exist,
                           .must_be_as_seen = true};
  for (auto const& change : entry.changes) {
    if (change.field.starts_with(store::kAuthorPrefix)) continue;
    edit.fields.push_back({change.field, change.before});
    if (change.field == engine::kState)
      before.state = model::parse_state(*change.before).value_or(copy.state);
    if (change.field == engine::kPublishedAt) {
      before.published_at.reset();
      if (change.before) {
        before.published_at =
            from_unix_ms(std::atoll(std::string(std::string_view(*change.before)).c_str()));
      }
    }
  }
  bool const shown = before.state == model::State::published;
  if (before.is_public() && !shown) {
    return fail(Code::conflict,
                "La page publique d’avant n’est plus là pour être remise : publiez ce qui doit "
                "paraître.");
  }
  auto const now = instance_.clock.now();
  store::Commit commit{
      .now = now, .author = actor.author.encode(), .reason = std::string(kTakenBackReason)};
  commit.documents.push_back(std::move(edit));
  if (before.is_public()) {
    SOL_ASSIGN(auto public_edit, publication_of(instance_, before, now));
    commit.documents.push_back(std::move(public_edit));
  } else if (copy.is_public()) {
    SOL_ASSIGN(auto removal, withdrawal_of(instance_, copy));
    if (removal) commit.documents.push_back(*std::move(removal));
  }
  SOL_TRY(in_words(instance_.store.commit(commit)));
  return load(instance_, key);
}

Result<WorkingCopy> Editorial::get(Actor const& actor, sync::DocumentKey const& key) const {
  SOL_ASSIGN(auto copy, load(instance_, key));
  if (!may_see(actor, copy)) return hidden();
  return copy;
}

Result<WorkingCopy> Editorial::get(Actor const& actor, NodeName const& node,
                                   std::string_view id) const {
  auto const parsed = DocumentId::parse(id);
  if (!parsed) return hidden();
  return get(actor, {ScopeId::office(node), *parsed});
}

Result<std::optional<schema::Record>> Editorial::published(WorkingCopy const& copy) const {
  SOL_ASSIGN(auto const shown, instance_.store.get(public_key(copy)));
  if (!shown || !sync::is_alive(shown->document)) return std::nullopt;
  return read_record(shown->document);
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
  auto steps =
      model::open_steps(actor.role->permissions, copy.state, copy.is_of(actor.author.account));
  if (!copy.is_public()) std::erase(steps, model::Step::hide);
  return steps;
}

schema::Audience Editorial::widest(Actor const& actor, WorkingCopy const& copy) const {
  bool const inside =
      copy.is_of(actor.author.account) || actor.may(schema::Permission::see_office_fields);
  return inside ? schema::Audience::office : schema::Audience::everyone;
}

Result<ListPage> Editorial::list(Actor const& actor, ListFilter const& filter) const {
  bool const sees_all =
      actor.may(schema::Permission::edit_any) || actor.may(schema::Permission::see_queue);
  bool const own_only = filter.own_only || !sees_all;
  std::string const selector = own_only                ? actor.author.account
                               : filter.conflicts_only ? std::string()
                               : filter.unread_only    ? std::string()
                               : filter.state ? std::string(model::state_name(*filter.state))
                                              : std::string();
  auto const index = own_only                ? index::kWorkByOwner
                     : filter.conflicts_only ? index::kWorkConflict
                     : filter.unread_only    ? index::kWorkUnread
                     : filter.state          ? index::kWorkByState
                                             : index::kWork;
  auto const words = text::fold(filter.words);
  auto const view = instance_.store.view();
  ListPage page;
  auto const take_in = [&](store::IndexHit const& hit) -> Result<> {
    auto const entry = read_work_value(selector, hit.value);
    auto const node = NodeName::parse(hit.key.scope.owner());
    if (!node || !actor.works_for(*node) || (filter.node && *filter.node != *node)) return {};
    if (filter.state && entry.state != *filter.state) return {};
    if (!filter.type.empty() && entry.type != filter.type) return {};
    bool const wanted = page.total >= filter.offset && page.items.size() < filter.limit;
    bool const look = wanted || !words.empty() || (filter.conflicts_only && own_only);
    std::optional<WorkingCopySummary> summary;
    if (look) {
      SOL_ASSIGN(auto const stored, view.get(hit.key));
      if (stored) summary = read_summary(stored->document, instance_.model);
      if (!summary || (filter.conflicts_only && !summary->has_conflict)) return {};
      if (!words.empty() && text::fold(summary->title).find(words) == std::string::npos) return {};
    }
    ++page.total;
    if (wanted) page.items.push_back(*std::move(summary));
    return {};
  };
  SOL_TRY(store::each_hit(view, work_scan(index, selector), take_in));
  return page;
}

Result<std::size_t> Editorial::published_by(Actor const& actor, std::string_view account) const {
  if (!actor.may(schema::Permission::manage_users))
    return fail(Code::denied, "Votre compte ne permet pas de gérer les comptes.");
  std::size_t count = 0;
  SOL_TRY(store::each_hit(instance_.store.view(), work_scan(index::kWorkByOwner, account),
                          [&](store::IndexHit const& hit) -> Result<> {
                            if (read_work_value(account, hit.value).state ==
                                model::State::published)
                              ++count;
                            return {};
                          }));
  return count;
}

Result<std::vector<QueueItem>> Editorial::queue(Actor const& actor) const {
  if (!actor.may(schema::Permission::see_queue)) {
    return fail(Code::denied, "La file de relecture est réservée aux personnes qui modèrent.");
  }
  SOL_ASSIGN(auto page, list(actor, {.state = model::State::submitted, .limit = kQueueMax}));
  auto const now = instance_.clock.now();
  auto const today = model::to_civil(now).date;
  // The day that it announces, if it announces one.
  auto const next_date = [&](WorkingCopySummary const& item) -> std::optional<Instant> {
    auto const* const field = item.type->first(schema::FieldKind::schedule);
    if (field == nullptr) return std::nullopt;
    auto const stored = instance_.store.get(item.key);
    if (!stored || !*stored) return std::nullopt;
    auto const record = read_record((*stored)->document);
    auto const* const schedule = schema::get<schema::Schedule>(record, field->key);
    if (schedule == nullptr) return std::nullopt;
    auto const next = model::next_occurrence(*schedule, today);
    return next ? std::optional(model::to_instant(next->start)) : std::nullopt;
  };
  std::vector<QueueItem> items;
  items.reserve(page.items.size());
  for (auto& copy : page.items) {
    QueueItem item;
    item.due_at = promised(copy);
    item.overdue = item.due_at < now;
    if (auto const date = next_date(copy); date) item.due_at = std::min(item.due_at, *date - kEve);
    item.claim = reviews_.claim_of(copy.key);
    item.copy = std::move(copy);
    items.push_back(std::move(item));
  }
  std::ranges::sort(items, {}, [](QueueItem const& item) {
    return std::tuple(item.due_at, item.copy.submitted_at, item.copy.key.id);
  });
  return items;
}

Instant Editorial::promised(WorkingCopySummary const& copy) const {
  return model::after_working_days(copy.submitted_at.value_or(copy.updated_at),
                                   instance_.rules.answer_working_days);
}

// How many may vote for a node.
Result<std::size_t> Editorial::electors(NodeName const& node) const {
  SOL_ASSIGN(auto const accounts, accounts_of(instance_, node));
  return static_cast<std::size_t>(std::ranges::count_if(accounts, [](Account const& account) {
    return !account.disabled && account.role != nullptr &&
           account.role->may(schema::Permission::vote);
  }));
}

Result<model::Verdict> Editorial::verdict(WorkingCopy const& copy, Review const& review) const {
  SOL_ASSIGN(auto const most, electors(copy.node));
  std::vector<model::Vote> votes;
  for (auto const& ballot : review.ballots) votes.push_back(ballot.vote);
  return model::verdict(votes, instance_.rules.committee, most,
                        copy.asked_at.value_or(copy.updated_at), instance_.clock.now());
}

Result<std::vector<Question>> Editorial::questions(Actor const& actor) const {
  if (!actor.may(schema::Permission::see_queue)) {
    return fail(Code::denied, "Les questions au comité sont réservées à ses membres.");
  }
  SOL_ASSIGN(auto page, list(actor, {.state = model::State::in_committee, .limit = kQueueMax}));
  std::vector<Question> questions;
  for (auto& summary : page.items) {
    auto const copy = load(instance_, summary.key);
    if (!copy) continue;
    Question question;
    SOL_ASSIGN(auto const review, reviews_.read(*copy));
    SOL_ASSIGN(question.verdict, verdict(*copy, review));
    question.voted = std::ranges::any_of(review.ballots, [&actor](Ballot const& one) {
      return one.by.account == actor.author.account;
    });
    question.copy = std::move(summary);
    questions.push_back(std::move(question));
  }
  std::ranges::sort(questions, {}, [](Question const& one) {
    return std::tuple(one.verdict.closes_at, one.copy.key.id);
  });
  return questions;
}

Result<std::vector<WorkingCopy>> Editorial::asked_between(Actor const& actor, Instant from,
                                                          Instant until) const {
  if (!actor.may(schema::Permission::see_queue)) {
    return fail(Code::denied, "Les questions au comité sont réservées à ses membres.");
  }
  std::vector<WorkingCopy> asked;
  SOL_TRY(store::each_hit(
      instance_.store.view(), {.index = std::string(index::kWorkAsked), .limit = kScanPage},
      [&](store::IndexHit const& hit) -> Result<> {
        auto copy = get(actor, hit.key);
        if (copy && copy->asked_at && *copy->asked_at >= from && *copy->asked_at < until)
          asked.push_back(*std::move(copy));
        return {};
      }));
  std::ranges::sort(asked, std::greater{}, &WorkingCopy::asked_at);
  return asked;
}

namespace {

// "Le comité éditorial a voté : 3 pour, 1 contre." and why those voted so who decided it.
Saying words_of(model::Verdict const& verdict, std::span<Ballot const> ballots) {
  bool const accepted = verdict.outcome == model::Outcome::accepted;
  Saying said;
  if (verdict.by_silence) {
    said.text = "Le comité éditorial n’a pas fait d’objection.";
  } else {
    said.text = cat("Le comité éditorial a voté : ", verdict.yes, " pour, ", verdict.no, " contre");
    if (verdict.abstain > 0)
      said.text += cat(", ", verdict.abstain, verdict.abstain > 1 ? " abstentions" : " abstention");
    said.text += '.';
  }
  for (auto const& ballot : ballots) {
    bool const decided = ballot.vote == (accepted ? model::Vote::yes : model::Vote::no);
    if (decided && !ballot.why.empty()) said.text += cat("\n\n", ballot.why);
  }
  said.text = std::string(text::beginning(said.text, kSayingCharactersMax));
  return said;
}

}  // namespace

Result<> Editorial::carry_out(sync::DocumentKey const& key) {
  SOL_ASSIGN(auto const copy, load(instance_, key));
  auto const now = instance_.clock.now();
  auto const by = [this](std::string_view name) {
    return Author{{}, std::string(name), instance_.self};
  };
  if (copy.state == model::State::scheduled) {
    if (!copy.publish_at || *copy.publish_at > now) return {};
    SOL_ASSIGN(auto taking, publishing(copy, Saying(copy.reason)));
    SOL_TRY(take(by(kScheduler), copy, std::move(taking)));
    return {};
  }
  SOL_ASSIGN(auto const review, reviews_.read(copy));
  SOL_ASSIGN(auto const decided, verdict(copy, review));
  if (decided.outcome == model::Outcome::open) return {};
  auto const said = words_of(decided, review.ballots);
  if (decided.outcome == model::Outcome::rejected) {
    SOL_TRY(take(by(kCommittee), copy, {.step = model::Step::refuse, .said = said}));
    return {};
  }
  SOL_ASSIGN(auto taking, publishing(copy, said));
  SOL_TRY(take(by(kCommittee), copy, std::move(taking)));
  return {};
}

Result<> Editorial::carry_out_due() {
  auto const view = instance_.store.view();
  for (auto const state : {model::State::scheduled, model::State::in_committee}) {
    SOL_TRY(store::each_hit(view, work_scan(index::kWorkByState, model::state_name(state)),
                            [this](store::IndexHit const& hit) -> Result<> {
                              // Each node does what it owes itself: a hub that holds it too would
                              // do it a second time.
                              if (hit.key.scope != ScopeId::office(instance_.self)) return {};
                              if (auto const done = carry_out(hit.key); !done) {
                                log_warning("editorial.not_carried_out",
                                            {{"record", hit.key.id.to_string()},
                                             {"error", done.error().to_string()}});
                              }
                              return {};
                            }));
  }
  return {};
}

Result<OfficeCounts> Editorial::counts(Actor const& actor) const {
  OfficeCounts counts;
  for (auto const state : {model::State::draft, model::State::returned}) {
    SOL_ASSIGN(auto const page, list(actor, {.state = state, .own_only = true, .limit = 0}));
    (state == model::State::draft ? counts.drafts : counts.returned) = page.total;
  }
  if (actor.may(schema::Permission::see_queue)) {
    auto const now = instance_.clock.now();
    SOL_ASSIGN(auto const waiting,
               list(actor, {.state = model::State::submitted, .limit = kQueueMax}));
    counts.queue = waiting.total;
    for (auto const& item : waiting.items) {
      auto const at = item.submitted_at.value_or(item.updated_at);
      counts.oldest_submitted = std::min(counts.oldest_submitted.value_or(at), at);
      if (promised(item) < now) ++counts.overdue;
    }
    SOL_ASSIGN(auto const asked, list(actor, {.state = model::State::in_committee, .limit = 0}));
    counts.questions = asked.total;
    SOL_ASSIGN(auto const unread, list(actor, {.unread_only = true, .limit = 0}));
    counts.unread = unread.total;
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
    HistoryLine line{{}, Author::decode(entry.author), entry.written_at, entry.reason, {}};
    // Of a record's beginning there is no before.
    bool const begins = std::ranges::any_of(entry.changes, [](store::FieldChange const& change) {
      return change.field == sync::kExistence || (change.field == engine::kState && !change.before);
    });
    for (auto const& change : entry.changes) {
      if (change.field == engine::kState && change.after) {
        if (auto const state = model::parse_state(*change.after); state) {
          line.changes.push_back(cat("état : ", model::state_label(*state)));
        }
      } else if (change.field == engine::kReason && change.after && !change.after->empty()) {
        line.changes.push_back(cat("message : ", *change.after));
      } else if (!change.field.starts_with('_')) {
        if (!begins) line.id = line_id(entry);
        line.changes.push_back(words_of(*copy.type, change));
      }
    }
    if (!line.changes.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace solidaires::service
