#include "sync/net/line_rate.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace solidaires::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

TEST(LineRate, of_a_line_that_carried_something_is_known) {
  asio::io_context io;
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  tcp::socket sender(io);
  sender.connect(acceptor.local_endpoint());
  auto receiver = acceptor.accept();
  std::string const sent(64UL * 1024, 'x');
  std::string received(sent.size(), '\0');
  asio::write(sender, asio::buffer(sent));
  asio::read(receiver, asio::buffer(received));
  // The system learns how fast it went by an answer, which acknowledges.
  asio::write(receiver, asio::buffer(sent, 1));
  asio::read(sender, asio::buffer(received, 1));
  EXPECT_GT(line_rate(sender.native_handle()), 0U);
}

TEST(LineRate, of_what_is_no_connection_is_not_known) {
  EXPECT_EQ(line_rate(-1), 0U);
}

}  // namespace
}  // namespace solidaires::net
