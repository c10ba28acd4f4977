// One request on its way through a handler to a response. Filled by the connection's thread, then
// run on workers (one at a time), then handed back. Private to this room.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/http/codec.h"
#include "node/http/form.h"
#include "node/http/message.h"
#include "node/http/shared.h"

namespace solidaires::http {

class Exchange {
 public:
  // IO thread. Copies what it needs out of `head`; finds the route.
  Exchange(Shared& shared, Head const& head, std::string peer, bool is_secure, std::string id);
  ~Exchange();
  Exchange(Exchange const&) = delete;
  Exchange& operator=(Exchange const&) = delete;

  // The page may be shared with everybody; `key` is its canonical target.
  [[nodiscard]] bool is_shared() const noexcept { return !key_.empty(); }
  [[nodiscard]] std::string const& key() const noexcept { return key_; }
  // Most bytes of body that this route takes, framing of forms included.
  [[nodiscard]] std::uint64_t body_bytes_max() const noexcept;
  // The body must not be read: no route, another method, another site, too large.
  [[nodiscard]] int early_refusal(Head const& head) const;
  [[nodiscard]] bool needs_admission() const noexcept;

  // Workers. An answer is in out() once has_answer().
  void admit();                            // answers when it refuses
  bool take_body(std::string_view bytes);  // false: it has refused
  void run();                              // always answers; the page is kept
  void refuse(int status);                 // always answers, by the error page
  // From a page that another exchange made.
  void answer_with(std::shared_ptr<Prebuilt const> page);
  // Whether answer_with() has nothing to compress: then any thread may call it.
  [[nodiscard]] bool is_ready(Prebuilt const& page) const noexcept {
    return page.find(coding_) != nullptr;
  }
  // Before run(): it leads this flight, and lands it on every path, at the latest when it goes.
  void lead(PageCache::Ticket ticket) { ticket_ = ticket; }

  [[nodiscard]] bool has_answer() const noexcept { return has_answer_; }
  [[nodiscard]] Outgoing& out() noexcept { return out_; }
  [[nodiscard]] Request const& request() const noexcept { return request_; }
  [[nodiscard]] std::string_view route() const noexcept {
    return route_ ? std::string_view(route_->pattern) : std::string_view{};
  }
  [[nodiscard]] RateLimiter* budget() const noexcept {
    return route_ == nullptr ? nullptr : route_->options.budget;
  }
  [[nodiscard]] bool is_quiet() const noexcept { return route_ && route_->options.quiet; }

 private:
  void find_route();
  void decide_sharing(Head const& head);
  void complete_request();
  [[nodiscard]] int finish_body();  // 0, or the status of a refusal
  [[nodiscard]] Response call_handler();
  [[nodiscard]] Response call_guarded(std::function<Response()> const& call);
  [[nodiscard]] Response unmatched() const;
  [[nodiscard]] Response error_response(int status);
  void finish(Response response);
  [[nodiscard]] bool may_keep(Response const& response) const;
  [[nodiscard]] std::shared_ptr<Prebuilt const> keepable_page(Response& response) const;
  void land(std::shared_ptr<Prebuilt const> const& page, std::optional<CacheAs> const& cache);
  void finish_memory(Response& response);
  void finish_file(Response& response);
  [[nodiscard]] bool is_known(std::string_view etag, Instant modified) const;
  void finish_stream(Response& response);
  [[nodiscard]] std::string field_lines(Response const& response) const;
  [[nodiscard]] bool may_compress(Response const& response) const;
  void set_head(int status, std::string_view fields);

  Shared& shared_;
  Request request_;
  std::vector<std::string> segments_;
  bool is_path_good_ = false;
  Route const* route_ = nullptr;
  Router::Match match_;
  std::string key_;
  std::optional<PageCache::Ticket> ticket_;
  Coding coding_ = Coding::identity;
  bool is_http_10_ = false;
  bool is_personal_ = false;  // carries a session or credentials
  std::string if_none_match_;
  std::string range_, if_range_;
  std::string content_type_;
  std::optional<MultipartReader> multipart_;
  bool has_answer_ = false;
  Outgoing out_;
};

}  // namespace solidaires::http
