// What documents say of each other, and what does not lead anywhere.
#include "node/service/references.h"

#include <gmock/gmock.h>

#include "node/model/workflow.h"
#include "node/service/working_copy.h"
#include "schema/value.h"
#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReferencesTest : public testing::Test, protected World {
 protected:
  DocumentId id() { return DocumentId::make(clock.now(), rng); }
  void write(ScopeId const& scope, DocumentId const& id, std::vector<sync::FieldEdit> fields) {
    fields.emplace_back("name", "x");
    ASSERT_OK(store->commit(
        {.now = clock.now(),
         .documents = {{.key = {scope, id}, .type = "structure", .fields = std::move(fields)}}}));
  }
  // A record of this instance as publication leaves it.
  DocumentId published_record(std::vector<sync::FieldEdit> fields = {}) {
    auto const made = id();
    write(ScopeId::office(instance.self), made,
          {{std::string(engine::kState), std::string(model::state_name(model::State::published))}});
    write(ScopeId::published(instance.self), made, std::move(fields));
    return made;
  }
  static sync::FieldEdit naming(std::string field, DocumentId const& id) {
    return {std::move(field), schema::encode(schema::Value(id))};
  }
  ReferenceReport check() {
    auto report = check_references(store->view(), instance.self, {});
    EXPECT_TRUE(report) << report.error().to_string();
    return *std::move(report);
  }
  ScopeId const elsewhere_ = ScopeId::published(node_name("isere"));
};

TEST_F(ReferencesTest, that_lead_to_records_of_any_node_need_no_remark) {
  auto const far = id();
  write(elsewhere_, far, {});
  auto const near = published_record();
  published_record({naming("organizer", far), {cat("partners/", near.to_string()), Bytes("1")}});
  auto const report = check();
  EXPECT_EQ(report.records, 3U);
  EXPECT_EQ(report.references, 2U);
  EXPECT_THAT(report.remarks, IsEmpty());
}

TEST_F(ReferencesTest, to_what_is_not_here_are_named_with_both_ends) {
  auto const missing = id();
  auto const lost = id();
  auto const from = published_record(
      {naming("organizer", missing), {cat("partners/", lost.to_string()), Bytes("1")}});
  auto const report = check();
  EXPECT_EQ(report.references, 2U);
  EXPECT_EQ(report.remarks_in_all, 2U);
  EXPECT_THAT(report.remarks,
              testing::UnorderedElementsAre(
                  AllOf(HasSubstr(from.to_string()), HasSubstr(missing.to_string())),
                  AllOf(HasSubstr(from.to_string()), HasSubstr(lost.to_string()))));
}

TEST_F(ReferencesTest, to_a_record_that_was_withdrawn_are_named) {
  auto const gone = published_record();
  published_record({naming("organizer", gone)});
  ASSERT_OK(store->commit(
      {.now = clock.now(),
       .documents = {{.key = {ScopeId::published(instance.self), gone},
                      .type = "structure",
                      .fields = {{std::string(sync::kExistence), std::string(sync::kDeleted)}}}}}));
  // And its working copy says that it is public, which it is not.
  EXPECT_THAT(check().remarks,
              testing::UnorderedElementsAre(HasSubstr(cat("names the record ", gone.to_string())),
                                            HasSubstr("there is no public copy")));
}

TEST_F(ReferencesTest, of_the_two_copies_of_a_record_a_missing_one_is_named) {
  auto const alone = id();
  write(ScopeId::published(instance.self), alone, {});
  write(elsewhere_, id(), {});  // another node's: its working copy is not expected here
  EXPECT_THAT(check().remarks, ElementsAre(AllOf(HasSubstr(alone.to_string()),
                                                 HasSubstr("without a working copy"))));
}

TEST_F(ReferencesTest, are_counted_in_all_although_a_hundred_are_named) {
  for (int i = 0; i < 120; ++i) published_record({naming("organizer", id())});
  auto const report = check();
  EXPECT_EQ(report.remarks.size(), 100U);
  EXPECT_EQ(report.remarks_in_all, 120U);
}

}  // namespace
}  // namespace solidaires::service
