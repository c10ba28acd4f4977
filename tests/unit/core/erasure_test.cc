#include "sync/core/erasure.h"

#include <gtest/gtest.h>

#include "sync/base/rng.h"

namespace solidaires::sync {
namespace {

NodeName name(std::string_view text) {
  return NodeName::parse(text).value();
}

struct Papers {
  SeededRng rng{5};
  EraseRequest request{
      .id = DocumentId::make(from_unix_ms(1'700'000'000'000), rng),
      .node = name("isere"),
      .dot = {ReplicaId{7}, 41},
      .at = from_unix_ms(1'700'000'000'500),
      .targets = {{ScopeId::office(name("isere")), DocumentId::make(from_unix_ms(5), rng)},
                  {ScopeId::published(name("isere")), DocumentId::make(from_unix_ms(6), rng)}},
      .objection = {Bytes(16, 'k'), {Bytes(16, 'a'), Bytes(16, 'b')}}};
  [[nodiscard]] Document document() const {
    Document made{
        {ScopeId::office(request.node), request.id}, std::string(kEraseRequestType), {}, {}};
    write(made, {{std::string(kStatementField), statement(request)}}, {}, request.dot, request.at);
    return made;
  }
};

TEST(ErasurePapers, are_read_as_they_were_written) {
  Papers const papers;
  EXPECT_EQ(read_request(papers.document()).value(), papers.request);
  EraseOrder const order{papers.request, name("aura"), from_unix_ms(1'700'000'001'000)};
  EXPECT_EQ(read_order(statement(order)).value(), order);
  EraseReceipt const receipt{.order = papers.request.id,
                             .hub = name("aura"),
                             .node = name("isere"),
                             .replica = ReplicaId{7},
                             .at = from_unix_ms(9),
                             .issue = 2,
                             .erased = 1,
                             .versions = 12,
                             .history_entries = 3,
                             .held = {{papers.request.targets[0], from_unix_ms(3), "a court"}}};
  EXPECT_EQ(read_receipt(statement(receipt)).value(), receipt);
  SignedStatement const proof{statement(order), Bytes(64, 's'), "certificate"};
  EXPECT_EQ(read_signed(encode(proof)).value(), proof);
}

TEST(ErasurePapers, that_are_cut_or_continued_anywhere_are_refused) {
  Papers const papers;
  auto const whole = statement(EraseOrder{papers.request, name("aura"), from_unix_ms(1)});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(read_order(std::string_view(whole).substr(0, size)).error().code(), Code::invalid);
  }
  EXPECT_FALSE(read_order(whole + "x"));
  EXPECT_FALSE(read_receipt(whole)) << "a paper of another kind";
}

TEST(ErasurePapers, speak_for_their_own_node_alone) {
  Papers papers;
  auto moved = papers.document();
  moved.key.scope = ScopeId::office(name("savoie"));
  EXPECT_FALSE(read_request(moved));
  EXPECT_TRUE(check_rights(papers.request, {}));
  papers.request.node = name("savoie");
  EXPECT_EQ(check_rights(papers.request, {}).error().code(), Code::denied);
  EXPECT_TRUE(check_rights(papers.request, {name("isere")})) << "a hub, for a node of its network";
  papers.request.targets = {{ScopeId::network(name("aura")), papers.request.id}};
  EXPECT_FALSE(read_order(statement(EraseOrder{papers.request, name("aura"), from_unix_ms(1)})));
}

TEST(ErasurePapers, a_receipt_has_one_place) {
  Papers const papers;
  auto const id = receipt_id(papers.request.id, name("isere"));
  EXPECT_EQ(id, receipt_id(papers.request.id, name("isere")));
  EXPECT_NE(id, receipt_id(papers.request.id, name("savoie")));
  EXPECT_EQ(id.to_string().substr(0, 8), papers.request.id.to_string().substr(0, 8));
  EXPECT_EQ(id.to_string()[14], '7');
}

}  // namespace
}  // namespace solidaires::sync
