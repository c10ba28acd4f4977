#include "node/mail/smtp.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <mutex>

namespace solidaires::mail {
namespace {

constexpr long kConnectSecondsMax = 15;
constexpr long kSecondsMax = 60;         // of one mail, from the connection to the answer
constexpr long kIdleSecondsReused = 20;  // an older connection is likely closed at the other end

// How far the talk with the server has come; what a number means depends on it.
enum class Step : std::uint8_t { connection, log_in, sender, recipient, message };

struct Exchange {
  std::string_view left;  // of the message
  Step step = Step::connection;
  std::stop_token const* stop = nullptr;
};

std::string_view name_of(Step step) {
  switch (step) {
    case Step::connection: return "connection";
    case Step::log_in: return "log-in";
    case Step::sender: return "sender";
    case Step::recipient: return "recipient";
    case Step::message: return "message";
  }
  return "";
}

std::size_t give(char* buffer, std::size_t size, std::size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  auto const given = std::min(size * count, exchange.left.size());
  std::memcpy(buffer, exchange.left.data(), given);
  exchange.left.remove_prefix(given);
  return given;
}

// Only the verb of each command is looked at; nothing is kept.
int watch(CURL* /*handle*/, curl_infotype kind, char* bytes, std::size_t size, void* context) {
  if (kind != CURLINFO_HEADER_OUT) return 0;
  auto& step = static_cast<Exchange*>(context)->step;
  std::string_view const command(bytes, size);
  if (command.starts_with("AUTH")) step = Step::log_in;
  if (command.starts_with("MAIL")) step = Step::sender;
  if (command.starts_with("RCPT")) step = Step::recipient;
  if (command.starts_with("DATA")) step = Step::message;
  return 0;
}

int is_stopped(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto const& exchange = *static_cast<Exchange const*>(context);
  return exchange.stop->stop_requested() && exchange.step != Step::message ? 1 : 0;
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Delivery judged(CURLcode code, long number, Step step) {
  if (code == CURLE_OK) return {Outcome::accepted, "accepted"};
  if (code == CURLE_ABORTED_BY_CALLBACK) return {Outcome::interrupted, "stopped"};
  bool const answered = number >= 400 && number < 600;
  auto said = answered ? cat(name_of(step), ' ', number)
                       : cat(name_of(step), ": ", curl_easy_strerror(code));
  bool const about_this_mail = step == Step::recipient || step == Step::message;
  if (!about_this_mail) return {Outcome::unreachable, std::move(said)};
  // A server that breaks off over one mail must not keep the others waiting.
  return {answered && number >= 500 ? Outcome::refused : Outcome::deferred, std::move(said)};
}

void start_library() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

struct SmtpTransport::Handle {
  Handle() : curl(curl_easy_init()) {}
  ~Handle() { curl_easy_cleanup(curl); }
  Handle(Handle const&) = delete;
  Handle& operator=(Handle const&) = delete;

  CURL* curl;
};

std::string host_of(std::string_view url) {
  for (std::string_view const scheme : {"smtp://", "smtps://"}) {
    if (!url.starts_with(scheme)) continue;
    auto rest = url.substr(scheme.size());
    if (rest.starts_with('[')) return std::string(rest.substr(1, rest.find(']') - 1));
    return std::string(rest.substr(0, rest.find_first_of(":/")));
  }
  return {};
}

SmtpTransport::SmtpTransport(SmtpOptions options, std::unique_ptr<Handle> handle)
    : options_(std::move(options)), handle_(std::move(handle)) {}
SmtpTransport::~SmtpTransport() = default;

Result<std::unique_ptr<SmtpTransport>> SmtpTransport::make(SmtpOptions options) {
  if (host_of(options.url).empty())
    return fail(Code::invalid, "the mail server must be smtp://host:port or smtps://host:port");
  start_library();
  auto handle = std::make_unique<Handle>();
  if (handle->curl == nullptr) return fail(Code::internal, "libcurl gives no handle");
  return std::unique_ptr<SmtpTransport>(new SmtpTransport(std::move(options), std::move(handle)));
}

Delivery SmtpTransport::deliver(Envelope const& envelope, std::stop_token const& stop) {
  auto* const curl = handle_->curl;
  curl_easy_reset(curl);  // connections stay
  Exchange exchange{.left = envelope.message, .stop = &stop};
  auto const url =
      options_.greeting.empty() ? options_.url : cat(options_.url, '/', options_.greeting);
  bool const in_clear = options_.url.starts_with("smtp://") && is_loopback(host_of(options_.url));
  auto const from = cat('<', envelope.from, '>');
  auto const to = cat('<', envelope.to, '>');
  curl_slist* const recipients = curl_slist_append(nullptr, to.c_str());
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_USE_SSL,
                   static_cast<long>(in_clear ? CURLUSESSL_TRY : CURLUSESSL_ALL));
  if (in_clear) curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
  if (in_clear) curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  if (!options_.authorities.empty())
    curl_easy_setopt(curl, CURLOPT_CAINFO, options_.authorities.c_str());
  if (!options_.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, options_.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, options_.password.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
  curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, watch);
  curl_easy_setopt(curl, CURLOPT_DEBUGDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_stopped);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSecondsMax);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, kSecondsMax);
  curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, kIdleSecondsReused);
  auto const code = curl_easy_perform(curl);
  curl_slist_free_all(recipients);
  long number = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &number);
  return judged(code, number, exchange.step);
}

}  // namespace solidaires::mail
