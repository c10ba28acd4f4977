// A selection of records as a web feed, newest first: Atom (RFC 4287) and RSS 2.0. pugixml stays in
// the .cc.
#pragma once

#include <string>
#include <vector>

#include "node/portal/context.h"

namespace solidaires::portal {

struct FeedAbout {
  std::string title;  // "Savoie Mont-Blanc Solidaires : structures, alimentation"
  std::string page;   // path and query of the list for people
  std::string self;   // path and query of the feed
};

[[nodiscard]] std::string atom_feed(Context const& context, FeedAbout const& about,
                                    std::vector<service::ListHit> const& hits);
[[nodiscard]] std::string rss_feed(Context const& context, FeedAbout const& about,
                                   std::vector<service::ListHit> const& hits);

// An XML document for the OpenSearch description (1.1) of the portal's search.
[[nodiscard]] std::string open_search(Context const& context);
// Addresses for search engines (sitemaps.org 0.9), each with its twins in every language and its
// day of change; `changed` null: not said.
struct SitemapEntry {
  std::string path;
  std::optional<Instant> changed;
};
[[nodiscard]] std::string sitemap(Context const& context, std::vector<SitemapEntry> const& entries);

}  // namespace solidaires::portal
