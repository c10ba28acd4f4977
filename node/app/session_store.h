// Sessions in the store's local values: they outlive a restart and never leave the node.
#pragma once

#include "node/http/session.h"
#include "node/store/store.h"

namespace solidaires::app {

class LocalSessions final : public http::SessionStore {
 public:
  LocalSessions(store::Store& store, Clock const& clock) : store_(store), clock_(clock) {}
  [[nodiscard]] Result<std::optional<Bytes>> load(std::string_view key) override {
    return store_.local(name(key), clock_.now());
  }
  Result<> save(std::string_view key, std::string_view bytes, Instant expires) override {
    return write(key, Bytes(bytes), expires);
  }
  Result<> remove(std::string_view key) override { return write(key, std::nullopt, std::nullopt); }
  [[nodiscard]] Result<std::vector<Item>> all() override {
    std::vector<Item> items;
    auto const view = store_.view();
    std::string last;
    do {
      SOL_ASSIGN(auto const page, view.local_scan(kPrefix, clock_.now(), kAtOnce, last));
      for (auto const& item : page) items.push_back({item.key.substr(kPrefix.size()), item.value});
      last = page.size() == kAtOnce ? page.back().key : std::string();
    } while (!last.empty());
    return items;
  }

 private:
  static constexpr std::string_view kPrefix = "session/";
  static constexpr std::size_t kAtOnce = 1'000;
  static std::string name(std::string_view key) { return cat(kPrefix, key); }
  Result<> write(std::string_view key, std::optional<Bytes> bytes, std::optional<Instant> expires) {
    store::Commit commit{.now = clock_.now()};
    commit.local.push_back({.key = name(key), .value = std::move(bytes), .expires_at = expires});
    SOL_TRY(store_.commit(commit));
    return {};
  }
  store::Store& store_;
  Clock const& clock_;
};

}  // namespace solidaires::app
