#include "node/geography/movements.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace solidaires::geography {

namespace {

constexpr int kChangesMax = 32;  // of one code; stops a circle

// A part that a commune absorbs for good (34, 35) or brings into a merger (32) has no commune of
// its own since it was associated, but a file that starts late does not say so otherwise.
bool changes_communes(Movement const& row) {
  auto const from =
      row.type_before == "COM" || row.type_before == "COMA" || row.type_before == "COMD";
  return from && row.type_after == "COM";
}

using Event = std::vector<Movement const*>;

// Rows of one kind on one day are one event: a code that carries on has a row to itself.
std::map<std::pair<std::string, int>, Event> events_of(std::vector<Movement> const& rows) {
  std::map<std::pair<std::string, int>, Event> events;
  for (auto const& row : rows) {
    if (changes_communes(row)) events[{row.date, row.kind}].push_back(&row);
  }
  return events;
}

}  // namespace

Movements::Movements(std::vector<Movement> const& rows) {
  for (auto const& [when, event] : events_of(rows)) {
    std::set<std::string> stay;
    std::map<std::string, std::vector<std::string>> go;
    for (auto const* row : event) {
      if (row->code_before == row->code_after) {
        stay.insert(row->code_before);
      } else {
        go[row->code_before].push_back(row->code_after);
      }
    }
    for (auto const* row : event) {
      auto& names = names_[row->code_before];
      if (std::ranges::find(names, row->name_before) == names.end()) {
        names.push_back(row->name_before);
      }
      // What a change ends in exists that day, unless another change of that day ended it.
      auto& state = last_[row->code_after];
      if (state.date < when.first) state = {when.first, {}};
    }
    for (auto& [code, successors] : go) {
      if (stay.contains(code)) continue;
      std::ranges::sort(successors);
      auto const repeated = std::ranges::unique(successors);
      successors.erase(repeated.begin(), repeated.end());
      last_[code] = {when.first, std::move(successors)};
    }
  }
}

std::string Movements::today(std::string const& code) const {
  auto now = code;
  for (int i = 0; i < kChangesMax; ++i) {
    auto const found = last_.find(now);
    if (found == last_.end() || found->second.successors.empty()) return now;
    now = found->second.successors.front();
  }
  return now;
}

bool Movements::exists(std::string const& code) const {
  auto const found = last_.find(code);
  return found != last_.end() && found->second.successors.empty();
}

bool Movements::is_split(std::string const& code) const {
  auto const found = last_.find(code);
  return found != last_.end() && found->second.successors.size() > 1;
}

}  // namespace solidaires::geography
