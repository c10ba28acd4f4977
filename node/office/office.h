// The back office: log-in, drafts, forms that the content model yields, the moderators' queue,
// review, conflicts, accounts. It parses, calls a use case and renders; rights are decided by the
// use cases. Handlers run on worker threads; everything given outlives it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "node/geography/gazetteer.h"
#include "node/http/rate_limiter.h"
#include "node/http/router.h"
#include "node/http/session.h"
#include "node/mail/queue.h"
#include "node/page/site.h"
#include "node/service/accounts.h"
#include "node/service/catalogue.h"
#include "node/service/editorial.h"
#include "node/service/import_jobs.h"
#include "node/service/instance.h"
#include "node/service/reports.h"
#include "node/service/second_factor.h"
#include "node/service/usage.h"
#include "schema/file_reference.h"
#include "sync/core/erasure.h"

namespace solidaires::office {

struct Context {
  service::Instance const& instance;
  service::Accounts& accounts;
  service::SecondFactors& second_factors;
  service::Editorial& editorial;
  std::shared_ptr<geography::Gazetteer const> gazetteer;
  http::Sessions& sessions;
  http::RateLimiter& limiter;
  std::function<std::shared_ptr<page::Site const>()> site;
  // Erases documents here and orders it in the network; gives the order's id. Empty: not offered.
  std::function<Result<DocumentId>(std::vector<sync::DocumentKey>, sync::Objection)> erase{};
  // Brings a file that a document names here, over a link; blocks for at most the time given.
  // Empty: no links.
  std::function<Result<>(sync::DocumentKey const&, schema::FileReference const&, Millis)>
      bring_file{};
  // The public page of a record as it would be; `address` leads to files that it shows. Empty: not
  // offered.
  std::function<http::Response(service::PublicRecord const&,
                               std::function<std::string(schema::FileReference const&)> const&)>
      preview{};
  mail::Queue* mail = nullptr;             // null: nobody is written to
  service::Reports* reports = nullptr;     // what visitors tell; null: not offered
  service::Usage const* usage = nullptr;   // how the portal is used; null: not shown
  service::ImportJobs* imports = nullptr;  // null: not offered
};

// Somebody who is logged in, for one request.
struct Visitor {
  http::Session session;
  service::Account account;
  service::Actor actor;
  bool must_set_up_codes = false;  // and can do nothing else before
};

class Office {
 public:
  explicit Office(Context context) : context_(std::move(context)) {}

  // The office is kept by reference.
  void add_routes(http::Router& router);

  [[nodiscard]] Context const& context() const noexcept { return context_; }
  // nullopt: nobody, an account that was closed, or one that has to set up its codes first.
  [[nodiscard]] std::optional<Visitor> visitor(http::Request const& request) const;
  // The same with those who have to set up their codes: for the pages where they do.
  [[nodiscard]] std::optional<Visitor> person(http::Request const& request) const;
  // A page in the office's frame, with the menu of this visitor. Never kept by a cache.
  [[nodiscard]] http::Response page(Visitor const& visitor, page::PageInfo const& info,
                                    std::string_view name, page::View const& view,
                                    int status = 200) const;
  // The log-in page, or the way to it for GET, or the page where codes are set up: what was typed
  // in a form comes along and is not lost.
  [[nodiscard]] http::Response ask_to_log_in(http::Request const& request) const;
  // 403, 404, 409 ... in French, with what to do; by the error's code.
  [[nodiscard]] http::Response refused(Visitor const& visitor, Error const& error) const;
  [[nodiscard]] page::Html csrf_field(http::Session const& session) const;

 private:
  Context context_;
};

}  // namespace solidaires::office
