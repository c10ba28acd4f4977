#include "tests/unit/schema/records.h"

#include <algorithm>

#include "sync/base/bytes.h"

namespace solidaires::schema {
namespace {

FormFields simple(Field const& field) {
  std::string const& key = field.key;
  switch (field.kind) {
    case FieldKind::choice:
    case FieldKind::choices: return {{key, field.vocabulary->terms.front().code}};
    case FieldKind::integer:
      return {{key, std::to_string(std::max(12, static_cast<int>(field.min.value_or(0))))}};
    case FieldKind::decimal:
    case FieldKind::money: return {{key, "12,5"}};
    case FieldKind::boolean: return {{key, "true"}};
    case FieldKind::date: return {{key, "2026-05-01"}};
    case FieldKind::date_time: return {{key, "2026-05-01 09:30"}};
    case FieldKind::url: return {{key, "https://exemple.fr/x?y=1&z=a;c"}};
    case FieldKind::email: return {{key, "contact@exemple.fr"}};
    case FieldKind::phone: return {{key, "+33479000000"}};
    case FieldKind::area: return {{key, "dep:73"}, {key, "commune:73065"}};
    case FieldKind::opening_hours: return {{key, "Mo-Fr 09:00-12:00; Sa off"}};
    case FieldKind::tags: return {{key, "Vélo, Café réparation"}};
    case FieldKind::external_id: {
      std::map<std::string, std::string> const good{{"siren", "123456782"},
                                                    {"siret", "12345678200010"},
                                                    {"rna", "W731234567"},
                                                    {"rnf", "073-FDD-00001-02"},
                                                    {"finess", "730000015"},
                                                    {"uai", "0730001E"},
                                                    {"swiss_uid", "CHE-123.456.788"},
                                                    {"naf", "88.99B"}};
      return {{key, good.at(field.scheme)}};
    }
    case FieldKind::external_ids: return {{cat(key, ".0"), "source:a=b|c;d"}};
    case FieldKind::reference:
    case FieldKind::references: return {{key, "01890000-0000-7000-8000-000000000001"}};
    default:
      return {{key, std::string("Un texte, avec | des ; signes").substr(0, field.length_max)}};
  }
}

FormFields address(std::string const& p) {
  return {{cat(p, ".label"), "Lieu"},
          {cat(p, ".lines"), "3 rue; des = Granges\nBâtiment = B\\"},
          {cat(p, ".postal_code"), "73000"},
          {cat(p, ".commune"), "Chambéry"},
          {cat(p, ".commune_code"), "73065"},
          {cat(p, ".latitude"), "45.566"},
          {cat(p, ".longitude"), "5.92"},
          {cat(p, ".precision"), "house"}};
}

FormFields composite(Field const& field) {
  std::string const& key = field.key;
  switch (field.kind) {
    case FieldKind::address: return address(key);
    case FieldKind::addresses: return address(cat(key, ".0"));
    case FieldKind::schedule:
      return {{cat(key, ".start_date"), "2026-09-05"},
              {cat(key, ".start_time"), "14:00"},
              {cat(key, ".end_time"), "17:00"},
              {cat(key, ".rule"), "FREQ=MONTHLY;BYDAY=1SA"},
              {cat(key, ".exceptions"), "2026-11-07"},
              {cat(key, ".additions"), "2026-11-08T10:00"},
              {cat(key, ".override.0.original"), "2026-12-05"},
              {cat(key, ".override.0.status"), "full"},
              {cat(key, ".override.0.note"), "complet; mais | liste=attente"}};
    case FieldKind::price:
      return {{cat(key, ".kind"), "amounts"},    {cat(key, ".amount.0"), "12,50"},
              {cat(key, ".amount.1"), "5 CHF"},  {cat(key, ".amount.0.label"), "plein; tarif"},
              {cat(key, ".membership"), "true"}, {cat(key, ".note"), "à l’entrée"}};
    case FieldKind::agreements:
      return {{cat(key, ".0.code"), "esus"},      {cat(key, ".0.authority"), "DREETS; 73"},
              {cat(key, ".0.number"), "n|1"},     {cat(key, ".0.start"), "2021-05-01"},
              {cat(key, ".0.end"), "2026-04-30"}, {cat(key, ".1.code"), "esus"}};
    case FieldKind::picture:
      return {{cat(key, ".source"), "https://exemple.fr/a.jpg"},
              {cat(key, ".alt"), "Montagne"},
              {cat(key, ".credit"), "A. B."}};
    case FieldKind::links:
      return {{cat(key, ".0.url"), "https://exemple.fr/?a=b"},
              {cat(key, ".0.label"), "Nous"},
              {cat(key, ".1.url"), "https://exemple.org/"}};
    default: return simple(field);
  }
}

}  // namespace

Record full_record(Type const& type) {
  Parsed parsed;
  for (auto const& field : type.fields) parse_field(field, composite(field), parsed);
  for (auto const& problem : parsed.problems)
    ADD_FAILURE() << problem.input << ": " << problem.message.fr;
  return parsed.record;
}

}  // namespace solidaires::schema
