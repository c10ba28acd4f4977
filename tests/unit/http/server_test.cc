#include "node/http/server.h"

#include <future>
#include <latch>
#include <random>

#include "node/http/compression.h"
#include "node/http/rate_limiter.h"
#include "tests/unit/http/world.h"

namespace solidaires::http {
namespace {

using test::Client;
using test::request;
using test::World;
using namespace std::chrono_literals;

Handler say(std::string text) {
  return [text](Request const&) { return Response::text(text); };
}

TEST(Server, answers_over_one_connection_again_and_again) {
  World world;
  world.router.get("/hello", say("bonjour"));
  world.start();
  Client client = world.client();
  for (int i = 0; i < 50; ++i) {
    auto const reply = client.get("/hello");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->body, "bonjour");
    EXPECT_EQ(reply->header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(reply->count("Date"), 1U);
    EXPECT_FALSE(reply->header("X-Request-Id").empty());
  }
  EXPECT_EQ(world.server->stats().accepted, 1U);
  EXPECT_EQ(world.server->stats().requests, 50U);
}

TEST(Server, answers_pipelined_requests_in_their_order) {
  World world;
  world.router.get("/slow", [](Request const&) {
    std::promise<void> nobody;
    (void)nobody.get_future().wait_for(50ms);
    return Response::text("slow");
  });
  world.router.get("/n/{n:int}", [](Request const& one) {
    return Response::text(std::string(one.capture("n")));
  });
  world.start();
  Client client = world.client();
  std::string all = request("GET", "/slow");
  for (int i = 0; i < 100; ++i) all += request("GET", cat("/n/", i));
  client.send(all);
  EXPECT_EQ(client.receive()->body, "slow");
  for (int i = 0; i < 100; ++i) {
    auto const reply = client.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, std::to_string(i));
  }
}

TEST(Server, reads_a_request_that_comes_byte_by_byte) {
  World world;
  world.router.post("/echo", [](Request const& one) { return Response::text(one.body); });
  world.start();
  Client client = world.client();
  for (char c : std::string_view("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                                 "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")) {
    ASSERT_TRUE(client.send({&c, 1}));
  }
  EXPECT_EQ(client.receive()->body, "abcde");
}

TEST(Server, answers_head_with_the_head_of_get) {
  World world;
  world.router.get("/hello", say("bonjour"));
  world.start();
  Client client = world.client();
  auto const reply = client.ask(request("HEAD", "/hello"));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->header("Content-Length"), "7");
  EXPECT_EQ(client.get("/hello")->body, "bonjour");  // no stray byte in between
}

TEST(Server, closes_after_http_10_unless_asked_to_stay) {
  World world;
  world.router.get("/hello", say("bonjour"));
  world.start();
  Client client = world.client();
  auto const stays = client.ask("GET /hello HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n");
  EXPECT_EQ(stays->header("Connection"), "keep-alive");
  auto const leaves = client.ask("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(leaves->header("Connection"), "close");
  EXPECT_TRUE(client.is_closed_by_peer());
}

TEST(Server, says_what_is_missing_or_not_allowed) {
  World world;
  world.router.get("/a", say("a"));
  world.router.post("/a", say("posted"));
  world.start();
  Client client = world.client();
  EXPECT_EQ(client.get("/nothing")->status, 404);
  auto const wrong = client.ask(request("DELETE", "/a"));
  EXPECT_EQ(wrong->status, 405);
  EXPECT_EQ(wrong->header("Allow"), "GET, HEAD, POST, OPTIONS");
  auto const options = client.ask(request("OPTIONS", "/a"));
  EXPECT_EQ(options->status, 204);
  EXPECT_EQ(options->header("Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(client.ask(request("OPTIONS", "*"))->status, 204);
  auto const slash = client.get("/a/?q=1");
  EXPECT_EQ(slash->status, 308);
  EXPECT_EQ(slash->header("Location"), "/a?q=1");
  EXPECT_EQ(client.get("/../etc/passwd")->status, 400);
  EXPECT_EQ(client.get("/%ff%fe")->status, 400);
  EXPECT_EQ(client.get("/a/..%2f..%2fetc")->status, 404);
}

TEST(Server, renders_errors_by_the_given_page_and_hides_what_was_thrown) {
  World world;
  world.router.get("/throws", [](Request const&) -> Response {
    throw std::runtime_error("secret of the house");
  });
  world.router.get("/empty", [](Request const&) { return Response::empty(410); });
  world.error_page = [](Request const& one, int status) {
    return Response::html(cat("<p>Erreur ", status, " ", one.id, "</p>"), 200);
  };
  world.start();
  Client client = world.client();
  auto const thrown = client.get("/throws");
  EXPECT_EQ(thrown->status, 500);
  EXPECT_EQ(thrown->body, cat("<p>Erreur 500 ", thrown->header("X-Request-Id"), "</p>"));
  EXPECT_EQ(client.get("/nothing")->status, 404);
  EXPECT_TRUE(client.get("/empty")->body.starts_with("<p>Erreur 410"));
}

TEST(Server, still_answers_when_the_error_page_throws) {
  World world;
  world.error_page = [](Request const&, int) -> Response { throw 1; };
  world.start();
  Client client = world.client();
  auto const reply = client.get("/nothing");
  EXPECT_EQ(reply->status, 404);
  EXPECT_NE(reply->body.find("404"), std::string::npos);
}

TEST(Server, gives_the_handler_decoded_parts) {
  World world;
  Request seen;
  world.router.get("/structures/{slug}", [&](Request const& one) {
    seen = one;
    return Response::text("ok");
  });
  world.start();
  Client client = world.client();
  client.get("/structures/caf%C3%A9%20solidaire?q=a+b&q=%C3%A9&broken=%ff",
             "Cookie: a=1; b=\"2\"\r\nUser-Agent: t\r\n");
  EXPECT_EQ(seen.path, "/structures/café solidaire");
  EXPECT_EQ(seen.capture("slug"), "café solidaire");
  EXPECT_EQ(seen.query.all("q"), (std::vector<std::string_view>{"a b", "é"}));
  EXPECT_EQ(seen.query.get("broken"), "\xEF\xBF\xBD");
  EXPECT_EQ(seen.cookies.get("b"), "2");
  EXPECT_EQ(seen.peer, "127.0.0.1");
  EXPECT_EQ(seen.base_url(), "http://localhost");
  EXPECT_EQ(seen.route, "/structures/{slug}");
}

TEST(Server, believes_forwarded_headers_of_trusted_proxies_only) {
  for (bool const is_trusted : {false, true}) {
    World world;
    if (is_trusted) world.options.trusted_proxies = {"127.0.0.0/8", "10.0.0.0/8"};
    std::string seen;
    world.router.get("/who", [&](Request const& one) {
      seen = one.base_url() + ' ' + one.peer;
      return Response::text("ok");
    });
    world.start();
    Client client = world.client();
    auto const reply = client.get(
        "/who", "X-Forwarded-Proto: https\r\nX-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.1.1.1\r\n");
    EXPECT_EQ(seen, is_trusted ? "https://localhost 192.0.2.7" : "http://localhost 127.0.0.1");
    EXPECT_EQ(reply->header("Strict-Transport-Security").empty(), !is_trusted);
  }
}

TEST(Server, answers_to_its_own_names_only) {
  World world;
  world.options.hosts = {"exemple.fr"};
  world.router.get("/", say("ok"));
  world.start();
  Client client = world.client();
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: Exemple.fr:8073\r\n\r\n")->status, 200);
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: autre.fr\r\n\r\n")->status, 421);
}

TEST(Server, asks_for_the_body_when_the_client_waits_for_that) {
  World world;
  world.router.post("/echo", [](Request const& one) { return Response::text(one.body); });
  world.router.post("/shut", say("never"), {.admit = [](Request const&) {
                      return std::optional(Response::text("non", 403));
                    }});
  world.start();
  Client client = world.client();
  std::string const head = "Expect: 100-continue\r\nContent-Length: 5\r\n";
  client.send(request("POST", "/echo", head));
  EXPECT_EQ(client.receive()->status, 100);
  client.send("hello");
  EXPECT_EQ(client.receive()->body, "hello");
  client.send(request("POST", "/shut", head));
  EXPECT_EQ(client.receive()->status, 403);
  EXPECT_TRUE(client.is_closed_by_peer());
}

TEST(Server, refuses_forms_that_another_site_sends) {
  World world;
  world.router.post("/form", say("taken"));
  world.router.post("/api", say("taken"), {.cross_origin = true});
  world.start();
  auto const post = [&](std::string_view target, std::string_view header) {
    Client client = world.client();
    return client.post(target, "application/x-www-form-urlencoded", "a=1", header)->status;
  };
  EXPECT_EQ(post("/form", ""), 200);
  EXPECT_EQ(post("/form", "Sec-Fetch-Site: same-origin\r\n"), 200);
  EXPECT_EQ(post("/form", "Origin: http://localhost\r\n"), 200);
  EXPECT_EQ(post("/form", "Sec-Fetch-Site: cross-site\r\n"), 403);
  EXPECT_EQ(post("/form", "Sec-Fetch-Site: same-site\r\n"), 403);
  EXPECT_EQ(post("/form", "Origin: http://evil.example\r\n"), 403);
  EXPECT_EQ(post("/form", "Origin: null\r\n"), 403);
  EXPECT_EQ(post("/api", "Origin: http://evil.example\r\n"), 200);
}

TEST(Server, reads_forms_and_files_of_any_size_into_fields_and_disk) {
  World world;
  std::string summary;
  world.router.post("/import",
                    [&](Request const& one) {
                      std::string const bytes = [&] {
                        std::ifstream in(one.files.at(0).path, std::ios::binary);
                        return std::string((std::istreambuf_iterator<char>(in)), {});
                      }();
                      summary =
                          cat(one.form.get("nom"), '|', one.files[0].field, '|', one.files[0].name,
                              '|', one.files[0].size_bytes, '|', bytes.size(), '|', bytes.back());
                      return Response::text("ok");
                    },
                    {.file_bytes_max = 8UL * 1024 * 1024});
  world.start();
  std::string const file = std::string(3'000'000, 'x') + "\r\n--almost\r\n" + "!";
  std::string const body =
      cat("--b0\r\nContent-Disposition: form-data; name=\"nom\"\r\n\r\nCafé\r\n--b0\r\n"
          "Content-Disposition: form-data; name=\"f\"; filename=\"C:\\docs\\..\\liste.csv\"\r\n"
          "Content-Type: text/csv\r\n\r\n",
          file, "\r\n--b0--\r\n");
  Client client = world.client();
  EXPECT_EQ(client.post("/import", "multipart/form-data; boundary=b0", body)->status, 200);
  EXPECT_EQ(summary, cat("Café|f|liste.csv|", file.size(), '|', file.size(), "|!"));
  EXPECT_EQ(client.get("/nothing")->status, 404);  // the exchange before is over
  EXPECT_EQ(world.directory.files(), 0U);
  std::string const large(9'000'000, 'x');
  EXPECT_EQ(client.post("/import", "multipart/form-data; boundary=b0", large)->status, 413);
}

TEST(Server, cuts_clients_that_are_too_slow) {
  World world;
  world.options.deadlines.head = 200ms;
  world.options.deadlines.body = 200ms;
  world.options.deadlines.idle = 200ms;
  world.router.post("/echo", [](Request const& one) { return Response::text(one.body); });
  world.start();
  Client silent = world.client();
  EXPECT_TRUE(silent.is_closed_by_peer());
  Client half = world.client();
  half.send("GET / HT");
  EXPECT_EQ(half.receive()->status, 408);
  EXPECT_TRUE(half.is_closed_by_peer());
  Client body = world.client();
  body.send(request("POST", "/echo", "Content-Length: 10\r\n", "abc"));
  EXPECT_EQ(body.receive()->status, 408);
  Client idle = world.client();
  EXPECT_EQ(idle.get("/")->status, 404);
  EXPECT_TRUE(idle.is_closed_by_peer());
}

TEST(Server, cuts_a_client_that_does_not_read) {
  World world;
  world.options.deadlines.write = 200ms;
  world.options.deadlines.bytes_per_s_min = 100'000'000;
  world.router.get("/large", say(std::string(30'000'000, 'x')));
  world.start();
  Client client = world.client();
  client.send(request("GET", "/large"));
  while (world.server->stats().requests == 0 || world.server->stats().open > 0) {
    std::this_thread::yield();
  }
  EXPECT_FALSE(client.receive());
}

TEST(Server, sends_bodies_larger_than_the_socket_buffers_whole) {
  World world;
  std::string large;
  for (int i = 0; i < 1'500'000; ++i) large += cat(i, ' ');
  world.router.get(
      "/large", [&](Request const&) { return Response::bytes(large, "application/octet-stream"); });
  world.start();
  Client client = world.client();
  EXPECT_EQ(client.get("/large")->body, large);
}

TEST(Server, streams_and_sends_files_with_ranges) {
  World world;
  auto const path = world.directory.write("plan.pdf", "0123456789");
  world.router.get("/file", [&](Request const&) {
    return Response::from_file(path, "application/pdf", "plan d’accès.pdf");
  });
  world.router.get("/tagged", [&](Request const&) {
    return Response::from_file(path, "image/png").with("ETag", "\"of the handler\"");
  });
  world.router.get("/export", [](Request const&) {
    auto left = std::make_shared<int>(3);
    return Response::streamed(
        [left]() -> Result<std::string> { return *left > 0 ? cat((*left)--, ";") : ""; },
        "text/csv");
  });
  world.router.get("/broken", [](Request const&) {
    return Response::streamed([]() -> Result<std::string> { return fail(Code::io, "no"); },
                              "text/csv");
  });
  world.start();
  Client client = world.client();
  auto const whole = client.get("/file");
  EXPECT_EQ(whole->body, "0123456789");
  EXPECT_EQ(whole->header("Content-Disposition"),
            "attachment; filename=\"plan d_acc_s.pdf\"; "
            "filename*=UTF-8''plan%20d%E2%80%99acc%C3%A8s.pdf");
  auto const part = client.get("/file", "Range: bytes=2-4\r\n");
  EXPECT_EQ(part->status, 206);
  EXPECT_EQ(part->body, "234");
  EXPECT_EQ(part->header("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(client.get("/file", "Range: bytes=-3\r\n")->body, "789");
  EXPECT_EQ(client.get("/file", "Range: bytes=20-\r\n")->status, 416);
  EXPECT_EQ(client.get("/file", cat("If-None-Match: ", whole->header("ETag"), "\r\n"))->status,
            304);
  EXPECT_EQ(client.get("/file", cat("If-Modified-Since: ", whole->header("Last-Modified"), "\r\n"))
                ->status,
            304);
  EXPECT_EQ(client.get("/tagged")->header("ETag"), "\"of the handler\"");
  EXPECT_EQ(client.get("/tagged", "If-None-Match: \"of the handler\"\r\n")->status, 304);
  EXPECT_EQ(client.get("/export")->body, "3;2;1;");
  Client old = world.client();
  EXPECT_EQ(old.ask("GET /export HTTP/1.0\r\n\r\n")->body, "3;2;1;");
  EXPECT_FALSE(client.get("/broken"));  // cut, not ended
}

TEST(Server, compresses_what_may_be_compressed) {
  World world;
  std::string const page(5000, 'a');
  world.router.get("/page", [&](Request const&) { return Response::html(page); });
  world.router.get("/secret", [&](Request const&) {
    Response out = Response::html(page);
    out.secret = true;
    return out;
  });
  world.start();
  Client client = world.client();
  std::string const accept = "Accept-Encoding: gzip, br\r\n";
  auto const packed = client.get("/page", accept);
  EXPECT_EQ(packed->header("Content-Encoding"), "br");
  EXPECT_EQ(packed->header("Vary"), "Accept-Encoding");
  EXPECT_LT(packed->body.size(), 200U);
  EXPECT_EQ(client.get("/page")->body, page);
  EXPECT_EQ(client.get("/secret", accept)->body, page);
  EXPECT_EQ(client.get("/secret", accept)->header("Cache-Control"), "private, no-store");
  EXPECT_EQ(
      client.get("/page", accept + "Cookie: session=x\r\nSec-Fetch-Site: cross-site\r\n")->body,
      page);
}

TEST(Server, refuses_when_the_workers_are_full) {
  WorkerPool small(1, 1);
  std::latch entered(1);
  std::promise<void> go;
  std::shared_future<void> const gone(go.get_future());
  Router router;
  router.get("/wait", [&](Request const&) {
    if (!entered.try_wait()) entered.count_down();
    gone.wait();
    return Response::text("done");
  });
  auto server = *Server::make({.listeners = {Listener{}}}, std::move(router), {.workers = small});
  server->start();
  Client first = Client::plain(server->port());
  first.send(request("GET", "/wait"));
  entered.wait();
  Client second = Client::plain(server->port());
  second.send(request("GET", "/wait"));
  while (small.queued() == 0) std::this_thread::yield();
  Client third = Client::plain(server->port());
  auto const refused = third.get("/wait");
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->header("Retry-After"), "2");
  go.set_value();
  EXPECT_EQ(first.receive()->body, "done");
  EXPECT_EQ(second.receive()->body, "done");
  server->stop(5s);
}

TEST(Server, finishes_what_is_in_flight_when_it_stops) {
  World world;
  std::latch entered(1);
  std::promise<void> go;
  world.router.get("/slow", [&](Request const&) {
    entered.count_down();
    go.get_future().wait();
    return Response::text("finished");
  });
  world.start();
  Client busy = world.client();
  Client idle = world.client();
  EXPECT_EQ(idle.get("/")->status, 404);
  busy.send(request("GET", "/slow"));
  entered.wait();
  std::uint16_t const port = world.server->port();
  std::thread stopping([&] { world.server->stop(30s); });
  EXPECT_TRUE(idle.is_closed_by_peer());
  EXPECT_FALSE(Client::plain(port).is_open());
  go.set_value();
  auto const reply = busy.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "finished");
  EXPECT_EQ(reply->header("Connection"), "close");
  stopping.join();
}

TEST(Server, cuts_what_does_not_end_in_time_when_it_stops) {
  World world;
  world.router.get("/large", say(std::string(30'000'000, 'x')));
  world.start();
  Client stuck = world.client();
  stuck.send(request("GET", "/large"));
  while (world.server->stats().requests == 0) std::this_thread::yield();
  auto const before = std::chrono::steady_clock::now();
  world.server->stop(200ms);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
  EXPECT_EQ(world.server->stats().open, 0U);
}

TEST(Server, survives_clients_that_leave_at_any_moment) {
  World world;
  world.router.get("/page",
                   [](Request const&) { return Response::text(std::string(100'000, 'x')); });
  world.router.post("/echo", [](Request const& one) { return Response::text(one.body); });
  world.start();
  std::string const get = request("GET", "/page");
  std::string const post = request("POST", "/echo", "Content-Length: 6\r\n", "abcdef");
  for (std::string const& bytes : {get, post}) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      Client client = world.client();
      client.send(bytes.substr(0, cut));
    }
  }
  EXPECT_EQ(world.client().get("/page")->status, 200);
}

TEST(Server, survives_random_bytes) {
  World world;
  world.router.get("/", say("ok"));
  world.start();
  std::mt19937 random(7);
  std::string const alphabet = "GET / HTTP/1.1\r\nHost: a:\r\n\r\n\0\xff;0123456789abcdef";
  for (int round = 0; round < 300; ++round) {
    std::string bytes = round % 2 == 0 ? request("GET", "/") : std::string();
    for (int i = 0; i < 200; ++i) {
      char const c = alphabet[random() % alphabet.size()];
      if (bytes.size() > 20 && round % 2 == 0) {
        bytes[random() % bytes.size()] = c;
      } else {
        bytes += c;
      }
      if (i > 3 && round % 2 == 0) break;
    }
    Client client = world.client();
    client.send(bytes);
    client.shutdown_send();
    std::string const answer = client.read_all();
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 ")) << answer;
    EXPECT_EQ(answer.find("HTTP/1.1 500"), std::string::npos);
  }
  EXPECT_EQ(world.client().get("/")->status, 200);
}

TEST(Server, tells_the_observer_patterns_and_no_addresses) {
  struct Observer final : AccessObserver {
    void on_response(Access const& access) noexcept override {
      std::scoped_lock const lock(mutex);
      lines.push_back(cat(method_name(access.method), ' ', access.route, ' ', access.status, ' ',
                          access.body_bytes));
    }
    std::mutex mutex;
    std::vector<std::string> lines;
  } observer;
  {
    World world;
    world.observer = &observer;
    world.router.get("/structures/{slug}", say("four"));
    world.router.get("/healthz", say("ok"), {.quiet = true});
    world.start();
    Client client = world.client();
    client.get("/structures/secret-place?q=private");
    client.get("/healthz");
    client.ask(request("HEAD", "/structures/x"));
    client.ask("nonsense\r\n\r\n");
  }
  EXPECT_EQ(observer.lines,
            (std::vector<std::string>{"GET /structures/{slug} 200 4",
                                      "HEAD /structures/{slug} 200 0", "OTHER  400 41"}));
}

TEST(Server, tells_what_an_answer_counts_as_from_the_cache_too) {
  struct Observer final : AccessObserver {
    void on_response(Access const& access) noexcept override {
      std::scoped_lock const lock(mutex);
      for (auto const& name : access.counted_as)
        lines.push_back(cat(name, access.by_robot ? " by a robot" : "", ' ', access.status));
    }
    std::mutex mutex;
    std::vector<std::string> lines;
  } observer;
  {
    World world;
    world.observer = &observer;
    world.router.get("/kept",
                     [](Request const&) {
                       auto response = Response::text("kept").keep({"tag"});
                       response.counted_as = {"page/kept"};
                       return response;
                     },
                     {.cacheable = true});
    world.router.get("/made", [](Request const&) {
      auto response = Response::text("made");
      response.counted_as = {"page/made", "search"};
      return response;
    });
    world.start();
    Client client = world.client();
    auto const ask = [&](std::string_view path, std::string_view agent,
                         std::string_view more = {}) {
      return client.ask(cat("GET ", path, " HTTP/1.1\r\nHost: a.example\r\n", more,
                            "User-Agent: ", agent, "\r\n\r\n"));
    };
    constexpr std::string_view kBrowser = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0";
    auto const first = ask("/kept", kBrowser);
    ask("/kept", kBrowser);
    ask("/kept", kBrowser, cat("If-None-Match: ", first->header("ETag"), "\r\n"));
    ask("/kept", "curl/8.0");
    ask("/made", kBrowser);
  }
  EXPECT_EQ(observer.lines,
            (std::vector<std::string>{"page/kept 200", "page/kept 200", "page/kept 304",
                                      "page/kept by a robot 200", "page/made 200", "search 200"}));
}

TEST(Robots, are_who_does_not_say_to_be_a_browser_or_says_more) {
  EXPECT_FALSE(is_robot("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"));
  EXPECT_FALSE(is_robot("Lynx/2.9.0dev.12 libwww-FM/2.14"));
  EXPECT_TRUE(is_robot(""));
  EXPECT_TRUE(is_robot("python-requests/2.31"));
  EXPECT_TRUE(is_robot("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"));
  EXPECT_TRUE(is_robot("Mozilla/5.0 (compatible; BINGBOT/2.0)"));
  EXPECT_TRUE(is_robot("Mozilla/5.0 (compatible; Veille; https://exemple.fr/veille)"));
}

TEST(Server, makes_only_so_many_answers_for_one_client_and_says_how_many_are_left) {
  RateLimiter budget({.burst = 2, .refill = std::chrono::minutes(10)});
  World world;
  world.options.trusted_proxies = {"127.0.0.1"};
  RouteOptions limited;
  limited.cacheable = true;
  limited.budget = &budget;
  world.router.get(
      "/search",
      [](Request const&) {
        auto response = Response::text("found");
        response.keep({"tag"});
        return response;
      },
      limited);
  world.router.get("/page", say("free"));
  world.start();
  auto const ask = [&](std::string_view path, std::string_view client) {
    return world.client().ask(
        cat("GET ", path, " HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: ", client, "\r\n\r\n"));
  };
  auto const first = ask("/search?q=1", "192.0.2.1");
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(first->header("RateLimit-Policy"), "\"client\";q=2;w=1200");
  EXPECT_EQ(first->header("RateLimit"), "\"client\";r=1;t=600");
  EXPECT_EQ(ask("/search?q=2", "192.0.2.1")->header("RateLimit").substr(0, 12), "\"client\";r=0");
  auto const refused = ask("/search?q=3", "192.0.2.1");
  EXPECT_EQ(refused->status, 429);
  EXPECT_EQ(refused->header("Retry-After"), "600");
  auto const ready = ask("/search?q=1", "192.0.2.1");
  EXPECT_EQ(ready->status, 200) << "what is in the cache costs nothing";
  EXPECT_EQ(ready->header("RateLimit"), "");
  EXPECT_EQ(ask("/page", "192.0.2.1")->status, 200);
  EXPECT_EQ(ask("/search?q=4", "192.0.2.2")->status, 200) << "somebody else";
}

TEST(Server, lets_only_what_is_meant_for_it_be_framed) {
  World world;
  world.router.get("/page", say("own"));
  world.router.get("/frame", [](Request const&) {
    auto response = Response::text("for others");
    response.frameable = true;
    return response;
  });
  world.start();
  auto const policy_of = [&](std::string_view path) {
    return std::string(world.client().get(path)->header("Content-Security-Policy"));
  };
  EXPECT_NE(policy_of("/page").find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(world.client().get("/page")->header("X-Frame-Options"), "DENY");
  EXPECT_NE(policy_of("/frame").find("frame-ancestors *"), std::string::npos);
  EXPECT_NE(policy_of("/frame").find("script-src 'self'"), std::string::npos);
  EXPECT_EQ(world.client().get("/frame")->header("X-Frame-Options"), "");
}

TEST(Server, names_the_port_that_is_taken) {
  World world;
  world.start();
  WorkerPool workers(1);
  auto const second =
      Server::make({.listeners = {{.port = world.server->port()}}}, Router(), {.workers = workers});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::busy);
  EXPECT_NE(second.error().message().find(std::to_string(world.server->port())), std::string::npos);
}

TEST(Server, shares_a_port_between_several_loops) {
  World world;
  world.options.io_threads = 3;
  world.router.get("/", say("ok"), {.cacheable = true});
  world.start();
  for (int i = 0; i < 40; ++i) EXPECT_EQ(world.client().get("/")->body, "ok");
}

TEST(Server, gives_the_place_of_an_idle_connection_to_a_new_one) {
  World world;
  world.options.connections_max = 2;
  world.router.get("/", say("ok"));
  world.start();
  Client first = world.client();
  EXPECT_EQ(first.get("/")->status, 200);
  Client second = world.client();
  EXPECT_EQ(second.get("/")->status, 200);
  Client third = world.client();
  EXPECT_EQ(third.get("/")->status, 200);
  EXPECT_TRUE(first.is_closed_by_peer());
  EXPECT_EQ(second.get("/")->status, 200);
}

TEST(Server, bounds_the_connections_of_one_address) {
  World world;
  world.options.connections_per_peer_max = 1;
  world.router.get("/", say("ok"));
  world.start();
  Client first = world.client();
  EXPECT_EQ(first.get("/")->status, 200);
  Client second = world.client();
  EXPECT_TRUE(second.is_closed_by_peer());
  EXPECT_EQ(first.get("/")->status, 200);
}

}  // namespace
}  // namespace solidaires::http
