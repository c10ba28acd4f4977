#include "node/formats/source_file.h"

#include <gmock/gmock.h>
#include <zip.h>

#include <algorithm>

#include "sync/base/bytes.h"

namespace solidaires::formats {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TableFile read(std::string_view bytes) {
  auto table = read_source(bytes);
  EXPECT_TRUE(table) << table.error().to_string();
  return table ? *std::move(table) : TableFile{.rows = {{}, {}, {}}};
}

Error refusal(std::string_view bytes) {
  auto const table = read_source(bytes);
  EXPECT_FALSE(table);
  return table ? Error{Code::internal, "was read"} : table.error();
}

// Of the row after the header with that number, from 0.
std::string cell(TableFile const& table, std::string_view header, std::size_t row = 0) {
  auto const& titles = table.rows.front().cells;
  auto const at = static_cast<std::size_t>(std::ranges::find(titles, header) - titles.begin());
  auto const& cells = table.rows.at(row + 1).cells;
  return at < cells.size() ? cells[at] : std::string();
}

using Parts = std::vector<std::pair<std::string, std::string>>;

std::string archive_of(Parts const& parts) {
  zip_error_t error;
  zip_error_init(&error);
  auto* const source = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(source);
  auto* const archive = zip_open_from_source(source, ZIP_TRUNCATE, &error);
  for (auto const& [name, text] : parts)
    zip_file_add(archive, name.c_str(), zip_source_buffer(archive, text.data(), text.size(), 0),
                 ZIP_FL_ENC_UTF_8);
  EXPECT_EQ(zip_close(archive), 0);
  zip_source_open(source);
  zip_source_seek(source, 0, SEEK_END);
  std::string bytes(static_cast<std::size_t>(zip_source_tell(source)), '\0');
  zip_source_seek(source, 0, SEEK_SET);
  zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  zip_source_free(source);
  return bytes;
}

Parts workbook(std::string rows) {
  return {
      {"xl/workbook.xml", R"(<workbook><sheets><sheet name="Notes" state="hidden" r:id="r0"/>)"
                          R"(<sheet name="Liste" r:id="r1"/></sheets></workbook>)"},
      {"xl/_rels/workbook.xml.rels",
       R"(<Relationships><Relationship Id="r0" Target="worksheets/sheet2.xml"/>)"
       R"(<Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>)"},
      {"xl/sharedStrings.xml",
       "<sst><si><t>nom</t></si><si><r><t>Épicerie </t></r><r><t>sociale</t></r></si></sst>"},
      {"xl/styles.xml",
       R"(<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy\ hh:mm"/></numFmts>)"
       R"(<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>)"},
      {"xl/worksheets/sheet1.xml",
       cat("<worksheet><sheetData>", std::move(rows), "</sheetData></worksheet>")}};
}

TEST(SourceFile, a_workbook_gives_its_first_visible_sheet) {
  auto const table = read(archive_of(workbook(
      R"(<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="inlineStr"><is><t>siret</t></is></c>)"
      R"(<c r="D2" t="str"><v>date</v></c><c r="E2" t="str"><v>moment</v></c></row>)"
      R"(<row r="4"><c r="A4" t="s"><v>1</v></c><c r="B4"><v>8.0123456700012E13</v></c>)"
      R"(<c r="C4" t="e"><v>#N/A</v></c><c r="D4" s="1"><v>46368</v></c>)"
      R"(<c r="E4" s="2"><v>46368.583333333336</v></c></row>)")));
  EXPECT_EQ(table.format, Format::spreadsheet);
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_THAT(table.rows[0].cells, ElementsAre("nom", "siret", "", "date", "moment"));
  EXPECT_THAT(table.rows[1].cells, ElementsAre("Épicerie sociale", "80123456700012", "",
                                               "2026-12-12", "2026-12-12 14:00"));
  EXPECT_EQ(table.rows[1].line, 4U) << "as the spreadsheet counts";
}

TEST(SourceFile, a_zip_bomb_is_given_up_whatever_it_says_of_its_size) {
  auto const bytes = archive_of(workbook(std::string(kTreeBytesMax + 1, ' ')));
  EXPECT_LT(bytes.size(), kTreeBytesMax / 100);
  EXPECT_EQ(refusal(bytes).code(), Code::exhausted);
}

TEST(SourceFile, a_sheet_wider_or_stranger_than_any_is_refused) {
  EXPECT_EQ(refusal(archive_of(workbook(R"(<row><c r="XFD1" t="str"><v>a</v></c></row>)"))).code(),
            Code::exhausted);
  EXPECT_EQ(refusal(archive_of({{"word/document.xml", "<w/>"}})).code(), Code::invalid);
  auto parts = workbook("");
  parts[2].second = R"(<!DOCTYPE sst [<!ENTITY a "b">]><sst/>)";
  EXPECT_EQ(refusal(archive_of(parts)).code(), Code::invalid);
  EXPECT_EQ(refusal(archive_of(workbook("")).substr(0, 200)).code(), Code::invalid) << "cut";
}

TEST(SourceFile, the_content_says_what_a_file_is) {
  EXPECT_EQ(read("nom;ville\nA;B\n").format, Format::csv);
  EXPECT_EQ(read("\xef\xbb\xbf [{\"nom\": \"A\"}]").format, Format::json);
  EXPECT_THAT(refusal("%PDF-1.7\nnom;ville\nPK\x03\x04").message(), HasSubstr("PDF"));
  EXPECT_THAT(refusal("\xd0\xcf\x11\xe0 workbook").message(), HasSubstr("XLS"));
  EXPECT_THAT(refusal("GIF89a;nom;ville\na;b;c\n").message(), HasSubstr("image"));
  EXPECT_THAT(refusal("<!DOCTYPE html><html><body>x</body></html>").message(),
              HasSubstr("page de site"));
}

TEST(SourceFile, geojson_gives_properties_and_points) {
  auto const table = read(R"({"type":"FeatureCollection","features":[
    {"type":"Feature","id":7,"geometry":{"type":"Point","coordinates":[6.12,45.9]},
     "properties":{"nom":"Ressourcerie","contact":{"tel":"0450"},"tags":["vélo","bois"]}},
    {"type":"Feature","geometry":{"type":"Polygon","coordinates":[]},"properties":{"nom":"B"}}]})");
  EXPECT_EQ(table.format, Format::geojson);
  EXPECT_EQ(cell(table, "latitude"), "45.9");
  EXPECT_EQ(cell(table, "longitude"), "6.12");
  EXPECT_EQ(cell(table, "nom"), "Ressourcerie");
  EXPECT_EQ(cell(table, "contact.tel"), "0450");
  EXPECT_EQ(cell(table, "tags"), "vélo | bois");
  EXPECT_EQ(cell(table, "id"), "7");
  EXPECT_THAT(table.rows[2].notes, ElementsAre(HasSubstr("géométrie")));
}

TEST(SourceFile, gogocarto_is_read_whole_and_compact) {
  auto const full = read(R"({"licence":"ODbL","ontology":"gogofull","data":[{"id":"A1",
    "name":"Jardin","geo":{"latitude":45.5,"longitude":6.1},"sourceKey":"Carte",
    "address":{"streetAddress":"1 rue","addressLocality":"Annecy","postalCode":"74000"},
    "categories":["Alimentation"]}]})");
  EXPECT_EQ(full.format, Format::gogocarto);
  EXPECT_EQ(cell(full, "streetAddress"), "1 rue");
  EXPECT_EQ(cell(full, "geo.latitude"), "45.5");
  auto const compact =
      read(R"({"ontology":"gogocompact","data":[["A1","Jardin",45.5,6.1,["x","y"],1]]})");
  EXPECT_EQ(compact.format, Format::gogocarto);
  EXPECT_EQ(cell(compact, "name"), "Jardin");
  EXPECT_EQ(cell(compact, "longitude"), "6.1");
  EXPECT_EQ(cell(compact, "categories"), "x | y");
}

TEST(SourceFile, other_json_is_known_by_its_fields) {
  EXPECT_EQ(read(R"({"f1":{"id_fiche":"f1","bf_titre":"A"},"f2":{"id_fiche":"f2"}})").format,
            Format::yeswiki);
  EXPECT_EQ(read(R"([{"source":"dora","id":"dora--1","nom":"A","date_maj":"2026-01-01"}])").format,
            Format::data_inclusion);
  auto const jobs = read(R"({"resultats":[{"id":"1","intitule":"Maraîcher","typeContrat":"CDI",
    "lieuTravail":{"commune":"74010"},"competences":[{"code":"1","libelle":"Semer"}]}]})");
  EXPECT_EQ(jobs.format, Format::job_offers);
  EXPECT_EQ(cell(jobs, "lieuTravail.commune"), "74010");
  EXPECT_EQ(cell(jobs, "competences"), "Semer");
}

TEST(SourceFile, json_that_is_cut_empty_or_endlessly_deep_is_refused) {
  EXPECT_EQ(refusal(R"([{"nom":"A"},)").code(), Code::invalid);
  EXPECT_EQ(refusal("[]").code(), Code::invalid);
  EXPECT_EQ(refusal(R"({"message":"not found"})").code(), Code::invalid);
  EXPECT_EQ(refusal(std::string(100'000, '[')).code(), Code::invalid);
  std::string wide = "[{";
  for (std::size_t i = 0; i <= kColumnsMax; ++i) wide += cat(i == 0 ? "" : ",", "\"k", i, "\":1");
  EXPECT_EQ(refusal(cat(wide, "}]")).code(), Code::exhausted);
}

TEST(SourceFile, a_feed_gives_title_excerpt_and_link) {
  auto const rss = read(R"(<?xml version="1.0"?><rss version="2.0"><channel><title>Site</title>
    <link>https://exemple.fr/blog/</link>
    <item><title>F&#234;te &amp; march&#233;</title><link>/2026/fete</link><guid>g1</guid>
      <pubDate>Tue, 01 Dec 2026 10:00:00 GMT</pubDate>
      <description>&lt;p&gt;Venez &lt;img src="https://pixel.example/p.gif"&gt;nombreux&lt;/p&gt;</description>
    </item>
    <item><title>Sans rien</title><link>javascript:alert(1)</link></item></channel></rss>)");
  EXPECT_EQ(rss.format, Format::feed);
  EXPECT_EQ(cell(rss, "titre"), "Fête & marché");
  EXPECT_EQ(cell(rss, "chapeau"), "Venez nombreux");
  EXPECT_EQ(cell(rss, "lien_source"), "https://exemple.fr/2026/fete");
  EXPECT_EQ(cell(rss, "date"), "2026-12-01");
  EXPECT_EQ(cell(rss, "lien_source", 1), "");
  EXPECT_THAT(rss.rows[2].notes, Contains(HasSubstr("pas de lien")));
  auto const atom = read(R"(<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id>
    <title>Nouvelle</title><link rel="self" href="https://a.example/self"/>
    <link href="https://a.example/1"/><updated>2026-11-30T08:00:00Z</updated></entry></feed>)");
  EXPECT_EQ(cell(atom, "id"), "urn:1");
  EXPECT_EQ(cell(atom, "lien_source"), "https://a.example/1");
  EXPECT_EQ(cell(atom, "date"), "2026-11-30");
}

TEST(SourceFile, entities_of_xml_are_neither_multiplied_nor_fetched) {
  EXPECT_EQ(refusal(R"(<!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>
                       <rss><channel><item><title>&b;</title></item></channel></rss>)")
                .code(),
            Code::invalid);
  EXPECT_EQ(
      refusal(R"(<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]><l><i>&x;</i></l>)").code(),
      Code::invalid);
  auto const table = read(
      R"(<!DOCTYPE l SYSTEM "http://127.0.0.1/x.dtd"><l><i><n>&x;</n></i><i><n>2</n></i></l>)");
  EXPECT_EQ(cell(table, "n"), "&x;") << "an unknown entity stays what was written";
}

TEST(SourceFile, repeated_elements_of_xml_are_rows) {
  auto const table = read(
      R"(<jobs><meta v="1"><list><job ref="1"><titre>Soudeur</titre><lieu><ville>Cluses</ville></lieu></job>
         <job ref="2"><titre>Cuisinier</titre></job></list></meta></jobs>)");
  EXPECT_EQ(table.format, Format::xml);
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_EQ(cell(table, "ref", 1), "2");
  EXPECT_EQ(cell(table, "lieu.ville"), "Cluses");
}

std::string calendar(std::string_view events) {
  std::string text = cat("BEGIN:VCALENDAR\nVERSION:2.0\n", events, "END:VCALENDAR\n");
  std::string out;
  for (char const c : text) out += c == '\n' ? "\r\n" : std::string(1, c);
  return out;
}

TEST(SourceFile, a_calendar_keeps_repetitions_and_says_what_it_repaired) {
  auto const table = read(calendar(R"(BEGIN:VEVENT
UID:serie@exemple
SUMMARY:Atelier\, vélo
DTSTART;TZID=Europe/Paris:20261205T140000
DTEND;TZID=Europe/Paris:20261205T170000
RRULE:FREQ=WEEKLY;BYDAY=SA
EXDATE;TZID=Europe/Paris:20261212T140000
CATEGORIES:Atelier,Vélo
END:VEVENT
BEGIN:VEVENT
UID:serie@exemple
RECURRENCE-ID;TZID=Europe/Paris:20261219T140000
SUMMARY:Atelier de Noël
DTSTART;TZID=Europe/Paris:20261219T150000
END:VEVENT
BEGIN:VEVENT
SUMMARY:Sans UID
DTSTART:20261201T180000
DTEND:20261201T170000
END:VEVENT
BEGIN:VEVENT
UID:jours
SUMMARY:Deux jours
DTSTART;VALUE=DATE:20261212
DTEND;VALUE=DATE:20261214
STATUS:CANCELLED
END:VEVENT
BEGIN:VEVENT
UID:utc
SUMMARY:Universel
DTSTART:20260701T120000Z
END:VEVENT
)"));
  EXPECT_EQ(table.format, Format::calendar);
  ASSERT_EQ(table.rows.size(), 6U);
  EXPECT_EQ(cell(table, "titre"), "Atelier, vélo");
  EXPECT_EQ(cell(table, "date_debut"), "2026-12-05");
  EXPECT_EQ(cell(table, "heure_debut"), "14:00");
  EXPECT_EQ(cell(table, "heure_fin"), "17:00");
  EXPECT_EQ(cell(table, "repetition"), "FREQ=WEEKLY;BYDAY=SA");
  EXPECT_EQ(cell(table, "dates_exclues"), "2026-12-12 14:00;2026-12-19 14:00");
  EXPECT_EQ(cell(table, "categories"), "Atelier,Vélo");
  EXPECT_EQ(cell(table, "id", 1), "serie@exemple/2026-12-19 14:00");
  EXPECT_THAT(cell(table, "id", 2), HasSubstr("sans-uid-"));
  EXPECT_THAT(table.rows[3].notes,
              ElementsAre(HasSubstr("UID"), HasSubstr("sans fuseau"), HasSubstr("précède")));
  EXPECT_EQ(cell(table, "date_fin", 2), "");
  EXPECT_EQ(cell(table, "date_fin", 3), "2026-12-13") << "DTEND is the day after";
  EXPECT_EQ(cell(table, "journee_entiere", 3), "oui");
  EXPECT_EQ(cell(table, "etat", 3), "cancelled");
  EXPECT_EQ(cell(table, "heure_debut", 4), "14:00") << "summer time in Paris";
}

TEST(SourceFile, sirene_rows_are_placed_and_closed_ones_set_aside) {
  auto const table = read(
      "siren,siret,etatAdministratifEtablissement,statutDiffusionEtablissement,"
      "numeroVoieEtablissement,typeVoieEtablissement,libelleVoieEtablissement,"
      "coordonneeLambertAbscisseEtablissement,coordonneeLambertOrdonneeEtablissement\n"
      "1,11,A,O,12,RUE,DES ALPES,652469.02,6862035.26\n"
      "2,22,F,O,1,RUE,X,[ND],[ND]\n"
      "3,33,A,P,,,,,\n");
  EXPECT_EQ(table.format, Format::sirene);
  EXPECT_EQ(cell(table, "adresse"), "12 RUE DES ALPES");
  // The Eiffel tower stands at 48.8584 N 2.2945 E; this is the middle of Paris, Notre-Dame.
  EXPECT_NEAR(std::stod(cell(table, "latitude")), 48.8566, 0.01);
  EXPECT_NEAR(std::stod(cell(table, "longitude")), 2.352, 0.01);
  EXPECT_THAT(table.rows[1].set_aside, IsEmpty());
  EXPECT_THAT(table.rows[2].set_aside, HasSubstr("fermé"));
  EXPECT_THAT(table.rows[3].set_aside, HasSubstr("diffusion"));
}

TEST(SourceFile, rna_rows_keep_their_number_and_dissolved_ones_are_set_aside) {
  auto const table = read(
      "id;titre;nature;position;date_creat;adrs_numvoie;adrs_typevoie;adrs_libvoie;adrs_codeinsee\n"
      "W741000001;LES AMIS;D;A;0001-01-01;3;RUE;DU LAC;74093\n"
      "W741000002;FINIE;D;D;2001-01-01;;;;74010\n");
  EXPECT_EQ(table.format, Format::rna);
  EXPECT_EQ(cell(table, "rna"), "W741000001");
  EXPECT_EQ(cell(table, "adresse"), "3 RUE DU LAC");
  EXPECT_EQ(cell(table, "date_creat"), "");
  EXPECT_THAT(table.rows[2].set_aside, HasSubstr("dissoute"));
}

}  // namespace
}  // namespace solidaires::formats
