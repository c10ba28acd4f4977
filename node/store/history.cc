#include "node/store/history.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "sync/base/check.h"

namespace solidaires::store {
namespace {

constexpr std::uint8_t kRemote = 1;  // of an entry

constexpr std::uint8_t kHasBefore = 1;  // of a change
constexpr std::uint8_t kAfterKept = 2;
constexpr std::uint8_t kHasAfter = 4;
constexpr std::uint8_t kConflict = 8;

using Versions = std::vector<sync::FieldVersion>;

Versions const& versions_of(sync::Document const* document, std::string_view field) {
  static Versions const kNone;
  if (document == nullptr) return kNone;
  auto const found = document->fields.find(field);
  return found == document->fields.end() ? kNone : found->second;
}

// An empty value is a field without one.
std::optional<Bytes> as_value(Bytes const& value) {
  return value.empty() ? std::nullopt : std::optional(value);
}

std::optional<Bytes> shown_in(Versions const& versions) {
  return versions.empty() ? std::nullopt : as_value(sync::shown(versions).value);
}

bool holds(Versions const& versions, sync::Dot dot) {
  return std::ranges::any_of(versions, [dot](auto const& version) { return version.dot == dot; });
}

// The writes that one change brought, while they are put together.
class Writes {
 public:
  explicit Writes(HistorySource const& source) : source_(source) {}

  HistoryRecord& of(sync::Dot dot, std::int64_t stamp_ms) {
    auto const [at, added] = records_.try_emplace(dot);
    auto& entry = at->second.entry;
    if (added) {
      entry.dot = dot;
      entry.written_at = from_unix_ms(stamp_ms);
      entry.recorded_at = source_.recorded_at;
      entry.remote = source_.remote;
      if (!source_.remote) entry.reason = source_.reason;
    }
    return at->second;
  }

  // What only removes leaves no version: the latest write of those that came is the one that did.
  HistoryRecord& of_removal() {
    if (source_.dot.counter != 0) return of(source_.dot, to_unix_ms(source_.recorded_at));
    auto const latest = std::ranges::max_element(records_, {}, [](auto const& pair) {
      return std::tuple(pair.second.entry.written_at, pair.first);
    });
    if (latest != records_.end()) return latest->second;
    return of({}, to_unix_ms(source_.recorded_at));
  }

  std::vector<HistoryRecord> take() {
    std::vector<HistoryRecord> result;
    for (auto& [dot, record] : records_) {
      if (!record.entry.changes.empty()) result.push_back(std::move(record));
    }
    std::ranges::sort(result, {}, [](auto const& record) {
      return std::pair(record.entry.written_at, record.entry.dot);
    });
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i].entry.ordinal = static_cast<std::uint16_t>(std::min<std::size_t>(i, 0xffff));
    }
    if (result.size() > 0xffff) result.resize(0xffff);
    return result;
  }

 private:
  HistorySource const& source_;
  std::map<sync::Dot, HistoryRecord> records_;
};

bool is_renewal(std::string_view field, std::optional<Bytes> const& before, Versions const& after) {
  return field == sync::kExistence && before == sync::kAlive &&
         std::ranges::all_of(after,
                             [](auto const& version) { return version.value == sync::kAlive; });
}

void tell_versions(Writes& writes, std::string const& field, Versions const& before,
                   Versions const& after) {
  auto const shown_before = shown_in(before);
  if (is_renewal(field, shown_before, after)) return;
  bool const alone = after.size() == 1;
  for (auto const& version : after) {
    if (holds(before, version.dot)) continue;
    auto& record = writes.of(version.dot, version.stamp_ms);
    record.entry.changes.push_back({field, shown_before, as_value(version.value), !alone});
    record.after_kept.push_back(!alone);
  }
}

// Versions went, and none came.
void tell_removal(Writes& writes, std::string const& field, Versions const& before,
                  Versions const& after) {
  bool const came = std::ranges::any_of(
      after, [&before](auto const& version) { return !holds(before, version.dot); });
  if (came || before == after) return;
  auto& record = writes.of_removal();
  record.entry.changes.push_back({field, shown_in(before), shown_in(after), after.size() > 1});
  record.after_kept.push_back(false);
}

}  // namespace

std::string author_field(sync::Dot dot) {
  return cat(kAuthorPrefix, to_string(dot.replica), '-', dot.counter);
}

std::optional<std::string_view> author_of(sync::Document const& document, sync::Dot dot) {
  return sync::shown_value(document, author_field(dot));
}

bool keeps_history(ScopeId const& scope) {
  return scope.kind() == ScopeKind::office || scope.kind() == ScopeKind::group;
}

std::vector<std::string> idle_author_fields(sync::Document const& document,
                                            std::vector<sync::FieldEdit> const& edits,
                                            sync::Context const& seen) {
  std::set<std::string_view> edited;
  for (auto const& edit : edits) edited.insert(edit.field);
  std::set<std::string> needed;
  for (auto const& [field, versions] : document.fields) {
    if (field.starts_with(kAuthorPrefix)) continue;
    for (auto const& version : versions) {
      if (edited.contains(field) && seen.covers(version.dot)) continue;
      needed.insert(author_field(version.dot));
    }
  }
  std::vector<std::string> idle;
  for (auto at = document.fields.lower_bound(kAuthorPrefix);
       at != document.fields.end() && at->first.starts_with(kAuthorPrefix); ++at) {
    if (!needed.contains(at->first)) idle.push_back(at->first);
  }
  return idle;
}

std::vector<HistoryRecord> tell(sync::Document const* before, sync::Document const& after,
                                HistorySource const& source) {
  Writes writes(source);
  // First what came, engine fields too, so that a write that only removed has its dot and author.
  for (auto const& [field, versions] : after.fields) {
    auto const& old = versions_of(before, field);
    if (!field.starts_with(kAuthorPrefix)) {
      tell_versions(writes, field, old, versions);
      continue;
    }
    for (auto const& version : versions) {
      if (holds(old, version.dot)) continue;
      writes.of(version.dot, version.stamp_ms).entry.author = version.value;
    }
  }
  if (before != nullptr) {
    for (auto const& [field, versions] : before->fields) {
      if (field.starts_with(kAuthorPrefix)) continue;
      tell_removal(writes, field, versions, versions_of(&after, field));
    }
  }
  if (source.dot.counter != 0 && !source.author.empty()) {
    writes.of(source.dot, to_unix_ms(source.recorded_at)).entry.author = source.author;
  }
  return writes.take();
}

Bytes encode(HistoryRecord const& record) {
  auto const& entry = record.entry;
  Bytes out;
  ByteWriter writer(out);
  writer.u8(entry.remote ? kRemote : 0);
  writer.u64(static_cast<std::uint64_t>(to_unix_ms(entry.written_at)));
  writer.u64(static_cast<std::uint64_t>(to_unix_ms(entry.recorded_at)));
  writer.u64(static_cast<std::uint64_t>(entry.dot.replica)).u64(entry.dot.counter);
  writer.sized(entry.author).sized(entry.reason);
  writer.u32(static_cast<std::uint32_t>(entry.changes.size()));
  SOL_CHECK(record.after_kept.size() == entry.changes.size());
  for (std::size_t i = 0; i < entry.changes.size(); ++i) {
    auto const& change = entry.changes[i];
    bool const kept = record.after_kept[i];
    unsigned const flags = (change.before ? kHasBefore : 0U) | (kept ? kAfterKept : 0U) |
                           (kept && change.after ? kHasAfter : 0U) |
                           (change.conflict ? kConflict : 0U);
    writer.sized(change.field).u8(static_cast<std::uint8_t>(flags));
    if (change.before) writer.sized(*change.before);
    if (kept && change.after) writer.sized(*change.after);
  }
  return out;
}

namespace {

Result<> read_change(ByteReader& reader, HistoryRecord& record) {
  FieldChange change;
  SOL_ASSIGN(change.field, reader.sized());
  SOL_ASSIGN(std::uint8_t const flags, reader.u8());
  if ((flags & kHasBefore) != 0) {
    SOL_ASSIGN(change.before, reader.sized());
  }
  if ((flags & kHasAfter) != 0) {
    SOL_ASSIGN(change.after, reader.sized());
  }
  change.conflict = (flags & kConflict) != 0;
  record.entry.changes.push_back(std::move(change));
  record.after_kept.push_back((flags & kAfterKept) != 0);
  return {};
}

}  // namespace

Result<HistoryRecord> parse_history(std::string_view bytes) {
  ByteReader reader(bytes);
  HistoryRecord record;
  auto& entry = record.entry;
  SOL_ASSIGN(std::uint8_t const flags, reader.u8());
  entry.remote = (flags & kRemote) != 0;
  SOL_ASSIGN(std::uint64_t const written, reader.u64());
  entry.written_at = from_unix_ms(static_cast<std::int64_t>(written));
  SOL_ASSIGN(std::uint64_t const recorded, reader.u64());
  entry.recorded_at = from_unix_ms(static_cast<std::int64_t>(recorded));
  SOL_ASSIGN(std::uint64_t const replica, reader.u64());
  entry.dot.replica = ReplicaId{replica};
  SOL_ASSIGN(entry.dot.counter, reader.u64());
  SOL_ASSIGN(entry.author, reader.sized());
  SOL_ASSIGN(entry.reason, reader.sized());
  SOL_ASSIGN(std::uint32_t const changes, reader.u32());
  for (std::uint32_t i = 0; i < changes; ++i) SOL_TRY(read_change(reader, record));
  if (!reader.done()) return fail(Code::corrupt, "an entry of a history is too long");
  return record;
}

HistoryEntry HistoryReader::complete(HistoryRecord record) {
  for (std::size_t i = 0; i < record.entry.changes.size(); ++i) {
    auto& change = record.entry.changes[i];
    auto const later = shown_.find(change.field);
    if (record.after_kept[i]) {
      // It says itself what it wrote.
    } else if (later != shown_.end()) {
      change.after = later->second;
    } else {
      change.after = shown_in(versions_of(now_, change.field));
    }
  }
  // Only then: two writes of one merge tell the same state before it.
  for (auto const& change : record.entry.changes) {
    shown_.insert_or_assign(change.field, change.before);
  }
  return std::move(record.entry);
}

}  // namespace solidaires::store
