// What the pages of the portal work with; all of it outlives the handlers. The site is swapped
// whole when the network changes, so handlers take it once per request.
#pragma once

#include <functional>
#include <memory>

#include "node/geography/gazetteer.h"
#include "node/http/rate_limiter.h"
#include "node/mail/queue.h"
#include "node/page/site.h"
#include "node/page/wording.h"
#include "node/portal/accessibility.h"
#include "node/service/alerts.h"
#include "node/service/catalogue.h"
#include "node/service/instance.h"
#include "node/service/relay.h"
#include "node/service/renewal.h"
#include "node/service/reports.h"
#include "node/service/usage.h"
#include "schema/file_reference.h"

namespace solidaires::portal {

using page::operator""_fr;

// What visitors send without an account, and the mails that follow from it.
struct Post {
  mail::Queue& mail;
  service::Alerts& alerts;
  service::Reports& reports;
  service::Relay& relay;
  service::Renewals& renewals;
  http::RateLimiter& limiter;  // by client
};

struct Context {
  service::Instance const& instance;
  service::Catalogue const& catalogue;
  std::shared_ptr<geography::Gazetteer const> gazetteer;
  std::function<std::shared_ptr<page::Site const>()> site;
  std::size_t results_per_page = 20;
  // Brings a file of another node here, over a link; blocks for at most the time given. Empty: no
  // links.
  std::function<Result<>(sync::DocumentKey const&, schema::FileReference const&, Millis)>
      bring_file{};
  Post const* post = nullptr;  // null: this portal takes nothing from visitors
  AccessibilityReview accessibility{};
  // The same portal in its other language; null: it speaks French alone.
  Context const* other = nullptr;
  // How often one client may have lists made, and answers for programs; null: without end.
  http::RateLimiter* pages_budget = nullptr;
  http::RateLimiter* data_budget = nullptr;

  [[nodiscard]] page::Messages const& messages() const { return site()->messages(); }
  [[nodiscard]] schema::Language language() const { return messages().language(); }
  template <class... Pieces>
  [[nodiscard]] std::string say(page::Text text, Pieces const&... pieces) const {
    return std::string(messages().say(text, pieces...));
  }
  // Of a page, by the one that it has in French; addresses for machines are the same for all.
  [[nodiscard]] std::string address(std::string_view french) const {
    return messages().address(french);
  }
  // The address of the same page in the other language; empty: there is none.
  [[nodiscard]] std::string translation(std::string_view french) const {
    return other == nullptr ? std::string() : other->address(french);
  }
  // The portal as its own people read it.
  [[nodiscard]] Context const& in_french() const {
    return language() == page::Language::fr ? *this : *other;
  }
  // The portal in the language of the page at this address.
  [[nodiscard]] Context const& speaking_at(std::string_view address) const {
    return other != nullptr && other->messages().owns(address) ? *other : *this;
  }
  // "12 fiches"
  [[nodiscard]] std::string counted(std::size_t count, page::Text singular, page::Text plural,
                                    bool feminine) const {
    return page::counted(static_cast<std::int64_t>(count), say(singular), say(plural), feminine,
                         language());
  }
  [[nodiscard]] model::CivilDate today() const {
    return model::to_civil(instance.clock.now()).date;
  }
};

}  // namespace solidaires::portal
