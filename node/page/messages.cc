#include "node/page/messages.h"

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "sync/base/bytes.h"
#include "sync/base/check.h"

namespace solidaires::page {
namespace {

constexpr std::string_view kWrittenInFrench = "lang=fr";

// Texts enter it before main, one after the other.
constinit Text::Entry const* last_entry = nullptr;

}  // namespace

Text::Entry::Entry(std::string_view said) noexcept : french(said), next(last_entry) {
  last_entry = this;
}

std::vector<std::string_view> Text::all() {
  std::vector<std::string_view> out;
  for (auto const* entry = last_entry; entry != nullptr; entry = entry->next)
    out.push_back(entry->french);
  return out;
}

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

std::string_view Messages::of(std::string_view french) const {
  if (language_ == schema::Language::fr) return french;
  auto const found = texts_.find(french);
  SOL_CHECK(found != texts_.end());
  return found->second;
}

std::string Messages::filled(std::string_view text, std::vector<std::string> const& pieces) {
  std::string out;
  std::size_t next = 0;
  for (auto at = text.find('{'); at != std::string_view::npos; at = text.find('{')) {
    auto const end = text.find('}', at);
    SOL_CHECK(end != std::string_view::npos && end <= at + 2);
    auto const piece = end == at + 1 ? next++ : static_cast<std::size_t>(text[at + 1] - '0');
    out += text.substr(0, at);
    out += pieces.at(piece);
    text.remove_prefix(end + 1);
  }
  out += text;
  return out;
}

std::vector<std::string_view> Messages::lacking() const {
  std::vector<std::string_view> out;
  if (language_ == schema::Language::fr) return out;
  for (auto const text : Text::all()) {
    if (!texts_.contains(text)) out.push_back(text);
  }
  return out;
}

Result<std::string> Messages::translate(std::string_view marked) const {
  bool const is_french = language_ == schema::Language::fr;
  std::string out;
  for (auto at = marked.find("[["); at != std::string_view::npos; at = marked.find("[[")) {
    auto const end = marked.find("]]", at);
    if (end == std::string_view::npos) return fail(Code::invalid, "[[ without ]]");
    auto const text = marked.substr(at + 2, end - at - 2);
    out += marked.substr(0, at);
    if (text == kWrittenInFrench) {
      out += is_french ? "" : " lang=\"fr\"";
    } else if (is_french || texts_.contains(text)) {
      out += of(text);
    } else {
      return fail(Code::invalid, cat("not in the language ", code(), ": ", text));
    }
    marked.remove_prefix(end + 2);
  }
  out += marked;
  return out;
}

std::string Messages::address(std::string_view french) const {
  if (language_ == schema::Language::fr) return std::string(french);
  auto known = french.substr(0, french.find_first_of("?#"));
  for (; known.size() > 1; known = known.substr(0, known.rfind('/'))) {
    if (auto const found = texts_.find(known); found != texts_.end())
      return cat(found->second, french.substr(known.size()));
  }
  return cat(of("/"), french.starts_with("/?") || french == "/" ? french.substr(1) : french);
}

bool Messages::owns(std::string_view address) const {
  if (language_ == schema::Language::fr) return false;
  auto const home = of("/");
  return address.starts_with(home) &&
         (address.size() == home.size() || std::string_view("/?").contains(address[home.size()]));
}

}  // namespace solidaires::page
