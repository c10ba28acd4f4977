#include "node/service/reports.h"

#include <gmock/gmock.h>

#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class ReportsTest : public testing::Test, protected World {
 protected:
  ReportsTest()
      : queue(*store, clock, rng, mail::Sender{"portail@exemple.fr", "Portail"}),
        reports(instance, queue) {}

  Report file(std::string what = "L’adresse a changé") {
    return reports
        .file({.kind = ReportKind::error,
               .page = "/structures/x",
               .what = std::move(what),
               .answer_to = "claude@exemple.fr"},
              {})
        .value();
  }
  mail::Queue queue;
  Reports reports;
};

TEST_F(ReportsTest, reach_those_who_moderate_and_nobody_else) {
  file();
  auto const moderator = somebody("animateur", "Alix");
  auto const seen = reports.list(moderator).value();
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].what, "L’adresse a changé");
  EXPECT_EQ(seen[0].answer_to, "claude@exemple.fr");
  EXPECT_EQ(seen[0].state, ReportState::open);
  EXPECT_EQ(reports.open(moderator), 1U);
  auto const member = somebody("member", "Sacha");
  EXPECT_EQ(reports.list(member).error().code(), Code::denied);
  EXPECT_EQ(reports.open(member), 0U);
  EXPECT_EQ(reports.settle(member, instance.self, seen[0].id.to_string(), ReportState::done, "")
                .error()
                .code(),
            Code::denied);
}

TEST_F(ReportsTest, keep_the_decision_and_forget_the_address) {
  auto const filed = file();
  auto const moderator = somebody("animateur", "Alix");
  ASSERT_OK(reports.settle(moderator, instance.self, filed.id.to_string(), ReportState::done,
                           "Corrigée"));
  auto const seen = reports.list(moderator).value().at(0);
  EXPECT_EQ(seen.state, ReportState::done);
  EXPECT_EQ(seen.note, "Corrigée");
  EXPECT_EQ(seen.settled_by, "Alix");
  EXPECT_EQ(seen.answer_to, "");
  EXPECT_EQ(reports.open(moderator), 0U);
  EXPECT_EQ(reports.settle(moderator, instance.self, filed.id.to_string(), ReportState::dropped, "")
                .error()
                .code(),
            Code::conflict)
      << "settled already";
  EXPECT_EQ(
      reports.settle(moderator, instance.self, "nonsense", ReportState::done, "").error().code(),
      Code::not_found);
}

TEST_F(ReportsTest, an_address_is_in_no_document_and_goes_after_ninety_days) {
  auto const filed = file();
  auto const stored = store->get({ScopeId::office(instance.self), filed.id}).value();
  for (auto const& [field, versions] : stored->document.fields) {
    for (auto const& version : versions) EXPECT_EQ(version.value.find("claude"), Bytes::npos);
  }
  clock.pass(kReportAddressLife);
  EXPECT_EQ(reports.list(somebody("animateur", "Alix")).value().at(0).answer_to, "");
}

TEST_F(ReportsTest, are_mailed_with_the_report_or_kept_without) {
  auto const write = [](Report const&) {
    return mail::Letter{.to = "equipe@exemple.fr", .subject = "!", .text = "?"};
  };
  ASSERT_OK(reports.file({.what = "x"}, write));
  EXPECT_EQ(queue.counts().queued, 1U);
  mail::Queue off(*store, clock, rng, std::nullopt);
  Reports without(instance, off);
  ASSERT_OK(without.file({.what = "y"}, write));
  EXPECT_THAT(without.list(somebody("animateur", "Alix")).value(), SizeIs(2));
}

}  // namespace
}  // namespace solidaires::service
