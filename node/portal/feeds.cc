#include "node/portal/feeds.h"

#include <algorithm>
#include <array>
#include <pugixml.hpp>
#include <sstream>

#include "node/page/wording.h"
#include "node/portal/cards.h"
#include "node/text/fold.h"
#include "schema/display.h"

namespace solidaires::portal {
namespace {

constexpr std::string_view kAtom = "http://www.w3.org/2005/Atom";

// XML has no place for control characters; clean() leaves none.
void put(pugi::xml_node parent, char const* name, std::string_view text) {
  parent.append_child(name).text().set(text::clean(text).c_str());
}

pugi::xml_attribute set(pugi::xml_node node, char const* name, std::string_view value) {
  auto attribute = node.append_attribute(name);
  attribute.set_value(text::clean(value).c_str());
  return attribute;
}

std::string written(pugi::xml_document& document) {
  auto declaration = document.prepend_child(pugi::node_declaration);
  set(declaration, "version", "1.0");
  set(declaration, "encoding", "UTF-8");
  std::ostringstream out;
  document.save(out, "", pugi::format_raw, pugi::encoding_utf8);
  return std::move(out).str();
}

// RFC 822, with a year of four digits: "Sat, 12 Dec 2026 13:00:00 GMT"
std::string rss_time(Instant at) {
  static constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu",
                                                            "Fri", "Sat", "Sun"};
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto const civil = model::to_civil(at, "UTC");
  auto const two = [](unsigned number) { return cat(number < 10 ? "0" : "", number); };
  return cat(kDays.at(civil.date.weekday()), ", ", two(civil.date.day), ' ',
             kMonths.at(civil.date.month - 1), ' ', civil.date.year, ' ', two(civil.hour), ':',
             two(civil.minute), ":00 GMT");
}

std::string urn(service::PublicRecord const& record) {
  return cat("urn:uuid:", record.key.id.to_string());
}

// What a reader of feeds needs to decide whether to open the page.
std::string summary(Context const& context, service::ListHit const& hit) {
  std::vector<std::string> parts;
  if (hit.occurrence) parts.push_back(occurrence_text(context, *hit.occurrence));
  if (auto const* const place = hit.record->place(); place != nullptr && !place->commune.empty()) {
    parts.push_back(place->commune);
  }
  auto lead = schema::card(*hit.record->type, schema::Card::summary, hit.record->record);
  if (!lead.empty()) parts.push_back(std::move(lead));
  std::string out;
  for (auto const& part : parts) out += cat(out.empty() ? "" : " — ", part);
  return out;
}

std::string author(Context const& context, service::PublicRecord const& record) {
  for (auto const& node : context.instance.directory.nodes()) {
    if (node.name == record.node) return node.title;
  }
  return context.site()->identity().title;
}

Instant newest(std::vector<service::ListHit> const& hits) {
  Instant latest{};
  for (auto const& hit : hits) latest = std::max(latest, hit.record->updated_at);
  return latest;
}

pugi::xml_node atom_link(pugi::xml_node parent, std::string_view relation, std::string_view type,
                         std::string_view href) {
  auto link = parent.append_child("link");
  set(link, "rel", relation);
  set(link, "type", type);
  set(link, "href", href);
  return link;
}

}  // namespace

std::string atom_feed(Context const& context, FeedAbout const& about,
                      std::vector<service::ListHit> const& hits) {
  auto const site = context.site();
  auto const& base = site->identity().base_url;
  pugi::xml_document document;
  auto feed = document.append_child("feed");
  set(feed, "xmlns", kAtom);
  set(feed, "xml:lang", "fr");
  put(feed, "id", base + about.self);
  put(feed, "title", about.title);
  put(feed, "updated", model::machine_time(newest(hits)));
  atom_link(feed, "self", "application/atom+xml", base + about.self);
  atom_link(feed, "alternate", "text/html", base + about.page);
  put(feed.append_child("author"), "name", site->identity().title);
  for (auto const& hit : hits) {
    auto const& record = *hit.record;
    auto entry = feed.append_child("entry");
    put(entry, "id", urn(record));
    put(entry, "title", record.title);
    put(entry, "published", model::machine_time(record.published_at));
    put(entry, "updated", model::machine_time(record.updated_at));
    atom_link(entry, "alternate", "text/html", base + record.path);
    put(entry.append_child("author"), "name", author(context, record));
    auto category = entry.append_child("category");
    set(category, "term", record.type->key);
    set(category, "label", record.type->singular.fr);
    put(entry, "summary", summary(context, hit));
    if (!record.licence.empty()) put(entry, "rights", record.licence);
  }
  return written(document);
}

std::string rss_feed(Context const& context, FeedAbout const& about,
                     std::vector<service::ListHit> const& hits) {
  auto const site = context.site();
  auto const& base = site->identity().base_url;
  pugi::xml_document document;
  auto rss = document.append_child("rss");
  set(rss, "version", "2.0");
  set(rss, "xmlns:atom", kAtom);
  auto channel = rss.append_child("channel");
  put(channel, "title", about.title);
  put(channel, "link", base + about.page);
  put(channel, "description",
      site->identity().tagline.empty() ? about.title : site->identity().tagline);
  put(channel, "language", "fr");
  put(channel, "lastBuildDate", rss_time(newest(hits)));
  atom_link(channel, "self", "application/rss+xml", base + about.self).set_name("atom:link");
  for (auto const& hit : hits) {
    auto const& record = *hit.record;
    auto item = channel.append_child("item");
    put(item, "title", record.title);
    put(item, "link", base + record.path);
    auto guid = item.append_child("guid");
    set(guid, "isPermaLink", "false");
    guid.text().set(urn(record).c_str());
    put(item, "pubDate", rss_time(record.published_at));
    put(item, "category", record.type->singular.fr);
    put(item, "description", summary(context, hit));
  }
  return written(document);
}

std::string open_search(Context const& context) {
  auto const site = context.site();
  auto const& identity = site->identity();
  pugi::xml_document document;
  auto root = document.append_child("OpenSearchDescription");
  set(root, "xmlns", "http://a9.com/-/spec/opensearch/1.1/");
  // The specification allows 16 characters here, and 48 below.
  auto const& name = identity.short_title.empty() ? identity.title : identity.short_title;
  put(root, "ShortName", text::excerpt(name, 16));
  put(root, "LongName", text::excerpt(identity.title, 48));
  put(root, "Description", cat("Rechercher sur ", identity.title));
  put(root, "InputEncoding", "UTF-8");
  put(root, "Language", "fr");
  auto image = root.append_child("Image");
  set(image, "width", "16");
  set(image, "height", "16");
  set(image, "type", "image/svg+xml");
  image.text().set((identity.base_url + "/icone.svg").c_str());
  auto const address = [&](std::string_view type, std::string_view path) {
    auto url = root.append_child("Url");
    set(url, "type", type);
    set(url, "template", identity.base_url + std::string(path));
  };
  address("text/html", "/recherche?q={searchTerms}");
  address("application/atom+xml", "/recherche.atom?q={searchTerms}");
  address("application/x-suggestions+json", "/suggestions.json?q={searchTerms}&forme=opensearch");
  return written(document);
}

std::string sitemap(Context const& context, std::vector<SitemapEntry> const& entries) {
  auto const site = context.site();
  pugi::xml_document document;
  auto urls = document.append_child("urlset");
  set(urls, "xmlns", "http://www.sitemaps.org/schemas/sitemap/0.9");
  set(urls, "xmlns:xhtml", "http://www.w3.org/1999/xhtml");
  for (auto const& entry : entries) {
    auto url = urls.append_child("url");
    put(url, "loc", site->identity().base_url + entry.path);
    if (context.other != nullptr) {
      for (auto const* const spoken : {&context, context.other}) {
        auto link = url.append_child("xhtml:link");
        set(link, "rel", "alternate");
        set(link, "hreflang", spoken->messages().code());
        set(link, "href", site->identity().base_url + spoken->address(entry.path));
      }
    }
    if (entry.changed) put(url, "lastmod", model::to_civil(*entry.changed).date.iso());
  }
  return written(document);
}

}  // namespace solidaires::portal
