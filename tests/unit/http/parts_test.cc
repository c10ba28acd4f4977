// The parts of the room that need no socket.
#include <random>

#include "node/http/codec.h"
#include "node/http/compression.h"
#include "node/http/cookies.h"
#include "node/http/csrf.h"
#include "node/http/form.h"
#include "node/http/message.h"
#include "node/http/peer.h"
#include "node/http/rate_limiter.h"
#include "node/http/router.h"
#include "node/http/security_headers.h"
#include "node/http/session.h"
#include "node/http/static_files.h"
#include "node/http/target.h"
#include "tests/unit/http/world.h"

namespace solidaires::http {
namespace {

using test::TemporaryDirectory;
using Texts = std::vector<std::string>;

Instant const kNow = from_unix_ms(1'780'000'000'000);

TEST(Target, reads_paths_and_refuses_what_climbs_or_hides) {
  EXPECT_EQ(parse_path("/"), Texts{});
  EXPECT_EQ(parse_path("/a/b"), (Texts{"a", "b"}));
  EXPECT_EQ(parse_path("/a//b/"), (Texts{"a", "b", ""}));
  EXPECT_EQ(parse_path("/a/./b/../c"), (Texts{"a", "c"}));
  EXPECT_EQ(parse_path("/caf%C3%A9/%2F"), (Texts{"café", "/"}));
  EXPECT_EQ(parse_path("/%2e%2e/x"), std::nullopt);
  EXPECT_EQ(parse_path("/a/../../x"), std::nullopt);
  EXPECT_EQ(parse_path("/a%00"), std::nullopt);
  EXPECT_EQ(parse_path("/%ff"), std::nullopt);
  EXPECT_EQ(parse_path("a"), std::nullopt);
  EXPECT_EQ(parse_path(""), std::nullopt);
}

TEST(Target, has_one_canonical_spelling) {
  EXPECT_EQ(canonical_target("/a/b"), "/a/b");
  EXPECT_EQ(canonical_target("/%61/./b"), "/a/b");
  EXPECT_EQ(canonical_target("//a"), "/a");
  EXPECT_EQ(canonical_target("/a?"), "/a");
  EXPECT_EQ(canonical_target("/a?z=1&b=2&z=0"), "/a?b=2&z=1&z=0");
  EXPECT_EQ(canonical_target("/a?q=caf%c3%a9+bio"), "/a?q=caf%C3%A9%20bio");
  EXPECT_EQ(canonical_target("/.."), std::nullopt);
  EXPECT_NE(canonical_target("/a%2Fb"), canonical_target("/a/b"));
  EXPECT_NE(canonical_target("/a?q=1%262"), canonical_target("/a?q=1&2"));
}

TEST(Target, makes_utf8_of_anything) {
  EXPECT_EQ(valid_utf8("été €"), "été €");
  EXPECT_EQ(valid_utf8("a\xff"), "a\xEF\xBF\xBD");
  EXPECT_EQ(valid_utf8("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // surrogate
  EXPECT_EQ(valid_utf8(std::string_view("a\0b", 3)), "ab");
  EXPECT_FALSE(is_valid_utf8("\xF4\x90\x80\x80"));
  EXPECT_TRUE(is_valid_utf8("𝕊"));
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes;
    for (int j = 0; j < 12; ++j) bytes += static_cast<char>(random());
    EXPECT_TRUE(is_valid_utf8(valid_utf8(bytes)));
    EXPECT_EQ(percent_decode(percent_encode(bytes)), bytes);
  }
}

TEST(Router, prefers_what_fits_closest) {
  Router router;
  std::string got;
  auto const add = [&](std::string pattern) {
    router.get(pattern, [&got, pattern](Request const&) {
      got = pattern;
      return Response();
    });
  };
  for (char const* pattern :
       {"/", "/structures", "/structures/{slug}", "/structures/{slug}.{format}",
        "/structures/nouvelle", "/agenda/{year:int}-{month:int}", "/agenda/{slug}",
        "/agenda/semaine/{year:int}-{week:int}", "/fichiers/{path*}"}) {
    add(pattern);
  }
  auto const route = [&](Texts const& segments) {
    auto const match = router.match(Method::get, segments);
    return match.route == nullptr ? std::string("none") : match.route->pattern;
  };
  EXPECT_EQ(route({}), "/");
  EXPECT_EQ(route({"structures"}), "/structures");
  EXPECT_EQ(route({"structures", "nouvelle"}), "/structures/nouvelle");
  EXPECT_EQ(route({"structures", "epicerie"}), "/structures/{slug}");
  EXPECT_EQ(route({"structures", "epicerie.json"}), "/structures/{slug}.{format}");
  EXPECT_EQ(route({"agenda", "2026-12"}), "/agenda/{year:int}-{month:int}");
  EXPECT_EQ(route({"agenda", "2026-mai"}), "/agenda/{slug}");
  EXPECT_EQ(route({"agenda", "semaine", "2026-50"}), "/agenda/semaine/{year:int}-{week:int}");
  EXPECT_EQ(route({"fichiers", "a", "b"}), "/fichiers/{path*}");
  EXPECT_EQ(route({"rien"}), "none");
  EXPECT_EQ(route({"structures", ""}), "none");
  EXPECT_TRUE(router.match(Method::get, {"structures", ""}).without_slash);
  EXPECT_EQ(router.match(Method::get, {"structures", "a.b.json"}).captures.get("slug"), "a.b");
  EXPECT_EQ(router.match(Method::get, {"fichiers", "a", "b"}).captures.get("path"), "a/b");
  EXPECT_EQ(router.match(Method::get, {"agenda", "2026-12"}).captures.get("month"), "12");
  EXPECT_EQ(router.match(Method::post, {"structures"}).allowed, (Texts{"GET", "HEAD", "OPTIONS"}));
  EXPECT_EQ(router.routes().size(), 9U);
}

TEST(Router, stops_the_program_for_a_pattern_that_is_wrong_or_taken) {
  auto const add = [](std::string_view first, std::string_view second) {
    Router router;
    Handler const handler = [](Request const&) { return Response(); };
    router.get(first, handler);
    router.get(second, handler);
  };
  EXPECT_DEATH(add("/a", "/a"), "");
  EXPECT_DEATH(add("/a", "b"), "");
  EXPECT_DEATH(add("/a", "/{x"), "");
  EXPECT_DEATH(add("/a", "/{x}{y}"), "");
  EXPECT_DEATH(add("/a", "/{x*}/b"), "");
}

TEST(Cookies, are_read_and_written) {
  Parameters const cookies = parse_cookies("a=1; b=\"two\";c = 3 ; nonsense; =x; a=4");
  EXPECT_EQ(cookies.get("a"), "1");
  EXPECT_EQ(cookies.get("b"), "two");
  EXPECT_EQ(cookies.get("c"), "3");
  EXPECT_EQ(find_cookie("xsession=1; session=2", "session"), "2");
  EXPECT_EQ(find_cookie("xsession=1", "session"), std::nullopt);
  EXPECT_EQ(format_cookie({.name = "lieu", .value = "73065", .is_secure = false}),
            "lieu=73065; Path=/; HttpOnly; SameSite=Lax");
  EXPECT_EQ(format_cookie({.name = "__Host-session",
                           .value = "x",
                           .max_age = std::chrono::seconds(0),
                           .is_secure = false,
                           .same_site = Cookie::SameSite::strict,
                           .path = "/espace"}),
            "__Host-session=x; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict");
}

TEST(Headers, cannot_be_split_by_a_value) {
  Headers headers;
  headers.add("Location", "/a\r\nSet-Cookie: evil=1");
  EXPECT_EQ(headers.get("location"), "/a  Set-Cookie: evil=1");
  headers.set("LOCATION", "/b");
  EXPECT_EQ(headers.items().size(), 1U);
}

TEST(Compression, negotiates_by_weight) {
  EXPECT_EQ(choose_coding(""), Coding::identity);
  EXPECT_EQ(choose_coding("gzip, deflate, br"), Coding::brotli);
  EXPECT_EQ(choose_coding("gzip;q=1.0, br;q=0.5"), Coding::gzip);
  EXPECT_EQ(choose_coding("br;q=0, GZIP"), Coding::gzip);
  EXPECT_EQ(choose_coding("gzip;q=0"), Coding::identity);
  EXPECT_EQ(choose_coding("*"), Coding::brotli);
  EXPECT_EQ(choose_coding("*;q=0.1, br;q=0"), Coding::gzip);
  EXPECT_EQ(choose_coding("identity, *;q=0"), Coding::identity);
  EXPECT_EQ(choose_coding(",,;q=,br;q=x"), Coding::identity);
  EXPECT_TRUE(is_compressible("text/html; charset=utf-8"));
  EXPECT_TRUE(is_compressible("image/svg+xml"));
  EXPECT_FALSE(is_compressible("image/png"));
}

struct MemoryStore final : SessionStore {
  std::map<std::string, Bytes, std::less<>> kept;
  bool is_full = false;
  Result<std::optional<Bytes>> load(std::string_view key) override {
    auto const found = kept.find(key);
    return found == kept.end() ? std::optional<Bytes>() : std::optional<Bytes>(found->second);
  }
  Result<> save(std::string_view key, std::string_view bytes, Instant) override {
    if (is_full) return fail(Code::exhausted, "no room");
    kept.insert_or_assign(std::string(key), Bytes(bytes));
    return {};
  }
  Result<> remove(std::string_view key) override {
    if (is_full) return fail(Code::exhausted, "no room");
    kept.erase(std::string(key));
    return {};
  }
  Result<std::vector<Item>> all() override {
    std::vector<Item> items;
    for (auto const& [key, bytes] : kept) items.push_back({key, bytes});
    return items;
  }
};

struct ManualClock final : Clock {
  Instant at = kNow;
  [[nodiscard]] Instant now() const override { return at; }
};

struct SessionWorld {
  MemoryStore store;
  ManualClock clock;
  SeededRng rng{1};
  Sessions sessions{store, clock, rng};

  // The request that a browser makes after such a response.
  static Request after(Response const& response, bool is_secure = false) {
    Request request;
    request.is_secure = is_secure;
    std::string_view const cookie = response.headers.get("Set-Cookie");
    request.cookies = parse_cookies(cookie.substr(0, cookie.find(';')));
    return request;
  }
};

TEST(Sessions, begin_and_are_found_again_by_their_cookie_alone) {
  SessionWorld world;
  Response response;
  auto session = *world.sessions.start(Request(), response);
  session.user = "alice";
  session.values["message"] = "Enregistré";
  session.changed = true;
  ASSERT_TRUE(world.sessions.save(session));
  auto const found = *world.sessions.load(SessionWorld::after(response));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user, "alice");
  EXPECT_EQ(found->values.at("message"), "Enregistré");
  EXPECT_EQ(found->csrf_secret, session.csrf_secret);
  std::string const cookie(response.headers.get("Set-Cookie"));
  EXPECT_EQ(world.store.kept.begin()->first.size(), 32U);
  EXPECT_EQ(cookie.find(base64url(world.store.kept.begin()->first)), std::string::npos);
  EXPECT_EQ(*world.sessions.load(Request()), std::nullopt);
  Request guessed;
  guessed.cookies.add("session", base64url(std::string(32, 'x')));
  EXPECT_EQ(*world.sessions.load(guessed), std::nullopt);
}

TEST(Sessions, change_their_token_at_log_in_and_the_old_one_dies) {
  SessionWorld world;
  Response before;
  auto session = *world.sessions.start(Request(), before);
  Bytes const secret = session.csrf_secret;
  session.user = "alice";
  Response after;
  ASSERT_TRUE(world.sessions.rotate(session, Request(), after));
  EXPECT_EQ(*world.sessions.load(SessionWorld::after(before)), std::nullopt);
  auto const found = *world.sessions.load(SessionWorld::after(after));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user, "alice");
  EXPECT_NE(found->csrf_secret, secret);
  Response end;
  ASSERT_TRUE(world.sessions.end(session, Request(), end));
  EXPECT_TRUE(world.store.kept.empty());
  EXPECT_NE(end.headers.get("Set-Cookie").find("Max-Age=0"), std::string_view::npos);
}

TEST(Sessions, end_after_too_long_a_rest_and_in_any_case_at_last) {
  SessionWorld world;
  Response response;
  ASSERT_TRUE(world.sessions.start(Request(), response));
  Request const request = SessionWorld::after(response);
  for (int hours = 0; hours < 29 * 24; hours += 11) {
    world.clock.at += std::chrono::hours(11);
    if (world.clock.at < kNow + std::chrono::hours(30 * 24)) {
      ASSERT_TRUE(*world.sessions.load(request));
    }
  }
  world.clock.at = kNow + std::chrono::hours(30 * 24);
  EXPECT_EQ(*world.sessions.load(request), std::nullopt);
  EXPECT_TRUE(world.store.kept.empty());
  Response second;
  ASSERT_TRUE(world.sessions.start(Request(), second));
  world.clock.at += std::chrono::hours(12);
  EXPECT_EQ(*world.sessions.load(SessionWorld::after(second)), std::nullopt);
}

TEST(Sessions, of_one_user_are_listed_and_ended_from_elsewhere) {
  SessionWorld world;
  std::vector<Session> made;
  for (auto const* const user : {"camille", "camille", "dominique", "camille"}) {
    Response response;
    made.push_back(*world.sessions.start({}, response));
    made.back().user = user;
    made.back().changed = true;
    ASSERT_TRUE(world.sessions.save(made.back()));
    world.clock.at += std::chrono::hours(1);
  }
  auto const listed = *world.sessions.of("camille");
  ASSERT_EQ(listed.size(), 3U);
  EXPECT_EQ(listed[0].key, made[3].key) << "the last used first";
  ASSERT_TRUE(world.sessions.end_others(made[3], made[2].label())) << "somebody else's label";
  ASSERT_TRUE(world.sessions.end_others(made[3], made[0].label()));
  EXPECT_EQ(world.sessions.of("camille")->size(), 2U);
  ASSERT_TRUE(world.sessions.end_others(made[3]));
  EXPECT_EQ(world.sessions.of("camille")->size(), 1U);
  EXPECT_EQ(world.sessions.of("dominique")->size(), 1U);
  world.clock.at += std::chrono::hours(13);
  EXPECT_TRUE(world.sessions.of("dominique")->empty()) << "at rest for too long";
}

TEST(Sessions, go_on_while_the_store_refuses_writes) {
  SessionWorld world;
  Response response;
  auto session = *world.sessions.start(Request{}, response);
  world.store.is_full = true;
  world.clock.at += std::chrono::minutes(5);
  auto const found = world.sessions.load(SessionWorld::after(response));
  ASSERT_TRUE(found) << "a full disk logs nobody out";
  EXPECT_TRUE(*found);
}

TEST(Sessions, use_the_host_prefix_under_tls) {
  SessionWorld world;
  Request request;
  request.is_secure = true;
  Response response;
  ASSERT_TRUE(world.sessions.start(request, response));
  EXPECT_TRUE(response.headers.get("Set-Cookie").starts_with("__Host-session="));
  EXPECT_NE(response.headers.get("Set-Cookie").find("; Secure"), std::string_view::npos);
  EXPECT_TRUE(*world.sessions.load(SessionWorld::after(response, true)));
  EXPECT_EQ(*world.sessions.load(SessionWorld::after(response, false)), std::nullopt);
}

TEST(Sessions, decode_only_what_they_encoded) {
  Session session;
  session.user = "bob";
  session.values = {{"a", "1"}};
  Bytes const bytes = encode_session(session);
  EXPECT_EQ(decode_session(bytes)->user, "bob");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_session(std::string_view(bytes).substr(0, size)));
  }
  EXPECT_FALSE(decode_session(bytes + "x"));
  EXPECT_FALSE(decode_session("\x02" + bytes.substr(1)));
}

TEST(Csrf, tokens_look_different_every_time_and_fit_one_secret) {
  SeededRng rng(1);
  Bytes const secret = rng.bytes(32);
  std::string const one = csrf_token(secret, rng);
  std::string const two = csrf_token(secret, rng);
  EXPECT_NE(one, two);
  EXPECT_TRUE(is_csrf_token(secret, one));
  EXPECT_TRUE(is_csrf_token(secret, two));
  EXPECT_FALSE(is_csrf_token(rng.bytes(32), one));
  EXPECT_FALSE(is_csrf_token(secret, ""));
  EXPECT_FALSE(is_csrf_token(secret, one.substr(1)));
  EXPECT_FALSE(is_csrf_token("", ""));
  std::string wrong = one;
  wrong.front() = wrong.front() == 'A' ? 'B' : 'A';
  EXPECT_FALSE(is_csrf_token(secret, wrong));
}

TEST(Csrf, forms_need_the_token_and_the_right_source) {
  SeededRng rng(1);
  Bytes const secret = rng.bytes(32);
  Request request;
  request.method = Method::post;
  request.host = "exemple.fr";
  request.is_secure = true;
  EXPECT_FALSE(check_csrf(request, secret));
  request.form.add(std::string(kCsrfField), csrf_token(secret, rng));
  EXPECT_TRUE(check_csrf(request, secret));
  EXPECT_FALSE(check_anonymous(request));  // nothing says where it comes from
  request.headers.set("Origin", "https://exemple.fr");
  EXPECT_TRUE(check_csrf(request, secret));
  EXPECT_TRUE(check_anonymous(request));
  request.headers.set("Origin", "http://exemple.fr");
  EXPECT_FALSE(check_csrf(request, secret));
  request.headers.set("Sec-Fetch-Site", "same-origin");
  EXPECT_TRUE(check_anonymous(request));
  request.headers.set("Sec-Fetch-Site", "cross-site");
  EXPECT_FALSE(check_csrf(request, secret));
  request.headers = Headers();
  request.headers.set("Referer", "https://exemple.fr/espace");
  EXPECT_TRUE(check_anonymous(request));
  request.headers.set("Referer", "https://exemple.fr.evil.example/");
  EXPECT_FALSE(check_anonymous(request));
}

TEST(RateLimiter, lets_a_burst_through_and_then_one_per_interval) {
  RateLimiter limiter({.burst = 3, .refill = std::chrono::seconds(10), .keys_max = 2});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.allow("a", kNow));
  EXPECT_FALSE(limiter.allow("a", kNow));
  EXPECT_TRUE(limiter.allow("b", kNow));
  EXPECT_GT(limiter.wait("a", kNow), std::chrono::seconds(9));
  EXPECT_TRUE(limiter.allow("a", kNow + std::chrono::seconds(10)));
  EXPECT_FALSE(limiter.allow("a", kNow + std::chrono::seconds(10)));
  EXPECT_FALSE(limiter.allow("a", kNow - std::chrono::hours(1)));  // the clock was set back
  limiter.forgive("a");
  EXPECT_TRUE(limiter.allow("a", kNow));
  limiter.allow("c", kNow);
  limiter.allow("d", kNow);
  EXPECT_EQ(limiter.size(), 2U);
}

TEST(RateLimiter, tells_how_one_stands) {
  RateLimiter limiter({.burst = 2, .refill = std::chrono::seconds(10)});
  auto const first = limiter.take("a", kNow);
  EXPECT_TRUE(first.allowed);
  EXPECT_EQ(first.left, 1U);
  EXPECT_EQ(first.wait.count(), 0);
  EXPECT_NEAR(static_cast<double>(first.full_after.count()), 10'000, 2);
  limiter.take("a", kNow);
  auto const refused = limiter.take("a", kNow + std::chrono::seconds(4));
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.left, 0U);
  EXPECT_NEAR(static_cast<double>(refused.wait.count()), 6'000, 2);
  EXPECT_NEAR(static_cast<double>(refused.full_after.count()), 16'000, 2);
}

TEST(RateLimiter, takes_an_ipv6_subscriber_as_one) {
  EXPECT_EQ(rate_key("2001:db8:1:2::1"), rate_key("2001:db8:1:2:ffff::9"));
  EXPECT_NE(rate_key("2001:db8:1:2::1"), rate_key("2001:db8:1:3::1"));
  EXPECT_EQ(rate_key("192.0.2.1"), "192.0.2.1");
}

TEST(TrustedProxies, are_blocks_of_addresses) {
  auto const proxies = *TrustedProxies::parse({"10.0.0.0/8", "::1", "2001:db8::/33"});
  EXPECT_TRUE(proxies.contains("10.255.0.1"));
  EXPECT_FALSE(proxies.contains("11.0.0.1"));
  EXPECT_TRUE(proxies.contains("::1"));
  EXPECT_TRUE(proxies.contains("2001:db8:7fff::1"));
  EXPECT_FALSE(proxies.contains("2001:db8:8000::1"));
  EXPECT_FALSE(proxies.contains("nonsense"));
  EXPECT_EQ(proxies.client("10.0.0.1", "spoofed, 192.0.2.1, 10.0.0.2"), "192.0.2.1");
  EXPECT_EQ(proxies.client("192.0.2.9", "1.2.3.4"), "192.0.2.9");
  EXPECT_EQ(proxies.client("10.0.0.1", "not an address"), "10.0.0.1");
  EXPECT_FALSE(TrustedProxies::parse({"10.0.0.0/33"}));
  EXPECT_FALSE(TrustedProxies::parse({"proxy.local"}));
}

TEST(Ranges, are_cut_or_refused_or_ignored) {
  Range range;
  EXPECT_EQ(parse_range("bytes=0-0", 10, range), RangeVerdict::part);
  EXPECT_EQ(range.size, 1U);
  EXPECT_EQ(parse_range("bytes=5-", 10, range), RangeVerdict::part);
  EXPECT_EQ(range.begin + range.size, 10U);
  EXPECT_EQ(parse_range("bytes=-50", 10, range), RangeVerdict::part);
  EXPECT_EQ(range.size, 10U);
  EXPECT_EQ(parse_range("bytes=10-", 10, range), RangeVerdict::unsatisfiable);
  EXPECT_EQ(parse_range("bytes=-0", 10, range), RangeVerdict::unsatisfiable);
  EXPECT_EQ(parse_range("bytes=0-", 0, range), RangeVerdict::unsatisfiable);
  for (char const* odd : {"bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=", "bytes=-",
                          "bytes=a-b", "bytes=99999999999999999999-"}) {
    EXPECT_EQ(parse_range(odd, 10, range), RangeVerdict::whole) << odd;
  }
}

TEST(Dates, go_both_ways) {
  Instant const at = from_unix_ms(784'111'777'000);
  EXPECT_EQ(http_date(at), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), at);
  EXPECT_EQ(parse_http_date("Sun, 31 Feb 1994 08:49:37 GMT"), std::nullopt);
  EXPECT_EQ(parse_http_date("yesterday"), std::nullopt);
}

TEST(SecurityHeaders, allow_no_inline_script_and_only_the_given_sources) {
  std::string const lines = security_lines({.image_sources = {"https://tuiles.exemple.fr"}});
  EXPECT_NE(lines.find("script-src 'self';"), std::string::npos);
  EXPECT_NE(lines.find("img-src 'self' data: https://tuiles.exemple.fr;"), std::string::npos);
  EXPECT_NE(lines.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(lines.find("unsafe-inline"), std::string::npos);
  EXPECT_EQ(hsts_line({.hsts_s = 0}), "");
}

// --- forms ---

Result<Request> read_multipart(std::string_view body, std::size_t step,
                               std::filesystem::path const& directory,
                               MultipartLimits limits = {.file_bytes_max = 1000}) {
  SOL_ASSIGN(auto reader,
             MultipartReader::make("multipart/form-data; boundary=\"b-1\"", directory, limits));
  for (std::size_t at = 0; at < body.size(); at += step) {
    SOL_TRY(reader.feed(body.substr(at, step)));
  }
  Request request;
  SOL_TRY(reader.finish(request));
  return request;
}

constexpr std::string_view kForm =
    "--b-1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b-1\r\n"
    "content-disposition: form-data; name=\"caf%C3%A9\"\r\n\r\n\xff\r\n--b-\r\n\r\n--b-1\r\n"
    "Content-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--b-1\r\n"
    "Content-Disposition: form-data; name=\"f\"; filename=\"../../etc/pass\\\"wd\"\r\n"
    "Content-Type: text/plain\r\n\r\nline\r\n--b\r\n\r\n--b-1\r\n"
    "Content-Disposition: form-data; name=\"none\"; filename=\"\"\r\n\r\n\r\n--b-1--\r\nepilogue";

TEST(Multipart, reads_the_same_however_the_bytes_are_cut) {
  TemporaryDirectory directory;
  for (std::size_t step = 1; step <= kForm.size(); ++step) {
    auto const request = read_multipart(kForm, step, directory.path());
    ASSERT_TRUE(request) << request.error().to_string();
    EXPECT_EQ(request->form.items().size(), 3U);
    EXPECT_EQ(request->form.get("a"), "1");
    EXPECT_EQ(request->form.get("café"), "\xEF\xBF\xBD\r\n--b-\r\n");
    EXPECT_EQ(request->form.find("empty"), "");
    ASSERT_EQ(request->files.size(), 1U);
    EXPECT_EQ(request->files[0].name, "pass_wd");
    std::ifstream in(request->files[0].path, std::ios::binary);
    EXPECT_EQ(std::string((std::istreambuf_iterator<char>(in)), {}), "line\r\n--b\r\n");
    EXPECT_EQ(directory.files(), 1U);
  }
  EXPECT_EQ(directory.files(), 0U);
}

TEST(Multipart, refuses_what_is_cut_short_and_leaves_nothing_behind) {
  TemporaryDirectory directory;
  std::size_t const whole = kForm.find("--b-1--") + 7;
  for (std::size_t size = 0; size < whole; ++size) {
    EXPECT_FALSE(read_multipart(kForm.substr(0, size), 7, directory.path()));
  }
  EXPECT_EQ(directory.files(), 0U);
}

TEST(Multipart, keeps_to_its_limits) {
  TemporaryDirectory directory;
  auto const code = [&](MultipartLimits limits) {
    auto const request = read_multipart(kForm, 50, directory.path(), limits);
    return request ? "read" : std::string(code_name(request.error().code()));
  };
  EXPECT_EQ(code({.file_bytes_max = 13}), "read");
  EXPECT_EQ(code({.file_bytes_max = 10}), "exhausted");
  EXPECT_EQ(code({.file_bytes_max = 0}), "exhausted");
  EXPECT_EQ(code({.file_bytes_max = 1000, .files_max = 0}), "exhausted");
  EXPECT_EQ(code({.field_bytes_max = 5, .file_bytes_max = 1000}), "exhausted");
  EXPECT_EQ(code({.file_bytes_max = 1000, .parts_max = 2}), "exhausted");
  EXPECT_EQ(code({.file_bytes_max = 1000, .part_head_bytes_max = 60}), "exhausted");
  EXPECT_FALSE(MultipartReader::make("multipart/form-data", directory.path(), {}));
  EXPECT_FALSE(MultipartReader::make("multipart/form-data; boundary=" + std::string(71, 'x'),
                                     directory.path(), {}));
}

TEST(Multipart, survives_random_bytes) {
  TemporaryDirectory directory;
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string body(kForm);
    for (int i = 0; i < 4; ++i) body[random() % body.size()] = "\r\n-b1\0:;\"x"[random() % 10];
    auto const request = read_multipart(body, 1 + random() % 40, directory.path());
    if (request) EXPECT_LE(request->files.size(), 2U);
  }
  EXPECT_EQ(directory.files(), 0U);
}

TEST(FileNames, become_sane) {
  EXPECT_EQ(sane_file_name("Statuts 2026.pdf"), "Statuts 2026.pdf");
  EXPECT_EQ(sane_file_name("C:\\Users\\x\\liste.csv"), "liste.csv");
  EXPECT_EQ(sane_file_name("../.."), "fichier");
  EXPECT_EQ(sane_file_name(".htaccess"), "htaccess");
  EXPECT_EQ(sane_file_name(""), "fichier");
  EXPECT_EQ(sane_file_name("a\r\n<b>|c.png"), "a_b__c.png");
  std::string const long_name = sane_file_name(std::string(100, 'a') + "éééééééééééééééé.pdf");
  EXPECT_LE(long_name.size(), 120U);
  EXPECT_TRUE(long_name.ends_with("é.pdf"));
}

// --- codec ---

TEST(Chunks, are_read_the_same_however_they_are_cut) {
  std::string_view const bytes =
      "5;name=\"v\"\r\nhello\r\n00a\r\n0123456789\r\n0\r\nA: b\r\nC: d\r\n\r\nGET";
  for (std::size_t step = 1; step < bytes.size(); ++step) {
    ChunkedReader reader;
    std::string body;
    std::size_t taken = 0;
    while (taken < bytes.size() && !reader.done()) {
      auto const one = reader.read(bytes.substr(taken, step), body, 15);
      ASSERT_FALSE(one.refusal);
      taken += one.taken;
    }
    EXPECT_EQ(body, "hello0123456789");
    EXPECT_EQ(bytes.substr(taken), "GET");
    EXPECT_TRUE(reader.done());
  }
  ChunkedReader reader;
  std::string body;
  EXPECT_EQ(reader.read(bytes, body, 14).refusal->status, 413);
}

TEST(Heads, are_found_complete_however_they_grow) {
  std::string_view const bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
  for (std::size_t step = 1; step < bytes.size(); ++step) {
    std::size_t scanned = 0;
    std::size_t found = 0;
    for (std::size_t size = step; found == 0; size += step) {
      ASSERT_LE(size, bytes.size() + step);
      found = find_head_end(bytes.substr(0, size), scanned);
    }
    EXPECT_EQ(found, bytes.size() - 4);
  }
}

TEST(Heads, survive_random_bytes) {
  std::mt19937 random(5);
  std::string const good =
      "POST /a?b=c HTTP/1.1\r\nHost: localhost:80\r\nContent-Length: 12\r\nCookie: a=b\r\n"
      "Accept-Encoding: gzip\r\nConnection: keep-alive, x\r\n\r\n";
  Head head;
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (unsigned i = 0; i < 1 + random() % 3; ++i) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    if (parse_head(bytes, {}, head)) continue;
    ++accepted;
    EXPECT_EQ(bytes.find('\0'), std::string::npos);
    EXPECT_TRUE(head.target.starts_with('/') || head.target == "*");
    EXPECT_FALSE(head.is_chunked && head.content_length > 0);
  }
  EXPECT_GT(accepted, 0);
}

// --- assets ---

TEST(StaticFiles, serve_hashed_names_for_good_and_their_packed_forms) {
  TemporaryDirectory directory;
  directory.write("site.0123abcd.css", std::string(1000, 'a'));
  directory.write("site.0123abcd.css.br", "packed by the build");
  directory.write("icons/logo.svg", "<svg/>");
  directory.write("secret.txt", "x");
  std::filesystem::create_symlink("/etc/passwd", directory.path() / "link.txt");
  auto const files = *StaticFiles::load(directory.path());
  EXPECT_EQ(files.manifest().url("site.css"), "/assets/site.0123abcd.css");
  EXPECT_EQ(files.manifest().url("icons/logo.svg"), "/assets/icons/logo.svg");
  EXPECT_EQ(files.manifest().url("missing.js"), "/assets/missing.js");
  auto const css = files.find("/assets/site.0123abcd.css");
  ASSERT_TRUE(css);
  EXPECT_NE(css->identity().head.find("immutable"), std::string::npos);
  EXPECT_EQ(css->find(Coding::brotli)->body, "packed by the build");
  ASSERT_TRUE(css->find(Coding::gzip));
  EXPECT_LT(css->find(Coding::gzip)->body.size(), 100U);
  EXPECT_NE(files.find("/assets/icons/logo.svg")->identity().head.find("no-cache"),
            std::string::npos);
  EXPECT_FALSE(files.find("/assets/link.txt"));
  EXPECT_FALSE(files.find("/assets/../secret.txt"));
  EXPECT_FALSE(files.find("/assets/site.0123abcd.css.br"));
  EXPECT_FALSE(StaticFiles::load(directory.path() / "nowhere"));
  EXPECT_EQ(StaticFiles::load(directory.path(), "/assets/", 10).error().code(), Code::exhausted);
}

}  // namespace
}  // namespace solidaires::http
