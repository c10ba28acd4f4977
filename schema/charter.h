// The charter, and what moderators say often about it. Part of the immutable content model.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "schema/vocabulary.h"

namespace solidaires::schema {

struct Article {
  std::string key;
  Words title, text;  // the text is Markdown
};

// The same numbers as in proto/schema.proto.
enum class Decision : std::uint8_t { send_back = 1, refuse, hide, withdraw, hand_over };

struct Wording {
  std::string key;
  Words label, text;
  Article const* article = nullptr;  // that it rests on; may be null
  std::set<Decision> decisions;      // for which it is offered
};

}  // namespace solidaires::schema
