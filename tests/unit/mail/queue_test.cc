#include "node/mail/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>

#include "tests/unit/store/world.h"

namespace solidaires::mail {
namespace {

using store::TemporaryDirectory;
using testing::ElementsAre;
using testing::IsEmpty;

class HandClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  void pass(Millis time) { now_ += time; }

 private:
  Instant now_{Millis(1'795'576'666'000)};
};

// Answers what the test laid ready, then accepts.
class FakeTransport final : public Transport {
 public:
  Delivery deliver(Envelope const& envelope, std::stop_token const& /*stop*/) override {
    asked.push_back(envelope.to);
    Outcome outcome = Outcome::accepted;
    if (!answers.empty()) {
      outcome = answers.front();
      answers.pop_front();
    }
    if (outcome == Outcome::accepted) taken.push_back(envelope);
    return {outcome, "message 000"};
  }
  std::deque<Outcome> answers;
  std::vector<std::string> asked;
  std::vector<Envelope> taken;
};

class MailQueue : public testing::Test {
 protected:
  MailQueue() { reopen(); }
  void reopen(bool on = true) {
    queue_.reset();
    store_.reset();
    store_ = store::Store::open(directory_.path() / "store").value();
    queue_ = std::make_unique<Queue>(
        *store_, clock_, rng_,
        on ? std::optional(Sender{"portail@exemple.fr", "Portail"}) : std::nullopt);
    ASSERT_TRUE(queue_->open().has_value());
  }
  void add(std::string_view to) {
    ASSERT_TRUE(queue_->add({.to = std::string(to), .subject = "Essai", .text = "Secret-texte"}));
  }
  void send() { ASSERT_TRUE(queue_->send_due(transport_, {}).has_value()); }
  [[nodiscard]] std::size_t kept() const {
    return store_->view().local_scan(kQueuePrefix, Instant{}, 1'000)->size();
  }

  TemporaryDirectory directory_;
  HandClock clock_;
  SeededRng rng_{1};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Queue> queue_;
  FakeTransport transport_;
};

TEST_F(MailQueue, sends_what_waits_oldest_first_and_keeps_nothing_of_it) {
  add("a@exemple.fr");
  clock_.pass(Millis(1));
  add("b@exemple.fr");
  EXPECT_EQ(queue_->counts().queued, 2U);
  send();
  EXPECT_THAT(transport_.asked, ElementsAre("a@exemple.fr", "b@exemple.fr"));
  EXPECT_EQ(kept(), 0U);
  EXPECT_EQ(queue_->counts().queued, 0U);
  EXPECT_EQ(queue_->counts().accepted, 2U);
  send();
  EXPECT_EQ(transport_.asked.size(), 2U);
}

TEST_F(MailQueue, keeps_over_a_restart_what_waits_and_sends_no_mail_twice) {
  add("a@exemple.fr");
  add("b@exemple.fr");
  transport_.answers = {Outcome::accepted, Outcome::deferred};
  send();
  reopen();
  EXPECT_EQ(queue_->counts().queued, 1U);
  clock_.pass(std::chrono::minutes(2));
  send();
  ASSERT_EQ(transport_.taken.size(), 2U);
  EXPECT_NE(transport_.taken[0].to, transport_.taken[1].to);
  EXPECT_EQ(kept(), 0U);
}

TEST_F(MailQueue, waits_longer_after_each_attempt_that_was_put_off) {
  add("a@exemple.fr");
  transport_.answers = {Outcome::deferred, Outcome::deferred};
  send();
  EXPECT_EQ(*queue_->next_due().value(), clock_.now() + std::chrono::minutes(1));
  send();
  EXPECT_EQ(transport_.asked.size(), 1U);
  clock_.pass(std::chrono::minutes(1));
  send();
  EXPECT_EQ(*queue_->next_due().value(), clock_.now() + std::chrono::minutes(5));
  for (unsigned i = 1; i < 20; ++i) EXPECT_LE(pause_after(i), pause_after(i + 1));
}

TEST_F(MailQueue, puts_a_mail_that_is_put_off_behind_the_others) {
  add("a@exemple.fr");
  clock_.pass(Millis(1));
  add("b@exemple.fr");
  transport_.answers = {Outcome::deferred};
  send();
  EXPECT_THAT(transport_.asked, ElementsAre("a@exemple.fr", "b@exemple.fr"));
  EXPECT_EQ(queue_->counts().queued, 1U);
}

TEST_F(MailQueue, counts_a_refusal_as_final) {
  add("inconnue@exemple.fr");
  transport_.answers = {Outcome::refused};
  send();
  EXPECT_EQ(kept(), 0U);
  EXPECT_EQ(queue_->counts().refused, 1U);
  clock_.pass(std::chrono::hours(24));
  send();
  EXPECT_EQ(transport_.asked.size(), 1U);
}

TEST_F(MailQueue, leaves_a_server_in_peace_that_cannot_be_asked) {
  add("a@exemple.fr");
  add("b@exemple.fr");
  transport_.answers = {Outcome::unreachable, Outcome::unreachable};
  send();
  EXPECT_EQ(transport_.asked.size(), 1U) << "one attempt tells for all";
  EXPECT_FALSE(queue_->counts().reachable);
  send();
  EXPECT_EQ(transport_.asked.size(), 1U);
  clock_.pass(Millis(30'000));
  send();
  EXPECT_EQ(transport_.asked.size(), 2U);
  EXPECT_EQ(*queue_->next_due().value(), clock_.now() + Millis(60'000));
  clock_.pass(Millis(60'000));
  send();
  EXPECT_EQ(transport_.taken.size(), 2U);
  EXPECT_TRUE(queue_->counts().reachable);
}

TEST_F(MailQueue, gives_up_after_three_days) {
  add("a@exemple.fr");
  transport_.answers.assign(100, Outcome::deferred);
  for (int hour = 0; hour < 90; ++hour) {
    send();
    clock_.pass(std::chrono::hours(1));
  }
  EXPECT_EQ(kept(), 0U);
  EXPECT_EQ(queue_->counts().given_up, 1U);
  EXPECT_LT(transport_.asked.size(), 20U);
}

TEST_F(MailQueue, stops_between_two_mails) {
  add("a@exemple.fr");
  add("b@exemple.fr");
  std::stop_source stop;
  stop.request_stop();
  ASSERT_TRUE(queue_->send_due(transport_, stop.get_token()).has_value());
  EXPECT_THAT(transport_.asked, IsEmpty());
  EXPECT_EQ(kept(), 2U);
}

TEST_F(MailQueue, that_is_off_takes_nothing_and_forgets_what_waited) {
  add("a@exemple.fr");
  reopen(false);
  EXPECT_EQ(kept(), 0U);
  EXPECT_EQ(queue_->add({.to = "b@exemple.fr", .subject = "x", .text = "x"}).error().code(),
            Code::unavailable);
  EXPECT_EQ(kept(), 0U);
}

TEST_F(MailQueue, commits_letters_with_what_they_belong_to_or_neither) {
  store::Commit commit{.now = clock_.now()};
  commit.local.push_back({.key = "alert/x", .value = "1"});
  EXPECT_FALSE(queue_->commit(commit, {{.to = "nobody", .subject = "x", .text = "x"}}).has_value());
  EXPECT_FALSE(store_->local("alert/x", clock_.now())->has_value());
  ASSERT_TRUE(queue_->commit(commit, {{.to = "a@b.fr", .subject = "x", .text = "x"}}).has_value());
  EXPECT_TRUE(store_->local("alert/x", clock_.now())->has_value());
}

TEST_F(MailQueue, passes_over_what_it_cannot_read) {
  ASSERT_TRUE(store_->commit(
      {.now = clock_.now(), .local = {{.key = cat(kQueuePrefix, "0-broken"), .value = "?"}}}));
  reopen();
  add("a@exemple.fr");
  send();
  EXPECT_EQ(kept(), 0U);
  EXPECT_EQ(transport_.taken.size(), 1U);
}

}  // namespace
}  // namespace solidaires::mail
