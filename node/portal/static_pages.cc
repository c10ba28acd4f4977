#include "node/page/markdown.h"
#include "node/page/wording.h"
#include "node/portal/api.h"
#include "node/portal/cards.h"
#include "node/portal/pages.h"
#include "node/text/fold.h"

namespace solidaires::portal {
namespace {

using page::View;

std::vector<View> lines_of(std::string_view text) {
  std::vector<View> lines;
  while (!text.empty()) {
    auto const line = text.substr(0, text.find('\n'));
    lines.push_back(std::move(View().text("text", line)));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return lines;
}

}  // namespace

View identity_view(page::SiteIdentity const& identity) {
  View view;
  view.text("site_title", identity.title).text("territory", identity.territory);
  view.text("email", identity.email).text("phone", identity.phone).text("hours", identity.hours);
  view.text("phone_link", page::phone_link(identity.phone));
  view.list("postal_lines", lines_of(identity.postal_address))
      .flag("has_postal", !identity.postal_address.empty());
  view.text("publisher", identity.publisher)
      .text("publisher_identity", identity.publisher_identity);
  view.text("publication_director", identity.publication_director).text("host", identity.host);
  view.text("privacy_contact", identity.privacy_contact);
  view.flag("demonstration", identity.demonstration);
  return view;
}

http::Response fixed_page(Context const& context, std::string_view path, page::Text title,
                          std::string_view name, View const& view, std::vector<page::Link> trail) {
  page::PageInfo info;
  info.title = context.say(title);
  set_address(info, context, path);
  info.breadcrumb = std::move(trail);
  info.breadcrumb.push_back({info.title, ""});
  info.main_class = "wrap page narrow";
  return keep_page(http::Response::html(context.site()->page(info, name, view)), {"site"});
}

void set_address(page::PageInfo& info, Context const& context, std::string_view path) {
  info.path = context.address(path);
  info.translation = context.translation(path);
}

std::vector<std::string> tags_of_all(Context const& context) {
  std::vector<std::string> tags;
  for (auto const& type : context.instance.model.types()) tags.push_back(cat("type:", type.key));
  return tags;
}

http::Response keep_page(http::Response response, std::vector<std::string> tags) {
  response.keep(std::move(tags), std::chrono::seconds(300));
  return response;
}

http::Response keep_while_true(Context const& context, http::Response response,
                               std::vector<std::string> tags) {
  auto kept = keep_page(std::move(response), std::move(tags));
  auto const left = std::chrono::duration_cast<std::chrono::seconds>(
      context.catalogue.next_change() - context.instance.clock.now());
  if (kept.cache)
    kept.cache->at_most = std::clamp(left, std::chrono::seconds(1), kept.cache->at_most);
  return kept;
}

http::Response counted(http::Response response, std::string_view group, std::string_view detail) {
  response.counted_as.push_back(service::counter(group, detail));
  return response;
}

http::Response about_page(Context const& context, http::Request const& /*request*/) {
  auto const site = context.site();
  View view = identity_view(site->identity());
  view.html("text_html", page::markdown(site->identity().about_text, page::LineBreaks::joined));
  view.html("take_part_html",
            page::markdown(site->identity().take_part_text, page::LineBreaks::joined));
  return fixed_page(context, "/a-propos", "Qui sommes-nous ?"_fr, "portal/about", view);
}

http::Response contact_page(Context const& context, http::Request const& request) {
  View view = identity_view(context.site()->identity());
  auto const page = request.query.get("page");
  if (page.starts_with('/') && !page.starts_with("//")) {
    view.text("page", text::excerpt(text::clean(page.substr(0, 300)), 200));
    view.text("subject",
              page::url_encode(context.say("Erreur sur la page {}"_fr, page.substr(0, 300))));
  }
  return fixed_page(context, "/contact", "Nous écrire ou nous appeler"_fr, "portal/contact", view);
}

http::Response help_page(Context const& context, http::Request const& /*request*/) {
  return fixed_page(context, "/aide", "Aide"_fr, "portal/help",
                    identity_view(context.site()->identity()));
}

http::Response site_map_page(Context const& context, http::Request const& /*request*/) {
  View view = identity_view(context.site()->identity());
  std::vector<View> kinds;
  for (auto const& type : context.instance.model.types()) {
    View kind;
    kind.text("label", type.plural.in(context.language()))
        .text("href", context.address(cat('/', type.prefix)))
        .text("description", type.description.in(context.language()));
    if (type.has(schema::Trait::has_schedule))
      kind.text("month_href",
                context.address(cat('/', type.prefix, '/', context.today().iso().substr(0, 7))));
    kinds.push_back(std::move(kind));
  }
  view.list("kinds", std::move(kinds));
  return fixed_page(context, "/plan-du-site", "Plan du site"_fr, "portal/site_map", view);
}

http::Response legal_page(Context const& context, http::Request const& /*request*/) {
  return fixed_page(context, "/mentions-legales", "Mentions légales"_fr, "portal/legal",
                    identity_view(context.site()->identity()));
}

http::Response charter_page(Context const& context, http::Request const& /*request*/) {
  auto const language = context.language();
  View view;
  std::vector<View> articles;
  for (auto const& article : context.instance.model.charter()) {
    articles.push_back(
        std::move(View()
                      .text("key", article.key)
                      .text("title", article.title.in(language))
                      .html("text_html", page::markdown(article.text.in(language)))));
  }
  view.list("articles", std::move(articles));
  return fixed_page(context, "/charte", "Charte de publication"_fr, "portal/charter", view);
}

http::Response privacy_page(Context const& context, http::Request const& /*request*/) {
  auto const site = context.site();
  View view = identity_view(site->identity());
  view.html("text_html", page::markdown(site->identity().privacy_text, page::LineBreaks::joined));
  return fixed_page(context, "/confidentialite", "Données personnelles"_fr, "portal/privacy", view);
}

http::Response api_page(Context const& context, http::Request const& /*request*/) {
  auto const site = context.site();
  View view = identity_view(site->identity());
  view.text("base_url", site->identity().base_url);
  view.text("budget",
            context.data_budget == nullptr
                ? std::string()
                : page::number_text(static_cast<std::int64_t>(context.data_budget->options().burst),
                                    context.language()));
  std::vector<View> kinds;
  for (auto const& type : context.instance.model.types()) {
    std::vector<View> parameters;
    for (auto const& [name, meaning] : list_parameters_of(type, context.messages())) {
      parameters.push_back(std::move(View().text("name", name).text("meaning", meaning)));
    }
    View kind;
    kind.text("key", type.key)
        .text("label", text::capitalised(type.plural.in(context.language())))
        .text("prefix", type.prefix)
        .text("description", type.description.in(context.language()))
        .list("parameters", std::move(parameters));
    kinds.push_back(std::move(kind));
  }
  view.list("kinds", std::move(kinds));
  return fixed_page(context, "/api", "API"_fr, "portal/api", view);
}

http::Response data_page(Context const& context, http::Request const& /*request*/) {
  View view = identity_view(context.site()->identity());
  std::vector<View> kinds;
  for (auto const& type : context.instance.model.types()) {
    View kind;
    kind.text("label", type.plural.in(context.language()))
        .text("prefix", cat('/', type.prefix))
        .flag("scheduled", type.has(schema::Trait::has_schedule));
    kinds.push_back(std::move(kind));
  }
  view.list("kinds", std::move(kinds));
  view.text("geography_sources", context.gazetteer->sources());
  return fixed_page(context, "/donnees", "Données ouvertes"_fr, "portal/data", view);
}

http::Response error_page(Context const& context, int status, http::Request const* request) {
  auto const site = context.site();
  View view;
  if (request != nullptr) view.text("request_id", request->id);
  view.text("phone", site->identity().phone).text("email", site->identity().email);
  auto title = "Un problème est survenu"_fr;
  if (status == 404) {
    title = "Cette page n’existe pas"_fr;
    view.flag("missing", true);
  } else if (status == 405) {
    title = "Cette action n’est pas possible ici"_fr;
    view.flag("misplaced", true);
  } else if (status == 413) {
    title = "L’envoi est trop volumineux"_fr;
    view.flag("too_large", true);
  } else if (status == 429) {
    title = "Trop de demandes à la fois"_fr;
    view.flag("too_many", true);
  } else if (status == 403) {
    title = "Cette page ne vous est pas ouverte"_fr;
    view.flag("denied", true);
  } else if (status < 500) {
    title = "La demande n’a pas été comprise"_fr;
    view.flag("misunderstood", true);
  } else {
    view.flag("failed", true);
  }
  page::PageInfo info;
  info.title = context.say(title);
  view.text("title", info.title);
  info.noindex = true;
  info.main_class = "wrap page narrow";
  return http::Response::html(site->page(info, "portal/error", view), status);
}

}  // namespace solidaires::portal
