// How two ends find what differs between their copies of a scope, without reading either: questions
// and answers about ranges of its digest tree (PROTOCOL.md, "Proof of equality"). Pure functions;
// nothing is kept from one message to the next but what the asking end has found. Any thread.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "sync/core/digest_tree.h"

namespace solidaires::sync {

// What the sender of it holds in each of the sixteen parts of a range.
struct RangeSplit {
  struct Part {
    std::uint64_t count = 0;
    std::uint64_t digest = 0;  // the first 8 bytes: enough to find a difference, not to prove none
    friend bool operator==(Part const&, Part const&) = default;
  };
  KeyRange range{};
  std::array<Part, 16> parts{};
  friend bool operator==(RangeSplit const&, RangeSplit const&) = default;
};

// All that the sender of it holds in a range.
struct RangeListing {
  KeyRange range{};
  std::vector<KeyedFingerprint> items{};
  friend bool operator==(RangeListing const&, RangeListing const&) = default;
};

struct Question {
  std::optional<RangeDigest> whole{};  // the first question: the digest of the whole scope
  std::vector<RangeSplit> splits{};    // "where do these differ from yours?"
  std::vector<KeyRange> lists{};       // "what do you hold there?"
  [[nodiscard]] bool empty() const { return !whole && splits.empty() && lists.empty(); }
  friend bool operator==(Question const&, Question const&) = default;
};

struct Answer {
  bool equal = false;  // to the whole
  std::vector<RangeSplit> splits{};
  std::vector<RangeListing> listings{};
  friend bool operator==(Answer const&, Answer const&) = default;
};

// What an answer has told the asking end.
struct Findings {
  Question next{};  // empty: nothing is left to ask
  std::vector<DocumentId> only_here{};
  std::vector<DocumentId> only_there{};
  std::vector<DocumentId> different{};  // both ends hold it, in different states
};

// Code::invalid: larger than the limits, or ranges that are not in order and apart.
[[nodiscard]] Result<> validate(Question const& question);
[[nodiscard]] Result<> validate(Answer const& answer);

[[nodiscard]] Question first_question(DigestTree const& tree);
// `question`: validated. Work and answer are bounded, whatever is asked.
[[nodiscard]] Answer answer(DigestTree const& tree, Question const& question);
// `given`: validated. Code::invalid: it answers something else than was asked.
[[nodiscard]] Result<Findings> compare(DigestTree const& tree, Question const& asked,
                                       Answer const& given);

}  // namespace solidaires::sync
