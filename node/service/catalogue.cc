#include "node/service/catalogue.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <limits>
#include <mutex>
#include <set>
#include <unordered_map>

#include "node/geography/gazetteer.h"
#include "node/model/life_cycle.h"
#include "node/search/index.h"
#include "node/service/indexes.h"
#include "node/service/programme.h"
#include "node/service/public_record.h"
#include "node/service/working_copy_reader.h"
#include "sync/base/log.h"

namespace solidaires::service {
namespace {

constexpr std::size_t kRebuildBatch = 500;
constexpr std::size_t kAgendaRecordsMax = 2'000;
constexpr std::size_t kMergersMax = 16;  // of records into each other that are followed
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

std::string area_code(std::string_view kind, std::string_view code) {
  return cat(kind, ':', code);
}

// The areas that hold a commune: a record that serves one of them is found from there.
std::vector<std::string> areas_around(geography::Gazetteer const& gazetteer,
                                      std::string_view commune_code) {
  auto const* const commune = gazetteer.commune(commune_code);
  if (commune == nullptr) return {area_code("commune", commune_code)};
  std::vector<std::string> codes{area_code("commune", commune->code),
                                 area_code("dep", commune->department)};
  if (!commune->epci.empty()) codes.push_back(area_code("epci", commune->epci));
  if (auto const* const department = gazetteer.department(commune->department);
      department != nullptr) {
    codes.push_back(area_code("region", department->region));
  }
  codes.push_back("country:FR");
  return codes;
}

// The areas that hold any of these departments, themselves among them: what serves the region or
// the whole country serves each.
std::vector<std::string> areas_around(geography::Gazetteer const& gazetteer,
                                      std::set<std::string, std::less<>> const& departments) {
  std::set<std::string> codes;
  for (auto const& code : departments) {
    codes.insert(area_code("dep", code));
    if (auto const* const department = gazetteer.department(code); department != nullptr) {
      codes.insert(area_code("region", department->region));
    }
    codes.insert("country:FR");
  }
  return {codes.begin(), codes.end()};
}

search::Where where_of(PlaceFilter const& place, geography::Gazetteer const& gazetteer) {
  search::Where where;
  where.departments = place.departments;
  std::set<std::string, std::less<>> departments(place.departments.begin(),
                                                 place.departments.end());
  if (!place.epci.empty()) {
    where.epcis = {place.epci};
    where.served.push_back(area_code("epci", place.epci));
    for (auto const* const commune :
         gazetteer.communes_of(geography::PlaceKind::epci, place.epci)) {
      departments.emplace(commune->department);
    }
  }
  std::ranges::move(areas_around(gazetteer, departments), std::back_inserter(where.served));
  if (place.around && place.radius_km > 0) {
    where.circle =
        search::Circle{{place.around->latitude, place.around->longitude}, place.radius_km};
    where.departments.clear();  // a circle crosses borders: that is what it is for
    where.served.clear();
  } else if (!place.commune.empty()) {
    where.communes = {place.commune};
    where.departments.clear();
    where.served.clear();
  }
  if (!place.communes.empty()) {
    where.communes = place.communes;
    where.departments.clear();
    std::set<std::string> served;
    for (auto const& commune : place.communes) {
      for (auto& code : areas_around(gazetteer, commune)) served.insert(std::move(code));
    }
    where.served.assign(served.begin(), served.end());
  }
  if (!place.commune.empty()) {
    for (auto& code : areas_around(gazetteer, place.commune))
      where.served.push_back(std::move(code));
  }
  if (place.zone) {
    auto const& box = *place.zone;
    where.rectangle = search::Rectangle{{box.south, box.west}, {box.north, box.east}};
    where.departments.clear();
    where.served.clear();  // who looks at a piece of the map wants what stands there
  }
  return where;
}

search::Sort sort_of(ListQuery const& query, schema::ContentModel const& model) {
  switch (query.sort) {
    case Sort::distance: return search::Sort::distance;
    case Sort::name: return search::Sort::name;
    case Sort::relevance: return search::Sort::relevance;
    case Sort::newest: return search::Sort::newest;
    case Sort::deadline: return search::Sort::deadline;
    case Sort::date: break;
  }
  bool const scheduled =
      !query.types.empty() && std::ranges::all_of(query.types, [&](auto const& key) {
        auto const* const type = model.type(key);
        return type != nullptr && type->has(schema::Trait::has_schedule);
      });
  return scheduled ? search::Sort::date : search::Sort::newest;
}

schema::Schedule const* schedule_of(PublicRecord const& record) {
  auto const* const field = record.type->first(schema::FieldKind::schedule);
  return field == nullptr ? nullptr : schema::get<schema::Schedule>(record.record, field->key);
}

std::optional<model::Occurrence> occurrence_of(PublicRecord const& record, ListQuery const& query,
                                               model::CivilDate today) {
  auto const* const schedule = schedule_of(record);
  if (schedule == nullptr) return std::nullopt;
  if (!query.from && !query.until) return model::next_occurrence(*schedule, today);
  auto const from = query.from.value_or(today);
  auto const until = query.until.value_or(model::CivilDate::from_days(from.days() + 2LL * 366));
  auto list = model::occurrences(*schedule, from, until, 1);
  if (list.empty()) return std::nullopt;
  return list.front();
}

}  // namespace

struct Catalogue::State {
  State(Instance const& of, std::shared_ptr<geography::Gazetteer const> places)
      : instance(of), gazetteer(std::move(places)) {}

  Instance const& instance;
  std::shared_ptr<geography::Gazetteer const> gazetteer;
  search::Index index;
  std::mutex order;  // a rebuild and the notices of commits take turns
  std::atomic<std::int64_t> read_on_day{0};
  // Whose phase changes with time alone, by when (ms); under `order`, but for the first of them.
  std::map<std::int64_t, std::vector<sync::DocumentKey>> due;
  std::atomic<std::int64_t> next_due{kNever};
  store::Subscription subscription;  // last: ends first

  // Entries name the records that their records name: these are read from `view`, each once.
  class Namer;
  [[nodiscard]] search::Entry entry_of(PublicRecord const& record, Instant now, Namer& namer);
  // Enters anew what names a record that is called otherwise now.
  void rename_in_referring(store::View const& view, DocumentId const& id, Namer& namer);
  void enter_when_due(PublicRecord const& record, Instant now);
  // Enters anew what has opened, closed or expired since the last time. Any thread. What cannot be
  // read then keeps its entry until everything is read again: one record must not cost the lists.
  void advance();
  void follow(store::CommitNotice const& notice);
  Result<> rebuild();
  // Code::conflict: it does not fit the store.
  Result<> restore(std::string_view snapshot);
  [[nodiscard]] Result<RecordPtr> read(store::View const& view, sync::DocumentKey const& key) const;
  [[nodiscard]] Result<RecordPtr> read(store::View const& view, DocumentId const& id) const;
  [[nodiscard]] search::Query search_query(ListQuery const& query) const;
};

class Catalogue::State::Namer {
 public:
  Namer(State const& state, store::View const& view) : state_(state), view_(view) {}

  // What the entries of others hold of a record; empty for none.
  [[nodiscard]] static std::string name_of(PublicRecord const* record) {
    if (record == nullptr) return {};
    auto const acronym = schema::text_of(record->record, "acronym");
    return acronym.empty() ? record->title : cat(record->title, ' ', acronym);
  }

  [[nodiscard]] std::optional<schema::Linked> operator()(DocumentId const& id) {
    auto const [name, fresh] = names_.try_emplace(id);
    if (fresh) {
      auto const record = state_.read(view_, id);
      if (record) name->second = name_of(record->get());
    }
    if (name->second.empty()) return std::nullopt;
    return schema::Linked{name->second, {}};
  }

 private:
  State const& state_;
  store::View const& view_;
  std::unordered_map<DocumentId, std::string> names_;
};

void Catalogue::State::enter_when_due(PublicRecord const& record, Instant now) {
  auto const next = model::life_of(*record.type, record.record, now).next;
  if (!next) return;
  due[to_unix_ms(*next)].push_back(record.key);
  next_due = due.begin()->first;
}

void Catalogue::State::advance() {
  if (to_unix_ms(instance.clock.now()) < next_due) return;
  std::scoped_lock const lock(order);
  auto const now = instance.clock.now();
  auto const view = instance.store.view();
  Namer namer(*this, view);
  while (!due.empty() && due.begin()->first <= to_unix_ms(now)) {
    for (auto const& key : due.extract(due.begin()).mapped()) {
      auto const record = read(view, key);
      if (!record) {
        log_error("catalogue.unreadable", {{"error", record.error().to_string()}});
      } else if (*record) {
        index.put(entry_of(**record, now, namer));
      }
    }
  }
  next_due = due.empty() ? kNever : due.begin()->first;
}

search::Entry Catalogue::State::entry_of(PublicRecord const& record, Instant now, Namer& namer) {
  enter_when_due(record, now);
  auto const made_in = [&](std::vector<std::string> const& territory) {
    return make_entry(record, *gazetteer, now, territory, std::ref(namer));
  };
  if (record.node == instance.self) return made_in(instance.territory);
  for (auto const& node : instance.directory.nodes()) {
    if (node.name == record.node) return made_in(node.territory);
  }
  return made_in({});
}

void Catalogue::State::rename_in_referring(store::View const& view, DocumentId const& id,
                                           Namer& namer) {
  store::IndexScan scan{.index = std::string(index::kReference), .prefix = Bytes(id.bytes())};
  do {
    auto const page = view.scan(scan);
    if (!page) return log_error("catalogue.unreadable", {{"error", page.error().to_string()}});
    for (auto const& hit : page->hits) {
      auto const record = read(view, hit.key);
      if (record && *record) index.put(entry_of(**record, instance.clock.now(), namer));
    }
    scan.position = page->next;
  } while (!scan.position.empty());
}

void Catalogue::State::follow(store::CommitNotice const& notice) {
  std::scoped_lock const lock(order);
  auto const view = instance.store.view();
  Namer namer(*this, view);
  for (auto const& change : notice.changes) {
    if (change.key().scope.kind() != ScopeKind::published) continue;
    auto const record =
        change.alive() ? read_public_record(*change.after, instance.model) : nullptr;
    auto const before =
        change.was_alive() ? read_public_record(*change.before, instance.model) : nullptr;
    if (record) {
      index.put(entry_of(*record, instance.clock.now(), namer));
    } else {
      index.remove(change.key());
    }
    if (Namer::name_of(record.get()) != Namer::name_of(before.get()))
      rename_in_referring(view, change.key().id, namer);
  }
}

Result<> Catalogue::State::rebuild() {
  // Nothing is cleared: notices remove what goes, and a visitor at midnight must find everything.
  std::scoped_lock const lock(order);
  auto const view = instance.store.view();
  auto const now = instance.clock.now();
  Namer namer(*this, view);
  due.clear();
  next_due = kNever;
  SOL_ASSIGN(auto const scopes, view.scopes());
  // While one batch is entered into the index, the next is read and prepared.
  std::vector<search::Entry> entries;
  std::future<void> entering;
  auto const enter = [&] {
    if (entering.valid()) entering.get();
    entering = std::async(std::launch::async,
                          [this, batch = std::exchange(entries, {})] { index.put(batch); });
  };
  for (auto const& scope : scopes) {
    if (scope.kind() != ScopeKind::published) continue;
    SOL_TRY(view.each_document(scope, DocumentId(), [&](store::StoredDocument const& stored) {
      if (auto const record = read_public_record(stored.document, instance.model); record) {
        entries.push_back(entry_of(*record, now, namer));
      }
      if (entries.size() == kRebuildBatch) enter();
      return true;
    }));
  }
  enter();
  entering.get();
  return {};
}

Result<> Catalogue::State::restore(std::string_view snapshot) {
  std::scoped_lock const lock(order);
  ByteReader from(snapshot);
  SOL_ASSIGN(auto const replica, from.u64());
  SOL_ASSIGN(auto const version, from.u64());
  if (static_cast<ReplicaId>(replica) != instance.store.replica() ||
      version != instance.store.version())
    return fail(Code::conflict, "the store has changed since");
  SOL_ASSIGN(auto const day, from.u64());
  SOL_ASSIGN(auto const count, from.u64());
  for (std::uint64_t i = 0; i < count; ++i) {
    SOL_ASSIGN(auto const at_ms, from.u64());
    SOL_ASSIGN(auto const scope_text, from.sized());
    SOL_ASSIGN(auto const id_bytes, from.raw(DocumentId::kSize));
    SOL_ASSIGN(auto const scope, ScopeId::parse(scope_text));
    SOL_ASSIGN(auto const id, DocumentId::from_bytes(id_bytes));
    due[static_cast<std::int64_t>(at_ms)].push_back({scope, id});
  }
  SOL_TRY(index.restore(from.rest()));
  read_on_day = static_cast<std::int64_t>(day);
  next_due = due.empty() ? kNever : due.begin()->first;
  return {};
}

Result<RecordPtr> Catalogue::State::read(store::View const& view,
                                         sync::DocumentKey const& key) const {
  SOL_ASSIGN(auto const stored, view.get(key));
  if (!stored) return RecordPtr();
  return read_public_record(stored->document, instance.model);
}

Result<RecordPtr> Catalogue::State::read(store::View const& view, DocumentId const& named) const {
  auto id = named;
  for (std::size_t step = 0; step < kMergersMax; ++step) {
    SOL_ASSIGN(auto const page,
               view.scan(store::IndexScan{
                   .index = std::string(index::kShortId), .prefix = id.short_id(), .limit = 100}));
    auto const hit = std::ranges::find(page.hits, id, [](auto const& one) { return one.key.id; });
    if (hit == page.hits.end()) break;
    SOL_ASSIGN(auto const stored, view.get(hit->key));
    if (!stored) break;
    if (auto record = read_public_record(stored->document, instance.model); record) return record;
    auto const became = DocumentId::parse(engine_text(stored->document, engine::kMergedInto));
    if (!became) break;
    id = *became;
  }
  return RecordPtr();
}

search::Query Catalogue::State::search_query(ListQuery const& query) const {
  search::Query asked;
  asked.words = query.words;
  asked.types = query.types;
  asked.where = where_of(query.place, *gazetteer);
  if (query.place.around) {
    asked.centre = search::Point{query.place.around->latitude, query.place.around->longitude};
  }
  for (auto const& [field, codes] : query.facets) asked.facets.emplace(field, codes);
  if (query.from || query.until) {
    auto const from = query.from.value_or(model::CivilDate{1970, 1, 1});
    auto const until = query.until.value_or(model::CivilDate{2999, 12, 31});
    asked.dates =
        search::Interval{model::to_instant({from, 0, 0}),
                         model::to_instant({model::CivilDate::from_days(until.days() + 1), 0, 0})};
  }
  if (!query.phases.empty()) {
    asked.facets[std::string(kLifeFacet)] = query.phases;
  } else if (!query.over_too) {
    asked.facets[std::string(kLifeFacet)] = {std::string(kNotOver)};
  }
  auto const* const type = query.types.size() == 1 ? instance.model.type(query.types[0]) : nullptr;
  if (type == nullptr || type->has(schema::Trait::expires)) asked.count.emplace_back(kLifeFacet);
  asked.undated_too = true;  // what has no dates is there on every day
  asked.sort = sort_of(query, instance.model);
  asked.offset = query.offset;
  asked.limit = query.limit;
  asked.nearly_limit = query.nearly_limit;
  asked.count.insert(asked.count.end(), query.facets_wanted.begin(), query.facets_wanted.end());
  asked.count.emplace_back(search::kTypeFacet);
  asked.now = instance.clock.now();
  return asked;
}

Catalogue::Catalogue(std::unique_ptr<State> state) : state_(std::move(state)) {}
Catalogue::~Catalogue() = default;

Result<std::unique_ptr<Catalogue>> Catalogue::open(
    Instance const& instance, std::shared_ptr<geography::Gazetteer const> gazetteer,
    std::string_view snapshot) {
  auto state = std::make_unique<State>(instance, std::move(gazetteer));
  state->subscription = instance.store.subscribe(
      [raw = state.get()](store::CommitNotice const& notice) { raw->follow(notice); });
  bool const restored = !snapshot.empty() && state->restore(snapshot).has_value();
  if (!restored) {
    state->read_on_day = model::to_civil(instance.clock.now()).date.days();
    SOL_TRY(state->rebuild());
  }
  log_debug("catalogue.opened",
            {{"records", state->index.size()}, {"from", restored ? "snapshot" : "store"}});
  return std::unique_ptr<Catalogue>(new Catalogue(std::move(state)));
}

Result<> Catalogue::refresh_if_new_day() {
  auto const today = model::to_civil(state_->instance.clock.now()).date.days();
  if (state_->read_on_day.exchange(today) == today) return {};
  auto done = state_->rebuild();
  if (!done) state_->read_on_day = 0;  // to be tried again
  return done;
}

Bytes Catalogue::snapshot() const {
  std::scoped_lock const lock(state_->order);
  std::size_t count = 0;
  for (auto const& [at_ms, keys] : state_->due) count += keys.size();
  Bytes out;
  ByteWriter writer(out);
  writer.u64(static_cast<std::uint64_t>(state_->instance.store.replica()))
      .u64(state_->instance.store.version())
      .u64(static_cast<std::uint64_t>(state_->read_on_day.load()))
      .u64(count);
  for (auto const& [at_ms, keys] : state_->due) {
    for (auto const& key : keys) {
      writer.u64(static_cast<std::uint64_t>(at_ms))
          .sized(key.scope.to_string())
          .raw(key.id.bytes());
    }
  }
  return out.append(state_->index.snapshot());
}

Result<ListResult> Catalogue::find(ListQuery const& query) const {
  state_->advance();
  auto const found = state_->index.search(state_->search_query(query));
  ListResult result;
  result.total = found.total;
  result.some_words_only = found.some_words;
  for (auto const& correction : found.corrections) {
    result.corrections.push_back({correction.typed, correction.corrected, correction.used});
  }
  result.words = found.words;
  for (auto const& [name, counts] : found.counts) {
    for (auto const& count : counts) {
      if (name == search::kTypeFacet) {
        result.by_type[count.code] = count.entries;
      } else if (name == kLifeFacet) {
        if (count.code == kOver) result.over = count.entries;
      } else {
        result.facets[name].push_back({count.code, count.entries});
      }
    }
  }
  auto const today = model::to_civil(state_->instance.clock.now()).date;
  auto const view = state_->instance.store.view();
  auto const add = [&](std::vector<search::Hit> const& hits,
                       std::vector<ListHit>& out) -> Result<> {
    for (auto const& hit : hits) {
      SOL_ASSIGN(auto record, state_->read(view, hit.key));
      if (!record) continue;  // withdrawn between the search and this read
      auto occurrence = occurrence_of(*record, query, today);
      out.push_back({std::move(record), hit.distance_km, std::move(occurrence)});
    }
    return {};
  };
  SOL_TRY(add(found.hits, result.hits));
  SOL_TRY(add(found.nearly, result.nearly));
  return result;
}

Instant Catalogue::next_change() const {
  state_->advance();
  auto const soonest = to_unix_ms(state_->instance.clock.now()) + 1'000;
  return from_unix_ms(std::max<std::int64_t>(state_->next_due, soonest));
}

Result<std::variant<RecordPtr, Gone, NotHere>> Catalogue::at(schema::Type const& type,
                                                             std::string_view address) const {
  using Answer = std::variant<RecordPtr, Gone, NotHere>;
  auto const hyphen = address.rfind('-');
  auto const tail = hyphen == std::string_view::npos ? address : address.substr(hyphen + 1);
  auto const view = state_->instance.store.view();
  SOL_ASSIGN(auto const page,
             view.scan(store::IndexScan{
                 .index = std::string(index::kShortId), .prefix = Bytes(tail), .limit = 100}));
  RecordPtr best, became;
  bool gone = false;
  for (auto const& hit : page.hits) {
    if (hit.value != tail) continue;
    SOL_ASSIGN(auto const stored, view.get(hit.key));
    if (!stored || stored->document.type != type.key) continue;
    auto const record = read_public_record(stored->document, state_->instance.model);
    if (!record) {
      gone = true;
      SOL_ASSIGN(became, state_->read(view, hit.key.id));
    } else if (!best || record->path.ends_with(address)) {
      best = record;
    }
  }
  if (best || became) return Answer(best ? best : became);
  if (gone) return Answer(Gone{{}, &type});
  return Answer(NotHere{});
}

Result<RecordPtr> Catalogue::get(DocumentId const& id) const {
  return state_->read(state_->instance.store.view(), id);
}

Result<std::vector<RecordPtr>> Catalogue::referring_to(DocumentId const& id, std::string_view type,
                                                       std::size_t limit) const {
  auto const view = state_->instance.store.view();
  auto const naming = [&view](std::string_view index, DocumentId const& named) {
    return view.scan(store::IndexScan{
        .index = std::string(index), .prefix = Bytes(named.bytes()), .limit = 1'000});
  };
  // The record itself, and what became part of it.
  std::vector<DocumentId> ids{id};
  std::vector<RecordPtr> records;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    SOL_ASSIGN(auto const merged, naming(index::kMerged, ids[i]));
    for (auto const& hit : merged.hits) {
      if (ids.size() < kMergersMax && std::ranges::find(ids, hit.key.id) == ids.end())
        ids.push_back(hit.key.id);
    }
    SOL_ASSIGN(auto const page, naming(index::kReference, ids[i]));
    for (auto const& hit : page.hits) {
      SOL_ASSIGN(auto record, state_->read(view, hit.key));
      if (record && (type.empty() || record->type->key == type))
        records.push_back(std::move(record));
    }
  }
  auto const today = model::to_civil(state_->instance.clock.now()).date;
  // What is to come first, by date; then the rest, newest first.
  auto const rank = [&](RecordPtr const& record) {
    auto const* const schedule = schedule_of(*record);
    auto const next = schedule == nullptr ? std::nullopt : model::next_occurrence(*schedule, today);
    return next ? std::pair(0, to_unix_ms(model::to_instant(next->start)))
                : std::pair(1, -to_unix_ms(record->updated_at));
  };
  std::ranges::sort(records, {}, rank);
  if (records.size() > limit) records.resize(limit);
  return records;
}

Result<std::vector<AgendaItem>> Catalogue::agenda(ListQuery const& query, model::CivilDate from,
                                                  model::CivilDate until, std::size_t limit) const {
  ListQuery wanted = query;
  wanted.from = from;
  wanted.until = until;
  wanted.sort = Sort::date;
  wanted.offset = 0;
  wanted.limit = kAgendaRecordsMax;
  SOL_ASSIGN(auto const found, find(wanted));
  std::vector<AgendaItem> items;
  for (auto const& hit : found.hits) {
    auto const* const schedule = schedule_of(*hit.record);
    if (schedule == nullptr) continue;
    for (auto& one : model::occurrences(*schedule, from, until, limit)) {
      items.push_back({hit.record, std::move(one)});
    }
  }
  std::ranges::sort(items, {}, [](AgendaItem const& item) {
    return std::tie(item.occurrence.start, item.record->title, item.record->path);
  });
  if (items.size() > limit) items.resize(limit);
  return items;
}

std::map<std::string, std::size_t, std::less<>> Catalogue::counts(
    std::vector<std::string> const& departments) const {
  ListQuery query;
  query.place.departments = departments;
  query.limit = 0;
  state_->advance();
  auto const found = state_->index.search(state_->search_query(query));
  std::map<std::string, std::size_t, std::less<>> counts;
  if (auto const types = found.counts.find(search::kTypeFacet); types != found.counts.end()) {
    for (auto const& count : types->second) counts[count.code] = count.entries;
  }
  return counts;
}

std::vector<RecordPtr> Catalogue::suggest(std::string_view typed, std::size_t limit) const {
  std::vector<RecordPtr> records;
  auto const view = state_->instance.store.view();
  for (auto const& suggestion : state_->index.suggest(typed, limit)) {
    auto record = state_->read(view, suggestion.key);
    if (record && *record) records.push_back(*std::move(record));
  }
  return records;
}

std::vector<std::string> Catalogue::tags_of(store::CommitNotice const& notice) {
  std::vector<std::string> tags;
  for (auto const& change : notice.changes) {
    if (change.type() == kProgrammeType) tags.emplace_back(kProgrammeTag);
    if (change.key().scope.kind() != ScopeKind::published) continue;
    tags.push_back(cat("doc:", change.key().id.to_string()));
    tags.push_back(cat("type:", change.type()));
  }
  std::ranges::sort(tags);
  auto const twins = std::ranges::unique(tags);
  tags.erase(twins.begin(), twins.end());
  return tags;
}

}  // namespace solidaires::service
