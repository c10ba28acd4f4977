#include "node/app/services.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "node/app/data_directory.h"
#include "node/replication/network.h"
#include "node/service/indexes.h"
#include "sync/base/hash.h"
#include "sync/base/log.h"

namespace solidaires::app {

namespace fs = std::filesystem;

Result<fs::path> share_directory() {
  std::error_code error;
  auto const program = fs::read_symlink("/proc/self/exe", error);
  std::vector<fs::path> places;
  if (char const* const named = std::getenv("SOLIDAIRES_SHARE"); named != nullptr)
    places.emplace_back(named);
  places.push_back(program.parent_path() / "../../share");          // in a build tree
  places.push_back(program.parent_path() / "../share");             // installed
  places.push_back(program.parent_path() / "../share/solidaires");  // in a package
  std::string looked;
  for (auto const& place : places) {
    if (fs::exists(place / "schema", error) && fs::exists(place / "templates", error))
      return fs::weakly_canonical(place, error);
    looked += cat(looked.empty() ? "" : ", ", place.lexically_normal().string());
  }
  return fail(Code::not_found,
              cat("the program's own files (schema, templates) are in none of: ", looked));
}

std::vector<service::NodeDescription> RegistryDirectory::nodes() const {
  std::vector<service::NodeDescription> nodes;
  bool self_listed = false;
  for (auto const& record : replication::each_once(registry_.nodes(), self_.name)) {
    if (record.state == replication::NodeState::invited && record.name != self_.name) continue;
    self_listed = self_listed || record.name == self_.name;
    nodes.push_back({record.name, record.title, record.base_url, record.territory,
                     record.delegates_moderation});
  }
  if (!self_listed) nodes.push_back(self_);
  return nodes;
}

namespace {

Result<service::EditorialRules> rules_of(EditorialConfig const& config,
                                         schema::ContentModel const& model) {
  for (auto const& type : config.two_eyes) {
    if (model.type(type) != nullptr) continue;
    std::string known;
    for (auto const& one : model.types()) known += cat(known.empty() ? "" : ", ", one.key);
    return fail(Code::invalid, cat("editorial.two_eyes names the type \"", type,
                                   "\", which does not exist; it may name: ", known));
  }
  return service::EditorialRules{
      .committee = {config.committee_quorum, config.committee_working_days},
      .answer_working_days = config.answer_working_days,
      .trusted_after = config.trusted_after,
      .sample_every = config.sample_every,
      .two_eyes = config.two_eyes};
}

// Beside the store, so that a copy of the store alone opens nothing; backups hold it with the other
// secrets. Made when it is first needed.
Result<Bytes> sealing_key_of(fs::path const& keys, Rng& rng) {
  auto const file = keys / "accounts.key";
  auto const kept = net::read_secret_file(file);
  if (kept) {
    auto key = from_base64url(*kept);
    if (!key || key->size() != service::kSealingKeyBytes)
      return fail(Code::corrupt, cat(file.string(), " is not a key: restore it from a backup"));
    return key;
  }
  if (kept.error().code() != Code::not_found) return std::unexpected(kept.error());
  auto key = rng.bytes(service::kSealingKeyBytes);
  SOL_TRY(net::write_secret_file(file, base64url(key)));
  return key;
}

}  // namespace

Result<std::unique_ptr<Services>> Services::open(Config config) {
  std::unique_ptr<Services> made(new Services(std::move(config)));
  auto const& own = made->config_;
  SOL_ASSIGN(made->share_, share_directory());
  SOL_ASSIGN(auto model, schema::ContentModel::load(made->share_ / "schema"));
  made->model_ = std::make_unique<schema::ContentModel>(std::move(model));
  auto const geography =
      own.geography.directory.empty() ? made->share_ / "geography" : own.geography.directory;
  SOL_ASSIGN(made->gazetteer_, geography::Gazetteer::load(geography, made->geography_overlay()));
  store::Options options;
  options.indexer = service::make_indexer();
  options.block_cache_bytes = own.data.cache_bytes_max;
  options.disk_reserve_bytes = own.data.disk_reserve_bytes;
  SOL_ASSIGN(made->store_, store::Store::open(own.data.directory / "store", std::move(options)));
  made->opened_at_ = made->store_->version();
  made->mail_ = std::make_unique<mail::Queue>(
      *made->store_, made->clock_, made->rng_,
      own.mail.server.empty() ? std::nullopt
                              : std::optional(mail::Sender{own.mail.sender, own.instance.title}));
  SOL_ASSIGN(made->registry_, replication::NodeRegistry::open(*made->store_, [] {}));
  replication::StateFiles const files{own.data.directory / "keys"};
  made->erasures_ = std::make_unique<replication::Erasures>(
      *made->store_, *made->registry_, made->clock_, made->rng_, own.instance.name,
      own.instance.role == Role::hub,
      net::Signer(own.instance.name, files.authority(), files.credentials(), files.succession()),
      // What a backup copies from holds what was erased until that backup has ended.
      [&own] { return clear_checkpoint(own); });
  made->disk_watch_ = std::make_unique<DiskWatch>(*made->store_, made->clock_);
  made->directory_ = std::make_unique<RegistryDirectory>(
      *made->registry_,
      service::NodeDescription{own.instance.name, own.instance.title, own.instance.base_url,
                               own.instance.territory, false});
  SOL_ASSIGN(auto rules, rules_of(own.editorial, *made->model_));
  made->instance_.reset(new service::Instance{.self = own.instance.name,
                                              .hub = own.instance.role == Role::hub,
                                              .territory = own.instance.territory,
                                              .store = *made->store_,
                                              .model = *made->model_,
                                              .directory = *made->directory_,
                                              .clock = made->clock_,
                                              .rng = made->rng_,
                                              .labour = {own.content.pay_range_required},
                                              .rules = std::move(rules)});
  made->accounts_ = std::make_unique<service::Accounts>(*made->instance_);
  SOL_ASSIGN(auto sealing_key, sealing_key_of(own.data.directory / "keys", made->rng_));
  made->second_factors_ = std::make_unique<service::SecondFactors>(
      *made->instance_,
      service::SecondFactors::Options{.sealing_key = std::move(sealing_key),
                                      .may_be_required = own.accounts.second_factor == "required"});
  made->editorial_ = std::make_unique<service::Editorial>(*made->instance_);
  made->alerts_ = std::make_unique<service::Alerts>(*made->instance_, *made->mail_);
  made->reports_ = std::make_unique<service::Reports>(*made->instance_, *made->mail_);
  made->relay_ = std::make_unique<service::Relay>(*made->instance_, *made->accounts_, *made->mail_);
  made->renewals_ = std::make_unique<service::Renewals>(*made->instance_, *made->mail_);
  made->usage_ = std::make_unique<service::Usage>(*made->instance_);
  return made;
}

Services::~Services() {
  if (erasures_) erasures_->stop();
  // A command that wrote or erased something while the instance stands still.
  std::error_code ignored;
  if (store_ && !catalogue_ && store_->version() != opened_at_)
    fs::remove(catalogue_file(), ignored);
  catalogue_.reset();
  if (registry_) registry_->unfollow();
}

Result<service::Catalogue*> Services::catalogue() {
  if (!catalogue_) {
    SOL_ASSIGN(catalogue_, service::Catalogue::open(*instance_, gazetteer_, kept_catalogue()));
  }
  return catalogue_.get();
}

// What the catalogue is made with besides the store: the program, its content model and geography,
// and where the nodes are. Files are told apart as make does, by size and time.
Bytes Services::made_with() const {
  std::vector<std::string> facts;
  std::error_code error;
  auto const add = [&](fs::path const& file) {
    auto const time = fs::last_write_time(file, error).time_since_epoch().count();
    facts.push_back(cat(file.string(), ' ', fs::file_size(file, error), ' ', time));
  };
  add(fs::read_symlink("/proc/self/exe", error));
  for (auto const& directory : {share_ / "schema", share_ / "geography",
                                config_.geography.directory, geography_overlay()}) {
    for (auto const& file : fs::recursive_directory_iterator(directory, error)) {
      if (file.is_regular_file(error)) add(file.path());
    }
  }
  for (auto const& node : directory_->nodes()) {
    facts.push_back(cat("node ", node.name.str()));
    for (auto const& department : node.territory) facts.back() += cat(' ', department);
  }
  std::ranges::sort(facts);
  Sha256 sum;
  for (auto const& fact : facts) sum.add(cat(fact, '\n'));
  return sum.finish();
}

Bytes Services::kept_catalogue() const {
  auto const path = catalogue_file();
  std::ifstream file(path, std::ios::binary);
  Bytes kept((std::istreambuf_iterator<char>(file)), {});
  std::error_code ignored;
  fs::remove(path, ignored);  // what is erased from now on must not stand there
  auto const head = made_with();
  bool const fits = kept.size() > head.size() + kSha256Bytes && kept.starts_with(head) &&
                    std::string_view(kept).substr(head.size(), kSha256Bytes) ==
                        sha256(std::string_view(kept).substr(head.size() + kSha256Bytes));
  if (!fits) return {};
  kept.erase(0, head.size() + kSha256Bytes);
  return kept;
}

void Services::keep_catalogue() {
  if (!catalogue_) return;
  auto const snapshot = catalogue_->snapshot();
  auto const path = catalogue_file();
  std::ofstream file(path, std::ios::binary);
  file << made_with() << sha256(snapshot) << snapshot;
  file.close();
  if (file) return;
  std::error_code ignored;
  fs::remove(path, ignored);
  log_warning("catalogue.not_kept", {{"path", path.string()}});
}

service::Author Services::program_author(std::string_view name) const {
  return {{}, std::string(name), config_.instance.name};
}

fs::path Services::catalogue_file() const {
  return config_.data.directory / "catalogue";
}

fs::path Services::geography_overlay() const {
  return config_.data.directory / "geography";
}

}  // namespace solidaires::app
