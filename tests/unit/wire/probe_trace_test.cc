// The worked trace of a probe in sync/PROTOCOL.md: the same sets and the same frames, so that the
// sizes which stand there are measured and stay true.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>

#include "sync/base/rng.h"
#include "sync/wire/frame_codec.h"

namespace solidaires::sync {
namespace {

constexpr std::size_t kDocuments = 250'000;
ScopeId const kScope = ScopeId::parse("public/isere").value();
constexpr Anchor kAnchor{Sequence{261'004}, Sequence{250'310}};

struct Trace {
  std::vector<std::size_t> bytes;  // of each Probe and each ProbeReply, in turn
  std::vector<DocumentId> only_here;
  bool equal = false;
};

Trace converse(DigestTree const& here, DigestTree const& there) {
  Trace trace;
  auto question = first_question(here);
  for (std::uint32_t serial = 1; !question.empty(); ++serial) {
    trace.bytes.push_back(encode_frame(Probe{kScope, serial, kAnchor, question, {}})->size());
    auto const given = answer(there, question);
    auto const outcome = given.equal ? ProbeOutcome::equal : ProbeOutcome::differs;
    trace.bytes.push_back(encode_frame(ProbeReply{kScope, serial, outcome, given})->size());
    trace.equal = given.equal;
    auto found = compare(here, question, given).value();
    trace.only_here.insert(trace.only_here.end(), found.only_here.begin(), found.only_here.end());
    question = std::move(found.next);
  }
  return trace;
}

// The numbers before "bytes" at the ends of the lines of the trace.
std::vector<std::size_t> sizes_in_the_document() {
  std::ifstream file(PROTOCOL_DOCUMENT);
  std::vector<std::size_t> sizes;
  bool inside = false;
  std::regex const size("(\\d+) bytes$");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("### ")) inside = line == "### A worked trace of a probe";
    std::smatch found;
    if (inside && std::regex_search(line, found, size)) sizes.push_back(std::stoul(found[1]));
  }
  return sizes;
}

TEST(ProbeTrace, in_the_document_has_the_sizes_that_are_measured) {
  SeededRng rng(2026);
  DigestTree isere;
  std::vector<KeyedFingerprint> all;
  for (std::size_t i = 0; i < kDocuments; ++i) {
    Fingerprint print{};
    auto const chance = rng.bytes(print.size());
    std::ranges::copy(chance, print.begin());
    all.push_back(
        {DocumentId::make(from_unix_ms(1'700'000'000'000 + static_cast<std::int64_t>(i)), rng),
         print});
    isere.set(all.back().id, print);
  }
  auto aura = isere;
  auto const lost = all[123'456].id;
  aura.set(lost, std::nullopt);
  auto const apart = converse(isere, aura);
  EXPECT_EQ(apart.only_here, std::vector{lost});
  aura.set(lost, all[123'456].fingerprint);
  auto const equal = converse(isere, aura);
  EXPECT_TRUE(equal.equal);
  auto measured = apart.bytes;
  measured.insert(measured.end(), equal.bytes.begin(), equal.bytes.end());
  EXPECT_EQ(sizes_in_the_document(), measured);
}

}  // namespace
}  // namespace solidaires::sync
