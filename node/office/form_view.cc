#include "node/office/form_view.h"

#include <algorithm>
#include <set>

#include "sync/base/bytes.h"

namespace solidaires::office {
namespace {

using page::View;
using schema::Field;
using schema::FieldKind;

constexpr std::size_t kSpareRows = 1;  // empty rows after the filled ones of a list

struct Choice {
  std::string value, label;
};

// One form being drawn.
class Drawing {
 public:
  Drawing(schema::FormFields const& typed, std::span<schema::Problem const> problems,
          FormOptions const& options)
      : typed_(typed), problems_(problems), options_(options) {}

  [[nodiscard]] View field(Field const& field) const;

 private:
  [[nodiscard]] std::string value(std::string_view name) const {
    auto const found = typed_.find(name);
    return found == typed_.end() ? std::string() : found->second;
  }
  [[nodiscard]] bool is_chosen(std::string_view name, std::string_view one) const {
    auto const [first, last] = typed_.equal_range(name);
    return std::any_of(first, last, [one](auto const& pair) { return pair.second == one; });
  }
  [[nodiscard]] std::string error_of(std::string_view name) const;
  [[nodiscard]] View base(std::string const& name, std::string_view label) const;
  [[nodiscard]] View input(std::string const& name, std::string_view label,
                           std::string_view kind = "text") const;
  [[nodiscard]] View select(std::string const& name, std::string_view label,
                            std::vector<Choice> const& choices, bool with_none = true) const;
  [[nodiscard]] View checkbox(std::string const& name, std::string_view label) const;
  [[nodiscard]] std::size_t rows(std::string_view key) const;
  [[nodiscard]] std::vector<View> single(Field const& field) const;
  [[nodiscard]] std::vector<View> address(std::string const& key, Field const& field) const;
  [[nodiscard]] std::vector<View> schedule(Field const& field) const;
  [[nodiscard]] std::vector<View> price(Field const& field) const;
  [[nodiscard]] std::vector<View> picture(std::string const& key) const;
  [[nodiscard]] std::vector<View> list_rows(Field const& field) const;
  [[nodiscard]] View choices(Field const& field) const;
  [[nodiscard]] View references(Field const& field) const;
  [[nodiscard]] View area(Field const& field) const;
  [[nodiscard]] View box(std::string_view key, std::string_view value,
                         std::string_view label) const;
  [[nodiscard]] View with_boxes(Field const& field, std::vector<View> boxes,
                                std::set<std::string, std::less<>> const& offered) const;
  [[nodiscard]] std::vector<Candidate const*> fitting(Field const& field) const;

  schema::FormFields const& typed_;
  std::span<schema::Problem const> problems_;
  FormOptions const& options_;
};

std::vector<Choice> choices_of(schema::Vocabulary const& vocabulary) {
  std::vector<Choice> out;
  for (auto const& term : vocabulary.terms) {
    if (!term.retired) out.push_back({term.code, std::string(term.depth * 2, ' ') + term.label.fr});
  }
  return out;
}

std::string Drawing::error_of(std::string_view name) const {
  for (auto const& problem : problems_) {
    if (!problem.note && problem.input == name) return problem.message.fr;
  }
  return {};
}

View Drawing::base(std::string const& name, std::string_view label) const {
  View view;
  view.text("name", name)
      .text("id", input_id(name))
      .text("label", label)
      .text("value", value(name));
  view.text("error", error_of(name)).flag("wide", false);
  return view;
}

View Drawing::input(std::string const& name, std::string_view label, std::string_view kind) const {
  View view = base(name, label);
  view.flag("is_input", true).text("input_type", kind);
  return view;
}

View Drawing::select(std::string const& name, std::string_view label,
                     std::vector<Choice> const& choices, bool with_none) const {
  View view = base(name, label);
  auto const current = value(name);
  std::vector<View> options;
  bool known = current.empty();
  for (auto const& choice : choices) {
    known = known || choice.value == current;
    options.push_back(std::move(View()
                                    .text("value", choice.value)
                                    .text("label", choice.label)
                                    .flag("selected", choice.value == current)));
  }
  // A value that the list does not offer any more stays chosen: saving must not change it.
  if (!known)
    options.push_back(
        std::move(View().text("value", current).text("label", current).flag("selected", true)));
  view.flag("is_select", true).flag("with_none", with_none).list("options", std::move(options));
  return view;
}

View Drawing::checkbox(std::string const& name, std::string_view label) const {
  View view = base(name, label);
  view.flag("is_checkbox", true).flag("checked", value(name) == "true");
  return view;
}

// How many rows of a list are filled: the highest number in "key.<n>." or "key.<n>", and one to
// spare.
std::size_t Drawing::rows(std::string_view key) const {
  std::size_t count = 0;
  auto const prefix = cat(key, '.');
  for (auto at = typed_.lower_bound(prefix); at != typed_.end() && at->first.starts_with(prefix);
       ++at) {
    auto const number = std::string_view(at->first).substr(prefix.size());
    if (number.empty() || number.front() < '0' || number.front() > '9') continue;
    count = std::max(count, static_cast<std::size_t>(std::atoll(std::string(number).c_str())) + 1);
  }
  return std::min<std::size_t>(count, 60) + kSpareRows;
}

std::vector<View> Drawing::address(std::string const& key, Field const& field) const {
  std::vector<View> parts;
  parts.push_back(input(cat(key, ".label"), "Nom du lieu"));
  View lines = base(cat(key, ".lines"), "Numéro et rue");
  lines.flag("is_textarea", true)
      .number("rows", 2)
      .text("autocomplete", field.autocomplete.empty() ? "" : "street-address");
  parts.push_back(std::move(lines));
  parts.push_back(input(cat(key, ".postal_code"), "Code postal"));
  parts.push_back(input(cat(key, ".commune"), "Commune"));
  for (std::string_view const part :
       {"commune_code", "country", "latitude", "longitude", "precision", "ban_id"}) {
    View kept = base(cat(key, '.', part), "");
    kept.flag("is_hidden", true);
    parts.push_back(std::move(kept));
  }
  View hidden =
      checkbox(cat(key, ".hidden"), "Ne pas montrer l’adresse au public : seulement la commune");
  parts.push_back(std::move(hidden));
  return parts;
}

std::vector<View> Drawing::schedule(Field const& field) const {
  auto const& key = field.key;
  std::vector<View> parts;
  parts.push_back(input(cat(key, ".start_date"), "Premier jour", "date"));
  parts.push_back(input(cat(key, ".start_time"), "Heure de début", "time"));
  parts.push_back(
      input(cat(key, ".end_date"), "Dernier jour (si plusieurs jours de suite)", "date"));
  parts.push_back(input(cat(key, ".end_time"), "Heure de fin", "time"));
  parts.push_back(checkbox(cat(key, ".all_day"), "Toute la journée"));
  parts.push_back(select(cat(key, ".repeat"), "Cela se répète",
                         {{"once", "une seule fois"},
                          {"daily", "tous les jours"},
                          {"weekly", "toutes les semaines"},
                          {"monthly_day", "tous les mois, le même quantième"},
                          {"monthly_weekday", "tous les mois, le même jour (premier samedi…)"},
                          {"yearly", "tous les ans"},
                          {"custom", "selon une autre règle"}},
                         false));
  parts.push_back(
      input(cat(key, ".interval"), "Toutes les combien de fois (2 : une sur deux)", "number"));
  View days = base(cat(key, ".days"), "Jours de la semaine");
  std::vector<View> boxes;
  for (auto const& [code, label] : std::vector<Choice>{{"mo", "lundi"},
                                                       {"tu", "mardi"},
                                                       {"we", "mercredi"},
                                                       {"th", "jeudi"},
                                                       {"fr", "vendredi"},
                                                       {"sa", "samedi"},
                                                       {"su", "dimanche"}}) {
    boxes.push_back(std::move(View()
                                  .text("value", code)
                                  .text("label", label)
                                  .text("id", input_id(cat(key, ".days.", code)))
                                  .flag("checked", is_chosen(cat(key, ".days"), code))));
  }
  days.flag("is_choices", true).list("boxes", std::move(boxes));
  parts.push_back(std::move(days));
  parts.push_back(input(cat(key, ".until"), "Jusqu’au", "date"));
  parts.push_back(input(cat(key, ".count"), "Ou nombre de fois", "number"));
  parts.push_back(input(cat(key, ".rule"), "Règle (pour « une autre règle » seulement)"));
  parts.push_back(
      input(cat(key, ".exceptions"), "Sauf les jours suivants (séparés par des virgules)"));
  parts.push_back(input(cat(key, ".additions"), "Et aussi les jours suivants"));
  View zone = base(cat(key, ".zone"), "");
  zone.flag("is_hidden", true);
  parts.push_back(std::move(zone));
  auto const changed = cat(key, ".override");
  auto const count = rows(changed);
  for (std::size_t n = 0; n < count; ++n) {
    auto const row = cat(changed, '.', n);
    parts.push_back(
        input(cat(row, ".original"), cat("Date particulière ", n + 1, " : jour prévu")));
    parts.push_back(select(cat(row, ".status"), "Ce jour-là",
                           {{"cancelled", "annulé"}, {"moved", "déplacé"}, {"full", "complet"}}));
    parts.push_back(input(cat(row, ".start_date"), "Nouveau jour", "date"));
    parts.push_back(input(cat(row, ".start_time"), "Nouvelle heure", "time"));
    for (std::string_view const part : {".end_date", ".end_time"}) {
      View kept = base(cat(row, part), "");
      kept.flag("is_hidden", true);
      parts.push_back(std::move(kept));
    }
    parts.push_back(input(cat(row, ".note"), "À savoir"));
  }
  return parts;
}

// The file that is kept already is shown, and goes with the form by its hash; nothing of it is
// typed.
std::vector<View> Drawing::picture(std::string const& key) const {
  auto const source = value(cat(key, ".source"));
  bool const is_file = source.starts_with("blob:");
  std::vector<View> parts;
  View choice = base(cat(key, ".file"), is_file ? "Remplacer l’image" : "Choisir une image");
  choice.flag("is_file", true).flag("has_file", is_file);
  choice
      .text("preview",
            is_file && options_.picture_href ? options_.picture_href(source) : std::string())
      .text("width", value(cat(key, ".width")))
      .text("height", value(cat(key, ".height")))
      .text("alt", value(cat(key, ".alt")));
  parts.push_back(std::move(choice));
  if (is_file) {
    for (std::string_view const part : {"source", "size", "media_type", "width", "height"}) {
      parts.push_back(std::move(base(cat(key, '.', part), {}).flag("is_hidden", true)));
    }
    View remove = checkbox(cat(key, ".remove"), "Retirer l’image");
    parts.push_back(std::move(remove.flag("wide", true)));
  } else if (!source.empty() || !error_of(cat(key, ".source")).empty()) {  // of an import
    parts.push_back(input(cat(key, ".source"), "Adresse de l’image (https)", "url"));
  }
  View alt =
      input(cat(key, ".alt"), "Ce que l’image montre, en une phrase (nécessaire pour publier)");
  parts.push_back(std::move(alt.flag("wide", true)));
  parts.push_back(input(cat(key, ".credit"), "Crédit"));
  return parts;
}

std::vector<View> Drawing::price(Field const& field) const {
  auto const& key = field.key;
  std::vector<View> parts;
  parts.push_back(select(cat(key, ".kind"), "Prix",
                         {{"free", "gratuit"},
                          {"open", "prix libre"},
                          {"amounts", "payant"},
                          {"on_request", "sur demande"}}));
  auto const count = rows(cat(key, ".amount"));
  for (std::size_t n = 0; n < count; ++n) {
    auto const row = cat(key, ".amount.", n);
    parts.push_back(input(row, cat("Montant ", n + 1, " (euros)")));
    parts.push_back(input(cat(row, ".label"), "Pour qui (plein tarif, moins de 26 ans…)"));
  }
  parts.push_back(checkbox(cat(key, ".membership"), "Une adhésion est demandée"));
  parts.push_back(input(cat(key, ".note"), "Précision"));
  return parts;
}

View Drawing::box(std::string_view key, std::string_view value, std::string_view label) const {
  View box;
  box.text("value", value)
      .text("label", label)
      .text("id", input_id(cat(key, '.', value)))
      .flag("checked", is_chosen(key, value));
  return box;
}

// Chosen values that are not offered (codes of a newer vocabulary, records of another office) stay
// chosen.
View Drawing::with_boxes(Field const& field, std::vector<View> boxes,
                         std::set<std::string, std::less<>> const& offered) const {
  auto const [first, last] = typed_.equal_range(field.key);
  for (auto at = first; at != last; ++at) {
    if (!offered.contains(at->second)) boxes.push_back(box(field.key, at->second, at->second));
  }
  View view = base(field.key, field.label.fr);
  view.flag("is_choices", true).list("boxes", std::move(boxes));
  return view;
}

View Drawing::choices(Field const& field) const {
  std::vector<View> boxes;
  std::set<std::string, std::less<>> offered;
  for (auto const& term : field.vocabulary->terms) {
    if (term.retired && !is_chosen(field.key, term.code)) continue;
    offered.insert(term.code);
    boxes.push_back(box(field.key, term.code, term.label.fr));
    boxes.back().flag("narrower", term.depth > 0);
  }
  return with_boxes(field, std::move(boxes), offered);
}

std::vector<Candidate const*> Drawing::fitting(Field const& field) const {
  std::vector<Candidate const*> out;
  if (options_.candidates == nullptr) return out;
  for (auto const& candidate : *options_.candidates) {
    bool const fits = field.refers_to.empty() ||
                      std::ranges::find(field.refers_to, candidate.type) != field.refers_to.end();
    if (fits) out.push_back(&candidate);
  }
  return out;
}

View Drawing::references(Field const& field) const {
  std::vector<View> boxes;
  std::set<std::string, std::less<>> offered;
  for (auto const* candidate : fitting(field)) {
    offered.insert(candidate->id);
    boxes.push_back(box(field.key, candidate->id, candidate->title));
  }
  bool const many = boxes.size() > 12;
  View view = with_boxes(field, std::move(boxes), offered);
  view.flag("folded", many);
  return view;
}

// One place per line, by its name: form_places.h reads it back.
View Drawing::area(Field const& field) const {
  View view = base(field.key, field.label.fr);
  std::string lines;
  auto const [first, last] = typed_.equal_range(field.key);
  for (auto at = first; at != last; ++at) {
    auto const name = options_.area_name ? options_.area_name(at->second) : std::string();
    lines += cat(lines.empty() ? "" : "\n", name.empty() ? at->second : name);
  }
  view.text("value", lines).flag("is_textarea", true).number("rows", 3);
  return view;
}

// Lists of composites: one row per element, and an empty one.
std::vector<View> Drawing::list_rows(Field const& field) const {
  std::vector<View> parts;
  auto const count = rows(field.key);
  for (std::size_t n = 0; n < count; ++n) {
    auto const row = cat(field.key, '.', n);
    auto const ordinal = cat(' ', n + 1);
    View id = base(cat(row, ".id"), "");
    id.flag("is_hidden", true);
    switch (field.kind) {
      case FieldKind::external_ids:
        parts.push_back(input(cat(row, ".scheme"), cat("Source", ordinal)));
        parts.push_back(input(cat(row, ".value"), "Identifiant"));
        break;
      case FieldKind::agreements:
        parts.push_back(std::move(id));
        parts.push_back(select(cat(row, ".code"), cat("Agrément ou label", ordinal),
                               choices_of(*field.vocabulary)));
        parts.push_back(input(cat(row, ".authority"), "Délivré par"));
        parts.push_back(input(cat(row, ".number"), "Numéro"));
        parts.push_back(input(cat(row, ".start"), "Depuis le", "date"));
        parts.push_back(input(cat(row, ".end"), "Jusqu’au", "date"));
        break;
      case FieldKind::links:
        parts.push_back(input(cat(row, ".url"), cat("Adresse du lien", ordinal), "url"));
        parts.push_back(input(cat(row, ".label"), "Texte du lien"));
        break;
      case FieldKind::addresses: {
        parts.push_back(std::move(id));
        for (auto& part : address(row, field)) parts.push_back(std::move(part));
        break;
      }
      default: break;
    }
  }
  return parts;
}

std::vector<View> Drawing::single(Field const& field) const {
  auto const& key = field.key;
  auto const one = [](View view) {
    std::vector<View> list;
    list.push_back(std::move(view));
    return list;
  };
  switch (field.kind) {
    case FieldKind::long_text: {
      View view = base(key, field.label.fr);
      view.flag("is_textarea", true).number("rows", 8);
      return one(std::move(view));
    }
    case FieldKind::integer: return one(input(key, field.label.fr, "number"));
    case FieldKind::boolean: {
      View view = checkbox(key, field.label.fr);
      view.text("shown_name", cat(key, ".shown"));
      return one(std::move(view));
    }
    case FieldKind::date: return one(input(key, field.label.fr, "date"));
    case FieldKind::date_time: {
      View view = input(key, field.label.fr, "datetime-local");
      return one(std::move(view));
    }
    case FieldKind::choice: return one(select(key, field.label.fr, choices_of(*field.vocabulary)));
    case FieldKind::choices: return one(choices(field));
    case FieldKind::url: return one(input(key, field.label.fr, "url"));
    case FieldKind::email: return one(input(key, field.label.fr, "email"));
    case FieldKind::phone: return one(input(key, field.label.fr, "tel"));
    case FieldKind::tags: {
      View view = base(key, field.label.fr);
      std::string joined;
      auto const [first, last] = typed_.equal_range(key);
      for (auto at = first; at != last; ++at) joined += cat(joined.empty() ? "" : ", ", at->second);
      view.text("value", joined).flag("is_input", true).text("input_type", "text");
      return one(std::move(view));
    }
    case FieldKind::reference: {
      std::vector<Choice> choices;
      for (auto const* candidate : fitting(field))
        choices.push_back({candidate->id, candidate->title});
      return one(select(key, field.label.fr, choices));
    }
    case FieldKind::references: return one(references(field));
    case FieldKind::area: return one(area(field));
    case FieldKind::picture: return picture(key);
    case FieldKind::file: return {};
    case FieldKind::address: return address(key, field);
    case FieldKind::schedule: return schedule(field);
    case FieldKind::price: return price(field);
    case FieldKind::addresses:
    case FieldKind::external_ids:
    case FieldKind::agreements:
    case FieldKind::links: return list_rows(field);
    case FieldKind::text:
    case FieldKind::decimal:
    case FieldKind::opening_hours:
    case FieldKind::money:
    case FieldKind::external_id: return one(input(key, field.label.fr));
  }
  return {};
}

View Drawing::field(Field const& field) const {
  View view;
  view.text("key", field.key)
      .text("label", field.label.fr)
      .text("help", field.help.fr)
      .text("example", field.example.fr);
  view.text("help_id", cat(input_id(field.key), "-aide"));
  view.flag("required", field.required != schema::Required::optional);
  view.flag("office_only", field.audience != schema::Audience::everyone && field.public_if.empty());
  auto parts = single(field);
  bool const composite = parts.size() != 1;
  view.flag("composite", composite).text("id", input_id(field.key));
  std::string whole_error;
  for (auto const& problem : problems_) {
    if (!problem.note && problem.field == field.key && (composite || problem.input != field.key))
      whole_error = problem.message.fr;
  }
  view.text("whole_error", whole_error);
  for (auto& part : parts) {
    part.text("described_by", field.help.fr.empty() ? "" : cat(input_id(field.key), "-aide"));
    bool const needed = field.required != schema::Required::optional;
    part.text("help", composite ? "" : field.help.fr)
        .text("example", composite ? "" : field.example.fr);
    part.flag("required", !composite && needed);
    if (!composite) part.text("autocomplete", field.autocomplete);
    bool const limited = !composite && field.length_max > 0 && field.kind == FieldKind::text;
    part.text("maxlength", limited ? std::to_string(field.length_max) : std::string());
  }
  view.list("parts", std::move(parts));
  return view;
}

}  // namespace

std::string input_id(std::string_view name) {
  std::string id = "champ-";
  for (char const c : name) {
    bool const plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    id += plain ? c : '-';
  }
  return id;
}

std::vector<View> form_groups(schema::Type const& type, schema::FormFields const& typed,
                              std::span<schema::Problem const> problems,
                              FormOptions const& options) {
  Drawing const drawing(typed, problems, options);
  auto const shown = schema::form_fields(type, options.widest);
  std::vector<View> groups;
  for (auto const& group : type.groups) {
    std::vector<View> fields;
    bool open = groups.empty();
    for (auto const* const field : group.fields) {
      if (std::ranges::find(shown, field) == shown.end()) continue;
      bool const filled = typed.lower_bound(field->key) != typed.end() &&
                          typed.lower_bound(field->key)->first.starts_with(field->key);
      bool const faulty = std::ranges::any_of(
          problems, [field](auto const& problem) { return problem.field == field->key; });
      open = open || filled || faulty || field->required != schema::Required::optional;
      fields.push_back(drawing.field(*field));
    }
    if (fields.empty()) continue;
    View view;
    view.text("label", group.label.fr)
        .text("help", group.help.fr)
        .flag("open", open)
        .list("fields", std::move(fields));
    groups.push_back(std::move(view));
  }
  return groups;
}

View form_field(schema::Field const& field, schema::FormFields const& typed,
                std::span<schema::Problem const> problems, FormOptions const& options) {
  return Drawing(typed, problems, options).field(field);
}

std::vector<View> problem_views(schema::Type const& type,
                                std::span<schema::Problem const> problems) {
  std::vector<View> views;
  for (auto const& problem : problems) {
    auto const* const field = type.field(problem.field);
    View view;
    view.text("message", problem.message.fr)
        .text("label", field == nullptr ? "" : field->label.fr)
        .flag("note", problem.note);
    view.text("href", cat('#', input_id(problem.input.empty() ? problem.field : problem.input)));
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace solidaires::office
