// HTTP/1.1 messages as bytes: the head of a request through Beast's parser behind stricter rules of
// our own, and chunked bodies. Sans-IO, one thread each. Whatever two implementations could read in
// two ways (request smuggling) is refused, and the connection closed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/http/request.h"

namespace solidaires::http {

struct CodecLimits {
  std::size_t head_bytes_max = 16UL * 1024;
  std::size_t header_count_max = 100;
  std::size_t target_bytes_max = 8000;
};

struct HeadField {
  std::string_view name;
  std::string_view value;
};

// Views into the bytes that were parsed: valid as long as those stay in place.
struct Head {
  Method method = Method::get;
  std::string_view method_text;
  std::string_view target;  // origin form: starts with '/', or is "*" (OPTIONS only)
  std::string_view host;    // of Host, checked
  bool is_http_10 = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool is_chunked = false;
  std::uint64_t content_length = 0;
  std::vector<HeadField> fields;  // in order
  // The last of each, for the fast path; "" when absent.
  std::string_view cookie, accept_encoding, if_none_match;
  bool has_range = false;

  [[nodiscard]] bool has_body() const noexcept { return is_chunked || content_length > 0; }
  [[nodiscard]] std::string_view find(std::string_view name) const noexcept;
  void clear();
};

// Whether these bytes can become a request at all: a TLS hello on a plain port cannot.
[[nodiscard]] bool may_be_head(std::string_view bytes) noexcept;
// How many bytes at the start of `bytes` are one complete head, its empty line included; 0: not yet
// complete. `scanned` keeps the place between calls with a growing buffer; start it at 0.
[[nodiscard]] std::size_t find_head_end(std::string_view bytes, std::size_t& scanned) noexcept;
// The empty lines that a client may send before a request line (at most a few bytes).
[[nodiscard]] std::size_t leading_line_breaks(std::string_view bytes) noexcept;

// Why a head or body is refused: a status and one English line for the log and tests.
struct Refusal {
  int status = 400;
  std::string_view reason;
};

// `bytes` is exactly one head. Nothing: it is good, and `head` filled.
[[nodiscard]] std::optional<Refusal> parse_head(std::string_view bytes, CodecLimits const& limits,
                                                Head& head);

// A chunked body, read strictly: sizes of 1 to 15 hexadecimal digits, CRLF and nothing else,
// extensions and trailers bounded and dropped.
class ChunkedReader {
 public:
  // Appends body bytes to `body`, at most `room` of them in all calls together (413 past that).
  // Says how many bytes of `bytes` it took; the rest belongs to the next request once done().
  struct Step {
    std::size_t taken = 0;
    std::optional<Refusal> refusal;
  };
  [[nodiscard]] Step read(std::string_view bytes, std::string& body, std::uint64_t room);
  [[nodiscard]] bool done() const noexcept { return state_ == State::done; }
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

 private:
  enum class State : std::uint8_t {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    end_lf,
    done
  };
  std::optional<Refusal> step(char byte);
  std::optional<Refusal> end_size();

  State state_ = State::size;
  int digits_ = 0;
  std::uint64_t left_ = 0;  // of the current chunk
  std::uint64_t received_ = 0;
  std::size_t overhead_ = 0;  // bytes of extensions and trailers so far
};

}  // namespace solidaires::http
