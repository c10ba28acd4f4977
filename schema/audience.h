// Who may see what. Publication copies public_part() and nothing else: a field that the model does
// not know, a value of the wrong kind and a value that cannot be read are never public. Pure
// functions.
#pragma once

#include "schema/model.h"
#include "schema/value.h"

namespace solidaires::schema {

// True if `field` of this record may be published (public, or opened by its owner).
[[nodiscard]] bool is_public(Field const& field, Record const& record);

// The fields for everyone. A hidden address is reduced to its commune, and the fields that would
// tell where it is are left out. public_part(public_part(r)) == public_part(r).
[[nodiscard]] Record public_part(Type const& type, Record const& record);

// The fields for an audience: everyone, office (all but local), local (all).
[[nodiscard]] Record part_for(Type const& type, Record const& record, Audience audience);

}  // namespace solidaires::schema
