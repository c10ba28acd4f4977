// Everything that one instance is made of, short of sockets: the store, the content model, the
// geography and the use cases on them. The server and every command that works on the store open
// the same. One thread opens and destroys it; its parts may then be used from any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>

#include "node/app/config.h"
#include "node/app/disk_watch.h"
#include "node/geography/gazetteer.h"
#include "node/mail/queue.h"
#include "node/page/site.h"
#include "node/replication/erasure.h"
#include "node/replication/registry.h"
#include "node/service/accounts.h"
#include "node/service/alerts.h"
#include "node/service/catalogue.h"
#include "node/service/editorial.h"
#include "node/service/import.h"
#include "node/service/instance.h"
#include "node/service/relay.h"
#include "node/service/renewal.h"
#include "node/service/reports.h"
#include "node/service/second_factor.h"
#include "node/service/usage.h"
#include "node/store/store.h"
#include "schema/model.h"

namespace solidaires::app {

// Where the program's own files lie (schema, geography, assets, templates): beside the program, as
// the build and the packages put them. Code::not_found names the places that were looked at.
[[nodiscard]] Result<std::filesystem::path> share_directory();

// The instances of the network as the registry knows them.
class RegistryDirectory final : public service::NodeDirectory {
 public:
  RegistryDirectory(replication::NodeRegistry const& registry, service::NodeDescription self)
      : registry_(registry), self_(std::move(self)) {}
  [[nodiscard]] std::vector<service::NodeDescription> nodes() const override;

 private:
  replication::NodeRegistry const& registry_;
  service::NodeDescription self_;
};

class Services {
 public:
  // Errors say what to do (the store is in use, newer, damaged; the model has a fault at a line).
  static Result<std::unique_ptr<Services>> open(Config config);
  ~Services();

  [[nodiscard]] Config const& config() const noexcept { return config_; }
  [[nodiscard]] service::Instance const& instance() const noexcept { return *instance_; }
  [[nodiscard]] store::Store& store() const noexcept { return *store_; }
  [[nodiscard]] schema::ContentModel const& model() const noexcept { return *model_; }
  [[nodiscard]] service::Accounts& accounts() noexcept { return *accounts_; }
  [[nodiscard]] service::SecondFactors& second_factors() noexcept { return *second_factors_; }
  [[nodiscard]] service::Editorial& editorial() noexcept { return *editorial_; }
  [[nodiscard]] service::Alerts& alerts() const noexcept { return *alerts_; }
  [[nodiscard]] service::Relay& relay() const noexcept { return *relay_; }
  [[nodiscard]] service::Renewals& renewals() const noexcept { return *renewals_; }
  [[nodiscard]] service::Reports& reports() const noexcept { return *reports_; }
  [[nodiscard]] service::Usage& usage() const noexcept { return *usage_; }
  [[nodiscard]] mail::Queue& mail() const noexcept { return *mail_; }
  [[nodiscard]] replication::Erasures& erasures() noexcept { return *erasures_; }
  [[nodiscard]] DiskWatch& disk_watch() const noexcept { return *disk_watch_; }
  [[nodiscard]] replication::NodeRegistry const& registry() const noexcept { return *registry_; }
  [[nodiscard]] std::shared_ptr<geography::Gazetteer const> gazetteer() const noexcept {
    return gazetteer_;
  }
  [[nodiscard]] Clock const& clock() const noexcept { return clock_; }
  [[nodiscard]] Rng& rng() noexcept { return rng_; }
  [[nodiscard]] std::filesystem::path const& share() const noexcept { return share_; }
  // The catalogue reads the whole store: opened when first asked for. Open it before threads start.
  // Takes what keep_catalogue() kept, if it still fits; the file is gone then in any case.
  Result<service::Catalogue*> catalogue();
  // For the next start: call it when nothing is written any more.
  void keep_catalogue();
  // The program itself, in histories.
  [[nodiscard]] service::Author program_author(std::string_view name) const;

  [[nodiscard]] std::filesystem::path geography_overlay() const;

 private:
  [[nodiscard]] Bytes made_with() const;
  [[nodiscard]] Bytes kept_catalogue() const;
  [[nodiscard]] std::filesystem::path catalogue_file() const;
  explicit Services(Config config) : config_(std::move(config)) {}

  Config config_;
  std::filesystem::path share_;
  SystemClock clock_;
  SystemRng rng_;
  std::unique_ptr<schema::ContentModel> model_;
  std::shared_ptr<geography::Gazetteer const> gazetteer_;
  std::unique_ptr<store::Store> store_;
  std::uint64_t opened_at_ = 0;  // its version then
  std::unique_ptr<mail::Queue> mail_;
  std::unique_ptr<replication::NodeRegistry> registry_;
  std::unique_ptr<replication::Erasures> erasures_;
  std::unique_ptr<DiskWatch> disk_watch_;
  std::unique_ptr<RegistryDirectory> directory_;
  std::unique_ptr<service::Instance> instance_;
  std::unique_ptr<service::Accounts> accounts_;
  std::unique_ptr<service::SecondFactors> second_factors_;
  std::unique_ptr<service::Editorial> editorial_;
  std::unique_ptr<service::Alerts> alerts_;
  std::unique_ptr<service::Reports> reports_;
  std::unique_ptr<service::Relay> relay_;
  std::unique_ptr<service::Renewals> renewals_;
  std::unique_ptr<service::Usage> usage_;
  std::unique_ptr<service::Catalogue> catalogue_;
};

}  // namespace solidaires::app
