// The state of the network for the console, read from the links and the store. Any thread.
#pragma once

#include <atomic>

#include "node/admin/network_status.h"
#include "node/replication/replication.h"
#include "node/service/instance.h"

namespace solidaires::app {

class LinkStatus final : public admin::NetworkStatus {
 public:
  LinkStatus(service::Instance const& instance, store::Store const& store)
      : instance_(instance), store_(store) {}
  // Null until the links are open.
  void attach(replication::Replication const* replication) { replication_ = replication; }
  [[nodiscard]] std::vector<admin::NodeStatus> nodes() const override;

 private:
  service::Instance const& instance_;
  store::Store const& store_;
  std::atomic<replication::Replication const*> replication_{nullptr};
};

}  // namespace solidaires::app
