#include "node/http/request.h"

#include <charconv>

namespace solidaires::http {

std::string_view method_name(Method method) noexcept {
  switch (method) {
    case Method::get: return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::del: return "DELETE";
    case Method::options: return "OPTIONS";
    case Method::other: break;
  }
  return "OTHER";
}

std::optional<std::int64_t> Request::capture_number(std::string_view name) const {
  std::string_view const text = capture(name);
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string Request::base_url() const {
  return (is_secure ? "https://" : "http://") + host;
}

}  // namespace solidaires::http
