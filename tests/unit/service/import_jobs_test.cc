#include "node/service/import_jobs.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

using testing::HasSubstr;
using Counts = std::map<RowOutcome, std::size_t>;

class ImportJobsTest : public testing::Test, protected World {
 protected:
  ImportJobsTest() { open_catalogue(); }

  std::unique_ptr<ImportJobs> open() {
    return std::make_unique<ImportJobs>(instance, real_places(), files_.path() / "imports");
  }
  ImportJob add(std::string_view contents, std::string_view name = "liste 2026.csv") {
    auto const path = files_.path() / "upload";
    std::ofstream(path, std::ios::binary) << contents;
    auto const job = jobs->add(moderator, path, name, "structure").value();
    jobs->carry_out({});
    return again(job);
  }
  ImportJob again(ImportJob const& job) { return jobs->get(moderator, job.id.to_string()).value(); }
  ImportJob order(ImportJob const& job, ImportState what, std::stop_token const& stop = {}) {
    clock.pass(Millis(1000));
    EXPECT_TRUE(jobs->order(moderator, job.id.to_string(), what));
    jobs->carry_out(stop);
    return again(job);
  }

  TemporaryDirectory files_;
  Actor moderator = somebody("animateur", "Camille");
  std::unique_ptr<ImportJobs> jobs = open();
};

std::string rows(int count) {
  std::string out = "id;nom;commune\n";
  for (int i = 0; i < count; ++i) out += cat(i, ";Maison ", i, ";Annecy\n");
  return out;
}

TEST_F(ImportJobsTest, outside_goes_through_the_queue_and_only_those_who_may_publish_do) {
  auto job = add(rows(2));
  EXPECT_EQ(job.state, ImportState::ready);
  EXPECT_EQ(job.source, "liste-2026");
  EXPECT_EQ(job.as, ImportAs::submitted);
  job.as = ImportAs::published;
  ASSERT_TRUE(jobs->choose(moderator, job));
  EXPECT_EQ(again(job).as, ImportAs::published);
}

TEST_F(ImportJobsTest, a_file_that_cannot_be_read_says_why) {
  auto const job = add("%PDF-1.7 rien", "tableau.csv");
  EXPECT_EQ(job.state, ImportState::failed);
  EXPECT_THAT(job.said, HasSubstr("PDF"));
  EXPECT_FALSE(jobs->order(moderator, job.id.to_string(), ImportState::importing));
}

TEST_F(ImportJobsTest, an_agenda_is_taken_for_events) {
  auto const job =
      add("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Fête\r\nDTSTART:20261212T140000Z\r\n"
          "END:VEVENT\r\nEND:VCALENDAR\r\n");
  EXPECT_EQ(job.type, "event");
  EXPECT_EQ(jobs->look(job).value().rows.front().title, "Fête");
}

TEST_F(ImportJobsTest, what_a_stop_interrupts_goes_on_after_it_as_the_same_batch) {
  auto const job = add(rows(450));
  std::stop_source stop;
  stop.request_stop();
  auto const interrupted = order(job, ImportState::importing, stop.get_token());
  EXPECT_EQ(interrupted.state, ImportState::importing) << "nothing is lost, and it is not over";
  EXPECT_EQ(store->count("structure", ScopeId::office(instance.self)), 200U);
  jobs = open();  // another start of the program
  jobs->recover();
  jobs->carry_out({});
  auto const done = again(job);
  EXPECT_EQ(done.state, ImportState::done);
  EXPECT_THAT(done.said, HasSubstr("a repris de lui-même"));
  EXPECT_EQ(done.batch, interrupted.batch);
  EXPECT_EQ(done.counts, (Counts{{RowOutcome::created, 250}, {RowOutcome::unchanged, 200}}));
  EXPECT_EQ(store->count("structure", ScopeId::office(instance.self)), 450U);
  EXPECT_THAT(order(job, ImportState::undoing).said, HasSubstr("450 fiches retirées"));
  EXPECT_EQ(store->count("structure", ScopeId::office(instance.self)), 0U);
}

TEST_F(ImportJobsTest, what_waits_can_be_given_up_and_what_is_over_is_not_ordered_again) {
  auto const job = add(rows(3));
  ASSERT_TRUE(jobs->order(moderator, job.id.to_string(), ImportState::importing));
  ASSERT_FALSE(jobs->order(moderator, job.id.to_string(), ImportState::importing)) << "twice";
  ASSERT_TRUE(jobs->cancel(moderator, job.id.to_string()));
  jobs->carry_out({});
  EXPECT_EQ(again(job).state, ImportState::ready);
  EXPECT_EQ(store->count("structure", ScopeId::office(instance.self)), 0U);
  auto const done = order(job, ImportState::importing);
  EXPECT_EQ(done.state, ImportState::done);
  auto const second = jobs->order(moderator, job.id.to_string(), ImportState::importing);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::conflict);
}

TEST_F(ImportJobsTest, the_report_is_filtered_and_defuses_formulas) {
  auto const job = order(add("id;nom\n1;=1+1\n2;\n3;@mail\n"), ImportState::trying);
  EXPECT_TRUE(job.tried);
  EXPECT_EQ(store->count("structure", ScopeId::office(instance.self)), 0U);
  EXPECT_EQ(jobs->report(job, "").value().size(), 3U);
  auto const refused = jobs->report(job, "refusees").value();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused.front().line, "3");
  auto const file = jobs->report_file(job).value();
  EXPECT_THAT(file, HasSubstr("\"'=1+1\""));
  EXPECT_THAT(file, HasSubstr("\"'@mail\""));
}

TEST_F(ImportJobsTest, forgetting_a_job_removes_its_files_and_no_record) {
  auto const job = order(add(rows(1)), ImportState::importing);
  ASSERT_TRUE(jobs->forget(moderator, job.id.to_string()));
  EXPECT_TRUE(std::filesystem::is_empty(files_.path() / "imports"));
  EXPECT_TRUE(jobs->list(moderator).value().empty());
  EXPECT_EQ(store->count("structure", ScopeId::office(instance.self)), 1U);
}

TEST_F(ImportJobsTest, files_go_after_a_month_and_what_became_of_them_stays) {
  auto const job = order(add(rows(1)), ImportState::importing);
  clock.pass(std::chrono::duration_cast<Millis>(kImportFileLife) + Millis(1));
  jobs->recover();
  EXPECT_FALSE(jobs->head(job));
  EXPECT_EQ(jobs->report(job, "").value().size(), 1U);
  EXPECT_TRUE(jobs->order(moderator, job.id.to_string(), ImportState::undoing));
}

}  // namespace
}  // namespace solidaires::service
