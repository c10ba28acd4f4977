// Questions and answers about the digests of sets, from a peer that may say anything: what is said
// back is valid and bounded, nothing is found that the own set contradicts, and an honest
// conversation of which bytes are spoilt comes to an end.
#include "sync/base/limits.h"
#include "sync/base/rng.h"
#include "sync/core/reconciliation.h"
#include "sync/wire/frame_codec.h"
#include "tests/fuzz/fuzz.h"

using namespace solidaires;
using namespace solidaires::sync;

namespace {

ScopeId const kScope = ScopeId::parse("public/isere").value();

struct Sets {
  DigestTree here, there;

  explicit Sets(fuzz::Choices& input) {
    SeededRng rng(input.byte());
    std::size_t const size = input.byte() * (input.below(4) == 0 ? 8 : 1);
    auto const apart = input.below(40);
    for (std::size_t i = 0; i < size; ++i) {
      auto const id = *DocumentId::from_bytes(rng.bytes(DocumentId::kSize));
      Fingerprint print{};
      print[0] = static_cast<std::uint8_t>(rng.below(256));
      auto const chance = i < apart ? rng.below(3) : 3;
      if (chance != 0) here.set(id, print);
      print[1] = chance == 2 ? 1 : 0;
      if (chance != 1) there.set(id, print);
    }
  }
};

std::optional<Question> as_question(std::string_view bytes) {
  auto frame = decode_frame(bytes);
  auto* const probe = frame ? std::get_if<Probe>(&*frame) : nullptr;
  if (probe == nullptr || !validate(probe->question)) return std::nullopt;
  return std::move(probe->question);
}

std::optional<Answer> as_answer(std::string_view bytes) {
  auto frame = decode_frame(bytes);
  auto* const reply = frame ? std::get_if<ProbeReply>(&*frame) : nullptr;
  if (reply == nullptr || !validate(reply->answer)) return std::nullopt;
  return std::move(reply->answer);
}

Bytes said(Answer const& answer) {
  SOL_CHECK(validate(answer));
  auto const bytes = encode_frame(ProbeReply{kScope, 1, ProbeOutcome::differs, answer});
  SOL_CHECK(bytes && bytes->size() <= limits::kFrameBytes);
  SOL_CHECK(as_answer(*bytes) == answer);
  return *bytes;
}

// What is left to be asked; nullopt: the answer is refused.
std::optional<Question> take(DigestTree const& here, Question const& asked, Answer const& given) {
  auto found = compare(here, asked, given);
  if (!found) {
    SOL_CHECK(found.error().code() == Code::invalid);
    return std::nullopt;
  }
  SOL_CHECK(validate(found->next));
  for (auto const& id : found->only_here) SOL_CHECK(here.find(id));
  for (auto const& id : found->different) SOL_CHECK(here.find(id));
  for (auto const& id : found->only_there) SOL_CHECK(!here.find(id));
  return std::move(found->next);
}

void converse(Sets const& sets, fuzz::Choices& input) {
  auto question = first_question(sets.here);
  for (std::uint32_t round = 0; !question.empty(); ++round) {
    SOL_CHECK(round <= limits::kProbeRounds);
    auto bytes = said(answer(sets.there, question));
    for (auto spoilt = input.empty() ? 0 : input.below(3); spoilt > 0; --spoilt) {
      std::size_t const at = input.byte() * 256U + input.byte();
      bytes[at % bytes.size()] = static_cast<char>(input.byte());
    }
    auto const given = as_answer(bytes);
    auto next = given ? take(sets.here, question, *given) : std::nullopt;
    if (!next) return;
    question = *std::move(next);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::Choices input(fuzz::as_bytes(data, size));
  auto const kind = input.below(3);
  Sets const sets(input);
  if (kind == 0) {
    if (auto const question = as_question(input.all())) said(answer(sets.there, *question));
  } else if (kind == 1) {
    auto const asked = as_question(input.part());
    auto const given = as_answer(input.all());
    if (given) take(sets.here, asked ? *asked : first_question(sets.here), *given);
  } else {
    converse(sets, input);
  }
  return 0;
}
