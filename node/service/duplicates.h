// Records that may be about the same thing: found by what they share, decided by people, made one.
// Never merged by the program. Any thread; may block on the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "node/service/editorial.h"
#include "node/service/instance.h"
#include "node/service/working_copy.h"
#include "sync/base/result.h"

namespace solidaires::service {

inline constexpr std::string_view kPairType = "pair";  // stored on disk: never rename

// What two records share, the surest first.
enum class Likeness : std::uint8_t { identifier, name_and_place, phone, website };
[[nodiscard]] std::string_view likeness_label(Likeness likeness);  // "même nom, même commune"

// What people said of a pair that is not one record. Stored on disk by name: never rename.
enum class PairVerdict : std::uint8_t { distinct, unsure };
[[nodiscard]] std::string_view verdict_name(PairVerdict verdict);  // "distinct"
[[nodiscard]] std::optional<PairVerdict> parse_verdict(std::string_view name);

struct Pair {
  WorkingCopySummary first, second;  // the older one first
  std::set<Likeness> shared;
  std::optional<PairVerdict> verdict;
};

struct PairList {
  std::vector<Pair> pairs;
  std::size_t total = 0;
  bool more = false;  // more pairs than are looked at, of which these are some
};

// Where the verdict on two records of one office stands, whichever is named first: two instances
// that say it at once mean the same document.
[[nodiscard]] sync::DocumentKey pair_key(ScopeId const& office, DocumentId const& one,
                                         DocumentId const& other);

class Duplicates {
 public:
  explicit Duplicates(Instance const& instance) : instance_(instance) {}

  // Pairs in the actor's offices that nobody has decided about, or those with a verdict; the surest
  // first. Withdrawn and refused records are left out. Code::denied.
  [[nodiscard]] Result<PairList> list(Actor const& actor, std::optional<PairVerdict> verdict,
                                      std::size_t offset, std::size_t limit) const;
  // Those that one record is part of, but for such as are known to be distinct; at most ten.
  [[nodiscard]] Result<std::vector<Pair>> of(Actor const& actor, WorkingCopy const& copy) const;
  // What was said of two records; nullopt: nothing.
  [[nodiscard]] std::optional<PairVerdict> verdict(WorkingCopy const& one,
                                                   WorkingCopy const& other) const;
  // nullopt takes back what was said. Code::invalid for records of two offices or types.
  Result<> remember(Actor const& actor, WorkingCopy const& one, WorkingCopy const& other,
                    std::optional<PairVerdict> verdict);

 private:
  Instance const& instance_;
};

// Whether the actor may decide about pairs at all.
[[nodiscard]] bool unites(Actor const& actor);

// From which of two records a field of the one that stays is taken.
enum class Taken : std::uint8_t { kept, other, both };          // both: sets only
using TakenFields = std::map<std::string, Taken, std::less<>>;  // field key -> whose
// Fields in which two records differ, in the order of the form.
[[nodiscard]] std::vector<schema::Field const*> differences(schema::Type const& type,
                                                            schema::Record const& kept,
                                                            schema::Record const& other);
// What is taken unless somebody chooses otherwise: of sets all, else what there is, the kept
// record's before the other's.
[[nodiscard]] Taken proposed(schema::Field const& field, schema::Record const& kept);
// The content of the record that stays. Fields without a choice as proposed. A name that is given
// up is kept among the former names, where the type has them.
[[nodiscard]] schema::Record united(schema::Type const& type, schema::Record const& kept,
                                    schema::Record const& other, TakenFields const& taken);

}  // namespace solidaires::service
