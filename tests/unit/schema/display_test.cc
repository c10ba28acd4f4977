#include "schema/display.h"

#include <gmock/gmock.h>

#include "schema/contact.h"
#include "schema/dates.h"
#include "schema/json.h"
#include "schema/numbers.h"
#include "schema/quality.h"
#include "tests/unit/schema/records.h"

namespace solidaires::schema {
namespace {

using namespace std::chrono;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string plain(std::string text) {  // with ordinary spaces, easier to read here
  for (std::string_view const space : {"\u00A0", "\u202F"})
    for (auto at = text.find(space); at != std::string::npos; at = text.find(space))
      text.replace(at, space.size(), " ");
  return text;
}

Schedule at(Date from, int from_h, Date to, int to_h) {
  Schedule out;
  out.start = {from, static_cast<std::uint16_t>(from_h * 60)};
  out.end = LocalDateTime{to, static_cast<std::uint16_t>(to_h * 60)};
  return out;
}

TEST(Display, says_dates_as_people_do) {
  EXPECT_EQ(plain(day_text(2026y / December / 12, Language::fr)), "samedi 12 décembre 2026");
  EXPECT_EQ(plain(date_text(2027y / May / 1, Language::fr)), "1er mai 2027");
  EXPECT_EQ(plain(time_text(14 * 60 + 5, Language::fr)), "14 h 05");
  EXPECT_EQ(
      plain(schedule_text(at(2026y / December / 12, 14, 2026y / December / 12, 17), Language::fr)),
      "samedi 12 décembre 2026, de 14 h à 17 h");
  EXPECT_EQ(
      plain(schedule_text(at(2026y / December / 12, 14, 2026y / December / 13, 17), Language::fr)),
      "du samedi 12 décembre 2026 à 14 h au dimanche 13 décembre 2026 à 17 h");
}

TEST(Display, says_rules_in_words) {
  auto schedule = at(2026y / September / 5, 14, 2026y / September / 5, 17);
  auto const words = [&](std::string_view rule, Language language = Language::fr) {
    schedule.rule = rule;
    return plain(rule_text(schedule, language));
  };
  EXPECT_EQ(words("FREQ=MONTHLY;UNTIL=20270630;BYDAY=1SA"),
            "chaque premier samedi du mois, jusqu’au 30 juin 2027");
  EXPECT_EQ(words("FREQ=WEEKLY;BYDAY=MO,TH"), "chaque lundi et jeudi");
  EXPECT_EQ(words("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"), "lundi, toutes les 2 semaines");
  EXPECT_EQ(words("FREQ=MONTHLY;BYDAY=-1FR"), "chaque dernier vendredi du mois");
  EXPECT_EQ(words("FREQ=MONTHLY;BYMONTHDAY=15"), "le 15 de chaque mois");
  EXPECT_EQ(words("FREQ=DAILY;COUNT=5"), "chaque jour, 5 fois");
  EXPECT_EQ(words("FREQ=MONTHLY;BYDAY=1SA", Language::en), "the first Saturday, every month");
  EXPECT_EQ(words("nonsense"), "plusieurs dates");
}

TEST(Display, shows_phones_numbers_and_prices) {
  EXPECT_EQ(plain(phone_text("+33479000000")), "04 79 00 00 00");
  EXPECT_EQ(plain(phone_text("+41221234567")), "+41 22 123 45 67");
  EXPECT_EQ(plain(phone_text("3919")), "39 19");
  EXPECT_EQ(phone_text("+4930123456"), "+4930123456");
  EXPECT_EQ(plain(money_text({1250, "EUR"}, Language::fr)), "12,50 €");
  EXPECT_EQ(plain(money_text({1234500, "CHF"}, Language::fr)), "12 345 CHF");
  Price price{PriceKind::amounts, {{{500, "EUR"}, "enfants"}}, true, ""};
  EXPECT_EQ(plain(price_text(price, Language::fr)), "5 € (enfants), adhésion demandée");
  EXPECT_EQ(price_text({PriceKind::open, {}, false, ""}, Language::fr), "prix libre");
}

TEST(Display, shows_labels_and_linked_titles) {
  auto const& structure = real_type("structure");
  Record const record{{"ess_family", std::string("scic")},
                      {"sectors/culture", Present{}},
                      {"sectors/energie", Present{}},
                      {"parent", *DocumentId::parse("01890000-0000-7000-8000-000000000001")},
                      {"volunteers", std::int64_t{12500}},
                      {"served_area/dep:73", Present{}}};
  DisplayOptions options;
  options.resolve = [](DocumentId const&) { return Linked{"La Maison mère", "/structures/x"}; };
  auto const show = [&](std::string_view key) {
    return display_line(*structure.field(key), record, options);
  };
  EXPECT_THAT(show("ess_family"), HasSubstr("SCIC"));
  EXPECT_EQ(show("sectors"), "Énergie, Culture, arts et patrimoine");  // in the list's order
  EXPECT_EQ(show("parent"), "La Maison mère");
  EXPECT_EQ(plain(show("volunteers")), "12 500");
  EXPECT_EQ(show("served_area"), "département 73");
  EXPECT_EQ(show("name"), "");
  options.resolve = nullptr;
  EXPECT_EQ(show("parent"), "");
}

TEST(Display, every_field_of_every_type_shows_something_in_both_languages) {
  for (auto const& type : real_model().types()) {
    Record const record = full_record(type);
    for (auto const language : {Language::fr, Language::en}) {
      DisplayOptions options{language, [](DocumentId const&) { return Linked{"T", "/t"}; }, {}};
      for (auto const& field : type.fields)
        EXPECT_FALSE(display(field, record, options).empty()) << type.key << '.' << field.key;
    }
    EXPECT_FALSE(title(type, record).empty());
    EXPECT_FALSE(card(type, Card::summary, record).empty());
  }
}

TEST(Display, a_hidden_address_shows_its_commune_only) {
  Address address;
  address.lines = {"3 rue secrète"};
  address.postal_code = "73000";
  address.commune = "Chambéry";
  address.hidden = true;
  EXPECT_THAT(address_lines(address, Language::fr), ElementsAre("Chambéry (adresse non publiée)"));
}

TEST(Display, shows_no_address_that_a_browser_would_run) {
  Field const& website = *real_type("structure").field("website");
  EXPECT_EQ(display_value(website, std::string("javascript:alert(1)")), "");
  EXPECT_FALSE(is_web_url("https://exemple.fr/\" onmouseover=\""));
  EXPECT_FALSE(is_web_url("https://user@exemple.fr/"));
  EXPECT_FALSE(is_web_url("https://localhost/"));
  EXPECT_TRUE(is_web_url("http://exemple.fr:8080/a?b=c#d"));
}

TEST(Json, writes_codes_and_is_safe_in_a_page) {
  auto const& structure = real_type("structure");
  Record const record{{"name", std::string("</script><b>&\"é")}, {"sectors/culture", Present{}}};
  EXPECT_EQ(to_json(structure, record, {{"id", json_string("x<y")}}),
            "{\"id\":\"x\\u003cy\",\"name\":\"\\u003c/script\\u003e\\u003cb\\u003e\\u0026\\\"é\","
            "\"sectors\":[\"culture\"]}");
}

TEST(Json, writes_every_field_of_every_type) {
  for (auto const& type : real_model().types()) {
    std::string const text = to_json(type, full_record(type));
    for (auto const& field : type.fields) EXPECT_THAT(text, HasSubstr(cat('"', field.json, "\":")));
  }
}

TEST(Json, speaks_schema_org) {
  Record record = full_record(real_type("event"));
  record.insert_or_assign("status", std::string("cancelled"));
  DisplayOptions const options{
      Language::fr, [](DocumentId const&) { return Linked{"Nous", "https://exemple.fr/n"}; }, {}};
  std::string const text = to_schema_org(real_type("event"), record, options);
  EXPECT_THAT(text, HasSubstr(R"("@type":"Event")"));
  EXPECT_THAT(text, HasSubstr(R"("startDate":"2026-09-05T14:00:00+02:00")"));
  EXPECT_THAT(text, HasSubstr(R"("eventStatus":"https://schema.org/EventCancelled")"));
  EXPECT_THAT(text, HasSubstr(R"("@type":"PostalAddress")"));
  EXPECT_THAT(text, HasSubstr(R"("repeatFrequency":"P1M")"));
  EXPECT_THAT(text, HasSubstr(R"("price":"12.50","priceCurrency":"EUR")"));
}

TEST(Json, knows_winter_time) {
  Record record;
  Schedule schedule;
  schedule.start = {2026y / December / 12, 14 * 60};
  record.emplace("schedule", schedule);
  EXPECT_THAT(to_schema_org(real_type("event"), record, {}),
              HasSubstr("2026-12-12T14:00:00+01:00"));
}

TEST(Dates, are_read_as_people_and_files_write_them) {
  Date const day{2026y / December / 12};
  for (std::string_view const text :
       {"2026-12-12", "12/12/2026", "12.12.2026", "12-12-2026", "12 décembre 2026",
        "samedi 12 Décembre 2026", "2026-12-12T00:00:00Z", "12/12/2026 00:00", " 12 déc. 2026 "})
    EXPECT_EQ(parse_date(text), day) << text;
  for (std::string_view const text :
       {"", "12/12/26", "30/02/2026", "2026-13-01", "demain", "12", "2026", "1/2/3/4"})
    EXPECT_FALSE(parse_date(text)) << text;
  EXPECT_EQ(parse_date_time("12/12/2026 14h30"), (LocalDateTime{day, 870}));
  EXPECT_EQ(parse_date_time("12 décembre 2026 à 14 h 30"), (LocalDateTime{day, 870}));
  EXPECT_EQ(parse_date_time("2026-12-12T14:30"), (LocalDateTime{day, 870}));
  EXPECT_EQ(parse_date_time("12/12/2026"), (LocalDateTime{day, 0}));
  EXPECT_FALSE(parse_time("25:00"));
  EXPECT_FALSE(parse_time("14"));
  EXPECT_EQ(plus_months(2026y / August / 31, 6), Date{2027y / February / 28});
}

TEST(Numbers, are_read_exactly) {
  EXPECT_EQ(parse_decimal("12,50"), (Decimal{125, 1}));
  EXPECT_EQ(parse_decimal("-0.001"), (Decimal{-1, 3}));
  EXPECT_EQ(to_plain(Decimal{-1, 3}), "-0.001");
  EXPECT_EQ(parse_integer("1\u202F250"), 1250);
  EXPECT_EQ(parse_integer("12.0"), 12);
  for (std::string_view const text : {"", "1.5.2", "abc", "1e5", "99999999999999999999"}) {
    EXPECT_FALSE(parse_decimal(text)) << text;
    EXPECT_FALSE(parse_integer(text)) << text;
  }
  EXPECT_EQ(parse_money("12,5 €")->cents, 1250);
  EXPECT_FALSE(parse_money("12,505"));
  EXPECT_FALSE(parse_money("-3"));
  EXPECT_FALSE(parse_degrees("nan"));
}

TEST(Contact, understands_phones) {
  EXPECT_EQ(check_phone("+33 (0)4 79 00 00 00").value, "+33479000000");
  EXPECT_EQ(check_phone("0033479000000").value, "+33479000000");
  EXPECT_EQ(check_phone("479000000").value, "+33479000000");
  EXPECT_EQ(check_phone("+41 22 123 45 67").value, "+41221234567");
  EXPECT_EQ(check_phone("115").value, "115");
  EXPECT_FALSE(check_phone("04 79 00 00").valid);
  EXPECT_THAT(check_phone("04 79 00 00").problem.fr, HasSubstr("a 8 chiffres"));
  EXPECT_FALSE(check_phone("").valid);
  EXPECT_FALSE(check_phone("0479000000 ou 0479000001").valid);
}

TEST(Contact, understands_mail_addresses) {
  EXPECT_EQ(check_email(" Contact@Exemple.FR ").value, "Contact@exemple.fr");
  EXPECT_EQ(check_email("mailto:a@exemple.fr").value, "a@exemple.fr");
  for (std::string_view const bad :
       {"", "a", "a@", "@exemple.fr", "a@exemple", "a b@exemple.fr", "a@exemple..fr",
        "a@exemple.fr\nBcc: x@exemple.fr", "a@-exemple.fr", "\"<x>\"@exemple.fr"})
    EXPECT_FALSE(check_email(bad).valid) << bad;
}

TEST(Quality, names_what_is_missing_and_rewards_freshness) {
  auto const& structure = real_type("structure");
  Date const today{2026y / November / 1};
  Record const bare{{"name", std::string("N")}};
  auto const low = quality(structure, bare, std::nullopt, today);
  EXPECT_LT(low.score, 0.1);
  ASSERT_FALSE(low.missing.empty());
  EXPECT_GE(low.missing.front()->quality->weight, low.missing.back()->quality->weight);
  Record full = full_record(structure);
  full.insert_or_assign("itinerant", false);
  full.insert_or_assign("description", std::string(400, 'x'));
  full.insert_or_assign("summary", std::string(100, 'x'));
  auto const high = quality(structure, full, today, today);
  EXPECT_DOUBLE_EQ(high.score, 1);
  EXPECT_TRUE(high.missing.empty());
  EXPECT_LT(quality(structure, full, 2025y / June / 1, today).score, 1);
}

TEST(Quality, age_counts_in_full_for_six_months_then_falls_to_zero_at_two_years) {
  auto const& structure = real_type("structure");
  Date const confirmed{2024y / January / 15};
  auto const fresh = [&](Date today) {
    return *quality(structure, {}, confirmed, today).freshness;
  };
  EXPECT_DOUBLE_EQ(fresh(2024y / July / 15), 1);
  EXPECT_LT(fresh(2024y / July / 16), 1);
  EXPECT_NEAR(fresh(2025y / April / 15), 0.5, 0.01);
  EXPECT_DOUBLE_EQ(fresh(2026y / January / 15), 0);
  EXPECT_FALSE(quality(real_type("article"), {}, confirmed, confirmed).freshness);
}

TEST(Quality, does_not_punish_for_what_does_not_apply) {
  auto const& structure = real_type("structure");
  auto const missing = [&](Record const& record) {
    std::vector<std::string> keys;
    for (auto const* field : quality(structure, record, {}, 2026y / May / 1).missing)
      keys.push_back(field->key);
    return keys;
  };
  EXPECT_THAT(missing({}), testing::Contains("address"));
  EXPECT_THAT(missing({{"itinerant", true}}), Not(testing::Contains("address")));
}

}  // namespace
}  // namespace solidaires::schema
