// The device that a request comes from: what its cookie says, and what people call it. Internal to
// the room.
#pragma once

#include <string>
#include <string_view>

#include "node/office/office.h"

namespace solidaires::office {

// The token of the request's cookie; empty: it has none.
[[nodiscard]] Bytes device_token(http::Request const& request);
// "Firefox sur Windows", from a User-Agent; "Appareil inconnu" if it says neither.
[[nodiscard]] std::string device_words(std::string_view user_agent);
// After a log-in: the device is known from now on, by its cookie in `response`; if the account has
// logged in before and never from here, a mail says so. Nothing here keeps anybody out.
void greet_device(Context const& context, http::Request const& request,
                  service::Account const& account, http::Response& response);

}  // namespace solidaires::office
