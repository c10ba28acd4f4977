// A finished response that never changes: one head and one body per coding, made once and sent many
// times by any thread. Kept by the page cache and by the static files.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "node/http/compression.h"

namespace solidaires::http {

// What is common to all codings. The head lines end with CRLF; Content-Length, Content-Encoding and
// ETag are added per coding, Date and Connection when it is sent.
struct PrebuiltParts {
  int status = 200;
  std::string head;  // "Content-Type: ...\r\n..."
  std::string body{};
  std::string route{};  // for the observer, as the next
  std::vector<std::string> counted_as{};
  bool is_compressible = false;
  bool has_ranges = false;
};

class Prebuilt {
 public:
  struct Variant {
    std::string head;               // status line and fields
    std::string not_modified_head;  // the same for 304
    std::string etag;               // strong, of this coding, quotes included
    std::string body{};
  };

  explicit Prebuilt(PrebuiltParts parts);
  Prebuilt(Prebuilt const&) = delete;
  Prebuilt& operator=(Prebuilt const&) = delete;

  // The variant for a coding; null when it has to be made first (on a worker).
  [[nodiscard]] Variant const* find(Coding coding) const noexcept {
    return ready_[static_cast<std::size_t>(coding)].load(std::memory_order_acquire);
  }
  // Compresses once, however many ask. Where that gains nothing it is the identity.
  Variant const& make(Coding coding) const;
  // A coding made by the build (".br" beside the file). Before anybody else sees this.
  void provide(Coding coding, std::string body);

  [[nodiscard]] Variant const& identity() const noexcept { return *find(Coding::identity); }
  [[nodiscard]] int status() const noexcept { return parts_.status; }
  [[nodiscard]] std::string const& route() const noexcept { return parts_.route; }
  [[nodiscard]] std::vector<std::string> const& counted_as() const noexcept {
    return parts_.counted_as;
  }
  [[nodiscard]] bool has_ranges() const noexcept { return parts_.has_ranges; }
  // Field lines without length, coding and ETag: for a 206.
  [[nodiscard]] std::string const& fields() const noexcept { return parts_.head; }
  // What it takes or will take in memory, about.
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  void publish(Coding coding, std::string body) const;

  PrebuiltParts parts_;
  std::string etag_base_;
  mutable std::mutex mutex_;
  mutable std::array<std::unique_ptr<Variant>, kCodings> variants_;
  mutable std::array<std::atomic<Variant const*>, kCodings> ready_{};
};

// If-None-Match against an entity tag; weak comparison, lists and "*".
[[nodiscard]] bool matches_etag(std::string_view if_none_match, std::string_view etag) noexcept;

}  // namespace solidaires::http
