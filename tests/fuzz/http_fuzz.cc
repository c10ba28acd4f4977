// What reaches the portal's port: heads, chunked bodies, addresses, cookies, forms.
#include <unistd.h>

#include <filesystem>

#include "node/http/codec.h"
#include "node/http/cookies.h"
#include "node/http/form.h"
#include "node/http/target.h"
#include "tests/fuzz/fuzz.h"

using namespace solidaires;
using namespace solidaires::http;

namespace {

void read_head(std::string_view bytes) {
  std::size_t scanned = 0;
  auto const end = find_head_end(bytes, scanned);
  SOL_CHECK(end <= bytes.size());
  // A growing buffer finds the same end.
  std::size_t kept = 0;
  for (std::size_t size = 0; size < end; size += 7) {
    SOL_CHECK(find_head_end(bytes.substr(0, size), kept) == 0);
  }
  std::ignore = may_be_head(bytes);
  SOL_CHECK(leading_line_breaks(bytes) <= bytes.size());
  Head head;
  if (end == 0 || parse_head(bytes.substr(0, end), CodecLimits{}, head)) return;
  SOL_CHECK(head.target == "*" || head.target.starts_with('/'));
  SOL_CHECK(!head.is_chunked || head.content_length == 0);
  std::ignore = head.find("cookie");
  std::ignore = parse_cookies(head.cookie);
  std::ignore = canonical_target(head.target);
}

struct Chunked {
  std::string body;
  std::size_t taken = 0;
  bool refused = false;
  bool done = false;
  friend bool operator==(Chunked const&, Chunked const&) = default;
};

Chunked read_chunked(std::string_view bytes, std::size_t cut) {
  ChunkedReader reader;
  Chunked out;
  while (out.taken < bytes.size() && !reader.done()) {
    auto const part = bytes.substr(out.taken, cut);
    auto const step = reader.read(part, out.body, 1000);
    SOL_CHECK(step.taken <= part.size());
    out.taken += step.taken;
    if (step.refusal) {
      return {.body = {}, .taken = 0, .refused = true, .done = false};
    }
    if (step.taken == 0) break;
  }
  SOL_CHECK(out.body.size() <= 1000);
  out.done = reader.done();
  return out;
}

void read_address(std::string_view bytes) {
  if (auto const canonical = canonical_target(bytes)) {
    SOL_CHECK(canonical_target(*canonical) == canonical);
  }
  if (auto const segments = parse_path(bytes)) {
    auto const again = parse_path(format_path(*segments));
    SOL_CHECK(again && *again == *segments);
  }
  auto const query = parse_query(bytes);
  SOL_CHECK(parse_query(format_query(query)).items() == query.items());
  SOL_CHECK(is_valid_utf8(valid_utf8(bytes)));
  SOL_CHECK(percent_decode(percent_encode(bytes)) == bytes);
}

void read_multipart(std::string_view bytes) {
  static auto const kDirectory = [] {
    auto const path = std::filesystem::temp_directory_path() / cat("fuzz-", ::getpid());
    std::filesystem::create_directories(path);
    return path;
  }();
  for (std::size_t const cut : {bytes.size() + 1, std::size_t{1}}) {
    auto reader = MultipartReader::make("multipart/form-data; boundary=x", kDirectory,
                                        {.field_bytes_max = 1000, .files_max = 0});
    SOL_CHECK(reader.has_value());
    bool good = true;
    for (std::size_t at = 0; good && at < bytes.size(); at += cut) {
      good = reader->feed(bytes.substr(at, cut)).has_value();
    }
    Request request;
    if (good) std::ignore = reader->finish(request);
    for (auto const& [name, value] : request.form.items()) {
      SOL_CHECK(is_valid_utf8(name) && is_valid_utf8(value));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::Choices input(fuzz::as_bytes(data, size));
  switch (input.below(5)) {
    case 0: read_head(input.all()); break;
    case 1: {
      auto const bytes = input.all();
      SOL_CHECK(read_chunked(bytes, bytes.size() + 1) == read_chunked(bytes, 1));
      break;
    }
    case 2: read_address(input.all()); break;
    case 3: read_multipart(input.all()); break;
    default: {
      auto const bytes = input.all();
      std::ignore = parse_cookies(bytes);
      std::ignore = media_type(bytes);
      std::ignore = header_parameter(bytes, "boundary");
      auto const name = sane_file_name(bytes);
      SOL_CHECK(!name.empty() && name.size() <= 120 && !name.contains('/') && is_valid_utf8(name));
    }
  }
  return 0;
}
