#include "node/service/renewal.h"

#include <algorithm>

#include "node/model/life_cycle.h"
#include "node/model/recurrence.h"
#include "node/service/indexes.h"
#include "node/service/publication.h"
#include "node/service/working_copy_reader.h"
#include "node/store/scanning.h"
#include "node/store/store.h"
#include "sync/base/hash.h"

namespace solidaires::service {
namespace {

using sync::FieldEdit;

constexpr std::string_view kRoundKey = "renewal/round";  // the day of the last one
constexpr std::chrono::hours kToldKept{24 * 800};
constexpr unsigned kFirstHour = 8, kLastHour = 19;  // when mails are welcome
constexpr std::size_t kTokenBytes = 24;
constexpr std::string_view kRhythmField = "rhythm";
constexpr std::string_view kFilledThroughField = "filled_through";
constexpr std::int64_t kDaysPerMonth = 30;

// What was told of a record: the day of the period that it was about.
std::string told_key(DocumentId const& id) {
  return cat("renewal/told/", id.to_string());
}

std::string token_key(std::string_view token) {
  return cat("renewal/link/", hex(sha256(token)));
}

// "6-months": the codes of the vocabulary confirmation_rhythms.
std::optional<std::int64_t> rhythm_days(schema::Record const& record) {
  auto const code = schema::text_of(record, kRhythmField);
  auto const months = std::atoll(std::string(code).c_str());
  if (months <= 0) return std::nullopt;
  return months * kDaysPerMonth;
}

Bytes encoded_date(model::CivilDate const& date) {
  return schema::encode(schema::Value{model::local({date}).date});
}

// The last day on which it is shown as open; nullopt: it is not open, or has no end.
std::optional<model::CivilDate> end_of(model::LifeState const& life) {
  if (life.over() || life.phase == model::Phase::upcoming) return std::nullopt;
  if (life.at) return life.at->date;
  if (!life.next) return std::nullopt;
  return model::to_civil(*life.next - std::chrono::minutes(1)).date;
}

}  // namespace

struct Renewals::Due {
  WorkingCopy copy;
  Account author;
  std::string period;  // tells one reminder from the next
  std::optional<model::CivilDate> ends_on;
};

// What has an end is asked about before it, what is to be confirmed when it has not been for long.
Result<std::optional<Renewals::Due>> Renewals::due(sync::DocumentKey const& key,
                                                   Instant now) const {
  SOL_ASSIGN(auto const stored, instance_.store.get(key));
  if (!stored) return std::nullopt;
  auto copy = read_working_copy(stored->document, instance_.model);
  if (!copy || !copy->is_public()) return std::nullopt;
  auto const today = model::to_civil(now).date;
  std::optional<model::CivilDate> ends_on;
  std::string period;
  if (!copy->type->life.dated.empty()) {
    ends_on = end_of(model::life_of(*copy->type, copy->record, now));
    if (!ends_on || ends_on->days() - today.days() > kRemindedDaysBefore) return std::nullopt;
    period = ends_on->iso();
  } else {
    auto const rhythm = rhythm_days(copy->record);
    if (!rhythm) return std::nullopt;
    SOL_ASSIGN(auto const shown, instance_.store.get(public_key(*copy)));
    auto const confirmed =
        shown ? engine_instant(shown->document, engine::kUpdatedAt) : std::optional<Instant>();
    if (!confirmed) return std::nullopt;
    auto const since = model::to_civil(*confirmed).date;
    if (today.days() - since.days() < *rhythm) return std::nullopt;
    period = since.iso();
  }
  SOL_ASSIGN(auto author, account_of(instance_, copy->owner));
  if (!author || author->disabled || author->email.empty()) return std::nullopt;
  return Due{*std::move(copy), *std::move(author), std::move(period), ends_on};
}

Result<bool> Renewals::remind_of(Due const& due,
                                 std::function<mail::Letter(Reminder const&)> const& write) {
  auto const now = instance_.clock.now();
  SOL_ASSIGN(auto const told, instance_.store.local(told_key(due.copy.key.id), now));
  if (told == due.period) return false;
  auto const token = base64url(instance_.rng.bytes(kTokenBytes));
  store::Commit commit{.now = now};
  commit.local.push_back(
      {.key = told_key(due.copy.key.id), .value = due.period, .expires_at = now + kToldKept});
  commit.local.push_back({.key = token_key(token),
                          .value = Bytes(due.copy.key.id.bytes()),
                          .expires_at = now + kRenewalLife});
  SOL_TRY(queue_.commit(std::move(commit), {write({due.copy, due.author, token, due.ends_on})}));
  return true;
}

Result<std::size_t> Renewals::remind(std::function<mail::Letter(Reminder const&)> const& write,
                                     std::stop_token const& stop) {
  auto const now = instance_.clock.now();
  auto const civil = model::to_civil(now);
  if (!queue_.on() || civil.hour < kFirstHour || civil.hour >= kLastHour) return 0;
  SOL_ASSIGN(auto const last, instance_.store.local(kRoundKey, now));
  if (last == civil.date.iso()) return 0;
  std::size_t written = 0;
  SOL_TRY(store::each_hit(
      instance_.store.view(),
      work_scan(index::kWorkByState, model::state_name(model::State::published)),
      [&](store::IndexHit const& hit) -> Result<> {
        // Each node reminds its own.
        if (stop.stop_requested() || hit.key.scope != ScopeId::office(instance_.self)) return {};
        SOL_ASSIGN(auto const found, due(hit.key, now));
        if (!found) return {};
        SOL_ASSIGN(bool const reminded, remind_of(*found, write));
        written += reminded ? 1 : 0;
        return {};
      }));
  if (stop.stop_requested()) return written;
  SOL_TRY(instance_.store.commit(
      {.now = now, .local = {{.key = std::string(kRoundKey), .value = civil.date.iso()}}}));
  return written;
}

Result<WorkingCopy> Renewals::find(std::string_view token) const {
  auto const gone = [] {
    return fail(Code::not_found,
                "Ce lien n’est plus valable : la fiche n’est plus publique, ou le courriel date de "
                "plus de deux mois.");
  };
  SOL_ASSIGN(auto const kept, instance_.store.local(token_key(token), instance_.clock.now()));
  if (!kept) return gone();
  SOL_ASSIGN(auto const id, DocumentId::from_bytes(*kept));
  SOL_ASSIGN(auto const stored, instance_.store.get({ScopeId::office(instance_.self), id}));
  if (!stored || !sync::is_alive(stored->document)) return gone();
  auto copy = read_working_copy(stored->document, instance_.model);
  if (!copy || !copy->is_public()) return gone();
  return *std::move(copy);
}

Result<WorkingCopy> Renewals::answer(std::string_view token, Answer answer) {
  SOL_ASSIGN(auto const copy, find(token));
  auto const now = instance_.clock.now();
  auto const today = model::to_civil(now).date;
  auto const& life = copy.type->life;
  if (answer != Answer::still && life.outcome.empty())
    return fail(Code::invalid, "Cette fiche n’a pas de suite à donner.");
  std::vector<FieldEdit> edits;
  if (answer == Answer::still) {
    if (!life.dated.empty()) edits.push_back({life.dated, encoded_date(today)});
    if (!copy.type->expiry_field.empty() && copy.record.contains(copy.type->expiry_field) &&
        !life.dated.empty())
      edits.push_back({copy.type->expiry_field, Bytes()});
    if (!life.outcome.empty() && copy.record.contains(life.outcome))
      edits.push_back({life.outcome, Bytes()});
  } else {
    auto const* const code = answer == Answer::withdrawn ? "withdrawn" : "filled";
    edits.push_back({life.outcome, schema::encode(schema::Value{std::string(code)})});
    if (!life.outcome_on.empty()) edits.push_back({life.outcome_on, encoded_date(today)});
  }
  auto public_edits = edits;
  public_edits.push_back({std::string(engine::kUpdatedAt), std::to_string(to_unix_ms(now))});
  // Through whom it was filled is told to nobody but those who count.
  if (answer != Answer::withdrawn && copy.type->field(kFilledThroughField) != nullptr) {
    edits.push_back({std::string(kFilledThroughField),
                     answer == Answer::still
                         ? Bytes()
                         : schema::encode(schema::Value{answer == Answer::filled_here})});
  }
  // Who holds the mail acts as its author; the history says how.
  store::Commit commit{.now = now, .author = copy.owner.encode(), .reason = "answered by mail"};
  if (!edits.empty()) {
    commit.documents.push_back(
        {.key = copy.key, .fields = std::move(edits), .presence = store::Presence::must_exist});
  }
  commit.documents.push_back({.key = public_key(copy),
                              .fields = std::move(public_edits),
                              .presence = store::Presence::must_exist});
  SOL_TRY(instance_.store.commit(commit));
  return find(token);
}

}  // namespace solidaires::service
