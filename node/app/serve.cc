#include "node/app/serve.h"

#include <systemd/sd-daemon.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include "node/admin/console.h"
#include "node/app/control.h"
#include "node/app/data_directory.h"
#include "node/app/link_status.h"
#include "node/app/metrics.h"
#include "node/app/postman.h"
#include "node/app/session_store.h"
#include "node/app/site_identity.h"
#include "node/http/server.h"
#include "node/office/letters.h"
#include "node/office/office.h"
#include "node/portal/alerts.h"
#include "node/portal/portal.h"
#include "node/portal/renewal.h"
#include "node/replication/replication.h"
#include "schema/version.h"
#include "sync/base/log.h"

namespace solidaires::app {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr std::chrono::minutes kUpkeepEvery{10};
constexpr std::chrono::minutes kDueEvery{1};
constexpr std::chrono::minutes kUsageSavedEvery{1};  // what a crash loses of the counts
constexpr Millis kSlowLinkRest{10'000};
constexpr std::chrono::hours kRemovedKeptAtMost{24};  // on disk: addresses, mails that are done
constexpr Millis kDiskSlice{1'000};  // of reading again what lies on disk, in each upkeep

// One instance, running. Members stand in the order in which they depend on each other: what is
// declared later is made later and goes first.
class Instance {
 public:
  explicit Instance(std::unique_ptr<Services> services) : services_(std::move(services)) {}
  ~Instance() { stop(); }

  Result<> start();
  void wait();
  void stop();

 private:
  Result<> read_share();
  Result<> open_portal();
  Result<> open_pages();
  [[nodiscard]] std::shared_ptr<page::Site const> site(schema::Language language);
  Result<> open_links();
  Result<> bring_file(sync::DocumentKey const& document, schema::FileReference const& file,
                      Millis within);
  Result<> open_servers();
  Result<> open_mail();
  [[nodiscard]] http::Router public_routes();
  [[nodiscard]] http::Router private_routes();
  [[nodiscard]] http::ServerOptions public_options() const;
  void refresh_site();
  void upkeep();
  void carry_out_due();
  void save_usage();
  void purge_removed();
  void reload();

  std::unique_ptr<Services> services_;
  page::Messages english_;
  std::unique_ptr<page::Templates> templates_, english_templates_;
  http::StaticFiles assets_;
  portal::AccessibilityReview accessibility_;
  std::mutex site_mutex_;
  std::shared_ptr<page::Site const> site_, english_site_;
  std::unique_ptr<http::PageCache> cache_;
  Metrics metrics_{services_->usage()};
  std::unique_ptr<LocalSessions> session_store_;
  std::unique_ptr<http::Sessions> sessions_;
  http::RateLimiter log_in_limiter_{
      {.burst = 10, .refill = std::chrono::milliseconds(30'000), .keys_max = 20'000}};
  // Several people may sit behind one address: a public terminal, a town hall.
  http::RateLimiter visitors_limiter_{
      {.burst = 10, .refill = std::chrono::minutes(3), .keys_max = 20'000}};
  // People and programs apart: a program that hammers the API keeps nobody beside it from reading.
  std::unique_ptr<http::RateLimiter> pages_budget_, data_budget_;  // null: no limit
  std::unique_ptr<portal::Post> post_;
  std::unique_ptr<portal::Context> english_portal_, portal_;
  std::unique_ptr<service::ImportJobs> imports_;
  std::unique_ptr<office::Office> office_;
  std::unique_ptr<LinkStatus> link_status_;
  std::unique_ptr<admin::Console> console_;

  asio::io_context io_{1};
  std::unique_ptr<net::ThreadWorkers> link_workers_;
  std::unique_ptr<replication::Replication> replication_;
  std::atomic<Instant> slow_until_{};
  Instant removed_purged_at_{};
  store::Subscription forgetting_;    // cached pages that a commit touched
  std::unique_ptr<Postman> postman_;  // null: mail is off
  std::unique_ptr<http::WorkerPool> workers_;
  std::unique_ptr<http::Server> private_server_;
  std::unique_ptr<http::Server> public_server_;
  std::unique_ptr<ControlServer> control_;
  std::atomic<bool> ready_{false};
  std::jthread io_thread_;
};

// The configuration lets no other word through.
replication::FileFetching fetching(std::string_view word) {
  if (word == "own") return replication::FileFetching::own;
  return word == "all" ? replication::FileFetching::all : replication::FileFetching::below;
}

void Instance::refresh_site() {
  auto identity =
      site_identity(services_->config(), services_->instance(), *services_->gazetteer());
  auto const asset = [this](std::string_view name) { return assets_.manifest().url(name); };
  auto const made = [&](page::Templates const& templates, page::Messages const& messages) {
    identity.accessibility_state = messages.say(accessibility_.state());
    return std::make_shared<page::Site const>(
        identity, templates, main_menu(services_->model(), messages), asset, messages);
  };
  auto french = made(*templates_, page::french());
  auto english = made(*english_templates_, english_);
  std::scoped_lock const lock(site_mutex_);
  site_ = std::move(french);
  english_site_ = std::move(english);
}

// What lies beside the program: templates in each language, styles and scripts.
Result<> Instance::read_share() {
  auto const& share = services_->share();
  SOL_ASSIGN(auto french, page::Templates::load({share / "templates"}));
  templates_ = std::make_unique<page::Templates>(std::move(french));
  SOL_ASSIGN(english_, page::Messages::load(schema::Language::en, share / "languages" / "en.json"));
  if (auto const lacking = english_.lacking(); !lacking.empty())
    return fail(Code::invalid, cat("not in the language en: ", lacking.front()));
  SOL_ASSIGN(auto english, page::Templates::load({share / "templates"}, english_));
  english_templates_ = std::make_unique<page::Templates>(std::move(english));
  SOL_ASSIGN(assets_, http::StaticFiles::load(share / "assets"));
  SOL_ASSIGN(accessibility_,
             portal::load_accessibility(share / "accessibility" / "rgaa-4.1.2.json"));
  return {};
}

std::shared_ptr<page::Site const> Instance::site(schema::Language language) {
  std::scoped_lock const lock(site_mutex_);
  return language == schema::Language::fr ? site_ : english_site_;
}

Result<> Instance::open_portal() {
  SOL_ASSIGN(auto* const catalogue, services_->catalogue());
  auto const& config = services_->config();
  if (auto const most = config.limits.requests_per_minute_max; most > 0) {
    http::RateLimiter::Options const budget{
        .burst = static_cast<double>(most),
        .refill = std::chrono::milliseconds(std::max(1U, 60'000 / most)),
        .keys_max = 20'000};
    pages_budget_ = std::make_unique<http::RateLimiter>(budget);
    data_budget_ = std::make_unique<http::RateLimiter>(budget);
  }
  post_.reset(new portal::Post{services_->mail(), services_->alerts(), services_->reports(),
                               services_->relay(), services_->renewals(), visitors_limiter_});
  auto const speaking = [&](schema::Language language, portal::Context const* other) {
    return std::unique_ptr<portal::Context>(new portal::Context{
        services_->instance(), *catalogue, services_->gazetteer(),
        [this, language] { return site(language); }, config.search.results_per_page,
        [this](auto const& document, auto const& file, Millis within) {
          return bring_file(document, file, within);
        },
        post_.get(), accessibility_, other, pages_budget_.get(), data_budget_.get()});
  };
  english_portal_ = speaking(schema::Language::en, nullptr);
  portal_ = speaking(schema::Language::fr, english_portal_.get());
  english_portal_->other = portal_.get();
  return {};
}

Result<> Instance::open_pages() {
  SOL_TRY(read_share());
  refresh_site();
  SOL_TRY(open_portal());
  auto const& config = services_->config();
  auto const site_of = [this] { return site(schema::Language::fr); };
  cache_ = std::make_unique<http::PageCache>(config.limits.page_cache_bytes_max);
  session_store_ = std::make_unique<LocalSessions>(services_->store(), services_->clock());
  sessions_ = std::make_unique<http::Sessions>(
      *session_store_, services_->clock(), services_->rng(),
      http::SessionOptions{.idle_max = config.session.idle_timeout_min,
                           .age_max = std::chrono::duration_cast<std::chrono::minutes>(
                               config.session.lifetime_max_h)});
  imports_ = std::make_unique<service::ImportJobs>(services_->instance(), services_->gazetteer(),
                                                   config.data.directory / "imports");
  office_ = std::make_unique<office::Office>(office::Context{
      .instance = services_->instance(),
      .accounts = services_->accounts(),
      .second_factors = services_->second_factors(),
      .editorial = services_->editorial(),
      .gazetteer = services_->gazetteer(),
      .sessions = *sessions_,
      .limiter = log_in_limiter_,
      .site = site_of,
      .erase =
          [this](auto targets, auto objection) {
            return services_->erasures().request(std::move(targets), std::move(objection));
          },
      .bring_file = [this](auto const& document, auto const& file,
                           Millis within) { return bring_file(document, file, within); },
      .preview =
          [this](auto const& record, auto const& address) {
            return portal::record_preview(*portal_, record, address);
          },
      .mail = &services_->mail(),
      .reports = &services_->reports(),
      .usage = &services_->usage(),
      .imports = imports_.get()});
  services_->editorial().tell_authors(services_->mail(), [this](service::Notice const& notice) {
    return office::decision_letter(*site(schema::Language::fr), notice);
  });
  link_status_ = std::make_unique<LinkStatus>(services_->instance(), services_->store());
  console_ = std::make_unique<admin::Console>(admin::Context{.instance = services_->instance(),
                                                             .office = *office_,
                                                             .network = *link_status_,
                                                             .site = site_of});
  forgetting_ = services_->store().subscribe([this](store::CommitNotice const& notice) {
    auto tags = service::Catalogue::tags_of(notice);
    bool const network = std::ranges::any_of(
        notice.changes, [](auto const& change) { return change.type() == replication::kNodeType; });
    if (network) refresh_site();
    if (network) cache_->clear();
    if (!tags.empty()) cache_->invalidate(tags);
  });
  return {};
}

// A page's worker waits for a link, but not again and again when the link is slow: the file then
// comes in the background, for the next visitor.
Result<> Instance::bring_file(sync::DocumentKey const& document, schema::FileReference const& file,
                              Millis within) {
  if (!replication_) return fail(Code::unavailable, "the links are not up yet");
  auto const now = services_->clock().now();
  bool const was_slow = now < slow_until_.load();
  auto brought = replication_->fetch_file(document, file, was_slow ? Millis{0} : within);
  if (!was_slow && !brought && brought.error().code() == Code::timeout) {
    slow_until_ = now + kSlowLinkRest;
  }
  return brought;
}

Result<> Instance::open_links() {
  auto const& config = services_->config();
  replication::Config links;
  links.self = config.instance.name;
  links.files.directory = config.data.directory / "keys";
  if (!config.link.hub.empty())
    links.hub = net::Address{config.link.hub.host, config.link.hub.port};
  if (config.link.listen_port != 0)
    links.listen = net::Address{config.link.listen_address, config.link.listen_port};
  links.every_public = config.link.subscriptions == std::vector<std::string>{"all"};
  if (!links.every_public) {
    for (auto const& text : config.link.subscriptions) {
      SOL_ASSIGN(auto name, NodeName::parse(text));
      links.subscriptions.push_back(std::move(name));
    }
  }
  SOL_ASSIGN(auto const model, schema::load_version(services_->share() / "schema"));
  links.links.model_version = sync::make_model_version(model.major, model.minor);
  links.links.catching_up_max = config.link.catching_up_max;
  links.fetch_files = fetching(config.link.fetch_files);
  link_workers_ = std::make_unique<net::ThreadWorkers>(2);
  SOL_ASSIGN(replication_, replication::Replication::open(io_, *link_workers_, services_->store(),
                                                          services_->clock(), services_->rng(),
                                                          std::move(links)));
  link_status_->attach(replication_.get());
  SOL_TRY(replication_->start());
  return {};
}

Result<> Instance::open_mail() {
  SOL_TRY(services_->mail().open());
  if (!services_->mail().on()) return {};
  SOL_ASSIGN(auto transport, mail_transport(services_->config()));
  postman_ = std::make_unique<Postman>(services_->mail(), std::move(transport), services_->clock(),
                                       [this](std::stop_token const& stop) -> Result<> {
                                         SOL_TRY(portal::send_alerts(*portal_, stop));
                                         SOL_TRY(portal::send_reminders(*portal_, stop));
                                         return {};
                                       });
  return {};
}

http::Router Instance::public_routes() {
  http::Router router;
  portal::add_routes(router, *portal_);
  office_->add_routes(router);
  console_->add_routes(router);
  return router;
}

http::Router Instance::private_routes() {
  http::Router router;
  http::RouteOptions quiet;
  quiet.quiet = true;
  router.get(
      "/healthz", [](http::Request const& /*request*/) { return http::Response::text("ok\n"); },
      quiet);
  router.get(
      "/readyz",
      [this](http::Request const& /*request*/) {
        return ready_ ? http::Response::text("ready\n") : http::Response::text("starting\n", 503);
      },
      quiet);
  router.get(
      "/metrics",
      [this](http::Request const& /*request*/) {
        return http::Response::bytes(
            metrics_.text(*services_, *cache_, *public_server_, replication_->report()),
            "text/plain; version=0.0.4");
      },
      quiet);
  return router;
}

http::ServerOptions Instance::public_options() const {
  auto const& config = services_->config();
  http::ServerOptions options;
  bool const tls = !config.http.tls_certificate.empty();
  options.listeners.push_back({config.http.address, config.http.port,
                               tls ? http::Listener::Kind::tls : http::Listener::Kind::plain});
  if (config.http.redirect_port != 0) {
    options.listeners.push_back(
        {config.http.address, config.http.redirect_port, http::Listener::Kind::https_redirect});
  }
  if (tls) options.tls = http::TlsFiles{config.http.tls_certificate, config.http.tls_key};
  options.io_threads = config.http.io_threads;
  options.connections_max = config.limits.connections_max;
  options.connections_per_peer_max = config.limits.connections_per_address_max;
  options.trusted_proxies = config.http.trusted_proxies;
  options.personal_cookies = {sessions_->cookie_name(false), sessions_->cookie_name(true)};
  options.upload_directory = config.data.directory / "uploads";
  if (auto tiles = portal_->site()->identity().tiles_origin(); !tiles.empty()) {
    options.security.image_sources.push_back(std::move(tiles));
  }
  return options;
}

Result<> Instance::open_servers() {
  auto const& config = services_->config();
  std::error_code error;
  // What a crash left there: photographs with the place that they tell, perhaps.
  fs::remove_all(config.data.directory / "uploads", error);
  fs::create_directories(config.data.directory / "uploads", error);
  auto const cores = std::max(1U, std::thread::hardware_concurrency());
  workers_ = std::make_unique<http::WorkerPool>(
      config.http.worker_threads != 0 ? config.http.worker_threads : std::max(1U, cores - 1));
  http::ServerParts parts{.workers = *workers_,
                          .cache = cache_.get(),
                          .assets = &assets_,
                          .observer = &metrics_,
                          .error_page = [this](http::Request const& request, int status) {
                            return portal::error_response(*portal_, request, status);
                          }};
  SOL_ASSIGN(public_server_, http::Server::make(public_options(), public_routes(), parts));
  http::ServerOptions quiet;
  quiet.listeners.push_back(
      {config.http.private_address, config.http.private_port, http::Listener::Kind::plain});
  SOL_ASSIGN(private_server_, http::Server::make(std::move(quiet), private_routes(),
                                                 http::ServerParts{.workers = *workers_}));
  return {};
}

void Instance::upkeep() {
  if (auto const purged = services_->store().purge_expired(services_->clock().now()); !purged) {
    log_warning("upkeep.failed", {{"error", purged.error().to_string()}});
  }
  if (auto* const catalogue = services_->catalogue().value_or(nullptr); catalogue != nullptr) {
    if (auto const done = catalogue->refresh_if_new_day(); !done)
      log_warning("catalogue.refresh_failed", {{"error", done.error().to_string()}});
  }
  purge_removed();
  // What this disk lost, others hold: a comparison finds it and brings it back.
  if (services_->disk_watch().go_on(kDiskSlice)) replication_->compare({});
}

// What people sent is erased when it is done; here it leaves the files too.
void Instance::purge_removed() {
  auto const now = services_->clock().now();
  if (now - removed_purged_at_ < kRemovedKeptAtMost) return;
  auto const purged = services_->store().purge_local();
  if (purged) {
    removed_purged_at_ = now;
  } else if (purged.error().code() != Code::busy) {
    log_warning("upkeep.failed", {{"error", purged.error().to_string()}});
  }
}

// SIGHUP: what is renewed while the program runs. The configuration is not: that takes a restart.
void Instance::reload() {
  auto const done = public_server_->reload_certificates();
  if (done) {
    log_info("instance.reloaded");
  } else {
    log_error("instance.reload_failed", {{"error", done.error().to_string()}});
  }
}

Result<> Instance::start() {
  SOL_TRY(open_pages());
  SOL_TRY(open_mail());
  SOL_TRY(open_links());
  SOL_TRY(open_servers());
  auto const& config = services_->config();
  SOL_ASSIGN(control_, ControlServer::listen(
                           config.data.directory / "control.sock",
                           [this](CommandInput const& input, Terminal const& terminal) {
                             return run_command(*services_, {replication_.get()}, input, terminal);
                           }));
  private_server_->start();
  public_server_->start();
  io_thread_ = std::jthread([this] {
    auto const guard = asio::make_work_guard(io_);
    io_.run();
  });
  services_->erasures().start();
  imports_->start();
  if (postman_) postman_->start();
  ready_ = true;
  log_info("instance.ready", {{"node", config.instance.name.str()},
                              {"http_port", public_server_->port()},
                              {"link_port", replication_->port()}});
  sd_notify(0, "READY=1");
  return {};
}

// `timer` outlives the loop that it runs on.
void repeat(asio::steady_timer& timer, std::chrono::minutes every, std::function<void()> work) {
  timer.expires_after(every);
  timer.async_wait([&timer, every, work = std::move(work)](auto const& error) mutable {
    if (error) return;
    work();
    repeat(timer, every, std::move(work));
  });
}

void Instance::wait() {
  asio::io_context waiting{1};
  asio::signal_set signals(waiting, SIGTERM, SIGINT, SIGHUP);
  std::function<void()> const listen = [&] {
    signals.async_wait([&](auto const& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        reload();
        return listen();
      }
      log_info("instance.stopping", {{"signal", signal}});
      waiting.stop();
    });
  };
  listen();
  asio::steady_timer upkeep_timer(waiting), usage_timer(waiting), due_timer(waiting);
  repeat(upkeep_timer, kUpkeepEvery, [this] { upkeep(); });
  repeat(usage_timer, kUsageSavedEvery, [this] { save_usage(); });
  repeat(due_timer, kDueEvery, [this] { carry_out_due(); });
  waiting.run();
}

// What was scheduled, or decided by the committee.
void Instance::carry_out_due() {
  if (auto const done = services_->editorial().carry_out_due(); !done)
    log_warning("editorial.not_carried_out", {{"error", done.error().to_string()}});
}

void Instance::save_usage() {
  if (auto const saved = services_->usage().save(); !saved)
    log_warning("usage.save_failed", {{"error", saved.error().to_string()}});
}

void Instance::stop() {
  if (!ready_.exchange(false)) return;
  sd_notify(0, "STOPPING=1");
  auto const patience = services_->config().limits.drain_timeout_s;
  control_.reset();
  services_->erasures().stop();
  public_server_->stop(patience);
  private_server_->stop(std::chrono::seconds(1));
  save_usage();
  if (imports_) imports_->stop();
  if (postman_) postman_->stop();
  std::promise<void> links_stopped;
  asio::post(io_, [this, &links_stopped] {
    replication_->stop([&links_stopped] { links_stopped.set_value(); });
  });
  links_stopped.get_future().wait();
  io_.stop();
  io_thread_.join();
  services_->keep_catalogue();
  log_info("instance.stopped");
}

}  // namespace

Result<> serve(Config config) {
  log_setup(config.log.level);
  clear_checkpoint(config);
  std::signal(SIGHUP, SIG_IGN);  // until there is something to reload
  SOL_ASSIGN(auto services, Services::open(std::move(config)));
  Instance instance(std::move(services));
  SOL_TRY(instance.start());
  instance.wait();
  return {};
}

}  // namespace solidaires::app
