// The rules that a record must meet, whoever made it: a form, a file, an older program, a peer.
#include "schema/characters.h"
#include "schema/contact.h"
#include "schema/file_reference.h"
#include "schema/form_reader.h"
#include "schema/identifiers.h"
#include "schema/numbers.h"
#include "schema/opening_hours.h"
#include "schema/recurrence.h"

namespace solidaires::schema {
namespace {

// "Europe/Paris", "America/Argentina/Ushuaia", "UTC": whether it exists is for the calendar to say.
bool is_zone_name(std::string_view zone) {
  return !zone.empty() && std::ranges::all_of(zone, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  });
}

class Validator {
 public:
  Validator(Type const& type, Record const& record, Stage stage)
      : type_(type), record_(record), stage_(stage) {}

  std::vector<Problem> run() {
    for (auto const& group : type_.groups)
      for (auto const* field : group.fields) check(*field);
    return std::move(out_);
  }

 private:
  void add(Field const& field, Words message, std::string_view part = {}) {
    std::string input = part.empty() ? field.key : cat(field.key, '.', part);
    out_.push_back({field.key, std::move(input), std::move(message), false});
  }

  void check(Field const& field) {
    if (!has(record_, field.key)) return check_required(field);
    if (is_set(field.kind)) return check_set(field);
    auto const found = record_.find(field.key);
    if (found == record_.end() || std::holds_alternative<Unknown>(found->second)) return;
    if (!fits(field.kind, found->second))
      return add(field, {cat("« ", field.label.fr, " » n'a pas une valeur du bon genre."),
                         cat("“", field.label.en, "” has no value of the right kind.")});
    check_value(field, found->second, {});
  }

  void check_required(Field const& field) {
    bool const wanted = field.required == Required::draft ||
                        (field.required == Required::submit && stage_ == Stage::submit);
    if (!wanted || !holds(field.applies_if, record_)) return;
    bool const choose = field.kind == FieldKind::choice || field.kind == FieldKind::choices;
    std::string_view const part = field.kind == FieldKind::address    ? "commune"
                                  : field.kind == FieldKind::schedule ? "start_date"
                                                                      : "";
    add(field,
        {cat("« ", field.label.fr,
             choose ? " » : choisissez au moins une réponse dans la liste."
                    : " » est à remplir avant de continuer."),
         cat("“", field.label.en,
             choose ? "”: choose at least one answer in the list."
                    : "” must be filled in before you go on.")},
        part);
  }

  void check_set(Field const& field) {
    auto const all = elements(record_, field.key);
    if (all.size() > field.elements_max)
      add(field, {cat("« ", field.label.fr, " » accepte ", field.elements_max,
                      " réponses au plus ; il y en a ", all.size(), "."),
                  cat("“", field.label.en, "” takes ", field.elements_max,
                      " answers at most; there are ", all.size(), ".")});
    for (auto const& element : all) {
      auto const& value = record_.find(element_key(field.key, element))->second;
      if (std::holds_alternative<Unknown>(value)) continue;
      if (fits(field.kind, value))
        check_element(field, element, value);
      else
        add(field, {cat("« ", field.label.fr, " » contient une valeur qui n'est pas du bon genre."),
                    cat("“", field.label.en, "” holds a value of the wrong kind.")});
    }
    check_exclusive(field, all);
  }

  void check_element(Field const& field, std::string const& element, Value const& value) {
    if (field.kind == FieldKind::choices) return check_code(field, element);
    if (field.kind == FieldKind::area && !is_area_code(element))
      return add(field, {cat("Le territoire « ", element, " » n'est pas reconnu."),
                         cat("The area “", element, "” is not recognised.")});
    check_value(field, value, element);
  }

  void check_code(Field const& field, std::string_view code) {
    if (field.vocabulary == nullptr || field.vocabulary->find(code) != nullptr) return;
    add(field, {cat("« ", code, " » n'est pas dans la liste « ", field.vocabulary->label.fr, " »."),
                cat("“", code, "” is not in the list “", field.vocabulary->label.en, "”.")});
  }

  void check_exclusive(Field const& field, std::vector<std::string> const& all) {
    if (field.kind != FieldKind::choices || field.vocabulary == nullptr || all.size() < 2) return;
    for (auto const& code : all) {
      auto const* term = field.vocabulary->find(code);
      if (term == nullptr || !term->exclusive) continue;
      return add(field, {cat("« ", term->label.fr,
                             " » se choisit seul : retirez-le, ou retirez les "
                             "autres réponses."),
                         cat("“", term->label.en,
                             "” is chosen alone: remove it, or remove the "
                             "other answers.")});
    }
  }

  void check_value(Field const& field, Value const& value, std::string_view element) {
    if (auto const* text = std::get_if<std::string>(&value)) return check_text(field, *text);
    if (auto const* id = std::get_if<ExternalId>(&value)) return check_external(field, *id);
    if (auto const* schedule = std::get_if<Schedule>(&value))
      return check_schedule(field, *schedule);
    if (auto const* address = std::get_if<Address>(&value)) return check_address(field, *address);
    if (auto const* agreement = std::get_if<Agreement>(&value))
      return check_agreement(field, *agreement, element);
    if (auto const* picture = std::get_if<Picture>(&value)) return check_picture(field, *picture);
    if (auto const* file = std::get_if<File>(&value)) return check_file(field, *file);
    if (auto const* link = std::get_if<Link>(&value)) {
      check_parts(field, {{"label", link->label}});
      return check_web(field, link->url);
    }
    if (auto const* price = std::get_if<Price>(&value)) return check_price(field, *price);
    if (auto const* number = std::get_if<std::int64_t>(&value))
      return check_number(field, static_cast<double>(*number));
    if (auto const* number = std::get_if<Decimal>(&value))
      return check_number(field, to_double(*number));
    if (auto const* money = std::get_if<Money>(&value))
      return check_number(field, static_cast<double>(money->cents) / 100);
  }

  void check_text(Field const& field, std::string const& text) {
    check_length(field, text, field.length_min, field.length_max, {});
    switch (field.kind) {
      case FieldKind::choice: return check_code(field, text);
      case FieldKind::url: return check_web(field, text);
      case FieldKind::email:
        if (auto checked = check_email(text); !checked.valid) add(field, checked.problem);
        return;
      case FieldKind::phone:
        if (auto checked = check_phone(text); !checked.valid) add(field, checked.problem);
        return;
      case FieldKind::opening_hours:
        if (auto const hours = parse_opening_hours(text); !hours)
          add(field, {hours.error().message(), "The opening hours are not understood."});
        return;
      default: return;
    }
  }

  void check_length(Field const& field, std::string_view text, std::size_t min, std::size_t max,
                    std::string_view part) {
    std::size_t const length = count_characters(text);
    if (length > max)
      add(field,
          {cat("« ", field.label.fr, " » contient ", length, " caractères ; ", max,
               " au plus. Raccourcissez de ", length - max, "."),
           cat("“", field.label.en, "” has ", length, " characters; ", max,
               " at most. Shorten it by ", length - max, ".")},
          part);
    if (length < min && stage_ == Stage::submit)
      add(field,
          {cat("« ", field.label.fr, " » contient ", length,
               " caractères ; il en faut au "
               "moins ",
               min, "."),
           cat("“", field.label.en, "” has ", length, " characters; at least ", min,
               " are needed.")},
          part);
  }

  void check_number(Field const& field, double number) {
    auto const plain = [](double value) { return to_plain(value); };
    if (field.min && number < *field.min)
      add(field, {cat("« ", field.label.fr, " » ne descend pas sous ", plain(*field.min), "."),
                  cat("“", field.label.en, "” is at least ", plain(*field.min), ".")});
    if (field.max && number > *field.max)
      add(field, {cat("« ", field.label.fr, " » ne dépasse pas ", plain(*field.max), "."),
                  cat("“", field.label.en, "” is at most ", plain(*field.max), ".")});
  }

  void check_web(Field const& field, std::string_view url) {
    if (!is_web_url(url))
      add(field, {cat("« ", url, " » n'est pas l'adresse d'une page web."),
                  cat("“", url, "” is not the address of a web page.")});
  }

  void check_price(Field const& field, Price const& price) {
    check_length(field, price.note, 0, 500, "note");
    for (auto const& amount : price.amounts)
      check_parts(field, {{"amount", amount.label}, {"amount", amount.money.currency}});
    constexpr std::size_t kAmountsMax = 20;
    if (price.amounts.size() > kAmountsMax)
      add(field,
          {"Il y a plus de vingt tarifs. Résumez les derniers en une précision.",
           "There are more than twenty prices. Sum the last ones up in a note."},
          "amount");
  }

  void check_external(Field const& field, ExternalId const& id) {
    if (auto checked = check_id(id.scheme, id.value); !checked.valid) add(field, checked.problem);
  }

  // Parts are short texts: whoever wrote them, none may fill a document.
  void check_parts(Field const& field,
                   std::initializer_list<std::pair<std::string_view, std::string_view>> parts) {
    constexpr std::size_t kPartMax = 300;
    for (auto const& [part, text] : parts) check_length(field, text, 0, kPartMax, part);
  }

  void check_schedule(Field const& field, Schedule const& schedule) {
    for (auto const& one : schedule.overrides) check_parts(field, {{"override", one.note}});
    check_parts(field, {{"zone", schedule.zone}, {"rule", schedule.rule}});
    if (!is_zone_name(schedule.zone))
      add(field,
          {cat("« ", schedule.zone, " » n'est pas un fuseau horaire, comme Europe/Paris."),
           cat("“", schedule.zone, "” is not a time zone, such as Europe/Paris.")},
          "zone");
    if (schedule.end && *schedule.end < schedule.start)
      add(field,
          {"La fin est avant le début. Vérifiez la date et l'heure de fin.",
           "The end is before the start. Check the date and time of the end."},
          "end_date");
    constexpr std::size_t kDatesMax = 400;
    if (schedule.exceptions.size() + schedule.additions.size() + schedule.overrides.size() >
        kDatesMax)
      add(field, {"Il y a plus de 400 dates particulières. Faites plusieurs événements.",
                  "There are more than 400 special dates. Make several events of them."});
    if (schedule.rule.empty()) return;
    auto const rule = parse_rule(schedule.rule);
    if (!rule)
      return add(field, {rule.error().message(), "The rule of repetition is not understood."},
                 "rule");
    if (rule->until && *rule->until < schedule.start.date)
      add(field,
          {"La répétition s'arrête avant la première date.",
           "The repetition stops before the first date."},
          "until");
  }

  void check_address(Field const& field, Address const& address) {
    check_parts(field, {{"label", address.label},
                        {"postal_code", address.postal_code},
                        {"commune", address.commune},
                        {"commune_code", address.commune_code},
                        {"country", address.country},
                        {"ban_id", address.ban_id}});
    std::size_t length = 0;
    for (auto const& line : address.lines) length += count_characters(line);
    if (address.lines.size() > 6 || length > 600)
      add(field,
          {"L'adresse est trop longue : six lignes au plus.",
           "The address is too long: six lines at most."},
          "lines");
    bool const located = !address.commune.empty() || !address.commune_code.empty();
    if (!located && stage_ == Stage::submit)
      add(field,
          {"Il manque la commune de l'adresse : c'est elle qui place la fiche sur la carte.",
           "The commune of the address is missing: it puts the record on the map."},
          "commune");
  }

  void check_agreement(Field const& field, Agreement const& agreement, std::string_view element) {
    check_code(field, agreement.code);
    check_parts(field, {{"authority", agreement.authority}, {"number", agreement.number}});
    if (agreement.start && agreement.end && *agreement.end < *agreement.start)
      add(field,
          {cat("L'agrément « ", field.vocabulary->label_of(agreement.code, Language::fr),
               " » finit avant de commencer."),
           cat("The agreement “", field.vocabulary->label_of(agreement.code, Language::en),
               "” ends before it starts.")},
          element);
  }

  void check_picture(Field const& field, Picture const& picture) {
    bool const is_file = picture.source.starts_with("blob:");
    if (!is_file) check_web(field, picture.source);
    if (is_file && (!file_reference(picture) || !picture.media_type.starts_with("image/")))
      add(field, {"Cette image n'a pas été reçue en entier : choisissez-la de nouveau.",
                  "This picture did not arrive whole: choose it again."});
    if (picture.alt.empty() && stage_ == Stage::submit)
      add(field,
          {"Décrivez l'image en une phrase, pour les personnes qui ne la voient pas.",
           "Describe the picture in one sentence, for people who cannot see it."},
          "alt");
    check_length(field, picture.alt, 0, 500, "alt");
    check_parts(field, {{"credit", picture.credit}});
  }

  void check_file(Field const& field, File const& file) {
    bool const has_path = file.name.find_first_of("/\\") != std::string::npos;
    if (file.size == 0 || file.name.empty() || has_path || !is_media_type(file.media_type))
      add(field, {"Ce fichier n'a pas été reçu en entier : choisissez-le de nouveau.",
                  "This file did not arrive whole: choose it again."});
    check_parts(field, {{"name", file.name}, {"label", file.label}});
  }

  Type const& type_;
  Record const& record_;
  Stage stage_;
  std::vector<Problem> out_;
};

// Rules between two fields that hold for every type that has both.
void check_pairs(Record const& record, std::vector<Problem>& out) {
  auto const* low = get<std::int64_t>(record, "age_min");
  auto const* high = get<std::int64_t>(record, "age_max");
  if (low != nullptr && high != nullptr && *high < *low)
    out.push_back({"age_max",
                   "age_max",
                   {"L'âge maximal est au-dessous de l'âge minimal.",
                    "The highest age is below the lowest age."},
                   false});
  auto const* siren = get<ExternalId>(record, "siren");
  auto const* siret = get<ExternalId>(record, "siret");
  if (siren != nullptr && siret != nullptr && !siret->value.starts_with(siren->value))
    out.push_back({"siret",
                   "siret",
                   {"Le SIRET ne commence pas par le SIREN : l'un des deux est d'une autre "
                    "structure.",
                    "The SIRET does not start with the SIREN: one of them belongs to another "
                    "organisation."},
                   false});
}

}  // namespace

std::vector<Problem> validate(Type const& type, Record const& record, Stage stage) {
  auto out = Validator(type, record, stage).run();
  check_pairs(record, out);
  return out;
}

}  // namespace solidaires::schema
