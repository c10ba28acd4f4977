// One row of a table as a record: cells by input, repaired where a repair is certain, with a note
// for each. For the importer alone.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "node/formats/table_file.h"
#include "node/geography/gazetteer.h"
#include "schema/model.h"
#include "schema/table.h"

namespace solidaires::service {

struct ReadRow {
  schema::Record record;
  std::string source_id;            // as the file says it; empty if it has none
  std::vector<std::string> notes;   // repairs
  std::vector<std::string> faults;  // reasons to refuse the row; empty: it is a record
};

class RowReader {
 public:
  // `inputs[i]` is what column i feeds; empty or "-": nothing.
  RowReader(schema::Type const& type, std::vector<std::string> inputs,
            geography::Gazetteer const& gazetteer);

  [[nodiscard]] ReadRow read(formats::TableRow const& row) const;

 private:
  void place(schema::Record& record, ReadRow& out) const;
  void settle_address(schema::Address& address, ReadRow& out) const;
  void check_distance(schema::Address& address, ReadRow& out) const;
  [[nodiscard]] geography::Commune const* at_point(
      schema::Address const& address, std::vector<geography::Commune const*> const& named) const;
  schema::Type const& type_;
  std::vector<std::string> inputs_;
  geography::Gazetteer const& gazetteer_;
};

}  // namespace solidaires::service
