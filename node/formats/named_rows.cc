#include <algorithm>
#include <array>

#include "node/formats/readers.h"
#include "node/text/fold.h"
#include "sync/base/bytes.h"

namespace solidaires::formats {
namespace {

constexpr std::size_t kCellBytesMax = 256UL * 1024;

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kEntities{
    {{"amp", "&"},
     {"lt", "<"},
     {"gt", ">"},
     {"quot", "\""},
     {"apos", "'"},
     {"#39", "'"},
     {"nbsp", "\u00a0"},
     {"rsquo", "’"}}};

}  // namespace

void NamedRows::put(std::string_view name, std::string_view value) {
  auto text = text::normalise_lines(text::clean(value.substr(0, kCellBytesMax)));
  if (text.empty() || too_much_) return;
  auto title = text::single_line(name);
  auto const [column, is_new] = columns_.try_emplace(title, columns_.size());
  if (is_new && columns_.size() > kColumnsMax) {
    too_much_ = true;
    return;
  }
  if (is_new) table_.rows.front().cells.push_back(std::move(title));
  auto& cells = table_.rows.back().cells;
  if (cells.size() <= column->second) {
    cells_ += column->second + 1 - cells.size();
    cells.resize(column->second + 1);
  }
  if (cells[column->second].empty()) cells[column->second] = std::move(text);
  too_much_ = too_much_ || cells_ > kCellsMax || table_.rows.size() > kTableRowsMax;
}

Result<TableFile> NamedRows::finish(Format format, std::string_view encoding) {
  if (too_much_) {
    return fail(Code::exhausted,
                cat("Le fichier a plus de ", kTableRowsMax, " lignes ou de ", kColumnsMax,
                    " colonnes. Découpez-le en plusieurs, ou retirez ce qui ne sert pas."));
  }
  std::erase_if(table_.rows, [](TableRow const& row) { return row.cells.empty(); });
  if (table_.rows.size() < 2) {
    return fail(Code::invalid, cat("Le fichier a été reconnu (", label_of(format),
                                   "), mais il ne contient aucune fiche à importer."));
  }
  table_.format = format;
  table_.encoding = encoding;
  return std::move(table_);
}

std::string plain_text(std::string_view html) {
  std::string out;
  while (!html.empty()) {
    auto const c = html.front();
    auto const end = html.find(c == '<' ? '>' : ';');
    bool const tag = c == '<' && end != std::string_view::npos && html.size() > 1 &&
                     (html[1] == '/' || html[1] == '!' || (html[1] | 0x20) >= 'a');
    if (tag) {
      out += ' ';
      html.remove_prefix(end + 1);
      continue;
    }
    auto const name = c == '&' && end != std::string_view::npos ? html.substr(1, end - 1) : "";
    auto const* const entity =
        std::ranges::find(kEntities, name, &std::pair<std::string_view, std::string_view>::first);
    if (entity != kEntities.end()) {
      out += entity->second;
      html.remove_prefix(end + 1);
    } else {
      out += c;
      html.remove_prefix(1);
    }
  }
  return text::single_line(text::clean(out));
}

}  // namespace solidaires::formats
