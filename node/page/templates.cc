#include "node/page/templates.h"

#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "node/page/view_tree.h"
#include "sync/base/bytes.h"
#include "sync/base/check.h"

namespace solidaires::page {
namespace {

namespace fs = std::filesystem;
using Sources = std::map<std::string, std::string, std::less<>>;

constexpr std::size_t kPartsDeep = 12;
constexpr std::string_view kPlainText = "_text";  // how names of templates of plain text end

Result<std::string> read_file(fs::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(Code::io, cat("cannot read the template ", path.string()));
  return std::move(text).str();
}

Result<Sources> read_sources(std::vector<fs::path> const& directories) {
  Sources sources;
  for (auto const& directory : directories) {
    std::error_code error;
    for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end;
         it.increment(error)) {
      if (it->path().extension() != ".mustache") continue;
      auto name = fs::relative(it->path(), directory).replace_extension().generic_string();
      SOL_ASSIGN(auto text, read_file(it->path()));
      if (!sources.emplace(name, std::move(text)).second) {
        return fail(Code::invalid, cat("two templates are named ", name));
      }
    }
    if (error) {
      return fail(Code::io,
                  cat("cannot list the templates of ", directory.string(), ": ", error.message()));
    }
  }
  return sources;
}

std::string trimmed(std::string_view text) {
  auto const first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

// `name` with every {{> part}} replaced by the part's own resolved text.
Result<std::string> resolve(Sources const& sources, std::string_view name, std::size_t depth) {
  auto const found = sources.find(name);
  if (found == sources.end()) return fail(Code::invalid, cat("no template is named ", name));
  if (depth > kPartsDeep)
    return fail(Code::invalid, cat("the template ", name, " includes itself"));
  std::string out;
  std::string_view rest = found->second;
  for (auto at = rest.find("{{>"); at != std::string_view::npos; at = rest.find("{{>")) {
    auto const end = rest.find("}}", at);
    if (end == std::string_view::npos) {
      return fail(Code::invalid, cat("an unclosed {{> in the template ", name));
    }
    auto part = resolve(sources, trimmed(rest.substr(at + 3, end - at - 3)), depth + 1);
    if (!part) return std::unexpected(Error(part.error()).in(name));
    out += rest.substr(0, at);
    if (part->ends_with('\n')) part->pop_back();
    out += *part;
    rest.remove_prefix(end + 2);
  }
  out += rest;
  return out;
}

Result<> refuse_raw_output(std::string_view name, std::string_view text) {
  if (text.find("{{&") != std::string_view::npos || text.find("{{=") != std::string_view::npos) {
    return fail(Code::invalid, cat("{{& and {{= are not used here: template ", name));
  }
  for (auto at = text.find("{{{"); at != std::string_view::npos; at = text.find("{{{", at + 3)) {
    auto const end = text.find("}}}", at);
    auto const variable =
        trimmed(text.substr(at + 3, end == std::string_view::npos ? 0 : end - at - 3));
    if (!variable.ends_with("_html")) {
      return fail(Code::invalid, cat("raw output of '", variable,
                                     "', which does not end in _html: template ", name));
    }
  }
  return {};
}

}  // namespace

struct Templates::Loaded {
  // Rendering does not change a parsed template that has no parts and no lambdas, but the library
  // does not say so with const.
  mutable std::map<std::string, kainjow::mustache::mustache, std::less<>> parsed;
};

Templates::Templates(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {}
Templates::Templates(Templates&&) noexcept = default;
Templates& Templates::operator=(Templates&&) noexcept = default;
Templates::~Templates() = default;

Result<Templates> Templates::load(std::vector<fs::path> const& directories,
                                  Messages const& messages) {
  SOL_ASSIGN(auto const sources, read_sources(directories));
  auto loaded = std::make_unique<Loaded>();
  for (auto const& [name, source] : sources) {
    SOL_TRY(refuse_raw_output(name, source));
    SOL_ASSIGN(auto const resolved, resolve(sources, name, 0));
    auto const text = messages.translate(resolved);
    if (!text) return std::unexpected(Error(text.error()).in(name));
    kainjow::mustache::mustache parsed(*text);
    if (!parsed.is_valid()) {
      return fail(Code::invalid, cat("template ", name, ": ", parsed.error_message()));
    }
    if (name.ends_with(kPlainText))
      parsed.set_custom_escape([](std::string const& plain) { return plain; });
    loaded->parsed.emplace(name, std::move(parsed));
  }
  return Templates(std::move(loaded));
}

Html Templates::render(std::string_view name, View const& view) const {
  auto const found = loaded_->parsed.find(name);
  SOL_CHECK(found != loaded_->parsed.end() && !name.ends_with(kPlainText));
  Html out;
  out.text.reserve(16UL * 1024);
  found->second.render(view.tree_->data, [&out](std::string const& part) { out.text += part; });
  return out;
}

std::string Templates::render_text(std::string_view name, View const& view) const {
  auto const found = loaded_->parsed.find(name);
  SOL_CHECK(found != loaded_->parsed.end() && name.ends_with(kPlainText));
  std::string out;
  found->second.render(view.tree_->data, [&out](std::string const& part) { out += part; });
  return out;
}

bool Templates::has(std::string_view name) const {
  return loaded_->parsed.contains(name);
}

}  // namespace solidaires::page
