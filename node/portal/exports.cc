#include <algorithm>
#include <array>
#include <charconv>
#include <expected>
#include <ranges>

#include "node/formats/table_file.h"
#include "node/page/wording.h"
#include "node/portal/api.h"
#include "node/portal/calendar.h"
#include "node/portal/citations.h"
#include "node/portal/feeds.h"
#include "node/portal/filters.h"
#include "node/portal/map.h"
#include "node/portal/map_panel.h"
#include "node/portal/pages.h"
#include "node/portal/partner_formats.h"
#include "schema/json.h"
#include "schema/table.h"

namespace solidaires::portal {
namespace {

constexpr std::size_t kExportMax = 50'000;
constexpr std::size_t kFeedEntries = 50;
constexpr std::size_t kSitemapMax = 49'000;  // a sitemap holds 50,000 addresses at most
constexpr std::size_t kJsonPage = 100;
constexpr std::array<std::string_view, 3> kFeeds{"atom", "rss",
                                                 "ics"};  // asked for again and again

std::string record_json(Context const& context, service::PublicRecord const& record,
                        std::optional<double> distance_km) {
  auto const site = context.site();
  schema::JsonMembers first{
      {"id", schema::json_string(record.key.id.to_string())},
      {"type", schema::json_string(record.type->key)},
      {"url", schema::json_string(site->identity().base_url + record.path)},
      {"node", schema::json_string(record.node.str())},
      {"updated_at", schema::json_string(model::machine_time(record.updated_at))}};
  if (!record.source.empty()) first.emplace_back("source", schema::json_string(record.source));
  if (!record.licence.empty()) first.emplace_back("licence", schema::json_string(record.licence));
  if (record.demonstration) first.emplace_back("demonstration", "true");
  if (distance_km) {
    auto number = page::decimal_text(*distance_km, 2, page::Language::en);
    std::erase_if(number, [](char c) { return c != '.' && (c < '0' || c > '9'); });
    first.emplace_back("distance_km", number);
  }
  return schema::to_json(*record.type, record.record, first);
}

std::string list_json(Context const& context, service::ListResult const& result,
                      Filters const& filters, std::string const& path) {
  std::string out = cat("{\"total\":", result.total, ",\"items\":[");
  for (std::size_t i = 0; i < result.hits.size(); ++i) {
    out += cat(i == 0 ? "" : ",",
               record_json(context, *result.hits[i].record, result.hits[i].distance_km));
  }
  out += "]";
  if (filters.page * kJsonPage < result.total) {
    auto const next = cat(context.site()->identity().base_url, path, ".json",
                          filters.query_of_page(filters.page + 1));
    out += cat(",\"next\":", schema::json_string(next));
  }
  return out + "}\n";
}

std::string list_geojson(Context const& context, service::ListResult const& result) {
  std::string out = "{\"type\":\"FeatureCollection\",\"features\":[";
  bool first = true;
  for (auto const& hit : result.hits) {
    auto const at = point_of(context, *hit.record);
    if (!at) continue;
    auto const number = [](double value) {
      std::string digits = std::to_string(value);
      return digits;
    };
    out += cat(first ? "" : ",",
               "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[",
               number(at->longitude), ',', number(at->latitude),
               "]},\"properties\":{\"id\":", schema::json_string(hit.record->key.id.to_string()),
               ",\"title\":", schema::json_string(hit.record->title),
               ",\"place\":", schema::json_string(hit.record->place()->commune),
               ",\"url\":", schema::json_string(hit.record->path), "}}");
    first = false;
  }
  return out + "]}\n";
}

// A prefix may have several segments: "emploi/offres".
std::string file_name(schema::Type const& type) {
  auto name = type.prefix;
  std::ranges::replace(name, '/', '-');
  return name;
}

std::string list_csv(Context const& context, schema::Type const& type,
                     service::ListResult const& result) {
  std::string out = "\xef\xbb\xbf";
  auto const columns = schema::table_columns(type);
  out += "\"id\"";
  for (auto const& column : columns) out += cat(';', formats::csv_cell(column.column->header));
  out += ";\"adresse de la page\"\r\n";
  for (auto const& hit : result.hits) {
    out += formats::csv_cell(hit.record->key.id.to_string());
    for (auto const& cell : schema::to_cells(type, hit.record->record))
      out += cat(';', formats::csv_cell(cell));
    out +=
        cat(';', formats::csv_cell(context.site()->identity().base_url + hit.record->path), "\r\n");
  }
  return out;
}

// What a client of another site may read with script.
http::Response open_to_all(http::Response response) {
  response.with("Access-Control-Allow-Origin", "*")
      .with("Access-Control-Expose-Headers", "ETag, RateLimit, RateLimit-Policy");
  return response;
}

// The same, and to be asked for again and again.
http::Response open_to_all(http::Response response, std::vector<std::string> tags) {
  return keep_page(open_to_all(std::move(response)), std::move(tags));
}

http::Response plain(std::string_view sentence, int status) {
  return http::Response::text(cat(sentence, "\n"), status);
}

http::Response not_found() {
  return plain("Cette adresse n’existe pas.", 404);
}

Records records_of(service::ListResult const& result) {
  Records records;
  for (auto const& hit : result.hits) records.push_back(hit.record);
  return records;
}

struct Selection {
  Context const& context;
  schema::Type const* type;
  Filters filters;
  std::string path;  // of the list
  service::ListResult result;
};

std::string selection_title(Selection const& selection) {
  auto const& site = selection.context.site()->identity().title;
  if (selection.type == nullptr) return site;
  auto title = cat(site, page::kNbsp, ": ", selection.type->plural.fr);
  if (auto const chosen = chip_words(selection.context, selection.type, selection.filters);
      !chosen.empty()) {
    title += cat(", ", chosen);
  }
  return title;
}

std::string feed(Selection const& selection, std::string_view format) {
  FeedAbout const about{selection_title(selection), cat(selection.path, selection.filters.query()),
                        cat(selection.path, '.', format, selection.filters.query())};
  return format == "rss" ? rss_feed(selection.context, about, selection.result.hits)
                         : atom_feed(selection.context, about, selection.result.hits);
}

// How many records a format takes, from where, and in which order.
void bound(service::ListQuery& query, Filters const& filters, std::string_view format,
           bool by_page) {
  query.facets_wanted.clear();  // no export shows them
  if (format == "json") {
    query.limit = kJsonPage;
    query.offset = (filters.page - 1) * kJsonPage;
    return;
  }
  // The map beside a list shows what the list shows, the map of all as much as its drawing does;
  // who asks for neither gets all.
  if (format == "geojson" && by_page) return;
  query.offset = 0;
  if (format == "geojson" && filters.view == kMapView) {
    query.limit = kMapItemsMax;
  } else if (format == "rss" || format == "atom") {
    query.limit = kFeedEntries;
    query.sort = service::Sort::newest;
  } else {
    query.limit = kExportMax;
  }
}

http::Response written(Selection const& selection, std::string_view format) {
  auto const& context = selection.context;
  auto const* const type = selection.type;
  if (format == "json") {
    return http::Response::json(
        list_json(context, selection.result, selection.filters, selection.path));
  }
  if (format == "geojson") {
    return http::Response::bytes(list_geojson(context, selection.result), "application/geo+json");
  }
  if (format == "atom" || format == "rss") {
    return http::Response::bytes(feed(selection, format), cat("application/", format, "+xml"));
  }
  if (format == "csv" && type != nullptr) {
    auto response = http::Response::bytes(list_csv(context, *type, selection.result),
                                          "text/csv; charset=utf-8");
    return std::move(response).with("Content-Disposition",
                                    http::content_disposition(cat(file_name(*type), ".csv")));
  }
  if (format == "ics" && type != nullptr && type->has(schema::Trait::has_schedule)) {
    return http::Response::bytes(
        calendar_of(context, records_of(selection.result), selection_title(selection)),
        "text/calendar; charset=utf-8");
  }
  if ((format == "bib" || format == "ris") && type != nullptr && is_citable(*type)) {
    auto response = http::Response::bytes(citations(context, records_of(selection.result), format),
                                          cat(citation_media_type(format), "; charset=utf-8"));
    return std::move(response).with("Content-Disposition",
                                    http::content_disposition(cat(file_name(*type), '.', format)));
  }
  return not_found();
}

// "west,south,east,north", as GoGoCarto asks for what its map shows.
std::optional<geography::Box> bounds_of(std::string_view text) {
  std::array<double, 4> sides{};
  for (auto& side : sides) {
    auto const comma = text.find(',');
    auto const part = text.substr(0, comma);
    auto const [end, error] = std::from_chars(part.data(), part.data() + part.size(), side);
    if (error != std::errc() || end != part.data() + part.size()) return std::nullopt;
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  geography::Box box;
  box.include(geography::Point{sides[1], sides[0]});
  box.include(geography::Point{sides[3], sides[2]});
  return box;
}

bool has_category(service::PublicRecord const& record, std::string_view wanted) {
  auto const colon = wanted.find(':');
  if (colon == std::string_view::npos) return false;
  auto const codes = schema::elements(record.record, wanted.substr(0, colon));
  return std::ranges::find(codes, wanted.substr(colon + 1)) != codes.end();
}

// All structures of this portal's territory, or an error answer.
std::expected<Records, http::Response> all_structures(Context const& context) {
  service::ListQuery query;
  query.types = {"structure"};
  if (!context.instance.hub) query.place.departments = context.instance.territory;
  query.sort = service::Sort::newest;
  query.limit = kExportMax;
  auto const found = context.catalogue.find(query);
  if (!found) return std::unexpected(plain("Un problème est survenu.", 500));
  return records_of(*found);
}

}  // namespace

http::Response list_export(Context const& context, schema::Type const* type,
                           http::Request const& request, std::string_view format) {
  auto const path = type == nullptr ? std::string("/recherche") : cat('/', type->prefix);
  auto filters = read_filters(context, type, request.query);
  auto query = to_query(context, type, filters);
  bound(query, filters, format, !request.query.get("page").empty());
  auto found = context.catalogue.find(query);
  if (!found) return plain("Un problème est survenu.", 500);
  auto response = written({context, type, std::move(filters), path, *std::move(found)}, format);
  if (response.status != 200) return response;
  bool const is_feed = std::ranges::find(kFeeds, format) != kFeeds.end();
  if (is_feed) response = counted(std::move(response), service::usage::kFeed, format);
  return keep_while_true(context, open_to_all(std::move(response)), tags_of_all(context));
}

http::Response record_export(Context const& context, schema::Type const& type,
                             http::Request const& request, std::string_view format) {
  auto const found = context.catalogue.at(type, request.capture("address"));
  if (!found) return plain("Un problème est survenu.", 500);
  if (std::holds_alternative<service::Gone>(*found)) {
    return plain("Cette fiche a été retirée.", 410);
  }
  auto const* const held = std::get_if<service::RecordPtr>(&*found);
  if (held == nullptr) return not_found();
  auto const& record = **held;
  std::vector<std::string> tags{cat("doc:", record.key.id.to_string())};
  if (format == "json") {
    return open_to_all(http::Response::json(record_json(context, record, {}) + "\n"),
                       std::move(tags));
  }
  if (format == "ics" && type.has(schema::Trait::has_schedule)) {
    return open_to_all(http::Response::bytes(calendar_of(context, {*held}, record.title),
                                             "text/calendar; charset=utf-8"),
                       std::move(tags));
  }
  if ((format == "bib" || format == "ris") && is_citable(type)) {
    auto response = http::Response::bytes(citations(context, {*held}, format),
                                          cat(citation_media_type(format), "; charset=utf-8"));
    return open_to_all(std::move(response).with(
                           "Content-Disposition",
                           http::content_disposition(cat(record.key.id.short_id(), '.', format))),
                       std::move(tags));
  }
  return not_found();
}

http::Response gogocarto_export(Context const& context, http::Request const& request) {
  auto records = all_structures(context);
  if (!records) return std::move(records).error();
  if (auto const bounds = bounds_of(request.query.get("bounds"))) {
    std::erase_if(*records, [&](service::RecordPtr const& record) {
      auto const at = point_of(context, *record);
      return !at || !bounds->contains(*at);
    });
  }
  if (auto const wanted = request.query.get("categories"); !wanted.empty()) {
    std::erase_if(*records, [&](service::RecordPtr const& record) {
      return std::ranges::none_of(wanted | std::views::split(','), [&](auto const& part) {
        return has_category(*record, std::string_view(part));
      });
    });
  }
  auto const limit = request.query.get("limit");
  std::size_t most = 0;
  if (std::from_chars(limit.data(), limit.data() + limit.size(), most).ec == std::errc() &&
      most > 0 && most < records->size()) {
    records->resize(most);
  }
  bool const compact = request.query.get("ontology") == "gogocompact";
  return open_to_all(http::Response::json(gogocarto_elements(context, *records, compact)),
                     {"type:structure"});
}

http::Response data_inclusion_export(Context const& context, http::Request const& /*request*/) {
  auto const records = all_structures(context);
  if (!records) return records.error();
  return open_to_all(http::Response::json(data_inclusion(context, *records)), {"type:structure"});
}

std::span<Description const> descriptions() {
  static constexpr std::string_view kJson = "application/json";
  static constexpr std::array<Description, 6> kAll = {{
      {"/api/v1/openapi.json", kJson, open_api},
      {"/api/taxonomy.json", kJson, gogocarto_taxonomy},
      {"/donnees/catalogue.jsonld", "application/ld+json", dcat_catalogue},
      {"/.well-known/nodeinfo", kJson, nodeinfo_links},
      {"/nodeinfo/2.1", kJson, nodeinfo, true},
      {"/opensearch.xml", "application/opensearchdescription+xml", open_search},
  }};
  return kAll;
}

http::Response description_page(Context const& context, Description const& description) {
  return open_to_all(
      http::Response::bytes(description.write(context), description.media_type),
      description.counts_records ? tags_of_all(context) : std::vector<std::string>{"site"});
}

http::Response sitemap_export(Context const& context) {
  std::vector<SitemapEntry> entries{{"/", std::nullopt}};
  service::ListQuery query;
  if (!context.instance.hub) query.place.departments = context.instance.territory;
  query.limit = kSitemapMax;
  query.sort = service::Sort::newest;
  for (auto const& type : context.instance.model.types()) {
    entries.push_back({cat('/', type.prefix), std::nullopt});
  }
  auto const found = context.catalogue.find(query);
  if (!found) return plain("Un problème est survenu.", 500);
  for (auto const& hit : found->hits) {
    entries.push_back({hit.record->path, hit.record->updated_at});
  }
  return keep_page(http::Response::bytes(sitemap(context, entries), "application/xml"),
                   tags_of_all(context));
}

}  // namespace solidaires::portal
