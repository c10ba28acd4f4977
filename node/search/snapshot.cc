#include "node/search/snapshot.h"

#include <cstring>

namespace solidaires::search {

namespace {

void write_record(Bytes& out, Record const& record) {
  ByteWriter writer(out);
  writer.sized(record.key.scope.to_string()).raw(record.key.id.bytes());
  for (auto const* const text : {&record.title, &record.folded_title, &record.folded_acronym,
                                 &record.folded_name, &record.words}) {
    writer.sized(*text);
  }
  put_array<Value>(out, record.values);
  put_array<Spot>(out, record.spots);
  put_array<Interval>(out, record.dates);
}

Result<Record> read_record(ByteReader& from) {
  SOL_ASSIGN(auto const scope_text, from.sized());
  SOL_ASSIGN(auto const id_bytes, from.raw(DocumentId::kSize));
  SOL_ASSIGN(auto const scope, ScopeId::parse(scope_text));
  SOL_ASSIGN(auto const id, DocumentId::from_bytes(id_bytes));
  Record record;
  record.key = {scope, id};
  for (auto* const text : {&record.title, &record.folded_title, &record.folded_acronym,
                           &record.folded_name, &record.words}) {
    SOL_ASSIGN(*text, from.sized());
  }
  SOL_TRY(get_array(from, record.values));
  SOL_TRY(get_array(from, record.spots));
  SOL_TRY(get_array(from, record.dates));
  return record;
}

Result<> read_postings(std::vector<Postings>& postings, ByteReader& from) {
  SOL_ASSIGN(auto const count, from.u64());
  for (std::uint64_t i = 0; i < count; ++i) {
    std::vector<Slot> slots;
    std::vector<Impact> impacts;
    SOL_TRY(get_array(from, slots));
    SOL_TRY(get_array(from, impacts));
    if (slots.size() != impacts.size()) return fail(Code::corrupt, "postings without impacts");
    postings.emplace_back(std::move(slots), std::move(impacts));
  }
  return {};
}

}  // namespace

Bytes write_snapshot(Tables const& tables) {
  Bytes out;
  tables.vocabulary.write(out);
  tables.attributes.write(out);
  ByteWriter(out).u64(tables.postings.size());
  for (auto const& postings : tables.postings) {
    put_array(out, postings.slots());
    put_array(out, postings.impacts());
  }
  put_array<Brief>(out, tables.briefs);
  put_array<std::uint16_t>(out, tables.days);
  put_array<std::int32_t>(out, tables.closes);
  put_array<std::uint64_t>(out, tables.names);
  put_array<Slot>(out, tables.unused);
  for (auto const slot : tables.live.slots()) write_record(out, tables.records[slot]);
  return out;
}

Result<> read_snapshot(Tables& tables, std::string_view bytes) {
  ByteReader from(bytes);
  SOL_TRY(tables.vocabulary.read(from));
  SOL_TRY(tables.attributes.read(from));
  SOL_TRY(read_postings(tables.postings, from));
  SOL_TRY(get_array(from, tables.briefs));
  SOL_TRY(get_array(from, tables.days));
  SOL_TRY(get_array(from, tables.closes));
  SOL_TRY(get_array(from, tables.names));
  SOL_TRY(get_array(from, tables.unused));
  auto const rows = tables.briefs.size();
  std::vector<bool> dead(rows);
  for (auto const slot : tables.unused) {
    if (slot >= rows) return fail(Code::corrupt, "a row that is none");
    dead[slot] = true;
  }
  tables.records.resize(rows);
  tables.by_key.reserve(rows);
  for (Slot slot = 0; slot < rows; ++slot) {
    if (dead[slot]) continue;
    SOL_ASSIGN(tables.records[slot], read_record(from));
    tables.enter_row(slot);
  }
  if (!from.done()) return fail(Code::corrupt, "more than was written");
  tables.titles.fill(tables.live.slots(), [&](Slot slot) -> std::string_view {
    return tables.records[slot].folded_title;
  });
  return {};
}

}  // namespace solidaires::search
