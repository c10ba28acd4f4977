#include "node/portal/portal.h"

#include "node/portal/alerts.h"
#include "node/portal/calendar_address.h"
#include "node/portal/map.h"
#include "node/portal/pages.h"
#include "node/portal/preview.h"
#include "node/portal/relay.h"
#include "node/portal/renewal.h"
#include "node/portal/reports.h"
#include "node/portal/short_address.h"
#include "node/portal/suggestions.h"

namespace solidaires::portal {
namespace {

using Page = http::Response (*)(Context const&, http::Request const&);

// `budget`: of one client; null: what costs little, or is asked for but once.
http::RouteOptions public_page(http::RateLimiter* budget = nullptr) {
  http::RouteOptions options;
  options.cacheable = true;
  options.budget = budget;
  return options;
}

http::RouteOptions const kPublic = public_page();

http::Response text_file(std::string body, std::string_view type) {
  return keep_page(http::Response::bytes(std::move(body), type), {"site"});
}

http::Handler handler(Context const& context, Page page) {
  return [&context, page](http::Request const& request) { return page(context, request); };
}

// A page that people look at. Errors and redirections are none.
http::Handler counted_page(std::string_view kind, http::Handler page) {
  return [name = service::counter(service::usage::kPage, kind),
          page = std::move(page)](http::Request const& request) {
    auto response = page(request);
    if (response.status == 200) response.counted_as.push_back(name);
    return response;
  };
}

// What people read of one kind.
void add_type_pages(http::Router& router, Context const& context, schema::Type const& type) {
  auto const base = context.address(cat('/', type.prefix));
  auto const listed = public_page(context.pages_budget);
  router.get(base,
             counted_page(cat("list:", type.key),
                          [&context, &type](http::Request const& request) {
                            return list_page(context, &type, request);
                          }),
             listed);
  router.get(context.address(cat("/integre/", type.prefix)),
             counted_page(cat("embedded:", type.key),
                          [&context, &type](http::Request const& request) {
                            return embedded_page(context, &type, request);
                          }),
             listed);
  router.get(cat(base, "/{address}"),
             counted_page(cat("record:", type.key),
                          [&context, &type](http::Request const& request) {
                            return record_page(context, type, request);
                          }),
             kPublic);
  if (!type.has(schema::Trait::has_schedule)) return;
  auto const number = [](http::Request const& request, std::string_view name) {
    return static_cast<int>(
        std::clamp<std::int64_t>(request.capture_number(name).value_or(0), 0, 9'999));
  };
  using DatedPage =
      http::Response (*)(Context const&, schema::Type const&, http::Request const&, int, unsigned);
  // "month" or "week": the page of a part of a year.
  auto const dated = [&](std::string_view path, std::string_view part, DatedPage page) {
    router.get(cat(base, path),
               counted_page(cat(part, ':', type.key),
                            [&context, &type, number, part, page](http::Request const& request) {
                              return page(context, type, request, number(request, "year"),
                                          static_cast<unsigned>(number(request, part)));
                            }),
               listed);
  };
  dated("/{year:int}-{month:int}", "month", month_page);
  dated("/semaine/{year:int}-{week:int}", "week", week_page);
}

// What programs read of one kind: the same in every language.
void add_type_data(http::Router& router, Context const& context, schema::Type const& type) {
  auto const base = cat('/', type.prefix);
  auto const data = public_page(context.data_budget);
  for (std::string_view const format :
       {"json", "geojson", "csv", "atom", "rss", "ics", "bib", "ris"}) {
    router.get(
        cat(base, '.', format),
        [&context, &type, format](http::Request const& request) {
          return list_export(context, &type, request, format);
        },
        data);
  }
  for (std::string_view const format : {"json", "ics", "bib", "ris"}) {
    router.get(
        cat(base, "/{address}.", format),
        [&context, &type, format](http::Request const& request) {
          return record_export(context, type, request, format);
        },
        data);
  }
  router.get(
      cat("/api/v1/", type.prefix),
      [&context, &type](http::Request const& request) {
        return list_export(context, &type, request, "json");
      },
      data);
  router.get(
      cat("/api/v1/", type.prefix, "/{address}"),
      [&context, &type](http::Request const& request) {
        return record_export(context, type, request, "json");
      },
      data);
}

void add_types(http::Router& router, Context const& context) {
  std::string_view grouped;
  for (auto const& type : context.instance.model.types()) {
    add_type_pages(router, context, type);
    // "/emploi" alone leads to the first of "emploi/offres" and "emploi/demandes".
    auto const slash = type.prefix.find('/');
    auto const first = std::string_view(type.prefix).substr(0, slash);
    if (slash == std::string::npos || first == grouped) continue;
    grouped = first;
    router.get(context.address(cat('/', first)),
               [target = context.address(cat('/', type.prefix))](http::Request const& /*request*/) {
                 return http::Response::redirect(target);
               });
  }
}

// Programs get a sentence, people a page.
bool is_page(http::Request const& request) {
  auto const name = request.path.substr(request.path.rfind('/') + 1);
  return !request.path.starts_with("/api/") && !name.contains('.');
}

// What programs read: once.
void add_open_data(http::Router& router, Context const& context) {
  router.get(
      "/sitemap.xml",
      [&context](http::Request const& /*request*/) { return sitemap_export(context); }, kPublic);
  router.get(
      "/api/elements.json",
      [&context](http::Request const& request) { return gogocarto_export(context, request); },
      public_page(context.data_budget));
  router.get(
      "/api/data-inclusion/structures.json",
      [&context](http::Request const& request) { return data_inclusion_export(context, request); },
      public_page(context.data_budget));
  for (std::string_view const format : {"json", "geojson", "atom", "rss"}) {
    router.get(
        cat("/recherche.", format),
        [&context, format](http::Request const& request) {
          return list_export(context, nullptr, request, format);
        },
        public_page(context.data_budget));
  }
  for (auto const& type : context.instance.model.types()) add_type_data(router, context, type);
  for (auto const& description : descriptions()) {
    router.get(
        description.path,
        [&context, &description](http::Request const& /*request*/) {
          return description_page(context, description);
        },
        kPublic);
  }
}

// Pages that there are in every language.
void add_information(http::Router& router, Context const& context) {
  auto const add = [&](std::string_view path, std::string_view kind, Page page) {
    router.get(context.address(path), counted_page(kind, handler(context, page)), kPublic);
  };
  add("/", "home", home_page);
  add("/a-propos", "information", about_page);
  add("/contact", "information", contact_page);
  add("/aide", "information", help_page);
  add("/plan-du-site", "information", site_map_page);
  add("/charte", "information", charter_page);
  add("/confidentialite", "information", privacy_page);
  add("/accessibilite", "information", accessibility_page);
  add("/mentions-legales", "information", legal_page);
  add("/donnees", "information", data_page);
  add("/integrer", "information", embed_page);
  add("/api", "information", api_page);
}

// Every kind at once.
void add_search(http::Router& router, Context const& context) {
  auto const listed = public_page(context.pages_budget);
  router.get(context.address("/integre/recherche"),
             counted_page("embedded:all",
                          [&context](http::Request const& request) {
                            return embedded_page(context, nullptr, request);
                          }),
             listed);
  router.get(context.address("/recherche"),
             counted_page("search",
                          [&context](http::Request const& request) {
                            return list_page(context, nullptr, request);
                          }),
             listed);
  router.get(context.address("/suggestions.json"), handler(context, suggestions), listed);
}

// What people read, in the language of the context.
void add_pages(http::Router& router, Context const& context) {
  add_information(router, context);
  add_search(router, context);
  add_types(router, context);
  add_alert_routes(router, context);
  add_report_routes(router, context);
  add_relay_routes(router, context);
}

// What pages are made of, and what machines ask every site for.
void add_files(http::Router& router, Context const& context) {
  router.get(
      "/theme.css",
      [&context](http::Request const& /*request*/) {
        return text_file(context.site()->theme_css(), "text/css; charset=utf-8")
            .with("Cache-Control", "public, max-age=31536000, immutable");
      },
      kPublic);
  router.get(page::kPreview, handler(context, preview_page), kPublic);
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
}

}  // namespace

http::Response error_response(Context const& context, http::Request const& request, int status) {
  if (status == 429 && !is_page(request))
    return http::Response::text("Trop de demandes : attendez le temps que dit Retry-After.\n", 429)
        .with("Access-Control-Allow-Origin", "*");
  return error_page(context.speaking_at(request.path), status, &request);
}

void add_routes(http::Router& router, Context const& context) {
  add_pages(router, context);
  if (context.other != nullptr) add_pages(router, *context.other);
  auto const add = [&](std::string_view path, Page page) {
    router.get(path, counted_page("information", handler(context, page)), kPublic);
  };
  add("/accessibilite/criteres", criteria_page);
  add("/composants", design_page);
  router.get("/f/{code}", handler(context, short_address_page), kPublic);
  router.get("/a/{token}.ics", handler(context, calendar_by_token),
             public_page(context.data_budget));
  add_files(router, context);
  add_open_data(router, context);
  add_renewal_routes(router, context);
}

}  // namespace solidaires::portal
