// The words of pages in another language than French. French is what templates and code say: in a
// template between [[ and ]], in code as "text"_fr; a language is one file that gives for each of
// these texts its own (languages/en.json). Addresses of pages are such texts too, where a language
// has its own. In a template, [[lang=fr]] in a tag marks what people wrote in French.
// Immutable once read; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "schema/vocabulary.h"
#include "sync/base/bytes.h"
#include "sync/base/result.h"

namespace solidaires::page {

// A text that code says, in French; {} stands for what is put into it, and a language may take the
// pieces in another order ({1} before {0}). Every such text of the program is in all(), so that
// what a language lacks is known when the program starts.
class Text {
 public:
  [[nodiscard]] std::string_view french() const noexcept { return french_; }
  static std::vector<std::string_view> all();

  // One per text, for good: an entry of the list.
  struct Entry {
    explicit Entry(std::string_view said) noexcept;
    std::string_view french;
    Entry const* next;
  };

  explicit Text(Entry const& entry) : french_(entry.french) {}

 private:
  std::string_view french_;
};

namespace detail {

template <std::size_t kSize>
struct Literal {
  consteval Literal(char const (&text)[kSize]) { std::ranges::copy(text, chars.begin()); }
  std::array<char, kSize> chars{};
  [[nodiscard]] constexpr std::string_view view() const { return {chars.data(), kSize - 1}; }
};

template <Literal kText>
inline Text::Entry const kEntry{kText.view()};

}  // namespace detail

template <detail::Literal kText>
[[nodiscard]] Text operator""_fr() {
  return Text(detail::kEntry<kText>);
}

class Messages {
 public:
  Messages() = default;  // French: every text is its own
  // A JSON object of texts. Code::invalid: it is none, or a text is empty.
  static Result<Messages> load(schema::Language language, std::filesystem::path const& file);

  [[nodiscard]] schema::Language language() const noexcept { return language_; }
  [[nodiscard]] std::string_view code() const noexcept {
    return language_ == schema::Language::en ? "en" : "fr";
  }
  // The text must be there (checked: see lacking()). What comes back lives as long as this, or as
  // the program.
  [[nodiscard]] std::string_view say(Text text) const { return of(text.french()); }
  // The same with its pieces put in.
  template <class... Pieces>
    requires(sizeof...(Pieces) > 0)
  [[nodiscard]] std::string say(Text text, Pieces const&... pieces) const {
    return filled(say(text), {cat(pieces)...});
  }
  // The texts of the program's code that are not there.
  [[nodiscard]] std::vector<std::string_view> lacking() const;
  // With every [[text]] said in this language. Code::invalid names the text that is missing.
  [[nodiscard]] Result<std::string> translate(std::string_view marked) const;
  // The address of the page that has this one in French, its query kept: "/aide" is "/en/help".
  // What has no address of its own in the file stands below that of its beginning that has one, and
  // below that of the home page at last: "/agenda/x?a=b" is "/en/agenda/x?a=b".
  [[nodiscard]] std::string address(std::string_view french) const;
  // Whether an address is below the home page of this language; French has no place of its own.
  [[nodiscard]] bool owns(std::string_view address) const;

 private:
  [[nodiscard]] std::string_view of(std::string_view french) const;
  static std::string filled(std::string_view text, std::vector<std::string> const& pieces);

  schema::Language language_ = schema::Language::fr;
  std::map<std::string, std::string, std::less<>> texts_;
};

[[nodiscard]] Messages const& french();  // for good

}  // namespace solidaires::page
