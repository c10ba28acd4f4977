#include <gmock/gmock.h>

#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

using model::State;
using model::Step;

class EditorialTest : public testing::Test, protected World {
 protected:
  Actor member = somebody("member", "Inès");
  Actor other = somebody("member", "Oscar");
  Actor moderator = somebody("animateur", "Camille");

  Code code_of(Result<WorkingCopy> const& result) {
    EXPECT_FALSE(result);
    return result ? Code::internal : result.error().code();
  }
  std::optional<sync::Document> public_copy(WorkingCopy const& copy) {
    auto const stored = store->get(public_key(copy)).value();
    return stored ? std::optional(stored->document) : std::nullopt;
  }
};

TEST_F(EditorialTest, a_record_goes_from_draft_to_the_public_page) {
  auto copy = draft(member, "structure", structure_form("L’Épicerie Test"));
  EXPECT_EQ(copy.state, State::draft);
  EXPECT_EQ(copy.title, "L’Épicerie Test");
  EXPECT_EQ(copy.owner.name, "Inès");
  EXPECT_FALSE(public_copy(copy));
  copy = editorial.submit(member, copy.key).value();
  EXPECT_EQ(copy.state, State::submitted);
  EXPECT_EQ(copy.submitted_at, clock.now());
  EXPECT_EQ(code_of(editorial.publish(member, copy.key)), Code::denied);
  copy = editorial.publish(moderator, copy.key, copy.basis.seen).value();
  EXPECT_EQ(copy.state, State::published);
  ASSERT_TRUE(public_copy(copy));
  EXPECT_TRUE(sync::is_alive(*public_copy(copy)));
}

TEST_F(EditorialTest, an_incomplete_record_is_not_submitted_and_the_first_problem_is_said) {
  auto const copy = draft(member, "structure", {{"name", "Sans rien"}});
  auto const refused = editorial.submit(member, copy.key);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::invalid);
  EXPECT_THAT(refused.error().message(),
              testing::HasSubstr(editorial.problems(copy).front().message.fr));
  EXPECT_GT(editorial.problems(copy).size(), 1U);
  EXPECT_EQ(code_of(editorial.publish(moderator, copy.key)), Code::invalid);
}

TEST_F(EditorialTest, a_stale_form_writes_only_what_its_author_changed) {
  auto const basis = draft(member, "structure", structure_form("Nom", {{"acronym", "AVANT"}}));
  ASSERT_OK(edit(moderator, basis, {{"acronym", "APRES"}}));
  auto const saved = edit(member, basis, {{"name", "Nom neuf"}});  // its form still shows AVANT
  ASSERT_OK(saved);
  EXPECT_EQ(schema::text_of(saved->record, "acronym"), "APRES");
  EXPECT_EQ(schema::text_of(saved->record, "name"), "Nom neuf");
  EXPECT_TRUE(saved->conflicts.empty());
}

TEST_F(EditorialTest, a_form_sent_unchanged_writes_nothing) {
  auto const copy = draft(member, "structure", structure_form("Nom"));
  auto const before = head(copy.key.scope);
  ASSERT_OK(edit(member, copy, {}));
  EXPECT_EQ(head(copy.key.scope), before);
}

TEST_F(EditorialTest, clearing_a_field_and_an_element_of_a_set) {
  auto form = structure_form("Nom", {{"acronym", "ABC"}});
  form.emplace("sectors", "environnement");
  auto const copy = draft(member, "structure", form);
  ASSERT_EQ(schema::elements(copy.record, "sectors").size(), 2U);
  auto const saved = edit(member, copy, {{"acronym", ""}, {"sectors", "environnement"}});
  ASSERT_OK(saved);
  EXPECT_FALSE(saved->record.contains("acronym"));
  EXPECT_EQ(schema::elements(saved->record, "sectors"), std::vector<std::string>{"environnement"});
}

TEST_F(EditorialTest, the_same_field_edited_twice_keeps_both_versions_until_somebody_settles) {
  auto const basis = draft(member, "structure", structure_form("Nom"));
  ASSERT_OK(edit(moderator, basis, {{"name", "Nom de Camille"}}));
  auto const clash = edit(member, basis, {{"name", "Nom d’Inès"}});
  ASSERT_OK(clash);
  ASSERT_EQ(clash->conflicts.size(), 1U);
  auto const& conflict = clash->conflicts.front();
  EXPECT_EQ(conflict.key, "name");
  EXPECT_EQ(conflict.label, "Nom");
  ASSERT_EQ(conflict.versions.size(), 2U);
  std::map<std::string, std::string> by_author;
  for (auto const& version : conflict.versions) {
    by_author[version.author.name] = version.text;
    EXPECT_EQ(version.author.node, instance.self);
  }
  EXPECT_EQ(by_author, (std::map<std::string, std::string>{{"Camille", "Nom de Camille"},
                                                           {"Inès", "Nom d’Inès"}}));
  EXPECT_EQ(editorial.counts(moderator).value().conflicts, 1U);
  EXPECT_EQ(editorial.list(moderator, {.conflicts_only = true}).value().total, 1U);

  auto const wanted = std::ranges::find(conflict.versions, "Camille",
                                        [](auto const& version) { return version.author.name; });
  EXPECT_EQ(code_of(editorial.settle(other, clash->key, "name", wanted->dot)), Code::not_found);
  EXPECT_EQ(code_of(editorial.settle(moderator, clash->key, "name", {ReplicaId{1}, 7})),
            Code::conflict);
  EXPECT_EQ(code_of(editorial.settle(moderator, clash->key, "_state", wanted->dot)),
            Code::not_found);
  auto const settled = editorial.settle(moderator, clash->key, "name", wanted->dot);
  ASSERT_OK(settled);
  EXPECT_TRUE(settled->conflicts.empty());
  EXPECT_EQ(settled->title, "Nom de Camille");
  EXPECT_EQ(editorial.counts(moderator).value().conflicts, 0U);
}

TEST_F(EditorialTest, something_else_is_written_in_the_place_of_all_versions) {
  auto const basis = draft(member, "structure", structure_form("Nom", {{"acronym", "A"}}));
  ASSERT_OK(edit(moderator, basis, {{"acronym", "B"}}));
  auto const clash = edit(member, basis, {{"acronym", "C"}}).value();
  schema::Record const written{{"acronym", schema::Value(std::string("D"))}};
  EXPECT_EQ(code_of(editorial.settle(moderator, clash.key, "name", written, clash.basis)),
            Code::not_found);
  // A third version came that nobody had seen.
  ASSERT_OK(edit(moderator, basis, {{"acronym", "E"}}));
  EXPECT_EQ(code_of(editorial.settle(moderator, clash.key, "acronym", written, clash.basis)),
            Code::conflict);
  auto const now = editorial.get(moderator, clash.key).value();
  EXPECT_EQ(now.conflicts.front().versions.size(), 3U);
  auto const settled = editorial.settle(moderator, clash.key, "acronym", written, now.basis);
  ASSERT_OK(settled);
  EXPECT_TRUE(settled->conflicts.empty());
  EXPECT_EQ(schema::text_of(settled->record, "acronym"), "D");
}

TEST_F(EditorialTest, nothing_is_written_in_the_place_of_all_versions) {
  auto const basis = draft(member, "structure", structure_form("Nom", {{"acronym", "A"}}));
  ASSERT_OK(edit(moderator, basis, {{"acronym", "B"}}));
  auto const clash = edit(member, basis, {{"acronym", "C"}}).value();
  auto const settled = editorial.settle(member, clash.key, "acronym", {}, clash.basis);
  ASSERT_OK(settled);
  EXPECT_TRUE(settled->conflicts.empty());
  EXPECT_FALSE(settled->record.contains("acronym"));
}

TEST_F(EditorialTest, the_basis_of_a_form_survives_its_journey_and_a_damaged_one_is_refused) {
  auto const copy = draft(member, "structure", structure_form("Nom"));
  auto const text = copy.basis.encode();
  auto const back = EditBasis::decode(text);
  ASSERT_OK(back);
  EXPECT_EQ(back->seen, copy.basis.seen);
  EXPECT_EQ(back->digests, copy.basis.digests);
  for (std::string_view const bad : {"", "*", "AAAA", "AQAAAAE"})
    EXPECT_FALSE(EditBasis::decode(bad)) << bad;
  EXPECT_FALSE(EditBasis::decode(text.substr(0, text.size() - 3)));
}

// A canary in every field that is not public; none may be found in the public document.
TEST_F(EditorialTest, publication_copies_public_fields_only) {
  auto const form = structure_form("Publique", {{"contact_name", "CANARI-NOM"},
                                                {"contact_role", "CANARI-ROLE"},
                                                {"contact_email", "canari@exemple.fr"},
                                                {"budget_bracket", "10k-50k"},
                                                {"source_ids.0.scheme", "canari"},
                                                {"source_ids.0.value", "CANARI-ID"},
                                                {"address.hidden", "true"},
                                                {"address.lines", "9 rue du CANARI"}});
  auto parsed = schema::parse_form(*instance.model.type("structure"), form);
  auto const made = editorial.create(moderator, instance.self, "structure", parsed.record).value();
  EXPECT_EQ(schema::text_of(made.record, "contact_name"), "CANARI-NOM");
  auto const copy = editorial.publish(moderator, made.key, std::nullopt, "CANARI-RAISON").value();
  auto const shown = public_copy(copy);
  ASSERT_TRUE(shown);
  for (auto const& [field, versions] : shown->fields) {
    EXPECT_NE(field, engine::kOwner);
    EXPECT_NE(field, engine::kReason);
    EXPECT_FALSE(field.starts_with("_by/")) << field;
    for (auto const& version : versions) {
      EXPECT_EQ(version.value.find("CANARI"), std::string::npos) << field;
      EXPECT_EQ(version.value.find("canari"), std::string::npos) << field;
      EXPECT_EQ(version.value.find("Camille"), std::string::npos) << field;
    }
    if (field.starts_with('_')) continue;
    auto const* const known = copy.type->field(schema::field_of(field));
    ASSERT_NE(known, nullptr) << field;
    EXPECT_TRUE(schema::Audience::everyone == known->audience || !known->public_if.empty())
        << field;
  }
}

TEST_F(EditorialTest, a_field_that_is_public_no_more_leaves_the_public_copy) {
  auto copy = published("structure", structure_form("Nom", {{"acronym", "DISPARAIT"}}));
  EXPECT_TRUE(public_copy(copy)->fields.contains("acronym"));
  copy = edit(moderator, copy, {{"acronym", ""}}).value();
  EXPECT_EQ(copy.state, State::draft);
  EXPECT_TRUE(public_copy(copy)->fields.contains("acronym")) << "an edit alone publishes nothing";
  copy = editorial.publish(moderator, copy.key).value();
  EXPECT_FALSE(public_copy(copy)->fields.contains("acronym"));
}

TEST_F(EditorialTest, nobody_publishes_what_they_have_not_read) {
  auto copy = draft(member, "structure", structure_form("Nom"));
  copy = editorial.submit(member, copy.key).value();
  auto const read = copy.basis.seen;
  ASSERT_OK(edit(member, copy, {{"name", "Autre chose"}}));
  EXPECT_EQ(code_of(editorial.publish(moderator, copy.key, read)), Code::conflict);
  EXPECT_FALSE(public_copy(copy));
}

TEST_F(EditorialTest, sending_back_needs_a_reason_that_the_author_reads) {
  auto copy = draft(member, "structure", structure_form("Nom"));
  copy = editorial.submit(member, copy.key).value();
  EXPECT_EQ(code_of(editorial.send_back(moderator, copy.key, " \n ")), Code::invalid);
  EXPECT_EQ(code_of(editorial.send_back(member, copy.key, "non")), Code::denied);
  ASSERT_OK(editorial.send_back(moderator, copy.key, "Il manque l’adresse."));
  auto const seen = editorial.get(member, copy.key).value();
  EXPECT_EQ(seen.state, State::returned);
  EXPECT_EQ(seen.reason, "Il manque l’adresse.");
  EXPECT_EQ(editorial.counts(member).value().returned, 1U);
}

TEST_F(EditorialTest, withdrawing_removes_the_public_copy_and_publishing_brings_it_back) {
  auto copy = published("structure", structure_form("Nom"));
  copy = editorial.withdraw(moderator, copy.key, "fermée").value();
  EXPECT_EQ(copy.state, State::withdrawn);
  EXPECT_FALSE(copy.is_public());
  EXPECT_FALSE(sync::is_alive(*public_copy(copy)));
  clock.pass(Millis(5'000));
  copy = editorial.publish(moderator, copy.key).value();
  EXPECT_EQ(copy.state, State::published);
  EXPECT_TRUE(sync::is_alive(*public_copy(copy)));
  EXPECT_EQ(copy.published_at, clock.now());
}

TEST_F(EditorialTest, each_role_has_the_steps_that_its_permissions_give) {
  struct Line {
    std::string_view role;
    bool own;
    State state;
    std::vector<Step> steps;
  };
  auto const all = std::vector<Step>{Step::publish,   Step::edit,   Step::send_back, Step::schedule,
                                     Step::hand_over, Step::refuse, Step::withdraw};
  std::vector<Line> const lines{
      {"member", true, State::draft, {Step::submit, Step::edit, Step::withdraw}},
      {"member", true, State::submitted, {Step::edit, Step::withdraw}},
      {"member", true, State::published, {Step::edit, Step::withdraw}},
      {"member", false, State::submitted, {}},
      {"trusted_member", true, State::submitted, {Step::publish, Step::edit, Step::withdraw}},
      {"trusted_member", false, State::submitted, {}},
      {"committee", false, State::submitted, {}},
      {"animateur", false, State::submitted, all},
      {"administrator", false, State::submitted, all},
      {"regional_moderator", false, State::submitted, all},
  };
  for (auto const& line : lines) {
    auto const actor = somebody(line.role, "Z");
    auto const owner = line.own ? actor : somebody("member", "Y");
    auto copy = draft(owner, "structure", structure_form("Nom"));
    if (line.state != State::draft) copy = editorial.submit(owner, copy.key).value();
    if (line.state == State::published) copy = editorial.publish(moderator, copy.key).value();
    EXPECT_EQ(editorial.open_steps(actor, copy), line.steps)
        << line.role << (line.own ? " own " : " other ") << model::state_name(line.state);
    bool const publishes = std::ranges::find(line.steps, Step::publish) != line.steps.end();
    EXPECT_EQ(editorial.publish(actor, copy.key).has_value(), publishes) << line.role;
  }
}

TEST_F(EditorialTest, a_member_sees_their_own_records_and_no_others) {
  auto const own = draft(member, "structure", structure_form("À moi"));
  auto const foreign = draft(other, "structure", structure_form("À l’autre"));
  EXPECT_EQ(code_of(editorial.get(member, foreign.key)), Code::not_found);
  EXPECT_EQ(code_of(edit(member, foreign, {{"name", "Volé"}})), Code::not_found);
  EXPECT_EQ(code_of(editorial.submit(member, foreign.key)), Code::not_found);
  EXPECT_EQ(code_of(editorial.withdraw(member, foreign.key, "x")), Code::not_found);
  EXPECT_FALSE(editorial.history(member, foreign.key));
  auto const page = editorial.list(member, {}).value();
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items.front().key, own.key);
  EXPECT_FALSE(editorial.queue(member));
  EXPECT_EQ(code_of(editorial.get(member, instance.self, "pas un identifiant")), Code::not_found);
}

TEST_F(EditorialTest, lists_filter_by_state_type_and_words_and_turn_pages) {
  for (int i = 0; i < 5; ++i) draft(member, "structure", structure_form(cat("Épicerie ", i)));
  auto const event = draft(member, "event", event_form("Atelier vélo"));
  ASSERT_OK(editorial.submit(member, event.key));
  EXPECT_EQ(editorial.list(moderator, {}).value().total, 6U);
  EXPECT_EQ(editorial.list(moderator, {.type = "event"}).value().total, 1U);
  EXPECT_EQ(editorial.list(moderator, {.state = State::submitted}).value().total, 1U);
  EXPECT_EQ(editorial.list(moderator, {.words = "epicerie"}).value().total, 5U);
  EXPECT_EQ(editorial.list(moderator, {.words = "zèbre"}).value().total, 0U);
  auto const second = editorial.list(moderator, {.type = "structure", .offset = 2, .limit = 2});
  ASSERT_OK(second);
  EXPECT_EQ(second->total, 5U);
  ASSERT_EQ(second->items.size(), 2U);
  EXPECT_EQ(second->items.front().title, "Épicerie 2");  // newest first
  EXPECT_EQ(editorial.list(moderator, {.node = node_name("isere")}).value().total, 0U);
}

TEST_F(EditorialTest, the_queue_puts_an_event_of_tomorrow_before_an_article_of_yesterday) {
  auto const article = draft(member, "article", article_form("Compte rendu"));
  ASSERT_OK(editorial.submit(member, article.key));
  clock.pass(std::chrono::hours(24));
  auto const far = draft(member, "event",
                         event_form("Fête d’été", {{"schedule.start_date", "2026-07-01"},
                                                   {"schedule.end_date", "2026-07-01"}}));
  ASSERT_OK(editorial.submit(member, far.key));
  auto const soon = draft(member, "event",
                          event_form("Demain", {{"schedule.start_date", "2026-03-12"},
                                                {"schedule.end_date", "2026-03-12"}}));
  ASSERT_OK(editorial.submit(member, soon.key));
  auto const queue = editorial.queue(moderator).value();
  std::vector<std::string> titles;
  for (auto const& item : queue) titles.push_back(item.copy.title);
  EXPECT_THAT(titles, testing::ElementsAre("Demain", "Compte rendu", "Fête d’été"));
  auto const counts = editorial.counts(moderator).value();
  EXPECT_EQ(counts.queue, 3U);
  EXPECT_EQ(counts.oldest_submitted, queue[1].copy.submitted_at);
}

TEST_F(EditorialTest, history_says_who_changed_what_in_french) {
  auto copy = draft(member, "structure", structure_form("Nom"));
  copy = edit(member, copy, {{"name", "Nom neuf"}}).value();
  ASSERT_OK(editorial.submit(member, copy.key));
  ASSERT_OK(editorial.send_back(moderator, copy.key, "à préciser"));
  auto const lines = editorial.history(member, copy.key);
  ASSERT_OK(lines);
  ASSERT_GE(lines->size(), 4U);
  EXPECT_EQ(lines->front().author.name, "Camille");
  EXPECT_THAT(lines->front().changes, testing::Contains("message : à préciser"));
  EXPECT_THAT((*lines)[2].changes, testing::Contains("Nom : Nom → Nom neuf"));
  EXPECT_EQ((*lines)[2].author.name, "Inès");
}

TEST_F(EditorialTest, a_hub_moderator_works_only_for_nodes_that_delegate) {
  World hub("auvergne-rhone-alpes", {"73", "74", "38"}, true);
  hub.nodes.list.push_back({node_name("savoie-mont-blanc"), "", "", {"73", "74"}, true});
  hub.nodes.list.push_back({node_name("isere"), "", "", {"38"}, false});
  auto const regional = hub.somebody("regional_moderator", "Region");
  auto const local = hub.somebody("administrator", "Bureau");
  EXPECT_TRUE(regional.works_for(node_name("savoie-mont-blanc")));
  EXPECT_FALSE(regional.works_for(node_name("isere")));
  EXPECT_FALSE(local.works_for(node_name("savoie-mont-blanc")));

  auto copy = draft(member, "structure", structure_form("Déléguée"));
  copy = editorial.submit(member, copy.key).value();
  hub.receive(*this, copy.key.scope);
  EXPECT_EQ(code_of(hub.editorial.get(local, copy.key)), Code::not_found);
  EXPECT_EQ(hub.editorial.queue(regional).value().size(), 1U);
  auto const done = hub.editorial.publish(regional, copy.key);
  ASSERT_OK(done);

  World isere("isere", {"38"});
  auto const theirs = isere.somebody("member", "Paul");
  auto const hidden = isere.draft(theirs, "structure", structure_form("Non déléguée"));
  hub.receive(isere, hidden.key.scope);
  EXPECT_EQ(code_of(hub.editorial.get(regional, hidden.key)), Code::not_found);
  EXPECT_EQ(code_of(hub.editorial.publish(regional, hidden.key)), Code::not_found);

  // The decision comes home, with who took it.
  receive(hub, copy.key.scope);
  receive(hub, ScopeId::published(instance.self));
  EXPECT_EQ(editorial.get(member, copy.key).value().state, State::published);
  auto const lines = editorial.history(member, copy.key).value();
  EXPECT_EQ(lines.front().author.name, "Region");
  EXPECT_EQ(lines.front().author.node, hub.instance.self);
}

TEST_F(EditorialTest, edits_on_both_sides_of_a_cut_link_merge_or_show_the_clash) {
  World hub("auvergne-rhone-alpes", {"73", "74"}, true);
  hub.nodes.list.push_back({instance.self, "", "", {"73", "74"}, true});
  auto const regional = hub.somebody("regional_moderator", "Region");
  auto const copy = draft(member, "structure", structure_form("Nom", {{"acronym", "A"}}));
  hub.receive(*this, copy.key.scope);
  ASSERT_OK(edit(member, copy, {{"name", "D’ici"}, {"acronym", "B"}}));
  auto const there = hub.editorial.get(regional, copy.key).value();
  ASSERT_OK(hub.edit(regional, there, {{"name", "De là-bas"}, {"address.lines", "1 place Neuve"}}));
  receive(hub, copy.key.scope);
  auto const merged = editorial.get(member, copy.key).value();
  ASSERT_EQ(merged.conflicts.size(), 1U);
  EXPECT_EQ(merged.conflicts.front().key, "name");
  EXPECT_EQ(schema::text_of(merged.record, "acronym"), "B");
  EXPECT_EQ(schema::get<schema::Address>(merged.record, "address")->lines.front(), "1 place Neuve");
}

TEST_F(EditorialTest, creation_is_refused_elsewhere_and_for_unknown_types) {
  EXPECT_EQ(code_of(editorial.create(member, node_name("isere"), "structure", {})), Code::denied);
  EXPECT_EQ(code_of(editorial.create(member, instance.self, "fusée", {})), Code::invalid);
}

TEST_F(EditorialTest, an_offer_says_its_pay_unless_the_portal_does_not_ask_for_it) {
  auto const offer =
      draft(somebody("animateur", "A"), "job_offer",
            job_offer_form("Essai", {{"pay_min", ""}, {"pay_max", ""}, {"pay_unit", ""}}));
  auto const problems = editorial.problems(offer);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems.front().field, "pay_min");
  instance.labour.pay_range_required = false;
  EXPECT_TRUE(editorial.problems(offer).empty());
}

}  // namespace
}  // namespace solidaires::service
