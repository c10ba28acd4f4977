// The pages of the portal, one function each: parse the request, ask the catalogue, render a
// template. Internal to the room; portal.cc gives them their addresses.
#pragma once

#include <span>
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
// The agenda as a month (a table) and as a week; by ISO number. As a list it is a list_page.
[[nodiscard]] http::Response month_page(Context const& context, schema::Type const& type,
                                        http::Request const& request, int year, unsigned month);
[[nodiscard]] http::Response week_page(Context const& context, schema::Type const& type,
                                       http::Request const& request, int year, unsigned number);

// A list for the frame of another site, and the page on which one composes it.
[[nodiscard]] http::Response embedded_page(Context const& context, schema::Type const* type,
                                           http::Request const& request);
[[nodiscard]] http::Response embed_page(Context const& context, http::Request const& request);

// Machines: the same selection as the list, or one record; .json, .geojson, .csv, .atom, .rss,
// .ics.
[[nodiscard]] http::Response list_export(Context const& context, schema::Type const* type,
                                         http::Request const& request, std::string_view format);
[[nodiscard]] http::Response record_export(Context const& context, schema::Type const& type,
                                           http::Request const& request, std::string_view format);

// For other networks: GoGoCarto's elements (bounds, categories, limit, ontology) and structures as
// data·inclusion has them.
[[nodiscard]] http::Response gogocarto_export(Context const& context, http::Request const& request);
[[nodiscard]] http::Response data_inclusion_export(Context const& context,
                                                   http::Request const& request);
// What tells machines about the portal, each at its own address: OpenAPI, GoGoCarto's taxonomy,
// DCAT, nodeinfo, OpenSearch.
struct Description {
  std::string_view path;
  std::string_view media_type;
  std::string (*write)(Context const&);
  bool counts_records = false;
};
[[nodiscard]] std::span<Description const> descriptions();
[[nodiscard]] http::Response description_page(Context const& context,
                                              Description const& description);
[[nodiscard]] http::Response sitemap_export(Context const& context);

// A file that a published document shows.
[[nodiscard]] http::Response file_page(Context const& context, http::Request const& request);

// What pages say of this instance: its names, ways to reach people, what the law asks for.
[[nodiscard]] page::View identity_view(page::SiteIdentity const& identity);
// A page of information around the template `name`, the same until the site changes.
// `path` is that of the page in French.
[[nodiscard]] http::Response fixed_page(Context const& context, std::string_view path,
                                        page::Text title, std::string_view name,
                                        page::View const& view, std::vector<page::Link> trail = {});
// Sets the address of a page that has this one (with its query) in French, and its translation.
void set_address(page::PageInfo& info, Context const& context, std::string_view path);
[[nodiscard]] http::Response about_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response contact_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response help_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response site_map_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response accessibility_page(Context const& context,
                                                http::Request const& request);
// The components of the portal in their states.
[[nodiscard]] http::Response design_page(Context const& context, http::Request const& request);
// Every criterion of accessibility with its state.
[[nodiscard]] http::Response criteria_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response legal_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response charter_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response privacy_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response api_page(Context const& context, http::Request const& request);
[[nodiscard]] http::Response data_page(Context const& context, http::Request const& request);

// 404 (with what is near), 410, and every other error, with the request's id.
[[nodiscard]] http::Response error_page(Context const& context, int status,
                                        http::Request const* request);

// The tags of a page that shows records of any kind.
[[nodiscard]] std::vector<std::string> tags_of_all(Context const& context);

// Cached until a commit touches one of the tags, and never beyond the day.
http::Response keep_page(http::Response response, std::vector<std::string> tags);
// The same for a page that shows where records stand: kept no longer than that holds.
http::Response keep_while_true(Context const& context, http::Response response,
                               std::vector<std::string> tags);

// What is counted when it is sent (service/usage.h); `detail` may be empty.
http::Response counted(http::Response response, std::string_view group,
                       std::string_view detail = {});

}  // namespace solidaires::portal
