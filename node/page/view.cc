#include "node/page/view.h"

#include "node/page/view_tree.h"
#include "node/page/wording.h"
#include "sync/base/check.h"

namespace solidaires::page {

using kainjow::mustache::data;

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char const c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

View::View() : tree_(std::make_unique<Tree>()) {}
View::View(View const& other) : tree_(std::make_unique<Tree>(*other.tree_)) {}
View::View(View&& other) noexcept = default;
View& View::operator=(View const& other) {
  if (this != &other) tree_ = std::make_unique<Tree>(*other.tree_);
  return *this;
}
View& View::operator=(View&& other) noexcept = default;
View::~View() = default;

View& View::text(std::string_view name, std::string_view value) {
  // An empty text is set all the same, as false: a name that is missing would be looked up in the
  // views around this one.
  tree_->data.set(std::string(name), value.empty() ? data(false) : data(std::string(value)));
  return *this;
}

View& View::number(std::string_view name, std::int64_t value) {
  return text(name, number_text(value, Language::fr));
}

View& View::flag(std::string_view name, bool value) {
  tree_->data.set(std::string(name), data(value));
  return *this;
}

View& View::html(std::string_view name, Html const& value) {
  SOL_CHECK(name.ends_with("_html"));
  tree_->data.set(std::string(name), value.text.empty() ? data(false) : data(value.text));
  return *this;
}

View& View::view(std::string_view name, View const& value) {
  tree_->data.set(std::string(name), value.tree_->data);
  return *this;
}

// By value: callers hand over what they built, though Mustache can only copy it.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
View& View::list(std::string_view name, std::vector<View> items) {
  data list{data::type::list};
  for (auto const& item : items) list.push_back(item.tree_->data);
  tree_->data.set(std::string(name), list);
  return *this;
}

}  // namespace solidaires::page
