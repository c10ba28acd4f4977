#include "node/http/prebuilt.h"

#include "node/http/response.h"
#include "sync/base/bytes.h"
#include "sync/base/hash.h"

namespace solidaires::http {
namespace {

std::string_view weak_part(std::string_view etag) noexcept {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  return etag;
}

std::string_view suffix(Coding coding) noexcept {
  switch (coding) {
    case Coding::gzip: return "-gz";
    case Coding::brotli: return "-br";
    case Coding::identity: break;
  }
  return "";
}

}  // namespace

bool matches_etag(std::string_view if_none_match, std::string_view etag) noexcept {
  while (!if_none_match.empty()) {
    std::size_t const end = std::min(if_none_match.find(','), if_none_match.size());
    std::string_view item = if_none_match.substr(0, end);
    if_none_match.remove_prefix(std::min(end + 1, if_none_match.size()));
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (item == "*" || weak_part(item) == weak_part(etag)) return true;
  }
  return false;
}

Prebuilt::Prebuilt(PrebuiltParts parts) : parts_(std::move(parts)) {
  // The fields are part of it: a redirect to elsewhere is another response.
  etag_base_ = base64url(sha256(sha256(parts_.head) + parts_.body).substr(0, 12));
  publish(Coding::identity, std::move(parts_.body));
  if (!parts_.is_compressible) {
    for (Coding coding : {Coding::gzip, Coding::brotli}) {
      ready_[static_cast<std::size_t>(coding)].store(&identity(), std::memory_order_release);
    }
  }
}

void Prebuilt::provide(Coding coding, std::string body) {
  publish(coding, std::move(body));
}

Prebuilt::Variant const& Prebuilt::make(Coding coding) const {
  std::scoped_lock const lock(mutex_);
  if (Variant const* done = find(coding)) return *done;
  std::string body = compress(identity().body, coding);
  if (body.empty() || body.size() >= identity().body.size()) {
    ready_[static_cast<std::size_t>(coding)].store(&identity(), std::memory_order_release);
  } else {
    publish(coding, std::move(body));
  }
  return *find(coding);
}

void Prebuilt::publish(Coding coding, std::string body) const {
  auto const place = static_cast<std::size_t>(coding);
  auto variant = std::make_unique<Variant>();
  variant->etag = cat('"', etag_base_, suffix(coding), '"');
  std::string fields = cat(parts_.head, "ETag: ", variant->etag, "\r\n");
  if (parts_.is_compressible) fields += "Vary: Accept-Encoding\r\n";
  variant->not_modified_head = cat("HTTP/1.1 304 Not Modified\r\n", fields);
  if (coding != Coding::identity) fields += cat("Content-Encoding: ", coding_name(coding), "\r\n");
  if (parts_.has_ranges) fields += "Accept-Ranges: bytes\r\n";
  variant->head = cat("HTTP/1.1 ", parts_.status, ' ', reason_phrase(parts_.status), "\r\n", fields,
                      "Content-Length: ", body.size(), "\r\n");
  variant->body = std::move(body);
  variants_[place] = std::move(variant);
  ready_[place].store(variants_[place].get(), std::memory_order_release);
}

std::size_t Prebuilt::bytes() const noexcept {
  constexpr std::size_t kOverhead = 1024;
  std::size_t const body = identity().body.size();
  // Text shrinks to about a quarter in either coding.
  std::size_t const codings = parts_.is_compressible ? body / 2 : 0;
  return body + codings + 4 * parts_.head.size() + kOverhead;
}

}  // namespace solidaires::http
