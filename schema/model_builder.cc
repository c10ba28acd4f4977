#include "schema/model_builder.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <deque>

#include "proto/schema.pb.h"
#include "schema/characters.h"
#include "schema/identifiers.h"
#include "sync/base/bytes.h"

namespace solidaires::schema {
namespace {

namespace pb = google::protobuf;
using ParseTree = pb::TextFormat::ParseInfoTree;

// A message of a file and where its parts stand there.
template <class Message>
struct Located {
  Message const* message;
  ParseTree const* tree;  // null: only `line` is known
  std::string const* file;
  int line;

  Message const* operator->() const { return message; }

  [[nodiscard]] pb::FieldDescriptor const* descriptor(std::string_view field) const {
    return message->GetDescriptor()->FindFieldByName(std::string(field));
  }
  // The line of a part, or of the message if the part is not written.
  [[nodiscard]] int line_of(std::string_view field, int index = -1) const {
    auto const* found = descriptor(field);
    if (found == nullptr || tree == nullptr) return line;
    if (found->is_repeated() && index < 0) index = 0;
    auto const place = tree->GetLocation(found, index);
    return place.line < 0 ? line : place.line + 1;
  }
  template <class Part>
  [[nodiscard]] Located<Part> part(std::string_view field, Part const& child, int index) const {
    auto* nested = tree == nullptr ? nullptr : tree->GetTreeForNested(descriptor(field), index);
    return {&child, nested, file, line_of(field, index)};
  }
  template <class Parts>
  [[nodiscard]] auto parts(std::string_view field, Parts const& children) const {
    std::vector<Located<std::decay_t<decltype(children.Get(0))>>> out;
    for (int i = 0; i < children.size(); ++i) out.push_back(part(field, children.Get(i), i));
    return out;
  }
};

class Collector final : public pb::io::ErrorCollector {
 public:
  Collector(std::string const& file, std::vector<Defect>& defects)
      : file_(file), defects_(defects) {}
  void AddError(int line, pb::io::ColumnNumber, std::string const& message) override {
    defects_.push_back({file_, line + 1, {}, message});
  }
  void AddWarning(int, pb::io::ColumnNumber, std::string const&) override {}

 private:
  std::string const& file_;
  std::vector<Defect>& defects_;
};

Words words(proto::Text const& text) {
  return {text.fr(), text.en()};
}

bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= 60 && text[0] >= 'a' && text[0] <= 'z' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}
bool is_slug(std::string_view text) {
  return !text.empty() && text.size() <= 60 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}
// "agenda", "emploi/offres".
bool is_prefix(std::string_view text) {
  auto const slash = text.find('/');
  return slash == std::string_view::npos
             ? is_slug(text)
             : is_slug(text.substr(0, slash)) && is_slug(text.substr(slash + 1));
}
bool is_code(std::string_view text) {
  return !text.empty() && text.size() <= 60 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

bool is_text_kind(FieldKind kind) {
  return kind == FieldKind::text || kind == FieldKind::long_text;
}
bool is_number_kind(FieldKind kind) {
  return kind == FieldKind::integer || kind == FieldKind::decimal || kind == FieldKind::money;
}
bool has_codes(FieldKind kind) {
  return kind == FieldKind::choice || kind == FieldKind::choices || kind == FieldKind::agreements;
}
bool can_be_facet(FieldKind kind) {
  return has_codes(kind) || kind == FieldKind::tags || kind == FieldKind::boolean ||
         kind == FieldKind::price || kind == FieldKind::area;
}

std::size_t default_length(FieldKind kind) {
  switch (kind) {
    case FieldKind::long_text: return 20'000;
    case FieldKind::url: return 2'000;
    case FieldKind::email: return 254;
    case FieldKind::opening_hours: return 1'000;
    case FieldKind::tags: return 60;
    default: return 300;
  }
}
std::size_t default_elements(FieldKind kind) {
  return kind == FieldKind::area ? 300 : kind == FieldKind::tags ? 30 : 50;
}

}  // namespace

std::string_view kind_name(FieldKind kind) {
  return proto::Kind::Value_Name(static_cast<proto::Kind::Value>(kind));
}

std::vector<std::string_view> parts_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::address:
      return {"label",    "lines",     "postal_code", "commune", "commune_code", "country",
              "latitude", "longitude", "precision",   "hidden",  "ban_id"};
    case FieldKind::schedule:
      return {"start_date", "start_time", "end_date",   "end_time",  "all_day",
              "zone",       "rule",       "exceptions", "additions", "override"};
    case FieldKind::price: return {"kind", "amount", "membership", "note"};
    case FieldKind::picture:
      return {"source", "alt", "credit", "size", "media_type", "width", "height"};
    case FieldKind::file: return {"sha256", "size", "media_type", "name", "label"};
    default: return {};
  }
}

struct ModelBuilder::Files {
  struct File {
    std::string name;
    proto::ContentFile content;
    ParseTree tree;
  };
  using TypeAt = Located<proto::Type>;
  using GroupAt = Located<proto::Group>;
  using FieldAt = Located<proto::FieldDefinition>;
  using TermAt = Located<proto::Term>;

  std::deque<File> files;  // addresses stay
  std::vector<Defect> defects;
  bool incomplete = false;  // a file did not parse: what is not found may be in it
  ContentModel model;

  // Where each field was written, for the checks that need the whole type.
  struct Draft {
    Type type;
    TypeAt at;
    std::vector<FieldAt> field_at;  // parallel to type.fields
    std::vector<std::vector<std::size_t>> group_fields;
  };
  std::vector<Draft> drafts;

  template <class At>
  void defect(At const& at, int line, std::string field, std::string message) {
    defects.push_back({*at.file, line, std::move(field), std::move(message)});
  }
  template <class At>
  void require_words(At const& at, std::string_view part, proto::Text const& text,
                     std::string const& subject) {
    if (text.fr().empty())
      defect(at, at.line_of(part), subject, cat(part, " has no French text (fr)"));
    if (text.en().empty())
      defect(at, at.line_of(part), subject, cat(part, " has no English text (en)"));
  }

  void read_vocabulary(Located<proto::Vocabulary> const& at);
  void read_term(TermAt const& at, Vocabulary& into, std::string const& parent, std::size_t depth,
                 std::map<std::string, int>& codes);
  void read_role(Located<proto::Role> const& at);
  // A well-formed key that nothing of its sort has yet.
  template <class At>
  void require_key(At const& at, std::string const& subject, bool taken) {
    if (!is_key(at->key())) defect(at, at.line_of("key"), subject, "its key is not well formed");
    if (taken) {
      defect(at, at.line_of("key"), subject,
             cat("this ", subject.substr(0, subject.find(' ')), " is defined twice"));
    }
  }
  void read_article(Located<proto::Article> const& at);
  void read_wording(Located<proto::Wording> const& at);
  void read_type(TypeAt const& at);
  void read_group(GroupAt const& at, Draft& draft);
  void read_extension(Located<proto::Extension> const& at);
  Field read_field(FieldAt const& at, std::string const& subject);
  void read_columns(FieldAt const& at, Field& field, std::string const& subject);
  void check_field_alone(FieldAt const& at, Field const& field, std::string const& subject);
  void check_limits(FieldAt const& at, Field const& field, std::string const& subject);
  void check_use(FieldAt const& at, Field const& field, std::string const& subject);
  void link_field(FieldAt const& at, Field& field, std::string const& subject);
  void check_links(FieldAt const& at, Field const& field, Draft const& draft,
                   std::string const& subject);
  void check_condition(FieldAt const& at, Field const& field, Type const& type,
                       std::string const& subject);
  void check_names(Draft const& draft);
  void check_traits(Draft const& draft);
  void check_life(Draft const& draft);
  void check_prefixes();
  void finish_types();
};

ModelBuilder::ModelBuilder() : files_(std::make_unique<Files>()) {}
ModelBuilder::~ModelBuilder() = default;

void ModelBuilder::read(std::string const& name, std::string const& text) {
  auto& file = files_->files.emplace_back();
  file.name = name;
  Collector collector(file.name, files_->defects);
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.WriteLocationsTo(&file.tree);
  if (!parser.ParseFromString(text, &file.content)) {
    files_->incomplete = true;
    files_->files.pop_back();
  }
}

Result<ContentModel> ModelBuilder::finish(std::vector<Defect>* defects) && {
  auto& files = *files_;
  auto const each = [&](auto&& visit) {
    for (auto const& file : files.files)
      visit(Located<proto::ContentFile>{&file.content, &file.tree, &file.name, 0});
  };
  each([&](auto const& at) {
    for (auto const& part : at.parts("vocabulary", at->vocabulary())) files.read_vocabulary(part);
    for (auto const& part : at.parts("role", at->role())) files.read_role(part);
    for (auto const& part : at.parts("article", at->article())) files.read_article(part);
    for (auto const& part : at.parts("type", at->type())) files.read_type(part);
  });
  each([&](auto const& at) {
    for (auto const& part : at.parts("extend", at->extend())) files.read_extension(part);
    for (auto const& part : at.parts("wording", at->wording())) files.read_wording(part);
  });
  files.finish_types();
  std::ranges::sort(files.model.roles_, {},
                    [](Role const& role) { return std::tie(role.rank, role.key); });
  std::ranges::sort(files.defects, {}, [](Defect const& defect) {
    return std::tie(defect.file, defect.line, defect.field, defect.message);
  });
  if (files.defects.empty()) return std::move(files.model);
  std::string message = cat("the content model has ", files.defects.size(), " defect(s)");
  for (auto const& defect : files.defects) message += cat("\n", defect.to_string());
  if (defects != nullptr) *defects = std::move(files.defects);
  return fail(Code::invalid, std::move(message));
}

void ModelBuilder::Files::read_term(TermAt const& at, Vocabulary& into, std::string const& parent,
                                    std::size_t depth, std::map<std::string, int>& codes) {
  std::string const subject = cat("vocabulary ", into.key, ", term ", at->code());
  if (!is_code(at->code()))
    defect(at, at.line_of("code"), subject, "a code is 1 to 60 of letters, digits, '-', '_', '.'");
  require_words(at, "label", at->label(), subject);
  auto const claim = [&](std::string const& code, int line) {
    auto const [first, fresh] = codes.emplace(code, line);
    if (!fresh)
      defect(at, line, subject, cat("the code ", code, " is used already on line ", first->second));
  };
  claim(at->code(), at.line_of("code"));
  for (int i = 0; i < at->former_code_size(); ++i)
    claim(at->former_code(i), at.line_of("former_code", i));
  Term term;
  term.code = at->code();
  term.label = words(at->label());
  term.description = words(at->description());
  term.exclusive = at->exclusive();
  term.retired = at->retired();
  term.former_codes.assign(at->former_code().begin(), at->former_code().end());
  term.aliases.assign(at->alias().begin(), at->alias().end());
  term.parent = parent;
  term.depth = depth;
  term.schema_org = at->schema_org();
  into.terms.push_back(std::move(term));
  constexpr std::size_t kDepthMax = 8;
  if (depth == kDepthMax) return defect(at, at.line, subject, "terms are nested too deeply");
  for (auto const& part : at.parts("term", at->term()))
    read_term(part, into, at->code(), depth + 1, codes);
}

void ModelBuilder::Files::read_vocabulary(Located<proto::Vocabulary> const& at) {
  Vocabulary out;
  out.key = at->key();
  out.label = words(at->label());
  out.description = words(at->description());
  out.source = at->source();
  std::string const subject = cat("vocabulary ", out.key);
  if (!is_key(out.key))
    defect(at, at.line_of("key"), subject,
           "a key is a lower-case letter, then letters, digits, '_'");
  require_words(at, "label", at->label(), subject);
  if (at->term().empty()) defect(at, at.line, subject, "it has no term");
  std::map<std::string, int> codes;
  for (auto const& part : at.parts("term", at->term())) read_term(part, out, {}, 0, codes);
  out.index();
  if (!model.vocabularies_.emplace(out.key, std::move(out)).second)
    defect(at, at.line_of("key"), subject, "this vocabulary is defined twice");
}

void ModelBuilder::Files::read_role(Located<proto::Role> const& at) {
  Role out;
  out.key = at->key();
  out.label = words(at->label());
  out.description = words(at->description());
  out.reach = static_cast<Reach>(at->reach());
  out.rank = at->rank();
  out.needs_second_factor = at->needs_second_factor();
  std::string const subject = cat("role ", out.key);
  require_key(at, subject, model.role(out.key) != nullptr);
  require_words(at, "label", at->label(), subject);
  if (at->reach() == proto::Reach::unspecified)
    defect(at, at.line, subject, "reach is missing (own, node or network)");
  for (int i = 0; i < at->permission_size(); ++i) {
    auto const permission = at->permission(i);
    if (permission == proto::Permission::unspecified)
      defect(at, at.line_of("permission", i), subject, "a permission is unspecified");
    out.permissions.insert(static_cast<Permission>(permission));
  }
  model.roles_.push_back(std::move(out));
}

void ModelBuilder::Files::read_article(Located<proto::Article> const& at) {
  std::string const subject = cat("article ", at->key());
  require_key(at, subject, model.article(at->key()) != nullptr);
  require_words(at, "title", at->title(), subject);
  require_words(at, "text", at->text(), subject);
  model.charter_.push_back({at->key(), words(at->title()), words(at->text())});
}

void ModelBuilder::Files::read_wording(Located<proto::Wording> const& at) {
  std::string const subject = cat("wording ", at->key());
  require_key(at, subject, model.wording(at->key()) != nullptr);
  require_words(at, "label", at->label(), subject);
  require_words(at, "text", at->text(), subject);
  Wording out{at->key(), words(at->label()), words(at->text()), model.article(at->article()), {}};
  if (!at->article().empty() && out.article == nullptr && !incomplete)
    defect(at, at.line_of("article"), subject, cat("the charter has no article ", at->article()));
  for (int i = 0; i < at->decision_size(); ++i) {
    if (at->decision(i) == proto::Decision::unspecified)
      defect(at, at.line_of("decision", i), subject, "a decision is unspecified");
    out.decisions.insert(static_cast<Decision>(at->decision(i)));
  }
  if (out.decisions.empty()) defect(at, at.line, subject, "it is offered for no decision");
  model.wordings_.push_back(std::move(out));
}

void ModelBuilder::Files::read_type(TypeAt const& at) {
  Draft draft{.type = {}, .at = at, .field_at = {}, .group_fields = {}};
  Type& type = draft.type;
  type.key = at->key();
  type.prefix = at->prefix();
  type.rank = at->rank();
  type.singular = words(at->singular());
  type.plural = words(at->plural());
  type.description = words(at->description());
  type.gender = static_cast<Gender>(at->gender());
  type.schema_org = at->schema_org();
  type.icon = at->icon();
  type.expiry_field = at->expiry_field();
  auto const& life = at->life();
  type.life = {.dated = life.dated(),
               .opens = life.opens(),
               .closes = life.closes(),
               .ongoing = life.ongoing(),
               .outcome = life.outcome(),
               .outcome_on = life.outcome_on(),
               .near = life.near(),
               .displayed_days = life.displayed_days(),
               .closing_days = life.closing_days()};
  for (int i = 0; i < at->trait_size(); ++i) type.traits.insert(static_cast<Trait>(at->trait(i)));

  std::string const& subject = type.key;
  if (!is_key(type.key))
    defect(at, at.line_of("key"), subject,
           "a key is a lower-case letter, then letters, digits, '_'; '_' at the start is reserved");
  if (std::ranges::any_of(drafts, [&](Draft const& other) { return other.type.key == type.key; }))
    return defect(at, at.line_of("key"), subject, "this type is defined twice");
  require_words(at, "singular", at->singular(), subject);
  require_words(at, "plural", at->plural(), subject);
  if (at->gender() == proto::Gender::unspecified)
    defect(at, at.line, subject, "gender is missing (masculine or feminine, of the French name)");
  if (at->group().empty()) defect(at, at.line, subject, "it has no group of fields");
  for (auto const& part : at.parts("group", at->group())) read_group(part, draft);
  drafts.push_back(std::move(draft));
}

void ModelBuilder::Files::read_extension(Located<proto::Extension> const& at) {
  auto const draft =
      std::ranges::find(drafts, at->type(), [](Draft const& one) { return one.type.key; });
  if (draft == drafts.end()) {
    if (!incomplete)
      defect(at, at.line_of("type"), cat("extend ", at->type()), "there is no type of that key");
    return;
  }
  for (auto const& part : at.parts("group", at->group())) read_group(part, *draft);
}

void ModelBuilder::Files::read_group(GroupAt const& at, Draft& draft) {
  auto& type = draft.type;
  auto found = std::ranges::find(type.groups, at->key(), &Group::key);
  std::string const subject = cat(type.key, ", group ", at->key());
  if (found == type.groups.end()) {
    if (!is_key(at->key())) defect(at, at.line_of("key"), subject, "its key is not well formed");
    require_words(at, "label", at->label(), subject);
    type.groups.push_back({at->key(), words(at->label()), words(at->help()), {}});
    draft.group_fields.emplace_back();
    found = std::prev(type.groups.end());
  } else if (at.file == draft.at.file && at->has_label()) {
    defect(at, at.line_of("key"), subject, "this group is defined twice");
  }
  auto const index = static_cast<std::size_t>(found - type.groups.begin());
  for (auto const& part : at.parts("field", at->field())) {
    std::string const name = cat(type.key, '.', part->key());
    if (type.field(part->key()) != nullptr) {
      defect(part, part.line_of("key"), name, "this field is defined twice");
      continue;
    }
    Field field = read_field(part, name);
    field.group = at->key();
    check_field_alone(part, field, name);
    draft.group_fields[index].push_back(type.fields.size());
    draft.field_at.push_back(part);
    type.fields.push_back(std::move(field));
  }
}

Field ModelBuilder::Files::read_field(FieldAt const& at, std::string const& subject) {
  Field field;
  field.key = at->key();
  field.kind = static_cast<FieldKind>(at->kind());
  field.label = words(at->label());
  field.help = words(at->help());
  field.example = words(at->example());
  field.required = static_cast<Required>(at->required());
  field.audience = static_cast<Audience>(at->audience());
  field.public_if = at->public_if();
  field.locates = at->locates();
  field.applies_if = {at->applies_if().field(),
                      {at->applies_if().value().begin(), at->applies_if().value().end()},
                      at->applies_if().not_()};
  field.length_min = at->length_min();
  field.length_max = at->length_max() != 0 ? at->length_max() : default_length(field.kind);
  if (at->has_min()) field.min = at->min();
  if (at->has_max()) field.max = at->max();
  field.elements_max = at->elements_max() != 0 ? at->elements_max() : default_elements(field.kind);
  field.scheme = at->scheme();
  field.refers_to.assign(at->refers_to().begin(), at->refers_to().end());
  field.default_from = at->default_from();
  if (at->has_facet()) field.facet = Facet{at->facet().parameter(), at->facet().rank()};
  field.search_weight = at->search_weight();
  field.card = static_cast<Card>(at->card());
  if (at->has_quality()) {
    auto const& rule = at->quality();
    field.quality =
        QualityRule{rule.weight() == 0 ? 1 : rule.weight(), rule.ideal_min(), rule.ideal_max()};
  }
  field.schema_org = at->schema_org();
  field.json = at->json().empty() ? field.key : at->json();
  field.autocomplete = at->autocomplete();
  read_columns(at, field, subject);
  return field;
}

// The columns as written, then those of the parts that are not mentioned.
void ModelBuilder::Files::read_columns(FieldAt const& at, Field& field,
                                       std::string const& subject) {
  auto const parts = parts_of(field.kind);
  for (auto const& column : at.parts("column", at->column())) {
    if (column->part().empty() ? !parts.empty()
                               : std::ranges::find(parts, column->part()) == parts.end())
      defect(column, column.line, subject,
             column->part().empty()
                 ? cat("a column of a field of kind ", kind_name(field.kind),
                       " names its part: ", join({parts.begin(), parts.end()}, ", "))
                 : cat("a field of kind ", kind_name(field.kind), " has no part ", column->part()));
    if (std::ranges::find(field.columns, column->part(), &Column::part) != field.columns.end())
      defect(column, column.line, subject, "two columns for the same part");
    std::string const name =
        column->part().empty() ? field.key : cat(field.key, '_', column->part());
    field.columns.push_back({column->part(),
                             column->header().empty() ? name : column->header(),
                             {column->alias().begin(), column->alias().end()}});
  }
  if (parts.empty() && field.columns.empty()) field.columns.push_back({{}, field.key, {}});
  for (auto const part : parts)
    if (std::ranges::find(field.columns, part, &Column::part) == field.columns.end())
      field.columns.push_back({std::string(part), cat(field.key, '_', part), {}});
}

void ModelBuilder::Files::check_field_alone(FieldAt const& at, Field const& field,
                                            std::string const& subject) {
  if (field.key.starts_with('_'))
    defect(at, at.line_of("key"), subject, "keys that start with '_' are reserved for the engine");
  else if (!is_key(field.key))
    defect(at, at.line_of("key"), subject,
           "a key is a lower-case letter, then letters, digits, '_' (60 at most)");
  if (at->kind() == proto::Kind::unspecified) defect(at, at.line, subject, "kind is missing");
  require_words(at, "label", at->label(), subject);
  if (at->has_help()) require_words(at, "help", at->help(), subject);
  if (at->audience() == proto::Audience::unspecified)
    defect(at, at.line, subject, "audience is missing (public, office or local)");
  check_limits(at, field, subject);
  check_use(at, field, subject);
}

void ModelBuilder::Files::check_limits(FieldAt const& at, Field const& field,
                                       std::string const& subject) {
  constexpr std::size_t kLengthMax = 60'000;  // of 4 bytes, still fits a field's value
  constexpr std::size_t kElementsMax = 500;
  if (field.length_min > field.length_max)
    defect(at, at.line_of("length_min"), subject,
           cat("length_min ", field.length_min, " is above length_max ", field.length_max));
  if (field.length_max > kLengthMax)
    defect(at, at.line_of("length_max"), subject, cat("length_max is at most ", kLengthMax));
  if (field.min && field.max && *field.min > *field.max)
    defect(at, at.line_of("min"), subject, "min is above max");
  if ((field.min || field.max) && !is_number_kind(field.kind))
    defect(at, at.line_of(field.min ? "min" : "max"), subject,
           cat("min and max are for numbers, not for ", kind_name(field.kind)));
  if (at->elements_max() != 0 && !is_set(field.kind))
    defect(at, at.line_of("elements_max"), subject,
           cat("elements_max is for sets, not for ", kind_name(field.kind)));
  if (field.elements_max > kElementsMax)
    defect(at, at.line_of("elements_max"), subject, cat("elements_max is at most ", kElementsMax));
}

void ModelBuilder::Files::check_use(FieldAt const& at, Field const& field,
                                    std::string const& subject) {
  bool const open = field.audience == Audience::everyone;
  if (!field.public_if.empty() && field.audience != Audience::office)
    defect(at, at.line_of("public_if"), subject, "public_if is for fields of audience office");
  if (field.facet && !open)
    defect(at, at.line_of("facet"), subject, "a facet would reveal a field that is not public");
  if (field.facet && !can_be_facet(field.kind))
    defect(at, at.line_of("facet"), subject,
           cat("a field of kind ", kind_name(field.kind), " cannot be a facet"));
  if (field.facet && !is_key(field.facet->parameter))
    defect(at, at.line_of("facet"), subject, "the facet's parameter is missing or not well formed");
  if (field.search_weight > 10)
    defect(at, at.line_of("search_weight"), subject, "search_weight goes from 0 to 10");
  if (field.search_weight > 0 && !open)
    defect(at, at.line_of("search_weight"), subject,
           "the public search would reveal a field that is not public");
  if (field.card != Card::none && !open)
    defect(at, at.line_of("card"), subject, "a card would reveal a field that is not public");
  if (field.quality && field.quality->ideal_max != 0 &&
      field.quality->ideal_min > field.quality->ideal_max)
    defect(at, at.line_of("quality"), subject, "ideal_min is above ideal_max");
  if (field.quality && field.quality->weight < 0)
    defect(at, at.line_of("quality"), subject, "a weight is not negative");
  if (field.kind == FieldKind::external_id && !is_known_scheme(field.scheme))
    defect(at, at.line_of("scheme"), subject,
           cat("unknown scheme of identifiers \"", field.scheme, '"'));
}

void ModelBuilder::Files::link_field(FieldAt const& at, Field& field, std::string const& subject) {
  field.vocabulary = model.vocabulary(at->vocabulary());
  if (has_codes(field.kind) && at->vocabulary().empty())
    defect(at, at.line, subject,
           cat("a field of kind ", kind_name(field.kind), " names its vocabulary"));
  else if (!has_codes(field.kind) && !at->vocabulary().empty())
    defect(at, at.line_of("vocabulary"), subject,
           cat("a field of kind ", kind_name(field.kind), " has no vocabulary"));
  else if (!at->vocabulary().empty() && field.vocabulary == nullptr && !incomplete)
    defect(at, at.line_of("vocabulary"), subject,
           cat("unknown vocabulary \"", at->vocabulary(), '"'));
  for (int i = 0; i < at->refers_to_size(); ++i) {
    bool const known = std::ranges::any_of(
        drafts, [&](Draft const& other) { return other.type.key == at->refers_to(i); });
    if (!known && !incomplete)
      defect(at, at.line_of("refers_to", i), subject,
             cat("unknown type \"", at->refers_to(i), '"'));
  }
}

void ModelBuilder::Files::check_links(FieldAt const& at, Field const& field, Draft const& draft,
                                      std::string const& subject) {
  bool const refers = field.kind == FieldKind::reference || field.kind == FieldKind::references;
  if (refers && field.refers_to.empty())
    defect(at, at.line, subject, "refers_to is missing: which types may be linked");
  if (!refers && !field.refers_to.empty())
    defect(at, at.line_of("refers_to"), subject, "refers_to is for references");
  if (!field.public_if.empty()) {
    auto const* flag = draft.type.field(field.public_if);
    bool const open = flag != nullptr && flag->audience == Audience::everyone;
    if (flag == nullptr || flag->kind != FieldKind::boolean || !open)
      defect(at, at.line_of("public_if"), subject,
             cat("public_if names no public boolean of this type: \"", field.public_if, '"'));
  }
  if (!field.default_from.empty()) {
    auto const* source = draft.type.field(field.default_from);
    bool const fits = source != nullptr && source != &field && is_text_kind(source->kind) &&
                      is_text_kind(field.kind) && source->audience == field.audience;
    if (!fits)
      defect(at, at.line_of("default_from"), subject,
             cat("default_from names no other text field of the same audience: \"",
                 field.default_from, '"'));
  }
  check_condition(at, field, draft.type, subject);
}

void ModelBuilder::Files::check_condition(FieldAt const& at, Field const& field, Type const& type,
                                          std::string const& subject) {
  if (!at->has_applies_if()) return;
  auto const* other = type.field(field.applies_if.field);
  int const line = at.line_of("applies_if");
  if (other == nullptr || other == &field)
    return defect(at, line, subject,
                  cat("applies_if names no other field: \"", field.applies_if.field, '"'));
  for (auto const& value : field.applies_if.values) {
    bool const flag = other->kind == FieldKind::boolean && (value == "true" || value == "false");
    auto const* vocabulary =
        model.vocabulary(drafts.empty() ? std::string_view() : std::string_view(at->vocabulary()));
    if (other->vocabulary != nullptr) vocabulary = other->vocabulary;
    bool const code =
        has_codes(other->kind) && (vocabulary == nullptr || vocabulary->find(value) != nullptr);
    if (!flag && !code)
      defect(at, line, subject, cat("applies_if: ", other->key, " never is \"", value, '"'));
  }
}

void ModelBuilder::Files::check_names(Draft const& draft) {
  std::map<std::string, std::string> json, headers, parameters;
  for (std::size_t i = 0; i < draft.type.fields.size(); ++i) {
    auto const& field = draft.type.fields[i];
    auto const& at = draft.field_at[i];
    std::string const subject = cat(draft.type.key, '.', field.key);
    auto const claim = [&](auto& taken, std::string const& name, std::string_view part) {
      auto const [first, fresh] = taken.emplace(name, field.key);
      if (!fresh)
        defect(at, at.line_of(part), subject,
               cat("the ", part, " name \"", name, "\" belongs to ", first->second, " already"));
    };
    claim(json, field.json, "json");
    for (auto const& column : field.columns) claim(headers, fold(column.header), "column");
    if (field.facet) claim(parameters, field.facet->parameter, "facet");
  }
}

void ModelBuilder::Files::check_traits(Draft const& draft) {
  Type const& type = draft.type;
  auto const& at = draft.at;
  auto const needs = [&](Trait trait, bool met, std::string_view what) {
    if (type.has(trait) && !met)
      defect(at, at.line_of("trait"), type.key,
             cat("the trait ", proto::Trait::Value_Name(static_cast<proto::Trait::Value>(trait)),
                 " needs ", what));
  };
  auto const* schedule = type.first(FieldKind::schedule);
  needs(Trait::has_place, type.first(FieldKind::address) != nullptr, "a field of kind address");
  needs(Trait::has_schedule, schedule != nullptr, "a field of kind schedule");
  needs(Trait::recurs, schedule != nullptr, "a field of kind schedule");
  auto const* expiry = type.field(type.expiry_field);
  bool const dated = expiry != nullptr &&
                     (expiry->kind == FieldKind::date || expiry->kind == FieldKind::date_time ||
                      expiry->kind == FieldKind::schedule);
  needs(Trait::expires, dated, "an expiry_field of kind date, date_time or schedule");
  check_life(draft);
  if (type.first(Card::title) == nullptr)
    defect(at, at.line, type.key, "no field has the card title: what is it called in a list?");
}

void ModelBuilder::Files::check_life(Draft const& draft) {
  Type const& type = draft.type;
  if (!draft.at->has_life()) return;
  int const line = draft.at.line_of("life");
  if (!type.has(Trait::expires))
    defect(draft.at, line, type.key, "life is for types with the trait expires");
  // Each phase is shown to visitors: what it follows from must be public.
  auto const check = [&](std::string_view part, std::string const& key,
                         std::initializer_list<FieldKind> kinds) {
    if (key.empty()) return;
    auto const* const field = type.field(key);
    bool const fits = field != nullptr && field->audience == Audience::everyone &&
                      std::ranges::find(kinds, field->kind) != kinds.end();
    if (!fits)
      defect(draft.at, line, type.key,
             cat("life.", part, " names no public field of a fitting kind: \"", key, '"'));
  };
  auto const& life = type.life;
  check("dated", life.dated, {FieldKind::date});
  check("opens", life.opens, {FieldKind::date, FieldKind::date_time});
  check("closes", life.closes, {FieldKind::date, FieldKind::date_time});
  check("ongoing", life.ongoing, {FieldKind::boolean});
  check("outcome", life.outcome, {FieldKind::choice});
  check("outcome_on", life.outcome_on, {FieldKind::date});
  check("near", life.near, {FieldKind::choice, FieldKind::choices});
}

void ModelBuilder::Files::check_prefixes() {
  // First parts of addresses that belong to the program.
  constexpr std::string_view kTaken[] = {
      "espace",          "region",    "borne",         "api",
      "recherche",       "contact",   "aide",          "a-propos",
      "plan-du-site",    "donnees",   "assets",        "healthz",
      "readyz",          "metrics",   "accessibilite", "mentions-legales",
      "confidentialite", "connexion", "robots",        "sitemap"};
  std::map<std::string, std::string> taken;
  for (auto const& draft : drafts) {
    auto const& [key, prefix] = std::tie(draft.type.key, draft.type.prefix);
    int const line = draft.at.line_of("prefix");
    auto const first_part = std::string_view(prefix).substr(0, prefix.find('/'));
    if (!is_prefix(prefix))
      defect(
          draft.at, line, key,
          "prefix is 1 to 60 of lower-case letters, digits and '-', or two such parts and a '/'");
    else if (std::ranges::find(kTaken, first_part) != std::end(kTaken))
      defect(draft.at, line, key, cat("the prefix ", prefix, " is reserved"));
    else if (first_part != prefix && std::ranges::any_of(drafts, [&](Draft const& other) {
               return other.type.prefix == first_part;
             }))
      defect(draft.at, line, key, cat("the prefix ", prefix, " lies below that of another type"));
    else if (auto const [first, fresh] = taken.emplace(prefix, key); !fresh)
      defect(draft.at, line, key, cat("the prefix ", prefix, " belongs to ", first->second));
  }
}

void ModelBuilder::Files::finish_types() {
  for (auto& draft : drafts) {
    auto const subject = [&](Field const& field) { return cat(draft.type.key, '.', field.key); };
    auto& fields = draft.type.fields;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      link_field(draft.field_at[i], fields[i], subject(fields[i]));
      fields[i].is_switch =
          std::ranges::find(fields, fields[i].key, &Field::public_if) != fields.end();
    }
    for (std::size_t i = 0; i < fields.size(); ++i)
      check_links(draft.field_at[i], fields[i], draft, subject(fields[i]));
    check_names(draft);
    check_traits(draft);
  }
  check_prefixes();
  std::ranges::sort(drafts, {},
                    [](Draft const& draft) { return std::tie(draft.type.rank, draft.type.key); });
  for (auto& draft : drafts) {
    Type& type = model.types_.emplace_back(std::move(draft.type));
    for (std::size_t group = 0; group < type.groups.size(); ++group)
      for (auto const index : draft.group_fields[group])
        type.groups[group].fields.push_back(&type.fields[index]);
  }
}

}  // namespace solidaires::schema
