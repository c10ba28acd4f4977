#include "tests/golden/protocol_1.h"

#include "sync/base/limits.h"

namespace solidaires::golden {
namespace {

using namespace sync;

ScopeId scope(std::string_view text) {
  return ScopeId::parse(text).value();
}
DocumentId id(std::string_view last) {
  return DocumentId::parse(cat("018bcfe5-6800-7000-8000-0000000000", last)).value();
}
ScopeId const kGroup = ScopeId::group(id("99"));
constexpr std::int64_t kNoon = 1'700'000'000'000;
constexpr ReplicaId kA{0x0102030405060708};
constexpr ReplicaId kB{0xf1f2f3f4f5f6f7f8};

Document written() {
  Document document{{scope("public/isere"), id("01")}, "article", {}, {}};
  document.fields["_existence"] = {{{kA, 7}, kNoon, "alive"}};
  document.fields["name"] = {{{kA, 7}, kNoon, "Le Pr\xc3\xa9"}};
  document.context.add({kA, 7});
  return document;
}

Document in_conflict() {
  auto document = written();
  document.fields["name"] = {{{kA, 8}, kNoon + 5, "Le Pr\xc3\xa9 vert"}, {{kB, 3}, kNoon + 9, ""}};
  document.fields["tags/food"] = {{{kA, 8}, kNoon + 5, Bytes("\x08\x01", 2)}};
  document.context.add({kA, 9});
  document.context.add({kB, 3});
  return document;
}

Document deleted() {
  Document document{{scope("office/isere"), id("02")}, "structure", {}, {}};
  document.fields["_existence"] = {{{kB, 4}, limits::kStampMsMax, "deleted"}};
  document.context.add({kB, 4});
  document.context.add({ReplicaId{1}, ~std::uint64_t{0}});
  return document;
}

Hello hello() {
  Hello hello;
  hello.protocol_min = 1;
  hello.protocol_max = 1;
  hello.features = 0;
  hello.node = NodeName::parse("isere").value();
  hello.replica = kB;
  hello.counter = 41;
  hello.link_token = "0123456789abcdef";
  hello.software = "solidaires 0.1.0";
  hello.model_version = make_model_version(1, 0);
  hello.wall_clock_ms = kNoon;
  return hello;
}

}  // namespace

std::vector<GoldenDocument> documents_of_version_1() {
  return {{"document-written", written()},
          {"document-conflict", in_conflict()},
          {"document-deleted", deleted()}};
}

std::vector<GoldenFrame> frames_of_version_1() {
  auto const office = scope("office/isere");
  auto const open = scope("public/isere");
  return {
      {"hello", hello()},
      {"welcome", Welcome{"fedcba9876543210"}},
      {"offer", Offer{{office, open, scope("network/aura"), kGroup}}},
      {"offer-empty", Offer{}},
      {"subscribe", Subscribe{office, Sequence{17}}},
      {"batch",
       Batch{open, 1, Sequence{17}, Sequence{19}, Sequence{20}, {written(), in_conflict()}, {}}},
      {"batch-empty", Batch{office, 2, Sequence{30}, Sequence{32}, Sequence{32}, {}, {}}},
      {"ack", Ack{office, 1, Sequence{19}}},
      {"nack-gap", Nack{office, 1, Sequence{17}, NackReason::gap, "expected a batch after 17"}},
      {"nack-quarantine", Nack{kGroup, 3, Sequence{0}, NackReason::quarantine, "not valid"}},
      {"status", Status{{{office, Sequence{19}, Sequence{17}}}, 2500, 1'000'000, 2, 3}},
      {"ping", Ping{7}},
      {"pong", Pong{~std::uint64_t{0}}},
      {"close", Close{CloseReason::busy, Millis{5000}, "come back later"}}};
}

std::string describe(sync::Document const& document) {
  auto out = cat("# ", document.key.scope.to_string(), " ", document.key.id.to_string(), " ",
                 document.type, "\n");
  for (auto const& [key, versions] : document.fields) {
    for (auto const& version : versions) {
      out += cat("# ", key, " = ", hex(version.value), " by ", to_string(version.dot.replica), "-",
                 version.dot.counter, " at ", version.stamp_ms, "\n");
    }
  }
  for (auto const& [replica, counter] : document.context.counters()) {
    out += cat("# context ", to_string(replica), " ", counter, "\n");
  }
  auto const print = sync::fingerprint(document);
  return cat(out, "# fingerprint ",
             hex({reinterpret_cast<char const*>(print.data()), print.size()}), "\n");
}

}  // namespace solidaires::golden
