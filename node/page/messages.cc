#include "node/page/messages.h"

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "sync/base/bytes.h"
#include "sync/base/check.h"

namespace solidaires::page {

Messages const& french() {
  static Messages const kFrench;
  return kFrench;
}

Result<Messages> Messages::load(schema::Language language, std::filesystem::path const& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Code::not_found, cat(file.string(), " cannot be read"));
  std::string const text(std::istreambuf_iterator<char>(in), {});
  boost::system::error_code error;
  auto const parsed = boost::json::parse(text, error);
  if (error || !parsed.is_object())
    return fail(Code::invalid, cat(file.string(), " is no JSON object"));
  Messages out;
  out.language_ = language;
  for (auto const& [french, said] : parsed.get_object()) {
    if (!said.is_string() || said.get_string().empty())
      return fail(Code::invalid, cat(file.string(), ": nothing is said for: ", french));
    out.texts_.emplace(french, said.get_string());
  }
  return out;
}

std::string_view Messages::say(std::string_view french) const {
  if (language_ == schema::Language::fr) return french;
  auto const found = texts_.find(french);
  SOL_CHECK(found != texts_.end());
  return found->second;
}

bool Messages::has(std::string_view french) const {
  return language_ == schema::Language::fr || texts_.contains(french);
}

Result<std::string> Messages::translate(std::string_view marked) const {
  std::string out;
  for (auto at = marked.find("[["); at != std::string_view::npos; at = marked.find("[[")) {
    auto const end = marked.find("]]", at);
    if (end == std::string_view::npos) return fail(Code::invalid, "[[ without ]]");
    auto const french = marked.substr(at + 2, end - at - 2);
    if (!has(french)) return fail(Code::invalid, cat("not in the language ", code(), ": ", french));
    out += marked.substr(0, at);
    out += say(french);
    marked.remove_prefix(end + 2);
  }
  out += marked;
  return out;
}

}  // namespace solidaires::page
