// The portal of one instance without a server: a router, real templates, and requests made by hand.
#pragma once

#include <boost/json.hpp>

#include "node/http/router.h"
#include "node/http/target.h"
#include "node/page/site.h"
#include "node/page/templates.h"
#include "node/portal/portal.h"
#include "tests/unit/service/world.h"

namespace solidaires::portal {

class PortalWorld : public testing::Test, protected service::World {
 protected:
  explicit PortalWorld(schema::ContentModel const& model = service::real_model(), bool hub = false);

  // GET of a path with its query, as a browser writes it.
  http::Response get(std::string_view target);
  // A form, as a page of ours sends it.
  http::Response post(std::string_view target, schema::FormFields const& fields,
                      std::string_view sent_from = "same-origin");
  // What waits to be mailed, oldest first, as it would leave; it is not waiting any more.
  std::vector<mail::Envelope> mails();
  // The JSON that GET of `target` answers with 200.
  boost::json::value json_at(std::string_view target);
  static std::string location(http::Response const& response) {
    return std::string(response.headers.get("Location"));
  }

  mail::Queue mail_;
  service::Alerts alerts_;
  service::Reports reports_;
  service::Relay relay_;
  service::Renewals renewals_{instance, mail_};
  http::RateLimiter limiter_{{.burst = 5, .refill = std::chrono::minutes(5)}};
  Post post_{mail_, alerts_, reports_, relay_, renewals_, limiter_};
  std::shared_ptr<page::Site const> site_;
  std::unique_ptr<Context> english_context_, context_;
  http::Router router_;

 private:
  http::Response answer(http::Request request);
};

// What a mail says, its encoding undone: "text/plain" or "text/html".
[[nodiscard]] std::string part_of(mail::Envelope const& envelope, std::string_view type);

// What is wrong with a page as HTML: unbalanced elements, repeated ids, not exactly one <h1>.
[[nodiscard]] std::vector<std::string> faults_of(std::string_view html);

}  // namespace solidaires::portal
