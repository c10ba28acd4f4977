#include "sync/net/enrolment.h"

#include <gtest/gtest.h>

#include "sync/net/backoff.h"

namespace solidaires::net {
namespace {

using namespace std::chrono_literals;

Instant const kNow = from_unix_ms(1'790'000'000'000);

EnrolmentToken token() {
  SeededRng rng(7);
  return {.hub_address = "hub.example:7443",
          .network = NodeName::parse("aura").value(),
          .node = NodeName::parse("isere").value(),
          .authority_fingerprint = Bytes(32, 'f'),
          .secret = make_secret(rng),
          .expires = kNow};
}

TEST(EnrolmentToken, is_one_word_that_comes_back_whole) {
  auto const text = token().to_text();
  EXPECT_EQ(text.find_first_of(" \n\t/+="), std::string::npos);
  EXPECT_LT(text.size(), 220U);
  EXPECT_EQ(EnrolmentToken::parse(text).value(), token());
}

TEST(EnrolmentToken, forgives_the_line_breaks_of_a_mail) {
  auto text = token().to_text();
  text.insert(60, "\r\n  ");
  EXPECT_EQ(EnrolmentToken::parse(cat("  ", text, "\n")).value(), token());
}

TEST(EnrolmentToken, notices_every_single_wrong_character) {
  auto const text = token().to_text();
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {  // the last one may carry padding bits only
    auto wrong = text;
    wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
    auto const parsed = EnrolmentToken::parse(wrong);
    ASSERT_FALSE(parsed) << i;
    EXPECT_EQ(parsed.error().code(), Code::invalid);
  }
}

TEST(EnrolmentToken, notices_a_part_that_is_missing) {
  auto const text = token().to_text();
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(EnrolmentToken::parse(text.substr(0, size))) << size;
  }
  EXPECT_FALSE(EnrolmentToken::parse(std::string(1'000'000, 'a')));
}

TEST(EnrolmentMessages, come_back_whole_and_are_refused_when_cut) {
  EnrolmentRequest const request{token().node, token().secret, "request"};
  auto const bytes = encode(request);
  auto const decoded = decode_enrolment_request(bytes).value();
  EXPECT_EQ(decoded.node, request.node);
  EXPECT_EQ(decoded.secret, request.secret);
  EXPECT_EQ(decoded.request, request.request);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_enrolment_request(bytes.substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_enrolment_request(bytes + "x"));
  auto const issued = decode_issued(encode(Issued{"certificate", "roots"})).value();
  EXPECT_EQ(issued.certificate, "certificate");
  EXPECT_EQ(issued.roots, "roots");
}

TEST(Backoff, stays_between_its_limits_and_grows) {
  SeededRng rng(1);
  Backoff backoff;
  Millis ceiling = limits::kReconnectMin;
  for (int attempt = 0; attempt < 200; ++attempt) {
    ceiling = std::min<Millis>(ceiling * 2, limits::kReconnectMax);
    auto const wait = backoff.next(rng);
    EXPECT_GE(wait, limits::kReconnectMin);
    EXPECT_LE(wait, ceiling);
  }
}

TEST(Backoff, spreads_a_crowd_and_starts_short_again_after_progress) {
  SeededRng rng(2);
  Backoff backoff;
  Millis longest{0};
  Millis shortest{1'000'000};
  for (int attempt = 0; attempt < 300; ++attempt) {
    auto const wait = backoff.next(rng);
    if (attempt > 10) {
      longest = std::max(longest, wait);
      shortest = std::min(shortest, wait);
    }
  }
  EXPECT_GT(longest, 50s);
  EXPECT_LT(shortest, 5s);
  backoff.reset();
  EXPECT_LE(backoff.next(rng), 2s);
}

TEST(RateLimit, allows_a_burst_then_one_per_interval_for_each_key) {
  RateLimit limit(3, 10s);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.allow("a", kNow));
  EXPECT_FALSE(limit.allow("a", kNow));
  EXPECT_TRUE(limit.allow("b", kNow));
  EXPECT_FALSE(limit.allow("a", kNow + 9s));
  EXPECT_TRUE(limit.allow("a", kNow + 11s));
  EXPECT_FALSE(limit.allow("a", kNow + 11s));
}

TEST(RateLimit, gives_nothing_to_a_clock_that_runs_backwards_and_stays_bounded) {
  RateLimit limit(1, 10s);
  EXPECT_TRUE(limit.allow("a", kNow));
  EXPECT_FALSE(limit.allow("a", kNow - 1h));
  std::size_t allowed = 0;
  for (int i = 0; i < 10'000; ++i) allowed += limit.allow(std::to_string(i), kNow) ? 1 : 0;
  EXPECT_LT(allowed, 5'000U);
  EXPECT_TRUE(limit.allow("later", kNow + 1h));
}

}  // namespace
}  // namespace solidaires::net
