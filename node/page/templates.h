// The Mustache templates of all pages: read once at start, then immutable; any thread may render.
// {{> name}} is resolved when read, so that a page is parsed once, never while somebody waits for
// it.
// A template whose name ends in "_text" is the plain text of a mail, and not escaped.
// {{{name}}} is refused unless the name ends in "_html": escaping cannot be forgotten by a slip.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "node/page/messages.h"
#include "node/page/view.h"
#include "sync/base/result.h"

namespace solidaires::page {

class Templates {
 public:
  // Every *.mustache below the directories, named by its path inside them without the ending
  // ("portal/home"). Errors name the file: a parse error, a missing or circular part, raw output.
  // [[texts]] are said in the language of `messages`; one that it lacks is an error too.
  static Result<Templates> load(std::vector<std::filesystem::path> const& directories,
                                Messages const& messages = {});

  Templates(Templates&&) noexcept;
  Templates& operator=(Templates&&) noexcept;
  ~Templates();

  // The template must exist (checked: names are written in code).
  [[nodiscard]] Html render(std::string_view name, View const& view) const;
  // Plain text, of a template whose name ends in "_text" (checked): nothing is escaped there, and
  // the text must not become part of a page.
  [[nodiscard]] std::string render_text(std::string_view name, View const& view) const;
  [[nodiscard]] bool has(std::string_view name) const;

 private:
  struct Loaded;
  explicit Templates(std::unique_ptr<Loaded> loaded);
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace solidaires::page
