#include "node/http/headers.h"

namespace solidaires::http {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

std::string one_line(std::string_view value) {
  std::string out(value);
  for (char& c : out) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
  }
  return out;
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

void Headers::add(std::string_view name, std::string_view value) {
  items_.push_back({std::string(name), one_line(value)});
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(items_,
                [&](Header const& header) { return equals_ignoring_case(header.name, name); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (Header const& header : items_) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return std::nullopt;
}

std::string_view Headers::get(std::string_view name) const {
  return find(name).value_or(std::string_view{});
}

std::optional<std::string_view> Parameters::find(std::string_view name) const {
  for (auto const& [key, value] : items_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string_view Parameters::get(std::string_view name) const {
  return find(name).value_or(std::string_view{});
}

std::vector<std::string_view> Parameters::all(std::string_view name) const {
  std::vector<std::string_view> out;
  for (auto const& [key, value] : items_) {
    if (key == name) out.emplace_back(value);
  }
  return out;
}

}  // namespace solidaires::http
