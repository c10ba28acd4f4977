// One mail, from what the portal says to the bytes that a server is given (RFC 5322, MIME): text
// and HTML side by side, headers that no value can break out of. Pure, any thread.
#pragma once

#include <string>
#include <string_view>

#include "sync/base/clock.h"
#include "sync/base/ids.h"
#include "sync/base/result.h"

namespace solidaires::mail {

// Who writes: the portal. `address` is parsed already.
struct Sender {
  std::string address;
  std::string name;  // shown beside it; any text
};

struct Letter {
  std::string to;                 // one address
  std::string subject;            // any text: made one line, cut at 200 characters
  std::string text;               // UTF-8, lines end in '\n'
  std::string html{};             // the same for those who read HTML; empty: text alone
  std::string reply_to{};         // one address; empty: answers go to the sender
  std::string unsubscribe_url{};  // one click ends it (RFC 8058); empty: nothing to end
  bool automatic = true;          // no person wrote it (Auto-Submitted, RFC 3834)
};

// What SMTP carries.
struct Envelope {
  std::string from;
  std::string to;
  Bytes message;  // lines end in CRLF, none is longer than 998 bytes
};

// `id` becomes the Message-ID: the same letter sent again has the same, so that mailboxes know it.
// Code::invalid if an address is none, or the address to unsubscribe is not https:// or http://.
[[nodiscard]] Result<Envelope> compose(Letter const& letter, Sender const& sender,
                                       DocumentId const& id, Instant now);

// "=?UTF-8?B?...?=" in pieces of at most 75 characters, or the text itself if it is plain.
[[nodiscard]] std::string encoded_words(std::string_view text);
// Quoted-printable: '\n' becomes CRLF, no line is longer than 76 characters.
[[nodiscard]] std::string quoted_printable(std::string_view text);
// "Wed, 25 Nov 2026 03:17:46 +0000"
[[nodiscard]] std::string mail_date(Instant at);

}  // namespace solidaires::mail
