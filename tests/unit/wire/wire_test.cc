#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "sync/base/limits.h"
#include "sync/base/rng.h"
#include "sync/wire/document_codec.h"
#include "sync/wire/frame_codec.h"

namespace solidaires::sync {
namespace {

ScopeId scope(std::string_view text) {
  return ScopeId::parse(text).value();
}

Document a_document(std::uint64_t seed = 1, ScopeId const& of = scope("public/isere")) {
  SeededRng rng(seed);
  Document document{
      {of, DocumentId::make(from_unix_ms(1'700'000'000'000), rng)}, "article", {}, {}};
  for (std::uint64_t counter = 1; counter < 6; ++counter) {
    Context const seen = rng.below(2) == 0 ? document.context : Context{};
    write(document, {{cat("f", rng.below(3)), rng.bytes(rng.below(20))}}, seen,
          {ReplicaId{rng.next()}, counter},
          from_unix_ms(static_cast<std::int64_t>(rng.next() >> 2U)));
  }
  return document;
}

RangeSplit a_split() {
  RangeSplit split{KeyRange{0x3200000000000000, 2}, {}};
  for (std::uint64_t i = 0; i < split.parts.size(); ++i) split.parts.at(i) = {i * i, ~i};
  return split;
}

std::vector<Frame> one_of_each() {
  SeededRng rng(5);
  Hello hello;
  hello.features = 1ULL << 63U;
  hello.node = NodeName::parse("savoie-mont-blanc").value();
  hello.replica = ReplicaId{0xfedcba9876543210};
  hello.counter = ~0ULL;
  hello.link_token = Bytes("\0\xff", 2);
  hello.software = "solidaires 0.1.0";
  hello.model_version = 12;
  hello.wall_clock_ms = -5;
  auto const office = scope("office/isere");
  auto const group = ScopeId::group(DocumentId::make(from_unix_ms(5), rng));
  return {
      hello,
      Welcome{"token"},
      Offer{{office, scope("public/isere"), scope("network/aura"), group}},
      Subscribe{group, Sequence{~0ULL}},
      Batch{scope("public/isere"),
            3,
            Sequence{1},
            Sequence{5},
            Sequence{9},
            {a_document(1), a_document(2)},
            {}},
      Ack{office, 3, Sequence{5}},
      Nack{office, 3, Sequence{1}, NackReason::quarantine, "why not"},
      Status{{{office, Sequence{9}, Sequence{5}}}, 1200, 1, 2, 3},
      Ping{7},
      Pong{7},
      Close{CloseReason::rolled_back, Millis{60'000}, "backup"},
      Probe{office, 9, {Sequence{4}, Sequence{~0ULL}}, {RangeDigest{3, {1, 2, 255}}, {}, {}}, {}},
      Probe{office,
            10,
            {},
            {{}, {a_split()}, {KeyRange{0x7000000000000000, 1}}},
            {DocumentId::make(from_unix_ms(6), rng), DocumentId::make(from_unix_ms(7), rng)}},
      ProbeReply{office, 9, ProbeOutcome::equal, {true, {}, {}}},
      ProbeReply{
          group,
          10,
          ProbeOutcome::differs,
          {false,
           {a_split()},
           {{KeyRange{0x8000000000000000, 1}, {{DocumentId::make(from_unix_ms(8), rng), {7}}}}}}},
      Batch{scope("public/isere"), 0, {}, {}, {}, {a_document(3)}, {}, true},
      BlobWant{4, group, DocumentId::make(from_unix_ms(6), rng), rng.bytes(32), 1ULL << 40U},
      BlobChunk{4, rng.bytes(32), BlobAnswer::bytes, 262'144, 262'150, "ending"},
      Withdraw{{scope("public/savoie"), group}},
      Withdrawn{{scope("public/savoie")}}};
}

TEST(FrameCodec, refuses_probes_beyond_their_limits) {
  auto const office = scope("office/isere");
  auto const refused = [](Frame const& frame) {
    return decode_frame(encode_frame(frame).value()).error().code();
  };
  Probe probe{office, 1, {}, {}, {}};
  for (unsigned i = 0; i <= limits::kProbeRanges; ++i) {
    probe.question.lists.push_back({std::uint64_t{i} << 52U, 3});
  }
  EXPECT_EQ(refused(probe), Code::invalid);
  probe.question.lists = {KeyRange{1, 1}};
  EXPECT_EQ(refused(probe), Code::invalid) << "digits beyond its depth";
  probe.question.lists.clear();
  probe.wants.assign(limits::kRepairDocuments + 1, DocumentId{});
  EXPECT_EQ(refused(probe), Code::invalid);
  ProbeReply reply{office, 1, ProbeOutcome::differs, {}};
  reply.answer.listings.push_back({{}, {}});
  reply.answer.listings[0].items.resize(limits::kProbeListItems + 1);
  EXPECT_EQ(refused(reply), Code::invalid);
}

TEST(DocumentCodec, gives_back_what_it_took) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    auto const document = a_document(seed);
    auto const back = decode_document(encode_document(document), document.key.scope);
    ASSERT_TRUE(back) << seed;
    EXPECT_EQ(*back, document);
    EXPECT_EQ(fingerprint(*back), fingerprint(document));
  }
}

TEST(DocumentCodec, knows_the_size_of_what_it_would_write) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    auto const document = a_document(seed);
    EXPECT_EQ(encoded_size(document), encode_document(document).size()) << seed;
  }
  Document edges{{scope("public/isere"), a_document().key.id}, "", {}, {}};
  edges.fields["cleared"] = {{{ReplicaId{0}, 0}, 0, ""}, {{ReplicaId{~0ULL}, ~0ULL}, -1, ""}};
  edges.fields[std::string(200, 'k')] = {
      {{ReplicaId{1}, 128}, limits::kStampMsMax, Bytes(200'000, 'v')}};
  edges.context.add({ReplicaId{0}, 0});
  edges.context.add({ReplicaId{7}, 127});
  EXPECT_EQ(encoded_size(edges), encode_document(edges).size());
}

TEST(DocumentCodec, carries_no_scope) {
  auto const document = a_document();
  auto const back = decode_document(encode_document(document), scope("office/isere")).value();
  EXPECT_EQ(back.key.scope, scope("office/isere"));
  EXPECT_EQ(encode_document(document).find("isere"), Bytes::npos);
}

TEST(DocumentCodec, refuses_what_is_out_of_order_or_not_a_document) {
  auto const of = scope("office/isere");
  EXPECT_EQ(decode_document("", of).error().code(), Code::corrupt);
  EXPECT_EQ(decode_document("\xff\xff\xff", of).error().code(), Code::corrupt);
  // id, then the field "b" before the field "a", each with one version of replica 1.
  Bytes const id = Bytes("\x0a\x10", 2) + Bytes(16, 'i');
  auto const field = [](char key, std::string const& versions) {
    return Bytes("\x1a", 1) + static_cast<char>(3 + versions.size()) + Bytes("\x0a\x01", 2) + key +
           versions;
  };
  auto const version = [](char replica) {
    return Bytes("\x12\x09\x09", 3) + replica + Bytes(7, '\0');
  };
  EXPECT_TRUE(decode_document(id + field('a', version(1)) + field('b', version(1)), of));
  EXPECT_FALSE(decode_document(id + field('b', version(1)) + field('a', version(1)), of));
  EXPECT_FALSE(decode_document(id + field('a', version(1)) + field('a', version(1)), of));
  EXPECT_TRUE(decode_document(id + field('a', version(1) + version(2)), of));
  EXPECT_FALSE(decode_document(id + field('a', version(2) + version(1)), of));
  EXPECT_FALSE(decode_document(id + field('a', version(1) + version(1)), of));
  EXPECT_FALSE(decode_document(id + field('a', ""), of)) << "a field without a version";
  EXPECT_FALSE(decode_document(id + field('\xff', version(1)), of)) << "keys are UTF-8";
}

TEST(FrameCodec, gives_back_each_kind) {
  auto const frames = one_of_each();
  std::set<std::size_t> kinds;
  for (auto const& frame : frames) kinds.insert(frame.index());
  ASSERT_EQ(kinds.size(), std::variant_size_v<Frame> - 1) << "all but UnknownFrame";
  for (std::size_t i = 0; i < frames.size(); ++i) {
    auto const bytes = encode_frame(frames[i]);
    ASSERT_TRUE(bytes) << frame_name(frames[i]);
    auto back = decode_frame(*bytes);
    ASSERT_TRUE(back) << frame_name(frames[i]);
    if (auto* const batch = std::get_if<Batch>(&*back)) batch->encoded.clear();
    EXPECT_EQ(*back, frames[i]) << frame_name(frames[i]);
  }
}

TEST(FrameCodec, gives_the_bytes_of_documents_as_they_came_and_passes_them_on_as_they_are) {
  Batch batch{scope("public/isere"), 1, Sequence{1}, Sequence{3}, Sequence{3}, {}, {}};
  // A later version may have said more than this one reads.
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    batch.encoded.push_back(encode_document(a_document(seed)) + Bytes("\x7a\x04more", 6));
  }
  for (auto const packing : {Packing::none, Packing::zstd}) {
    auto const back = std::get<Batch>(decode_frame(encode_frame(batch, packing).value()).value());
    EXPECT_EQ(back.encoded, batch.encoded);
    ASSERT_EQ(back.documents.size(), 3U);
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      auto expected = a_document(seed);
      expected.key.scope = batch.scope;
      EXPECT_EQ(back.documents[seed], expected);
    }
  }
}

TEST(FrameCodec, has_no_word_for_the_scope_local) {
  EXPECT_EQ(encode_frame(Subscribe{ScopeId::local(), Sequence{1}}).error().code(), Code::invalid);
  EXPECT_EQ(encode_frame(Offer{{ScopeId::local()}}).error().code(), Code::invalid);
  EXPECT_FALSE(encode_frame(Batch{}).has_value());
}

TEST(FrameCodec, lists_the_documents_it_cannot_read_and_keeps_the_others) {
  auto const good = a_document();
  auto const document = encode_document(good);
  Bytes batch("\x0a\x07\x12\x05isere", 9);    // scope: published "isere"
  batch += Bytes("\x18\x01\x20\x02", 4);      // previous 1, last 2
  batch += Bytes("\x32\x03\xff\xff\xff", 5);  // not a document
  batch += Bytes("\x32", 1) + static_cast<char>(document.size() & 0x7fU);
  ASSERT_LT(document.size(), 4096U);
  batch.back() = static_cast<char>(0x80U | (document.size() & 0x7fU));
  batch += static_cast<char>(document.size() >> 7U);
  batch += document;
  Bytes frame("\x2a", 1);
  frame += static_cast<char>(0x80U | (batch.size() & 0x7fU));
  frame += static_cast<char>(batch.size() >> 7U);
  auto const decoded = decode_frame(frame + batch);
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  auto const& back = std::get<Batch>(*decoded);
  EXPECT_EQ(back.unreadable.size(), 1U);
  EXPECT_EQ(back.documents, std::vector{good});
}

TEST(FrameCodec, tells_a_frame_of_a_later_version_from_no_frame) {
  auto const later = decode_frame(Bytes("\xc2\x02\x00", 3));  // field 40, of length 0
  ASSERT_TRUE(later);
  EXPECT_EQ(std::get<UnknownFrame>(*later).number, 40U);
  EXPECT_EQ(decode_frame("").error().code(), Code::corrupt);
}

TEST(FrameCodec, takes_reasons_of_a_later_version_for_other) {
  auto const close = decode_frame(Bytes("\x5a\x02\x08\x63", 4)).value();
  EXPECT_EQ(std::get<Close>(close).reason, CloseReason::other);
}

TEST(FrameCodec, skips_kinds_of_scope_that_it_does_not_know) {
  // An offer of office "isere" and of a scope whose kind is field 9.
  auto const offer = decode_frame(Bytes("\x1a\x0e\x0a\x07\x0a\x05isere\x0a\x03\x4a\x01x", 16));
  ASSERT_TRUE(offer) << offer.error().to_string();
  EXPECT_EQ(std::get<Offer>(*offer).scopes, std::vector{scope("office/isere")});
}

TEST(FrameCodec, refuses_impossible_names_and_too_much_of_anything) {
  EXPECT_EQ(decode_frame(Bytes("\x22\x09\x0a\x07\x0a\x05ISERE", 11)).error().code(), Code::invalid);
  EXPECT_EQ(decode_frame(Bytes("\x22\x00", 2)).error().code(), Code::invalid);
  EXPECT_EQ(decode_frame(Bytes(limits::kFrameBytes + 1, '\0')).error().code(), Code::exhausted);
  Batch batch{scope("public/isere"), 1, Sequence{0}, Sequence{1}, Sequence{1}, {}, {}};
  for (std::uint64_t i = 0; i <= limits::kBatchDocuments; ++i) {
    batch.documents.push_back(a_document(i));
  }
  EXPECT_EQ(decode_frame(encode_frame(batch).value()).error().code(), Code::invalid);
  EXPECT_EQ(decode_frame(encode_frame(Welcome{Bytes(65, 't')}).value()).error().code(),
            Code::invalid);
  batch.documents.assign(5, a_document());
  for (auto& document : batch.documents) {
    document.fields.begin()->second.front().value = Bytes(1UL << 20U, 'x');
  }
  EXPECT_EQ(encode_frame(batch).error().code(), Code::invalid);
}

TEST(FrameCodec, cuts_a_text_for_people_between_characters) {
  std::string text(limits::kFrameTextBytes - 1, 'x');
  text += "\xc3\xa9 and more";
  auto const back = decode_frame(encode_frame(Close{CloseReason::busy, Millis{1}, text}).value());
  EXPECT_EQ(std::get<Close>(back.value()).detail, std::string(limits::kFrameTextBytes - 1, 'x'));
}

// The largest that validate() takes, in each direction: bytes, versions, replicas.
TEST(FrameCodec, a_document_at_its_limits_fits_a_frame) {
  Document document{a_document().key, "article", {}, {}};
  for (std::uint64_t i = 0; i < limits::kContextReplicas; ++i) {
    document.context.add({ReplicaId{~i}, ~0ULL});
  }
  auto many_versions = document;
  for (std::uint64_t f = 0; f < 400; ++f) {
    auto& versions = many_versions.fields[cat("field", f)];
    for (std::uint64_t v = limits::kVersionsPerField; v > 0; --v) {
      versions.push_back({{ReplicaId{~(v - 1)}, ~0ULL}, limits::kStampMsMax, ""});
    }
  }
  auto large_values = document;
  for (std::uint64_t f = 0; f < 4; ++f) {
    large_values.fields[cat(f)] = {{{ReplicaId{~f}, ~0ULL}, 1, Bytes(262'000, 'x')}};
  }
  for (auto const& full : {many_versions, large_values}) {
    auto const valid = validate(full);
    ASSERT_TRUE(valid) << valid.error().message();
    Batch const batch{full.key.scope, 1, Sequence{0}, Sequence{1}, Sequence{1}, {full}, {}};
    EXPECT_TRUE(encode_frame(batch));
  }
}

TEST(FrameCodec, never_crashes_on_spoilt_bytes) {
  SeededRng rng(9);
  auto const frames = one_of_each();
  for (int round = 0; round < 4000; ++round) {
    auto bytes = encode_frame(frames[rng.below(frames.size())]).value();
    for (auto flips = rng.below(4); flips > 0 && !bytes.empty(); --flips) {
      bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    }
    if (rng.below(3) == 0) bytes.resize(rng.below(bytes.size() + 1));
    auto const back = decode_frame(bytes);
    if (!back || std::holds_alternative<UnknownFrame>(*back)) continue;
    EXPECT_TRUE(encode_frame(*back)) << "what was taken can be said again";
  }
}

TEST(FrameCodec, never_crashes_on_bytes_of_chance) {
  EXPECT_TRUE(rc::check([](std::string const& bytes) {
    auto const frame = decode_frame(bytes);
    RC_ASSERT(frame || !frame.error().message().empty());
    auto const document = decode_document(bytes, ScopeId::parse("office/isere").value());
    RC_ASSERT(document || document.error().code() == Code::corrupt);
  }));
}

}  // namespace
}  // namespace solidaires::sync
