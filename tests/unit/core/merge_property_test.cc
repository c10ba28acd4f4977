// The algebra of merge, on states that replicas can really reach: a history of writes at several
// replicas, with forms rendered earlier, and copies that met in any order.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "sync/base/rng.h"
#include "sync/core/document.h"

namespace solidaires::sync {
namespace {

using Copies = std::vector<Document>;

// Plays `steps` as instructions for a few replicas; gives every state that a copy ever had.
Copies reachable(std::vector<std::uint32_t> const& steps) {
  constexpr std::size_t kReplicas = 4;
  SeededRng ids(1);
  Document const empty{
      {ScopeId::parse("office/isere").value(), DocumentId::make(from_unix_ms(1), ids)},
      "article",
      {},
      {}};
  Copies now(kReplicas, empty);
  std::vector<std::uint64_t> counters(kReplicas, 0);
  std::vector<Context> forms(kReplicas);
  Copies all;
  for (auto const step : steps) {
    auto const replica = step % kReplicas;
    auto const what = (step / 4) % 8;
    auto const field = cat("f", (step / 32) % 3);
    auto const value = cat("v", (step / 96) % 3);
    auto const other = (step / 288) % kReplicas;
    Dot const dot{static_cast<ReplicaId>(replica + 1), counters[replica] + 1};
    auto const edit = [&](std::vector<FieldEdit> const& edits, Context const& seen) {
      if (is_erased(now[replica])) return;  // as every store refuses it
      ++counters[replica];
      write(now[replica], edits, seen, dot, from_unix_ms(step % 7));
    };
    auto const seen = now[replica].context;
    switch (what) {
      case 0: forms[replica] = seen; break;
      case 1: edit({{field, value}}, forms[replica]); break;
      case 2: edit({{field, std::nullopt}}, seen); break;
      case 3: edit({{std::string(kExistence), Bytes(kDeleted)}}, seen); break;
      case 4: edit({{field, ""}, {std::string(kExistence), Bytes(kAlive)}}, seen); break;
      case 5: edit({{field, value}}, seen); break;
      case 6:
        if (step / 288 % 4 == 0) {
          now[replica] =
              erased(now[replica], {dot, step % 7, Bytes(16, static_cast<char>('a' + step % 3))});
          ++counters[replica];
          break;
        }
        [[fallthrough]];
      default: now[replica] = merge(now[replica], now[other]); break;
    }
    all.push_back(now[replica]);
  }
  if (all.empty()) all.push_back(empty);
  return all;
}

Document const& pick(Copies const& copies, std::size_t index) {
  return copies[index % copies.size()];
}

using Steps = std::vector<std::uint32_t>;

TEST(Merge, does_not_depend_on_order) {
  EXPECT_TRUE(rc::check([](Steps const& steps, std::size_t i, std::size_t j) {
    auto const copies = reachable(steps);
    auto const& a = pick(copies, i);
    auto const& b = pick(copies, j);
    RC_ASSERT(merge(a, b) == merge(b, a));
  }));
}

TEST(Merge, does_not_depend_on_grouping) {
  EXPECT_TRUE(rc::check([](Steps const& steps, std::size_t i, std::size_t j, std::size_t k) {
    auto const copies = reachable(steps);
    auto const& a = pick(copies, i);
    auto const& b = pick(copies, j);
    auto const& c = pick(copies, k);
    RC_ASSERT(merge(merge(a, b), c) == merge(a, merge(b, c)));
  }));
}

TEST(Merge, does_nothing_the_second_time) {
  EXPECT_TRUE(rc::check([](Steps const& steps, std::size_t i, std::size_t j) {
    auto const copies = reachable(steps);
    auto const merged = merge(pick(copies, i), pick(copies, j));
    RC_ASSERT(merge(merged, pick(copies, i)) == merged);
    RC_ASSERT(merge(merged, merged) == merged);
  }));
}

TEST(Merge, gives_one_digest_for_any_shuffling_with_repeats) {
  EXPECT_TRUE(rc::check([](Steps const& steps, std::uint64_t seed) {
    auto copies = reachable(steps);
    auto const fold = [&] {
      auto folded = copies.front();
      for (auto const& copy : copies) folded = merge(folded, copy);
      return fingerprint(folded);
    };
    auto const straight = fold();
    SeededRng rng(seed);
    for (std::size_t i = copies.size() / 2; i > 0; --i) {
      copies.push_back(pick(copies, rng.below(copies.size())));
    }
    for (std::size_t i = copies.size() - 1; i > 0; --i) {
      std::swap(copies[i], copies[rng.below(i + 1)]);
    }
    RC_ASSERT(fold() == straight);
  }));
}

// The merge of instances that know no erasure: to them the mark is a field like any other.
Document merge_of_old(Document a, Document b) {
  auto const rename = [](Document& document, std::string_view from, std::string_view to) {
    auto node = document.fields.extract(std::string(from));
    if (node.empty()) return;
    node.key() = to;
    document.fields.insert(std::move(node));
  };
  rename(a, kErased, "old");
  rename(b, kErased, "old");
  auto merged = merge(a, b);
  rename(merged, "old", kErased);
  return merged;
}

TEST(Merge, never_brings_back_what_was_erased) {
  EXPECT_TRUE(rc::check([](Steps const& steps, std::size_t i, std::size_t j) {
    auto const copies = reachable(steps);
    auto const& a = pick(copies, i);
    auto const& b = pick(copies, j);
    if (!is_erased(a) && !is_erased(b)) return;
    auto const merged = merge(a, b);
    RC_ASSERT(is_erased(merged) && !is_alive(merged) && conflicts(merged).empty());
    RC_ASSERT(merged.fields.size() == 2U);
    RC_ASSERT(merged.fields.at(std::string(kErased)).size() == 1U);
    RC_ASSERT(validate(merged).has_value());
  }));
}

TEST(Merge, converges_with_instances_that_know_no_erasure) {
  EXPECT_TRUE(rc::check([](Steps const& steps, std::size_t i, std::size_t j) {
    auto const copies = reachable(steps);
    auto here = pick(copies, i);
    auto old = pick(copies, j);
    if (!is_erased(here) && !is_erased(old)) return;
    // Each sends its copy to the other, until neither has anything new: three rounds are enough.
    for (int round = 0; round < 3; ++round) {
      here = merge(here, old);
      drop_if_erased(here);
      old = merge_of_old(old, here);
    }
    RC_ASSERT(is_erased(here));
    RC_ASSERT(fingerprint(old) == fingerprint(here));
  }));
}

TEST(Merge, keeps_what_makes_a_document_valid) {
  EXPECT_TRUE(rc::check([](Steps const& steps, std::size_t i, std::size_t j) {
    auto const copies = reachable(steps);
    auto const& a = pick(copies, i);
    auto const merged = merge(a, pick(copies, j));
    RC_ASSERT(validate(merged).has_value());
    RC_ASSERT(merged.context.covers(a.context));
    for (auto const& [key, versions] : merged.fields) {
      RC_ASSERT(std::ranges::is_sorted(versions, {}, &FieldVersion::dot));
    }
  }));
}

}  // namespace
}  // namespace solidaires::sync
