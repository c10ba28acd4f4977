#include "node/service/duplicates.h"

#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

class DuplicatesTest : public testing::Test, protected World {
 protected:
  WorkingCopy structure(std::string_view name, schema::FormFields const& more = {}) {
    schema::FormFields form{
        {"siret", ""}, {"siren", ""}, {"rna", ""}, {"phone", ""}, {"website", ""}};
    for (auto const& [key, value] : more) {
      form.erase(key);
      form.emplace(key, value);
    }
    return published("structure", structure_form(name, form));
  }
  static schema::FormFields on(std::string const& day) {
    return {{"schedule.start_date", day}, {"schedule.end_date", day}};
  }
  std::size_t open_pairs() { return duplicates.list(moderator, std::nullopt, 0, 50).value().total; }
  Result<WorkingCopy> unite(WorkingCopy const& kept, WorkingCopy const& other,
                            TakenFields const& taken = {}, bool owner = false) {
    return editorial.unite(moderator,
                           {.kept = kept.key,
                            .other = other.key,
                            .kept_seen = kept.basis.seen,
                            .other_seen = other.basis.seen,
                            .record = united(*kept.type, kept.record, other.record, taken),
                            .owner_of_other = owner});
  }
  std::size_t count_of(std::vector<std::string> types, std::string words) {
    ListQuery query;
    query.types = std::move(types);
    query.words = std::move(words);
    return catalogue->find(query).value().total;
  }
  std::variant<RecordPtr, Gone, NotHere> at(std::string_view path) {
    return catalogue->at(*real_model().type("structure"), path.substr(path.rfind('/') + 1)).value();
  }

  Duplicates duplicates{instance};
  Actor const moderator = somebody("animateur", "Camille");
  Actor const member = somebody("member", "Inès");
};

TEST_F(DuplicatesTest, records_are_paired_by_what_they_share_the_surest_first) {
  structure("Épicerie de la gare", {{"phone", "04 50 00 00 01"}});
  structure("EPICERIE DE LA GARE", {{"website", "https://www.epicerie.example/"}});
  structure("Le Panier", {{"phone", "04 50 00 00 01"}});
  structure("L’Épi", {{"website", "http://epicerie.example"}});
  structure("Seule", {{"phone", "04 50 00 00 09"}});
  auto const found = duplicates.list(moderator, std::nullopt, 0, 50).value();
  std::string told;
  for (auto const& pair : found.pairs) told += cat(pair.first.title, '+', pair.second.title, '\n');
  ASSERT_EQ(found.total, 3U) << told;
  EXPECT_EQ(found.pairs[0].shared, std::set{Likeness::name_and_place});
  EXPECT_EQ(found.pairs[1].shared, std::set{Likeness::phone});
  EXPECT_EQ(found.pairs[2].shared, std::set{Likeness::website});
  EXPECT_EQ(found.pairs[0].first.title, "Épicerie de la gare");
  EXPECT_EQ(duplicates.list(moderator, std::nullopt, 1, 1).value().pairs.size(), 1U);
  EXPECT_EQ(duplicates.list(member, std::nullopt, 0, 50).error().code(), Code::denied);
}

TEST_F(DuplicatesTest, branches_and_what_many_share_are_no_duplicates) {
  auto const siret = invented_siret(7);
  structure("Siège", {{"siren", siret.substr(0, 9)}});
  structure("Antenne", {{"siren", siret.substr(0, 9)}});
  for (auto const* const name : {"A", "B", "C", "D", "E", "F", "G"})
    structure(cat("Locataire ", name), {{"phone", "04 50 00 00 02"}});
  EXPECT_EQ(open_pairs(), 0U);
}

TEST_F(DuplicatesTest, events_of_one_day_and_title_are_paired_and_a_series_of_days_is_not) {
  published("event", event_form("Repair café", on("2026-04-04")));
  published("event", event_form("Repair Café", on("2026-04-04")));
  published("event", event_form("Repair café", on("2026-05-02")));
  EXPECT_EQ(open_pairs(), 1U);
}

TEST_F(DuplicatesTest, a_verdict_is_remembered_whichever_is_named_first) {
  auto const one = structure("Le Café", {{"phone", "04 50 00 00 01"}});
  auto const two = structure("Le Café", {{"phone", "04 50 00 00 01"}});
  ASSERT_EQ(duplicates.of(moderator, one).value().size(), 1U);
  EXPECT_EQ(duplicates.remember(member, one, two, PairVerdict::distinct).error().code(),
            Code::denied);
  ASSERT_TRUE(duplicates.remember(moderator, two, one, PairVerdict::unsure));
  EXPECT_EQ(open_pairs(), 0U);
  EXPECT_EQ(duplicates.list(moderator, PairVerdict::unsure, 0, 9).value().total, 1U);
  EXPECT_EQ(duplicates.of(moderator, one).value().size(), 1U);
  ASSERT_TRUE(duplicates.remember(moderator, one, two, PairVerdict::distinct));
  EXPECT_TRUE(duplicates.of(moderator, two).value().empty());
  ASSERT_TRUE(duplicates.remember(moderator, one, two, std::nullopt));
  EXPECT_EQ(open_pairs(), 1U);
  EXPECT_EQ(duplicates.remember(moderator, one, one, std::nullopt).error().code(), Code::invalid);
}

TEST_F(DuplicatesTest, one_record_is_made_of_two_field_by_field) {
  open_catalogue();
  auto const kept = structure("Épicerie", {{"phone", "04 50 00 00 01"}, {"acronym", "EG"}});
  auto const other = structure("Epicerie", {{"phone", "04 50 00 00 02"},
                                            {"website", "https://epicerie.example"},
                                            {"themes", "alimentation-durable"}});
  auto const gone = public_path(*other.type, other.key.id, other.title);
  auto const stays = unite(kept, other, {{"phone", Taken::other}, {"name", Taken::other}}, true);
  ASSERT_OK(stays);
  EXPECT_EQ(stays->title, "Epicerie");
  EXPECT_EQ(schema::text_of(stays->record, "phone"), schema::text_of(other.record, "phone"));
  EXPECT_EQ(schema::text_of(stays->record, "acronym"), "EG");
  EXPECT_EQ(schema::text_of(stays->record, "website"), "https://epicerie.example");
  EXPECT_TRUE(stays->record.contains("themes/alimentation-durable"));
  EXPECT_EQ(stays->state, model::State::published);
  auto const withdrawn = editorial.get(moderator, other.key).value();
  EXPECT_EQ(withdrawn.state, model::State::withdrawn);
  EXPECT_EQ(withdrawn.merged_into, kept.key.id);
  EXPECT_EQ(schema::text_of(withdrawn.record, "acronym"), "");

  // The old address, whatever its slug, leads to what stays; so do the names of it in others.
  auto const found = at(gone);
  ASSERT_TRUE(std::holds_alternative<RecordPtr>(found));
  EXPECT_EQ(std::get<RecordPtr>(found)->key.id, kept.key.id);
  EXPECT_EQ(catalogue->get(other.key.id).value()->key.id, kept.key.id);
  EXPECT_EQ(count_of({"structure"}, {}), 1U);
}

TEST_F(DuplicatesTest, a_name_that_is_given_up_is_kept_among_the_former_ones) {
  auto const kept = structure("Le Panier", {{"phone", "04 50 00 00 01"}});
  auto const other = structure("Panier, paysan", {{"phone", "04 50 00 00 01"}});
  auto const record = united(*kept.type, kept.record, other.record, {});
  auto const former = schema::elements(record, "former_names");
  ASSERT_EQ(former.size(), 1U);
  EXPECT_EQ(schema::text_of(record, cat("former_names/", former.front())), "Panier paysan");
}

TEST_F(DuplicatesTest, what_names_the_merged_record_belongs_to_the_one_that_stays) {
  open_catalogue();
  auto const kept = structure("Le Tiers-Lieu");
  auto const other = structure("Tiers-lieu (le)");
  published("event", event_form("Fête", {{"organisers", other.key.id.to_string()}}));
  ASSERT_OK(unite(kept, other));
  EXPECT_EQ(catalogue->referring_to(kept.key.id, "event", 9).value().size(), 1U);
  EXPECT_EQ(count_of({}, "tiers-lieu fête"), 1U);
  // And so on, when that one is merged in turn.
  auto const third = structure("Le tiers-lieu de la place");
  ASSERT_OK(unite(third, editorial.get(moderator, kept.key).value()));
  EXPECT_EQ(catalogue->get(other.key.id).value()->key.id, third.key.id);
  EXPECT_EQ(catalogue->referring_to(third.key.id, "event", 9).value().size(), 1U);
}

TEST_F(DuplicatesTest, nothing_is_united_that_has_changed_or_may_not_be) {
  auto const kept = structure("Le Café");
  auto const other = structure("Le Café");
  ASSERT_OK(edit(moderator, other, {{"acronym", "LC"}}));
  EXPECT_EQ(unite(kept, other).error().code(), Code::conflict);
  EXPECT_EQ(unite(kept, kept).error().code(), Code::invalid);
  EXPECT_EQ(editorial.get(moderator, kept.key).value().record, kept.record);
  auto const now = editorial.get(moderator, other.key).value();
  auto empty = kept.record;
  empty.clear();
  EXPECT_EQ(editorial.unite(moderator, {kept.key, now.key, kept.basis.seen, now.basis.seen, empty})
                .error()
                .code(),
            Code::invalid);
  EXPECT_EQ(editorial.unite(member, {kept.key, now.key, kept.basis.seen, now.basis.seen, {}})
                .error()
                .code(),
            Code::not_found);
}

TEST_F(DuplicatesTest, publishing_the_merged_record_again_separates_them) {
  open_catalogue();
  auto const kept = structure("Le Café");
  auto const other = structure("Le Café bis");
  ASSERT_OK(unite(kept, other));
  auto const back = editorial.publish(moderator, other.key);
  ASSERT_OK(back);
  EXPECT_FALSE(back->merged_into);
  EXPECT_EQ(catalogue->get(other.key.id).value()->key.id, other.key.id);
}

}  // namespace
}  // namespace solidaires::service
