#include "node/service/import.h"

#include <gmock/gmock.h>

#include "node/formats/source_file.h"
#include "node/service/indexes.h"
#include "node/service/objection.h"
#include "schema/display.h"
#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Counts = std::map<RowOutcome, std::size_t>;

class ImportTest : public testing::Test, protected World {
 protected:
  ImportTest() { open_catalogue(); }

  ImportOptions options(std::string_view source = "essai") {
    ImportOptions out;
    out.node = instance.self;
    out.source = source;
    out.author = {"", "import", instance.self};
    return out;
  }
  ImportReport run(std::string_view file, ImportOptions const& how) {
    clock.pass(Millis(1000));
    auto report = Importer(instance, real_places()).run(file, how);
    EXPECT_TRUE(report) << report.error().to_string();
    if (!report) return {};
    std::size_t sum = 0;
    for (auto const& [outcome, count] : report->counts) sum += count;
    EXPECT_EQ(sum, report->rows.size()) << "every row is accounted for";
    return *std::move(report);
  }
  ImportReport run(std::string_view file) { return run(file, options()); }
  UndoReport undo(std::string_view batch) {
    clock.pass(Millis(1000));
    return Importer(instance, real_places())
        .undo(batch, instance.self, {"", "import", instance.self})
        .value();
  }
  RecordPtr found(std::string_view name) {
    ListQuery query;
    query.words = name;
    for (auto const& hit : catalogue->find(query).value().hits) {
      if (hit.record->title == name) return hit.record;
    }
    return nullptr;
  }
  schema::Address address(std::string_view name) {
    auto const record = found(name);
    auto const* const held =
        record ? schema::get<schema::Address>(record->record, "address") : nullptr;
    EXPECT_NE(held, nullptr) << name;
    return held == nullptr ? schema::Address() : *held;
  }
  WorkingCopy working(std::string_view name) {
    auto const record = found(name);
    EXPECT_NE(record, nullptr) << name;
    return editorial.get(moderator, {ScopeId::office(instance.self), record->key.id}).value();
  }
  std::pair<sync::Sequence, sync::Sequence> heads() {
    return {head(ScopeId::office(instance.self)), head(ScopeId::published(instance.self))};
  }

  Actor moderator = somebody("animateur", "Camille");
};

std::string table(std::vector<std::string> const& rows) {
  std::string out = "id;nom;adresse;code_postal;commune;code_insee;latitude;longitude;siret\n";
  for (auto const& row : rows) out += row + "\n";
  return out;
}

std::string notes(RowReport const& row) {
  std::string out;
  for (auto const& note : row.notes) out += note + "\n";
  return out;
}

TEST_F(ImportTest, a_spreadsheet_with_titles_above_its_header_and_commas_in_numbers) {
  auto const report =
      run("Annuaire inventé;;;;\n;;;;\nRaison sociale;CP;Ville;Coord. X;Coord. Y\n"
          "LA RUCHE D’ESSAI;74150;Rumilly;5,9430;45,8670\n");
  EXPECT_EQ(report.header_line, 3U);
  EXPECT_EQ(report.counts, (Counts{{RowOutcome::created, 1}}));
  EXPECT_EQ(report.rows.front().line, 4U);
  auto const at = address("LA RUCHE D’ESSAI");
  EXPECT_EQ(at.commune_code, "74225");
  ASSERT_TRUE(at.point);
  EXPECT_NEAR(at.point->latitude, 45.867, 1e-6);
  EXPECT_NEAR(at.point->longitude, 5.943, 1e-6);
}

TEST_F(ImportTest, lost_leading_zeros_come_back_and_the_department_is_that_of_the_commune) {
  auto const report = run(
      table({"1;Ferme du Col;;1400;Châtillon-sur-Chalaronne;;;;", "2;Sans code;;;Chambéry;;;;"}));
  EXPECT_EQ(report.counts, (Counts{{RowOutcome::created, 2}}));
  EXPECT_EQ(address("Ferme du Col").postal_code, "01400");
  EXPECT_EQ(address("Ferme du Col").commune_code, "01093");
  EXPECT_EQ(address("Sans code").commune_code, "73065");
  EXPECT_EQ(report.outside_territory, 1U);
  EXPECT_THAT(notes(report.rows[0]), HasSubstr("département 01"));
}

TEST_F(ImportTest, swapped_and_absurd_coordinates_are_caught_and_said) {
  auto const report =
      run(table({"1;Inversée;;74150;Rumilly;;5.943;45.867;", "2;Perdue;;74150;Rumilly;;12.5;-60.2;",
                 "3;Lointaine;;74150;Rumilly;;48.85;2.35;"}));
  EXPECT_EQ(report.counts, (Counts{{RowOutcome::created, 3}}));
  ASSERT_TRUE(address("Inversée").point);
  EXPECT_NEAR(address("Inversée").point->latitude, 45.867, 1e-6);
  EXPECT_THAT(notes(report.rows[0]), HasSubstr("inversées"));
  EXPECT_FALSE(address("Perdue").point);
  EXPECT_THAT(notes(report.rows[1]), HasSubstr("hors de France"));
  EXPECT_FALSE(address("Lointaine").point);
  EXPECT_THAT(notes(report.rows[2]), HasSubstr("de Rumilly"));
}

// Grigny near Lyon has another name now; two other communes still have this one.
TEST_F(ImportTest, coordinates_choose_between_homonyms_when_the_postal_code_agrees) {
  auto const report = run(table(
      {"1;Au bord du Rhône;;69520;Grigny;;45.601;4.7747;", "2;Sans point;;69520;Grigny;;;;"}));
  EXPECT_EQ(address("Au bord du Rhône").commune_code, "69096");
  EXPECT_THAT(notes(report.rows[0]), HasSubstr("d’après les coordonnées"));
  EXPECT_EQ(address("Sans point").commune_code, "");
  EXPECT_THAT(notes(report.rows[1]), HasSubstr("plusieurs communes possibles"));
}

TEST_F(ImportTest, a_former_commune_code_becomes_that_of_today) {
  auto const report = run(table({"1;Vieux Seynod;;74600;Seynod;74268;;;"}));
  EXPECT_EQ(address("Vieux Seynod").commune_code, "74010");
  EXPECT_EQ(address("Vieux Seynod").commune, "Annecy");
  EXPECT_THAT(notes(report.rows[0]), HasSubstr("74268 remplacé par 74010"));
}

TEST_F(ImportTest, a_sirene_extract_maps_itself_and_leaves_closed_places_aside) {
  auto const report =
      run("siren,siret,enseigne1Etablissement,etatAdministratifEtablissement,"
          "statutDiffusionEtablissement,numeroVoieEtablissement,typeVoieEtablissement,"
          "libelleVoieEtablissement,codePostalEtablissement,libelleCommuneEtablissement,"
          "codeCommuneEtablissement,coordonneeLambertAbscisseEtablissement,"
          "coordonneeLambertOrdonneeEtablissement\n"
          "732829320,73282932000074,ATELIER OUVERT,A,O,12,RUE,DES ALPES,74600,SEYNOD,74268,"
          "940500,6536500\n"
          "732829320,73282932000082,ATELIER FERME,F,O,1,RUE,X,74000,ANNECY,74010,,\n");
  EXPECT_EQ(report.format, formats::Format::sirene);
  EXPECT_EQ(report.counts, (Counts{{RowOutcome::created, 1}, {RowOutcome::set_aside, 1}}));
  auto const at = address("ATELIER OUVERT");
  EXPECT_EQ(at.commune_code, "74010");
  EXPECT_THAT(at.lines, ElementsAre("12 RUE DES ALPES"));
  ASSERT_TRUE(at.point) << notes(report.rows[0]);
  EXPECT_NEAR(at.point->latitude, 45.9, 0.1);
  EXPECT_EQ(found("ATELIER FERME"), nullptr);
}

TEST_F(ImportTest, a_calendar_keeps_its_repetition_as_the_event_model_has_it) {
  auto how = options("tiers-lieu");
  how.type = "event";
  how.as = ImportAs::draft;
  auto const report =
      run("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Atelier vélo\r\n"
          "DTSTART;TZID=Europe/Paris:20261205T140000\r\nDTEND;TZID=Europe/Paris:20261205T170000\r\n"
          "RRULE:FREQ=WEEKLY;BYDAY=SA\r\nEXDATE;TZID=Europe/Paris:20261212T140000\r\n"
          "END:VEVENT\r\nEND:VCALENDAR\r\n",
          how);
  EXPECT_EQ(report.counts, (Counts{{RowOutcome::created, 1}}));
  auto const drafts =
      store->view()
          .scan(store::IndexScan{
              .index = std::string(index::kSource), .prefix = "tiers-lieu\n1", .limit = 10})
          .value();
  ASSERT_EQ(drafts.hits.size(), 1U);
  auto const copy = editorial.get(moderator, drafts.hits.front().key).value();
  auto const* const schedule = schema::get<schema::Schedule>(copy.record, "schedule");
  ASSERT_NE(schedule, nullptr) << notes(report.rows[0]);
  EXPECT_EQ(schedule->rule, "FREQ=WEEKLY;BYDAY=SA");
  EXPECT_EQ(schedule->exceptions.size(), 1U);
  EXPECT_EQ(run("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:2\r\nSUMMARY:Fête\r\n"
                "END:VEVENT\r\nEND:VCALENDAR\r\n",
                how)
                .rows.size(),
            1U)
      << "even without a date";
}

TEST_F(ImportTest, columns_of_unknown_names_are_mapped_by_the_person) {
  std::string_view const file = R"([{"zz1":"Jardin partagé","zz2":"74010"}])";
  auto how = options();
  auto const head = formats::read_source(file).value();
  EXPECT_THAT(Importer(instance, real_places()).look(head, how).value().rows, IsEmpty());
  how.mapping = {{"zz1", "name"}, {"zz2", "address.commune_code"}};
  EXPECT_EQ(Importer(instance, real_places()).look(head, how).value().rows.front().title,
            "Jardin partagé");
  EXPECT_EQ(found("Jardin partagé"), nullptr) << "looking writes nothing";
  EXPECT_EQ(run(file, how).counts, (Counts{{RowOutcome::created, 1}}));
}

TEST_F(ImportTest, a_record_is_published_and_what_it_lacks_is_said_once) {
  auto const report = run(table({"1;Bureau d’essai;;73000;Chambéry;;;;"}));
  ASSERT_NE(found("Bureau d’essai"), nullptr);
  EXPECT_EQ(found("Bureau d’essai")->source, "essai");
  ASSERT_EQ(report.rows[0].notes.size(), 1U) << notes(report.rows[0]);
  EXPECT_THAT(report.rows[0].notes[0], HasSubstr("à compléter : "));
  EXPECT_EQ(working("Bureau d’essai").state, model::State::published);
}

TEST_F(ImportTest, an_event_without_a_date_waits_as_a_draft) {
  auto how = options();
  how.type = "event";
  auto const report = run("titre;commune;code_postal\nSans date;Chambéry;73000\n", how);
  EXPECT_EQ(report.counts, (Counts{{RowOutcome::created, 1}}));
  EXPECT_EQ(found("Sans date"), nullptr);
  EXPECT_THAT(report.rows[0].notes, Contains(HasSubstr("brouillon")));
  EXPECT_EQ(editorial.list(moderator, {.state = model::State::draft}).value().total, 1U);
}

TEST_F(ImportTest, as_drafts_or_for_the_queue_nothing_is_public) {
  auto how = options();
  how.as = ImportAs::draft;
  run(table({"1;Brouillonne;;73000;Chambéry;;;;"}), how);
  EXPECT_EQ(found("Brouillonne"), nullptr);
  how = options("autre");
  how.as = ImportAs::submitted;
  run("id;nom;famille;secteur;résumé;commune;code postal\n"
      "1;Proposée;association;environnement;Une phrase;Chambéry;73000\n",
      how);
  EXPECT_EQ(found("Proposée"), nullptr);
  EXPECT_EQ(editorial.queue(moderator).value().size(), 1U);
}

TEST_F(ImportTest, the_same_file_twice_writes_nothing) {
  auto const file = table({cat("1;Un;1 rue A;73000;Chambéry;;;;", invented_siret(1)),
                           "2;Deux;;74150;Rumilly;;45,867;5,943;"});
  auto const first = run(file);
  EXPECT_FALSE(first.batch.empty());
  auto const before = heads();
  auto const second = run(file);
  EXPECT_EQ(second.counts, (Counts{{RowOutcome::unchanged, 2}}));
  EXPECT_EQ(heads(), before);
  EXPECT_TRUE(second.batch.empty());
}

TEST_F(ImportTest, a_dry_run_reports_the_same_and_writes_nothing) {
  auto const file = table({"1;Un;;73000;Chambéry;;;;", "2;;;73000;Chambéry;;;;"});
  auto how = options();
  how.dry_run = true;
  auto const before = heads();
  auto const version = store->version();
  auto const trial = run(file, how);
  EXPECT_EQ(heads(), before);
  EXPECT_EQ(store->version(), version);
  EXPECT_TRUE(trial.batch.empty());
  auto const real = run(file);
  EXPECT_EQ(trial.counts, real.counts);
  EXPECT_EQ(trial.counts, (Counts{{RowOutcome::created, 1}, {RowOutcome::refused, 1}}));
  EXPECT_THAT(real.rows[1].notes.front(), HasSubstr("le nom manque"));
}

TEST_F(ImportTest, a_changed_file_updates_what_nobody_touched_here_and_keeps_local_edits) {
  run(table({"1;Avant;1 rue A;73000;Chambéry;;;;", "2;Tranquille;1 rue B;73000;Chambéry;;;;"}));
  auto copy = edit(moderator, working("Avant"),
                   {{"name", "Corrigée ici"},
                    {"ess_family", "association"},
                    {"sectors", "environnement"},
                    {"summary", "Complétée par une personne."}});
  ASSERT_OK(copy);
  ASSERT_OK(editorial.publish(moderator, copy->key));
  auto const report =
      run(table({"1;Après;2 rue A;73000;Chambéry;;;;", "2;Tranquille;2 rue B;73000;Chambéry;;;;"}));
  EXPECT_EQ(report.counts, (Counts{{RowOutcome::updated, 2}}));
  EXPECT_THAT(report.rows[0].notes, Contains(HasSubstr("modifié ici, valeur gardée")));
  EXPECT_THAT(address("Corrigée ici").lines, ElementsAre("2 rue A"));
  EXPECT_THAT(address("Tranquille").lines, ElementsAre("2 rue B"));
  auto const again = run(table({"1;Encore;2 rue A;73000;Chambéry;;;;"}));
  EXPECT_EQ(again.counts, (Counts{{RowOutcome::kept_local, 1}}));
  EXPECT_NE(found("Corrigée ici"), nullptr);
}

TEST_F(ImportTest, an_emptied_cell_clears_its_field_and_a_missing_column_clears_nothing) {
  run("id;nom;sigle;commune\n1;Asso;ABC;Chambéry\n");
  ASSERT_EQ(schema::text_of(found("Asso")->record, "acronym"), "ABC");
  EXPECT_EQ(run("id;nom;commune\n1;Asso;Chambéry\n").counts, (Counts{{RowOutcome::unchanged, 1}}));
  EXPECT_EQ(schema::text_of(found("Asso")->record, "acronym"), "ABC");
  EXPECT_EQ(run("id;nom;sigle;commune\n1;Asso;;Chambéry\n").counts,
            (Counts{{RowOutcome::updated, 1}}));
  EXPECT_EQ(schema::text_of(found("Asso")->record, "acronym"), "");
}

TEST_F(ImportTest, what_looks_like_a_record_from_elsewhere_is_reported_and_not_merged) {
  auto const siret = invented_siret(7);
  published("structure", structure_form("La Même", {{"siret", siret}}));
  published("structure", structure_form("Homonyme"));
  auto const file = table({cat("1;Autre nom;;73000;Chambéry;;;;", siret),
                           "2;HOMONYME;;74150;Rumilly;;;;", "3;Homonyme;;73000;Chambéry;;;;"});
  auto const report = run(file);
  EXPECT_EQ(report.counts, (Counts{{RowOutcome::created, 1}, {RowOutcome::duplicate, 2}}));
  EXPECT_THAT(notes(report.rows[0]), HasSubstr("La Même (même siret)"));
  EXPECT_THAT(notes(report.rows[1]), HasSubstr("même nom dans la même commune"));
  auto how = options();
  how.keep_duplicates = true;
  EXPECT_EQ(run(file, how).counts, (Counts{{RowOutcome::created, 2}, {RowOutcome::unchanged, 1}}));
}

TEST_F(ImportTest, a_row_that_repeats_another_of_the_file_is_reported_with_its_line) {
  auto const siret = invented_siret(8);
  auto const report =
      run(table({cat("1;Un;;73000;Chambéry;;;;", siret), "1;Un encore;;73000;Chambéry;;;;",
                 cat("3;Trois;;73000;Chambéry;;;;", siret), "4;Un;;73000;Chambéry;;;;"}));
  EXPECT_EQ(report.counts, (Counts{{RowOutcome::created, 2}, {RowOutcome::duplicate, 2}}));
  EXPECT_THAT(notes(report.rows[1]), HasSubstr("même identifiant que la ligne 2"));
  EXPECT_THAT(notes(report.rows[2]), HasSubstr("même identifiant que la ligne 2"));
  EXPECT_THAT(notes(report.rows[3]), HasSubstr("même nom dans la même commune que la ligne 2"));
}

TEST_F(ImportTest, without_an_id_a_row_is_known_by_its_siret_else_by_name_and_place) {
  auto const file = cat("nom;commune;code postal;siret;adresse\nA;Chambéry;73000;",
                        invented_siret(3), ";1 rue X\nB;Rumilly;74150;;1 rue Y\n");
  run(file);
  auto changed = file;
  changed.replace(changed.find("rue X"), 5, "rue Z");
  changed.replace(changed.find("rue Y"), 5, "rue Z");
  EXPECT_EQ(run(changed).counts, (Counts{{RowOutcome::updated, 2}}));
  EXPECT_EQ(catalogue->counts({})["structure"], 2U);
}

TEST_F(ImportTest, undo_removes_what_was_created_and_reverts_what_was_changed) {
  auto const first = run(table({"1;Un;1 rue A;73000;Chambéry;;;;"}));
  auto const second =
      run(table({"1;Un;2 rue A;73000;Chambéry;;;;", "2;Deux;1 rue B;73000;Chambéry;;;;"}));
  auto const undone = undo(second.batch);
  EXPECT_EQ(undone.removed, 1U);
  EXPECT_EQ(undone.reverted, 1U);
  EXPECT_TRUE(undone.kept.empty());
  EXPECT_THAT(address("Un").lines, ElementsAre("1 rue A"));
  EXPECT_EQ(found("Deux"), nullptr);
  EXPECT_FALSE(Importer(instance, real_places()).undo(second.batch, instance.self, {}));
  EXPECT_EQ(undo(first.batch).removed, 1U);
  EXPECT_EQ(catalogue->counts({})["structure"], 0U);
  EXPECT_EQ(run(table({"1;Un;1 rue A;73000;Chambéry;;;;"})).rows.size(), 1U);
}

TEST_F(ImportTest, after_an_undo_the_same_file_goes_in_again) {
  auto const file = table({"1;Un;1 rue A;73000;Chambéry;;;;"});
  undo(run(file).batch);
  EXPECT_EQ(run(file).counts, (Counts{{RowOutcome::created, 1}}));
  EXPECT_NE(found("Un"), nullptr);
}

TEST_F(ImportTest, undo_keeps_what_people_changed_since) {
  auto const batch = run(table({"1;Un;;73000;Chambéry;;;;", "2;Deux;;73000;Chambéry;;;;"})).batch;
  ASSERT_OK(edit(moderator, working("Un"), {{"acronym", "ICI"}}));
  auto const undone = undo(batch);
  EXPECT_EQ(undone.removed, 1U);
  EXPECT_THAT(undone.kept, ElementsAre("Un"));
  EXPECT_NE(found("Un"), nullptr);
  EXPECT_EQ(found("Deux"), nullptr);
}

TEST_F(ImportTest, a_run_that_was_stopped_is_completed_by_the_next) {
  std::vector<std::string> rows;
  for (int i = 0; i < 450; ++i) rows.push_back(cat(i, ";Structure ", i, ";;73000;Chambéry;;;;"));
  auto how = options();
  how.progress = [](std::size_t done, std::size_t) { return done < 200; };
  auto const stopped = run(table(rows), how);
  EXPECT_TRUE(stopped.stopped);
  auto const created = stopped.counts.at(RowOutcome::created);
  EXPECT_LT(created, 450U);
  EXPECT_EQ(catalogue->counts({})["structure"], created);
  auto const rest = run(table(rows));
  EXPECT_EQ(rest.counts,
            (Counts{{RowOutcome::created, 450 - created}, {RowOutcome::unchanged, created}}));
  EXPECT_EQ(catalogue->counts({})["structure"], 450U);
}

// Killed after any commit: what is there is whole, and the next run has nothing to repair.
TEST_F(ImportTest, no_commit_leaves_a_record_between_its_two_copies) {
  std::vector<std::string> rows;
  for (int i = 0; i < 250; ++i) rows.push_back(cat(i, ";Structure ", i, ";;73000;Chambéry;;;;"));
  std::size_t lonely = 0;
  auto const watching = store->subscribe([&](store::CommitNotice const& notice) {
    std::size_t offices = 0;
    for (auto const& change : notice.changes) {
      offices += change.key().scope.kind() == ScopeKind::office ? 1U : 0U;
    }
    if (offices * 2 != notice.changes.size()) ++lonely;
  });
  run(table(rows));
  EXPECT_EQ(lonely, 0U);
}

TEST_F(ImportTest, the_mapping_is_remembered_for_its_source_alone) {
  std::string const file = "Truc;Bidule;Ville\nMa Structure;n1;Chambéry\n";
  auto how = options();
  how.mapping = {{"Truc", "name"}, {"Bidule", "source-id"}};
  EXPECT_EQ(run(file, how).counts, (Counts{{RowOutcome::created, 1}}));
  auto const again = run(file);
  EXPECT_EQ(again.counts, (Counts{{RowOutcome::unchanged, 1}}));
  EXPECT_EQ(again.columns.front().input, "name");
  EXPECT_EQ(run(file, options("autre")).counts, (Counts{{RowOutcome::refused, 1}}));
  how.mapping = {{"Absente", "name"}};
  EXPECT_FALSE(Importer(instance, real_places()).run(file, how));
}

TEST_F(ImportTest, files_and_options_that_cannot_be_used_are_refused_with_a_sentence) {
  Importer const importer(instance, real_places());
  auto const code = [&](std::string_view file, ImportOptions const& how) {
    auto const report = importer.run(file, how);
    EXPECT_FALSE(report);
    return report ? Code::internal : report.error().code();
  };
  EXPECT_EQ(code("", options()), Code::invalid);
  EXPECT_EQ(code("1;2;3\n4;5;6\n", options()), Code::invalid);
  EXPECT_EQ(code("nom\nA\n", options("Majuscules et espaces")), Code::invalid);
  auto how = options();
  how.type = "fusée";
  EXPECT_EQ(code("nom\nA\n", how), Code::invalid);
  EXPECT_EQ(importer.undo("inventé-1234", instance.self, {}).error().code(), Code::not_found);
}

TEST_F(ImportTest, long_texts_keep_their_lines_and_short_ones_have_one) {
  run("id;nom;description;commune\n1;\"Deux\nlignes\";\"Un.\n\nDeux.\";Chambéry\n");
  auto const record = found("Deux lignes");
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(schema::text_of(record->record, "description"), "Un.\n\nDeux.");
}

TEST_F(ImportTest, a_row_with_an_open_quote_is_refused_and_the_others_go_in) {
  auto const report = run("id;nom;commune\n1;Bonne;Chambéry\n2;\"Ouverte;Chambéry\n");
  EXPECT_EQ(report.counts, (Counts{{RowOutcome::created, 1}, {RowOutcome::refused, 1}}));
  EXPECT_EQ(report.rows[1].line, 3U);
}

TEST_F(ImportTest, what_was_erased_with_an_objection_does_not_come_back_by_any_name_that_it_had) {
  auto const row = table({"7;Maison Effacée;3 rue des Essais;74150;Rumilly;74225;;;"});
  run(row);
  auto const copy = working("Maison Effacée");
  sync::EraseRequest request{.id = DocumentId::make(clock.now(), rng),
                             .node = instance.self,
                             .targets = {copy.key, public_key(copy)}};
  request.objection = object_to(instance, request.targets).value();
  EXPECT_EQ(request.objection.digests.size(), 2U)
      << "its row in the source, its name in its commune";
  auto const kept = store->commit(
      {.now = clock.now(),
       .documents = {
           {.key = {ScopeId::office(instance.self), request.id},
            .type = std::string(sync::kEraseRequestType),
            .fields = {{std::string(sync::kStatementField), sync::statement(request)}}}}});
  ASSERT_TRUE(kept);
  request = sync::read_request(*kept->front().document).value();
  ASSERT_TRUE(store->erase(request.targets, request.mark()));
  EXPECT_EQ(found("Maison Effacée"), nullptr) << "gone from the search";
  EXPECT_EQ(run(row).counts, (Counts{{RowOutcome::objected, 1}})) << "the same row";
  auto const renamed = table({"7;Maison Nouvelle;3 rue des Essais;74150;Rumilly;74225;;;"});
  EXPECT_EQ(run(renamed).counts, (Counts{{RowOutcome::objected, 1}})) << "its id in the source";
  EXPECT_EQ(run(row, options("ailleurs")).counts, (Counts{{RowOutcome::objected, 1}}))
      << "its name, from another source";
  auto const other = table({"8;Maison Voisine;5 rue des Essais;74150;Rumilly;74225;;;"});
  auto const report = run(other);
  EXPECT_EQ(report.counts, (Counts{{RowOutcome::created, 1}})) << "its neighbour";
}

}  // namespace
}  // namespace solidaires::service
