// Changes of communes since 1943 (mergers, splits, re-establishments, moves, names) followed to the
// commune of today. Internal to the room; pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace solidaires::geography {

// One row of INSEE's file of changes. Types: COM, a commune; COMA associated, COMD delegated, ARM
// municipal district.
struct Movement {
  int kind = 0;      // MOD: 10 name, 20/21 created or re-established, 30-35 merged, 41/50 moved ...
  std::string date;  // YYYY-MM-DD
  std::string type_before;
  std::string code_before;
  std::string name_before;
  std::string type_after;
  std::string code_after;
  std::string name_after;
  std::size_t line = 0;
};

class Movements {
 public:
  // Rows in any order. Rows of districts and of parts within a commune are left out.
  explicit Movements(std::vector<Movement> const& rows);

  // The code that carries on `code` after the last change known; itself if it still exists or never
  // changed. After a split, the first successor in the order of codes; see is_split.
  [[nodiscard]] std::string today(std::string const& code) const;
  // The last change known left a commune with this code: it exists, whatever became of it before.
  [[nodiscard]] bool exists(std::string const& code) const;
  // The code was dissolved into several communes.
  [[nodiscard]] bool is_split(std::string const& code) const;
  // Every code that some row names before a change, with the names that it had, oldest first.
  [[nodiscard]] std::map<std::string, std::vector<std::string>> const& names() const {
    return names_;
  }

 private:
  struct State {
    std::string date;
    std::vector<std::string> successors;  // empty: exists from that date on
  };
  std::map<std::string, State> last_;  // the last thing that happened to each code
  std::map<std::string, std::vector<std::string>> names_;
};

}  // namespace solidaires::geography
