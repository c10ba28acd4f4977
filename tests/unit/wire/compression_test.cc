// Packed batches, and what a hostile peer makes of them.
#include "sync/wire/compression.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "sync/base/limits.h"
#include "sync/base/rng.h"
#include "sync/wire/frame_codec.h"

namespace solidaires::sync {
namespace {

ScopeId const kScope = ScopeId::parse("public/isere").value();

Bytes packed(std::string_view bytes) {
  Bytes out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 1));
  return out;
}

Batch batch_of(std::size_t documents, std::string const& text) {
  SeededRng rng(3);
  Batch batch;
  batch.scope = kScope;
  batch.generation = 1;
  batch.last = batch.head = Sequence{documents};
  for (std::size_t i = 0; i < documents; ++i) {
    Document document{{kScope, DocumentId::make(from_unix_ms(5), rng)}, "article", {}, {}};
    write(document, {{"text", text}}, {}, {ReplicaId{7}, i + 1}, from_unix_ms(5));
    batch.documents.push_back(std::move(document));
  }
  return batch;
}

// A frame that says field 7 of its batch holds `bytes`.
Bytes frame_with(Bytes const& bytes) {
  auto const varint = [](std::size_t value) {
    Bytes out;
    for (; value >= 0x80; value >>= 7U) out += static_cast<char>(value | 0x80U);
    return out + static_cast<char>(value);
  };
  Bytes const scope("\x0a\x07\x12\x05isere", 9);
  Bytes const batch = cat(scope, Bytes("\x10\x01\x20\x05", 4), '\x3a', varint(bytes.size()), bytes);
  return cat('\x2a', varint(batch.size()), batch);
}

TEST(Compression, gives_back_what_it_took_and_leaves_what_does_not_pay) {
  Bytes const text(100'000, 'x');
  auto const small = compress(text);
  ASSERT_TRUE(small);
  EXPECT_LT(small->size(), 1'000U);
  EXPECT_EQ(decompress(*small, text.size()).value(), text);
  SeededRng rng(4);
  EXPECT_FALSE(compress(rng.bytes(100'000))) << "chance does not become smaller";
  EXPECT_FALSE(compress(Bytes(100, 'x'))) << "too little to pay";
}

TEST(Compression, unpacks_nothing_larger_than_allowed) {
  auto const bomb = packed(Bytes(64UL << 20U, '\0'));
  ASSERT_LT(bomb.size(), 10'000U);
  EXPECT_EQ(decompress(bomb, limits::kFrameBytes).error().code(), Code::exhausted);
  EXPECT_EQ(decode_frame(frame_with(bomb)).error().code(), Code::exhausted);
}

TEST(Compression, believes_no_size_that_is_not_so) {
  Bytes const text(10'000, 'x');
  auto const good = packed(text);
  ASSERT_TRUE(decompress(good, text.size()));
  EXPECT_FALSE(decompress(good.substr(0, good.size() - 1), text.size())) << "cut short";
  EXPECT_FALSE(decompress(good + good, 10 * text.size())) << "two frames";
  EXPECT_FALSE(decompress(good + "x", text.size())) << "something behind";
  EXPECT_FALSE(decompress("", 10));
  EXPECT_FALSE(decompress("not zstd at all, really", 100));
  // Streamed frames do not say their size.
  auto* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  Bytes unsized(ZSTD_compressBound(text.size()), '\0');
  unsized.resize(ZSTD_compress2(context, unsized.data(), unsized.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  EXPECT_EQ(decompress(unsized, text.size()).error().code(), Code::corrupt);
  SeededRng rng(5);
  for (int round = 0; round < 3'000; ++round) {
    auto spoilt = good;
    for (auto flips = 1 + rng.below(4); flips > 0; --flips) {
      spoilt[rng.below(spoilt.size())] = static_cast<char>(rng.below(256));
    }
    auto const out = decompress(spoilt, text.size());
    if (out) EXPECT_LE(out->size(), text.size());
  }
}

TEST(Compression, packs_a_batch_only_when_told_and_only_if_it_pays) {
  auto const batch = batch_of(100, "the same words again and again");
  auto const plain = encode_frame(batch).value();
  auto const small = encode_frame(batch, Packing::zstd).value();
  EXPECT_LT(small.size(), plain.size() / 2);
  EXPECT_EQ(std::get<Batch>(decode_frame(small).value()).documents, batch.documents);
  EXPECT_EQ(std::get<Batch>(decode_frame(plain).value()).documents, batch.documents);
  auto const one = batch_of(1, "short");
  EXPECT_EQ(encode_frame(one, Packing::zstd).value(), encode_frame(one).value());
  EXPECT_EQ(encode_frame(Ping{7}, Packing::zstd).value(), encode_frame(Ping{7}).value());
}

TEST(Compression, holds_what_comes_out_to_the_limits_of_a_batch) {
  auto too_many = batch_of(limits::kBatchDocuments + 1, "x");
  auto const bytes = encode_frame(too_many, Packing::zstd).value();
  EXPECT_EQ(decode_frame(bytes).error().code(), Code::invalid);
  EXPECT_EQ(decode_frame(frame_with(packed(Bytes(600, '\xff')))).error().code(), Code::corrupt);
  EXPECT_EQ(decode_frame(frame_with("garbage")).error().code(), Code::corrupt);
}

}  // namespace
}  // namespace solidaires::sync
