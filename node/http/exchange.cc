#include "node/http/exchange.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "node/http/csrf.h"
#include "node/http/descriptor.h"
#include "node/http/target.h"
#include "sync/base/log.h"

namespace solidaires::http {
namespace {

constexpr std::size_t kSharedTargetMax = 2048;
constexpr std::uint64_t kMultipartFraming = 64UL * 1024;
constexpr std::size_t kCompressMin = 256;
constexpr std::size_t kFileChunk = 256UL * 1024;

bool is_read(Method method) noexcept {
  return method == Method::get || method == Method::head;
}

bool is_ours(std::string_view name) noexcept {
  return equals_ignoring_case(name, "Content-Length") || equals_ignoring_case(name, "Connection") ||
         equals_ignoring_case(name, "Transfer-Encoding") || equals_ignoring_case(name, "Date");
}

class FileSource final : public BodySource {
 public:
  FileSource(Descriptor file, Range range) : file_(std::move(file)), range_(range) {}

  Result<std::string> next() override {
    std::string out;
    std::size_t const wanted = std::min<std::uint64_t>(range_.size, kFileChunk);
    out.resize_and_overwrite(wanted, [&](char* data, std::size_t size) {
      ssize_t const got = ::pread(file_.get(), data, size, static_cast<off_t>(range_.begin));
      return got > 0 ? static_cast<std::size_t>(got) : 0;
    });
    if (out.empty() && wanted > 0) return fail(Code::io, "a file became shorter while it was sent");
    range_.begin += out.size();
    range_.size -= out.size();
    return out;
  }

 private:
  Descriptor file_;
  Range range_;
};

class StreamSource final : public BodySource {
 public:
  StreamSource(std::function<Result<std::string>()> next, bool is_chunked)
      : next_(std::move(next)), is_chunked_(is_chunked) {}

  Result<std::string> next() override {
    if (is_done_) return std::string();
    SOL_ASSIGN(std::string part, guarded());
    is_done_ = part.empty();
    if (!is_chunked_) return part;
    if (is_done_) return std::string("0\r\n\r\n");
    std::array<char, 20> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", part.size());
    return cat(size.data(), part, "\r\n");
  }

 private:
  Result<std::string> guarded() try { return next_(); } catch (std::exception const& error) {
    return fail(Code::internal, error.what());
  }

  std::function<Result<std::string>()> next_;
  bool is_chunked_;
  bool is_done_ = false;
};

std::string joined(std::vector<std::string> const& parts) {
  std::string out;
  for (std::string const& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

}  // namespace

Exchange::Exchange(Shared& shared, Head const& head, std::string peer, bool is_secure,
                   std::string id)
    : shared_(shared) {
  request_.method = head.method;
  request_.target = head.target;
  request_.host = head.host;
  request_.peer = std::move(peer);
  request_.is_secure = is_secure;
  request_.id = std::move(id);
  request_.received_at = SystemClock().now();
  for (HeadField const& field : head.fields) request_.headers.add(field.name, field.value);
  is_http_10_ = head.is_http_10;
  is_personal_ = shared.is_personal(head);
  coding_ = choose_coding(head.accept_encoding);
  if_none_match_ = head.if_none_match;
  if (head.has_range) {
    range_ = head.find("Range");
    if_range_ = head.find("If-Range");
  }
  content_type_ = head.find("Content-Type");
  out_.without_body = head.method == Method::head;
  find_route();
  decide_sharing(head);
}

Exchange::~Exchange() {
  land(nullptr, std::nullopt);
}

void Exchange::find_route() {
  std::string_view const target = request_.target;
  auto segments = parse_path(target.substr(0, target.find('?')));
  if (!segments && target != "*") return;
  is_path_good_ = true;
  if (!segments) return;
  segments_ = *std::move(segments);
  match_ = shared_.router.match(request_.method, segments_);
  route_ = match_.route;
  if (route_ == nullptr) return;
  request_.route = route_->pattern;
  request_.captures = std::move(match_.captures);
}

void Exchange::decide_sharing(Head const& head) {
  bool const may_share = route_ != nullptr && route_->options.cacheable && is_read(head.method) &&
                         shared_.parts.cache != nullptr && !is_personal_ &&
                         request_.target.size() <= kSharedTargetMax;
  if (!may_share) return;
  key_ = canonical_target(request_.target).value_or(std::string());
  if (key_.empty()) return;
  request_.headers = Headers();
  request_.peer.clear();
  request_.host = shared_.options.hosts.empty() ? std::string() : shared_.options.hosts.front();
}

std::uint64_t Exchange::body_bytes_max() const noexcept {
  if (route_ == nullptr) return 0;
  RouteOptions const& options = route_->options;
  bool const is_multipart = media_type(content_type_) == "multipart/form-data";
  return options.body_bytes_max + (is_multipart ? options.file_bytes_max + kMultipartFraming : 0);
}

int Exchange::early_refusal(Head const& head) const {
  if (!is_path_good_) return 400;
  if (route_ == nullptr) return match_.allowed.empty() ? 404 : 405;
  if (!request_.is_safe() && !route_->options.cross_origin &&
      source_of(request_) == Source::elsewhere) {
    return 403;
  }
  return head.content_length > body_bytes_max() ? 413 : 0;
}

bool Exchange::needs_admission() const noexcept {
  return route_ != nullptr && route_->options.admit != nullptr;
}

void Exchange::admit() {
  complete_request();
  std::optional<Response> answer;
  Response failed = call_guarded([&] {
    answer = route_->options.admit(request_);
    return Response();
  });
  if (failed.status != 200) answer = std::move(failed);
  if (answer) finish(*std::move(answer));
}

bool Exchange::take_body(std::string_view bytes) {
  if (media_type(content_type_) != "multipart/form-data") {
    request_.body += bytes;
    return true;
  }
  auto const feed = [&]() -> Result<> {
    if (!multipart_) {
      RouteOptions const& options = route_->options;
      SOL_ASSIGN(auto reader, MultipartReader::make(content_type_, shared_.options.upload_directory,
                                                    {.field_bytes_max = options.body_bytes_max,
                                                     .file_bytes_max = options.file_bytes_max,
                                                     .files_max = options.files_max}));
      multipart_ = std::move(reader);
    }
    return multipart_->feed(bytes);
  };
  Result<> const fed = feed();
  if (fed) return true;
  if (fed.error().code() == Code::io) {
    log_error("http.upload_failed", {{"id", request_.id}, {"reason", fed.error().message()}});
    refuse(500);
  } else {
    refuse(fed.error().code() == Code::exhausted ? 413 : 400);
  }
  return false;
}

int Exchange::finish_body() {
  if (multipart_) {
    Result<> const done = multipart_->finish(request_);
    multipart_.reset();
    return done ? 0 : 400;
  }
  std::string const type = media_type(content_type_);
  if (type == "multipart/form-data") return 400;  // it had no body
  if (type == "application/x-www-form-urlencoded") {
    request_.form = parse_query(request_.body, 10'000);
    request_.body.clear();
  }
  return 0;
}

void Exchange::complete_request() {
  std::string_view const target = request_.target;
  std::size_t const mark = target.find('?');
  if (mark != std::string_view::npos) request_.query = parse_query(target.substr(mark + 1));
  request_.cookies = parse_cookies(request_.headers.get("Cookie"));
  request_.path.clear();
  for (std::string const& segment : segments_) request_.path += '/' + segment;
  if (request_.path.empty()) request_.path = "/";
}

void Exchange::run() {
  complete_request();
  if (!is_path_good_) return refuse(400);
  if (route_ == nullptr) return finish(unmatched());
  if (!request_.is_safe() && !route_->options.cross_origin &&
      source_of(request_) == Source::elsewhere) {
    return refuse(403);
  }
  if (int const status = finish_body(); status != 0) return refuse(status);
  finish(call_guarded([this] { return route_->handler(request_); }));
}

void Exchange::refuse(int status) {
  complete_request();
  Response response = Response::empty(status);
  if (status == 405) response.headers.add("Allow", joined(match_.allowed));
  finish(std::move(response));
}

Response Exchange::unmatched() const {
  bool const is_options = request_.method == Method::options;
  if (!match_.allowed.empty() || (is_options && segments_.empty() && request_.target == "*")) {
    std::string const allowed = joined(match_.allowed);
    return Response::empty(is_options ? 204 : 405)
        .with("Allow", allowed.empty() ? "GET, HEAD, POST, OPTIONS" : allowed);
  }
  if (match_.without_slash && is_read(request_.method)) {
    auto segments = segments_;
    segments.pop_back();
    std::string location = format_path(segments);
    std::size_t const mark = request_.target.find('?');
    if (mark != std::string::npos) location += request_.target.substr(mark);
    return Response::redirect(location, 308);
  }
  return Response::empty(404);
}

Response Exchange::call_guarded(std::function<Response()> const& call) {
  std::string reason;
  try {
    return call();
  } catch (std::exception const& error) {
    reason = error.what();
  } catch (...) {
    reason = "not a std::exception";
  }
  log_error("http.handler_failed", {{"id", request_.id}, {"route", route()}, {"reason", reason}});
  return Response::empty(500);
}

Response Exchange::error_response(int status) {
  if (shared_.parts.error_page) {
    Response page = call_guarded([&] { return shared_.parts.error_page(request_, status); });
    if (!page.body.empty()) {
      page.status = status;
      page.cache.reset();
      return page;
    }
  }
  std::string const text =
      cat("Erreur ", status, " (", reason_phrase(status), "). Référence : ", request_.id, "\n");
  return Response::text(text, status);
}

void Exchange::finish(Response response) {
  bool const is_bare = response.body.empty() && !response.file && !response.stream;
  if (response.status >= 400 && is_bare) {
    Response page = error_response(response.status);
    for (Header const& header : response.headers.items()) {
      page.headers.add(header.name, header.value);
    }
    page.secret = response.secret;
    response = std::move(page);
  }
  has_answer_ = true;
  if (may_keep(response)) {
    auto page = keepable_page(response);
    answer_with(page);
    land(page, response.cache);
    return;
  }
  land(nullptr, std::nullopt);
  out_.counted_as = std::move(response.counted_as);
  if (response.file) return finish_file(response);
  if (response.stream) return finish_stream(response);
  finish_memory(response);
}

bool Exchange::may_keep(Response const& response) const {
  constexpr std::array<int, 4> kStatuses = {200, 301, 308, 410};
  return is_shared() && response.cache && !response.file && !response.stream && !response.secret &&
         !response.headers.has("Set-Cookie") &&
         std::ranges::find(kStatuses, response.status) != kStatuses.end();
}

std::shared_ptr<Prebuilt const> Exchange::keepable_page(Response& response) const {
  std::string fields = field_lines(response);
  if (!response.headers.has("Cache-Control")) fields += "Cache-Control: public, no-cache\r\n";
  fields += "Vary: Cookie\r\n";
  return std::make_shared<Prebuilt const>(
      PrebuiltParts{.status = response.status,
                    .head = std::move(fields),
                    .body = std::move(response.body),
                    .route = std::string(route()),
                    .counted_as = std::move(response.counted_as),
                    .is_compressible = is_compressible(response.headers.get("Content-Type"))});
}

void Exchange::land(std::shared_ptr<Prebuilt const> const& page,
                    std::optional<CacheAs> const& cache) {
  if (!ticket_) return;
  PageCache::Ticket const ticket = *std::exchange(ticket_, std::nullopt);
  CacheAs const as = cache.value_or(CacheAs{});
  shared_.parts.cache->land(key_, ticket, page, as.tags, SystemClock().now() + as.at_most);
}

void Exchange::answer_with(std::shared_ptr<Prebuilt const> page) {
  page->make(coding_);
  Conditions const conditions{.is_head = request_.method == Method::head,
                              .if_none_match = if_none_match_,
                              .range = range_,
                              .if_range = if_range_};
  out_ = answer_from(std::move(page), coding_, conditions);
  has_answer_ = true;
}

std::string Exchange::field_lines(Response const& response) const {
  std::string out;
  for (Header const& header : response.headers.items()) {
    if (!is_ours(header.name)) out += cat(header.name, ": ", header.value, "\r\n");
  }
  if (!response.headers.has("Cross-Origin-Resource-Policy")) {
    out += "Cross-Origin-Resource-Policy: same-origin\r\n";
  }
  return out + (response.frameable ? shared_.security_framed : shared_.security);
}

// Text with a secret in it is compressed only when an attacker cannot make the browser ask for it
// again and again with guesses mixed in, and the secret looks different every time: CSRF tokens are
// masked, session cookies are SameSite, and what another site asked for stays as it is.
bool Exchange::may_compress(Response const& response) const {
  if (response.secret || response.body.size() < kCompressMin) return false;
  if (response.headers.has("Content-Encoding")) return false;
  bool const is_from_elsewhere = request_.headers.get("Sec-Fetch-Site") == "cross-site";
  return !(is_personal_ && is_from_elsewhere) &&
         is_compressible(response.headers.get("Content-Type"));
}

void Exchange::set_head(int status, std::string_view fields) {
  out_.status = status;
  out_.head = cat("HTTP/1.1 ", status, ' ', reason_phrase(status), "\r\n", fields,
                  "X-Request-Id: ", request_.id, "\r\n");
}

void Exchange::finish_memory(Response& response) {
  std::string fields = field_lines(response);
  if (!response.headers.has("Cache-Control")) {
    bool const is_private = is_personal_ || response.secret || !is_read(request_.method);
    fields += is_private ? "Cache-Control: private, no-store\r\n"
                         : "Cache-Control: private, no-cache\r\n";
  }
  if (may_compress(response)) {
    fields += "Vary: Accept-Encoding\r\n";
    std::string packed =
        coding_ == Coding::identity ? std::string() : compress(response.body, coding_);
    if (!packed.empty() && packed.size() < response.body.size()) {
      response.body = std::move(packed);
      fields += cat("Content-Encoding: ", coding_name(coding_), "\r\n");
    }
  }
  bool const has_no_body = response.status == 204 || response.status == 304;
  if (has_no_body) {
    out_.without_body = true;
  } else {
    fields += cat("Content-Length: ", response.body.size(), "\r\n");
  }
  out_.body = std::move(response.body);
  set_head(response.status, fields);
}

void Exchange::finish_file(Response& response) {
  Descriptor file(::open(response.file->c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status{};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    Response missing = error_response(404);
    return finish_memory(missing);
  }
  auto const size = static_cast<std::uint64_t>(status.st_size);
  Instant const modified = from_unix_ms(status.st_mtim.tv_sec * 1000);
  // Whoever knows the file better says its tag.
  bool const is_tagged = response.headers.has("ETag");
  std::string const etag =
      is_tagged ? std::string(response.headers.get("ETag"))
                : cat('"', size, '-', status.st_mtim.tv_sec, '.', status.st_mtim.tv_nsec, '"');
  std::string fields = field_lines(response);
  if (!response.headers.has("Cache-Control")) fields += "Cache-Control: private, no-cache\r\n";
  if (!is_tagged) fields += cat("ETag: ", etag, "\r\n");
  fields += cat("Last-Modified: ", http_date(modified), "\r\n");
  if (response.status == 200 && is_known(etag, modified)) {
    out_.without_body = true;
    return set_head(304, fields);
  }
  Range range{0, size};
  bool const may_cut = response.status == 200 && request_.method == Method::get &&
                       (if_range_.empty() || if_range_ == etag);
  RangeVerdict const verdict = may_cut ? parse_range(range_, size, range) : RangeVerdict::whole;
  if (verdict == RangeVerdict::unsatisfiable) {
    fields += cat("Content-Range: bytes */", size, "\r\nContent-Length: 0\r\n");
    return set_head(416, fields);
  }
  bool const is_part = verdict == RangeVerdict::part;
  if (is_part) {
    fields += cat("Content-Range: bytes ", range.begin, '-', range.begin + range.size - 1, '/',
                  size, "\r\n");
  }
  fields += cat("Accept-Ranges: bytes\r\nContent-Length: ", range.size, "\r\n");
  if (!out_.without_body) out_.source = std::make_unique<FileSource>(std::move(file), range);
  set_head(is_part ? 206 : response.status, fields);
}

bool Exchange::is_known(std::string_view etag, Instant modified) const {
  if (!if_none_match_.empty()) return matches_etag(if_none_match_, etag);
  auto const since = parse_http_date(request_.headers.get("If-Modified-Since"));
  return since && modified <= *since;
}

void Exchange::finish_stream(Response& response) {
  std::string fields = field_lines(response);
  if (!response.headers.has("Cache-Control")) fields += "Cache-Control: private, no-cache\r\n";
  if (is_http_10_) {
    out_.must_close = true;  // the end of the connection is the end of the body
  } else {
    fields += "Transfer-Encoding: chunked\r\n";
  }
  if (!out_.without_body) {
    out_.source = std::make_unique<StreamSource>(std::move(response.stream), !is_http_10_);
  }
  set_head(response.status, fields);
}

}  // namespace solidaires::http
