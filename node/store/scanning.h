// A scan of an index from its beginning to its end, whatever the length of its pages.
#pragma once

#include "node/store/view.h"

namespace solidaires::store {

// Calls `visit` with every hit, in the order of the index; an error that it returns ends the scan.
// `visit`: Result<>(IndexHit const&).
template <class Visit>
Result<> each_hit(View const& view, IndexScan scan, Visit visit) {
  do {
    SOL_ASSIGN(auto const page, view.scan(scan));
    for (auto const& hit : page.hits) SOL_TRY(visit(hit));
    scan.position = page.next;
  } while (!scan.position.empty());
  return {};
}

}  // namespace solidaires::store
