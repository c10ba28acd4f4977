// The pages of the portal, one function each: parse the request, ask the catalogue, render a
// template. Internal to the room; portal.cc gives them their addresses.
#pragma once

#include <string_view>

#include "node/http/request.h"
#include "node/http/response.h"
#include "node/portal/context.h"

namespace solidaires::portal {

[[nodiscard]] http::Response home_page(Context const& context, http::Request const& request);
// `type` null: /recherche, every kind at once.
[[nodiscard]] http::Response list_page(Context const& context, schema::Type const* type,
                                       http::Request const& request);
[[nodiscard]] http::Response record_page(Context const& context, schema::Type const& type,
                                         http::Request const& request);
// The agenda as a list by day (list_page serves its filters too) and as a month.
[[nodiscard]] http::Response agenda_page(Context const& context, schema::Type const& type,
                                         http::Request const& request);
[[nodiscard]] http::Response month_page(Context const& context, schema::Type const& type,
                                        http::Request const& request, int year, unsigned month);

// Machines: the same selection as the list, or one record. Code paths end in .json, .geojson, .csv,
// .ics.
[[nodiscard]] http::Response list_export(Context const& context, schema::Type const* type,
                                         http::Request const& request, std::string_view format);
[[nodiscard]] http::Response record_export(Context const& context, schema::Type const& type,
                                           http::Request const& request, std::string_view format);

// A file that a published document shows.
[[nodiscard]] http::Response file_page(Context const& context, http::Request const& request);

[[nodiscard]] http::Response about_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response contact_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response help_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response site_map_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response accessibility_page(Context const& context,
                                                http::Request const& request);
[[nodiscard]] http::Response legal_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response privacy_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response data_page(Context const& context, http::Request const& request);

// 404 (with what is near), 410, and every other error in French with the request's id.
[[nodiscard]] http::Response error_page(Context const& context, int status,
                                        http::Request const* request);

// Cached until a commit touches one of the tags, and never beyond the day.
http::Response keep_page(http::Response response, std::vector<std::string> tags);

}  // namespace solidaires::portal
