#include "schema/contact.h"

#include "schema/characters.h"
#include "sync/base/bytes.h"

namespace solidaires::schema {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}
std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

CheckedContact refuse(std::string fr, std::string en) {
  return {{}, false, {std::move(fr), std::move(en)}};
}

// The digits of a number, a leading '+' kept; empty if anything else stands among them.
std::string phone_digits(std::string_view typed) {
  std::string text = clean_line(typed);
  // "+33 (0)4 79": the zero in brackets is for calls from inside.
  if (auto const zero = text.find("(0)"); zero != std::string::npos && zero > 0)
    text.erase(zero, 3);
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (is_digit(c) || (c == '+' && digits.empty())) {
      digits += c;
    } else if (is_ascii(c) && std::string_view(" .-/()_").find(c) == std::string_view::npos) {
      return {};
    }
  }
  if (digits.starts_with("00")) digits.replace(0, 2, "+");
  return digits;
}

CheckedContact check_french(std::string_view national, std::string_view typed) {
  if (national.size() == 9 && national[0] != '0') return {cat("+33", national), true, {}};
  std::size_t const count = national.size() + 1;
  return refuse(
      cat("Le numéro de téléphone ", typed, " a ", count,
          " chiffres ; un numéro français en a dix."),
      cat("The phone number ", typed, " has ", count, " digits; a French number has ten."));
}

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  std::size_t labels = 0;
  for (std::size_t from = 0; from <= host.size(); ++labels) {
    auto const to = std::min(host.find('.', from), host.size());
    auto const label = host.substr(from, to - from);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-')
      return false;
    if (!std::ranges::all_of(label, [](char c) {
          return is_digit(c) || is_ascii_letter(c) || c == '-' || !is_ascii(c);
        }))
      return false;
    from = to + 1;
  }
  auto const last = host.substr(host.rfind('.') + 1);
  return labels >= 2 && !std::ranges::all_of(last, is_digit);
}

std::string_view host_of(std::string_view url) {
  auto const start = url.find("://");
  if (start == std::string_view::npos) return {};
  auto authority = url.substr(start + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (authority.contains('@')) return {};  // user names in addresses serve to deceive
  auto const port = authority.find(':');
  if (port == std::string_view::npos) return authority;
  auto const number = authority.substr(port + 1);
  bool const good = number.size() <= 5 && std::ranges::all_of(number, is_digit);
  return good ? authority.substr(0, port) : std::string_view();
}

// Spaces, quotes and non-ASCII characters of path and query as percent escapes.
std::string escape_path(std::string_view url) {
  auto const path = url.find_first_of("/?#", url.find("://") + 3);
  if (path == std::string_view::npos) return std::string(url);
  std::string out(url.substr(0, path));
  for (char const c : url.substr(path)) {
    bool const plain = is_ascii(c) && c > ' ' && c != 0x7F &&
                       std::string_view("\"<>\\^`{|}'").find(c) == std::string_view::npos;
    out += plain ? std::string(1, c) : cat('%', hex({&c, 1}));
  }
  return out;
}

}  // namespace

CheckedContact check_phone(std::string_view typed) {
  std::string const text = clean_line(typed);
  std::string const digits = phone_digits(text);
  if (digits.empty())
    return refuse(cat("Le numéro de téléphone « ", text,
                      " » n'est pas compris. Écrivez un seul numéro, en chiffres, comme "
                      "04 79 00 00 00 ou +41 22 000 00 00."),
                  cat("The phone number “", text,
                      "” is not understood. Write a single number in digits, such as "
                      "04 79 00 00 00 or +41 22 000 00 00."));
  bool const short_number = digits.size() >= 2 && digits.size() <= 4 && digits[0] != '+' &&
                            (digits[0] == '1' || digits[0] == '3');
  if (short_number) return {digits, true, {}};
  if (digits.starts_with("+33")) {
    auto const national = std::string_view(digits).substr(3);
    return check_french(national.starts_with('0') ? national.substr(1) : national, text);
  }
  if (digits[0] == '+') {
    if (digits.size() >= 8 && digits.size() <= 16 && digits[1] != '0') return {digits, true, {}};
    return refuse(cat("Le numéro international ", text, " est trop court ou trop long."),
                  cat("The international number ", text, " is too short or too long."));
  }
  // A spreadsheet eats the leading zero.
  if (digits.size() == 9 && digits[0] != '0') return {cat("+33", digits), true, {}};
  if (digits.size() == 11 && digits.starts_with("33")) return {cat('+', digits), true, {}};
  if (digits[0] == '0') return check_french(std::string_view(digits).substr(1), text);
  return refuse(cat("Le numéro de téléphone ", text,
                    " n'est pas un numéro français. Pour un autre pays, commencez par + et son "
                    "indicatif."),
                cat("The phone number ", text,
                    " is not a French number. For another country, start with + and its code."));
}

CheckedContact check_email(std::string_view typed) {
  std::string text = clean_line(typed);
  if (lower_ascii(text.substr(0, 7)) == "mailto:") text.erase(0, 7);
  auto const at = text.rfind('@');
  std::string_view const view = text;
  bool good = at != std::string::npos && at > 0 && at <= 64 && view.size() <= 254 &&
              is_host(view.substr(at + 1)) && view[0] != '.' && view[at - 1] != '.' &&
              !view.contains("..");
  good = good && std::ranges::all_of(view.substr(0, at), [](char c) {
           return is_digit(c) || is_ascii_letter(c) || !is_ascii(c) ||
                  std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
         });
  if (good) return {cat(view.substr(0, at), '@', lower_ascii(view.substr(at + 1))), true, {}};
  return refuse(cat("L'adresse électronique « ", text,
                    " » n'est pas complète. Elle s'écrit comme contact@exemple.fr."),
                cat("The e-mail address “", text,
                    "” is not complete. It is written like contact@example.org."));
}

bool is_web_url(std::string_view url) {
  std::string const scheme = lower_ascii(url.substr(0, 8));
  bool const web = scheme == "https://" || scheme.starts_with("http://");
  return web && url.size() <= 2000 && is_host(host_of(url)) && std::ranges::all_of(url, [](char c) {
           return !is_ascii(c) || (c > ' ' && c != '"' && c != '\'' && c != '<' && c != '>' &&
                                   c != '`' && c != '\\' && c != 0x7F);
         });
}

CheckedContact check_url(std::string_view typed) {
  std::string text = clean_line(typed);
  if (text.starts_with("//")) text.insert(0, "https:");
  auto const colon = text.find("://");
  if (colon == std::string::npos) text.insert(0, "https://");
  auto const start = text.find("://");
  auto const path = std::min(text.find_first_of("/?#", start + 3), text.size());
  std::string const url =
      escape_path(cat(lower_ascii(std::string_view(text).substr(0, path)), text.substr(path)));
  if (is_web_url(url)) return {url, true, {}};
  return refuse(cat("L'adresse de site « ", clean_line(typed),
                    " » n'est pas comprise. Elle s'écrit comme https://www.exemple.fr."),
                cat("The web address “", clean_line(typed),
                    "” is not understood. It is written like https://www.example.org."));
}

}  // namespace solidaires::schema
