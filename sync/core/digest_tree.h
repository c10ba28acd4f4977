// The set of (id, fingerprint) of one scope, arranged so that any range of it can be compared by a
// count and a digest: what proof of equality stands on (PROTOCOL.md, "Proof of equality"). Kept by
// the store with every commit; in memory, about 60 bytes per document. No locks: its owner has one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sync/base/ids.h"
#include "sync/core/document.h"

namespace solidaires::sync {

// The keys whose position begins with the `depth` leading hexadecimal digits of `prefix`. A
// position is 64 bits, made from the id alone: ids spread evenly, and a range of depth d holds
// about 1/16^d of the set. Depth 0 is the whole scope.
struct KeyRange {
  static constexpr unsigned kDepthMax = 16;
  std::uint64_t prefix = 0;  // digits beyond `depth` are zero
  std::uint8_t depth = 0;

  [[nodiscard]] bool valid() const;
  [[nodiscard]] bool holds(std::uint64_t position) const;
  [[nodiscard]] bool holds(KeyRange const& inner) const;  // or is it
  [[nodiscard]] KeyRange child(unsigned digit) const;     // 0 to 15; depth below kDepthMax
  friend auto operator<=>(KeyRange const&, KeyRange const&) = default;
};

struct KeyedFingerprint {
  DocumentId id{};
  Fingerprint fingerprint{};
  friend auto operator<=>(KeyedFingerprint const&, KeyedFingerprint const&) = default;
};

using SetDigest = std::array<std::uint8_t, 16>;

// What a range holds. Two ranges with equal digests hold the same documents in the same states,
// but for a collision of SHA-256 sums, which chance does not find.
struct RangeDigest {
  std::uint64_t count = 0;
  SetDigest digest{};
  friend bool operator==(RangeDigest const&, RangeDigest const&) = default;
};

class DigestTree {
 public:
  DigestTree();

  // Its fingerprint from now on; nullopt: the scope holds no such document (any more).
  void set(DocumentId const& id, std::optional<Fingerprint> const& fingerprint);
  [[nodiscard]] std::optional<Fingerprint> find(DocumentId const& id) const;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t count(KeyRange const& range) const;
  [[nodiscard]] RangeDigest digest(KeyRange const& range = {}) const;
  // At most `most` of the range.
  [[nodiscard]] std::vector<KeyedFingerprint> items(KeyRange const& range, std::size_t most) const;
  // By id. Of the whole scope: for checks.
  [[nodiscard]] std::vector<KeyedFingerprint> all() const;

  [[nodiscard]] static std::uint64_t position(DocumentId const& id);

 private:
  // A sum modulo 2^256 of SHA-256 values, least significant limb first.
  using Sum = std::array<std::uint64_t, 4>;
  struct Entry {
    std::uint64_t position = 0;
    KeyedFingerprint item;
  };
  struct Bucket {
    Sum sum{};
    std::vector<Entry> entries;
  };
  struct Part {
    std::uint64_t count = 0;
    Sum sum{};
  };

  static Sum element(KeyedFingerprint const& item);
  static void add(Sum& sum, Sum const& other);
  static void subtract(Sum& sum, Sum const& other);
  [[nodiscard]] std::size_t bucket_of(std::uint64_t position) const;
  [[nodiscard]] Part part(KeyRange const& range) const;
  void grow();

  std::vector<Bucket> buckets_;  // 16^levels_ of them, in order of position
  unsigned levels_ = 0;
  std::uint64_t count_ = 0;
  Sum sum_{};
};

}  // namespace solidaires::sync
