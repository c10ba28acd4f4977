#include "node/service/working_copy.h"

#include <charconv>

#include "node/service/working_copy_reader.h"
#include "node/store/commit.h"
#include "schema/display.h"
#include "sync/base/hash.h"

namespace solidaires::service {
namespace {

constexpr std::size_t kDigestBytes = 6;
constexpr std::uint8_t kBasisVersion = 1;

std::string digest_of(std::string_view bytes) {
  return sha256(bytes).substr(0, kDigestBytes);
}

ConflictVersion read_version(sync::Document const& document, schema::Type const& type,
                             std::string_view key, sync::FieldVersion const& version) {
  ConflictVersion out;
  out.dot = version.dot;
  out.written_at = from_unix_ms(version.stamp_ms);
  if (auto const author = store::author_of(document, version.dot); author) {
    out.author = Author::decode(*author);
  }
  if (version.value.empty()) {
    out.text = "(vide)";
    return out;
  }
  if (key == sync::kExistence) {
    out.text = version.value == sync::kDeleted ? "supprimer la fiche" : "garder la fiche";
    return out;
  }
  out.value = schema::decode(version.value);
  auto const* const field = type.field(schema::field_of(key));
  if (field != nullptr) out.text = schema::display_value(*field, *out.value);
  if (out.text.empty()) out.text = "(valeur que cette version ne sait pas lire)";
  return out;
}

std::vector<FieldConflict> read_conflicts(sync::Document const& document,
                                          schema::Type const& type) {
  std::vector<FieldConflict> conflicts;
  for (auto const& key : sync::conflicts(document)) {
    if (key.starts_with('_') && key != sync::kExistence) continue;
    FieldConflict conflict{key, field_label(type, key), {}};
    auto const& versions = document.fields.find(key)->second;
    auto const shown = sync::shown(versions).dot;
    for (auto const& version : versions) {
      conflict.versions.push_back(read_version(document, type, key, version));
      conflict.versions.back().shown = version.dot == shown;
    }
    conflicts.push_back(std::move(conflict));
  }
  return conflicts;
}

EditBasis basis_of(sync::Document const& document) {
  EditBasis basis{document.context, {}};
  for (auto const& [key, versions] : document.fields) {
    auto const& bytes = sync::shown(versions).value;
    if (!key.starts_with('_') && !bytes.empty()) basis.digests.emplace(key, digest_of(bytes));
  }
  return basis;
}

}  // namespace

std::string EditBasis::encode() const {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(kBasisVersion).u32(static_cast<std::uint32_t>(seen.counters().size()));
  for (auto const& [replica, counter] : seen.counters()) {
    writer.u64(static_cast<std::uint64_t>(replica)).u64(counter);
  }
  for (auto const& [key, digest] : digests) writer.sized(key).raw(digest);
  return base64url(out);
}

Result<EditBasis> EditBasis::decode(std::string_view text) {
  auto const damaged = [] {
    return fail(Code::invalid, "Ce formulaire est abîmé. Rouvrez la fiche : rien n’est perdu.");
  };
  auto const bytes = from_base64url(text);
  if (!bytes) return damaged();
  ByteReader reader(*bytes);
  auto const version = reader.u8();
  auto const count = reader.u32();
  if (!version || *version != kBasisVersion || !count) return damaged();
  EditBasis basis;
  for (std::uint32_t i = 0; i < *count; ++i) {
    auto const replica = reader.u64();
    auto const counter = reader.u64();
    if (!replica || !counter) return damaged();
    basis.seen.add({static_cast<ReplicaId>(*replica), *counter});
  }
  while (!reader.done()) {
    auto const key = reader.sized();
    auto const digest = reader.raw(kDigestBytes);
    if (!key || !digest) return damaged();
    basis.digests.emplace(*key, *digest);
  }
  return basis;
}

bool EditBasis::holds(std::string_view key, std::string_view bytes) const {
  auto const found = digests.find(key);
  return found != digests.end() && found->second == digest_of(bytes);
}

std::string engine_text(sync::Document const& document, std::string_view field) {
  return std::string(sync::shown_value(document, field).value_or(std::string_view()));
}

std::optional<Instant> engine_instant(sync::Document const& document, std::string_view field) {
  auto const text = sync::shown_value(document, field);
  if (!text) return std::nullopt;
  std::int64_t ms = 0;
  auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), ms);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return from_unix_ms(ms);
}

std::string field_label(schema::Type const& type, std::string_view document_key) {
  if (document_key == sync::kExistence) return "La fiche elle-même";
  auto const* const field = type.field(schema::field_of(document_key));
  if (field == nullptr) return std::string(document_key);
  auto const slash = document_key.find('/');
  if (slash == std::string_view::npos) return field->label.fr;
  auto const element = document_key.substr(slash + 1);
  if (field->vocabulary == nullptr) return cat(field->label.fr, " : ", element);
  return cat(field->label.fr, " : ", field->vocabulary->label_of(element, schema::Language::fr));
}

schema::Record read_record(sync::Document const& document) {
  schema::Record record;
  for (auto const& [key, versions] : document.fields) {
    if (key.starts_with('_')) continue;
    auto const& bytes = sync::shown(versions).value;
    if (!bytes.empty()) record.emplace(key, schema::decode(bytes));
  }
  return record;
}

std::optional<WorkingCopySummary> read_summary(sync::Document const& document,
                                               schema::ContentModel const& model) {
  auto const* const type = model.type(document.type);
  auto const state = model::parse_state(engine_text(document, engine::kState));
  if (type == nullptr || !state) return std::nullopt;
  WorkingCopySummary summary;
  summary.key = document.key;
  summary.node = NodeName::parse(document.key.scope.owner()).value_or(NodeName());
  summary.type = type;
  summary.title = schema::title(*type, read_record(document));
  if (summary.title.empty()) summary.title = "(sans titre)";
  summary.state = *state;
  summary.owner = Author::decode(engine_text(document, engine::kOwner));
  summary.updated_at = from_unix_ms(sync::highest_stamp_ms(document));
  summary.submitted_at = engine_instant(document, engine::kSubmittedAt);
  summary.publish_at = engine_instant(document, engine::kPublishAt);
  summary.reason = engine_text(document, engine::kReason);
  summary.has_conflict = !read_conflicts(document, *type).empty();
  return summary;
}

std::optional<WorkingCopy> read_working_copy(sync::Document const& document,
                                             schema::ContentModel const& model) {
  auto const summary = read_summary(document, model);
  if (!summary) return std::nullopt;
  WorkingCopy copy;
  copy.key = document.key;
  copy.node = summary->node;
  copy.type = summary->type;
  copy.record = read_record(document);
  copy.state = summary->state;
  copy.title = summary->title;
  copy.owner = summary->owner;
  copy.reason = summary->reason;
  auto const source = engine_text(document, engine::kSource);
  copy.source = source.substr(0, source.find('\n'));
  copy.created_at = engine_instant(document, engine::kCreatedAt).value_or(summary->updated_at);
  copy.updated_at = summary->updated_at;
  copy.submitted_at = summary->submitted_at;
  copy.published_at = engine_instant(document, engine::kPublishedAt);
  copy.publish_at = summary->publish_at;
  copy.asked_at = engine_instant(document, engine::kAskedAt);
  copy.article = engine_text(document, engine::kArticle);
  if (auto const became = DocumentId::parse(engine_text(document, engine::kMergedInto)); became)
    copy.merged_into = *became;
  copy.unread = engine_text(document, engine::kUnread) == "1";
  copy.conflicts = read_conflicts(document, *copy.type);
  copy.deletion_conflict =
      !copy.conflicts.empty() && copy.conflicts.front().key == sync::kExistence;
  copy.basis = basis_of(document);
  return copy;
}

}  // namespace solidaires::service
