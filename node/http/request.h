// A request as a handler sees it: decoded, checked, complete. The server builds it and keeps it
// alive while the handler runs on a worker; handlers only read it. Tests may fill one by hand.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/http/headers.h"
#include "sync/base/clock.h"

namespace solidaires::http {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options, other };
[[nodiscard]] std::string_view method_name(Method method) noexcept;

// A file of a multipart form, on disk. The file is removed with the last copy of this, unless it
// was renamed away before.
struct UploadedFile {
  std::string field{};         // name of the form's field
  std::string name{};          // as the sender called it: one sane file name, never a path
  std::string content_type{};  // as the sender said: not to be trusted
  std::filesystem::path path{};
  std::uint64_t size_bytes = 0;
  std::shared_ptr<void const> remover{};
};

struct Request {
  Method method = Method::get;
  std::string path = "/";    // decoded and normalised: "/structures/café-solidaire"
  std::string target = "/";  // raw, as received: for redirects, never for decisions
  Parameters query;
  Headers headers;
  Parameters cookies;  // none while a cacheable page is made: it must be the same for everybody
  std::string body;    // unless it was a form
  Parameters form;     // fields of an urlencoded or multipart body
  std::vector<UploadedFile> files;

  std::string route;    // pattern that matched: "/structures/{slug}"
  Parameters captures;  // its parts
  // "exemple.fr" or "localhost:8073": well-formed, but only what the client said. While a cacheable
  // page is made for everybody this is ServerOptions::hosts[0], or empty, and `headers` is empty:
  // nothing that one client sent can end up in the page of another.
  std::string host;
  std::string peer;        // address of the client, behind trusted proxies; never to be logged
  bool is_secure = false;  // TLS, here or at a trusted proxy
  std::string id;          // for people to quote; on every error page and in the log
  Instant received_at{};

  [[nodiscard]] std::string_view capture(std::string_view name) const { return captures.get(name); }
  // The whole capture as a number; nothing when it is none.
  [[nodiscard]] std::optional<std::int64_t> capture_number(std::string_view name) const;
  [[nodiscard]] std::string base_url() const;  // "https://exemple.fr", without a slash
  // GET and HEAD: what must not change anything.
  [[nodiscard]] bool is_safe() const noexcept {
    return method == Method::get || method == Method::head || method == Method::options;
  }
};

}  // namespace solidaires::http
