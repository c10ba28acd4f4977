// What the private port tells: Prometheus metrics of requests, pages, store and links. Any thread.
// No personal data: routes are patterns, never addresses.
#pragma once

#include <memory>
#include <string>

#include "node/app/services.h"
#include "node/http/access.h"
#include "node/http/page_cache.h"
#include "node/http/server.h"
#include "node/replication/replication.h"

namespace solidaires::app {

class Metrics final : public http::AccessObserver {
 public:
  // Counts what answers count as, too; it outlives this.
  explicit Metrics(service::Usage& usage);
  ~Metrics() override;
  void on_response(http::Access const& access) noexcept override;
  // The text of /metrics, with the state of now.
  [[nodiscard]] std::string text(Services const& services, http::PageCache const& cache,
                                 http::Server const& server, replication::Report const& report);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace solidaires::app
