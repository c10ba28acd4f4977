// The steps of a log-in: password, one-time code, codes to set up where the role asks for them.
// Whatever was typed into a form that a log-in interrupts goes along, as hidden fields, to its end.
// Internal to the room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/office/office.h"

namespace solidaires::office {

// Where somebody goes once logged in.
struct Onward {
  std::string next;                 // a path of ours
  std::vector<page::View> carried;  // name, value: of the form that was interrupted
  bool lost_file = false;           // a file was with it, which cannot be carried
};

// From the form or the address of a page of the log-in, or from the form that was interrupted.
[[nodiscard]] Onward onward_of(http::Request const& request);
void show_onward(page::View& view, Onward onward);

[[nodiscard]] http::Response log_in_page(Office const& office, Onward onward,
                                         std::string_view email, std::string_view error,
                                         int status = 200);
// Somebody whom password, and code where one is set up, have shown to be this account.
[[nodiscard]] http::Response enter(Office const& office, http::Request const& request,
                                   http::Session session, service::Account const& account);
// The second step: the session knows whose password was right, and is nobody's yet.
[[nodiscard]] http::Response ask_for_code(Office const& office, http::Session& session,
                                          service::Account const& account, Onward onward);
// Where codes are set up and looked after.
[[nodiscard]] http::Response codes_page(Office const& office, Visitor const& visitor, Onward onward,
                                        std::string_view error = {}, int status = 200);
// The cookies that one answer sets, set by another.
void move_cookies(http::Response const& from, http::Response& to);

}  // namespace solidaires::office
