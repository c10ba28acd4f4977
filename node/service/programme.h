// What the editorial team plans for its portal: which records stand on the front page and when, and
// notes for days to come. One document of type "programme" for each node, in its office scope, an
// element for each entry: what two people add at once stays. Any thread; may block on the disk.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/model/civil_time.h"
#include "node/service/actor.h"
#include "node/service/instance.h"
#include "node/service/working_copy.h"
#include "sync/base/result.h"

namespace solidaires::service {

inline constexpr std::string_view kProgrammeType = "programme";  // stored on disk: never rename
inline constexpr std::string_view kProgrammeTag = "programme";   // of cached pages that show it
inline constexpr std::size_t kProgrammeCharactersMax = 300;      // of a note, or a record's words
inline constexpr std::size_t kProgrammeEntriesMax = 400;         // of one node

// A record on the front page, from one day to another, both included.
struct Feature {
  DocumentId id;
  DocumentId record;
  model::CivilDate from, until;
  std::string words;  // why it stands there, for visitors; may be empty
  Author by;
};

struct PlannedNote {
  DocumentId id;
  model::CivilDate day;
  std::string text;
  Author by;
};

struct Programme {
  std::vector<Feature> features;   // by their first day
  std::vector<PlannedNote> notes;  // by day
};

// Whether the actor plans for a node: who publishes there, or votes in its committee.
[[nodiscard]] bool plans(Actor const& actor, NodeName const& node);

class Programmes {
 public:
  explicit Programmes(Instance const& instance) : instance_(instance) {}

  [[nodiscard]] Result<Programme> read(NodeName const& node) const;
  // What stands on this instance's front page on that day, what was put there last first.
  [[nodiscard]] Result<std::vector<Feature>> on_front_page(model::CivilDate day) const;

  // Code::denied; Code::invalid: not public, days in the wrong order, past or longer than a year,
  // too long; Code::exhausted. Entries that ended a year ago are forgotten on the way.
  Result<> feature(Actor const& actor, WorkingCopy const& copy, model::CivilDate from,
                   model::CivilDate until, std::string_view words);
  Result<> note(Actor const& actor, NodeName const& node, model::CivilDate day,
                std::string_view text);
  // Takes back either; nothing if it is gone already.
  Result<> remove(Actor const& actor, NodeName const& node, DocumentId const& id);

 private:
  Result<> add(Actor const& actor, NodeName const& node, std::string_view prefix, Bytes value);
  Instance const& instance_;
};

}  // namespace solidaires::service
