// The header fields of a message, in their order; and parameters, the same for decoded names and
// values of queries, forms and cookies. Plain values: any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace solidaires::http {

// ASCII only, as header names and tokens are.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

struct Header {
  std::string name;
  std::string value;
};

// Names compare without regard to case. A control character in a value (a line break in a name
// that somebody typed) becomes a space: nothing added here can split a message.
class Headers {
 public:
  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // replaces every earlier one
  void remove(std::string_view name);
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;  // the first
  [[nodiscard]] std::string_view get(std::string_view name) const;  // "" when absent
  [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }
  [[nodiscard]] std::vector<Header> const& items() const noexcept { return items_; }

 private:
  std::vector<Header> items_;
};

// Names compare byte by byte; a name may come several times (check boxes). Everything is valid
// UTF-8: what was broken has been replaced by U+FFFD.
class Parameters {
 public:
  using Item = std::pair<std::string, std::string>;

  void add(std::string name, std::string value) {
    items_.emplace_back(std::move(name), std::move(value));
  }
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;  // the first
  [[nodiscard]] std::string_view get(std::string_view name) const;  // "" when absent
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }
  [[nodiscard]] std::vector<Item> const& items() const noexcept { return items_; }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }

 private:
  std::vector<Item> items_;
};

}  // namespace solidaires::http
