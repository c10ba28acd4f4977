#include "sync/core/document.h"

#include <gtest/gtest.h>

#include <limits>

#include "sync/base/limits.h"
#include "sync/base/rng.h"
#include "sync/core/absorb.h"

namespace solidaires::sync {
namespace {

constexpr ReplicaId kHere{1};
constexpr ReplicaId kThere{2};

DocumentKey a_key() {
  SeededRng rng(3);
  return {ScopeId::office(NodeName::parse("isere").value()),
          DocumentId::make(from_unix_ms(1'700'000'000'000), rng)};
}

Document a_document() {
  Document document{a_key(), "article", {}, {}};
  write(document, {{"name", "one"}, {std::string(kExistence), Bytes(kAlive)}}, {}, {kHere, 1},
        from_unix_ms(1000));
  return document;
}

void edit(Document& document, std::string const& field, std::optional<Bytes> value, Dot dot,
          std::int64_t at_ms = 2000) {
  write(document, {{field, std::move(value)}}, document.context, dot, from_unix_ms(at_ms));
}

TEST(Document, an_edit_supersedes_exactly_what_its_author_saw) {
  auto document = a_document();
  auto const seen = document.context;
  edit(document, "name", "two", {kHere, 2});
  EXPECT_EQ(document.fields.at("name").size(), 1U);
  write(document, {{"name", "three"}}, seen, {kHere, 3}, from_unix_ms(3000));
  ASSERT_EQ(document.fields.at("name").size(), 2U) << "the author had not seen the second";
  EXPECT_EQ(conflicts(document), std::vector<std::string>{"name"});
  EXPECT_EQ(shown_value(document, "name"), "three");
  edit(document, "name", "settled", {kHere, 4});
  EXPECT_TRUE(conflicts(document).empty());
}

TEST(Document, edits_of_different_fields_on_two_sides_both_stand) {
  auto const base = a_document();
  auto ours = base;
  auto theirs = base;
  edit(ours, "name", "ours", {kHere, 2});
  edit(theirs, "phone", "0476", {kThere, 1});
  auto const merged = merge(ours, theirs);
  EXPECT_EQ(shown_value(merged, "name"), "ours");
  EXPECT_EQ(shown_value(merged, "phone"), "0476");
  EXPECT_TRUE(conflicts(merged).empty());
}

TEST(Document, edits_of_one_field_on_two_sides_are_a_conflict_and_both_are_kept) {
  auto const base = a_document();
  auto ours = base;
  auto theirs = base;
  edit(ours, "name", "ours", {kHere, 2}, 5000);
  edit(theirs, "name", "theirs", {kThere, 1}, 4000);
  auto const merged = merge(ours, theirs);
  EXPECT_EQ(merged.fields.at("name").size(), 2U);
  EXPECT_EQ(conflicts(merged), std::vector<std::string>{"name"});
  EXPECT_EQ(shown_value(merged, "name"), "ours") << "the highest stamp is shown";
  EXPECT_EQ(merge(theirs, ours), merged);
}

TEST(Document, the_same_value_written_on_two_sides_is_no_conflict_to_settle) {
  auto ours = a_document();
  auto theirs = ours;
  edit(ours, "name", "same", {kHere, 2});
  edit(theirs, "name", "same", {kThere, 1});
  auto const merged = merge(ours, theirs);
  EXPECT_EQ(merged.fields.at("name").size(), 2U) << "both dots are kept";
  EXPECT_TRUE(conflicts(merged).empty());
}

TEST(Document, a_deletion_that_met_an_edit_hides_whichever_came_later_and_loses_nothing) {
  for (std::int64_t const edited_at : {2000, 4000}) {
    auto ours = a_document();
    auto theirs = ours;
    edit(ours, std::string(kExistence), Bytes(kDeleted), {kHere, 2}, 3000);
    write(theirs, {{"name", "late"}, {std::string(kExistence), Bytes(kAlive)}}, theirs.context,
          {kThere, 1}, from_unix_ms(edited_at));
    auto const merged = merge(ours, theirs);
    EXPECT_FALSE(is_alive(merged)) << edited_at;
    EXPECT_EQ(conflicts(merged), std::vector<std::string>{std::string(kExistence)});
    EXPECT_EQ(shown_value(merged, "name"), "late");
  }
}

TEST(Document, a_deletion_stays_when_an_older_copy_comes_back) {
  auto const old = a_document();
  auto deleted = old;
  edit(deleted, std::string(kExistence), Bytes(kDeleted), {kHere, 2});
  EXPECT_EQ(merge(old, deleted), deleted);
  EXPECT_EQ(merge(deleted, old), deleted);
}

TEST(Document, an_element_of_a_set_that_was_removed_here_and_added_again_there_stays) {
  auto base = a_document();
  edit(base, "tags/food", "1", {kHere, 2});
  auto removed = base;
  auto added = base;
  edit(removed, "tags/food", std::nullopt, {kHere, 3});
  EXPECT_FALSE(removed.fields.contains("tags/food"));
  EXPECT_EQ(merge(base, removed), removed) << "removed, not merely missing";
  edit(added, "tags/food", "1", {kThere, 1});
  EXPECT_TRUE(merge(removed, added).fields.contains("tags/food"));
}

TEST(Document, a_cleared_field_shows_nothing_but_still_conflicts) {
  auto ours = a_document();
  auto theirs = ours;
  edit(ours, "name", "", {kHere, 2});
  EXPECT_EQ(shown_value(ours, "name"), std::nullopt);
  edit(theirs, "name", "kept", {kThere, 1});
  EXPECT_EQ(conflicts(merge(ours, theirs)), std::vector<std::string>{"name"});
}

TEST(Document, one_form_may_name_a_field_twice_and_the_last_word_counts) {
  auto document = a_document();
  write(document, {{"name", "first"}, {"name", "second"}}, document.context, {kHere, 2},
        from_unix_ms(2000));
  ASSERT_EQ(document.fields.at("name").size(), 1U);
  EXPECT_EQ(shown_value(document, "name"), "second");
}

TEST(Document, stamps_never_run_backwards_whatever_the_clock_says) {
  auto document = a_document();
  edit(document, "name", "b", {kHere, 2}, -50'000);
  EXPECT_EQ(highest_stamp_ms(document), 1001);
  constexpr auto kEndOfTime = std::numeric_limits<std::int64_t>::max();
  edit(document, "name", "c", {kHere, 3}, kEndOfTime);
  edit(document, "name", "d", {kHere, 4}, 5);
  EXPECT_EQ(highest_stamp_ms(document), limits::kStampMsMax);
  EXPECT_EQ(shown_value(document, "name"), "d");
  EXPECT_TRUE(validate(document)) << "what is written here can be sent";
}

TEST(Document, stamps_outside_the_calendar_are_refused) {
  for (auto const stamp_ms :
       {std::int64_t{-1}, limits::kStampMsMax + 1, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min()}) {
    auto document = a_document();
    document.fields.at("name").front().stamp_ms = stamp_ms;
    EXPECT_FALSE(validate(document)) << stamp_ms;
    document.fields.at("name").front().stamp_ms = limits::kStampMsMax;
    EXPECT_TRUE(validate(document));
  }
}

TEST(Document, a_merge_may_exceed_the_limits_of_a_copy_but_not_without_end) {
  auto const copy = [](std::uint64_t first) {
    auto document = a_document();
    for (std::uint64_t i = 0; i < limits::kContextReplicas - 1; ++i) {
      document.context.add({ReplicaId{first + i}, 1});
    }
    return document;
  };
  auto const two = merge(copy(1'000), copy(100'000));
  EXPECT_TRUE(validate(copy(1'000)));
  EXPECT_FALSE(validate(two));
  EXPECT_TRUE(validate_merged(two));
  EXPECT_FALSE(validate_merged(merge(two, copy(200'000))));
}

TEST(Document, ties_of_the_stamp_are_shown_alike_everywhere) {
  auto ours = a_document();
  auto theirs = ours;
  edit(ours, "name", "ours", {kHere, 2}, 9000);
  edit(theirs, "name", "theirs", {kThere, 1}, 9000);
  EXPECT_EQ(shown_value(merge(ours, theirs), "name"), "theirs") << "the greater replica id";
  EXPECT_EQ(shown_value(merge(theirs, ours), "name"), "theirs");
}

TEST(Document, the_fingerprint_is_the_one_of_the_protocol) {
  // sync/PROTOCOL.md, "Fingerprint", shows these very bytes.
  Document document{{ScopeId::parse("public/isere").value(),
                     DocumentId::parse("018bcfe5-6800-7000-8000-000000000001").value()},
                    "article",
                    {},
                    {}};
  write(document, {{"name", "Le Pr\xc3\xa9"}, {std::string(kExistence), Bytes(kAlive)}}, {},
        {ReplicaId{0x0102030405060708}, 7}, from_unix_ms(1'700'000'000'000));
  auto const print = fingerprint(document);
  EXPECT_EQ(hex({reinterpret_cast<char const*>(print.data()), print.size()}),
            "035041489f15ecd343933aaed3191a8b");
}

TEST(Document, the_fingerprint_changes_with_every_part_of_the_merge_state) {
  auto const document = a_document();
  auto const print = fingerprint(document);
  auto changed = document;
  changed.context.add({kThere, 1});
  EXPECT_NE(fingerprint(changed), print);
  changed = document;
  changed.fields.at("name").front().value += '\0';
  EXPECT_NE(fingerprint(changed), print);
  changed = document;
  changed.fields.at("name").front().stamp_ms += 1;
  EXPECT_NE(fingerprint(changed), print);
  changed = document;
  changed.key.scope = ScopeId::parse("public/isere").value();
  EXPECT_NE(fingerprint(changed), print);
  changed = document;
  changed.type = "event";
  EXPECT_NE(fingerprint(changed), print);
}

TEST(Validate, takes_what_write_and_merge_make) {
  auto ours = a_document();
  auto theirs = ours;
  edit(ours, "name", "a", {kHere, 2});
  edit(theirs, "name", "b", {kThere, 1});
  EXPECT_TRUE(validate(ours));
  EXPECT_TRUE(validate(merge(ours, theirs)));
}

TEST(Validate, refuses_each_thing_that_a_peer_could_get_wrong) {
  auto const good = a_document();
  auto const refuses = [&](auto&& spoil) {
    auto bad = good;
    spoil(bad);
    return !validate(bad).has_value();
  };
  auto const add = [](Document& d, std::string const& field, Bytes const& value) {
    edit(d, field, value, {kHere, 2});
  };
  EXPECT_TRUE(refuses([](Document& d) { d.key.id = {}; }));
  EXPECT_TRUE(refuses([](Document& d) { d.type.clear(); }));
  EXPECT_TRUE(refuses([](Document& d) { d.type = std::string(61, 'a'); }));
  EXPECT_TRUE(refuses([](Document& d) { d.type = "a\nb"; }));
  EXPECT_TRUE(refuses([](Document& d) { d.context = {}; }));
  EXPECT_TRUE(refuses([](Document& d) { d.fields["empty"]; }));
  EXPECT_TRUE(refuses([](Document& d) { d.fields.at("name").push_back(d.fields["name"][0]); }));
  EXPECT_TRUE(refuses([](Document& d) { d.fields.at("name").front().dot.counter = 0; }));
  EXPECT_TRUE(refuses([&](Document& d) { add(d, std::string(kExistence), "maybe"); }));
  EXPECT_TRUE(refuses([&](Document& d) { add(d, "", "a"); }));
  EXPECT_TRUE(refuses([&](Document& d) { add(d, std::string(201, 'k'), "a"); }));
  EXPECT_TRUE(
      refuses([&](Document& d) { add(d, "big", Bytes(limits::kFieldValueBytes + 1, 'x')); }));
  for (auto const* key : {"tab\t", "\x7f", "\xff", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xc2\x85", "\xe2\x82"}) {
    EXPECT_TRUE(refuses([&](Document& d) { add(d, key, "a"); })) << hex(key);
  }
  EXPECT_FALSE(
      refuses([&](Document& d) { add(d, "t\xc3\xa9l\xc3\xa9phone/\xf0\x9f\x8c\xb1", "a"); }));
}

TEST(Validate, counts_fields_versions_replicas_and_bytes) {
  auto many = a_document();
  for (std::uint64_t i = 2; i < 2 + limits::kDocumentFields; ++i) {
    edit(many, cat("f", i), "x", {kHere, i});
  }
  EXPECT_FALSE(validate(many));
  auto crowded = a_document();
  for (std::uint64_t i = 1; i <= limits::kVersionsPerField; ++i) {
    write(crowded, {{"name", cat(i)}}, {}, {ReplicaId{100 + i}, 1}, from_unix_ms(1));
  }
  EXPECT_FALSE(validate(crowded));
  auto travelled = a_document();
  for (std::uint64_t i = 0; i < limits::kContextReplicas; ++i) {
    travelled.context.add({ReplicaId{1000 + i}, 1});
  }
  EXPECT_FALSE(validate(travelled));
  auto heavy = a_document();
  for (std::uint64_t i = 2; i < 7; ++i) {
    edit(heavy, cat("f", i), Bytes(limits::kFieldValueBytes, 'x'), {kHere, i});
  }
  EXPECT_FALSE(validate(heavy));
}

TEST(Absorb, names_the_peer_as_origin_only_when_it_has_all_that_we_have) {
  auto const theirs = a_document();
  auto const fresh = absorb(nullptr, theirs, kThere);
  EXPECT_TRUE(fresh.changed);
  EXPECT_EQ(fresh.origin, kThere);

  auto ours = theirs;
  EXPECT_FALSE(absorb(&ours, theirs, kThere).changed);
  auto newer = theirs;
  edit(newer, "name", "newer", {kThere, 5});
  EXPECT_EQ(absorb(&ours, newer, kThere).origin, kThere);
  edit(ours, "phone", "04", {kHere, 2});
  auto const mixed = absorb(&ours, newer, kThere);
  EXPECT_TRUE(mixed.changed);
  EXPECT_EQ(mixed.origin, std::nullopt);
  EXPECT_FALSE(absorb(&mixed.document, newer, kThere).changed);
}

TEST(Absorb, takes_a_write_of_an_equal_value_for_the_change_that_it_is) {
  auto ours = a_document();
  auto theirs = ours;
  edit(theirs, "name", "one", {kThere, 1});
  EXPECT_TRUE(absorb(&ours, theirs, kThere).changed);
}

FieldVersion a_mark(Dot dot = {kHere, 9}) {
  return {dot, 5000, Bytes(16, 'o')};
}

TEST(Document, an_erasure_leaves_a_stub_that_names_its_order_and_nothing_else) {
  auto document = a_document();
  edit(document, "name", "two", {kThere, 4});
  auto const left = erased(document, a_mark());
  EXPECT_TRUE(is_erased(left));
  EXPECT_FALSE(is_alive(left));
  EXPECT_EQ(left.type, "article");
  ASSERT_EQ(left.fields.size(), 2U);
  EXPECT_EQ(left.fields.at(std::string(kErased)), std::vector{a_mark()});
  EXPECT_EQ(left.fields.at(std::string(kExistence)).front().value, kDeleted);
  EXPECT_TRUE(left.context.covers(document.context) && left.context.covers(a_mark().dot));
  EXPECT_TRUE(validate(left));
  EXPECT_EQ(erased(left, a_mark({kThere, 99})),
            merge(left, erased(document, a_mark({kThere, 99}))));
}

TEST(Document, an_edit_that_the_erasure_had_not_seen_is_erased_too) {
  auto const left = erased(a_document(), a_mark());
  auto edited = a_document();
  edit(edited, "name", "edited elsewhere", {kThere, 1});
  auto const merged = merge(edited, left);
  EXPECT_EQ(merged.fields, left.fields);
  EXPECT_TRUE(merged.context.covers(Dot{kThere, 1})) << "so that older instances drop it as well";
  // Even one who had seen the mark, and wrote over it, does not bring the document back.
  auto refilled = left;
  refilled.fields.clear();
  edit(refilled, "name", "again", {kThere, 7});
  EXPECT_EQ(merge(left, refilled).fields, left.fields);
}

TEST(Absorb, values_beside_the_mark_of_an_erasure_are_not_stored) {
  auto mixed = erased(a_document(), a_mark());
  mixed.fields["name"] = {{{kThere, 3}, 2000, "from an older instance"}};
  mixed.context.add({kThere, 3});
  auto const absorbed = absorb(nullptr, mixed, kThere);
  EXPECT_EQ(absorbed.document.fields.size(), 2U);
  EXPECT_FALSE(absorbed.origin) << "the peer must be sent the stub";
  auto const again = absorb(&absorbed.document, absorbed.document, kThere);
  EXPECT_FALSE(again.changed);
}

TEST(Document, a_mark_that_names_no_order_is_refused) {
  auto document = erased(a_document(), a_mark());
  document.fields.at(std::string(kErased)).front().value = "short";
  EXPECT_FALSE(validate(document));
}

}  // namespace
}  // namespace solidaires::sync
