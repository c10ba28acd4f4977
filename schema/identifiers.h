// Numbers that registers give: normalised spelling and check digits. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "schema/vocabulary.h"

namespace solidaires::schema {

// True if the normalised number is well formed and its check digits hold.
[[nodiscard]] bool is_siren(std::string_view digits);    // 9 digits, Luhn
[[nodiscard]] bool is_siret(std::string_view digits);    // 14 digits, Luhn; La Poste: sum of digits
[[nodiscard]] bool is_rna(std::string_view text);        // W and 9 characters
[[nodiscard]] bool is_swiss_uid(std::string_view text);  // CHE-123.456.789, weighted modulo 11
[[nodiscard]] bool luhn_holds(std::string_view digits);

// The code of an area: "commune:73011", "epci:247300000", "dep:2A", "region:84", "country:FR".
[[nodiscard]] bool is_area_code(std::string_view code);

// Schemes: siren, siret, rna, rnf, finess, uai, swiss_uid, naf, rome. Others are free.
[[nodiscard]] bool is_known_scheme(std::string_view scheme);

struct CheckedId {
  std::string value;  // normalised (or as typed, trimmed, if it could not be)
  bool valid = false;
  bool repaired = false;  // something beyond spaces and dots was put right: leading zeros
  Words problem;          // why it is not valid: a sentence
};
// Spaces, dots and hyphens are forgiven. `indulgent`: leading zeros that a spreadsheet ate are put
// back; a number in scientific notation ("8,01E+13") is always refused, its digits are lost.
[[nodiscard]] CheckedId check_id(std::string_view scheme, std::string_view typed,
                                 bool indulgent = false);
[[nodiscard]] std::string display_id(std::string_view scheme, std::string_view value);

}  // namespace solidaires::schema
