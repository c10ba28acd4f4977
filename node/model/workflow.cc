#include "node/model/workflow.h"

#include <algorithm>
#include <array>

#include "sync/base/bytes.h"
#include "sync/base/check.h"

namespace solidaires::model {
namespace {

struct StateWords {
  State state;
  std::string_view name;
  std::string_view label;
};

constexpr std::array<StateWords, 9> kStateWords{{
    {State::draft, "draft", "brouillon"},
    {State::submitted, "submitted", "en attente de relecture"},
    {State::returned, "returned", "à corriger"},
    {State::published, "published", "publié"},
    {State::withdrawn, "withdrawn", "retiré"},
    {State::refused, "refused", "refusé"},
    {State::scheduled, "scheduled", "programmé"},
    {State::in_committee, "in_committee", "au comité"},
    {State::hidden, "hidden", "masqué provisoirement"},
}};

StateWords const& words(State state) {
  auto const* const found = std::ranges::find(kStateWords, state, &StateWords::state);
  SOL_CHECK(found != kStateWords.end());
  return *found;
}

std::unexpected<Error> impossible(State state, std::string_view step) {
  return fail(Code::conflict, cat("Cette fiche est à l’état « ", state_label(state),
                                  " » : il n’y a rien à ", step, "."));
}

}  // namespace

std::string_view state_name(State state) {
  return words(state).name;
}
std::string_view state_label(State state) {
  return words(state).label;
}

std::optional<State> parse_state(std::string_view name) {
  auto const* const found = std::ranges::find(kStateWords, name, &StateWords::name);
  if (found == kStateWords.end()) return std::nullopt;
  return found->state;
}

std::string_view step_name(Step step) {
  switch (step) {
    case Step::edit: return "edit";
    case Step::submit: return "submit";
    case Step::publish: return "publish";
    case Step::send_back: return "send_back";
    case Step::withdraw: return "withdraw";
    case Step::refuse: return "refuse";
    case Step::schedule: return "schedule";
    case Step::hand_over: return "hand_over";
    case Step::appeal: return "appeal";
    case Step::hide: return "hide";
  }
  SOL_CHECK(false);
  return {};
}

Result<State> after(State state, Step step) {
  bool const waits = state == State::submitted || state == State::in_committee;
  switch (step) {
    case Step::edit:
      // What nobody has read is never published by itself; who corrects a text that waits for an
      // answer, or was given one, leaves it there.
      if (state == State::scheduled) return State::submitted;
      return state == State::published || state == State::withdrawn ? State::draft : state;
    case Step::submit:
      if (waits || state == State::published || state == State::scheduled)
        return impossible(state, "proposer");
      return State::submitted;
    case Step::publish:
      if (state == State::published) return impossible(state, "publier");
      return State::published;
    case Step::send_back:
      if (!waits && state != State::scheduled && state != State::hidden)
        return impossible(state, "renvoyer");
      return State::returned;
    case Step::withdraw:
      if (state == State::withdrawn) return impossible(state, "retirer");
      return State::withdrawn;
    case Step::refuse:
      if (!waits && state != State::hidden) return impossible(state, "refuser");
      return State::refused;
    case Step::schedule:
      if (state == State::published || state == State::hidden)
        return impossible(state, "programmer");
      return State::scheduled;
    case Step::hand_over:
      if (state != State::submitted && state != State::hidden)
        return impossible(state, "confier au comité");
      return State::in_committee;
    case Step::appeal:
      if (state != State::refused) return impossible(state, "contester");
      return State::in_committee;
    case Step::hide:
      if (state != State::published && state != State::draft) return impossible(state, "masquer");
      return State::hidden;
  }
  SOL_CHECK(false);
  return State::draft;
}

Result<> may(Permissions const& permissions, State state, Step step, bool own) {
  SOL_TRY(after(state, step));
  using enum schema::Permission;
  auto const has = [&permissions](schema::Permission one) { return permissions.contains(one); };
  bool const touches = has(edit_any) || (own && has(edit_own));
  bool allowed = false;
  switch (step) {
    case Step::edit: allowed = touches; break;
    case Step::submit: allowed = touches && has(schema::Permission::submit); break;
    case Step::publish:
      // What others took from the public, or have been asked about, its author does not bring back.
      allowed = has(schema::Permission::publish) ||
                (own && has(publish_own) && state != State::hidden && state != State::refused &&
                 state != State::in_committee);
      break;
    case Step::send_back:
    case Step::refuse:
    case Step::hand_over: allowed = has(schema::Permission::send_back); break;
    case Step::schedule: allowed = has(schema::Permission::publish); break;
    case Step::appeal: allowed = own && has(schema::Permission::submit); break;
    case Step::hide: allowed = has(schema::Permission::withdraw); break;
    case Step::withdraw:
      allowed = has(schema::Permission::withdraw) || (own && has(withdraw_own));
      break;
  }
  if (!allowed) {
    return fail(Code::denied, "Votre compte ne permet pas cette action sur cette fiche.");
  }
  return {};
}

std::vector<Step> open_steps(Permissions const& permissions, State state, bool own) {
  std::vector<Step> steps;
  for (auto const step :
       {Step::publish, Step::submit, Step::edit, Step::send_back, Step::schedule, Step::hand_over,
        Step::refuse, Step::appeal, Step::hide, Step::withdraw}) {
    if (may(permissions, state, step, own)) steps.push_back(step);
  }
  return steps;
}

}  // namespace solidaires::model
