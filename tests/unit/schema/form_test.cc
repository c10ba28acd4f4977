#include "schema/form.h"

#include <gmock/gmock.h>

#include "sync/base/rng.h"
#include "tests/unit/schema/records.h"

namespace solidaires::schema {
namespace {

using namespace std::chrono;
using testing::HasSubstr;

Type const& structure() {
  return real_type("structure");
}
Type const& event() {
  return real_type("event");
}

std::string problems(std::vector<Problem> const& all) {
  std::string out;
  for (auto const& problem : all) out += cat(problem.input, ": ", problem.message.fr, "\n");
  return out;
}

TEST(Form, reads_a_structure_as_a_person_types_it) {
  auto const parsed = parse_form(structure(), {{"name", "  L’Établi \t partagé "},
                                               {"ess_family", "association"},
                                               {"sectors", "reemploi-dechets"},
                                               {"sectors", "culture"},
                                               {"tags", "vélo, réparation\nVélo"},
                                               {"siret", "123 456 782 00010"},
                                               {"phone", "04.79.00.00.00"},
                                               {"website", "Exemple.FR/à propos"},
                                               {"staff_fte", "4,20"},
                                               {"volunteers", "1 250"},
                                               {"created_on", "1er mai 2019"},
                                               {"hours", "lun-ven 9h-12h"},
                                               {"served_area", "dep:73"},
                                               {"head_office", "true"},
                                               {"itinerant.shown", "1"}});
  ASSERT_TRUE(parsed.problems.empty()) << problems(parsed.problems);
  Record const expected{{"name", std::string("L’Établi partagé")},
                        {"ess_family", std::string("association")},
                        {"sectors/reemploi-dechets", Present{}},
                        {"sectors/culture", Present{}},
                        {"tags/velo", std::string("vélo")},
                        {"tags/reparation", std::string("réparation")},
                        {"siret", ExternalId{"siret", "12345678200010", std::nullopt}},
                        {"phone", std::string("+33479000000")},
                        {"website", std::string("https://exemple.fr/%c3%a0%20propos")},
                        {"staff_fte", Decimal{42, 1}},
                        {"volunteers", std::int64_t{1250}},
                        {"created_on", Date{2019y / May / 1}},
                        {"hours", std::string("Mo-Fr 09:00-12:00")},
                        {"served_area/dep:73", Present{}},
                        {"head_office", true},
                        {"itinerant", false}};
  EXPECT_EQ(parsed.record, expected);
}

TEST(Form, tells_about_a_postal_code_of_four_digits_in_kind_words) {
  auto const parsed =
      parse_form(structure(), {{"address.postal_code", "7400"}, {"address.commune", "Annecy"}});
  ASSERT_EQ(parsed.problems.size(), 1U);
  EXPECT_EQ(parsed.problems[0].input, "address.postal_code");
  EXPECT_EQ(parsed.problems[0].message.fr,
            "Le code postal 7400 n'a que quatre chiffres. Vouliez-vous écrire 74000 ou 07400 ? "
            "Votre texte est conservé.");
  EXPECT_FALSE(parsed.problems[0].message.en.empty());
}

TEST(Form, a_swiss_postal_code_has_four_digits) {
  auto const parsed = parse_form(structure(), {{"address.postal_code", "1201"},
                                               {"address.commune", "Genève"},
                                               {"address.country", "Suisse"}});
  EXPECT_TRUE(parsed.problems.empty()) << problems(parsed.problems);
  EXPECT_EQ(get<Address>(parsed.record, "address")->country, "CH");
}

TEST(Form, puts_swapped_coordinates_right_and_says_so) {
  auto const parsed = parse_form(structure(), {{"address.commune", "Chambéry"},
                                               {"address.latitude", "5,92"},
                                               {"address.longitude", "45,57"}});
  ASSERT_EQ(parsed.problems.size(), 1U);
  EXPECT_TRUE(parsed.problems[0].note);
  EXPECT_TRUE(parsed.ok());
  EXPECT_EQ(get<Address>(parsed.record, "address")->point, (Point{45.57, 5.92}));
}

TEST(Form, refuses_coordinates_that_are_nowhere) {
  auto const parsed = parse_form(structure(), {{"address.commune", "Chambéry"},
                                               {"address.latitude", "4557"},
                                               {"address.longitude", "592"}});
  EXPECT_FALSE(parsed.ok());
}

TEST(Form, each_bad_input_is_a_problem_and_none_reaches_the_record) {
  FormFields const typed{{"siren", "123456789"},
                         {"phone", "douze"},
                         {"email", "contact@"},
                         {"website", "javascript:alert(1)"},
                         {"created_on", "30/02/2026"},
                         {"volunteers", "beaucoup"},
                         {"staff_fte", "1,2,3"},
                         {"ess_family", "licorne"},
                         {"sectors", "licorne"},
                         {"served_area", "dep:7300000"},
                         {"hours", "parfois"},
                         {"parent", "pas un id"},
                         {"head_office", "peut-être"},
                         {"links.0.url", "ftp://exemple.fr"},
                         {"agreements.0.code", "licorne"},
                         {"source_ids.0.value", "12"}};
  auto const parsed = parse_form(structure(), typed);
  EXPECT_TRUE(parsed.record.empty());
  EXPECT_EQ(parsed.problems.size(), typed.size()) << problems(parsed.problems);
  for (auto const& problem : parsed.problems)
    EXPECT_THAT(problem.message.fr, HasSubstr("Votre texte est conservé."));
}

TEST(Form, reads_a_monthly_event_with_its_accidents) {
  auto const parsed = parse_form(event(), {{"schedule.start_date", "2026-09-05"},
                                           {"schedule.start_time", "14 h"},
                                           {"schedule.end_time", "17h30"},
                                           {"schedule.repeat", "monthly_weekday"},
                                           {"schedule.until", "30/06/2027"},
                                           {"schedule.exceptions", "7/11/2026, 2027-01-02"},
                                           {"schedule.override.0.original", "5/12/2026"},
                                           {"schedule.override.0.status", "cancelled"},
                                           {"schedule.override.0.note", "neige"},
                                           {"schedule.override.1.original", "2027-02-06"},
                                           {"schedule.override.1.start_date", "2027-02-13"},
                                           {"schedule.override.1.start_time", "15:00"}});
  ASSERT_TRUE(parsed.ok()) << problems(parsed.problems);
  auto const* schedule = get<Schedule>(parsed.record, "schedule");
  ASSERT_NE(schedule, nullptr);
  EXPECT_EQ(schedule->start, (LocalDateTime{2026y / September / 5, 14 * 60}));
  EXPECT_EQ(schedule->end, (LocalDateTime{2026y / September / 5, 17 * 60 + 30}));
  EXPECT_EQ(schedule->rule, "FREQ=MONTHLY;UNTIL=20270630;BYDAY=1SA");
  EXPECT_EQ(schedule->exceptions, (std::vector<LocalDateTime>{{2026y / November / 7, 14 * 60},
                                                              {2027y / January / 2, 14 * 60}}));
  ASSERT_EQ(schedule->overrides.size(), 2U);
  EXPECT_EQ(schedule->overrides[0].status, OccurrenceStatus::cancelled);
  EXPECT_EQ(schedule->overrides[1].status, OccurrenceStatus::moved);
  EXPECT_EQ(schedule->overrides[1].start, (LocalDateTime{2027y / February / 13, 15 * 60}));
}

TEST(Form, asks_for_the_time_unless_the_event_lasts_all_day) {
  EXPECT_FALSE(parse_form(event(), {{"schedule.start_date", "2026-09-05"}}).ok());
  auto const parsed =
      parse_form(event(), {{"schedule.start_date", "2026-09-05"}, {"schedule.all_day", "true"}});
  EXPECT_TRUE(parsed.ok());
  EXPECT_TRUE(get<Schedule>(parsed.record, "schedule")->all_day);
}

TEST(Form, an_event_does_not_end_before_it_starts) {
  EXPECT_FALSE(parse_form(event(), {{"schedule.start_date", "2026-09-05"},
                                    {"schedule.start_time", "14:00"},
                                    {"schedule.end_time", "13:00"}})
                   .ok());
}

TEST(Form, what_the_inputs_show_is_read_back_the_same_for_each_field_of_each_type) {
  for (auto const& type : real_model().types()) {
    Record const record = full_record(type);
    for (auto const& field : type.fields)
      EXPECT_TRUE(has(record, field.key)) << type.key << '.' << field.key;
    auto const again = parse_form(type, form_values(type, record));
    EXPECT_TRUE(again.ok()) << problems(again.problems);
    for (auto const& change : changes(record, again.record))
      ADD_FAILURE() << type.key << '.' << change.key << " changed";
  }
}

TEST(Form, a_form_that_a_person_leaves_alone_changes_nothing_even_of_a_newer_version) {
  Record const old{
      {"name", std::string("Nom")},          {"sectors/culture", Present{}},
      {"sectors/of-tomorrow", Present{}},    {"ess_family", std::string("of-tomorrow")},
      {"hours", Unknown{"\xA2\x06\x03new"}}, {"membership_paid", true}};
  auto const fields = form_fields(structure(), Audience::everyone);
  auto const again = parse_form(form_values(structure(), old), fields);
  EXPECT_TRUE(changes(only(old, fields), again.record).empty());
}

TEST(Form, shows_office_fields_only_to_the_office) {
  auto const open = form_fields(structure(), Audience::everyone);
  auto const office = form_fields(structure(), Audience::office);
  EXPECT_LT(open.size(), office.size());
  EXPECT_TRUE(std::ranges::none_of(
      open, [](Field const* field) { return field->key == "membership_paid"; }));
}

std::vector<Problem> check(Type const& type, Record const& record, Stage stage) {
  return validate(type, record, stage);
}

TEST(Validation, a_draft_needs_a_name_and_a_submission_more) {
  EXPECT_EQ(check(structure(), {}, Stage::draft).size(), 1U);
  Record const named{{"name", std::string("Nom")}};
  EXPECT_TRUE(check(structure(), named, Stage::draft).empty());
  auto const missing = check(structure(), named, Stage::submit);
  std::vector<std::string> fields;
  for (auto const& problem : missing) fields.push_back(problem.field);
  EXPECT_THAT(fields, testing::ElementsAre("ess_family", "summary", "sectors", "address"));
  EXPECT_THAT(problems(missing), HasSubstr("address.commune: « Adresse » est à remplir"));
}

TEST(Validation, an_itinerant_structure_needs_no_address) {
  Record const record{{"name", std::string("Nom")}, {"itinerant", true}};
  for (auto const& problem : check(structure(), record, Stage::submit))
    EXPECT_NE(problem.field, "address");
}

TEST(Validation, says_by_how_much_a_text_is_too_long_in_characters) {
  std::string text;
  for (int i = 0; i < 251; ++i) text += "é";
  auto const found =
      check(structure(), {{"name", std::string("N")}, {"summary", text}}, Stage::draft);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].message.fr, HasSubstr("251 caractères ; 250 au plus. Raccourcissez de 1."));
}

TEST(Validation, refuses_everyone_together_with_others) {
  Record const record{{"name", std::string("N")},
                      {"publics/tous-publics", Present{}},
                      {"publics/jeunes", Present{}}};
  auto const found = check(structure(), record, Stage::draft);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].message.fr, HasSubstr("« Tous publics » se choisit seul"));
}

TEST(Validation, compares_fields_with_each_other) {
  Record record{
      {"title", std::string("T")}, {"age_min", std::int64_t{12}}, {"age_max", std::int64_t{6}}};
  EXPECT_EQ(check(event(), record, Stage::draft).size(), 1U);
  record = {{"name", std::string("N")},
            {"siren", ExternalId{"siren", "005520135", {}}},
            {"siret", ExternalId{"siret", "12345678200010", {}}}};
  EXPECT_EQ(check(structure(), record, Stage::draft).size(), 1U);
}

TEST(Validation, trusts_no_value_whoever_wrote_it) {
  Record const record{{"name", std::int64_t{3}},
                      {"website", std::string("javascript:alert(1)")},
                      {"email", std::string("nope")},
                      {"sectors/licorne", Present{}},
                      {"volunteers", std::int64_t{-4}},
                      {"siren", ExternalId{"siren", "123456789", {}}},
                      {"served_area/planet:mars", Present{}},
                      {"hours", std::string("parfois")}};
  EXPECT_EQ(check(structure(), record, Stage::draft).size(), record.size());
}

TEST(Validation, no_part_of_a_value_may_fill_a_document) {
  for (auto const& type : real_model().types()) {
    FormFields typed;
    for (auto const& [name, value] : form_values(type, full_record(type))) {
      auto const dot = name.rfind('.');
      std::string const part = dot == std::string::npos ? "" : name.substr(dot + 1);
      bool const free = part == "label" || part == "lines" || part == "note" || part == "commune" ||
                        part == "authority" || part == "number" || part == "alt" ||
                        part == "credit" || part == "zone" || part == "ban_id";
      typed.emplace(name, free ? std::string(100'000, 'x') : value);
    }
    auto const parsed = parse_form(type, typed);
    auto const found = validate(type, parsed.record, Stage::draft);
    for (auto const& [key, value] : parsed.record) {
      if (encode(value).size() < 100'000) continue;
      EXPECT_TRUE(std::ranges::any_of(
          found, [&](Problem const& problem) { return problem.field == field_of(key); }))
          << type.key << '.' << key;
    }
  }
}

TEST(Validation, a_full_record_of_each_type_passes) {
  for (auto const& type : real_model().types()) {
    auto const found = check(type, full_record(type), Stage::submit);
    EXPECT_TRUE(found.empty()) << type.key << "\n" << problems(found);
  }
}

TEST(Form, survives_noise_in_every_input) {
  SeededRng rng(9);
  for (auto const& type : real_model().types()) {
    auto const names = form_values(type, full_record(type));
    for (int round = 0; round < 20; ++round) {
      FormFields typed;
      for (auto const& [name, value] : names) typed.emplace(name, rng.bytes(rng.below(30)));
      auto const parsed = parse_form(type, typed);
      (void)validate(type, parsed.record, Stage::submit);
      for (auto const& [key, value] : parsed.record) EXPECT_EQ(decode(encode(value)), value) << key;
    }
  }
}

TEST(Form, a_huge_input_is_read_and_then_refused_by_its_length) {
  auto const parsed = parse_form(structure(), {{"name", std::string(3'000'000, 'x')}});
  EXPECT_FALSE(validate(structure(), parsed.record, Stage::draft).empty());
}

TEST(Form, text_is_stored_as_clean_utf8) {
  auto const parsed = parse_form(structure(), {{"name",
                                                "\xEF\xBB\xBF"
                                                "Cafe\xCC\x81 \xFF\xE2\x80\xAE fin\r\n"}});
  EXPECT_EQ(text_of(parsed.record, "name"), "Café \uFFFD fin");
}

}  // namespace
}  // namespace solidaires::schema
