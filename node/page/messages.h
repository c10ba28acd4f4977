// The words of pages in another language than French. French is what templates and code say: in a
// template between [[ and ]], in code as what say() is asked for; a language is one file that gives
// for each of these texts its own (languages/en.json). Addresses of pages are such texts too.
// Immutable once read; any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "schema/vocabulary.h"
#include "sync/base/result.h"

namespace solidaires::page {

class Messages {
 public:
  Messages() = default;  // French: every text is its own
  // A JSON object of texts. Code::invalid: it is none, or a text is empty.
  static Result<Messages> load(schema::Language language, std::filesystem::path const& file);

  [[nodiscard]] schema::Language language() const noexcept { return language_; }
  [[nodiscard]] std::string_view code() const noexcept {
    return language_ == schema::Language::en ? "en" : "fr";
  }
  // The text must be there (checked: texts are written in code). What comes back lives as long as
  // this, or as what was asked for.
  [[nodiscard]] std::string_view say(std::string_view french) const;
  [[nodiscard]] bool has(std::string_view french) const;
  // With every [[text]] said in this language. Code::invalid names the text that is missing.
  [[nodiscard]] Result<std::string> translate(std::string_view marked) const;

 private:
  schema::Language language_ = schema::Language::fr;
  std::map<std::string, std::string, std::less<>> texts_;
};

[[nodiscard]] Messages const& french();  // for good

}  // namespace solidaires::page
