#include "node/http/response.h"

#include "node/http/target.h"

namespace solidaires::http {

Response Response::html(std::string body, int status) {
  Response out = bytes(std::move(body), "text/html; charset=utf-8");
  out.status = status;
  return out;
}

Response Response::json(std::string body, int status) {
  Response out = bytes(std::move(body), "application/json");
  out.status = status;
  return out;
}

Response Response::text(std::string body, int status) {
  Response out = bytes(std::move(body), "text/plain; charset=utf-8");
  out.status = status;
  return out;
}

Response Response::bytes(std::string body, std::string_view content_type) {
  Response out;
  out.body = std::move(body);
  out.headers.add("Content-Type", content_type);
  return out;
}

Response Response::redirect(std::string_view location, int status) {
  Response out = empty(status);
  out.headers.add("Location", location);
  return out;
}

Response Response::not_modified() {
  return empty(304);
}

Response Response::empty(int status) {
  Response out;
  out.status = status;
  return out;
}

Response Response::from_file(std::filesystem::path path, std::string_view content_type,
                             std::string_view download_name) {
  Response out;
  out.file = std::move(path);
  out.headers.add("Content-Type", content_type);
  if (!download_name.empty()) {
    out.headers.add("Content-Disposition", content_disposition(download_name));
  }
  return out;
}

Response Response::streamed(std::function<Result<std::string>()> next,
                            std::string_view content_type) {
  Response out;
  out.stream = std::move(next);
  out.headers.add("Content-Type", content_type);
  return out;
}

Response& Response::with(std::string_view name, std::string_view value) & {
  headers.set(name, value);
  return *this;
}

Response&& Response::with(std::string_view name, std::string_view value) && {
  headers.set(name, value);
  return std::move(*this);
}

Response& Response::set_cookie(Cookie const& cookie) {
  headers.add("Set-Cookie", format_cookie(cookie));
  return *this;
}

Response& Response::keep(std::vector<std::string> tags, std::chrono::seconds at_most) {
  cache = CacheAs{std::move(tags), at_most};
  return *this;
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Status";
  }
}

std::string content_disposition(std::string_view download_name) {
  std::string ascii;
  for (char c : download_name) {
    bool const is_plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%';
    if (is_plain) {
      ascii += c;
    } else if (static_cast<unsigned char>(c) < 0x80 || (static_cast<unsigned char>(c) & 0x40U)) {
      ascii += '_';  // one per character, not one per byte
    }
  }
  std::string out = "attachment; filename=\"" + ascii + '"';
  if (ascii != download_name) out += "; filename*=UTF-8''" + percent_encode(download_name);
  return out;
}

}  // namespace solidaires::http
