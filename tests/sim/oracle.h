// Knows every write that was acknowledged to its author, and computes what the network must hold in
// the end, from the writes alone: no merge, no context, no feed.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sync/core/document.h"

namespace solidaires::sync::sim {

// The writes that both have seen.
[[nodiscard]] Context common(Context const& a, Context const& b);

class Oracle {
 public:
  // An acknowledged write. Gives what is wrong with it: a dot that was used before.
  [[nodiscard]] std::optional<std::string> record(DocumentKey const& key, Dot dot,
                                                  std::vector<FieldEdit> const& edits,
                                                  Context const& seen);
  // Disks were lost or put back: the writes that no store has are nobody's loss but the disk's,
  // until a backup brings them back. `there`: does any store have that write of that document?
  template <class There>
  void look_what_is_there(There const& there) {
    for (auto& [key, writes] : writes_) {
      for (auto& write : writes) write.lost = !there(key, write.dot);
    }
  }
  // Somebody asked for the erasure of `target`, by the write `request`.
  void ask_erasure(DocumentKey const& target, DocumentKey const& request) {
    erasures_[target].push_back(request);
  }
  // What lies here no longer counts: it lives on only where it cannot come back from.
  void set_aside(DocumentKey const& key) { aside_.insert(key); }
  [[nodiscard]] bool has_aside(ScopeId const& scope) const {
    auto const at = aside_.lower_bound({scope, {}});
    return at != aside_.end() && at->scope == scope;
  }
  [[nodiscard]] bool is_aside(DocumentKey const& key) const { return aside_.contains(key); }

  // How these documents of one scope differ from what they must be, beginning with the name of the
  // property; nullopt: not at all.
  [[nodiscard]] std::optional<std::string> difference(
      ScopeId const& scope, std::map<DocumentId, Document const*> const& held) const;
  [[nodiscard]] std::size_t writes() const;

 private:
  struct Write {
    Dot dot;
    std::map<std::string, std::optional<Bytes>> edits;
    Context seen;
    bool lost = false;
  };
  using Expected = std::map<std::string, std::map<Dot, Bytes>>;  // field -> its versions
  static Expected expected(std::vector<Write> writes);
  static std::optional<std::string> compare(std::vector<Write> const& writes,
                                            Document const& document);

  [[nodiscard]] std::optional<std::string> compare_stub(std::vector<Write> const& writes,
                                                        Document const& document) const;
  [[nodiscard]] bool is_due(DocumentKey const& target) const;

  std::map<DocumentKey, std::vector<Write>> writes_;
  std::map<DocumentKey, std::vector<DocumentKey>> erasures_;  // target -> requests
  std::set<Dot> dots_;
  std::set<DocumentKey> aside_;
};

}  // namespace solidaires::sync::sim
