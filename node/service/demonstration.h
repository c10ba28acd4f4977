// Invented content for a network that people try out: read from a file, published at once, marked
// as demonstration on every page. Loading it twice changes nothing.
#pragma once

#include <cstddef>
#include <string_view>

#include "node/service/actor.h"
#include "node/service/instance.h"
#include "sync/base/result.h"

namespace solidaires::service {

struct DemonstrationReport {
  std::size_t published = 0;
  std::size_t submitted = 0;  // left in the queue, for moderators to try
  bool loaded_before = false;
};

// `json`: an array of {"type", "ref", "fields": {input: text or [texts]}, "state"}; inputs as in
// schema/form.h. "@+12" in a text stands for the date in twelve days, "@+12sa" for the first
// Saturday from then on, "@+12sa1" for the first that is also the first of its month, "{ref:x}" for
// the id of the record whose "ref" is x. Code::invalid names the record and the field of the first
// fault.
Result<DemonstrationReport> load_demonstration(Instance const& instance, std::string_view json,
                                               Author const& author);

}  // namespace solidaires::service
