#include "node/formats/source_file.h"

#include <array>

#include "node/formats/readers.h"
#include "sync/base/bytes.h"

namespace solidaires::formats {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kArchive = "PK\x03\x04";

struct Foreign {
  std::string_view beginning, what;
};
// What people take for a table, and others hide one in.
constexpr std::array kForeign{
    Foreign{"%PDF", "un document PDF"},
    Foreign{"\xd0\xcf\x11\xe0", "un ancien classeur (XLS)"},
    Foreign{"\x89PNG", "une image"},
    Foreign{"\xff\xd8\xff", "une image"},
    Foreign{"GIF8", "une image"},
    Foreign{"RIFF", "une image ou un son"},
    Foreign{"\x1f\x8b", "une archive compressée"},
    Foreign{"7z\xbc\xaf", "une archive compressée"},
    Foreign{"Rar!", "une archive compressée"},
    Foreign{"MZ", "un programme"},
    Foreign{"\x7f"
            "ELF",
            "un programme"},
};

bool begins_like(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    auto const c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] | 0x20) : text[i];
    if (c != word[i]) return false;
  }
  return true;
}

Result<> tree_fits(DecodedText const& text) {
  if (text.text.size() <= kTreeBytesMax) return {};
  return fail(Code::exhausted, cat("Le fichier dépasse ", kTreeBytesMax >> 20U,
                                   " Mo. Découpez-le, ou demandez-en un extrait à sa source."));
}

}  // namespace

std::string_view label_of(Format format) {
  switch (format) {
    case Format::csv: return "tableau CSV";
    case Format::spreadsheet: return "classeur XLSX";
    case Format::json: return "liste JSON";
    case Format::geojson: return "GeoJSON";
    case Format::gogocarto: return "carte GoGoCarto";
    case Format::data_inclusion: return "data·inclusion";
    case Format::yeswiki: return "fiches YesWiki";
    case Format::job_offers: return "offres d’emploi (France Travail)";
    case Format::calendar: return "agenda iCalendar";
    case Format::feed: return "flux RSS ou Atom";
    case Format::xml: return "liste XML";
    case Format::sirene: return "extrait Sirene";
    case Format::rna: return "extrait du RNA";
  }
  return "";
}

Result<TableFile> read_source(std::string_view bytes) {
  if (bytes.starts_with(kArchive) && bytes.size() <= kTableBytesMax) return read_spreadsheet(bytes);
  for (auto const& foreign : kForeign) {
    if (bytes.starts_with(foreign.beginning)) {
      return fail(Code::invalid,
                  cat("Ce fichier est ", foreign.what,
                      ", qui ne se lit pas comme un tableau. Depuis le tableur ou le logiciel "
                      "d’origine, enregistrez-le en CSV ou en XLSX."));
    }
  }
  SOL_ASSIGN(auto const decoded, decode_text(bytes));
  std::string_view const text = decoded.text;
  auto const start = text.find_first_not_of(" \t\r\n");
  auto const rest = start == std::string_view::npos ? ""sv : text.substr(start);
  if (rest.starts_with('{') || rest.starts_with('[')) {
    SOL_TRY(tree_fits(decoded));
    return read_json(decoded);
  }
  if (rest.starts_with("<")) {
    SOL_TRY(tree_fits(decoded));
    return read_xml(decoded);
  }
  if (begins_like(rest, "begin:vcalendar")) return read_calendar(decoded);
  SOL_ASSIGN(auto table, read_table(bytes));
  settle_extract(table);
  return table;
}

}  // namespace solidaires::formats
