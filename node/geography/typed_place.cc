#include "node/geography/typed_place.h"

#include <algorithm>
#include <cctype>

#include "node/text/fold.h"

namespace solidaires::geography {

namespace {

constexpr std::size_t kTypedBytesMax = 160;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Digits alone, or a Corsican department with or without the rest of a commune's code.
bool is_code(std::string_view text) {
  if (text.size() >= 2 && text[0] == '2' && (text[1] == 'a' || text[1] == 'b')) {
    return text.size() <= 5 && std::ranges::all_of(text.substr(2), is_digit);
  }
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

// The parts of "name (hint, hint), hint".
std::vector<std::string> cut_hints(std::string_view text) {
  std::vector<std::string> parts(1);
  for (auto const c : text) {
    if (c == '(' || c == ')' || c == ',' || c == '[' || c == ']') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// "73000 chambery", "grenoble cedex 9", "f-38000 grenoble".
std::string strip_postal(std::string_view folded, std::string& postal_code) {
  std::string rest;
  auto const words = split_words(folded);
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto const word = words[i];
    if (word.size() == 5 && is_code(word) && words.size() > 1 && postal_code.empty()) {
      postal_code = upper(word);
      continue;
    }
    if (word == "cedex") {
      if (i + 1 < words.size() && is_code(words[i + 1]) && words[i + 1].size() <= 2) ++i;
      continue;
    }
    if (word == "f" && i == 0 && words.size() > 1 && is_code(words[1])) continue;
    if (!rest.empty()) rest += ' ';
    rest += word;
  }
  return rest;
}

}  // namespace

std::optional<TypedPlace> take_apart(std::string_view text) {
  if (text.size() > kTypedBytesMax) text = text.substr(0, kTypedBytesMax);
  auto const folded = text::fold(text);
  if (folded.empty()) return std::nullopt;
  TypedPlace typed;
  auto joined = folded;
  std::erase(joined, ' ');
  if (is_code(joined)) {
    typed.code = upper(joined);
    return typed;
  }
  for (auto const& part : cut_hints(text)) {
    auto const rest = strip_postal(text::fold(part), typed.postal_code);
    if (rest.empty()) continue;
    if (typed.name.full.empty()) {
      typed.name = name_key(rest);
      typed.group_name = epci_key(rest).loose;
    } else {
      typed.hints.push_back(name_key(rest));
    }
  }
  if (typed.name.full.empty()) typed.code = typed.postal_code;
  if (is_code(typed.name.full)) typed.code = upper(typed.name.full);  // "01200 (code postal ...)"
  return typed;
}

std::string restore_zero(std::string_view code) {
  auto out = upper(code);
  std::erase(out, ' ');
  if (out.size() == 4 && std::ranges::all_of(out, is_digit)) out.insert(0, 1, '0');
  return out;
}

}  // namespace solidaires::geography
