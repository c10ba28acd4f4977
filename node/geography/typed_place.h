// What a person typed into a field for places, taken apart. Internal to the room; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/geography/names.h"

namespace solidaires::geography {

struct TypedPlace {
  std::string code;            // the text is a code or its beginning: digits, "2A", "2A004"
  NameKey name;                // the rest, without what follows
  std::string group_name;      // the text as the loose key of an EPCI
  std::string postal_code;     // five digits beside a name
  std::vector<NameKey> hints;  // in brackets or after a comma: "Saint-Jean (Savoie)", "Ay, 07"
};

// Nothing for a text without letter or digit. Long texts are cut.
[[nodiscard]] std::optional<TypedPlace> take_apart(std::string_view text);

// "1200" may be 01200 without its leading zero: a code of five characters, upper case, else as is.
[[nodiscard]] std::string restore_zero(std::string_view code);

}  // namespace solidaires::geography
