#include "node/mail/letter.h"

#include <algorithm>
#include <array>

#include "node/mail/address.h"
#include "node/text/fold.h"
#include "sync/base/hash.h"

namespace solidaires::mail {
namespace {

constexpr std::size_t kSubjectCharactersMax = 200;
constexpr std::size_t kEncodedBytesMax = 45;  // of text, in one encoded word
constexpr std::size_t kPlainBytesMax = 70;    // longer text goes into encoded words, which fold
constexpr std::size_t kQuotedLineMax = 76;
constexpr std::size_t kUrlBytesMax = 900;

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

// As RFC 2045 spells it, padding included.
std::string base64(std::string_view bytes) {
  auto text = base64url(bytes);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

bool is_plain(std::string_view text) {
  return text.size() <= kPlainBytesMax && text.find("=?") == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::string one_line(std::string_view text) {
  return text::single_line(text::clean(text));
}

// A name beside an address: quoted if it is plain, for it may hold commas and parentheses.
std::string phrase(std::string_view text) {
  auto const name = one_line(text);
  if (!is_plain(name)) return encoded_words(name);
  std::string quoted = "\"";
  for (char const c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

bool is_web_address(std::string_view url) {
  return (url.starts_with("https://") || url.starts_with("http://")) &&
         url.size() <= kUrlBytesMax && std::ranges::all_of(url, [](char c) {
           return c > ' ' && c <= '~' && c != '<' && c != '>' && c != ',';
         });
}

std::string part(std::string_view type, std::string_view content) {
  return cat("Content-Type: ", type,
             "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
             quoted_printable(content));
}

std::string body(Letter const& letter, DocumentId const& id) {
  if (letter.html.empty()) return part("text/plain", letter.text);
  // Quoted-printable holds no "=_".
  auto const boundary = cat("=_", hex(id.bytes()));
  return cat("Content-Type: multipart/alternative; boundary=\"", boundary, "\"\r\n\r\n--", boundary,
             "\r\n", part("text/plain", letter.text), "\r\n--", boundary, "\r\n",
             part("text/html", letter.html), "\r\n--", boundary, "--\r\n");
}

}  // namespace

std::string encoded_words(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    auto size = std::min(text.size(), kEncodedBytesMax);
    while (size > 1 && size < text.size() && is_continuation(text[size])) --size;
    out += cat(out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?", base64(text.substr(0, size)), "?=");
    text.remove_prefix(size);
  }
  return out;
}

std::string quoted_printable(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const byte = static_cast<unsigned char>(text[i]);
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (text[i] == '\n') {
      out += "\r\n";
      column = 0;
      continue;
    }
    bool const last = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    bool const graphic = byte > 0x20 && byte < 0x7f && byte != '=';
    bool const space = (byte == ' ' || byte == '\t') && !last;
    if (column + (graphic || space ? 1 : 3) > kQuotedLineMax - 1) {
      out += "=\r\n";
      column = 0;
    }
    // A dot that begins a line, and "From", are known to be changed on the way.
    bool const at_risk = column == 0 && (byte == '.' || byte == 'F');
    if ((graphic || space) && !at_risk) {
      out += text[i];
      column += 1;
    } else {
      out += cat('=', kDigits[byte >> 4U], kDigits[byte & 0xfU]);
      column += 3;
    }
  }
  return out;
}

std::string mail_date(Instant at) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto const days = std::chrono::floor<std::chrono::days>(at);
  std::chrono::year_month_day const date(days);
  std::chrono::hh_mm_ss const time(std::chrono::floor<std::chrono::seconds>(at - days));
  auto const two = [](auto number) {
    return cat(number < 10 ? "0" : "", static_cast<int>(number));
  };
  return cat(kDays[std::chrono::weekday(days).c_encoding()], ", ",
             static_cast<unsigned>(date.day()), ' ',
             kMonths[static_cast<unsigned>(date.month()) - 1], ' ', static_cast<int>(date.year()),
             ' ', two(time.hours().count()), ':', two(time.minutes().count()), ':',
             two(time.seconds().count()), " +0000");
}

Result<Envelope> compose(Letter const& letter, Sender const& sender, DocumentId const& id,
                         Instant now) {
  auto const to = parse_address(letter.to);
  if (!to) return fail(Code::invalid, "the letter is to nobody: no valid address");
  std::string head =
      cat("Date: ", mail_date(now), "\r\nFrom: ", phrase(sender.name), " <", sender.address,
          ">\r\nTo: ", *to, "\r\nMessage-ID: <", hex(id.bytes()), '@', domain_of(sender.address),
          ">\r\nSubject: ",
          encoded_words(text::excerpt(one_line(letter.subject), kSubjectCharactersMax)), "\r\n");
  if (!letter.reply_to.empty()) {
    auto const reply_to = parse_address(letter.reply_to);
    if (!reply_to) return fail(Code::invalid, "the address for answers is none");
    head += cat("Reply-To: ", *reply_to, "\r\n");
  }
  if (letter.automatic) head += "Auto-Submitted: auto-generated\r\n";
  if (!letter.unsubscribe_url.empty()) {
    if (!is_web_address(letter.unsubscribe_url))
      return fail(Code::invalid, "the address to unsubscribe is no web address");
    head += cat("List-Unsubscribe: <", letter.unsubscribe_url,
                ">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
  }
  head += "MIME-Version: 1.0\r\n";
  return Envelope{sender.address, *to, head + body(letter, id)};
}

}  // namespace solidaires::mail
