#include "sync/core/document.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "sync/base/bytes.h"
#include "sync/base/check.h"
#include "sync/base/hash.h"
#include "sync/base/limits.h"

namespace solidaires::sync {
namespace {

using Versions = std::vector<FieldVersion>;

// What a version weighs beside its key and value: a valid document then fits a frame in any case.
constexpr std::size_t kVersionBytes = 32;

// Of two versions with one dot. They are equal unless a replica id was used twice; then every
// replica must still pick the same one.
FieldVersion const& same_dot(FieldVersion const& a, FieldVersion const& b) {
  return std::tie(a.stamp_ms, a.value) < std::tie(b.stamp_ms, b.value) ? b : a;
}

// Versions of one field, as two copies hold them; each list is sorted by dot.
Versions merge_versions(Versions const& ours, Context const& our_context, Versions const& theirs,
                        Context const& their_context) {
  Versions merged;
  auto a = ours.begin();
  auto b = theirs.begin();
  while (a != ours.end() || b != theirs.end()) {
    if (b == theirs.end() || (a != ours.end() && a->dot < b->dot)) {
      if (!their_context.covers(a->dot)) merged.push_back(*a);
      ++a;
    } else if (a == ours.end() || b->dot < a->dot) {
      if (!our_context.covers(b->dot)) merged.push_back(*b);
      ++b;
    } else {
      merged.push_back(same_dot(*a, *b));
      ++a;
      ++b;
    }
  }
  return merged;
}

// The size in bytes of the sequence that starts `text`, if it is well-formed UTF-8 (RFC 3629) and
// no control character; else 0.
std::size_t printable_sequence(std::string_view text) {
  auto const byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned const lead = byte(0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  std::size_t const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return 0;
  }
  unsigned const second = byte(1);
  bool const overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  bool const outside = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
  bool const control = lead == 0xc2 && second < 0xa0;
  return overlong || outside || control ? 0 : size;
}

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    std::size_t const size = printable_sequence(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

Result<> validate_versions(std::string_view key, Versions const& versions, Context const& context,
                           std::size_t factor) {
  if (versions.empty()) return fail(Code::invalid, cat("field ", key, " has no version"));
  if (versions.size() > factor * limits::kVersionsPerField) {
    return fail(Code::invalid, cat("field ", key, " has too many versions"));
  }
  for (auto at = versions.begin(); at != versions.end(); ++at) {
    if (at != versions.begin() && !(std::prev(at)->dot < at->dot)) {
      return fail(Code::invalid, cat("field ", key, ": the versions are not sorted by dot"));
    }
    if (at->dot.counter == 0 || !context.covers(at->dot)) {
      return fail(Code::invalid, cat("field ", key, ": the context does not cover a dot"));
    }
    if (at->stamp_ms < 0 || at->stamp_ms > limits::kStampMsMax) {
      return fail(Code::invalid, cat("field ", key, ": a stamp outside the years 1970 to 9999"));
    }
    if (at->value.size() > limits::kFieldValueBytes) {
      return fail(Code::invalid, cat("field ", key, " is too large"));
    }
    if (key == kExistence && at->value != kAlive && at->value != kDeleted) {
      return fail(Code::invalid, "the existence is neither alive nor deleted");
    }
    if (key == kErased && at->value.size() != DocumentId::kSize) {
      return fail(Code::invalid, "the mark of an erasure does not name its order");
    }
  }
  return {};
}

bool comes_before(FieldVersion const& a, FieldVersion const& b) {
  return std::tie(a.dot, a.stamp_ms, a.value) < std::tie(b.dot, b.stamp_ms, b.value);
}

// The mark that counts: the smallest, so that every replica keeps the same one. Null: not erased.
FieldVersion const* mark_of(Document const& document) {
  auto const found = document.fields.find(kErased);
  if (found == document.fields.end() || found->second.empty()) return nullptr;
  return &*std::ranges::min_element(found->second, comes_before);
}

Document stub(Document const& document, FieldVersion const& mark) {
  Document left{document.key, document.type, {}, document.context};
  left.context.add(mark.dot);
  left.fields.emplace(kErased, Versions{mark});
  left.fields.emplace(kExistence, Versions{FieldVersion{mark.dot, mark.stamp_ms, Bytes(kDeleted)}});
  return left;
}

// Of two copies of which at least one is erased.
Document merge_erased(Document const& ours, Document const& theirs) {
  auto const* const a = mark_of(ours);
  auto const* const b = mark_of(theirs);
  auto const& mark = b == nullptr || (a != nullptr && comes_before(*a, *b)) ? *a : *b;
  Document merged = stub(ours, mark);
  merged.type = std::max(ours.type, theirs.type);
  merged.context.join(theirs.context);
  return merged;
}

}  // namespace

bool Context::covers(Dot dot) const {
  auto const found = counters_.find(dot.replica);
  return found != counters_.end() && dot.counter <= found->second;
}

bool Context::covers(Context const& other) const {
  return std::ranges::all_of(
      other.counters_, [this](auto const& pair) { return covers({pair.first, pair.second}); });
}

void Context::add(Dot dot) {
  auto& counter = counters_[dot.replica];
  counter = std::max(counter, dot.counter);
}

void Context::join(Context const& other) {
  for (auto const& [replica, counter] : other.counters_) add({replica, counter});
}

FieldVersion const& shown(std::vector<FieldVersion> const& versions) {
  SOL_CHECK(!versions.empty());
  return *std::ranges::max_element(versions, [](FieldVersion const& a, FieldVersion const& b) {
    return std::tie(a.stamp_ms, a.dot) < std::tie(b.stamp_ms, b.dot);
  });
}

std::optional<std::string_view> shown_value(Document const& document, std::string_view field) {
  auto const found = document.fields.find(field);
  if (found == document.fields.end()) return std::nullopt;
  auto const& value = shown(found->second).value;
  if (value.empty()) return std::nullopt;
  return value;
}

bool is_alive(Document const& document) {
  if (is_erased(document)) return false;
  auto const found = document.fields.find(kExistence);
  if (found == document.fields.end()) return true;
  return std::ranges::none_of(
      found->second, [](FieldVersion const& version) { return version.value == kDeleted; });
}

std::vector<std::string> conflicts(Document const& document) {
  std::vector<std::string> keys;
  if (is_erased(document)) return keys;
  for (auto const& [key, versions] : document.fields) {
    auto const differs = [&first = versions.front()](FieldVersion const& version) {
      return version.value != first.value;
    };
    if (std::ranges::any_of(versions, differs)) keys.push_back(key);
  }
  return keys;
}

std::int64_t highest_stamp_ms(Document const& document) {
  std::int64_t highest = 0;
  for (auto const& [key, versions] : document.fields) {
    for (auto const& version : versions) highest = std::max(highest, version.stamp_ms);
  }
  return highest;
}

void write(Document& document, std::vector<FieldEdit> const& edits, Context const& seen, Dot dot,
           Instant now) {
  SOL_CHECK(!document.context.covers(dot));
  SOL_CHECK(!is_erased(document));
  // A stamp at the end of time, from a broken clock elsewhere, must not stop anybody from writing.
  std::int64_t const stamp_ms = std::min(
      limits::kStampMsMax,
      std::max(to_unix_ms(now), std::min(highest_stamp_ms(document), limits::kStampMsMax) + 1));
  for (auto const& edit : edits) {
    auto& versions = document.fields[edit.field];
    // The same dot again: an earlier edit of the same field in this very list.
    std::erase_if(versions, [&](FieldVersion const& version) {
      return seen.covers(version.dot) || version.dot == dot;
    });
    if (edit.value) {
      auto const at = std::ranges::lower_bound(versions, dot, {}, &FieldVersion::dot);
      versions.insert(at, FieldVersion{dot, stamp_ms, *edit.value});
    }
    if (versions.empty()) document.fields.erase(edit.field);
  }
  document.context.add(dot);
}

Document merge(Document const& ours, Document const& theirs) {
  SOL_CHECK(ours.key == theirs.key);
  if (is_erased(ours) || is_erased(theirs)) return merge_erased(ours, theirs);
  static Versions const kNone;
  Document merged{ours.key, std::max(ours.type, theirs.type), {}, ours.context};
  merged.context.join(theirs.context);
  auto const keep = [&](std::string const& key, Versions const& a, Versions const& b) {
    auto versions = merge_versions(a, ours.context, b, theirs.context);
    if (!versions.empty())
      merged.fields.emplace_hint(merged.fields.end(), key, std::move(versions));
  };
  auto a = ours.fields.begin();
  auto b = theirs.fields.begin();
  while (a != ours.fields.end() || b != theirs.fields.end()) {
    if (b == theirs.fields.end() || (a != ours.fields.end() && a->first < b->first)) {
      keep(a->first, a->second, kNone);
      ++a;
    } else if (a == ours.fields.end() || b->first < a->first) {
      keep(b->first, kNone, b->second);
      ++b;
    } else {
      keep(a->first, a->second, b->second);
      ++a;
      ++b;
    }
  }
  return merged;
}

bool is_erased(Document const& document) {
  return mark_of(document) != nullptr;
}

Document erased(Document const& document, FieldVersion const& mark) {
  SOL_CHECK(mark.value.size() == DocumentId::kSize);
  auto const* const earlier = mark_of(document);
  auto left = stub(document, earlier != nullptr && comes_before(*earlier, mark) ? *earlier : mark);
  left.context.add(mark.dot);
  return left;
}

void drop_if_erased(Document& document) {
  if (auto const* const mark = mark_of(document)) document = stub(document, FieldVersion(*mark));
}

namespace {

Result<> validate_within(Document const& document, std::size_t factor) {
  if (document.key.id == DocumentId{}) return fail(Code::invalid, "the document has no id");
  if (document.type.empty() || document.type.size() > limits::kDocumentTypeBytes ||
      !is_printable(document.type)) {
    return fail(Code::invalid, "the document's type has no valid name");
  }
  if (document.fields.size() > factor * limits::kDocumentFields) {
    return fail(Code::invalid, "the document has too many fields");
  }
  if (document.context.counters().size() > factor * limits::kContextReplicas) {
    return fail(Code::invalid, "the document's context names too many replicas");
  }
  std::size_t size = 0;
  for (auto const& [key, versions] : document.fields) {
    if (key.empty() || key.size() > limits::kFieldKeyBytes || !is_printable(key)) {
      return fail(Code::invalid, "the document has a field with no valid key");
    }
    SOL_TRY(validate_versions(key, versions, document.context, factor));
    for (auto const& version : versions) size += kVersionBytes + key.size() + version.value.size();
  }
  if (size > factor * limits::kDocumentBytes) {
    return fail(Code::invalid, "the document is too large");
  }
  return {};
}

}  // namespace

Result<> validate(Document const& document) {
  return validate_within(document, 1);
}

Result<> validate_merged(Document const& document) {
  return validate_within(document, limits::kMergedFactor);
}

Fingerprint fingerprint(Document const& document) {
  // The next one's too: making room anew for each takes as long as writing it.
  constexpr std::size_t kKeptBytes = 64UL * 1024;
  thread_local Bytes encoded;
  if (encoded.capacity() > kKeptBytes) encoded = {};
  encoded.clear();
  ByteWriter out(encoded);
  out.raw("solidaires-document-1\n").sized(document.key.scope.to_string());
  out.raw(document.key.id.bytes()).sized(document.type);
  out.u32(static_cast<std::uint32_t>(document.fields.size()));
  for (auto const& [key, versions] : document.fields) {
    out.sized(key).u32(static_cast<std::uint32_t>(versions.size()));
    for (auto const& version : versions) {
      out.u64(static_cast<std::uint64_t>(version.dot.replica)).u64(version.dot.counter);
      out.u64(static_cast<std::uint64_t>(version.stamp_ms)).sized(version.value);
    }
  }
  auto const& counters = document.context.counters();
  out.u32(static_cast<std::uint32_t>(counters.size()));
  for (auto const& [replica, counter] : counters) {
    out.u64(static_cast<std::uint64_t>(replica)).u64(counter);
  }
  Fingerprint result{};
  std::copy_n(sha256_sum(encoded).begin(), result.size(), result.begin());
  return result;
}

}  // namespace solidaires::sync
