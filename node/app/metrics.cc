#include "node/app/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <functional>
#include <map>
#include <mutex>

namespace solidaires::app {
namespace {

prometheus::Histogram::BucketBoundaries const kSeconds{
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

std::string_view served_name(http::Served served) {
  switch (served) {
    case http::Served::handler: return "handler";
    case http::Served::cache: return "cache";
    case http::Served::asset: return "asset";
    case http::Served::refused: return "refused";
  }
  return "";
}

template <class Number>
double number(Number value) {
  return static_cast<double>(value);
}

using Gauge = std::function<void(std::string const& name, std::string const& help,
                                 prometheus::Labels const& labels, double value)>;

void add_proofs(Gauge const& gauge, replication::LinkReport const& link,
                prometheus::Labels const& peer) {
  for (auto const& proof : link.proofs) {
    prometheus::Labels labels = peer;
    labels["scope"] = proof.scope.to_string();
    gauge("solidaires_scope_proven", "1 while both ends are proven to hold the same", labels,
          proof.proof == replication::Proof::proven ? 1 : 0);
    gauge("solidaires_scope_repaired", "Documents sent or received to mend a difference", labels,
          number(proof.repaired));
  }
}

void add_link(Gauge const& gauge, replication::LinkReport const& link) {
  prometheus::Labels const peer{{"peer", link.link.peer.str()}};
  gauge("solidaires_link_live", "1 while the link is live", peer,
        link.link.state == net::PeerState::live ? 1 : 0);
  gauge("solidaires_link_behind_documents", "Places in feeds between the two ends, both ways", peer,
        number(link.documents_behind_at_most));
  gauge("solidaires_link_behind_seconds", "Since when this end's news wait", peer,
        number(link.age_max.count()) / 1000);
  gauge("solidaires_link_quarantine", "Documents that cannot be taken", peer,
        number(link.link.quarantine.size()));
  gauge("solidaires_link_in_sync", "1 while both ends are proven to hold the same", peer,
        link.in_sync ? 1 : 0);
  gauge("solidaires_link_differences", "Documents found to differ since the start: must stay 0",
        peer, number(link.link.differences));
  gauge("solidaires_link_waits_for_turn", "1 while it waits for its turn to catch up", peer,
        link.link.view.admitted ? 0 : 1);
  add_proofs(gauge, link, peer);
  if (link.certificate_days)
    gauge("solidaires_link_certificate_days", "Days left to the peer's certificate", peer,
          *link.certificate_days);
  for (auto const& scope : link.scopes) {
    prometheus::Labels labels = peer;
    labels["scope"] = scope.scope.to_string();
    labels["direction"] = scope.outgoing ? "out" : "in";
    gauge("solidaires_scope_behind_documents", "Places in the feed of the scope", labels,
          number(scope.documents_at_most));
    gauge("solidaires_scope_behind_seconds", "Since when this end's news wait in the scope", labels,
          number(scope.age.count()) / 1000);
    gauge("solidaires_scope_behind_bytes", "The same in bytes, estimated", labels,
          number(scope.bytes_estimate));
  }
}

void add_mail(Gauge const& gauge, mail::Queue const& queue) {
  if (!queue.on()) return;
  auto const counts = queue.counts();
  gauge("solidaires_mail_queued", "Mails that wait to be sent", {}, number(counts.queued));
  gauge("solidaires_mail_sent", "Mails that the server took since start", {},
        number(counts.accepted));
  gauge("solidaires_mail_deferred", "Attempts that the server put off", {},
        number(counts.deferred));
  gauge("solidaires_mail_failed", "Mails that were given up since start", {{"why", "refused"}},
        number(counts.refused));
  gauge("solidaires_mail_failed", "Mails that were given up since start", {{"why", "too_old"}},
        number(counts.given_up));
  gauge("solidaires_mail_server_reachable", "1 if the server answered when it was last asked", {},
        counts.reachable ? 1 : 0);
}

// Places and themes stay on the page of the back office: they would be a series each.
void add_usage(Gauge const& gauge, service::Counts const& counts) {
  for (auto const& [name, number_of] : counts) {
    auto const group = service::group_of(name);
    if (group == service::usage::kEmptyPlace || group == service::usage::kEmptyTheme) continue;
    gauge("solidaires_usage", "What visitors did since start, robots apart",
          {{"what", std::string(group)}, {"of", std::string(service::detail_of(name))}},
          number(number_of));
  }
}

}  // namespace

struct Metrics::State {
  explicit State(service::Usage& counted) : usage(counted) {}
  service::Usage& usage;
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter()
          .Name("solidaires_http_requests_total")
          .Help("Responses, by route, status and who answered")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& bytes = prometheus::BuildCounter()
                                                       .Name("solidaires_http_body_bytes_total")
                                                       .Help("Bytes of bodies as sent")
                                                       .Register(registry);
  prometheus::Family<prometheus::Histogram>& durations =
      prometheus::BuildHistogram()
          .Name("solidaires_http_duration_seconds")
          .Help("From the complete head to the last byte handed over")
          .Register(registry);

  // Looking a metric up by its labels allocates: known once, they are kept.
  struct Known {
    prometheus::Counter* count = nullptr;
    prometheus::Histogram* duration = nullptr;
  };
  std::mutex mutex;
  std::map<std::tuple<std::string, int, http::Served>, Known> known;
};

Metrics::Metrics(service::Usage& usage) : state_(std::make_unique<State>(usage)) {}
Metrics::~Metrics() = default;

void Metrics::on_response(http::Access const& access) noexcept {
  try {
    if (access.method != http::Method::head)
      state_->usage.add(access.counted_as, access.by_robot, SystemClock().now());
    auto const route = access.route.empty() ? std::string("none") : std::string(access.route);
    State::Known known;
    {
      std::scoped_lock const lock(state_->mutex);
      auto& kept = state_->known[{route, access.status, access.served}];
      if (kept.count == nullptr) {
        kept.count = &state_->requests.Add({{"route", route},
                                            {"status", std::to_string(access.status)},
                                            {"served", std::string(served_name(access.served))}});
        kept.duration =
            &state_->durations.Add({{"served", std::string(served_name(access.served))}}, kSeconds);
      }
      known = kept;
    }
    known.count->Increment();
    known.duration->Observe(static_cast<double>(access.duration.count()) / 1e6);
    state_->bytes.Add({}).Increment(number(access.body_bytes));
  } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory, a number is lost, no request is
  }
}

std::string Metrics::text(Services const& services, http::PageCache const& cache,
                          http::Server const& server, replication::Report const& report) {
  auto families = state_->registry.Collect();
  prometheus::Registry now;
  Gauge const gauge = [&now](std::string const& name, std::string const& help,
                             prometheus::Labels const& labels, double value) {
    prometheus::BuildGauge().Name(name).Help(help).Register(now).Add(labels).Set(value);
  };
  if (auto const stats = services.store().stats(); stats) {
    for (auto const& [family, bytes] : stats->family_bytes)
      gauge("solidaires_store_bytes", "Size of the store", {{"family", family}}, number(bytes));
    for (auto const& scope : stats->scopes) {
      gauge("solidaires_store_documents", "Living documents", {{"scope", scope.scope.to_string()}},
            number(scope.alive));
    }
    gauge("solidaires_store_disk_free_bytes", "Free space on the store's disk", {},
          number(stats->disk_free_bytes));
    gauge("solidaires_store_commits", "Commits since start", {}, number(stats->commits));
    gauge("solidaires_store_syncs", "Disk syncs for them", {}, number(stats->syncs));
    gauge("solidaires_files", "Pictures and attachments, whole", {}, number(stats->files.files));
    gauge("solidaires_files_bytes", "Their bytes", {}, number(stats->files.bytes));
    gauge("solidaires_files_partial", "Files that are here in part", {},
          number(stats->files.partial));
    gauge("solidaires_files_collected", "Files removed since start: nobody referred to them", {},
          number(stats->files.collected));
  }
  auto const disk = services.disk_watch().report();
  gauge("solidaires_store_damage_found",
        "Things found on disk since the start that must not be there: must stay 0", {},
        number(disk.found));
  gauge("solidaires_store_read_again_unix_seconds",
        "When everything on disk had been read again last; 0: not yet", {},
        disk.read_at ? number(static_cast<std::uint64_t>(to_unix_ms(*disk.read_at) / 1000)) : 0);
  add_mail(gauge, services.mail());
  add_usage(gauge, services.usage().since_start());
  if (services.mail().on()) {
    gauge("solidaires_alerts_confirmed", "Alerts by mail, as the last morning found them", {},
          number(services.alerts().confirmed()));
  }
  auto const pages = cache.stats();
  gauge("solidaires_page_cache_pages", "Pages kept", {}, number(pages.pages));
  gauge("solidaires_page_cache_bytes", "Bytes of pages kept", {}, number(pages.bytes));
  gauge("solidaires_page_cache_hits", "Pages served from the cache", {}, number(pages.hits));
  gauge("solidaires_page_cache_invalidated", "Pages forgotten after a commit", {},
        number(pages.invalidated));
  auto const connections = server.stats();
  gauge("solidaires_http_connections_open", "Open connections", {}, number(connections.open));
  gauge("solidaires_files_wanted", "Files that lack here", {}, number(report.files.wanted));
  gauge("solidaires_files_fetched", "Files that came over links since start", {},
        number(report.files.fetched));
  gauge("solidaires_files_failed", "Attempts that brought none", {}, number(report.files.failed));
  for (auto const& link : report.links) add_link(gauge, link);
  for (auto& family : now.Collect()) families.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace solidaires::app
