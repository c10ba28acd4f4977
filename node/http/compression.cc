#include "node/http/compression.h"

#include <brotli/encode.h>
#include <zlib.h>

#include "node/http/headers.h"

namespace solidaires::http {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "0.8" in thousandths; what is malformed weighs nothing.
int weight(std::string_view text) noexcept {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return 0;
  int value = (text[0] - '0') * 1000;
  if (text.size() > 1 && text[1] != '.') return 0;
  int unit = 100;
  for (char c : text.substr(std::min<std::size_t>(text.size(), 2))) {
    if (c < '0' || c > '9') return 0;
    value += (c - '0') * unit;
    unit /= 10;
  }
  return std::min(value, 1000);
}

struct Offer {
  std::string_view name;
  int weight = 1000;
};

Offer parse_offer(std::string_view item) noexcept {
  std::size_t const semicolon = item.find(';');
  Offer offer{trimmed(item.substr(0, semicolon))};
  if (semicolon == std::string_view::npos) return offer;
  std::string_view const parameter = trimmed(item.substr(semicolon + 1));
  if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
    offer.weight = weight(parameter.substr(2));
  }
  return offer;
}

std::string gzip(std::string_view body) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (deflateInit2(&stream, 6, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out(deflateBound(&stream, body.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  int const status = deflate(&stream, Z_FINISH);
  out.resize(status == Z_STREAM_END ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}

std::string brotli(std::string_view body) {
  constexpr int kQuality = 5;
  std::size_t size = BrotliEncoderMaxCompressedSize(body.size());
  std::string out(size, '\0');
  BROTLI_BOOL const done =
      BrotliEncoderCompress(kQuality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, body.size(),
                            reinterpret_cast<std::uint8_t const*>(body.data()), &size,
                            reinterpret_cast<std::uint8_t*>(out.data()));
  out.resize(done == BROTLI_TRUE ? size : 0);
  return out;
}

}  // namespace

std::string_view coding_name(Coding coding) noexcept {
  switch (coding) {
    case Coding::gzip: return "gzip";
    case Coding::brotli: return "br";
    case Coding::identity: break;
  }
  return "";
}

Coding choose_coding(std::string_view accept_encoding) noexcept {
  int gzip_weight = -1;
  int brotli_weight = -1;
  int any_weight = 0;
  while (!accept_encoding.empty()) {
    std::size_t const end = std::min(accept_encoding.find(','), accept_encoding.size());
    Offer const offer = parse_offer(accept_encoding.substr(0, end));
    accept_encoding.remove_prefix(std::min(end + 1, accept_encoding.size()));
    if (equals_ignoring_case(offer.name, "br")) brotli_weight = offer.weight;
    if (equals_ignoring_case(offer.name, "gzip")) gzip_weight = offer.weight;
    if (equals_ignoring_case(offer.name, "x-gzip")) gzip_weight = offer.weight;
    if (offer.name == "*") any_weight = offer.weight;
  }
  if (gzip_weight < 0) gzip_weight = any_weight;
  if (brotli_weight < 0) brotli_weight = any_weight;
  if (brotli_weight > 0 && brotli_weight >= gzip_weight) return Coding::brotli;
  return gzip_weight > 0 ? Coding::gzip : Coding::identity;
}

bool is_compressible(std::string_view content_type) noexcept {
  std::string_view const type = trimmed(content_type.substr(0, content_type.find(';')));
  if (type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml")) return true;
  constexpr std::array<std::string_view, 6> kTypes = {
      "application/json",     "application/javascript",    "application/xml",
      "application/geo+json", "application/manifest+json", "application/wasm"};
  return std::ranges::find(kTypes, type) != kTypes.end();
}

std::string compress(std::string_view body, Coding coding) {
  switch (coding) {
    case Coding::gzip: return gzip(body);
    case Coding::brotli: return brotli(body);
    case Coding::identity: break;
  }
  return std::string(body);
}

}  // namespace solidaires::http
