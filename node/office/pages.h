// The handlers of the back office, by subject. Internal to the room.
#pragma once

#include <functional>

#include "node/office/office.h"
#include "schema/display.h"

namespace solidaires::office {

using VisitorHandler = std::function<http::Response(Office const&, Visitor&, http::Request const&)>;

// A handler for somebody who is logged in; others are asked to log in first. Unsafe requests must
// carry the session's token.
[[nodiscard]] http::Handler for_visitor(Office const& office, VisitorHandler handler);
// The same for those too who have to set up their codes first.
[[nodiscard]] http::Handler for_person(Office const& office, VisitorHandler handler);

// The same for a page of one record, which the address names: what this visitor may not see is
// refused.
using RecordHandler = std::function<http::Response(
    Office const&, Visitor&, service::WorkingCopy const&, http::Request const&)>;
[[nodiscard]] http::Handler for_record(Office const& office, RecordHandler handler);

// Of a form that goes along with a log-in.
inline constexpr std::size_t kCarriedBytesMax = 2UL * 1024 * 1024;

void add_session_routes(http::Router& router,
                        Office const& office);  // log-in, invitation, own account
void add_security_routes(http::Router& router, Office const& office);  // one-time codes
void add_account_routes(http::Router& router, Office const& office);   // accounts of others
void add_desk_routes(http::Router& router, Office const& office);      // home, lists, queue
void add_writing_routes(http::Router& router, Office const& office);   // forms
void add_review_routes(http::Router& router, Office const& office);    // a record
void add_decision_routes(http::Router& router, Office const& office);  // what becomes of it
void add_conflict_routes(http::Router& router, Office const& office);
void add_duplicate_routes(http::Router& router, Office const& office);
void add_personal_routes(http::Router& router, Office const& office);
void add_together_routes(http::Router& router, Office const& office);
void add_programme_routes(http::Router& router, Office const& office);
void add_committee_routes(http::Router& router, Office const& office);
void add_file_routes(http::Router& router, Office const& office);
void add_report_routes(http::Router& router, Office const& office);
void add_erasure_routes(http::Router& router, Office const& office);
void add_import_routes(http::Router& router, Office const& office);
void add_usage_routes(http::Router& router, Office const& office);

[[nodiscard]] bool may_see_usage(Context const& context, Visitor const& visitor);

// It is offered here, and this visitor administers the portal.
[[nodiscard]] bool may_erase(Office const& office, Visitor const& visitor);
// The record that the address names, if this visitor may see it; else an error in French.
[[nodiscard]] Result<service::WorkingCopy> record_of(Office const& office, Visitor const& visitor,
                                                     http::Request const& request);
// "Isère Solidaires"; its name if the network does not know it.
[[nodiscard]] std::string title_of_node(Context const& context, NodeName const& node);
// "/espace/fiches/isere/0190..."
[[nodiscard]] std::string record_path(sync::DocumentKey const& key);
[[nodiscard]] std::string date_and_hour(Instant at, Instant now);  // "aujourd’hui à 14 h 05"
[[nodiscard]] page::View state_view(model::State state);           // name, label
// "Camille (Isère Solidaires)"
[[nodiscard]] std::string person(Context const& context, service::Author const& author);
// who, vote, why: for each.
[[nodiscard]] std::vector<page::View> ballot_views(Context const& context,
                                                   std::vector<service::Ballot> const& ballots);
// Values as people read them: places by their names.
[[nodiscard]] schema::DisplayOptions display_options(Context const& context);

// Days on the front page, as typed.
struct TypedFrontPage {
  std::string from{}, until{}, words{};
};

// What somebody typed on a record's page, to be shown again beside what is wrong with it.
struct Typed {
  std::string error, message, wording, day, hour;
  TypedFrontPage front_page{};
};
[[nodiscard]] http::Response record_page(Office const& office, Visitor const& visitor,
                                         service::WorkingCopy const& copy, Typed const& typed = {},
                                         int status = 200);
// "twins": records that may be about the same as this one, for whoever may unite them.
void add_twins(page::View& view, Office const& office, Visitor const& visitor,
               service::WorkingCopy const& copy);
// "features": when the record stands on the front page, and the form for more.
void add_front_page(page::View& view, Office const& office, Visitor const& visitor,
                    service::WorkingCopy const& copy, TypedFrontPage const& typed);
// What can be done with several records of a list at once, which leads `back` to it; and what names
// one of them there.
void add_together(page::View& view, Visitor const& visitor, std::string_view back);
[[nodiscard]] std::string together_value(sync::DocumentKey const& key);
// Somebody who plans for one of the offices that they work in.
[[nodiscard]] bool plans_somewhere(Visitor const& visitor);
// A message that the next page shows once.
void leave_message(Office const& office, Visitor& visitor, std::string message);

}  // namespace solidaires::office
