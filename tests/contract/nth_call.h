// What a store holds after any one call of its disk has failed: everything that was acknowledged,
// and of the commit that was under way all or nothing. A fixed course of commits runs once for
// every n with the n-th call failing, until the course meets no failure any more; then the store is
// opened again on a disk that works, and goes on. A bench:
//
//   class MyBench {  // default-constructed for each n: an empty store, always the same replica id
//    public:
//     ... all of replica_store_contract.h's, and
//     void fail(std::size_t n, Kind);  // from now on, the n-th call fails; and all after it
//     bool failed() const;             // it came to that
//     void recover();  // as after kill -9 and loss of power; from here on the disk works
//   };
//   every_nth_call_may_fail<MyBench>(kind, calls_min);
//
// fail() may open the store again, so that the calls of opening are counted too; if that fails,
// `opened()` says so and the course is not begun.
#pragma once

#include <gtest/gtest.h>

#include "sync/base/rng.h"
#include "sync/core/ports.h"
#include "tests/contract/feed_entry.h"

namespace solidaires::sync::nth_call {

enum class Kind : std::uint8_t {
  refused,  // the call does nothing
  half,     // it does something, or all of it, and says that it failed
};

inline ScopeId scope() {
  return ScopeId::parse("office/isere").value();
}

// Everything that one can see of a store; the same course leads to the same.
struct Seen {
  std::vector<Document> feed;
  Sequence cursor{};
  Bytes token;
  std::uint64_t counter = 0;
  friend bool operator==(Seen const&, Seen const&) = default;
};

template <class Bench>
Seen look(Bench& bench) {
  constexpr ReplicaId kPeer{0xbeef};
  auto& store = bench.store();
  Seen seen{
      {}, store.cursor(kPeer, scope()).value(), store.link_token(kPeer).value(), store.counter()};
  for (auto const& entry : store.read_feed(scope(), {}, 1000, 1UL << 24U, {}).value().entries) {
    auto document = document_of(entry);
    EXPECT_EQ(bench.find(document.key).value(), document);
    seen.feed.push_back(std::move(document));
  }
  return seen;
}

template <class Bench>
class Course {
 public:
  explicit Course(Bench& bench) : bench_(&bench) {
    SeededRng rng(5);
    for (auto& key : keys_) key = {scope(), DocumentId::make(from_unix_ms(1'000), rng)};
  }
  static constexpr std::size_t kSteps = 10;

  // One commit; each is durable and whole when it has been acknowledged.
  Result<> step(std::size_t number) {
    switch (number) {
      case 0: return write(0, "a");
      case 1: return apply(0, 5, {received(1, 1, "p"), received(2, 2, "q")});
      case 2: return bench_->store().keep_link_token(kPeer, "one");
      case 3: return write(0, Bytes(20'000, 'b'));
      case 4: return apply(5, 6, {received(0, 3, "met")});
      case 5: return apply(6, 9, {});
      case 6: return write(1, "ours");
      case 7: return bench_->store().keep_link_token(kPeer, "two");
      case 8: return apply(9, 12, {received(3, 4, Bytes(30'000, 'r')), received(2, 5, "q2")});
      default: return write(3, "end");
    }
  }

 private:
  static constexpr ReplicaId kPeer{0xbeef};

  Result<> write(std::size_t key, Bytes const& name) {
    SOL_ASSIGN(auto const found, bench_->find(keys_.at(key)));
    auto const written = bench_->write(keys_.at(key), "article",
                                       {{"name", name}, {std::string(kExistence), Bytes(kAlive)}},
                                       found ? found->context : Context{}, from_unix_ms(3'000));
    if (!written) return std::unexpected(written.error());
    return {};
  }
  Document received(std::size_t key, std::uint64_t counter, Bytes const& name) const {
    Document document{keys_.at(key), "article", {}, {}};
    sync::write(document, {{"name", name}, {std::string(kExistence), Bytes(kAlive)}}, {},
                {kPeer, counter}, from_unix_ms(2'000));
    return document;
  }
  Result<> apply(std::uint64_t previous, std::uint64_t last, std::vector<Document> documents) {
    return bench_->store().apply(
        {kPeer, scope(), Sequence{previous}, Sequence{last}, std::move(documents)});
  }

  Bench* bench_;
  std::array<DocumentKey, 4> keys_;
};

// What is to be seen after each number of steps, when nothing fails.
template <class Bench>
std::vector<Seen> stations() {
  Bench bench;
  Course<Bench> course(bench);
  std::vector<Seen> seen{look(bench)};
  for (std::size_t i = 0; i < Course<Bench>::kSteps; ++i) {
    auto const stepped = course.step(i);
    EXPECT_TRUE(stepped) << i << ": " << (stepped ? "" : stepped.error().to_string());
    seen.push_back(look(bench));
  }
  return seen;
}

// False: nothing failed, n is beyond the last call.
template <class Bench>
bool survives(std::size_t n, Kind kind, std::vector<Seen> const& stations) {
  Bench bench;
  Course<Bench> course(bench);
  bench.fail(n, kind);
  std::size_t done = 0;
  if (bench.opened()) {
    while (done < Course<Bench>::kSteps && course.step(done)) ++done;
  }
  bool const failed = bench.failed();
  if (bench.opened() && done < Course<Bench>::kSteps) {
    EXPECT_FALSE(bench.store().link_token(ReplicaId{0xbeef}))
        << "call " << n << ": a token is shown though a newer one may be on the disk";
  }
  EXPECT_TRUE(failed || done == Course<Bench>::kSteps);
  bench.recover();
  auto const seen = look(bench);
  bool const went_through = done < Course<Bench>::kSteps && seen == stations[done + 1];
  EXPECT_TRUE(seen == stations[done] || went_through)
      << "call " << n << " failed in step " << done << ": what is there is neither what was "
      << "acknowledged nor that and the whole step";
  for (std::size_t i = done + (went_through ? 1 : 0); i < Course<Bench>::kSteps; ++i) {
    EXPECT_TRUE(course.step(i)) << i;
  }
  bench.reopen();
  EXPECT_EQ(look(bench), stations.back()) << "call " << n;
  return failed;
}

template <class Bench>
void every_nth_call_may_fail(Kind kind, std::size_t calls_min) {
  auto const seen = stations<Bench>();
  std::size_t n = 1;
  while (survives<Bench>(n, kind, seen) && !testing::Test::HasFailure()) ++n;
  EXPECT_GT(n, calls_min) << "the course must reach the disk";
}

}  // namespace solidaires::sync::nth_call
