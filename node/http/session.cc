#include "node/http/session.h"

#include <algorithm>

#include "sync/base/hash.h"

namespace solidaires::http {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::uint8_t kFormat = 1;  // stored on disk: never renumber
constexpr std::chrono::minutes kSeenStep{1};
constexpr std::size_t kLabelDigits = 16;

// The token of a request, as the key of the store; nothing when it has no plausible one.
std::optional<Bytes> key_of(Request const& request, std::string_view cookie) {
  auto const text = request.cookies.find(cookie);
  if (!text) return std::nullopt;
  auto const token = from_base64url(*text);
  if (!token || token->size() != kTokenBytes) return std::nullopt;
  return sha256(*token);
}

}  // namespace

Bytes encode_session(Session const& session) {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(kFormat)
      .u64(static_cast<std::uint64_t>(to_unix_ms(session.created)))
      .u64(static_cast<std::uint64_t>(to_unix_ms(session.seen)))
      .sized(session.csrf_secret)
      .sized(session.user)
      .u32(static_cast<std::uint32_t>(session.values.size()));
  for (auto const& [name, value] : session.values) writer.sized(name).sized(value);
  return out;
}

Result<Session> decode_session(std::string_view bytes) {
  ByteReader reader(bytes);
  SOL_ASSIGN(auto const format, reader.u8());
  if (format != kFormat) return fail(Code::unsupported, "session of another format");
  Session out;
  SOL_ASSIGN(auto const created, reader.u64());
  SOL_ASSIGN(auto const seen, reader.u64());
  SOL_ASSIGN(auto const secret, reader.sized());
  SOL_ASSIGN(auto const user, reader.sized());
  SOL_ASSIGN(auto const count, reader.u32());
  for (std::uint32_t i = 0; i < count; ++i) {
    SOL_ASSIGN(auto const name, reader.sized());
    SOL_ASSIGN(auto const value, reader.sized());
    out.values.emplace(name, value);
  }
  if (!reader.done()) return fail(Code::corrupt, "session with bytes behind its end");
  out.created = from_unix_ms(static_cast<std::int64_t>(created));
  out.seen = from_unix_ms(static_cast<std::int64_t>(seen));
  out.csrf_secret = secret;
  out.user = user;
  return out;
}

std::string Session::label() const {
  return hex(sha256(key)).substr(0, kLabelDigits);
}

std::string Sessions::cookie_name(bool is_secure) const {
  return host_cookie_name(options_.cookie, is_secure);
}

bool Sessions::is_expired(Session const& session) const {
  Instant const now = clock_.now();
  return now >= session.created + options_.age_max || now >= session.seen + options_.idle_max;
}

Result<std::optional<Session>> Sessions::load(Request const& request) {
  auto const key = key_of(request, cookie_name(request.is_secure));
  if (!key) return std::optional<Session>();
  SOL_ASSIGN(auto const bytes, store_.load(*key));
  if (!bytes) return std::optional<Session>();
  auto session = decode_session(*bytes);
  // A disk that is full keeps nobody out who is logged in: what is only noted here can wait.
  if (!session || is_expired(*session)) {
    std::ignore = store_.remove(*key);
    return std::optional<Session>();
  }
  session->key = *key;
  if (clock_.now() >= session->seen + kSeenStep) {
    session->seen = clock_.now();
    std::ignore = write(*session);
  }
  return std::optional<Session>(*std::move(session));
}

Result<Session> Sessions::start(Request const& request, Response& response) {
  Session session;
  session.created = session.seen = clock_.now();
  give(session, request, response);
  SOL_TRY(write(session));
  return session;
}

Result<> Sessions::rotate(Session& session, Request const& request, Response& response) {
  Bytes const old = session.key;
  session.created = session.seen = clock_.now();
  give(session, request, response);
  SOL_TRY(write(session));
  return store_.remove(old);
}

Result<> Sessions::save(Session& session) {
  if (!session.changed) return {};
  return write(session);
}

Result<> Sessions::end(Session& session, Request const& request, Response& response) {
  response.set_cookie({.name = cookie_name(request.is_secure),
                       .value = {},
                       .max_age = std::chrono::seconds(0),
                       .is_secure = request.is_secure});
  return store_.remove(session.key);
}

Result<std::vector<Session>> Sessions::of(std::string_view user) {
  SOL_ASSIGN(auto const items, store_.all());
  std::vector<Session> sessions;
  for (auto const& item : items) {
    auto session = decode_session(item.bytes);
    if (!session || session->user != user || is_expired(*session)) continue;
    session->key = item.key;
    sessions.push_back(*std::move(session));
  }
  std::ranges::sort(sessions, std::greater(), &Session::seen);
  return sessions;
}

Result<> Sessions::end_others(Session const& mine, std::string_view label) {
  SOL_ASSIGN(auto const sessions, of(mine.user));
  for (auto const& session : sessions) {
    if (session.key == mine.key || (!label.empty() && session.label() != label)) continue;
    SOL_TRY(store_.remove(session.key));
  }
  return {};
}

Result<> Sessions::write(Session& session) {
  session.changed = false;
  Instant const expires =
      std::min<Instant>(session.created + options_.age_max, session.seen + options_.idle_max);
  return store_.save(session.key, encode_session(session), expires);
}

void Sessions::give(Session& session, Request const& request, Response& response) {
  Bytes const token = rng_.bytes(kTokenBytes);
  session.key = sha256(token);
  session.csrf_secret = rng_.bytes(kTokenBytes);
  // Ends with the browser: these are often shared computers. The store's own limits hold too.
  response.set_cookie({.name = cookie_name(request.is_secure),
                       .value = base64url(token),
                       .max_age = std::nullopt,
                       .is_secure = request.is_secure});
}

}  // namespace solidaires::http
