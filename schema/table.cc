#include "schema/table.h"

#include "schema/characters.h"
#include "schema/form_reader.h"

namespace solidaires::schema {
namespace {

std::string input_of(Field const& field, Column const& column) {
  return column.part.empty() ? field.key : cat(field.key, '.', column.part);
}

// Kinds and parts that hold several things of several parts: "0.code", "0.start", "1.code" ...
bool is_packed(Field const& field, Column const& column) {
  switch (field.kind) {
    case FieldKind::addresses:
    case FieldKind::external_ids:
    case FieldKind::agreements:
    case FieldKind::links: return true;
    default: return column.part == "override" || column.part == "amount";
  }
}

// One cell: elements separated by '|', their parts by ';', each "name=value"; a part without name
// is the element itself. '\' keeps the sign after it.
std::string escaped(std::string_view text, bool nameless) {
  std::string out;
  for (char const c : text) {
    if (c == '\\' || c == ';' || c == '|' || (nameless && c == '=')) out += '\\';
    out += c;
  }
  return out;
}

std::string pack(std::string const& input, FormFields const& fields) {
  std::map<unsigned long, std::string> items;
  std::string const prefix = cat(input, '.');
  for (auto it = fields.lower_bound(prefix); it != fields.end() && it->first.starts_with(prefix);
       ++it) {
    std::string_view const rest = std::string_view(it->first).substr(prefix.size());
    auto const dot = rest.find('.');
    auto const number = rest.substr(0, dot);
    if (!std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; })) continue;
    std::string& item = items[std::stoul(std::string(number))];
    bool const nameless = dot == std::string_view::npos;
    std::string const piece = nameless ? escaped(it->second, true)
                                       : cat(rest.substr(dot + 1), '=', escaped(it->second, false));
    item += cat(item.empty() ? "" : "; ", piece);
  }
  std::string out;
  for (auto const& [number, item] : items) out += cat(out.empty() ? "" : " | ", item);
  return out;
}

// Pieces between unescaped separators; escapes stay in them.
std::vector<std::string> cut(std::string_view text, char separator) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      out.back() += text[i++];
      out.back() += text[i];
    } else if (text[i] == separator) {
      out.emplace_back();
    } else {
      out.back() += text[i];
    }
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

bool is_part_name(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

void unpack(std::string const& input, std::string_view cell, FormFields& out) {
  std::size_t n = 0;
  for (auto const& item : cut(cell, '|')) {
    if (trim(item).empty()) continue;
    for (auto const& piece : cut(item, ';')) {
      std::string_view const text = trim(piece);
      auto const equals = text.find('=');
      auto const name = equals == std::string_view::npos ? "" : text.substr(0, equals);
      if (text.empty()) continue;
      if (is_part_name(name))
        out.emplace(cat(input, '.', n, '.', name), unescaped(text.substr(equals + 1)));
      else
        out.emplace(cat(input, '.', n), unescaped(text));
    }
    ++n;
  }
}

std::string joined(Field const& field, std::string const& input, FormFields const& fields,
                   std::optional<Language> labels) {
  std::vector<std::string> texts;
  auto const [first, last] = fields.equal_range(input);
  for (auto it = first; it != last; ++it)
    texts.push_back(labels && field.vocabulary != nullptr
                        ? field.vocabulary->label_of(it->second, *labels)
                        : it->second);
  return join(texts, " | ");
}

std::string cell_of(Field const& field, Column const& column, FormFields const& fields,
                    std::optional<Language> labels) {
  std::string const input = input_of(field, column);
  return is_packed(field, column) ? pack(input, fields) : joined(field, input, fields, labels);
}

void fill_defaults(Type const& type, Parsed& out) {
  for (auto const& field : type.fields) {
    if (field.default_from.empty() || out.record.contains(field.key)) continue;
    if (auto const text = text_of(out.record, field.default_from); !text.empty())
      out.record.insert_or_assign(field.key, std::string(text));
  }
}

}  // namespace

std::vector<TableColumn> table_columns(Type const& type) {
  std::vector<TableColumn> out;
  for (auto const& group : type.groups)
    for (auto const* field : group.fields)
      for (auto const& column : field->columns)
        out.push_back({field, &column, input_of(*field, column)});
  return out;
}

std::vector<std::string> propose_mapping(Type const& type,
                                         std::vector<std::string> const& headers) {
  struct Match {
    std::size_t rank, header, column;
    auto operator<=>(Match const&) const = default;
  };
  auto const columns = table_columns(type);
  std::vector<Match> matches;
  for (std::size_t h = 0; h < headers.size(); ++h) {
    std::string const header = fold_tight(headers[h]);
    if (header.empty()) continue;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      auto const& [field, column, input] = columns[c];
      std::vector<std::string> names{column->header, input};
      names.insert(names.end(), column->aliases.begin(), column->aliases.end());
      if (column->part.empty()) names.insert(names.end(), {field->label.fr, field->label.en});
      auto const found = std::ranges::find(names, header, fold_tight);
      if (found != names.end())
        matches.push_back({static_cast<std::size_t>(found - names.begin()), h, c});
    }
  }
  std::ranges::sort(matches);
  std::vector<std::string> out(headers.size());
  std::vector<bool> taken(columns.size());
  for (auto const& [rank, header, column] : matches) {
    if (taken[column] || !out[header].empty()) continue;
    taken[column] = true;
    out[header] = columns[column].input;
  }
  return out;
}

Parsed from_cells(Type const& type, Cells const& cells) {
  Parsed out;
  for (auto const& field : type.fields) {
    FormFields fields;
    for (auto const& column : field.columns) {
      std::string const input = input_of(field, column);
      auto const cell = cells.find(input);
      if (cell == cells.end() || trim(cell->second).empty()) continue;
      if (is_packed(field, column))
        unpack(input, cell->second, fields);
      else
        fields.emplace(input, cell->second);
    }
    if (!fields.empty()) FormReader(field, fields, Source::file, out).run();
  }
  fill_defaults(type, out);
  return out;
}

std::vector<std::string> to_cells(Type const& type, Record const& record,
                                  std::optional<Language> labels) {
  auto const fields = form_values(type, record);
  std::vector<std::string> out;
  for (auto const& [field, column, input] : table_columns(type))
    out.push_back(cell_of(*field, *column, fields, labels));
  return out;
}

Parsed from_text(Field const& field, std::string_view text) {
  FormFields fields;
  if (is_packed(field, field.columns.front()))
    unpack(field.key, text, fields);
  else
    fields.emplace(field.key, text);
  Parsed out;
  FormReader(field, fields, Source::file, out).run();
  return out;
}

std::string to_text(Field const& field, Record const& record, std::optional<Language> labels) {
  FormFields fields;
  write_inputs(field, record, fields);
  return cell_of(field, field.columns.front(), fields, labels);
}

}  // namespace solidaires::schema
