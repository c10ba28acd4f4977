// A query, answered. Inner to node/search; reads the tables under the index's shared lock.
#pragma once

#include "node/search/query.h"
#include "node/search/tables.h"

namespace solidaires::search {

[[nodiscard]] Found evaluate(Tables const& tables, Query const& query);

}  // namespace solidaires::search
