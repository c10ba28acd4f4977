#include "node/http/message.h"

#include <array>
#include <charconv>

#include "node/http/response.h"
#include "sync/base/bytes.h"

namespace solidaires::http {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void append_two(std::string& out, unsigned value) {
  out += static_cast<char>('0' + value / 10 % 10);
  out += static_cast<char>('0' + value % 10);
}

bool read_number(std::string_view text, std::uint64_t& out) noexcept {
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

std::string_view french(int status) noexcept {
  switch (status) {
    case 408: return "La requête a mis trop de temps à arriver.";
    case 414: return "L’adresse demandée est trop longue.";
    case 421: return "Ce serveur ne répond pas à ce nom.";
    case 429: return "Trop de requêtes. Merci de patienter un peu.";
    case 431: return "Les en-têtes de la requête sont trop longs.";
    case 500: return "Une erreur est survenue. Elle a été notée.";
    case 503: return "Le service est très demandé. Merci de réessayer dans un instant.";
    default: return "Cette requête n’a pas été comprise.";
  }
}

}  // namespace

std::string http_date(Instant at) {
  auto const seconds = std::chrono::floor<std::chrono::seconds>(at);
  auto const day = std::chrono::floor<std::chrono::days>(seconds);
  std::chrono::year_month_day const date(day);
  std::chrono::hh_mm_ss const time(seconds - day);
  std::string out(kDays[std::chrono::weekday(day).c_encoding()]);
  out += ", ";
  append_two(out, static_cast<unsigned>(date.day()));
  out += cat(' ', kMonths[static_cast<unsigned>(date.month()) - 1], ' ',
             static_cast<int>(date.year()), ' ');
  append_two(out, static_cast<unsigned>(time.hours().count()));
  out += ':';
  append_two(out, static_cast<unsigned>(time.minutes().count()));
  out += ':';
  append_two(out, static_cast<unsigned>(time.seconds().count()));
  return out + " GMT";
}

std::optional<Instant> parse_http_date(std::string_view text) {
  // The one form that is sent since 1999; the two older ones count as no date.
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  auto const month = std::ranges::find(kMonths, text.substr(8, 3));
  std::uint64_t day = 0, year = 0, hour = 0, minute = 0, second = 0;
  bool const is_good =
      read_number(text.substr(5, 2), day) && month != kMonths.end() &&
      read_number(text.substr(12, 4), year) && read_number(text.substr(17, 2), hour) &&
      read_number(text.substr(20, 2), minute) && read_number(text.substr(23, 2), second);
  if (!is_good) return std::nullopt;
  std::chrono::year_month_day const date(
      std::chrono::year(static_cast<int>(year)),
      std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  return Instant(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second);
}

RangeVerdict parse_range(std::string_view header, std::uint64_t total, Range& range) {
  if (!header.starts_with("bytes=")) return RangeVerdict::whole;
  header.remove_prefix(6);
  std::size_t const dash = header.find('-');
  if (dash == std::string_view::npos) return RangeVerdict::whole;
  std::string_view const first = header.substr(0, dash);
  std::string_view const last = header.substr(dash + 1);
  std::uint64_t from = 0;
  std::uint64_t to = total == 0 ? 0 : total - 1;
  if (first.empty()) {
    std::uint64_t count = 0;
    if (!read_number(last, count)) return RangeVerdict::whole;
    if (count == 0 || total == 0) return RangeVerdict::unsatisfiable;
    from = total - std::min(count, total);
  } else {
    if (!read_number(first, from)) return RangeVerdict::whole;
    if (!last.empty() && !read_number(last, to)) return RangeVerdict::whole;
    if (!last.empty() && to < from) return RangeVerdict::whole;
    if (from >= total) return RangeVerdict::unsatisfiable;
    to = std::min(to, total - 1);
  }
  range = {from, to - from + 1};
  return RangeVerdict::part;
}

Outgoing answer_from(std::shared_ptr<Prebuilt const> page, Coding coding,
                     Conditions const& conditions) {
  Outgoing out;
  out.variant = page->find(coding);
  out.status = page->status();
  out.without_body = conditions.is_head;
  bool const is_known = !conditions.if_none_match.empty() && out.status == 200 &&
                        matches_etag(conditions.if_none_match, out.variant->etag);
  if (is_known) {
    out.status = 304;
    out.without_body = true;
  } else if (!conditions.range.empty() && page->has_ranges() && !conditions.is_head) {
    // Of the bytes as they are: a range of a compressed form would be of no use to anybody.
    Prebuilt::Variant const& whole = page->identity();
    bool const applies = conditions.if_range.empty() || conditions.if_range == whole.etag;
    Range range;
    RangeVerdict const verdict =
        applies ? parse_range(conditions.range, whole.body.size(), range) : RangeVerdict::whole;
    if (verdict != RangeVerdict::whole) {
      bool const is_part = verdict == RangeVerdict::part;
      out.status = is_part ? 206 : 416;
      out.head = cat("HTTP/1.1 ", out.status, ' ', reason_phrase(out.status), "\r\n",
                     page->fields(), "ETag: ", whole.etag, "\r\nContent-Range: bytes ");
      out.head += is_part ? cat(range.begin, '-', range.begin + range.size - 1) : "*";
      out.head += cat('/', whole.body.size(), "\r\nContent-Length: ", range.size, "\r\n");
      out.body = whole.body.substr(range.begin, range.size);
      out.variant = nullptr;
    }
  }
  out.page = std::move(page);
  return out;
}

Outgoing plain_refusal(int status, std::string_view security_lines) {
  Outgoing out;
  out.status = status;
  out.served = Served::refused;
  out.must_close = true;
  out.body = cat(french(status), "\n");
  out.head = cat("HTTP/1.1 ", status, ' ', reason_phrase(status),
                 "\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n",
                 security_lines, status == 503 ? "Retry-After: 2\r\n" : "",
                 "Content-Length: ", out.body.size(), "\r\n");
  return out;
}

}  // namespace solidaires::http
