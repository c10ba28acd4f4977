#include "node/app/link_status.h"

#include <algorithm>

namespace solidaires::app {
namespace {

void add_link(admin::NodeStatus& status, replication::LinkReport const& link) {
  status.state = net::peer_state_name(link.link.state);
  status.since = link.link.since;
  status.last_contact = link.link.last_contact;
  status.documents_behind = link.documents_behind_at_most;
  status.age = link.age_max;
  status.certificate_days = link.certificate_days;
  status.last_error = link.link.last_error;
  status.quarantine = link.link.quarantine.size();
  status.in_sync = link.in_sync;
  status.differences = link.link.differences;
  for (auto const& scope : link.scopes) {
    status.bytes_behind += scope.bytes_estimate;
    status.scopes.push_back({scope.scope.to_string(), scope.outgoing, scope.documents_at_most,
                             scope.bytes_estimate, scope.age});
  }
}

// The hub that an instance dials, as its record says; empty for the top of a network.
std::string linked_to(replication::NodeRecord const& record) {
  if (record.hub) return {};
  return record.parent.empty() ? record.network.str() : record.parent.str();
}

}  // namespace

std::vector<admin::NodeStatus> LinkStatus::nodes() const {
  std::vector<admin::NodeStatus> nodes;
  for (auto const& node : instance_.directory.nodes()) {
    admin::NodeStatus status;
    status.name = node.name.str();
    status.title = node.title;
    status.base_url = node.base_url;
    status.territory = node.territory;
    status.is_self = node.name == instance_.self;
    status.state = status.is_self ? "self" : "invited";
    for (auto const& type : instance_.model.types())
      status.documents += store_.count(type.key, ScopeId::published(node.name));
    nodes.push_back(std::move(status));
  }
  auto const* const replication = replication_.load();
  if (replication == nullptr) return nodes;
  auto const self = instance_.self.str();
  for (auto const& record :
       replication::each_once(replication->registry().nodes(), instance_.self)) {
    auto const found = std::ranges::find(nodes, record.name.str(), &admin::NodeStatus::name);
    auto hub = linked_to(record);
    if (found == nodes.end() || found->is_self || hub == self) continue;
    found->state = "elsewhere";
    found->linked_to = std::move(hub);
  }
  auto const report = replication->report();
  for (auto const& link : report.links) {
    auto found = std::ranges::find(nodes, link.link.peer.str(), &admin::NodeStatus::name);
    if (found == nodes.end()) {
      nodes.emplace_back();
      nodes.back().name = link.link.peer.str();
      nodes.back().title = link.title.empty() ? link.link.peer.str() : link.title;
      found = std::prev(nodes.end());
    }
    found->linked_to.clear();
    found->is_hub = link.link.role == sync::PeerRole::parent;
    add_link(*found, link);
  }
  return nodes;
}

}  // namespace solidaires::app
