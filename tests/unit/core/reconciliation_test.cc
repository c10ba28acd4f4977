// The digest tree and the questions asked of it, without any session: two sets, and what it takes
// to find where they differ.
#include "sync/core/reconciliation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "sync/base/limits.h"
#include "sync/base/rng.h"

namespace solidaires::sync {
namespace {

using Set = std::map<DocumentId, Fingerprint>;

DocumentId some_id(Rng& rng) {
  return DocumentId::from_bytes(rng.bytes(DocumentId::kSize)).value();
}

Fingerprint some_print(Rng& rng) {
  Fingerprint print{};
  for (auto& byte : print) byte = static_cast<std::uint8_t>(rng.below(256));
  return print;
}

DigestTree tree_of(Set const& set) {
  DigestTree tree;
  for (auto const& [id, print] : set) tree.set(id, print);
  return tree;
}

Set some_set(Rng& rng, std::size_t size) {
  Set set;
  while (set.size() < size) set[some_id(rng)] = some_print(rng);
  return set;
}

std::vector<KeyedFingerprint> listed(Set const& set) {
  std::vector<KeyedFingerprint> items;
  for (auto const& [id, print] : set) items.push_back({id, print});
  return items;
}

// Asks until nothing is left to ask, as a session does; `there` answers.
struct Search {
  std::size_t rounds = 0;
  std::size_t ranges_max = 0;
  bool equal = false;
  std::vector<DocumentId> only_here;
  std::vector<DocumentId> only_there;
  std::vector<DocumentId> different;
};

Search search(DigestTree const& here, DigestTree const& there) {
  Search result;
  auto question = first_question(here);
  while (!question.empty()) {
    ++result.rounds;
    EXPECT_TRUE(validate(question));
    auto const given = answer(there, question);
    EXPECT_TRUE(validate(given));
    result.ranges_max = std::max({result.ranges_max, question.splits.size() + question.lists.size(),
                                  given.splits.size() + given.listings.size()});
    result.equal = given.equal;
    auto const found = compare(here, question, given);
    EXPECT_TRUE(found);
    if (!found) break;
    auto const take = [](auto& to, auto const& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    take(result.only_here, found->only_here);
    take(result.only_there, found->only_there);
    take(result.different, found->different);
    question = found->next;
  }
  return result;
}

TEST(DigestTree, tells_the_same_whatever_the_way_that_led_there) {
  SeededRng rng(3);
  auto const set = some_set(rng, 3000);
  auto const straight = tree_of(set);
  DigestTree winding;
  auto const passing = some_set(rng, 500);
  for (auto const& [id, print] : passing) winding.set(id, print);
  for (auto at = set.rbegin(); at != set.rend(); ++at) {
    winding.set(at->first, some_print(rng));
    winding.set(at->first, at->second);
  }
  for (auto const& [id, print] : passing) winding.set(id, std::nullopt);
  EXPECT_EQ(straight.digest(), winding.digest());
  EXPECT_EQ(straight.all(), listed(set));
  EXPECT_EQ(winding.all(), listed(set));
  for (unsigned digit = 0; digit < 16; ++digit) {
    auto const range = KeyRange{}.child(digit).child(7);
    EXPECT_EQ(straight.digest(range), winding.digest(range));
  }
}

TEST(DigestTree, the_parts_of_a_range_hold_what_the_range_holds_at_every_depth) {
  SeededRng rng(4);
  auto const tree = tree_of(some_set(rng, 20'000));
  KeyRange range;
  while (tree.count(range) > 0 && range.depth < KeyRange::kDepthMax) {
    std::uint64_t sum = 0;
    KeyRange fullest = range.child(0);
    for (unsigned digit = 0; digit < 16; ++digit) {
      auto const child = range.child(digit);
      EXPECT_TRUE(range.holds(child));
      sum += tree.count(child);
      EXPECT_EQ(tree.items(child, 100'000).size(), tree.count(child));
      if (tree.count(child) > tree.count(fullest)) fullest = child;
    }
    EXPECT_EQ(sum, tree.count(range));
    range = fullest;
  }
}

// The example of PROTOCOL.md: another implementation must come to the same bytes.
TEST(DigestTree, gives_the_bytes_that_the_protocol_page_gives) {
  auto const id = DocumentId::parse("018bcfe5-6800-7000-8000-000000000001").value();
  auto const bytes = from_hex("035041489f15ecd343933aaed3191a8b").value();
  Fingerprint print{};
  std::ranges::copy(bytes, print.begin());
  auto const hexed = [](SetDigest const& digest) {
    return hex({reinterpret_cast<char const*>(digest.data()), digest.size()});
  };
  EXPECT_EQ(DigestTree::position(id), 0x70def05b0260e725ULL);
  EXPECT_EQ(hexed(tree_of({{id, print}}).digest().digest), "bfbeb33dcea6c6633075ea2181b4b0bc");
  EXPECT_EQ(hexed(DigestTree().digest().digest), "0ac6d76e6eacbc5b502d893a63d08c8a");
}

TEST(DigestTree, binds_a_fingerprint_to_its_document) {
  SeededRng rng(5);
  auto const a = some_id(rng);
  auto const b = some_id(rng);
  auto const x = some_print(rng);
  auto const y = some_print(rng);
  EXPECT_NE(tree_of({{a, x}, {b, y}}).digest(), tree_of({{a, y}, {b, x}}).digest());
  EXPECT_NE(tree_of({{a, x}, {b, x}}).digest(), tree_of({}).digest()) << "no sum cancels out";
  EXPECT_EQ(tree_of({{a, x}}).find(a), x);
  EXPECT_EQ(tree_of({{a, x}}).find(b), std::nullopt);
}

TEST(Reconciliation, equal_sets_need_one_question) {
  SeededRng rng(6);
  for (std::size_t const size :
       {std::size_t{0}, std::size_t{1}, std::size_t{33}, std::size_t{5000}}) {
    auto const tree = tree_of(some_set(rng, size));
    auto const result = search(tree, tree);
    EXPECT_EQ(result.rounds, 1U);
    EXPECT_TRUE(result.equal);
  }
}

TEST(Reconciliation, finds_exactly_what_differs_in_few_rounds) {
  SeededRng rng(7);
  for (int trial = 0; trial < 60; ++trial) {
    auto const common = some_set(rng, rng.below(3) == 0 ? rng.below(40) : rng.below(8000));
    auto here = common;
    auto there = common;
    std::vector<DocumentId> only_here;
    std::vector<DocumentId> only_there;
    std::vector<DocumentId> different;
    for (auto k = rng.below(13); k > 0; --k) {
      auto const id = some_id(rng);
      bool const ours = rng.below(2) == 0;
      (ours ? here : there)[id] = some_print(rng);
      (ours ? only_here : only_there).push_back(id);
    }
    for (auto const& [id, print] : common) {
      if (different.size() == 3) break;
      there[id] = some_print(rng);
      different.push_back(id);
    }
    for (auto* ids : {&only_here, &only_there, &different}) std::ranges::sort(*ids);
    auto result = search(tree_of(here), tree_of(there));
    for (auto* ids : {&result.only_here, &result.only_there, &result.different}) {
      std::ranges::sort(*ids);
    }
    EXPECT_EQ(result.only_here, only_here);
    EXPECT_EQ(result.only_there, only_there);
    EXPECT_EQ(result.different, different);
    EXPECT_LE(result.rounds, 4U) << common.size();
    EXPECT_LE(result.ranges_max, limits::kProbeRanges);
  }
}

TEST(Reconciliation, bounded_searches_that_mend_what_they_find_end_with_equal_sets) {
  SeededRng rng(8);
  auto here = some_set(rng, 3000);
  auto there = some_set(rng, 2000);  // nothing in common
  std::size_t searches = 0;
  for (bool equal = false; !equal && searches < 100; ++searches) {
    auto const result = search(tree_of(here), tree_of(there));
    equal = result.equal;
    for (auto const& id : result.only_here) there[id] = here[id];
    for (auto const& id : result.only_there) here[id] = there[id];
    EXPECT_LE(result.rounds, limits::kProbeRounds);
  }
  EXPECT_EQ(here, there);
  EXPECT_EQ(here.size(), 5000U);
}

TEST(Reconciliation, an_empty_replica_is_told_of_everything_in_pieces) {
  SeededRng rng(9);
  auto const full = tree_of(some_set(rng, 2000));
  auto const lost = search(DigestTree(), full);
  EXPECT_FALSE(lost.only_there.empty());
  EXPECT_TRUE(lost.only_here.empty());
  EXPECT_FALSE(search(full, DigestTree()).only_here.empty());
}

TEST(Reconciliation, refuses_questions_out_of_order_overlapping_or_too_large) {
  RangeSplit const root{};
  RangeSplit const inner{KeyRange{}.child(1), {}};
  EXPECT_TRUE(validate(Question{{}, {root}, {}}));
  EXPECT_FALSE(validate(Question{{}, {root, inner}, {}})) << "one lies within the other";
  EXPECT_FALSE(validate(Question{{}, {inner, inner}, {}}));
  EXPECT_FALSE(validate(Question{{}, {{KeyRange{}.child(2), {}}, inner}, {}}));
  EXPECT_FALSE(validate(Question{{}, {}, {KeyRange{1, 1}}})) << "digits beyond the depth";
  EXPECT_FALSE(validate(Question{{}, {}, {KeyRange{0, 17}}}));
  EXPECT_FALSE(validate(Question{{}, {RangeSplit{KeyRange{0, 16}, {}}}, {}}));
  std::vector<KeyRange> many;
  for (unsigned i = 0; i <= limits::kProbeRanges; ++i) {
    many.push_back({std::uint64_t{i} << 52U, 3});
  }
  EXPECT_FALSE(validate(Question{{}, {}, many}));
  many.pop_back();
  EXPECT_TRUE(validate(Question{{}, {}, many}));
}

TEST(Reconciliation, refuses_answers_to_what_was_not_asked) {
  SeededRng rng(10);
  auto const set = some_set(rng, 500);
  auto const tree = tree_of(set);
  auto const range = KeyRange{}.child(3);
  Question const asked{{}, {}, {range}};
  EXPECT_FALSE(compare(tree, asked, Answer{false, {{KeyRange{}.child(4), {}}}, {}}));
  EXPECT_FALSE(compare(tree, asked, Answer{false, {}, {{KeyRange{}, {}}}}));
  EXPECT_TRUE(compare(tree, asked, Answer{false, {}, {{range, {}}}}));
  auto const stranger = tree.items(KeyRange{}.child(5), 1);
  EXPECT_FALSE(validate(Answer{false, {}, {{range, stranger}}})) << "not of the range";
}

// A peer that answers anything at all is asked a bounded number of questions: each is deeper than
// the one before.
TEST(Reconciliation, a_peer_that_lies_cannot_keep_the_search_going) {
  SeededRng rng(11);
  auto const tree = tree_of(some_set(rng, 2000));
  auto question = first_question(tree);
  std::size_t rounds = 0;
  while (!question.empty() && rounds < 100) {
    ++rounds;
    Answer lie;
    std::vector<KeyRange> ranges = question.lists;
    if (question.whole) ranges.emplace_back();
    for (auto const& split : question.splits) ranges.push_back(split.range.child(0));
    std::ranges::sort(ranges);
    for (auto const& range : ranges) {
      if (range.depth == KeyRange::kDepthMax) continue;
      RangeSplit split{range, {}};
      for (auto& part : split.parts) part = {1'000'000, rng.next()};
      lie.splits.push_back(split);
    }
    auto const found = compare(tree, question, lie);
    ASSERT_TRUE(found);
    question = found->next;
    EXPECT_LE(question.splits.size() + question.lists.size(), limits::kProbeRanges);
  }
  EXPECT_LE(rounds, KeyRange::kDepthMax + 1U);
}

}  // namespace
}  // namespace solidaires::sync
