#include "sync/net/http_message.h"

#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "sync/net/connection.h"
#include "sync/net/enrolment.h"

namespace solidaires::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::size_t kHeaderBytesMax = 8UL * 1024;

template <bool IsRequest>
struct Reading {
  http::parser<IsRequest, http::string_body> parser;
  std::string raw;
};

// Coroutines take what they use by value: nothing of theirs hangs on the caller's frame.
template <bool IsRequest>
asio::awaitable<Result<>> read_message(ConnectionPtr from,
                                       std::shared_ptr<Reading<IsRequest>> into) {
  auto& parser = into->parser;
  parser.eager(true);
  parser.header_limit(kHeaderBytesMax);
  parser.body_limit(kEnrolmentBytesMax);
  std::array<char, 4096> chunk;
  std::string unread;
  while (!parser.is_done()) {
    auto const [failed, size] = co_await from->tls().async_read_some(asio::buffer(chunk), kAwait);
    if (failed) co_return std::unexpected(network_error(failed, false, "reading a message"));
    into->raw.append(chunk.data(), size);
    unread.append(chunk.data(), size);
    ErrorCode broken;
    auto const used = parser.put(asio::buffer(unread), broken);
    unread.erase(0, used);
    if (broken && broken != http::error::need_more) {
      co_return fail(Code::corrupt, cat("reading a message: ", broken.message()));
    }
  }
  if (!unread.empty()) co_return fail(Code::corrupt, "bytes after a message");
  co_return Result<>();
}

asio::awaitable<Result<>> write_all(ConnectionPtr to, std::string text) {
  auto const [failed, size] = co_await asio::async_write(to->tls(), asio::buffer(text), kAwait);
  if (failed) co_return std::unexpected(network_error(failed, false, "writing a message"));
  co_return Result<>();
}

}  // namespace

asio::awaitable<Result<HttpRequest>> read_request(ConnectionPtr from) {
  auto const reading = std::make_shared<Reading<true>>();
  auto const outcome = co_await read_message(std::move(from), reading);
  if (!outcome) co_return std::unexpected(outcome.error());
  auto const& message = reading->parser.get();
  HttpRequest request;
  request.is_post = message.method() == http::verb::post;
  request.is_upgrade = boost::beast::websocket::is_upgrade(message);
  request.path = {message.target().data(), message.target().size()};
  request.body = message.body();
  request.raw = std::move(reading->raw);
  co_return request;
}

asio::awaitable<Result<HttpResponse>> read_response(ConnectionPtr from) {
  auto const reading = std::make_shared<Reading<false>>();
  auto const outcome = co_await read_message(std::move(from), reading);
  if (!outcome) co_return std::unexpected(outcome.error());
  auto const& message = reading->parser.get();
  co_return HttpResponse{.status = message.result_int(), .body = message.body()};
}

asio::awaitable<Result<>> write_request(ConnectionPtr to, std::string path, std::string host,
                                        std::string body) {
  co_return co_await write_all(std::move(to),
                               cat("POST ", path, " HTTP/1.1\r\nHost: ", host,
                                   "\r\nContent-Type: application/octet-stream"
                                   "\r\nContent-Length: ",
                                   body.size(), "\r\nConnection: close\r\n\r\n", body));
}

asio::awaitable<Result<>> write_response(ConnectionPtr to, HttpResponse response) {
  auto const reason = http::obsolete_reason(http::int_to_status(response.status));
  std::string_view const type =
      response.status == 200 ? "application/octet-stream" : "text/plain; charset=utf-8";
  co_return co_await write_all(
      std::move(to),
      cat("HTTP/1.1 ", response.status, " ", std::string_view(reason.data(), reason.size()),
          "\r\nContent-Type: ", type, "\r\nContent-Length: ", response.body.size(),
          "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n", response.body));
}

}  // namespace solidaires::net
