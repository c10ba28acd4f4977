// Knows every write that was acknowledged to its author, and computes what the network must
// hold in the end, from the writes alone: no merge, no context, no feed.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sync/core/document.h"

namespace solidaires::sync::sim {

class Oracle {
 public:
  // An acknowledged write. Gives what is wrong with it: a dot that was used before.
  [[nodiscard]] std::optional<std::string> record(DocumentKey const& key, Dot dot,
                                                  std::vector<FieldEdit> const& edits,
                                                  Context const& seen);
  // A disk was lost: the writes that no store has any more are nobody's loss but the disk's.
  // `survives`: does any store have that write of that document?
  template <class Survives>
  void forget_lost(Survives const& survives) {
    for (auto& [key, writes] : writes_) {
      std::erase_if(writes, [&](Write const& write) { return !survives(key, write.dot); });
    }
  }
  // How these documents of one scope differ from what they must be; nullopt: not at all.
  [[nodiscard]] std::optional<std::string> difference(
      ScopeId const& scope, std::map<DocumentId, Document const*> const& held) const;
  [[nodiscard]] std::size_t writes() const;

 private:
  struct Write {
    Dot dot;
    std::map<std::string, std::optional<Bytes>> edits;
    Context seen;
  };
  using Expected = std::map<std::string, std::map<Dot, Bytes>>;  // field -> its versions
  static Expected expected(std::vector<Write> const& writes);
  static std::optional<std::string> compare(std::vector<Write> const& writes,
                                            Document const& document);

  std::map<DocumentKey, std::vector<Write>> writes_;
  std::set<Dot> dots_;
};

}  // namespace solidaires::sync::sim
