// Every line of tests/golden/http/refused.txt against a real server.
#include <fstream>

#include "tests/unit/http/world.h"

namespace solidaires::http {
namespace {

using test::Client;
using test::World;

struct Case {
  int status = 0;
  std::string name;
  std::string bytes;
};

std::string unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    char const c = text.front();
    text.remove_prefix(1);
    if (c != '\\') {
      out += c;
      continue;
    }
    char const kind = text.front();
    text.remove_prefix(1);
    if (kind == 'x') {
      out += static_cast<char>(std::stoi(std::string(text.substr(0, 2)), nullptr, 16));
      text.remove_prefix(2);
    } else if (kind == 's') {
      std::size_t const star = text.find('*');
      out.append(std::stoul(std::string(text.substr(0, star))), text[star + 1]);
      text.remove_prefix(star + 2);
    } else {
      std::string_view const from = "rnt0\\";
      out += "\r\n\t\0\\"[from.find(kind)];
    }
  }
  return out;
}

std::vector<Case> load_cases() {
  std::ifstream file(SOLIDAIRES_SOURCE_DIR "/tests/golden/http/refused.txt");
  std::vector<Case> out;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::size_t const first = line.find(' ');
    std::size_t const second = line.find(' ', first + 1);
    out.push_back({std::stoi(line.substr(0, first)), line.substr(first + 1, second - first - 1),
                   unescaped(std::string_view(line).substr(second + 1))});
  }
  return out;
}

void add_routes(Router& router, std::atomic<int>& smuggled) {
  router.get("/hello", [](Request const&) { return Response::text("hello"); });
  router.get("/smuggled", [&smuggled](Request const&) {
    ++smuggled;
    return Response::text("smuggled");
  });
  router.post("/echo", [](Request const& request) { return Response::text(request.body); });
  router.post("/small", [](Request const&) { return Response::text("small"); },
              {.body_bytes_max = 16});
}

TEST(Smuggling, the_list_of_refused_forms_is_read) {
  EXPECT_GT(load_cases().size(), 90U);
}

TEST(Smuggling, every_refused_form_gets_its_status_and_ends_the_connection) {
  World world;
  std::atomic<int> smuggled{0};
  add_routes(world.router, smuggled);
  world.start();
  for (Case const& one : load_cases()) {
    SCOPED_TRACE(one.name);
    Client client = world.client();
    client.send(one.bytes + test::request("GET", "/smuggled"));
    auto const reply = client.receive(one.bytes.starts_with("HEAD"));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, one.status);
    EXPECT_EQ(reply->header("Connection"), "close");
    if (!one.bytes.starts_with("HEAD")) EXPECT_EQ(client.read_all(), "");
    EXPECT_TRUE(client.is_closed_by_peer());
  }
  EXPECT_EQ(smuggled, 0);
}

TEST(Smuggling, the_same_forms_written_properly_are_answered) {
  World world;
  std::atomic<int> smuggled{0};
  add_routes(world.router, smuggled);
  world.start();
  std::vector<std::string> const good = {
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nabcd",
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;a=b\r\nabcd\r\n0\r\nX-Trailer: y\r\n\r\n",
      "POST /echo HTTP/1.1\r\nhost:localhost:80\r\nTRANSFER-ENCODING: Chunked\r\n\r\n"
      "2\r\nab\r\n0002\r\ncd\r\n000\r\n\r\n",
      "GET http://localhost/hello HTTP/1.1\r\nHost: LOCALHOST\r\n\r\n",
      "\r\nGET /hello HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: localhost\r\nX-Empty:\r\nX-Old: \xe9t\xe9\r\n\r\n",
  };
  Client client = world.client();
  for (std::string const& bytes : good) {
    SCOPED_TRACE(bytes);
    auto const reply = client.ask(bytes);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->body, bytes.find("POST") == 0 ? "abcd" : "hello");
  }
}

}  // namespace
}  // namespace solidaires::http
