// The public copy of a working copy: what publishing writes and withdrawing takes away. For this
// room's own use cases.
#pragma once

#include "node/service/catalogue.h"
#include "node/service/instance.h"
#include "node/service/working_copy.h"
#include "node/store/commit.h"
#include "sync/base/result.h"

namespace solidaires::service {

[[nodiscard]] sync::DocumentKey public_key(WorkingCopy const& copy);
// What visitors would see of it, were it published now.
[[nodiscard]] PublicRecord as_published(WorkingCopy const& copy, Instant now);
// The edit that makes the public copy equal to the public part of `copy` (schema/audience.h).
[[nodiscard]] Result<store::DocumentEdit> publication_of(Instance const& instance,
                                                         WorkingCopy const& copy, Instant now);
// The same for a working copy as a commit under way will leave it: `working` and `copy` say the
// same.
[[nodiscard]] Result<store::DocumentEdit> publication_of(Instance const& instance,
                                                         WorkingCopy const& copy,
                                                         sync::Document const& working,
                                                         Instant now);
// The document that `edit` makes of `before` (empty: a new one), for reading only.
[[nodiscard]] sync::Document as_after(sync::Document before, store::DocumentEdit const& edit,
                                      Instant now);
// The edit that deletes the public copy; nullopt if there is none.
[[nodiscard]] Result<std::optional<store::DocumentEdit>> withdrawal_of(Instance const& instance,
                                                                       WorkingCopy const& copy);

// When the public copy, deleted or not, says that it was first published; nullopt: there never was
// one.
[[nodiscard]] Result<std::optional<Instant>> last_published_at(Instance const& instance,
                                                               WorkingCopy const& copy);

}  // namespace solidaires::service
