// Who may catch up now: so many at once, the others in the order they came. A turn that lasts too
// long while others wait is counted no more: its holder goes on, and so does the next. Pure; the
// owner has the clock. One thread.
#pragma once

#include <algorithm>
#include <deque>
#include <vector>

#include "sync/base/clock.h"

namespace solidaires::net {

template <class Member>
class Turns {
 public:
  Turns(std::size_t at_once, Millis longest) : at_once_(at_once), longest_(longest) {}

  // Each gives those whose turn begins now; a member may be among them itself.
  std::vector<Member*> come(Member& member, Instant now) {
    waiting_.push_back(&member);
    return look(now);
  }
  // It has caught up, or is gone.
  std::vector<Member*> leave(Member& member, Instant now) {
    std::erase(waiting_, &member);
    std::erase_if(turns_, [&](Turn const& turn) { return turn.member == &member; });
    return look(now);
  }
  std::vector<Member*> look(Instant now) {
    std::vector<Member*> next;
    while (!waiting_.empty()) {
      if (turns_.size() >= at_once_) {
        if (now < turns_.front().since + longest_) break;
        turns_.pop_front();  // the oldest
      }
      next.push_back(waiting_.front());
      turns_.push_back({waiting_.front(), now});
      waiting_.pop_front();
    }
    return next;
  }

  struct Turn {
    Member* member = nullptr;
    Instant since{};
  };
  // Those that have begun, and have not been counted out.
  [[nodiscard]] std::vector<Turn> now() const { return {turns_.begin(), turns_.end()}; }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  std::size_t const at_once_;
  Millis const longest_;
  std::deque<Member*> waiting_;
  std::deque<Turn> turns_;  // in the order they began
};

}  // namespace solidaires::net
