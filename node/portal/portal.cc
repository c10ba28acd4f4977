#include "node/portal/portal.h"

#include "node/portal/map.h"
#include "node/portal/pages.h"

namespace solidaires::portal {
namespace {

using Page = http::Response (*)(Context const&, http::Request const&);

http::RouteOptions public_page() {
  http::RouteOptions options;
  options.cacheable = true;
  return options;
}

http::RouteOptions const kPublic = public_page();

http::Response text_file(std::string body, std::string_view type) {
  return keep_page(http::Response::bytes(std::move(body), type), {"site"});
}

std::string sitemap(Context const& context) {
  auto const site = context.site();
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset "
      "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n";
  auto const add = [&](std::string_view path) {
    out += cat("<url><loc>", site->identity().base_url, path, "</loc></url>\n");
  };
  add("/");
  service::ListQuery query;
  query.place.departments =
      context.instance.hub ? std::vector<std::string>() : context.instance.territory;
  query.limit = 40'000;
  query.sort = service::Sort::date;
  for (auto const& type : context.instance.model.types()) {
    add(cat('/', type.prefix));
    query.types = {type.key};
    if (auto const found = context.catalogue.find(query); found) {
      for (auto const& hit : found->hits) add(hit.record->path);
    }
  }
  return out + "</urlset>\n";
}

void add_type(http::Router& router, Context const& context, schema::Type const& type) {
  auto const base = cat('/', type.prefix);
  router.get(
      base,
      [&context, &type](http::Request const& request) {
        return list_page(context, &type, request);
      },
      kPublic);
  router.get(
      cat(base, "/{address}"),
      [&context, &type](http::Request const& request) {
        return record_page(context, type, request);
      },
      kPublic);
  for (std::string_view const format : {"json", "geojson", "csv", "ics"}) {
    router.get(
        cat(base, '.', format),
        [&context, &type, format](http::Request const& request) {
          return list_export(context, &type, request, format);
        },
        kPublic);
  }
  for (std::string_view const format : {"json", "ics"}) {
    router.get(
        cat(base, "/{address}.", format),
        [&context, &type, format](http::Request const& request) {
          return record_export(context, type, request, format);
        },
        kPublic);
  }
  router.get(
      cat("/api/v1/", type.prefix),
      [&context, &type](http::Request const& request) {
        return list_export(context, &type, request, "json");
      },
      kPublic);
  router.get(
      cat("/api/v1/", type.prefix, "/{address}"),
      [&context, &type](http::Request const& request) {
        return record_export(context, type, request, "json");
      },
      kPublic);
  if (!type.has(schema::Trait::has_schedule)) return;
  router.get(
      cat(base, "/{year:int}-{month:int}"),
      [&context, &type](http::Request const& request) {
        return month_page(context, type, request,
                          static_cast<int>(std::clamp<std::int64_t>(
                              request.capture_number("year").value_or(0), 0, 9'999)),
                          static_cast<unsigned>(std::clamp<std::int64_t>(
                              request.capture_number("month").value_or(0), 0, 99)));
      },
      kPublic);
}

}  // namespace

http::Response error_response(Context const& context, http::Request const& request, int status) {
  return error_page(context, status, &request);
}

void add_routes(http::Router& router, Context const& context) {
  auto const add = [&](std::string_view path, Page page) {
    router.get(
        path, [&context, page](http::Request const& request) { return page(context, request); },
        kPublic);
  };
  add("/", home_page);
  add("/a-propos", about_page);
  add("/contact", contact_page);
  add("/aide", help_page);
  add("/plan-du-site", site_map_page);
  add("/accessibilite", accessibility_page);
  add("/mentions-legales", legal_page);
  add("/confidentialite", privacy_page);
  add("/donnees", data_page);
  router.get(
      "/recherche",
      [&context](http::Request const& request) { return list_page(context, nullptr, request); },
      kPublic);
  for (std::string_view const format : {"json", "geojson"}) {
    router.get(
        cat("/recherche.", format),
        [&context, format](http::Request const& request) {
          return list_export(context, nullptr, request, format);
        },
        kPublic);
  }
  for (auto const& type : context.instance.model.types()) add_type(router, context, type);
  router.get(
      "/theme.css",
      [&context](http::Request const& /*request*/) {
        return text_file(context.site()->theme_css(), "text/css; charset=utf-8")
            .with("Cache-Control", "public, max-age=31536000, immutable");
      },
      kPublic);
  router.get(
      "/icone.svg",
      [&context](http::Request const& /*request*/) {
        return text_file(context.site()->icon_svg(), "image/svg+xml");
      },
      kPublic);
  router.get(
      "/territoire.geojson",
      [&context](http::Request const& /*request*/) {
        return text_file(territory_geojson(*context.gazetteer, context.instance.territory),
                         "application/geo+json");
      },
      kPublic);
  router.get("/fichiers/{document}/{sha256}/{name}",
             [&context](http::Request const& request) { return file_page(context, request); });
  router.get(
      "/robots.txt",
      [&context](http::Request const& /*request*/) {
        return text_file(cat("User-agent: *\nDisallow: /espace\nDisallow: /region\nSitemap: ",
                             context.site()->identity().base_url, "/sitemap.xml\n"),
                         "text/plain; charset=utf-8");
      },
      kPublic);
  router.get(
      "/sitemap.xml",
      [&context](http::Request const& /*request*/) {
        std::vector<std::string> tags;
        for (auto const& type : context.instance.model.types())
          tags.push_back(cat("type:", type.key));
        return keep_page(http::Response::bytes(sitemap(context), "application/xml"),
                         std::move(tags));
      },
      kPublic);
}

}  // namespace solidaires::portal
