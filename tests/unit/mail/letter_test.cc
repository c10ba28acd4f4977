#include "node/mail/letter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace solidaires::mail {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Instant kAt{Millis(1'795'576'666'000)};  // 25 November 2026, 03:17:46 UTC
Sender const kSender{"portail@exemple.fr", "Savoie Mont-Blanc Solidaires"};

DocumentId some_id() {
  SeededRng rng(7);
  return DocumentId::make(kAt, rng);
}

Letter letter() {
  return {.to = "claude@exemple.org",
          .subject = "Les nouveautés",
          .text = "Bonjour,\n\nvoici.\n",
          .html = "<p>Bonjour,</p><p>voici.</p>"};
}

std::string composed(Letter const& letter, Sender const& sender = kSender) {
  auto const envelope = compose(letter, sender, some_id(), kAt);
  EXPECT_TRUE(envelope.has_value());
  return envelope ? envelope->message : std::string();
}

std::size_t longest_line(std::string_view text) {
  std::size_t longest = 0;
  while (!text.empty()) {
    auto const end = std::min(text.find("\r\n"), text.size());
    longest = std::max(longest, end);
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return longest;
}

TEST(Letter, has_the_headers_that_mail_servers_ask_for) {
  auto const message = composed(letter());
  EXPECT_THAT(message, HasSubstr("Date: Wed, 25 Nov 2026 03:17:46 +0000\r\n"));
  EXPECT_THAT(message,
              HasSubstr("From: \"Savoie Mont-Blanc Solidaires\" <portail@exemple.fr>\r\n"));
  EXPECT_THAT(message, HasSubstr("To: claude@exemple.org\r\n"));
  EXPECT_THAT(message, HasSubstr(cat("Message-ID: <", hex(some_id().bytes()), "@exemple.fr>\r\n")));
  EXPECT_THAT(message, HasSubstr("Subject: =?UTF-8?B?TGVzIG5vdXZlYXV0w6lz?=\r\n"));
  EXPECT_THAT(message, HasSubstr("Auto-Submitted: auto-generated\r\n"));
  EXPECT_THAT(message, HasSubstr("Content-Type: multipart/alternative; boundary="));
  EXPECT_THAT(message, Not(HasSubstr("List-Unsubscribe")));
}

TEST(Letter, that_can_be_ended_says_so_to_mail_programs) {
  auto ended = letter();
  ended.unsubscribe_url = "https://exemple.fr/alertes/fin/abc";
  auto const message = composed(ended);
  EXPECT_THAT(message, HasSubstr("List-Unsubscribe: <https://exemple.fr/alertes/fin/abc>\r\n"
                                 "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
  ended.unsubscribe_url = "https://exemple.fr/>\r\nBcc: x@y.fr";
  EXPECT_FALSE(compose(ended, kSender, some_id(), kAt).has_value());
}

TEST(Letter, lets_no_value_begin_another_header) {
  auto hostile = letter();
  hostile.subject = "Bonjour\r\nBcc: victime@exemple.org\r\n\r\n<script>";
  auto const message = composed(hostile, {"portail@exemple.fr", "Nom\r\nX-Evil: 1"});
  EXPECT_THAT(message, Not(HasSubstr("\nBcc:")));
  EXPECT_THAT(message, Not(HasSubstr("\nX-Evil:")));
  hostile.to = "a@b.fr\r\nBcc: c@d.fr";
  EXPECT_EQ(compose(hostile, kSender, some_id(), kAt).error().code(), Code::invalid);
  hostile = letter();
  hostile.reply_to = "a@b.fr\nX: y";
  EXPECT_EQ(compose(hostile, kSender, some_id(), kAt).error().code(), Code::invalid);
}

TEST(Letter, folds_a_long_subject_between_characters) {
  std::string subject;
  for (int i = 0; i < 60; ++i) subject += "été";
  auto long_one = letter();
  long_one.subject = subject;
  auto const message = composed(long_one);
  EXPECT_LE(longest_line(message), 100U);
  EXPECT_THAT(encoded_words("été été"), testing::StartsWith("=?UTF-8?B?"));
  EXPECT_EQ(encoded_words("Plain words"), "Plain words");
  EXPECT_NE(encoded_words("=?UTF-8?B?no?="), "=?UTF-8?B?no?=");
}

TEST(QuotedPrintable, keeps_lines_short_and_every_byte) {
  EXPECT_EQ(quoted_printable("a=b"), "a=3Db");
  EXPECT_EQ(quoted_printable("é\n"), "=C3=A9\r\n");
  EXPECT_EQ(quoted_printable("fin \nligne"), "fin=20\r\nligne");
  EXPECT_EQ(quoted_printable(".\nFrom x"), "=2E\r\n=46rom x");
  EXPECT_EQ(quoted_printable("a\r\nb"), "a\r\nb");
  EXPECT_LE(longest_line(quoted_printable(std::string(1'000, 'x'))), 76U);
  EXPECT_LE(longest_line(quoted_printable(std::string(1'000, '\xe9'))), 76U);
  EXPECT_EQ(quoted_printable("x\r.y"), "x=0D.y");
}

}  // namespace
}  // namespace solidaires::mail
