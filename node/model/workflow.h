// The life of a working copy, from draft to the public page and back: which step is possible from
// which state, and who may take it. Pure functions over plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/role.h"
#include "sync/base/result.h"

namespace solidaires::model {

// Stored on disk by name: never rename.
enum class State : std::uint8_t {
  draft,         // being written; also a published record with changes that nobody has seen yet
  submitted,     // waits for a moderator
  returned,      // sent back to its author with a reason
  published,     // the public copy equals it
  withdrawn,     // was public, or could have been; its author or a moderator took it away
  refused,       // not to be published, with the reason; its author may appeal or begin anew
  scheduled,     // accepted, and published by itself at its time
  in_committee,  // the editorial committee decides
  hidden,        // was public, and is not while a report about it is looked into
};

inline constexpr std::array kStates{State::draft,        State::submitted, State::returned,
                                    State::in_committee, State::scheduled, State::published,
                                    State::hidden,       State::refused,   State::withdrawn};

enum class Step : std::uint8_t {
  edit,
  submit,
  publish,
  send_back,
  withdraw,
  refuse,
  schedule,
  hand_over,  // to the committee, by a moderator
  appeal,     // to the committee, by the author who was refused
  hide,
};

[[nodiscard]] std::string_view state_name(State state);  // "draft"
[[nodiscard]] std::optional<State> parse_state(std::string_view name);
[[nodiscard]] std::string_view state_label(State state);  // "brouillon"
[[nodiscard]] std::string_view step_name(Step step);

using Permissions = std::set<schema::Permission>;

// The state after a step. Code::conflict if the step makes no sense from here ("déjà publié").
[[nodiscard]] Result<State> after(State state, Step step);
// Code::denied, with the reason in French, unless somebody with these permissions may take the
// step. `own`: the person created the record or is attached to it.
[[nodiscard]] Result<> may(Permissions const& permissions, State state, Step step, bool own);
// The steps that are possible and allowed, in the order in which buttons stand.
[[nodiscard]] std::vector<Step> open_steps(Permissions const& permissions, State state, bool own);

}  // namespace solidaires::model
