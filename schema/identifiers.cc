#include "schema/identifiers.h"

#include <array>

#include "schema/characters.h"
#include "sync/base/bytes.h"

namespace solidaires::schema {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
unsigned digit(char c) {
  return static_cast<unsigned>(c - '0');
}
bool all_digits(std::string_view text, std::size_t size) {
  return text.size() == size && std::ranges::all_of(text, is_digit);
}

// Upper case ASCII letters and digits only: what people put between them does not count.
std::string bare(std::string_view typed) {
  std::string out;
  for (char const c : typed) {
    if (is_digit(c) || is_upper(c)) out += c;
    if (c >= 'a' && c <= 'z') out += static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

bool has_other_signs(std::string_view typed) {
  std::string rest;
  for (char const c : clean_line(typed))
    if (std::string_view(" .-_/\xC2\xA0\xE2\x80\xAF").find(c) == std::string_view::npos) rest += c;
  return rest.size() != bare(typed).size();
}

bool is_naf(std::string_view text) {
  return text.size() == 6 && all_digits(text.substr(0, 2), 2) && text[2] == '.' &&
         all_digits(text.substr(3, 2), 2) && is_upper(text[5]);
}
bool is_rome(std::string_view text) {
  return text.size() == 5 && text[0] >= 'A' && text[0] <= 'N' && all_digits(text.substr(1), 4);
}
bool is_finess(std::string_view text) {
  bool const corsican = text.size() == 9 && text[0] == '2' && (text[1] == 'A' || text[1] == 'B');
  return all_digits(text, 9) || (corsican && all_digits(text.substr(2), 7));
}
// Seven digits and the letter that their remainder by 23 gives.
bool is_uai(std::string_view text) {
  if (text.size() != 8 || !all_digits(text.substr(0, 7), 7)) return false;
  unsigned number = 0;
  for (char const c : text.substr(0, 7)) number = number * 10 + digit(c);
  return text[7] == std::string_view("ABCDEFGHJKLMNPRSTUVWXYZ")[number % 23];
}
// Three digits, two letters of the kind of foundation, then its number.
bool is_rnf(std::string_view text) {
  return text.size() >= 6 && text.size() <= 20 &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || is_upper(c) || c == '-'; });
}

struct Scheme {
  std::string_view key, name;
  std::size_t digits;  // that a spreadsheet may have shortened; 0: not only digits
  bool (*holds)(std::string_view);
  std::string_view form_fr, form_en;
};
constexpr std::array kSchemes{
    Scheme{"siren", "SIREN", 9, is_siren, "neuf chiffres", "nine digits"},
    Scheme{"siret", "SIRET", 14, is_siret, "quatorze chiffres", "fourteen digits"},
    Scheme{"rna", "RNA", 0, is_rna, "un W suivi de neuf chiffres, comme W731234567",
           "a W and nine digits, like W731234567"},
    Scheme{"rnf", "RNF", 0, is_rnf, "comme 073-FDD-00001-02", "like 073-FDD-00001-02"},
    Scheme{"finess", "FINESS", 9, is_finess, "neuf chiffres", "nine digits"},
    Scheme{"uai", "UAI", 0, is_uai, "sept chiffres et une lettre de contrôle",
           "seven digits and a check letter"},
    Scheme{"swiss_uid", "IDE suisse", 0, is_swiss_uid, "comme CHE-123.456.788",
           "like CHE-123.456.788"},
    Scheme{"naf", "NAF", 0, is_naf, "quatre chiffres et une lettre, comme 88.99B",
           "four digits and a letter, like 88.99B"},
    Scheme{"rome", "ROME", 0, is_rome, "une lettre et quatre chiffres, comme K1201",
           "a letter and four digits, like K1201"},
};

Scheme const* find_scheme(std::string_view key) {
  auto const found = std::ranges::find(kSchemes, key, &Scheme::key);
  return found == kSchemes.end() ? nullptr : &*found;
}

std::string swiss(std::string_view bare_text) {
  std::string digits(bare_text);
  for (std::string_view const tail : {"MWST", "TVA", "IVA"})
    if (digits.ends_with(tail)) digits.resize(digits.size() - tail.size());
  if (digits.starts_with("CHE")) digits.erase(0, 3);
  if (!all_digits(digits, 9)) return std::string(bare_text);
  return cat("CHE-", digits.substr(0, 3), '.', digits.substr(3, 3), '.', digits.substr(6));
}

std::string normalised(std::string_view scheme, std::string_view typed) {
  std::string text = bare(typed);
  if (scheme == "swiss_uid") return swiss(text);
  if (scheme == "naf" && text.size() == 5) text.insert(2, ".");
  if (scheme == "rnf") {
    text.clear();
    for (char const c : typed)
      if (c == '-' || !bare({&c, 1}).empty()) text += c == '-' ? std::string("-") : bare({&c, 1});
  }
  return text;
}

// "80112233400012.0" and "5,43E+08" are what spreadsheets make of numbers.
bool is_scientific(std::string_view typed) {
  auto const e = typed.find_first_of("eE");
  return e != std::string_view::npos && e > 0 && e + 1 < typed.size() && is_digit(typed[e - 1]) &&
         (typed[e + 1] == '+' || is_digit(typed[e + 1]));
}

Words why_not(Scheme const& scheme, std::string_view typed, std::string_view value) {
  bool const right_form = scheme.digits > 0 && all_digits(value, scheme.digits);
  if (right_form)
    return {cat("Le numéro ", scheme.name, " ", typed,
                " a le bon nombre de chiffres, mais sa clé de contrôle est fausse : deux chiffres "
                "sont peut-être inversés."),
            cat("The ", scheme.name, " number ", typed,
                " has the right number of digits, but its check digit is wrong: two digits may be "
                "swapped.")};
  if (scheme.digits > 0 && !value.empty() && std::ranges::all_of(value, is_digit))
    return {cat("Le numéro ", scheme.name, " ", typed, " a ", value.size(),
                value.size() > 1 ? " chiffres ; il en faut " : " chiffre ; il en faut ",
                scheme.digits, "."),
            cat("The ", scheme.name, " number ", typed, " has ", value.size(),
                " digits; it must have ", scheme.digits, ".")};
  return {cat("Le numéro ", scheme.name, " « ", typed,
              " » n'est pas reconnu. Il s'écrit : ", scheme.form_fr, "."),
          cat("The ", scheme.name, " number “", typed,
              "” is not recognised. It is written: ", scheme.form_en, ".")};
}

// Puts back the zeros that a spreadsheet ate, if the number then holds; true if it did.
bool restore_zeros(Scheme const& scheme, std::string_view typed, std::string& value) {
  if (scheme.digits == 0 || value.empty() || !std::ranges::all_of(value, is_digit)) return false;
  std::string candidate = value;
  if (typed.ends_with(".0") || typed.ends_with(",0")) candidate.pop_back();
  if (candidate.size() > scheme.digits || candidate.size() + 3 < scheme.digits) return false;
  candidate.insert(0, scheme.digits - candidate.size(), '0');
  if (candidate == value || !scheme.holds(candidate)) return false;
  value = candidate;
  return true;
}

}  // namespace

bool luhn_holds(std::string_view digits) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (!is_digit(digits[digits.size() - 1 - i])) return false;
    unsigned const d = digit(digits[digits.size() - 1 - i]);
    sum += i % 2 == 0 ? d : (d * 2) / 10 + (d * 2) % 10;
  }
  return !digits.empty() && sum % 10 == 0;
}

bool is_area_code(std::string_view code) {
  auto const colon = code.find(':');
  if (colon == std::string_view::npos) return false;
  auto const kind = code.substr(0, colon);
  auto const rest = code.substr(colon + 1);
  bool const corsican = rest.starts_with("2A") || rest.starts_with("2B");
  auto const digits = corsican ? rest.substr(2) : rest;
  bool const numeric = all_digits(digits, digits.size()) && !rest.empty();
  if (kind == "commune") return rest.size() == 5 && numeric;
  if (kind == "epci") return all_digits(rest, 9);
  if (kind == "dep") return (rest.size() == 2 || rest.size() == 3) && numeric;
  if (kind == "region") return all_digits(rest, 2);
  return kind == "country" && rest.size() == 2 && is_upper(rest[0]) && is_upper(rest[1]);
}

bool is_siren(std::string_view digits) {
  return all_digits(digits, 9) && digits != "000000000" && luhn_holds(digits);
}

bool is_siret(std::string_view digits) {
  if (!all_digits(digits, 14) || !is_siren(digits.substr(0, 9))) return false;
  if (luhn_holds(digits)) return true;
  // La Poste has more establishments than Luhn leaves numbers: their digits sum to a multiple of 5.
  unsigned sum = 0;
  for (char const c : digits) sum += digit(c);
  return digits.starts_with("356000000") && sum % 5 == 0;
}

bool is_rna(std::string_view text) {
  // The second sign is a letter or digit: Corsica and the overseas departments have 2A, 2B, 9R ...
  return text.size() == 10 && text[0] == 'W' &&
         std::ranges::all_of(text.substr(1, 3),
                             [](char c) { return is_digit(c) || is_upper(c); }) &&
         is_digit(text[1]) && all_digits(text.substr(4), 6);
}

bool is_swiss_uid(std::string_view text) {
  if (text.size() != 15 || !text.starts_with("CHE-") || text[7] != '.' || text[11] != '.')
    return false;
  std::string const digits = cat(text.substr(4, 3), text.substr(8, 3), text.substr(12));
  if (!all_digits(digits, 9)) return false;
  constexpr std::array kWeights{5U, 4U, 3U, 2U, 7U, 6U, 5U, 4U};
  unsigned sum = 0;
  for (std::size_t i = 0; i < kWeights.size(); ++i) sum += digit(digits[i]) * kWeights[i];
  unsigned const check = (11 - sum % 11) % 11;
  return check != 10 && check == digit(digits[8]);
}

bool is_known_scheme(std::string_view scheme) {
  return find_scheme(scheme) != nullptr;
}

CheckedId check_id(std::string_view scheme, std::string_view typed, bool indulgent) {
  CheckedId out;
  auto const* known = find_scheme(scheme);
  if (known == nullptr) {
    out.value = clean_line(typed);
    out.valid = !out.value.empty() && out.value.size() <= 150;
    if (!out.valid)
      out.problem = {"Cet identifiant est trop long.", "This identifier is too long."};
    return out;
  }
  std::string const text = clean_line(typed);
  out.value = normalised(scheme, text);
  if (known->digits > 0 && is_scientific(text)) {
    out.value = text;
    out.problem = {cat("Le tableur a remplacé le numéro ", known->name, " par « ", text,
                       " » : ses derniers chiffres sont perdus. Mettez la colonne au format texte "
                       "et exportez à nouveau."),
                   cat("The spreadsheet turned the ", known->name, " number into “", text,
                       "”: its last digits are lost. Format the column as text and export again.")};
    return out;
  }
  if (indulgent && restore_zeros(*known, text, out.value)) {
    out.valid = out.repaired = true;
    return out;
  }
  out.valid = !has_other_signs(text) && known->holds(out.value);
  if (!out.valid) {
    out.problem = why_not(*known, text, out.value);
    out.value = text;
  }
  return out;
}

std::string display_id(std::string_view scheme, std::string_view value) {
  constexpr std::string_view kNarrow = "\xE2\x80\xAF";
  if ((scheme == "siren" && all_digits(value, 9)) || (scheme == "siret" && all_digits(value, 14))) {
    std::string out =
        cat(value.substr(0, 3), kNarrow, value.substr(3, 3), kNarrow, value.substr(6, 3));
    return value.size() == 9 ? out : cat(out, kNarrow, value.substr(9));
  }
  return std::string(value);
}

}  // namespace solidaires::schema
