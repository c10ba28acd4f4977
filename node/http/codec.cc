#include "node/http/codec.h"

#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>

namespace solidaires::http {
namespace {

namespace beast = boost::beast;

using Class = std::uint8_t;
constexpr Class kToken = 1;   // tchar of RFC 9110
constexpr Class kValue = 2;   // a field value: visible, space, tab, and bytes of other encodings
constexpr Class kTarget = 4;  // a request target: visible ASCII, no fragment
constexpr Class kHost = 8;

constexpr std::array<Class, 256> kClasses = [] {
  std::array<Class, 256> out{};
  for (std::size_t c = 0; c < out.size(); ++c) {
    bool const is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool const is_alphanumeric = is_letter || (c >= '0' && c <= '9');
    bool const is_visible = c > 0x20 && c < 0x7f;
    bool const is_token =
        is_alphanumeric ||
        (is_visible &&
         std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos);
    if (is_token) out[c] |= kToken;
    if (is_visible || c == ' ' || c == '\t' || c >= 0x80) out[c] |= kValue;
    if (is_visible && c != '#') out[c] |= kTarget;
    if (is_alphanumeric || c == '.' || c == '-' || c == '_') out[c] |= kHost;
  }
  return out;
}();

bool is(char c, Class wanted) noexcept {
  return (kClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

bool all(std::string_view text, Class wanted) noexcept {
  return std::ranges::all_of(text, [wanted](char c) { return is(c, wanted); });
}

using Verdict = std::optional<Refusal>;

Verdict check_request_line(std::string_view line, CodecLimits const& limits) {
  std::size_t const first = line.find(' ');
  std::size_t const last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Refusal{400, "request line"};
  std::string_view const target = line.substr(first + 1, last - first - 1);
  std::string_view const version = line.substr(last + 1);
  if (first == 0 || !all(line.substr(0, first), kToken)) return Refusal{400, "method"};
  if (target.size() > limits.target_bytes_max) return Refusal{414, "target too long"};
  if (target.empty() || !all(target, kTarget)) return Refusal{400, "target"};
  if (version == "HTTP/1.1" || version == "HTTP/1.0") return std::nullopt;
  bool const is_other_version = version.size() == 8 && version.starts_with("HTTP/");
  return is_other_version ? Refusal{505, "version"} : Refusal{400, "request line"};
}

Verdict check_field_line(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return Refusal{400, "folded field"};
  std::size_t const colon = line.find(':');
  if (colon == std::string_view::npos) return Refusal{400, "field without a colon"};
  // A space before the colon is the classic way to make two servers read two fields.
  if (colon == 0 || !all(line.substr(0, colon), kToken)) return Refusal{400, "field name"};
  if (!all(line.substr(colon + 1), kValue)) return Refusal{400, "field value"};
  return std::nullopt;
}

// Every byte of the head, before any parser that might be lenient sees it.
Verdict check_bytes(std::string_view bytes, CodecLimits const& limits) {
  std::size_t lines = 0;
  while (!bytes.empty()) {
    std::size_t const end = bytes.find('\n');
    if (end == std::string_view::npos || end == 0 || bytes[end - 1] != '\r') {
      return Refusal{400, "bare line feed"};
    }
    std::string_view const line = bytes.substr(0, end - 1);
    bytes.remove_prefix(end + 1);
    if (line.empty()) break;
    if (lines > limits.header_count_max) return Refusal{431, "too many fields"};
    Verdict const verdict = lines == 0 ? check_request_line(line, limits) : check_field_line(line);
    if (verdict) return verdict;
    ++lines;
  }
  if (lines == 0 || !bytes.empty()) return Refusal{400, "empty head"};
  return std::nullopt;
}

Method method_of(std::string_view text) noexcept {
  for (Method method : {Method::get, Method::head, Method::post, Method::put, Method::patch,
                        Method::del, Method::options}) {
    if (text == method_name(method)) return method;
  }
  return Method::other;
}

// What the checks need to know of the fields, gathered as Beast names them.
struct Framing {
  std::size_t hosts = 0, lengths = 0, codings = 0;
  std::string_view host, length, coding, expect;
  bool says_close = false;
  bool says_keep_alive = false;
};

bool has_token(std::string_view list, std::string_view token) noexcept {
  while (!list.empty()) {
    std::size_t const end = std::min(list.find(','), list.size());
    std::string_view item = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (equals_ignoring_case(item, token)) return true;
  }
  return false;
}

// Beast's parser, for the head alone: it is never given a byte of a body.
class HeadParser final : public beast::http::basic_parser<true> {
 public:
  HeadParser(Head& head, Framing& framing) : head_(head), framing_(framing) {}

 private:
  using Text = beast::string_view;
  using Errors = beast::error_code;

  static std::string_view view(Text text) noexcept { return {text.data(), text.size()}; }

  void on_request_impl(beast::http::verb /*verb*/, Text method, Text target, int version,
                       Errors& /*error*/) override {
    head_.method_text = view(method);
    head_.method = method_of(head_.method_text);
    head_.target = view(target);
    head_.is_http_10 = version == 10;
  }

  void on_field_impl(beast::http::field field, Text name, Text text, Errors& /*error*/) override {
    using enum beast::http::field;
    std::string_view const value = view(text);
    head_.fields.push_back({view(name), value});
    switch (field) {
      case host: ++framing_.hosts, framing_.host = value; break;
      case content_length: ++framing_.lengths, framing_.length = value; break;
      case transfer_encoding: ++framing_.codings, framing_.coding = value; break;
      case expect: framing_.expect = value; break;
      case connection:
        framing_.says_close |= has_token(value, "close");
        framing_.says_keep_alive |= has_token(value, "keep-alive");
        break;
      case cookie: head_.cookie = value; break;
      case accept_encoding: head_.accept_encoding = value; break;
      case if_none_match: head_.if_none_match = value; break;
      case range: head_.has_range = true; break;
      default: break;
    }
  }

  void on_header_impl(Errors& /*error*/) override {}
  void on_response_impl(int /*code*/, Text /*reason*/, int /*version*/, Errors&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, Errors&) override {}
  std::size_t on_body_impl(Text body, Errors&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, Text, Errors&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Errors&) override { return body.size(); }
  void on_finish_impl(Errors&) override {}

  Head& head_;
  Framing& framing_;
};

bool is_host(std::string_view text) noexcept {
  constexpr std::size_t kHostMax = 255;
  if (text.empty() || text.size() > kHostMax) return false;
  std::size_t port = std::string_view::npos;
  if (text.front() == '[') {
    std::size_t const end = text.find(']');
    if (end == std::string_view::npos || end < 2) return false;
    if (text.substr(1, end - 1).find_first_not_of("0123456789abcdefABCDEF:.") !=
        std::string_view::npos) {
      return false;
    }
    if (end + 1 == text.size()) return true;
    port = end + 1;
  } else {
    port = text.find(':');
    if (port == 0 || !all(text.substr(0, port), kHost)) return false;
    if (port == std::string_view::npos) return true;
  }
  std::string_view const digits = text.substr(port + 1);
  constexpr std::size_t kPortDigits = 5;
  return text[port] == ':' && digits.size() <= kPortDigits &&
         digits.find_first_not_of("0123456789") == std::string_view::npos;
}

Verdict check_host(Framing const& framing, Head& head) {
  if (framing.hosts > 1) return Refusal{400, "several Host"};
  if (framing.hosts == 0) {
    if (!head.is_http_10) return Refusal{400, "no Host"};
    return std::nullopt;  // health checks of balancers
  }
  if (!is_host(framing.host)) return Refusal{400, "malformed Host"};
  head.host = framing.host;
  return std::nullopt;
}

// Brings the target into origin form.
Verdict check_target(Head& head) {
  if (head.target.front() == '/') return std::nullopt;
  if (head.target == "*") {
    if (head.method == Method::options) return std::nullopt;
    return Refusal{400, "asterisk form"};
  }
  std::size_t const colon = head.target.find("://");
  if (colon == std::string_view::npos) return Refusal{400, "target form"};
  std::string_view const scheme = head.target.substr(0, colon);
  if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) {
    return Refusal{400, "target scheme"};
  }
  std::string_view const rest = head.target.substr(colon + 3);
  std::size_t const end = rest.find_first_of("/?");
  if (!equals_ignoring_case(rest.substr(0, end), head.host)) {
    return Refusal{400, "absolute form of another host"};
  }
  if (end != std::string_view::npos && rest[end] == '?') return Refusal{400, "target form"};
  head.target = end == std::string_view::npos ? std::string_view("/") : rest.substr(end);
  return std::nullopt;
}

Verdict check_body(Framing const& framing, Head& head) {
  if (framing.codings > 0) {
    if (head.is_http_10) return Refusal{400, "Transfer-Encoding in HTTP/1.0"};
    if (framing.lengths > 0) return Refusal{400, "Transfer-Encoding with Content-Length"};
    if (framing.codings > 1) return Refusal{400, "several Transfer-Encoding"};
    if (!equals_ignoring_case(framing.coding, "chunked")) return Refusal{501, "transfer coding"};
    head.is_chunked = true;
  }
  if (framing.lengths > 1) return Refusal{400, "several Content-Length"};
  if (framing.lengths == 1) {
    constexpr std::size_t kDigitsMax = 15;
    std::string_view const text = framing.length;
    if (text.empty() || text.size() > kDigitsMax ||
        text.find_first_not_of("0123456789") != std::string_view::npos) {
      return Refusal{400, "malformed Content-Length"};
    }
    for (char c : text) {
      head.content_length = head.content_length * 10 + static_cast<std::uint64_t>(c - '0');
    }
  }
  bool const takes_body = head.method != Method::get && head.method != Method::head;
  if (head.has_body() && !takes_body) return Refusal{400, "GET with a body"};
  return std::nullopt;
}

Verdict check_meaning(Framing const& framing, Head& head) {
  // The framing first: with it wrong, nothing else of the message can be trusted.
  if (auto verdict = check_body(framing, head)) return verdict;
  if (auto verdict = check_host(framing, head)) return verdict;
  if (head.method == Method::other) return Refusal{501, "method"};
  if (auto verdict = check_target(head)) return verdict;
  if (!framing.expect.empty()) {
    if (!equals_ignoring_case(framing.expect, "100-continue")) return Refusal{417, "Expect"};
    head.expects_continue = !head.is_http_10;
  }
  head.keep_alive = !framing.says_close && (!head.is_http_10 || framing.says_keep_alive);
  return std::nullopt;
}

}  // namespace

std::string_view Head::find(std::string_view name) const noexcept {
  for (HeadField const& field : fields) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

void Head::clear() {
  std::vector<HeadField> kept = std::move(fields);
  kept.clear();
  *this = Head();
  fields = std::move(kept);
}

bool may_be_head(std::string_view bytes) noexcept {
  return bytes.empty() || bytes.front() == '\r' || is(bytes.front(), kToken);
}

std::size_t find_head_end(std::string_view bytes, std::size_t& scanned) noexcept {
  // A line feed is followed by CRLF, or by another (refused later, but it does end the head).
  std::size_t at = scanned > 2 ? scanned - 2 : 0;
  while ((at = bytes.find('\n', at)) != std::string_view::npos) {
    std::string_view const rest = bytes.substr(at + 1, 2);
    if (rest.starts_with('\n')) return at + 2;
    if (rest == "\r\n") return at + 3;
    ++at;
  }
  scanned = bytes.size();
  return 0;
}

std::size_t leading_line_breaks(std::string_view bytes) noexcept {
  return bytes.starts_with("\r\n") ? 2 : 0;
}

Verdict parse_head(std::string_view bytes, CodecLimits const& limits, Head& head) {
  head.clear();
  if (bytes.size() > limits.head_bytes_max) return Refusal{431, "head too long"};
  if (auto verdict = check_bytes(bytes, limits)) return verdict;
  Framing framing;
  HeadParser parser(head, framing);
  parser.header_limit(static_cast<std::uint32_t>(limits.head_bytes_max));
  parser.body_limit(boost::none);
  beast::error_code error;
  parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  bool const is_whole = parser.is_header_done();
  // Beast's own view of the framing is checked as well as ours; ours gives the better reason.
  if (auto verdict = check_meaning(framing, head)) return verdict;
  if (error || !is_whole) return Refusal{400, "malformed head"};
  return std::nullopt;
}

ChunkedReader::Step ChunkedReader::read(std::string_view bytes, std::string& body,
                                        std::uint64_t room) {
  Step out;
  while (out.taken < bytes.size() && !done()) {
    if (state_ == State::data) {
      std::uint64_t const here = std::min<std::uint64_t>(bytes.size() - out.taken, left_);
      if (received_ + here > room) {
        out.refusal = Refusal{413, "body too large"};
        return out;
      }
      body += bytes.substr(out.taken, here);
      out.taken += here;
      received_ += here;
      left_ -= here;
      if (left_ == 0) state_ = State::data_cr;
      continue;
    }
    out.refusal = step(bytes[out.taken]);
    if (out.refusal) return out;
    ++out.taken;
  }
  return out;
}

Verdict ChunkedReader::end_size() {
  if (digits_ == 0) return Refusal{400, "chunk size"};
  state_ = State::size_lf;
  return std::nullopt;
}

Verdict ChunkedReader::step(char byte) {
  constexpr int kDigitsMax = 15;
  constexpr std::size_t kOverheadMax = 4096;
  auto const need = [&](char wanted, State next) -> Verdict {
    if (byte != wanted) return Refusal{400, "chunk line break"};
    state_ = next;
    return std::nullopt;
  };
  switch (state_) {
    case State::size: {
      if (byte == '\r') return end_size();
      if (byte == ';' && digits_ > 0) {
        state_ = State::extension;
        return std::nullopt;
      }
      char const lower = static_cast<char>(byte | 0x20);
      bool const is_decimal = byte >= '0' && byte <= '9';
      bool const is_letter = lower >= 'a' && lower <= 'f';
      if ((!is_decimal && !is_letter) || ++digits_ > kDigitsMax) return Refusal{400, "chunk size"};
      left_ = left_ * 16 + static_cast<std::uint64_t>(is_decimal ? byte - '0' : lower - 'a' + 10);
      return std::nullopt;
    }
    case State::extension:
    case State::trailer:
      if (byte == '\r') {
        state_ = state_ == State::extension ? State::size_lf : State::trailer_lf;
        return std::nullopt;
      }
      if (!is(byte, kValue)) return Refusal{400, "chunk extension or trailer"};
      if (++overhead_ > kOverheadMax) return Refusal{400, "too much around the chunks"};
      return std::nullopt;
    case State::size_lf:
      digits_ = 0;
      return need('\n', left_ > 0 ? State::data : State::trailer_start);
    case State::data_cr: return need('\r', State::data_lf);
    case State::data_lf: return need('\n', State::size);
    case State::trailer_start:
      if (byte == '\r') return need('\r', State::end_lf);
      if (!is(byte, kToken)) return Refusal{400, "trailer"};
      state_ = State::trailer;
      return std::nullopt;
    case State::trailer_lf: return need('\n', State::trailer_start);
    case State::end_lf: return need('\n', State::done);
    case State::data:
    case State::done: break;
  }
  return std::nullopt;
}

}  // namespace solidaires::http
