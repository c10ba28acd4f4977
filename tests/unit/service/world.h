// One instance with its store in a directory of its own, the real content model and the places that
// the build staged, a clock that the test moves, and invented records.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "node/geography/gazetteer.h"
#include "node/service/accounts.h"
#include "node/service/catalogue.h"
#include "node/service/editorial.h"
#include "node/service/indexes.h"
#include "node/service/instance.h"
#include "node/store/store.h"
#include "schema/form.h"

namespace solidaires::service {

// 10 March 2026, 9:00 UTC, a Tuesday.
inline constexpr Instant kStart{Millis(1'773'133'200'000)};

class HandClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return from_unix_ms(ms_.load()); }
  void pass(Millis time) { ms_ += time.count(); }

 private:
  std::atomic<std::int64_t> ms_{to_unix_ms(kStart)};
};

class ListedNodes final : public NodeDirectory {
 public:
  [[nodiscard]] std::vector<NodeDescription> nodes() const override { return list; }
  std::vector<NodeDescription> list;
};

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    auto pattern = (std::filesystem::path(testing::TempDir()) / "service-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(TemporaryDirectory const&) = delete;
  TemporaryDirectory& operator=(TemporaryDirectory const&) = delete;
  [[nodiscard]] std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

schema::ContentModel const& real_model();
std::shared_ptr<geography::Gazetteer const> const& real_places();
[[nodiscard]] NodeName node_name(std::string_view text);
// An invented number of 14 digits whose key is right.
[[nodiscard]] std::string invented_siret(unsigned number);

// A working instance. `model` outlives it.
class World {
 public:
  explicit World(std::string_view name = "savoie-mont-blanc",
                 std::vector<std::string> territory = {"73", "74"}, bool hub = false,
                 schema::ContentModel const& model = real_model());
  ~World();

  // Everything that `from` holds of a scope, received as a peer receives it.
  void receive(World& from, ScopeId const& scope);
  void open_catalogue();

  [[nodiscard]] Actor somebody(std::string_view role, std::string_view name);
  [[nodiscard]] schema::Record record(std::string_view type, schema::FormFields const& typed) const;
  WorkingCopy draft(Actor const& actor, std::string_view type, schema::FormFields const& typed);
  // Created by an animateur and published.
  WorkingCopy published(std::string_view type, schema::FormFields const& typed);
  // Saves with the form that was rendered from `copy` and these inputs changed.
  Result<WorkingCopy> edit(Actor const& actor, WorkingCopy const& copy,
                           schema::FormFields const& changed);
  [[nodiscard]] sync::DocumentKey public_key(WorkingCopy const& copy) const;
  [[nodiscard]] sync::Sequence head(ScopeId const& scope) const;

  TemporaryDirectory directory;
  HandClock clock;
  SeededRng rng;
  ListedNodes nodes;
  std::unique_ptr<store::Store> store;
  Instance instance;
  Editorial editorial;
  Accounts accounts;
  std::unique_ptr<Catalogue> catalogue;
};

// Complete inputs of invented records; `more` wins.
[[nodiscard]] schema::FormFields structure_form(std::string_view name,
                                                schema::FormFields const& more = {});
[[nodiscard]] schema::FormFields event_form(std::string_view title,
                                            schema::FormFields const& more = {});
[[nodiscard]] schema::FormFields article_form(std::string_view title,
                                              schema::FormFields const& more = {});
[[nodiscard]] schema::FormFields job_offer_form(std::string_view title,
                                                schema::FormFields const& more = {});
[[nodiscard]] schema::FormFields job_request_form(std::string_view title,
                                                  schema::FormFields const& more = {});
[[nodiscard]] schema::FormFields call_form(std::string_view title,
                                           schema::FormFields const& more = {});
[[nodiscard]] schema::FormFields resource_form(std::string_view title,
                                               schema::FormFields const& more = {});

#define ASSERT_OK(result)                                                    \
  do {                                                                       \
    auto const& checked_ = (result);                                         \
    ASSERT_TRUE(checked_) << (checked_ ? "" : checked_.error().to_string()); \
  } while (false)

}  // namespace solidaires::service
