#include "sync/core/digest_tree.h"

#include <algorithm>
#include <span>

#include "sync/base/bytes.h"
#include "sync/base/hash.h"

namespace solidaires::sync {
namespace {

constexpr unsigned kDigitBits = 4;
constexpr std::size_t kFanout = 16;
constexpr std::size_t kBucketFull = 64;  // entries per bucket, in the mean, before there are more
constexpr unsigned kLevelsMax = 6;

std::uint64_t mask(unsigned depth) {
  return depth == 0 ? 0 : ~std::uint64_t{0} << (64 - kDigitBits * depth);
}

std::uint64_t first_u64(std::span<std::uint8_t const> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8U | bytes[i];
  return value;
}

std::string_view view(Fingerprint const& bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

}  // namespace

bool KeyRange::valid() const {
  return depth <= kDepthMax && (prefix & ~mask(depth)) == 0;
}

bool KeyRange::holds(std::uint64_t position) const {
  return (position & mask(depth)) == prefix;
}

bool KeyRange::holds(KeyRange const& inner) const {
  return inner.depth >= depth && holds(inner.prefix);
}

KeyRange KeyRange::child(unsigned digit) const {
  auto const deeper = static_cast<std::uint8_t>(depth + 1);
  return {prefix | std::uint64_t{digit} << (64 - kDigitBits * deeper), deeper};
}

DigestTree::DigestTree() : buckets_(1) {}

std::uint64_t DigestTree::position(DocumentId const& id) {
  return first_u64(sha256_sum(id.bytes()));
}

DigestTree::Sum DigestTree::element(KeyedFingerprint const& item) {
  constexpr std::string_view kLabel = "solidaires-element-1\n";
  std::array<char, kLabel.size() + DocumentId::kSize + std::tuple_size_v<Fingerprint>> text;
  auto at = std::ranges::copy(kLabel, text.begin()).out;
  at = std::ranges::copy(item.id.bytes(), at).out;
  std::ranges::copy(view(item.fingerprint), at);
  auto const hash = sha256_sum({text.data(), text.size()});
  Sum sum{};
  for (std::size_t limb = 0; limb < sum.size(); ++limb) {
    sum.at(sum.size() - 1 - limb) = first_u64(std::span(hash).subspan(8 * limb));
  }
  return sum;
}

void DigestTree::add(Sum& sum, Sum const& other) {
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    auto const with_carry = sum.at(i) + carry;
    auto const total = with_carry + other.at(i);
    carry = static_cast<std::uint64_t>(with_carry < carry) +
            static_cast<std::uint64_t>(total < with_carry);
    sum.at(i) = total;
  }
}

void DigestTree::subtract(Sum& sum, Sum const& other) {
  Sum negative{};
  for (std::size_t i = 0; i < sum.size(); ++i) negative.at(i) = ~other.at(i);
  add(negative, Sum{1, 0, 0, 0});
  add(sum, negative);
}

std::size_t DigestTree::bucket_of(std::uint64_t position) const {
  return levels_ == 0 ? 0 : static_cast<std::size_t>(position >> (64 - kDigitBits * levels_));
}

void DigestTree::set(DocumentId const& id, std::optional<Fingerprint> const& fingerprint) {
  auto const at = position(id);
  auto& bucket = buckets_[bucket_of(at)];
  auto const found = std::ranges::find_if(bucket.entries, [&](Entry const& entry) {
    return entry.position == at && entry.item.id == id;
  });
  if (found != bucket.entries.end()) {
    if (fingerprint == found->item.fingerprint) return;
    auto const old = element(found->item);
    subtract(bucket.sum, old);
    subtract(sum_, old);
    --count_;
  }
  if (!fingerprint) {
    if (found == bucket.entries.end()) return;
    *found = bucket.entries.back();
    bucket.entries.pop_back();
    return;
  }
  KeyedFingerprint const item{id, *fingerprint};
  auto const fresh = element(item);
  add(bucket.sum, fresh);
  add(sum_, fresh);
  ++count_;
  if (found != bucket.entries.end()) {
    found->item = item;
    return;
  }
  bucket.entries.push_back({at, item});
  if (count_ > kBucketFull * buckets_.size() && levels_ < kLevelsMax) grow();
}

void DigestTree::grow() {
  ++levels_;
  std::vector<Bucket> old(buckets_.size() * kFanout);
  old.swap(buckets_);
  for (auto& bucket : old) {
    for (auto const& entry : bucket.entries) {
      auto& place = buckets_[bucket_of(entry.position)];
      place.entries.push_back(entry);
      add(place.sum, element(entry.item));
    }
    bucket = {};
  }
}

std::optional<Fingerprint> DigestTree::find(DocumentId const& id) const {
  auto const at = position(id);
  for (auto const& entry : buckets_[bucket_of(at)].entries) {
    if (entry.position == at && entry.item.id == id) return entry.item.fingerprint;
  }
  return std::nullopt;
}

DigestTree::Part DigestTree::part(KeyRange const& range) const {
  if (range.depth == 0) return {count_, sum_};
  Part part;
  auto const first = bucket_of(range.prefix);
  if (range.depth <= levels_) {
    auto const end = first + (std::size_t{1} << (kDigitBits * (levels_ - range.depth)));
    for (auto i = first; i < end; ++i) {
      part.count += buckets_[i].entries.size();
      add(part.sum, buckets_[i].sum);
    }
    return part;
  }
  for (auto const& entry : buckets_[first].entries) {
    if (!range.holds(entry.position)) continue;
    ++part.count;
    add(part.sum, element(entry.item));
  }
  return part;
}

std::uint64_t DigestTree::count(KeyRange const& range) const {
  return part(range).count;
}

RangeDigest DigestTree::digest(KeyRange const& range) const {
  auto const held = part(range);
  Bytes text("solidaires-set-1\n");
  ByteWriter writer(text);
  writer.u64(held.count);
  for (std::size_t i = held.sum.size(); i > 0; --i) writer.u64(held.sum.at(i - 1));
  auto const hash = sha256_sum(text);
  RangeDigest result{held.count, {}};
  std::copy_n(hash.begin(), result.digest.size(), result.digest.begin());
  return result;
}

std::vector<KeyedFingerprint> DigestTree::items(KeyRange const& range, std::size_t most) const {
  std::vector<KeyedFingerprint> found;
  auto const first = bucket_of(range.prefix);
  auto const buckets = range.depth >= levels_
                           ? std::size_t{1}
                           : std::size_t{1} << (kDigitBits * (levels_ - range.depth));
  for (auto i = first; i < first + buckets; ++i) {
    for (auto const& entry : buckets_[i].entries) {
      if (found.size() == most) return found;
      if (range.holds(entry.position)) found.push_back(entry.item);
    }
  }
  return found;
}

std::vector<KeyedFingerprint> DigestTree::all() const {
  auto found = items({}, count_);
  std::ranges::sort(found);
  return found;
}

}  // namespace solidaires::sync
