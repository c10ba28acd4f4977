// Bytes of responses: heads, dates, ranges, and what the connection needs to send one. Private to
// this room.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/http/access.h"
#include "node/http/prebuilt.h"
#include "sync/base/clock.h"
#include "sync/base/result.h"

namespace solidaires::http {

// A body that is not in memory. Asked on workers, one call at a time.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // The next bytes as they go on the wire; empty at the end.
  virtual Result<std::string> next() = 0;
};

// One response, ready to go. The connection adds Date, HSTS and Connection.
struct Outgoing {
  int status = 200;
  std::string head;                      // when there is no page
  std::string body;                      // likewise
  std::shared_ptr<Prebuilt const> page;  // keeps the views below alive
  Prebuilt::Variant const* variant = nullptr;
  std::shared_ptr<BodySource> source;  // shared with the worker that asks it
  bool must_close = false;
  bool without_body = false;  // HEAD, 304
  Served served = Served::handler;
  std::vector<std::string> counted_as{};  // when there is no page
};

// "Sun, 06 Nov 1994 08:49:37 GMT"
[[nodiscard]] std::string http_date(Instant at);
[[nodiscard]] std::optional<Instant> parse_http_date(std::string_view text);

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
};
enum class RangeVerdict { whole, part, unsatisfiable };
// One range of "bytes=..."; several, or nonsense, are answered with the whole.
[[nodiscard]] RangeVerdict parse_range(std::string_view header, std::uint64_t total, Range& range);

// What a conditional or partial request asks of something that is ready.
struct Conditions {
  bool is_head = false;
  std::string_view if_none_match;
  std::string_view range;  // "" : none
  std::string_view if_range;
};

// The answer from a page or asset whose variant for this coding exists.
[[nodiscard]] Outgoing answer_from(std::shared_ptr<Prebuilt const> page, Coding coding,
                                   Conditions const& conditions);
// A plain sentence, for what goes wrong before or without a handler; closes the connection.
[[nodiscard]] Outgoing plain_refusal(int status, std::string_view security_lines);

}  // namespace solidaires::http
