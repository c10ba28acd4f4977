// One connection to one verified peer: whole binary messages in order, over a TLS 1.3 WebSocket. A
// Transport makes it; one Link drives it; IO thread only. It knows nothing of what it carries.
#pragma once

#include <cstdint>
#include <memory>

#include "sync/base/bytes.h"
#include "sync/base/clock.h"
#include "sync/net/authority.h"

namespace solidaires::net {

// Control overtakes what waits in bulk; files yield to both, but for one turn in nine.
enum class Lane : std::uint8_t { control, bulk, files };

// Whoever uses a channel. Must outlive it until closed().
class ChannelEvents {
 public:
  virtual ~ChannelEvents() = default;
  virtual void received(Bytes message) = 0;
  // Some of what waited was taken by the system, or some of a message that is still incomplete came
  // in: a few kilobytes at a time, so that a large message on a slow line is seen to move.
  virtual void sent(std::size_t bytes, Lane lane) = 0;
  virtual void receiving(std::size_t bytes) = 0;
  // The last call, exactly once after start(), never from inside another call of the channel.
  virtual void closed(Error const& why) = 0;
};

class Channel {
 public:
  virtual ~Channel() = default;
  virtual void start(ChannelEvents& events) = 0;  // once
  // Queued without bound here: its user keeps to a window. Ignored once closing.
  virtual void send(Bytes message, Lane lane) = 0;
  [[nodiscard]] virtual std::size_t waiting_bytes() const = 0;
  // How fast the line has taken bytes lately, per second, as the system measures it; 0: not known.
  [[nodiscard]] virtual std::uint64_t line_rate() = 0;
  // Stops (true) and starts reading again: back-pressure to the peer.
  virtual void pause(bool paused) = 0;
  // Sends what waits, says goodbye, closes; after `within` closes anyway. Reads on meanwhile.
  virtual void close(Millis within) = 0;
  virtual void abort() = 0;
};

// A connection that is open, and who is at its other end.
struct Opened {
  CertificateFacts peer;
  std::string address;  // "host:port" of the other end; for logs
  std::shared_ptr<Channel> channel;
};

}  // namespace solidaires::net
