#include "node/http/page_cache.h"

#include <future>
#include <latch>

#include "tests/unit/http/world.h"

namespace solidaires::http {
namespace {

using test::Client;
using test::World;

Instant const kNow = from_unix_ms(1'000'000);
Instant const kLater = kNow + std::chrono::minutes(5);

std::shared_ptr<Prebuilt const> page(std::string body) {
  return std::make_shared<Prebuilt const>(PrebuiltParts{
      .head = "Content-Type: text/html\r\n", .body = std::move(body), .is_compressible = true});
}

using Tags = std::vector<std::string>;

PageCache::Ticket board(PageCache& cache, std::string_view key) {
  PageCache::Waiter nobody = [](PageCache::PagePtr) {};
  return cache.board(key, nobody);
}

void put(PageCache& cache, std::string_view key, std::string body, Tags const& tags) {
  cache.land(key, board(cache, key), page(std::move(body)), tags, kLater);
}

TEST(PageCache, keeps_a_page_until_its_time_is_over) {
  PageCache cache;
  put(cache, "/a", "one", {});
  ASSERT_TRUE(cache.find("/a", kNow));
  EXPECT_EQ(cache.find("/a", kNow)->identity().body, "one");
  EXPECT_FALSE(cache.find("/a", kLater));
  EXPECT_EQ(cache.stats().pages, 0U);
}

TEST(PageCache, forgets_exactly_what_carries_the_tag) {
  PageCache cache;
  put(cache, "/a", "a", {"doc:1", "type:event"});
  put(cache, "/b", "b", {"doc:2", "type:event"});
  put(cache, "/c", "c", {"doc:3", "type:article"});
  cache.invalidate(Tags{"doc:1"});
  EXPECT_FALSE(cache.find("/a", kNow));
  EXPECT_TRUE(cache.find("/b", kNow));
  cache.invalidate(Tags{"type:event", "nobody"});
  EXPECT_FALSE(cache.find("/b", kNow));
  EXPECT_TRUE(cache.find("/c", kNow));
  cache.clear();
  EXPECT_FALSE(cache.find("/c", kNow));
  EXPECT_EQ(cache.stats().bytes, 0U);
}

TEST(PageCache, does_not_store_a_page_that_a_commit_overtook) {
  PageCache cache;
  auto const ticket = board(cache, "/a");
  cache.invalidate(Tags{"doc:1"});
  cache.land("/a", ticket, page("old"), Tags{"doc:1"}, kLater);
  EXPECT_FALSE(cache.find("/a", kNow));
  auto const other = board(cache, "/b");
  cache.invalidate(Tags{"doc:1"});
  cache.land("/b", other, page("untouched"), Tags{"doc:2"}, kLater);
  EXPECT_TRUE(cache.find("/b", kNow));
  auto const cleared = board(cache, "/c");
  cache.clear();
  cache.land("/c", cleared, page("old"), Tags{}, kLater);
  EXPECT_FALSE(cache.find("/c", kNow));
}

TEST(PageCache, refuses_overtaken_pages_even_when_it_remembers_no_longer_which) {
  PageCache cache;
  auto const ticket = board(cache, "/a");
  for (int i = 0; i < 70'000; ++i) cache.invalidate(Tags{cat("doc:", i)});
  cache.land("/a", ticket, page("old"), Tags{"doc:1"}, kLater);
  EXPECT_FALSE(cache.find("/a", kNow));
}

TEST(PageCache, lets_one_make_the_page_while_others_wait) {
  PageCache cache;
  auto const leader = board(cache, "/a");
  EXPECT_EQ(leader.role, PageCache::Role::leader);
  std::string got;
  PageCache::Waiter waiter = [&](PageCache::PagePtr one) { got = one->identity().body; };
  EXPECT_EQ(cache.board("/a", waiter).role, PageCache::Role::waiter);
  cache.land("/a", leader, page("made once"), {}, kLater);
  EXPECT_EQ(got, "made once");
}

TEST(PageCache, does_not_let_anybody_wait_for_a_page_from_before_a_commit) {
  PageCache cache;
  auto const old_leader = board(cache, "/a");
  std::string early;
  PageCache::Waiter waits_early = [&](PageCache::PagePtr one) { early = one->identity().body; };
  EXPECT_EQ(cache.board("/a", waits_early).role, PageCache::Role::waiter);
  cache.invalidate(Tags{"doc:1"});
  PageCache::Waiter unused = [](PageCache::PagePtr) { FAIL(); };
  auto const new_leader = cache.board("/a", unused);
  EXPECT_EQ(new_leader.role, PageCache::Role::leader);
  cache.land("/a", old_leader, page("old"), Tags{"doc:1"}, kLater);
  EXPECT_EQ(early, "");
  cache.land("/a", new_leader, page("new"), Tags{"doc:1"}, kLater);
  EXPECT_EQ(early, "new");
  EXPECT_EQ(cache.find("/a", kNow)->identity().body, "new");
}

TEST(PageCache, stays_within_its_bytes_and_drops_the_least_recently_used) {
  PageCache cache(100'000);
  for (int i = 0; i < 40; ++i) {
    put(cache, cat("/", i), std::string(4000, 'x'), {"all"});
    EXPECT_TRUE(cache.find("/0", kNow));
    EXPECT_LE(cache.stats().bytes, 100'000U);
  }
  EXPECT_TRUE(cache.find("/39", kNow));
  EXPECT_FALSE(cache.find("/1", kNow));
  put(cache, "/large", std::string(90'000, 'x'), {});
  EXPECT_FALSE(cache.find("/large", kNow));
  cache.invalidate(Tags{"all"});
  EXPECT_EQ(cache.stats().pages, 0U);
  EXPECT_EQ(cache.stats().bytes, 0U);
}

TEST(PageCache, is_used_by_many_threads_at_once) {
  PageCache cache(200'000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, t] {
      for (int i = 0; i < 2000; ++i) {
        std::string const key = cat("/", i % 17);
        if (auto const found = cache.find(key, kNow)) found->make(Coding::gzip);
        if (i % 5 == t) cache.invalidate(Tags{cat("tag", i % 7)});
        PageCache::Waiter nobody = [](PageCache::PagePtr) {};
        auto const ticket = cache.board(key, nobody);
        if (ticket.role == PageCache::Role::leader) {
          cache.land(key, ticket, page(std::string(500, 'x')), Tags{cat("tag", i % 7)}, kLater);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache.stats().bytes, 200'000U);
}

// --- through the server ---

struct CountingWorld : World {
  std::atomic<int> made{0};

  explicit CountingWorld(std::function<void()> while_made = [] {}) {
    router.get("/page",
               [this, while_made](Request const& one) {
                 int const number = ++made;
                 while_made();
                 std::string body = cat("<p>", number, "</p>", std::string(2000, 'x'),
                                        one.query.get("q"), one.cookies.get("session"));
                 Response out = Response::html(std::move(body));
                 out.keep({"doc:1"});
                 return out;
               },
               {.cacheable = true});
    start();
  }
};

TEST(PageCacheInServer, makes_a_page_once_until_a_commit_touches_it) {
  CountingWorld world;
  Client client = world.client();
  std::string const first = client.get("/page")->body;
  EXPECT_EQ(client.get("/page")->body, first);
  EXPECT_EQ(client.get("//page/.")->status, 308);
  EXPECT_EQ(client.get("/%70age")->body, first);
  EXPECT_EQ(world.made, 1);
  world.cache.invalidate(Tags{"doc:1"});
  EXPECT_NE(client.get("/page")->body, first);
  EXPECT_EQ(world.made, 2);
}

TEST(PageCacheInServer, tells_queries_apart_but_not_their_order) {
  CountingWorld world;
  Client client = world.client();
  client.get("/page?q=a&r=1");
  client.get("/page?r=1&q=a");
  EXPECT_EQ(world.made, 1);
  client.get("/page?q=b&r=1");
  EXPECT_EQ(world.made, 2);
}

TEST(PageCacheInServer, never_shares_the_page_of_somebody) {
  CountingWorld world;
  Client client = world.client();
  auto const mine = client.get("/page", "Cookie: session=alice\r\n");
  EXPECT_NE(mine->body.find("alice"), std::string::npos);
  EXPECT_EQ(mine->header("Cache-Control"), "private, no-store");
  EXPECT_EQ(client.get("/page", "Cookie: other=1\r\n")->body.find("alice"), std::string::npos);
  EXPECT_NE(client.get("/page", "Cookie: session=bob\r\n")->body.find("bob"), std::string::npos);
  EXPECT_EQ(world.made, 3);
  EXPECT_EQ(world.cache.stats().pages, 1U);
}

TEST(PageCacheInServer, answers_codings_conditions_and_head_from_one_page) {
  CountingWorld world;
  Client client = world.client();
  auto const plain = client.get("/page");
  auto const gzip = client.get("/page", "Accept-Encoding: gzip\r\n");
  auto const brotli = client.get("/page", "Accept-Encoding: gzip, br;q=1.0\r\n");
  EXPECT_EQ(plain->header("Content-Encoding"), "");
  EXPECT_EQ(gzip->header("Content-Encoding"), "gzip");
  EXPECT_EQ(brotli->header("Content-Encoding"), "br");
  EXPECT_NE(plain->header("ETag"), gzip->header("ETag"));
  EXPECT_NE(gzip->header("ETag"), brotli->header("ETag"));
  auto const known = client.get("/page", cat("Accept-Encoding: gzip\r\nIf-None-Match: \"x\", ",
                                             gzip->header("ETag"), "\r\n"));
  EXPECT_EQ(known->status, 304);
  EXPECT_EQ(known->header("ETag"), gzip->header("ETag"));
  EXPECT_EQ(client.get("/page", cat("If-None-Match: ", gzip->header("ETag"), "\r\n"))->status, 200);
  auto const head = client.ask(test::request("HEAD", "/page"));
  EXPECT_EQ(head->header("Content-Length"), std::to_string(plain->body.size()));
  EXPECT_EQ(world.made, 1);
}

TEST(PageCacheInServer, does_not_keep_what_a_commit_overtook_while_it_was_made) {
  PageCache* cache = nullptr;
  CountingWorld world([&] {
    if (cache != nullptr) std::exchange(cache, nullptr)->invalidate(Tags{"doc:1"});
  });
  cache = &world.cache;
  Client client = world.client();
  client.get("/page");
  EXPECT_EQ(world.cache.stats().refused, 1U);
  client.get("/page");
  EXPECT_EQ(world.made, 2);
  client.get("/page");
  EXPECT_EQ(world.made, 2);
}

TEST(PageCacheInServer, makes_one_page_for_a_crowd) {
  std::promise<void> go;
  std::shared_future<void> const gone(go.get_future());
  CountingWorld world([gone] { gone.wait(); });
  std::vector<Client> crowd;
  for (int i = 0; i < 30; ++i) {
    crowd.push_back(world.client());
    crowd.back().send(test::request("GET", "/page", "Accept-Encoding: br\r\n"));
  }
  while (world.server->stats().requests < 30) std::this_thread::yield();
  go.set_value();
  for (Client& client : crowd) EXPECT_EQ(client.receive()->status, 200);
  EXPECT_EQ(world.made, 1);
}

}  // namespace
}  // namespace solidaires::http
