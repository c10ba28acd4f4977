// Pictures that come with a form: made fit to be shown, kept as files of the network, and written
// into the form's fields as if they had been typed.
#pragma once

#include <vector>

#include "node/http/request.h"
#include "node/service/working_copy.h"
#include "node/store/store.h"
#include "schema/form.h"
#include "schema/type.h"

namespace solidaires::office {

inline constexpr std::uint64_t kPictureBytes = 15UL * 1024 * 1024;  // of a picture that is sent

struct PictureForm {
  schema::Type const& type;
  ScopeId scope;                    // of the working copy
  std::string account;              // whose form it is
  schema::Record const* before;     // as it is kept; null: a new record
  service::EditBasis const* basis;  // what the form was rendered from; null: nothing
  Instant now;
};

// The input of a picture field that takes a file: "<key>.file". What cannot be taken is a problem
// of that field, and the form is as it was; what was taken stays though the rest of the form has
// faults, and is under the right of the form's scope. A form may name a file only if its record
// shows it already, or did when the form was rendered, or if the same account sent it within a day:
// knowing a hash gives no file. What a form says of a file beside its hash (size,
// type, dimensions) is replaced by what is known.
void take_pictures(store::Store& store, PictureForm const& form, http::Request const& request,
                   schema::FormFields& typed, std::vector<schema::Problem>& problems);
// A picture that the account sent within a day, perhaps in no record yet: its type and dimensions.
[[nodiscard]] std::optional<schema::Picture> sent_picture(store::Store const& store,
                                                          std::string_view account,
                                                          std::string_view sha256, Instant now);

}  // namespace solidaires::office
