#include "node/page/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <set>
#include <vector>

namespace solidaires::page {
namespace {

// Whatever levels their author used, headings begin below the page's own and skip none: a heading
// is at most one level deeper than the one before it.
void lower_headings(cmark_node* document, int top) {
  std::vector<cmark_node*> headings;
  std::set<int> used;
  std::unique_ptr<cmark_iter, decltype(&cmark_iter_free)> const iterator(cmark_iter_new(document),
                                                                         &cmark_iter_free);
  for (auto event = cmark_iter_next(iterator.get()); event != CMARK_EVENT_DONE;
       event = cmark_iter_next(iterator.get())) {
    auto* const node = cmark_iter_get_node(iterator.get());
    if (event != CMARK_EVENT_ENTER || cmark_node_get_type(node) != CMARK_NODE_HEADING) continue;
    headings.push_back(node);
    used.insert(cmark_node_get_heading_level(node));
  }
  int before = top - 1;
  for (auto* const heading : headings) {
    auto const rank = std::distance(used.begin(), used.find(cmark_node_get_heading_level(heading)));
    before = std::min({6, top + static_cast<int>(rank), before + 1});
    cmark_node_set_heading_level(heading, before);
  }
}

}  // namespace

Html markdown(std::string_view text, LineBreaks breaks, int top) {
  [[maybe_unused]] static bool const registered = [] {
    cmark_gfm_core_extensions_ensure_registered();
    return true;
  }();
  int const options = CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8 |
                      (breaks == LineBreaks::kept ? CMARK_OPT_HARDBREAKS : 0);
  std::unique_ptr<cmark_parser, decltype(&cmark_parser_free)> const parser(
      cmark_parser_new(options), &cmark_parser_free);
  for (char const* const name : {"table", "strikethrough", "autolink"}) {
    if (auto* const extension = cmark_find_syntax_extension(name); extension != nullptr) {
      cmark_parser_attach_syntax_extension(parser.get(), extension);
    }
  }
  cmark_parser_feed(parser.get(), text.data(), text.size());
  std::unique_ptr<cmark_node, decltype(&cmark_node_free)> const document(
      cmark_parser_finish(parser.get()), &cmark_node_free);
  lower_headings(document.get(), top);
  std::unique_ptr<char, decltype(&std::free)> const html(
      cmark_render_html(document.get(), options, cmark_parser_get_syntax_extensions(parser.get())),
      &std::free);
  return Html{html.get()};
}

}  // namespace solidaires::page
