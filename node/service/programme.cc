#include "node/service/programme.h"

#include <algorithm>

#include "node/store/store.h"
#include "node/text/fold.h"
#include "sync/base/hash.h"

namespace solidaires::service {
namespace {

// Elements of the document, by the entry's id. Stored on disk: never rename.
constexpr std::string_view kFeaturePrefix = "feature/";  // <record> <from> <until> <author> <words>
constexpr std::string_view kNotePrefix = "note/";        // <day> <author> <text>
constexpr std::int64_t kKeptDays = 366, kLongestDays = 366;

sync::DocumentKey key_of(NodeName const& node) {
  auto const sum = sha256(cat("programme/", node.str()));
  return {ScopeId::office(node),
          *DocumentId::from_bytes(std::string_view(sum).substr(0, DocumentId::kSize))};
}

Result<Feature> read_feature(DocumentId const& id, std::string_view value) {
  Feature feature;
  feature.id = id;
  ByteReader reader(value);
  SOL_ASSIGN(auto const record, reader.sized());
  SOL_ASSIGN(feature.record, DocumentId::parse(record));
  SOL_ASSIGN(auto const from, reader.sized());
  SOL_ASSIGN(feature.from, model::CivilDate::parse(from));
  SOL_ASSIGN(auto const until, reader.sized());
  SOL_ASSIGN(feature.until, model::CivilDate::parse(until));
  SOL_ASSIGN(auto const by, reader.sized());
  feature.by = Author::decode(by);
  feature.words = reader.rest();
  return feature;
}

Result<PlannedNote> read_note(DocumentId const& id, std::string_view value) {
  PlannedNote note;
  note.id = id;
  ByteReader reader(value);
  SOL_ASSIGN(auto const day, reader.sized());
  SOL_ASSIGN(note.day, model::CivilDate::parse(day));
  SOL_ASSIGN(auto const by, reader.sized());
  note.by = Author::decode(by);
  note.text = reader.rest();
  return note;
}

std::unexpected<Error> not_allowed() {
  return fail(Code::denied, "Votre compte ne permet pas de composer le programme de ce portail.");
}

Result<std::string> short_words(std::string_view typed) {
  auto words = text::single_line(text::clean(typed));
  if (text::length(words) > kProgrammeCharactersMax) {
    return fail(Code::invalid,
                cat("C’est trop long : ", kProgrammeCharactersMax, " caractères au plus."));
  }
  return words;
}

}  // namespace

bool plans(Actor const& actor, NodeName const& node) {
  return actor.works_for(node) &&
         (actor.may(schema::Permission::publish) || actor.may(schema::Permission::vote));
}

Result<Programme> Programmes::read(NodeName const& node) const {
  Programme programme;
  SOL_ASSIGN(auto const stored, instance_.store.get(key_of(node)));
  if (!stored || !sync::is_alive(stored->document)) return programme;
  for (auto const& [key, versions] : stored->document.fields) {
    auto const slash = key.find('/');
    if (slash == std::string::npos) continue;
    auto const id = DocumentId::parse(std::string_view(key).substr(slash + 1));
    if (!id) continue;
    auto const& value = sync::shown(versions).value;
    // What a newer version wrote otherwise is left out, and kept.
    if (key.starts_with(kFeaturePrefix)) {
      if (auto feature = read_feature(*id, value); feature)
        programme.features.push_back(*std::move(feature));
    } else if (key.starts_with(kNotePrefix)) {
      if (auto note = read_note(*id, value); note) programme.notes.push_back(*std::move(note));
    }
  }
  std::ranges::sort(programme.features, {},
                    [](Feature const& one) { return std::tuple(one.from, one.until, one.id); });
  std::ranges::sort(programme.notes, {},
                    [](PlannedNote const& one) { return std::tuple(one.day, one.id); });
  return programme;
}

Result<std::vector<Feature>> Programmes::on_front_page(model::CivilDate day) const {
  SOL_ASSIGN(auto programme, read(instance_.self));
  auto& features = programme.features;
  std::erase_if(features, [&day](Feature const& one) { return day < one.from || one.until < day; });
  std::ranges::sort(features, std::greater{},
                    [](Feature const& one) { return std::tuple(one.from, one.id); });
  // A record that was put there twice stands there once.
  std::vector<Feature> shown;
  for (auto& feature : features) {
    if (std::ranges::find(shown, feature.record, &Feature::record) == shown.end())
      shown.push_back(std::move(feature));
  }
  return shown;
}

Result<> Programmes::add(Actor const& actor, NodeName const& node, std::string_view prefix,
                         Bytes value) {
  SOL_ASSIGN(auto const programme, read(node));
  auto const now = instance_.clock.now();
  auto const oldest = model::CivilDate::from_days(model::to_civil(now).date.days() - kKeptDays);
  std::vector<sync::FieldEdit> edits;
  for (auto const& one : programme.features) {
    if (one.until < oldest)
      edits.push_back({cat(kFeaturePrefix, one.id.to_string()), std::nullopt});
  }
  for (auto const& one : programme.notes) {
    if (one.day < oldest) edits.push_back({cat(kNotePrefix, one.id.to_string()), std::nullopt});
  }
  if (programme.features.size() + programme.notes.size() - edits.size() >= kProgrammeEntriesMax) {
    return fail(Code::exhausted,
                "Le programme est plein : retirez-en ce qui ne sert plus, puis recommencez.");
  }
  edits.push_back(
      {cat(prefix, DocumentId::make(now, instance_.rng).to_string()), std::move(value)});
  store::Commit commit{.now = now, .author = actor.author.encode(), .reason = "programme"};
  commit.documents.push_back(
      {.key = key_of(node), .type = std::string(kProgrammeType), .fields = std::move(edits)});
  SOL_TRY(instance_.store.commit(commit));
  return {};
}

Result<> Programmes::feature(Actor const& actor, WorkingCopy const& copy, model::CivilDate from,
                             model::CivilDate until, std::string_view typed) {
  if (!plans(actor, copy.node)) return not_allowed();
  if (!copy.is_public()) {
    return fail(Code::invalid,
                "Seule une fiche publiée peut être mise à la une. Publiez-la d’abord.");
  }
  auto const today = model::to_civil(instance_.clock.now()).date;
  if (until < from) return fail(Code::invalid, "Le dernier jour est avant le premier.");
  if (until < today || until.days() - from.days() > kLongestDays ||
      from.days() - today.days() > kLongestDays)
    return fail(Code::invalid, "Choisissez des jours à venir, dans l’année.");
  SOL_ASSIGN(auto const words, short_words(typed));
  Bytes value;
  ByteWriter(value)
      .sized(copy.key.id.to_string())
      .sized(from.iso())
      .sized(until.iso())
      .sized(actor.author.encode())
      .raw(words);
  return add(actor, copy.node, kFeaturePrefix, std::move(value));
}

Result<> Programmes::note(Actor const& actor, NodeName const& node, model::CivilDate day,
                          std::string_view typed) {
  if (!plans(actor, node)) return not_allowed();
  SOL_ASSIGN(auto const words, short_words(typed));
  if (words.empty()) return fail(Code::invalid, "Écrivez ce qui est prévu.");
  auto const distance = day.days() - model::to_civil(instance_.clock.now()).date.days();
  if (distance < -kKeptDays || distance > 2 * kLongestDays)
    return fail(Code::invalid, "Choisissez un jour des deux années à venir.");
  Bytes value;
  ByteWriter(value).sized(day.iso()).sized(actor.author.encode()).raw(words);
  return add(actor, node, kNotePrefix, std::move(value));
}

Result<> Programmes::remove(Actor const& actor, NodeName const& node, DocumentId const& id) {
  if (!plans(actor, node)) return not_allowed();
  store::Commit commit{
      .now = instance_.clock.now(), .author = actor.author.encode(), .reason = "programme"};
  store::DocumentEdit edit{.key = key_of(node), .type = std::string(kProgrammeType)};
  for (auto const prefix : {kFeaturePrefix, kNotePrefix})
    edit.fields.push_back({cat(prefix, id.to_string()), std::nullopt});
  commit.documents.push_back(std::move(edit));
  SOL_TRY(instance_.store.commit(commit));
  return {};
}

}  // namespace solidaires::service
