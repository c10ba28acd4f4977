#include "tests/golden/store_1.h"

#include "sync/base/check.h"
#include "tests/contract/feed_entry.h"
#include "tests/golden/protocol_1.h"

namespace solidaires::golden {
namespace {

constexpr ReplicaId kPeer{0xf1f2f3f4f5f6f7f8};
constexpr Instant kNoon{Millis(1'700'000'000'000)};

class FixedClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return kNoon + Millis(5000); }
};

ScopeId scope(std::string_view text) {
  return ScopeId::parse(text).value();
}
std::vector<ScopeId> const kScopes{scope("office/isere"), scope("public/isere")};

void fill(store::Store& store, Rng& rng) {
  sync::DocumentKey const first{kScopes[0], DocumentId::make(kNoon, rng)};
  sync::DocumentKey const second{kScopes[0], DocumentId::make(kNoon, rng)};
  auto const commit = [&](Millis after, std::vector<store::DocumentEdit> documents) {
    SOL_CHECK(store.commit({.now = kNoon + after,
                            .author = "ann",
                            .reason = "golden",
                            .documents = std::move(documents)}));
  };
  commit(Millis(1),
         {{.key = first, .type = "structure", .fields = {{"name", "un"}, {"tags/a", "x"}}},
          {.key = second, .type = "article", .fields = {{"title", "deux"}}}});
  commit(Millis(2), {{.key = first, .fields = {{"name", "un, relu"}, {"tags/a", std::nullopt}}}});
  auto theirs = store.get(first).value()->document;
  sync::write(theirs, {{"name", "leur mot"}}, {}, {kPeer, 5}, kNoon + Millis(3));
  SOL_CHECK(store.apply({kPeer, kScopes[0], sync::Sequence{0}, sync::Sequence{9}, {theirs}}));
  commit(Millis(4),
         {{.key = second, .fields = {{std::string(sync::kExistence), Bytes(sync::kDeleted)}}}});
  for (auto const& [name, document] : documents_of_version_1()) {
    auto const at = store.cursor(kPeer, document.key.scope).value();
    SOL_CHECK(store.apply({kPeer,
                           document.key.scope,
                           at,
                           sync::Sequence{static_cast<std::uint64_t>(at) + 1},
                           {document}}));
  }
  SOL_CHECK(store.keep_link_token(kPeer, "kept token"));
  SOL_CHECK(store.commit(
      {.now = kNoon,
       .local = {{.key = "session/1", .value = "secret", .expires_at = kNoon + Millis(1'000'000)},
                 {.key = "for ever", .value = "value"}},
       .blobs = {{Bytes(32, 'h'), store::BlobRecord{10, 5, "image/png", kNoon}}}}));
}

}  // namespace

store::Indexer indexer() {
  return {"golden", [](sync::Document const& document) {
            std::vector<store::IndexEntry> entries;
            if (auto const name = sync::shown_value(document, "name")) {
              entries.push_back({"name", Bytes(*name)});
            }
            return entries;
          }};
}

void write_store_1(std::filesystem::path const& directory) {
  SeededRng rng(1);
  FixedClock const clock;
  auto opened = store::Store::open(directory, {.indexer = indexer(), .rng = &rng, .clock = &clock});
  SOL_CHECK(opened.has_value());
  fill(**opened, rng);
}

Result<std::string> describe(store::Store const& store) {
  auto out = cat("replica ", to_string(store.replica()), " counter ", store.counter(), "\n");
  for (auto const& scope : kScopes) {
    SOL_ASSIGN(auto const page,
               store.read_feed(scope, sync::Sequence{0}, 1000, 1UL << 20, ReplicaId{}));
    SOL_ASSIGN(auto const cursor, store.cursor(kPeer, scope));
    out += cat(scope.to_string(), " head ", static_cast<std::uint64_t>(page.head), " cursor ",
               static_cast<std::uint64_t>(cursor), "\n");
    for (auto const& entry : page.entries) {
      out += cat("sequence ", static_cast<std::uint64_t>(entry.sequence), " origin ",
                 entry.origin ? to_string(*entry.origin) : "none", "\n",
                 describe(sync::document_of(entry)));
      SOL_ASSIGN(auto const history, store.view().history(entry.document.key, 100));
      out += cat("history of ", history.size(), "\n");
    }
  }
  SOL_ASSIGN(auto const token, store.link_token(kPeer));
  SOL_ASSIGN(auto const kept, store.local("for ever", kNoon));
  SOL_ASSIGN(auto const session, store.local("session/1", kNoon));
  return cat(out, "token ", token, "\nlocal ", kept.value_or("none"), " ", session.value_or("none"),
             "\nstructures ", store.count("structure"), " articles ", store.count("article"), "\n");
}

}  // namespace solidaires::golden
