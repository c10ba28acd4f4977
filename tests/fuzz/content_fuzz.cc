// Values from disks and peers, and forms and cells from people, against the real content model.
#include "node/http/target.h"
#include "schema/audience.h"
#include "schema/json.h"
#include "schema/table.h"
#include "tests/fuzz/fuzz.h"

using namespace solidaires;
using namespace solidaires::schema;

namespace {

ContentModel const& model() {
  static ContentModel const kModel = [] {
    auto loaded = ContentModel::load(SCHEMA_DIRECTORY);
    SOL_CHECK(loaded.has_value());
    return *std::move(loaded);
  }();
  return kModel;
}

void read_record(Type const& type, Record const& record) {
  for (auto const stage : {Stage::draft, Stage::submit}) {
    std::ignore = schema::validate(type, record, stage);
  }
  std::ignore = to_json(type, record);
  std::ignore = to_schema_org(type, record, {});
  std::ignore = public_part(type, record);
  std::ignore = to_cells(type, record);
  std::ignore = form_values(type, record);
}

void read_values(Type const& type, fuzz::Choices& input) {
  Record record;
  while (!input.empty()) {
    auto const& field = type.fields[input.below(type.fields.size())];
    auto const value = decode(input.part());
    auto const bytes = encode(value);
    SOL_CHECK(std::holds_alternative<Unknown>(value) || !bytes.empty());
    SOL_CHECK(decode(bytes) == value && encode(decode(bytes)) == bytes);
    record.insert_or_assign(is_set(field.kind) ? element_key(field.key, "e") : field.key, value);
  }
  read_record(type, record);
}

void read_form(Type const& type, std::string_view bytes) {
  FormFields typed;
  for (auto const& [name, value] : http::parse_query(bytes, 200).items())
    typed.emplace(name, value);
  auto const parsed = parse_form(type, typed);
  read_record(type, parsed.record);
  if (!parsed.ok()) return;
  // What a form shows is read as it was.
  auto const again = parse_form(type, form_values(type, parsed.record));
  SOL_CHECK(changes(parsed.record, again.record).empty());
}

void read_cells(Type const& type, fuzz::Choices& input) {
  auto const columns = table_columns(type);
  Cells cells;
  while (!input.empty()) {
    cells[columns[input.below(columns.size())].input] = http::valid_utf8(input.part());
  }
  read_record(type, from_cells(type, cells).record);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size > 8192) return 0;
  fuzz::Choices input(fuzz::as_bytes(data, size));
  auto const& types = model().types();
  auto const& type = types[input.below(types.size())];
  switch (input.below(3)) {
    case 0: read_values(type, input); break;
    case 1: read_form(type, input.all()); break;
    default: read_cells(type, input);
  }
  return 0;
}
