// The page cache and nothing else, for tests/bench/http_vs_nginx: serves one file's bytes as a kept
// page at "/page", made anew for each request at "/uncached", plain and, given a certificate, over
// TLS. Prints its ports, runs until its standard input ends.
//
//   http_bench_server PAGE IO_THREADS [CERTIFICATE KEY]
#include <sys/resource.h>

#include <fstream>
#include <iostream>

#include "node/http/server.h"

namespace {

using namespace solidaires::http;

ServerOptions make_options(int count, char** arguments) {
  constexpr std::size_t kManyConnections = 50'000;
  ServerOptions options;
  options.listeners = {Listener{}};
  options.io_threads = std::stoul(arguments[2]);
  options.connections_max = kManyConnections;
  options.connections_per_peer_max = kManyConnections;
  if (count > 4) {
    options.tls = TlsFiles{arguments[3], arguments[4]};
    options.listeners.push_back({.kind = Listener::Kind::tls});
  }
  return options;
}

Router make_router(std::string const& page) {
  Router router;
  router.get("/page",
             [page](Request const&) {
               Response response = Response::html(page);
               response.keep({"page"}, std::chrono::hours(24));
               return response;
             },
             {.cacheable = true});
  router.get("/uncached", [page](Request const&) { return Response::html(page); });
  return router;
}

void allow_many_files() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::cerr << "usage: http_bench_server PAGE IO_THREADS [CERTIFICATE KEY]\n";
    return 2;
  }
  allow_many_files();
  std::ifstream file(arguments[1], std::ios::binary);
  std::string const page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  WorkerPool workers;
  PageCache cache;
  auto server = Server::make(make_options(count, arguments), make_router(page),
                             {.workers = workers, .cache = &cache});
  if (!server) {
    std::cerr << server.error().to_string() << '\n';
    return 1;
  }
  (*server)->start();
  std::cout << (*server)->port(0) << ' ' << (count > 4 ? (*server)->port(1) : 0) << std::endl;
  std::cin.get();
  (*server)->stop(std::chrono::seconds(1));
  return 0;
}
