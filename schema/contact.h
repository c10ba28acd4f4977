// Phones, e-mail and web addresses: normalised and checked. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "schema/vocabulary.h"

namespace solidaires::schema {

struct CheckedContact {
  std::string value;  // normalised; meaningful if valid
  bool valid = false;
  Words problem;  // why not: a sentence
};

// E.164 ("+33479000000"); French national numbers are understood, and French short numbers ("115",
// "3919") kept as they are.
[[nodiscard]] CheckedContact check_phone(std::string_view typed);
[[nodiscard]] CheckedContact check_email(std::string_view typed);
// http or https only; "exemple.fr" becomes "https://exemple.fr".
[[nodiscard]] CheckedContact check_url(std::string_view typed);
// True if `url` may stand in an href as it is: http(s), a host, no sign that could end an
// attribute.
[[nodiscard]] bool is_web_url(std::string_view url);

}  // namespace solidaires::schema
