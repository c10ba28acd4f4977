#include "schema/model.h"

#include <fstream>
#include <sstream>

#include "schema/model_builder.h"
#include "sync/base/bytes.h"

namespace solidaires::schema {

bool is_set(FieldKind kind) {
  switch (kind) {
    case FieldKind::choices:
    case FieldKind::tags:
    case FieldKind::addresses:
    case FieldKind::area:
    case FieldKind::external_ids:
    case FieldKind::references:
    case FieldKind::agreements:
    case FieldKind::links: return true;
    default: return false;
  }
}

Field const* Type::field(std::string_view wanted) const {
  auto const found = std::ranges::find(fields, wanted, &Field::key);
  return found == fields.end() ? nullptr : &*found;
}

Field const* Type::first(FieldKind kind) const {
  auto const found = std::ranges::find(fields, kind, &Field::kind);
  return found == fields.end() ? nullptr : &*found;
}

Field const* Type::first(Card card) const {
  auto const found = std::ranges::find(fields, card, &Field::card);
  return found == fields.end() ? nullptr : &*found;
}

std::vector<Field const*> Type::facets() const {
  std::vector<Field const*> out;
  for (auto const& field : fields)
    if (field.facet) out.push_back(&field);
  std::ranges::sort(out, {},
                    [](Field const* field) { return std::pair(field->facet->rank, field); });
  return out;
}

namespace {

// Elision before a vowel; no French name of a type starts with an aspirated h.
bool elides(std::string_view noun) {
  if (noun.empty()) return false;
  if (noun.starts_with("\xC3")) return true;  // é, è, ê, â, î, ô ... and no consonant but ç, ñ
  return std::string_view("aeiouhAEIOUH").contains(noun.front());
}

std::string article(Type const& type, std::string_view elided, std::string_view masculine,
                    std::string_view feminine) {
  if (elides(type.singular.fr)) return cat(elided, type.singular.fr);
  return cat(type.gender == Gender::feminine ? feminine : masculine, ' ', type.singular.fr);
}

}  // namespace

std::string with_the(Type const& type, Language language) {
  if (language == Language::en) return cat("the ", type.singular.en);
  return article(type, "l’", "le", "la");
}

std::string with_a(Type const& type, Language language) {
  if (language == Language::en)
    return cat(std::string_view("aeiou").contains(type.singular.en.front()) ? "an " : "a ",
               type.singular.en);
  return cat(type.gender == Gender::feminine ? "une " : "un ", type.singular.fr);
}

std::string of_the(Type const& type, Language language) {
  if (language == Language::en) return cat("of the ", type.singular.en);
  return article(type, "de l’", "du", "de la");
}

std::string Defect::to_string() const {
  std::string out = file;
  if (line > 0) out += cat(':', line);
  if (!field.empty()) out += cat(": ", field);
  return cat(out, ": ", message);
}

Result<ContentModel> ContentModel::parse(std::map<std::string, std::string> const& files,
                                         std::vector<Defect>* defects) {
  ModelBuilder builder;
  for (auto const& [name, text] : files) builder.read(name, text);
  return std::move(builder).finish(defects);
}

Result<ContentModel> ContentModel::load(std::filesystem::path const& directory,
                                        std::vector<Defect>* defects) {
  std::map<std::string, std::string> files;
  std::error_code error;
  std::filesystem::recursive_directory_iterator it(directory, error);
  for (; !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error)) {
    if (it->path().extension() != ".txtpb") continue;
    std::ifstream in(it->path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in || !text) return fail(Code::io, cat("cannot read ", it->path().string()));
    files.emplace(it->path().lexically_relative(directory).generic_string(), text.str());
  }
  if (error)
    return fail(Code::io, cat("cannot read the content model in ", directory.string(), ": ",
                              error.message()));
  if (files.empty())
    return fail(Code::not_found, cat("no content model (*.txtpb) in ", directory.string()));
  return parse(files, defects);
}

Type const* ContentModel::type(std::string_view key) const {
  auto const found = std::ranges::find(types_, key, &Type::key);
  return found == types_.end() ? nullptr : &*found;
}

Type const* ContentModel::type_by_prefix(std::string_view prefix) const {
  auto const found = std::ranges::find(types_, prefix, &Type::prefix);
  return found == types_.end() ? nullptr : &*found;
}

Vocabulary const* ContentModel::vocabulary(std::string_view key) const {
  auto const found = vocabularies_.find(key);
  return found == vocabularies_.end() ? nullptr : &found->second;
}

Role const* ContentModel::role(std::string_view key) const {
  auto const found = std::ranges::find(roles_, key, &Role::key);
  return found == roles_.end() ? nullptr : &*found;
}

Article const* ContentModel::article(std::string_view key) const {
  auto const found = std::ranges::find(charter_, key, &Article::key);
  return found == charter_.end() ? nullptr : &*found;
}

Wording const* ContentModel::wording(std::string_view key) const {
  auto const found = std::ranges::find(wordings_, key, &Wording::key);
  return found == wordings_.end() ? nullptr : &*found;
}

}  // namespace solidaires::schema
