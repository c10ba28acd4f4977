#include "node/portal/citations.h"

#include <algorithm>
#include <array>

#include "node/text/fold.h"
#include "schema/characters.h"
#include "schema/display.h"

namespace solidaires::portal {
namespace {

struct Kind {
  std::string_view code, bibtex, ris;
};
constexpr std::array<Kind, 8> kKinds = {{{"livre", "book", "BOOK"},
                                         {"article", "article", "JOUR"},
                                         {"rapport", "techreport", "RPRT"},
                                         {"these", "phdthesis", "THES"},
                                         {"texte-officiel", "misc", "STAT"},
                                         {"page-web", "misc", "ELEC"},
                                         {"video", "misc", "VIDEO"},
                                         {"podcast", "misc", "SOUND"}}};
constexpr Kind kOther{"", "misc", "GEN"};

// What both formats say of a reference.
struct Reference {
  Kind kind;
  std::string id, title, year, publisher, isbn, doi, pages, url, summary;
  std::vector<std::string> authors, keywords, languages;
};

// Line ends and other control characters would end an entry.
std::string one_line(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(
      out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return out;
}

std::string plain(schema::Record const& record, std::string_view key) {
  auto const* const number = schema::get<std::int64_t>(record, key);
  return number != nullptr ? std::to_string(*number) : one_line(schema::text_of(record, key));
}

std::vector<std::string> each(schema::Record const& record, std::string_view key) {
  std::vector<std::string> out;
  for (auto const& element : schema::elements(record, key)) {
    auto const* const said = schema::get<std::string>(record, schema::element_key(key, element));
    out.push_back(one_line(said == nullptr ? element : *said));
  }
  return out;
}

std::vector<std::string> labels(service::PublicRecord const& record, std::string_view key) {
  auto const* const field = record.type->field(key);
  return field == nullptr ? std::vector<std::string>() : schema::display(*field, record.record);
}

Reference reference_of(Context const& context, service::PublicRecord const& record) {
  auto const& fields = record.record;
  Reference out;
  auto const kind = std::ranges::find(kKinds, schema::text_of(fields, "kind"), &Kind::code);
  out.kind = kind == kKinds.end() ? kOther : *kind;
  out.id = record.key.id.short_id();
  out.title = one_line(record.title);
  if (auto const subtitle = plain(fields, "subtitle"); !subtitle.empty())
    out.title += cat(" : ", subtitle);
  out.authors = each(fields, "authors");
  out.year = plain(fields, "year");
  out.publisher = plain(fields, "publisher");
  for (auto const& element : schema::elements(fields, "published_by")) {
    auto const id = DocumentId::parse(element);
    auto const by = id ? context.catalogue.get(*id) : Result<service::RecordPtr>();
    if (out.publisher.empty() && by && *by) out.publisher = one_line((*by)->title);
  }
  out.isbn = plain(fields, "isbn");
  out.doi = plain(fields, "doi");
  out.pages = plain(fields, "pages");
  out.url = plain(fields, "url");
  if (out.url.empty()) out.url = cat(context.site()->identity().base_url, record.path);
  out.summary = plain(fields, "summary");
  out.keywords = labels(record, "themes");
  std::ranges::move(each(fields, "tags"), std::back_inserter(out.keywords));
  out.languages = each(fields, "languages");
  return out;
}

// Texts in LaTeX: what it would take for a command is written as one.
std::string in_latex(std::string_view text) {
  std::string out;
  for (char const c : text) {
    switch (c) {
      case '\\': out += "\\textbackslash{}"; break;
      case '~': out += "\\textasciitilde{}"; break;
      case '^': out += "\\textasciicircum{}"; break;
      case '{':
      case '}':
      case '&':
      case '%':
      case '$':
      case '#':
      case '_': out += '\\'; [[fallthrough]];
      default: out += c;
    }
  }
  return out;
}

// "J. Exemple", not "Collectif des employeurs solidaires", whose words BibTeX must leave in order.
bool is_person(std::string_view name) {
  constexpr std::size_t kWords = 3;
  bool const article = name.starts_with("La ") || name.starts_with("Le ") ||
                       name.starts_with("Les ") || name.starts_with("L’");
  return !article && static_cast<std::size_t>(std::ranges::count(name, ' ')) < kWords &&
         !name.contains(" des ") && !name.contains('(');
}

std::string bibtex(Reference const& reference) {
  auto const first = reference.authors.empty() ? std::string("anonyme") : reference.authors.front();
  auto const last_word = first.substr(first.rfind(' ') + 1);
  auto out = cat('@', reference.kind.bibtex, '{', text::slug(last_word, 30), reference.year, '-',
                 reference.id);
  auto const raw = [&out](std::string_view name, std::string_view value) {
    if (!value.empty()) out += cat(",\n  ", name, " = {", value, '}');
  };
  auto const add = [&](std::string_view name, std::string_view value) {
    raw(name, in_latex(value));
  };
  std::vector<std::string> authors;
  for (auto const& author : reference.authors)
    authors.push_back(is_person(author) ? in_latex(author) : cat('{', in_latex(author), '}'));
  raw("author", schema::join(authors, " and "));
  add("title", reference.title);
  add("year", reference.year);
  add(reference.kind.bibtex == "techreport"  ? "institution"
      : reference.kind.bibtex == "phdthesis" ? "school"
      : reference.kind.bibtex == "article"   ? "journal"
                                             : "publisher",
      reference.publisher);
  add("isbn", reference.isbn);
  raw("doi", reference.doi);  // addresses are not text: no command is read in them
  add("pagetotal", reference.pages);
  raw("url", reference.url);
  add("abstract", reference.summary);
  add("keywords", schema::join(reference.keywords, ", "));
  add("language", schema::join(reference.languages, ", "));
  return out + "\n}\n";
}

std::string ris(Reference const& reference) {
  auto out = cat("TY  - ", reference.kind.ris, "\r\n");
  auto const add = [&out](std::string_view tag, std::string_view value) {
    if (!value.empty()) out += cat(tag, "  - ", value, "\r\n");
  };
  add("ID", reference.id);
  add("TI", reference.title);
  for (auto const& author : reference.authors) add("AU", author);
  add("PY", reference.year);
  add("PB", reference.publisher);
  add("SN", reference.isbn);
  add("DO", reference.doi);
  add("UR", reference.url);
  add("AB", reference.summary);
  for (auto const& keyword : reference.keywords) add("KW", keyword);
  for (auto const& language : reference.languages) add("LA", language);
  return out + "ER  - \r\n\r\n";
}

}  // namespace

bool is_citable(schema::Type const& type) {
  return type.field("authors") != nullptr && type.field("doi") != nullptr;
}

std::string citations(Context const& context, std::vector<service::RecordPtr> const& records,
                      std::string_view format) {
  std::string out;
  for (auto const& record : records) {
    auto const reference = reference_of(context, *record);
    out += format == "ris" ? ris(reference) : bibtex(reference);
  }
  return out;
}

std::string_view citation_media_type(std::string_view format) {
  return format == "ris" ? "application/x-research-info-systems" : "application/x-bibtex";
}

}  // namespace solidaires::portal
