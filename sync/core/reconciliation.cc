#include "sync/core/reconciliation.h"

#include <algorithm>
#include <functional>
#include <map>

#include "sync/base/limits.h"

namespace solidaires::sync {
namespace {

// In order, apart from each other, and not too many: then the work for all is at most one pass.
template <class Ranges, class Projection>
Result<> check_ranges(Ranges const& entries, std::size_t most, Projection range_of) {
  if (entries.size() > most) return fail(Code::invalid, "too many ranges in one message");
  KeyRange const* before = nullptr;
  for (auto const& entry : entries) {
    KeyRange const& range = range_of(entry);
    if (!range.valid()) return fail(Code::invalid, "a range of keys that is none");
    if (before != nullptr && (range.prefix <= before->prefix || before->holds(range.prefix))) {
      return fail(Code::invalid, "ranges of keys that overlap or are out of order");
    }
    before = &range;
  }
  return {};
}

KeyRange const& range_of_split(RangeSplit const& split) {
  return split.range;
}
KeyRange const& range_of_listing(RangeListing const& listing) {
  return listing.range;
}

Result<> check_splits(std::vector<RangeSplit> const& splits) {
  SOL_TRY(check_ranges(splits, limits::kProbeRanges, range_of_split));
  for (auto const& split : splits) {
    if (split.range.depth >= KeyRange::kDepthMax) {
      return fail(Code::invalid, "a range too narrow to be split");
    }
  }
  return {};
}

RangeSplit::Part part(DigestTree const& tree, KeyRange const& range) {
  auto const whole = tree.digest(range);
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < 8; ++i) digest = digest << 8U | whole.digest.at(i);
  return {whole.count, digest};
}

RangeSplit split(DigestTree const& tree, KeyRange const& range) {
  RangeSplit result{range, {}};
  for (unsigned digit = 0; digit < result.parts.size(); ++digit) {
    result.parts.at(digit) = part(tree, range.child(digit));
  }
  return result;
}

// What stands in the range, if that is little; else where to look on.
void tell(DigestTree const& tree, KeyRange const& range, Answer& out) {
  bool const narrow = range.depth == KeyRange::kDepthMax;
  if (narrow || tree.count(range) <= limits::kProbeListItems) {
    auto items = tree.items(range, limits::kProbeListItems);
    std::ranges::sort(items);
    out.listings.push_back({range, std::move(items)});
  } else {
    out.splits.push_back(split(tree, range));
  }
}

bool is_full(Answer const& out) {
  return out.splits.size() + out.listings.size() >= limits::kProbeRanges;
}

bool was_asked(Question const& asked, KeyRange const& range) {
  if (asked.whole && range.depth == 0) return true;
  if (std::ranges::binary_search(asked.lists, range)) return true;
  return std::ranges::any_of(asked.splits, [&](RangeSplit const& split) {
    return range.depth == split.range.depth + 1 && split.range.holds(range);
  });
}

void compare_listing(DigestTree const& tree, RangeListing const& listing, Findings& out) {
  std::map<DocumentId, Fingerprint> theirs;
  for (auto const& item : listing.items) {
    theirs[item.id] = item.fingerprint;
    auto const ours = tree.find(item.id);
    if (!ours) {
      out.only_there.push_back(item.id);
    } else if (*ours != item.fingerprint) {
      out.different.push_back(item.id);
    }
  }
  auto const most = limits::kProbeListItems + limits::kRepairDocuments;
  for (auto const& item : tree.items(listing.range, most)) {
    if (!theirs.contains(item.id)) out.only_here.push_back(item.id);
  }
}

void compare_split(DigestTree const& tree, RangeSplit const& theirs, Findings& out) {
  for (unsigned digit = 0; digit < theirs.parts.size(); ++digit) {
    auto const range = theirs.range.child(digit);
    auto const& there = theirs.parts.at(digit);
    if (part(tree, range) == there) continue;
    if (out.next.splits.size() + out.next.lists.size() >= limits::kProbeRanges) return;
    if (there.count <= limits::kProbeListItems || range.depth == KeyRange::kDepthMax) {
      out.next.lists.push_back(range);
    } else {
      out.next.splits.push_back(split(tree, range));
    }
  }
}

}  // namespace

Result<> validate(Question const& question) {
  SOL_TRY(check_splits(question.splits));
  return check_ranges(question.lists, limits::kProbeRanges, std::identity{});
}

Result<> validate(Answer const& answer) {
  SOL_TRY(check_splits(answer.splits));
  SOL_TRY(check_ranges(answer.listings, limits::kProbeRanges, range_of_listing));
  for (auto const& listing : answer.listings) {
    if (listing.items.size() > limits::kProbeListItems) {
      return fail(Code::invalid, "a list of too many documents");
    }
    for (auto const& item : listing.items) {
      if (!listing.range.holds(DigestTree::position(item.id))) {
        return fail(Code::invalid, "a document that is not of the range it is listed in");
      }
    }
  }
  return {};
}

Question first_question(DigestTree const& tree) {
  return {tree.digest(), {}, {}};
}

Answer answer(DigestTree const& tree, Question const& question) {
  Answer out;
  if (question.whole) {
    out.equal = tree.digest() == *question.whole;
    if (!out.equal) tell(tree, {}, out);
    return out;
  }
  for (auto const& theirs : question.splits) {
    for (unsigned digit = 0; digit < theirs.parts.size() && !is_full(out); ++digit) {
      auto const range = theirs.range.child(digit);
      if (part(tree, range) != theirs.parts.at(digit)) tell(tree, range, out);
    }
  }
  for (auto const& range : question.lists) {
    if (is_full(out)) break;
    tell(tree, range, out);
  }
  std::ranges::sort(out.splits, {}, range_of_split);
  std::ranges::sort(out.listings, {}, range_of_listing);
  return out;
}

Result<Findings> compare(DigestTree const& tree, Question const& asked, Answer const& given) {
  Findings out;
  if (given.equal) return out;
  for (auto const& listing : given.listings) {
    if (!was_asked(asked, listing.range)) return fail(Code::invalid, "a list nobody asked for");
    compare_listing(tree, listing, out);
  }
  for (auto const& theirs : given.splits) {
    if (!was_asked(asked, theirs.range)) return fail(Code::invalid, "digests nobody asked for");
    compare_split(tree, theirs, out);
  }
  return out;
}

}  // namespace solidaires::sync
