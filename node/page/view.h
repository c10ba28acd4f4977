// The data that a template shows: a tree of texts, flags, views and lists. Text is escaped when it
// is shown; only an Html, under a name that ends in "_html", is written as it is. Plain value, one
// thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace solidaires::page {

// Markup that is known to be safe: the result of a template or of the Markdown renderer.
struct Html {
  std::string text;
};

// Text as markup shows it, in an element or in a quoted attribute: for markup that no template
// makes.
[[nodiscard]] std::string escaped(std::string_view text);

class View {
 public:
  View();
  View(View const& other);
  View(View&& other) noexcept;
  View& operator=(View const& other);
  View& operator=(View&& other) noexcept;
  ~View();

  // Empty text is false, so that {{#name}} asks "is there one?". A name that was never set is
  // looked up in the views around: set every name that a template of this view reads.
  View& text(std::string_view name, std::string_view value);
  View& number(std::string_view name, std::int64_t value);  // with French thousands
  View& flag(std::string_view name, bool value);
  View& html(std::string_view name, Html const& value);  // `name` ends in "_html" (checked)
  View& view(std::string_view name, View const& value);
  // An empty list is false in {{#name}}; inside, {{text}} reads the item's own names first.
  View& list(std::string_view name, std::vector<View> items);

 private:
  friend class Templates;
  struct Tree;
  std::unique_ptr<Tree> tree_;
};

}  // namespace solidaires::page
