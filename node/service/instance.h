// What use cases know of the instance that they run in, and of the network around it.
#pragma once

#include <string>
#include <vector>

#include "node/model/committee.h"
#include "node/model/labour.h"
#include "schema/model.h"
#include "sync/base/clock.h"
#include "sync/base/ids.h"
#include "sync/base/rng.h"

namespace solidaires::store {
class Store;
}

namespace solidaires::service {

struct NodeDescription {
  NodeName name;
  std::string title;
  std::string base_url;                // of its portal; empty if unknown
  std::vector<std::string> territory;  // department codes
  bool delegates_moderation = false;   // the hub's moderators may act for it
};

// The instances of the network as known here, this one among them. Any thread.
class NodeDirectory {
 public:
  virtual ~NodeDirectory() = default;
  [[nodiscard]] virtual std::vector<NodeDescription> nodes() const = 0;
};

// How this portal decides what is published; from its configuration.
struct EditorialRules {
  model::CommitteeRules committee{};
  unsigned answer_working_days = 2;   // what an author may wait for an answer
  unsigned trusted_after = 5;         // publications after which trust is proposed; 0: never
  unsigned sample_every = 4;          // of what authors publish themselves, one in so many is read
  std::vector<std::string> two_eyes;  // types that nobody publishes alone what they wrote
};

// What every use case is given; all of it outlives the use cases.
struct Instance {
  NodeName self;
  bool hub = false;
  std::vector<std::string> territory;  // department codes
  store::Store& store;
  schema::ContentModel const& model;
  NodeDirectory const& directory;
  Clock const& clock;
  Rng& rng;  // fit for secrets, any thread
  model::LabourRules labour{};
  EditorialRules rules{};
};

}  // namespace solidaires::service
