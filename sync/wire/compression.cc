#include "sync/wire/compression.h"

#include <zstd.h>

#include <memory>

namespace solidaires::sync {
namespace {

constexpr int kLevel = 1;
constexpr std::size_t kWorthwhile = 512;  // bytes; below, the frame around them eats the gain

}  // namespace

std::optional<Bytes> compress(std::string_view bytes) {
  if (bytes.size() < kWorthwhile) return std::nullopt;
  Bytes out(ZSTD_compressBound(bytes.size()), '\0');
  // Half a megabyte of tables, which would otherwise be made anew for each batch.
  thread_local std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> const context{ZSTD_createCCtx(),
                                                                                  &ZSTD_freeCCtx};
  auto const size =
      ZSTD_compressCCtx(context.get(), out.data(), out.size(), bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size) != 0 || size > bytes.size() - bytes.size() / 10) return std::nullopt;
  out.resize(size);
  return out;
}

Result<Bytes> decompress(std::string_view bytes, std::size_t most) {
  auto const size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return fail(Code::corrupt, "compressed bytes that do not say how large they are");
  }
  if (size > most) return fail(Code::exhausted, "compressed bytes that unpack to too many");
  // Several frames, one after the other, could say one size and hold another.
  auto const whole = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
  if (ZSTD_isError(whole) != 0 || whole != bytes.size()) {
    return fail(Code::corrupt, "compressed bytes that are not one frame");
  }
  Bytes out(static_cast<std::size_t>(size), '\0');
  auto const got = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0 || got != out.size()) {
    return fail(Code::corrupt, "compressed bytes that are damaged");
  }
  return out;
}

}  // namespace solidaires::sync
