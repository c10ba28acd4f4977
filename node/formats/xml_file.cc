#include <algorithm>
#include <pugixml.hpp>
#include <ranges>

#include "node/formats/readers.h"
#include "node/text/fold.h"
#include "sync/base/bytes.h"

namespace solidaires::formats {
namespace {

constexpr int kDepthMax = 6;
constexpr std::size_t kExcerptCharacters = 400;

std::string_view local_name(std::string_view name) {
  auto const colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::string text_of(pugi::xml_node node) {
  return node.text().get();
}

// "/2026/fete" of "https://exemple.fr/blog" is on the same site; only http and https lead anywhere.
std::string absolute(std::string link, std::string_view site) {
  if (link.starts_with("http://") || link.starts_with("https://")) return link;
  auto const scheme = site.find("://");
  if (!link.starts_with('/') || link.starts_with("//") || scheme == std::string_view::npos)
    return {};
  return cat(site.substr(0, site.find('/', scheme + 3)), link);
}

// "2026-12-01T..." and "Tue, 01 Dec 2026 10:00:00 GMT" -> 2026-12-01; anything else: empty.
std::string day_of(std::string_view text) {
  constexpr std::size_t kIsoCharacters = 10;
  constexpr std::string_view kMonths = "jan feb mar apr may jun jul aug sep oct nov dec ";
  auto const is_digits = [](std::string_view word) {
    return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (text.size() >= kIsoCharacters && text[4] == '-')
    return std::string(text.substr(0, kIsoCharacters));
  auto const folded = text::fold(text);
  std::vector<std::string_view> words;
  for (auto const word : std::views::split(folded, ' '))
    words.emplace_back(word.begin(), word.end());
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    auto const month = kMonths.find(cat(words[i + 1].substr(0, 3), ' '));
    bool const is_date = is_digits(words[i]) && words[i].size() <= 2 && words[i + 1].size() >= 3 &&
                         month != std::string_view::npos && is_digits(words[i + 2]) &&
                         words[i + 2].size() == 4;
    if (!is_date) continue;
    auto const number = month / 4 + 1;
    return cat(words[i + 2], number < 10 ? "-0" : "-", number, words[i].size() == 1 ? "-0" : "-",
               words[i]);
  }
  return {};
}

std::string link_of(pugi::xml_node item) {
  for (auto const link : item.children("link")) {
    std::string const relation = link.attribute("rel").as_string("alternate");
    if (relation != "alternate") continue;
    if (link.attribute("href")) return link.attribute("href").as_string();
    if (!text_of(link).empty()) return text_of(link);
  }
  return {};
}

// Of news from elsewhere: title, excerpt, link and date, never the whole text nor its pictures.
void entry(NamedRows& rows, pugi::xml_node item, std::string_view site) {
  rows.begin();
  auto const link = absolute(text::single_line(link_of(item)), site);
  auto const first = [&item](std::initializer_list<char const*> names) {
    for (auto const* const name : names) {
      if (auto text = text_of(item.child(name)); !text.empty()) return text;
    }
    return std::string();
  };
  auto const id = first({"guid", "id"});
  if (id.empty()) rows.note("pas d’identifiant : l’adresse de l’article en tient lieu");
  rows.put("id", id.empty() ? link : id);
  rows.put("titre", plain_text(first({"title"})));
  auto const excerpt =
      text::excerpt(plain_text(first({"description", "summary", "content", "content:encoded"})),
                    kExcerptCharacters);
  rows.put("chapeau", excerpt);
  if (!link.empty()) rows.put("texte", cat(excerpt, "\n\nLire la suite : ", link));
  if (link.empty()) rows.note("pas de lien utilisable vers l’article");
  rows.put("lien_source", link);
  rows.put("date", day_of(first({"published", "updated", "dc:date", "pubDate"})));
}

void feed(NamedRows& rows, pugi::xml_node root) {
  auto const channel = root.child("channel");
  auto const head = channel ? channel : root;
  auto const site = link_of(head);
  for (auto const parent : {head, root}) {
    for (auto const item : parent.children()) {
      auto const name = local_name(item.name());
      if (name == "item" || name == "entry") entry(rows, item, site);
    }
    if (head == root) break;
  }
}

void flatten(NamedRows& rows, std::string const& path, pugi::xml_node node, int depth) {
  if (depth > kDepthMax || rows.full()) return;
  for (auto const attribute : node.attributes()) {
    rows.put(path.empty() ? std::string(attribute.name()) : cat(path, '.', attribute.name()),
             attribute.value());
  }
  if (!path.empty()) rows.put(path, text_of(node));
  for (auto const child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    std::string const name(local_name(child.name()));
    flatten(rows, path.empty() ? name : cat(path, '.', name), child, depth + 1);
  }
}

// The element whose children are the rows: the root, or its only child that has several.
pugi::xml_node list_of(pugi::xml_node root) {
  auto const elements = [](pugi::xml_node node) {
    return std::ranges::count_if(
        node.children(), [](pugi::xml_node child) { return child.type() == pugi::node_element; });
  };
  auto node = root;
  for (int depth = 0; depth < kDepthMax && elements(node) == 1; ++depth) {
    auto const inner =
        node.find_child([](pugi::xml_node child) { return child.type() == pugi::node_element; });
    if (elements(inner) == 0) break;
    // A list of one: its only row has plain fields.
    bool const is_row = std::ranges::none_of(
        inner.children(), [&elements](pugi::xml_node child) { return elements(child) > 0; });
    if (is_row) break;
    node = inner;
  }
  return node;
}

}  // namespace

Result<TableFile> read_xml(DecodedText const& text) {
  if (text.text.contains("<!ENTITY")) {
    return fail(Code::invalid,
                "Ce fichier XML définit des entités, ce qu’un flux honnête ne fait pas : il n’est "
                "pas lu.");
  }
  pugi::xml_document document;
  // Document types are passed over and no entity but XML's own five is known.
  auto const parsed = document.load_buffer(text.text.data(), text.text.size(), pugi::parse_default,
                                           pugi::encoding_utf8);
  if (!parsed) {
    return fail(Code::invalid,
                "Le fichier commence comme du XML, mais ne se lit pas jusqu’au bout : il est coupé "
                "ou abîmé.");
  }
  auto const root = document.document_element();
  auto const name = local_name(root.name());
  NamedRows rows;
  if (name == "rss" || name == "feed" || name == "RDF") {
    feed(rows, root);
    return rows.finish(Format::feed, text.encoding);
  }
  if (name == "html") {
    return fail(Code::invalid,
                "C’est une page de site, pas des données. Cherchez sur ce site une adresse de flux "
                "ou un export.");
  }
  for (auto const item : list_of(root).children()) {
    if (item.type() != pugi::node_element || rows.full()) continue;
    rows.begin();
    flatten(rows, "", item, 0);
  }
  return rows.finish(Format::xml, text.encoding);
}

}  // namespace solidaires::formats
