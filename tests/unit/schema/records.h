// Records with every field filled, for tests that go through whole types.
#pragma once

#include "schema/form.h"
#include "tests/unit/schema/model.h"

namespace solidaires::schema {

// Values with the signs that encodings must survive: separators, escapes, accents.
Record full_record(Type const& type);

}  // namespace solidaires::schema
