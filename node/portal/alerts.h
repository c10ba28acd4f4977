// Alerts by mail on a list: which search an address means, the pages that save, confirm and end
// one, and the mails. What is kept, and when it is time, node/service/alerts.h decides.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "node/http/router.h"
#include "node/portal/context.h"
#include "node/portal/filters.h"

namespace solidaires::portal {

// A list that can be watched: no dates (they would end it), no order, no page.
struct WatchedSearch {
  schema::Type const* type = nullptr;  // null: every kind
  Filters filters;
  std::string path;   // canonical, in French: "/structures?q=velo"
  std::string words;  // "Structures : « velo », Annecy"
};
// `target`: its address in French, or in the language of the context, which an alert keeps.
// nullopt: it is no list of this portal.
[[nodiscard]] std::optional<WatchedSearch> watched_search(Context const& context,
                                                          std::string_view target);
// Where the search of a list (in French) is saved: "/alertes?recherche=..."; empty: this portal
// sends no mail.
[[nodiscard]] std::string alert_href(Context const& context, std::string_view list_target);

void add_alert_routes(http::Router& router, Context const& context);

// The morning's mails; to be called now and then. Does nothing at other times. Gives how many.
Result<std::size_t> send_alerts(Context const& context, std::stop_token const& stop);

}  // namespace solidaires::portal
