// A server on a free port of loopback with a directory of its own, for tests. One per test.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "node/http/server.h"
#include "sync/base/bytes.h"
#include "sync/base/rng.h"
#include "tests/unit/http/test_client.h"

namespace solidaires::http::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory()
      : path_(std::filesystem::path(testing::TempDir()) / cat("http-", hex(SystemRng().bytes(8)))) {
    std::filesystem::create_directories(path_);
  }
  TemporaryDirectory(TemporaryDirectory const&) = delete;
  TemporaryDirectory& operator=(TemporaryDirectory const&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }
  std::filesystem::path write(std::string_view name, std::string_view bytes) const {
    std::filesystem::path const path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  [[nodiscard]] std::size_t files() const {
    auto const all = std::filesystem::directory_iterator(path_);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

 private:
  std::filesystem::path path_;
};

struct World {
  TemporaryDirectory directory;
  ServerOptions options;
  Router router;
  WorkerPool workers{2};
  PageCache cache;
  StaticFiles assets;
  AccessObserver* observer = nullptr;
  ErrorPage error_page;
  std::unique_ptr<Server> server;

  World() {
    options.listeners = {Listener{}};
    options.upload_directory = directory.path();
    options.personal_cookies = {"session"};
  }
  ~World() {
    if (server) server->stop(std::chrono::seconds(5));
  }

  // Once options, router and the rest are set.
  void start() {
    auto made = Server::make(options, std::move(router),
                             {.workers = workers,
                              .cache = &cache,
                              .assets = &assets,
                              .observer = observer,
                              .error_page = error_page});
    ASSERT_TRUE(made) << made.error().to_string();
    server = *std::move(made);
    server->start();
  }
  [[nodiscard]] Client client(std::size_t listener = 0) const {
    return Client::plain(server->port(listener));
  }
};

}  // namespace solidaires::http::test
