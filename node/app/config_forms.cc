// What texts in a configuration must look like.
#include <arpa/inet.h>

#include <array>
#include <charconv>

#include "node/app/config_keys.h"
#include "node/page/colour.h"
#include "sync/base/bytes.h"

namespace solidaires::app {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool parse_number(std::string_view text, unsigned& number) {
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

// The number of bits of an IP address, 0 if it is none.
unsigned address_bits(std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  std::string const terminated(text);
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return 32;
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return 128;
  return 0;
}

bool is_network(std::string_view text) {
  auto const slash = text.find('/');
  unsigned const bits = address_bits(text.substr(0, slash));
  if (slash == std::string_view::npos) return bits > 0;
  unsigned prefix = 0;
  return bits > 0 && parse_number(text.substr(slash + 1), prefix) && prefix <= bits;
}

bool is_host(std::string_view text) {
  if (address_bits(text) > 0) return true;
  if (text.empty() || text.size() > 253 || text.front() == '-' || text.back() == '-') return false;
  return std::ranges::all_of(text, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
  });
}

bool is_department(std::string_view code) {
  if (code == "2A" || code == "2B") return true;
  unsigned number = 0;
  if (!std::ranges::all_of(code, is_digit) || !parse_number(code, number)) return false;
  if (code.size() == 2) return number >= 1 && number <= 95 && number != 20;
  return code.size() == 3 && number >= 971 && number <= 976 && number != 975;
}

bool is_email(std::string_view text) {
  auto const at = text.find('@');
  if (at == std::string_view::npos || at == 0 || text.size() > 254) return false;
  if (text.find_first_of(" \t\r\n<>,;\"") != std::string_view::npos) return false;
  auto const domain = text.substr(at + 1);
  return is_host(domain) && domain.find('.') != std::string_view::npos;
}

bool is_phone(std::string_view text) {
  auto const digits = std::ranges::count_if(text, is_digit);
  return digits >= 4 && digits <= 15 && text.find_first_not_of("+0123456789 .()-") == text.npos;
}

bool is_base_url(std::string_view text) {
  for (std::string_view const scheme : {"https://", "http://"}) {
    if (!text.starts_with(scheme)) continue;
    auto const rest = text.substr(scheme.size());
    return is_host(rest) || parse_host_port(rest).has_value();
  }
  return false;
}

bool is_mail_server(std::string_view text) {
  for (std::string_view const scheme : {"smtps://", "smtp://"}) {
    if (text.starts_with(scheme)) return parse_host_port(text.substr(scheme.size())).has_value();
  }
  return false;
}

bool is_tiles(std::string_view text) {
  auto const host_end = text.find('/', text.find("://") + 3);
  return text.starts_with("https://") && host_end != std::string_view::npos &&
         is_base_url(text.substr(0, host_end)) && text.contains("{z}") && text.contains("{x}") &&
         text.contains("{y}") && text.find_first_of(" \"'<>;,\\") == std::string_view::npos;
}

Result<> require(bool holds, std::string_view message) {
  if (holds) return {};
  return fail(Code::invalid, std::string(message));
}

// Damerau's distance (with neighbours swapped), for short words.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        rows[i][j] = i + j;
        continue;
      }
      std::size_t const same = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      rows[i][j] = std::min({same, rows[i - 1][j] + 1, rows[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

}  // namespace

Result<> check_form(Form form, std::string_view text) {
  switch (form) {
    case Form::email: return require(is_email(text), "must be one e-mail address");
    case Form::phone: return require(is_phone(text), "must be one telephone number");
    case Form::language: return require(text == "fr" || text == "en", "must be \"fr\" or \"en\"");
    case Form::department:
      return require(is_department(text),
                     "must hold codes of departments as text, such as \"01\", \"2A\" or \"974\"");
    case Form::base_url:
      return require(is_base_url(text),
                     "must be http:// or https:// and a host, without a path or a '/' at the end");
    case Form::mail_server:
      return require(is_mail_server(text),
                     "must be smtps:// or smtp://, a host and a port, such as "
                     "\"smtps://mail.example:465\"");
    case Form::tiles:
      return require(is_tiles(text),
                     "must be https://, a host and a path with {z}, {x} and {y}, such as "
                     "\"https://tiles.example/{z}/{x}/{y}.png\"");
    case Form::colour:
      return require(page::Colour::parse(text).has_value(), "must be a colour like \"#0b6b74\"");
    case Form::svg_file: return require(text.ends_with(".svg"), "must be an SVG file (.svg)");
    case Form::address: return require(address_bits(text) > 0, "must be an IPv4 or IPv6 address");
    case Form::network:
      return require(is_network(text), "must hold IP addresses or blocks such as \"10.0.0.0/8\"");
    case Form::subscription:
      return require(text == "all" || NodeName::parse(text).has_value(),
                     "must hold names of nodes, or \"all\"");
    case Form::fetching:
      return require(text == "own" || text == "below" || text == "all",
                     R"(must be "own", "below" or "all")");
    case Form::second_factor:
      return require(text == "required" || text == "offered", R"(must be "required" or "offered")");
    case Form::any:
    case Form::markdown:
    case Form::file:
    case Form::directory: return {};
  }
  return fail(Code::internal, "a form without a rule");
}

Result<HostPort> parse_host_port(std::string_view text) {
  if (text.starts_with("wss://")) text.remove_prefix(6);
  auto const colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return fail(Code::invalid, "must be a host and a port, such as \"hub.example:8100\"");
  auto host = text.substr(0, colon);
  bool const bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  bool const good_host =
      bracketed ? address_bits(host) == 128 : is_host(host) && host.find(':') == host.npos;
  unsigned port = 0;
  if (!good_host || !parse_number(text.substr(colon + 1), port) || port < 1 || port > 65'535)
    return fail(Code::invalid, "must be a host and a port, such as \"hub.example:8100\"");
  return HostPort{std::string(host), static_cast<std::uint16_t>(port)};
}

bool is_loopback(std::string_view address) {
  return address == "::1" || (address.starts_with("127.") && address_bits(address) == 32);
}

std::string_view nearest(std::string_view text, std::span<std::string_view const> candidates) {
  std::size_t best = std::max<std::size_t>(2, text.size() / 3) + 1;
  std::string_view found;
  for (auto const candidate : candidates) {
    if (auto const far = distance(text, candidate); far < best) {
      best = far;
      found = candidate;
    }
  }
  return found;
}

}  // namespace solidaires::app
