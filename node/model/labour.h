// What the law asks of an offer of work and what a request for work must not tell, checked before
// they are submitted. Keyed by the traits offers_work and seeks_work; the fields are those of
// schema/types/job_offer.txtpb and job_request.txtpb, and one that a type lacks is not checked.
// A check of words is a help to the writer and to the moderator, not a judgement: it names the
// words and says what to write instead. Pure functions.
#pragma once

#include <vector>

#include "schema/form.h"
#include "schema/type.h"
#include "schema/value.h"

namespace solidaires::model {

struct LabourRules {
  bool pay_range_required = true;  // of paid work (directive (EU) 2023/970)
};

// One problem per field and rule, in French and English.
[[nodiscard]] std::vector<schema::Problem> labour_problems(schema::Type const& type,
                                                           schema::Record const& record,
                                                           LabourRules const& rules = {});

}  // namespace solidaires::model
