#include "schema/table.h"

#include <gmock/gmock.h>

#include "tests/unit/schema/records.h"

namespace solidaires::schema {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Type const& structure() {
  return real_type("structure");
}

TEST(Table, a_record_comes_back_from_its_cells_for_each_type) {
  for (auto const& type : real_model().types())
    for (auto const labels : {std::optional<Language>(), std::optional(Language::fr)}) {
      Record const record = full_record(type);
      auto const columns = table_columns(type);
      auto const texts = to_cells(type, record, labels);
      ASSERT_EQ(texts.size(), columns.size());
      Cells cells;
      for (std::size_t i = 0; i < columns.size(); ++i) cells.emplace(columns[i].input, texts[i]);
      auto const again = from_cells(type, cells);
      EXPECT_TRUE(again.ok());
      for (auto const& change : changes(record, again.record))
        ADD_FAILURE() << type.key << '.' << change.key << " changed";
    }
}

TEST(Table, each_field_alone_comes_back_from_its_text) {
  for (auto const& type : real_model().types()) {
    Record const record = full_record(type);
    for (auto const& field : type.fields) {
      if (!field.columns.front().part.empty()) continue;
      Field const* const fields[] = {&field};
      EXPECT_EQ(from_text(field, to_text(field, record)).record, only(record, fields)) << field.key;
    }
  }
}

TEST(Table, finds_the_columns_of_usual_headers) {
  EXPECT_THAT(propose_mapping(structure(), {"nom", "nom_usuel", "type", "siret", "naf", "adresse",
                                            "code_postal", "commune", "departement", "longitude",
                                            "latitude", "site_web", "description"}),
              ElementsAre("legal_name", "name", "agreements", "siret", "naf", "address.lines",
                          "address.postal_code", "address.commune", "", "address.longitude",
                          "address.latitude", "website", "description"));
  EXPECT_THAT(propose_mapping(structure(), {"Raison sociale", "Enseigne", "N° SIRET", "CP", "Ville",
                                            "Coord. X", "Coord. Y", "Site internet"}),
              ElementsAre("legal_name", "name", "siret", "address.postal_code", "address.commune",
                          "address.longitude", "address.latitude", "website"));
  EXPECT_THAT(propose_mapping(structure(), {"NOM", "", "Nom"}),
              ElementsAre("name", "", "legal_name"));
}

TEST(Table, its_own_headers_lead_to_its_own_columns) {
  for (auto const& type : real_model().types()) {
    std::vector<std::string> headers, inputs;
    for (auto const& column : table_columns(type)) {
      headers.push_back(column.column->header);
      inputs.push_back(column.input);
    }
    EXPECT_EQ(propose_mapping(type, headers), inputs) << type.key;
  }
}

TEST(Table, reads_files_with_indulgence_and_says_what_it_repaired) {
  auto const parsed = from_cells(structure(), {{"legal_name", "ASSOC EXEMPLE"},
                                               {"siren", "5520135"},
                                               {"address.postal_code", "1400"},
                                               {"address.commune", "Châtillon"},
                                               {"address.latitude", "46,14"},
                                               {"address.longitude", "4,95"},
                                               {"sectors", "Culture, arts et patrimoine / Énergie"},
                                               {"publics", "Familles,jeunes|séniors"},
                                               {"tags", "vélo/réparation"},
                                               {"agreements", "ACI / EI"},
                                               {"phone", "0479000000 / 0479000001"},
                                               {"email", "a@exemple.fr; b@exemple.fr"},
                                               {"created_on", "31/12/2019"},
                                               {"head_office", "oui"}});
  EXPECT_TRUE(parsed.ok()) << parsed.problems.size();
  auto const& record = parsed.record;
  EXPECT_EQ(text_of(record, "name"), "ASSOC EXEMPLE");
  EXPECT_EQ(get<ExternalId>(record, "siren")->value, "005520135");
  EXPECT_EQ(get<Address>(record, "address")->postal_code, "01400");
  EXPECT_EQ(get<Address>(record, "address")->point, (Point{46.14, 4.95}));
  EXPECT_THAT(elements(record, "sectors"), ElementsAre("culture", "energie"));
  EXPECT_THAT(elements(record, "publics"), ElementsAre("familles", "jeunes", "seniors"));
  EXPECT_THAT(elements(record, "tags"), ElementsAre("reparation", "velo"));
  EXPECT_THAT(elements(record, "agreements"), ElementsAre("aci", "ei"));
  EXPECT_EQ(text_of(record, "phone"), "+33479000000");
  EXPECT_EQ(text_of(record, "email"), "a@exemple.fr");
  std::vector<std::string> noted;
  for (auto const& problem : parsed.problems)
    if (problem.note) noted.push_back(problem.input);
  EXPECT_THAT(noted,
              testing::UnorderedElementsAre("siren", "address.postal_code", "phone", "email"));
}

TEST(Table, a_problem_of_a_file_does_not_speak_of_kept_text) {
  auto const parsed = from_cells(structure(), {{"siret", "8,01E+13"}, {"sectors", "Licornes"}});
  ASSERT_EQ(parsed.problems.size(), 2U);
  for (auto const& problem : parsed.problems)
    EXPECT_EQ(problem.message.fr.find("conservé"), std::string::npos);
  EXPECT_TRUE(parsed.record.empty());
}

TEST(Table, a_price_in_plain_words_is_kept) {
  auto const& event = real_type("event");
  auto const price = [&](std::string const& cell) {
    return *get<Price>(from_cells(event, {{"price.kind", cell}}).record, "price");
  };
  EXPECT_EQ(price("Gratuit").kind, PriceKind::free);
  EXPECT_EQ(price("prix libre").kind, PriceKind::open);
  EXPECT_EQ(price("12,50 €").amounts.front().money.cents, 1250);
  EXPECT_EQ(price("5 € adultes, 3 € enfants").note, "5 € adultes, 3 € enfants");
}

TEST(Table, an_event_without_time_lasts_all_day) {
  auto const parsed = from_cells(real_type("event"), {{"schedule.start_date", "12/12/2026"}});
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(get<Schedule>(parsed.record, "schedule")->all_day);
}

}  // namespace
}  // namespace solidaires::schema
