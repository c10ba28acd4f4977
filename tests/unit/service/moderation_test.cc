// What moderators and the committee do with a record, and what its author is told.
#include <gmock/gmock.h>

#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

using model::State;
using model::Vote;
using testing::HasSubstr;

class ModerationTest : public testing::Test, protected World {
 protected:
  ModerationTest() {
    instance.rules.committee = {.quorum = 3, .working_days = 5};
    EXPECT_TRUE(mail_.open());
    editorial.tell_authors(mail_, [this](Notice const& notice) {
      told_.push_back({notice.step, notice.author.email, notice.said.text, notice.copy.state});
      mail::Letter letter;
      letter.to = notice.author.email;
      letter.subject = notice.copy.title;
      letter.text = notice.said.text;
      return letter;
    });
  }

  // Somebody with an account in the store: who can be told, and is counted among the electors.
  Actor with_account(std::string_view role, std::string_view name) {
    auto const account = accounts.add({cat(text_of(name), "@exemple.fr"), std::string(name),
                                       std::string(role), "un mot de passe de test"},
                                      {});
    return accounts.actor(account.value());
  }
  static std::string text_of(std::string_view name) {
    std::string plain;
    for (char const c : name)
      if (c >= 'A' && c <= 'z') plain += c;
    return plain;
  }
  WorkingCopy submitted(Actor const& by, std::string_view name) {
    auto const copy = draft(by, "structure", structure_form(name));
    return editorial.submit(by, copy.key).value();
  }
  bool is_shown(WorkingCopy const& copy) {
    auto const stored = store->get(public_key(copy)).value();
    return stored && sync::is_alive(stored->document);
  }
  WorkingCopy now(WorkingCopy const& copy) { return editorial.get(moderator, copy.key).value(); }

  struct Told {
    std::optional<model::Step> step;
    std::string to, text;
    State state;
  };
  mail::Queue mail_{*store, clock, rng, mail::Sender{"portail@exemple.fr", "Portail"}};
  std::vector<Told> told_;
  Actor author = with_account("member", "Ines");
  Actor moderator = with_account("animateur", "Camille");
  Actor second = with_account("animateur", "Sacha");
};

TEST_F(ModerationTest, a_decision_reaches_its_author_by_mail_with_the_reason) {
  auto const copy = submitted(author, "Épicerie");
  EXPECT_TRUE(told_.empty()) << "nobody is told of what they did themselves";
  ASSERT_OK(editorial.send_back(moderator, copy.key, "l’adresse manque"));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].to, "ines@exemple.fr");
  EXPECT_EQ(told_[0].state, State::returned);
  EXPECT_THAT(told_[0].text, HasSubstr("l’adresse manque"));
  EXPECT_EQ(mail_.counts().queued, 1U);
}

TEST_F(ModerationTest, a_refusal_needs_a_reason_and_names_the_article) {
  auto copy = submitted(author, "Réclame");
  EXPECT_EQ(editorial.refuse(moderator, copy.key, {}).error().code(), Code::invalid);
  auto const said = saying(instance.model, "advertising", "Voyez avec nous.");
  ASSERT_NE(said.article, nullptr);
  copy = editorial.refuse(moderator, copy.key, said).value();
  EXPECT_EQ(copy.state, State::refused);
  EXPECT_EQ(copy.article, "no_advertising");
  EXPECT_THAT(copy.reason, testing::AllOf(HasSubstr("publicité"), HasSubstr("Voyez avec nous.")));
  EXPECT_EQ(editorial.publish(author, copy.key).error().code(), Code::denied);
  copy = editorial.appeal(author, copy.key, "C’est un tarif solidaire.").value();
  EXPECT_EQ(copy.state, State::in_committee);
  EXPECT_EQ(editorial.questions(moderator).value().size(), 1U);
}

TEST_F(ModerationTest, a_record_that_somebody_reads_is_decided_by_nobody_else) {
  auto const copy = submitted(author, "Épicerie");
  auto& reviews = editorial.reviews();
  EXPECT_EQ(reviews.claim(author, copy, false).error().code(), Code::denied);
  ASSERT_OK(reviews.claim(moderator, copy, false));
  auto const held = editorial.queue(second).value().front().claim;
  ASSERT_TRUE(held);
  EXPECT_EQ(held->by.name, "Camille");
  auto const refused = editorial.publish(second, copy.key);
  EXPECT_EQ(refused.error().code(), Code::conflict);
  EXPECT_THAT(refused.error().message(), HasSubstr("Camille"));
  EXPECT_EQ(reviews.claim(second, copy, false).error().code(), Code::conflict);
  ASSERT_OK(reviews.claim(second, copy, true));
  EXPECT_EQ(editorial.publish(moderator, copy.key).error().code(), Code::conflict);
  ASSERT_OK(editorial.publish(second, copy.key));
  EXPECT_FALSE(reviews.claim_of(copy.key)) << "a decision ends it";
}

TEST_F(ModerationTest, a_claim_ends_by_itself_and_moves_neither_the_record_nor_open_forms) {
  auto const copy = submitted(author, "Épicerie");
  ASSERT_OK(editorial.reviews().claim(moderator, copy, false));
  EXPECT_EQ(now(copy).updated_at, copy.updated_at);
  clock.pass(kClaimLife + std::chrono::seconds(1));
  ASSERT_OK(editorial.publish(second, copy.key, copy.basis.seen));
}

TEST_F(ModerationTest, what_is_scheduled_appears_by_itself_and_not_before) {
  auto copy = submitted(author, "Plus tard");
  EXPECT_EQ(editorial.schedule(moderator, copy.key, clock.now()).error().code(), Code::invalid);
  auto const at = clock.now() + std::chrono::hours(48);
  copy = editorial.schedule(moderator, copy.key, at, "À jeudi !").value();
  EXPECT_EQ(copy.publish_at, at);
  EXPECT_TRUE(editorial.queue(moderator).value().empty());
  ASSERT_TRUE(editorial.carry_out_due());
  EXPECT_FALSE(is_shown(copy));
  clock.pass(std::chrono::hours(48));
  ASSERT_TRUE(editorial.carry_out_due());
  EXPECT_TRUE(is_shown(copy));
  EXPECT_EQ(now(copy).state, State::published);
  EXPECT_FALSE(now(copy).publish_at);
  EXPECT_EQ(editorial.history(moderator, copy.key).value().front().author.name,
            "Publication programmée");
  EXPECT_EQ(told_.back().state, State::published);
}

TEST_F(ModerationTest, a_hidden_record_leaves_the_public_and_comes_back_as_it_was) {
  auto copy = submitted(author, "Mise en cause");
  copy = editorial.publish(moderator, copy.key).value();
  auto const first = copy.published_at;
  clock.pass(std::chrono::hours(24));
  EXPECT_EQ(editorial.hide(moderator, copy.key, {}).error().code(), Code::invalid);
  copy = editorial.hide(moderator, copy.key, "Une phrase est signalée.").value();
  EXPECT_FALSE(is_shown(copy));
  EXPECT_EQ(told_.back().state, State::hidden);
  copy = edit(author, copy, {{"acronym", "RÉP"}}).value();
  EXPECT_EQ(copy.state, State::hidden) << "a correction does not bring it back";
  ASSERT_TRUE(editorial.say(author, copy.key, "Je retire la phrase.", false));
  auto const review = editorial.reviews().read(moderator, now(copy)).value();
  ASSERT_EQ(review.remarks.size(), 1U);
  EXPECT_TRUE(review.remarks[0].to_author);
  copy = editorial.publish(moderator, copy.key).value();
  EXPECT_TRUE(is_shown(copy));
  EXPECT_EQ(copy.published_at, first);
}

TEST_F(ModerationTest, trust_ends_with_a_report_that_is_taken_seriously) {
  auto const trusted = with_account("trusted_member", "Tom");
  auto copy = draft(trusted, "structure", structure_form("De confiance"));
  copy = editorial.publish(trusted, copy.key).value();
  ASSERT_OK(editorial.hide(moderator, copy.key, "Signalée."));
  auto const account = accounts.find(DocumentId::parse(trusted.author.account).value()).value();
  EXPECT_EQ(account->role->key, kMemberRole);
}

TEST_F(ModerationTest, some_of_what_trusted_authors_publish_is_read_afterwards) {
  instance.rules.sample_every = 1;
  auto const trusted = with_account("trusted_member", "Tom");
  auto copy = draft(trusted, "structure", structure_form("De confiance"));
  copy = editorial.publish(trusted, copy.key).value();
  EXPECT_TRUE(copy.unread);
  EXPECT_EQ(editorial.counts(moderator).value().unread, 1U);
  EXPECT_EQ(editorial.list(moderator, {.unread_only = true}).value().total, 1U);
  EXPECT_EQ(editorial.mark_read(trusted, copy.key).error().code(), Code::denied);
  copy = editorial.mark_read(moderator, copy.key).value();
  EXPECT_EQ(copy.state, State::published);
  EXPECT_EQ(editorial.counts(moderator).value().unread, 0U);
}

TEST_F(ModerationTest, nobody_publishes_alone_a_type_that_takes_two) {
  instance.rules.two_eyes = {"structure"};
  auto const copy = submitted(moderator, "La mienne");
  EXPECT_EQ(editorial.publish(moderator, copy.key).error().code(), Code::denied);
  ASSERT_OK(editorial.publish(second, copy.key));
}

TEST_F(ModerationTest, an_answer_is_overdue_after_two_working_days) {
  submitted(author, "Depuis mardi");
  clock.pass(std::chrono::hours(47));
  EXPECT_EQ(editorial.counts(moderator).value().overdue, 0U);
  clock.pass(std::chrono::hours(2));
  EXPECT_EQ(editorial.counts(moderator).value().overdue, 1U);
  EXPECT_TRUE(editorial.queue(moderator).value().front().overdue);
}

class CommitteeTest : public ModerationTest {
 protected:
  Actor ana = with_account("committee", "Ana");
  Actor bob = with_account("committee", "Bob");
  Actor chloe = with_account("committee", "Chloe");
  WorkingCopy asked(std::string_view name) {
    auto const copy = submitted(author, name);
    return editorial.hand_over(moderator, copy.key, "Débat ou tract ?").value();
  }
};

TEST_F(CommitteeTest, votes_decide_at_the_end_and_the_author_reads_why) {
  auto copy = asked("Débat public");
  auto& reviews = editorial.reviews();
  EXPECT_EQ(reviews.vote(author, copy, Vote::yes, "").error().code(), Code::denied);
  EXPECT_EQ(reviews.vote(ana, copy, Vote::no, "").error().code(), Code::invalid);
  auto elsewhere = somebody("regional_moderator", "Région");
  elsewhere.author.node = node_name("auvergne-rhone-alpes");
  EXPECT_EQ(reviews.vote(elsewhere, copy, Vote::yes, "").error().code(), Code::denied);
  ASSERT_TRUE(reviews.vote(ana, copy, Vote::no, "C’est un tract."));
  ASSERT_TRUE(reviews.vote(bob, copy, Vote::yes, "Un débat ouvert."));
  ASSERT_TRUE(reviews.vote(chloe, copy, Vote::yes, ""));
  ASSERT_TRUE(reviews.vote(chloe, copy, Vote::yes, "Il y a deux points de vue."));
  ASSERT_TRUE(reviews.vote(moderator, copy, Vote::yes, ""));
  EXPECT_EQ(editorial.verdict(copy, editorial.reviews().read(copy).value()).value().outcome,
            model::Outcome::open);
  EXPECT_TRUE(editorial.questions(ana).value().front().voted);
  EXPECT_FALSE(editorial.questions(second).value().front().voted);
  ASSERT_TRUE(editorial.carry_out_due());
  EXPECT_EQ(now(copy).state, State::in_committee);
  clock.pass(std::chrono::hours(24 * 7));
  ASSERT_TRUE(editorial.carry_out_due());
  copy = now(copy);
  EXPECT_EQ(copy.state, State::published);
  EXPECT_TRUE(is_shown(copy));
  EXPECT_THAT(copy.reason,
              testing::AllOf(HasSubstr("3 pour, 1 contre"), HasSubstr("deux points de vue"),
                             testing::Not(HasSubstr("tract"))));
  EXPECT_EQ(told_.back().text, copy.reason);
  EXPECT_EQ(reviews.vote(ana, copy, Vote::no, "trop tard").error().code(), Code::conflict);
}

TEST_F(CommitteeTest, silence_publishes_and_a_veto_waits_for_the_quorum) {
  auto const silent = asked("Sans objection");
  auto const vetoed = asked("Avec veto");
  ASSERT_TRUE(editorial.reviews().vote(ana, vetoed, Vote::no, "Non."));
  clock.pass(std::chrono::hours(24 * 7));
  ASSERT_TRUE(editorial.carry_out_due());
  EXPECT_EQ(now(silent).state, State::published);
  EXPECT_THAT(now(silent).reason, HasSubstr("pas fait d’objection"));
  EXPECT_EQ(now(vetoed).state, State::in_committee);
  ASSERT_TRUE(editorial.reviews().vote(bob, vetoed, Vote::no, "Non plus."));
  ASSERT_TRUE(editorial.reviews().vote(chloe, vetoed, Vote::abstain, ""));
  ASSERT_TRUE(editorial.carry_out_due());
  EXPECT_EQ(now(vetoed).state, State::refused);
  EXPECT_FALSE(is_shown(vetoed));
}

TEST_F(CommitteeTest, votes_of_an_earlier_question_do_not_count_again) {
  auto copy = asked("Deux fois");
  for (auto const* actor : {&ana, &bob, &chloe})
    ASSERT_TRUE(editorial.reviews().vote(*actor, copy, Vote::no, "Non."));
  clock.pass(std::chrono::hours(24 * 7));
  ASSERT_TRUE(editorial.carry_out_due());
  ASSERT_EQ(now(copy).state, State::refused);
  copy = editorial.appeal(author, copy.key, "J’ai changé le titre.").value();
  EXPECT_TRUE(editorial.reviews().read(moderator, copy).value().ballots.empty());
  EXPECT_EQ(editorial.verdict(copy, editorial.reviews().read(copy).value()).value().outcome,
            model::Outcome::open);
}

TEST_F(ModerationTest, one_write_is_undone_and_later_ones_stay) {
  auto copy = draft(author, "structure", structure_form("Nom", {{"acronym", "AVANT"}}));
  copy = edit(author, copy, {{"acronym", "APRES"}}).value();
  copy = edit(author, copy, {{"name", "Nom neuf"}}).value();
  auto const lines = editorial.history(author, copy.key).value();
  ASSERT_GE(lines.size(), 3U);
  ASSERT_THAT(lines[1].changes, testing::Contains(HasSubstr("AVANT → APRES")));
  copy = editorial.undo(author, copy.key, lines[1].id).value();
  EXPECT_EQ(schema::text_of(copy.record, "acronym"), "AVANT");
  EXPECT_EQ(copy.title, "Nom neuf");
  EXPECT_EQ(editorial.history(author, copy.key).value().back().id, "")
      << "of its beginning there is no before";
  EXPECT_EQ(editorial.undo(author, copy.key, "7-7").error().code(), Code::not_found);
  auto const stranger = with_account("member", "Oscar");
  EXPECT_EQ(editorial.undo(stranger, copy.key, lines[1].id).error().code(), Code::not_found);
}

TEST_F(ModerationTest, what_moderators_say_among_themselves_stays_there) {
  auto const copy = submitted(author, "Épicerie");
  auto& reviews = editorial.reviews();
  ASSERT_TRUE(editorial.say(moderator, copy.key, "À vérifier auprès de la mairie.", false));
  ASSERT_TRUE(editorial.say(moderator, copy.key, "Bonjour, une question.", true));
  EXPECT_EQ(editorial.say(moderator, copy.key, "  \n ", true).error().code(), Code::invalid);
  EXPECT_EQ(reviews.read(second, copy).value().remarks.size(), 2U);
  auto const seen = reviews.read(author, copy).value().remarks;
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].text, "Bonjour, une question.");
  ASSERT_EQ(told_.size(), 1U) << "of what is for the author, by mail";
  EXPECT_FALSE(told_[0].step);
  EXPECT_EQ(told_[0].text, "Bonjour, une question.");
  ASSERT_TRUE(editorial.say(author, copy.key, "Voici la réponse.", true));
  EXPECT_EQ(told_.size(), 1U) << "nobody is told of what they said";
  auto const stranger = with_account("member", "Oscar");
  EXPECT_EQ(editorial.say(stranger, copy.key, "Moi aussi", true).error().code(), Code::not_found);
}

TEST_F(ModerationTest, a_decision_is_taken_back_by_who_took_it_while_nothing_followed) {
  auto const copy = submitted(author, "Trop vite");
  ASSERT_OK(editorial.publish(moderator, copy.key));
  EXPECT_EQ(editorial.take_back(second, copy.key).error().code(), Code::conflict);
  auto const back = editorial.take_back(moderator, copy.key);
  ASSERT_OK(back);
  EXPECT_EQ(back->state, State::submitted);
  EXPECT_FALSE(back->is_public());
  EXPECT_FALSE(sync::is_alive(store->get(public_key(copy)).value()->document));
  EXPECT_EQ(editorial.queue(moderator).value().size(), 1U);
  // Nothing is left to take back.
  EXPECT_EQ(editorial.take_back(moderator, copy.key).error().code(), Code::conflict);

  ASSERT_OK(editorial.publish(moderator, copy.key));
  auto const first = editorial.get(moderator, copy.key).value().published_at;
  clock.pass(Millis(60'000));
  ASSERT_OK(editorial.withdraw(moderator, copy.key, "Erreur"));
  auto const shown = editorial.take_back(moderator, copy.key);
  ASSERT_OK(shown);
  EXPECT_EQ(shown->state, State::published);
  EXPECT_EQ(shown->published_at, first);
  EXPECT_TRUE(sync::is_alive(store->get(public_key(copy)).value()->document));

  ASSERT_OK(editorial.withdraw(moderator, copy.key, "Erreur"));
  clock.pass(Millis(std::chrono::hours(2)));
  EXPECT_EQ(editorial.take_back(moderator, copy.key).error().code(), Code::conflict);
}

}  // namespace
}  // namespace solidaires::service
