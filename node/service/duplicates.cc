#include "node/service/duplicates.h"

#include <algorithm>
#include <array>

#include "node/service/indexes.h"
#include "node/service/working_copy_reader.h"
#include "node/store/scanning.h"
#include "node/store/store.h"
#include "node/text/fold.h"
#include "schema/display.h"
#include "sync/base/hash.h"

namespace solidaires::service {
namespace {

// Fields of a pair's document. Stored on disk: never rename.
constexpr std::string_view kFirstField = "first", kSecondField = "second", kVerdict = "verdict";

constexpr std::size_t kPairsMax = 5'000;  // that are looked at
constexpr std::size_t kSharersMax = 6;    // what more records share says nothing about any of them
constexpr std::size_t kOfOneMax = 10;
constexpr std::string_view kFormerNames = "former_names";

using KeyPair = std::pair<sync::DocumentKey, sync::DocumentKey>;  // the older one first
using Found = std::map<KeyPair, std::set<Likeness>>;

KeyPair ordered(sync::DocumentKey one, sync::DocumentKey other) {
  if (other < one) std::swap(one, other);
  return {std::move(one), std::move(other)};
}

// nullopt: nothing that tells two records apart.
std::optional<Likeness> likeness_of(std::string_view index, std::string_view value) {
  // Branches share their head office's number; a name without a place is anybody's.
  if (index == index::kIdentifier)
    return value.starts_with("siren:") ? std::nullopt : std::optional(Likeness::identifier);
  if (index == index::kName)
    return value.starts_with('\n') ? std::nullopt : std::optional(Likeness::name_and_place);
  if (index == index::kContact)
    return value.starts_with(kPhonePrefix) ? Likeness::phone : Likeness::website;
  return std::nullopt;
}

void add_pairs(Found& found, std::vector<sync::DocumentKey> const& sharers, Likeness likeness) {
  if (sharers.size() > kSharersMax) return;
  for (std::size_t i = 0; i < sharers.size(); ++i) {
    for (std::size_t j = i + 1; j < sharers.size(); ++j) {
      if (sharers[i].scope != sharers[j].scope) continue;
      if (found.size() >= kPairsMax) return;
      found[ordered(sharers[i], sharers[j])].insert(likeness);
    }
  }
}

constexpr std::array kDuplicateIndexes{index::kIdentifier, index::kName, index::kContact};

bool is_over(model::State state) {
  return state == model::State::withdrawn || state == model::State::refused;
}

std::optional<PairVerdict> read_verdict(sync::Document const& document) {
  return parse_verdict(engine_text(document, kVerdict));
}

class Pairs {
 public:
  Pairs(Instance const& instance, Actor const& actor)
      : instance_(instance), actor_(actor), view_(instance.store.view()) {}

  [[nodiscard]] store::View const& view() const { return view_; }

  // nullopt: it is no pair for this actor.
  Result<std::optional<Pair>> read(KeyPair const& keys, std::set<Likeness> shared) {
    SOL_ASSIGN(auto const* const first, summary(keys.first));
    SOL_ASSIGN(auto const* const second, summary(keys.second));
    if (first == nullptr || second == nullptr || first->type != second->type) return std::nullopt;
    SOL_ASSIGN(auto const said,
               view_.get(pair_key(keys.first.scope, keys.first.id, keys.second.id)));
    auto const verdict = said ? read_verdict(said->document) : std::nullopt;
    return Pair{*first, *second, std::move(shared), verdict};
  }

 private:
  // Null: not here (any more), over, or not for this actor.
  Result<WorkingCopySummary const*> summary(sync::DocumentKey const& key) {
    auto const [known, fresh] = summaries_.try_emplace(key);
    if (fresh) {
      SOL_ASSIGN(auto const stored, view_.get(key));
      if (stored && sync::is_alive(stored->document)) {
        auto read = read_summary(stored->document, instance_.model);
        if (read && actor_.works_for(read->node) && !is_over(read->state))
          known->second = *std::move(read);
      }
    }
    return known->second ? &*known->second : nullptr;
  }

  Instance const& instance_;
  Actor const& actor_;
  store::View view_;
  std::map<sync::DocumentKey, std::optional<WorkingCopySummary>> summaries_;
};

std::unexpected<Error> not_allowed() {
  return fail(Code::denied, "Votre compte ne permet pas de réunir des fiches.");
}

}  // namespace

std::string_view likeness_label(Likeness likeness) {
  switch (likeness) {
    case Likeness::identifier: return "même identifiant";
    case Likeness::name_and_place: return "même nom au même endroit";
    case Likeness::phone: return "même téléphone";
    case Likeness::website: return "même site";
  }
  return {};
}

std::string_view verdict_name(PairVerdict verdict) {
  return verdict == PairVerdict::distinct ? "distinct" : "unsure";
}

std::optional<PairVerdict> parse_verdict(std::string_view name) {
  for (auto const verdict : {PairVerdict::distinct, PairVerdict::unsure}) {
    if (verdict_name(verdict) == name) return verdict;
  }
  return std::nullopt;
}

sync::DocumentKey pair_key(ScopeId const& office, DocumentId const& one, DocumentId const& other) {
  auto const& [low, high] = std::minmax(one, other);
  auto const sum = sha256(cat("pair/", low.bytes(), high.bytes()));
  return {office, *DocumentId::from_bytes(std::string_view(sum).substr(0, DocumentId::kSize))};
}

bool unites(Actor const& actor) {
  return actor.may(schema::Permission::edit_any) && actor.may(schema::Permission::publish) &&
         actor.may(schema::Permission::withdraw);
}

Result<PairList> Duplicates::list(Actor const& actor, std::optional<PairVerdict> verdict,
                                  std::size_t offset, std::size_t limit) const {
  if (!unites(actor)) return not_allowed();
  Pairs pairs(instance_, actor);
  Found found;
  for (auto const index : kDuplicateIndexes) {
    std::string value;
    std::vector<sync::DocumentKey> sharers;
    auto const close = [&] {
      if (auto const likeness = likeness_of(index, value); likeness && sharers.size() > 1)
        add_pairs(found, sharers, *likeness);
      sharers.clear();
    };
    SOL_TRY(store::each_hit(pairs.view(), {.index = std::string(index), .limit = kScanPage},
                            [&](store::IndexHit const& hit) -> Result<> {
                              if (hit.value != value) close();
                              value = hit.value;
                              sharers.push_back(hit.key);
                              return {};
                            }));
    close();
  }
  PairList list;
  list.more = found.size() >= kPairsMax;
  for (auto& [keys, shared] : found) {
    SOL_ASSIGN(auto pair, pairs.read(keys, std::move(shared)));
    if (pair && pair->verdict == verdict) list.pairs.push_back(*std::move(pair));
  }
  list.total = list.pairs.size();
  std::ranges::sort(list.pairs, {}, [](Pair const& pair) {
    return std::tuple(*pair.shared.begin(), -static_cast<int>(pair.shared.size()), pair.first.key,
                      pair.second.key);
  });
  auto const begin = list.pairs.begin();
  auto const from = static_cast<std::ptrdiff_t>(std::min(offset, list.total));
  auto const to = static_cast<std::ptrdiff_t>(std::min(offset + limit, list.total));
  list.pairs = {std::make_move_iterator(begin + from), std::make_move_iterator(begin + to)};
  return list;
}

Result<std::vector<Pair>> Duplicates::of(Actor const& actor, WorkingCopy const& copy) const {
  if (!unites(actor)) return not_allowed();
  Pairs pairs(instance_, actor);
  SOL_ASSIGN(auto const stored, pairs.view().get(copy.key));
  if (!stored || is_over(copy.state)) return std::vector<Pair>();
  Found found;
  for (auto const& entry : duplicate_keys(stored->document)) {
    auto const likeness = likeness_of(entry.index, entry.value);
    if (!likeness) continue;
    SOL_ASSIGN(auto const page,
               pairs.view().scan(store::IndexScan{
                   .index = entry.index, .prefix = entry.value, .limit = kScanPage}));
    std::vector<sync::DocumentKey> sharers;
    for (auto const& hit : page.hits) {
      if (hit.value == entry.value && hit.key.scope == copy.key.scope) sharers.push_back(hit.key);
    }
    if (sharers.size() > kSharersMax) continue;
    for (auto const& key : sharers) {
      if (key != copy.key) found[ordered(copy.key, key)].insert(*likeness);
    }
  }
  std::vector<Pair> of_it;
  for (auto& [keys, shared] : found) {
    SOL_ASSIGN(auto pair, pairs.read(keys, std::move(shared)));
    if (pair && pair->verdict != PairVerdict::distinct) of_it.push_back(*std::move(pair));
    if (of_it.size() == kOfOneMax) break;
  }
  return of_it;
}

std::optional<PairVerdict> Duplicates::verdict(WorkingCopy const& one,
                                               WorkingCopy const& other) const {
  auto const said = instance_.store.get(pair_key(one.key.scope, one.key.id, other.key.id));
  return said && *said ? read_verdict((*said)->document) : std::nullopt;
}

Result<> Duplicates::remember(Actor const& actor, WorkingCopy const& one, WorkingCopy const& other,
                              std::optional<PairVerdict> verdict) {
  if (!unites(actor) || !actor.works_for(one.node) || !actor.works_for(other.node))
    return not_allowed();
  if (one.key.scope != other.key.scope || one.type != other.type || one.key == other.key)
    return fail(Code::invalid, "Ces deux fiches ne peuvent pas être la même.");
  store::Commit commit{
      .now = instance_.clock.now(), .author = actor.author.encode(), .reason = "pair"};
  auto const keys = ordered(one.key, other.key);
  commit.documents.push_back(
      {.key = pair_key(one.key.scope, one.key.id, other.key.id),
       .type = std::string(kPairType),
       .fields = {{std::string(kFirstField), keys.first.id.to_string()},
                  {std::string(kSecondField), keys.second.id.to_string()},
                  {std::string(kVerdict),
                   verdict ? std::string(verdict_name(*verdict)) : std::string()}}});
  SOL_TRY(instance_.store.commit(commit));
  return {};
}

namespace {

// The entries of one field.
schema::Record part_of(schema::Record const& record, schema::Field const& field) {
  std::array const one{&field};
  return schema::only(record, one);
}

}  // namespace

std::vector<schema::Field const*> differences(schema::Type const& type, schema::Record const& kept,
                                              schema::Record const& other) {
  std::vector<schema::Field const*> fields;
  for (auto const& field : type.fields) {
    if (part_of(kept, field) != part_of(other, field)) fields.push_back(&field);
  }
  return fields;
}

Taken proposed(schema::Field const& field, schema::Record const& kept) {
  if (schema::is_set(field.kind)) return Taken::both;
  return schema::has(kept, field.key) ? Taken::kept : Taken::other;
}

schema::Record united(schema::Type const& type, schema::Record const& kept,
                      schema::Record const& other, TakenFields const& taken) {
  auto record = kept;
  for (auto const* const field : differences(type, kept, other)) {
    auto const chosen = taken.find(field->key);
    auto const from = chosen == taken.end() ? proposed(*field, kept) : chosen->second;
    if (from == Taken::kept) continue;
    if (from == Taken::other || !schema::is_set(field->kind)) {
      std::erase_if(
          record, [field](auto const& item) { return schema::field_of(item.first) == field->key; });
    }
    record.merge(part_of(other, *field));
  }
  auto const* const former = type.field(kFormerNames);
  if (former == nullptr) return record;
  auto const name = schema::title(type, record);
  for (auto const& given_up : {schema::title(type, kept), schema::title(type, other)}) {
    if (given_up.empty() || text::fold(given_up) == text::fold(name)) continue;
    // One name: the form would take its commas for the ends of several.
    auto one = given_up;
    std::ranges::replace(one, ',', ' ');
    record.merge(schema::parse_form({{former->key, one}}, std::array{former}).record);
  }
  return record;
}

}  // namespace solidaires::service
