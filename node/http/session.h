// Sessions of people who are logged in (or about to be). The cookie holds 256 random bits; the
// store sees only their SHA-256, so that a stolen store opens no session. Any thread; two requests
// of one session at once: the later save wins.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/http/request.h"
#include "node/http/response.h"
#include "sync/base/bytes.h"
#include "sync/base/clock.h"
#include "sync/base/result.h"
#include "sync/base/rng.h"

namespace solidaires::http {

// Where sessions are kept: local data, never replicated. Any thread.
class SessionStore {
 public:
  virtual ~SessionStore() = default;
  // Nothing when there is none. `key` is 32 bytes.
  [[nodiscard]] virtual Result<std::optional<Bytes>> load(std::string_view key) = 0;
  // May be forgotten by the store after `expires`.
  virtual Result<> save(std::string_view key, std::string_view bytes, Instant expires) = 0;
  virtual Result<> remove(std::string_view key) = 0;
  struct Item {
    Bytes key, bytes;
  };
  [[nodiscard]] virtual Result<std::vector<Item>> all() = 0;
};

struct SessionOptions {
  std::string cookie = "session";  // "__Host-session" under TLS
  std::chrono::minutes idle_max{12 * 60};
  std::chrono::minutes age_max{30 * 24 * 60};
};

struct Session {
  std::string user;                           // whose, in the caller's words; "" before log-in
  std::map<std::string, std::string> values;  // small: messages to show once, a form half done
  Bytes csrf_secret;                          // 32 bytes, made with the session
  Instant created{};
  Instant seen{};
  Bytes key;  // of the store
  // What a page may show to tell sessions apart: it opens none.
  [[nodiscard]] std::string label() const;
  bool changed = false;  // set by whoever changes the members above; save() clears it
};

class Sessions {
 public:
  Sessions(SessionStore& store, Clock const& clock, Rng& rng, SessionOptions options = {})
      : store_(store), clock_(clock), rng_(rng), options_(std::move(options)) {}

  // The session of this request; nothing when it has none, or an expired or unknown one. Marks it
  // as seen, in the store at most once a minute.
  [[nodiscard]] Result<std::optional<Session>> load(Request const& request);
  // A new session, saved, its cookie in `response`.
  Result<Session> start(Request const& request, Response& response);
  // At log-in and at every change of rights: a new token and a new CSRF secret, values kept, the
  // old token dead. Saves.
  Result<> rotate(Session& session, Request const& request, Response& response);
  // Writes it when it has changed.
  Result<> save(Session& session);
  // Removes it and its cookie.
  Result<> end(Session& session, Request const& request, Response& response);
  // Those of a user which go on, the last used first. Reads all sessions.
  [[nodiscard]] Result<std::vector<Session>> of(std::string_view user);
  // Ends those of the same user, without a cookie at hand: all but `mine`, or the one of that
  // label.
  Result<> end_others(Session const& mine, std::string_view label = {});
  // The name of the cookie, with and without TLS: for ServerOptions::personal_cookies.
  [[nodiscard]] std::string cookie_name(bool is_secure) const;

 private:
  Result<> write(Session& session);
  void give(Session& session, Request const& request, Response& response);
  [[nodiscard]] bool is_expired(Session const& session) const;

  SessionStore& store_;
  Clock const& clock_;
  Rng& rng_;
  SessionOptions options_;
};

[[nodiscard]] Bytes encode_session(Session const& session);
[[nodiscard]] Result<Session> decode_session(std::string_view bytes);

}  // namespace solidaires::http
