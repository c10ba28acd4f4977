#include "node/search/spelling.h"

#include <algorithm>
#include <array>

namespace solidaires::search {

namespace {

constexpr std::size_t kPrefix = 7;  // letters whose deletes are indexed: bounds memory

std::uint32_t hash_of(std::string_view text) {
  std::uint64_t hash =
      0xCBF29CE484222325U;  // FNV-1a, folded to 32 bits: a clash costs a comparison
  for (char const c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

bool Spelling::is_worth(std::string_view word) {
  return word.size() >= kShortest && word.size() <= kLongest &&
         std::ranges::none_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::uint32_t> Spelling::deletes(std::string_view word, int depth) {
  auto const start = word.substr(0, kPrefix);
  std::vector<std::uint32_t> out;
  out.reserve(1 + kPrefix + kPrefix * (kPrefix - 1) / 2);
  out.push_back(hash_of(start));
  if (depth == 0) return out;
  std::array<char, kPrefix> once{};
  std::array<char, kPrefix> twice{};
  auto const without = [](std::string_view text, std::size_t at, std::array<char, kPrefix>& to) {
    auto* end = std::copy_n(text.begin(), at, to.begin());
    end = std::copy(text.begin() + at + 1, text.end(), end);
    return std::string_view(to.data(), text.size() - 1);
  };
  for (std::size_t i = 0; i < start.size(); ++i) {
    auto const shorter = without(start, i, once);
    out.push_back(hash_of(shorter));
    if (depth < 2) continue;
    for (std::size_t j = i; j < shorter.size(); ++j) {
      out.push_back(hash_of(without(shorter, j, twice)));
    }
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void Spelling::add(std::string_view word, std::uint32_t number) {
  if (!is_worth(word)) return;
  for (auto const hash : deletes(word, depth_of(word))) {
    auto const [place, fresh] = heads_.try_emplace(hash, kNone);
    auto at = unused_;
    if (at == kNone) {
      at = static_cast<std::uint32_t>(links_.size());
      links_.emplace_back();
    } else {
      unused_ = links_[at].next;
    }
    links_[at] = {number, place->second};
    place->second = at;
  }
}

void Spelling::remove(std::string_view word, std::uint32_t number) {
  if (!is_worth(word)) return;
  for (auto const hash : deletes(word, depth_of(word))) {
    auto const head = heads_.find(hash);
    if (head == heads_.end()) continue;
    auto* before = &head->second;
    while (*before != kNone && links_[*before].word != number) before = &links_[*before].next;
    if (*before == kNone) continue;
    auto const at = *before;
    *before = links_[at].next;
    links_[at] = {0, unused_};
    unused_ = at;
    if (head->second == kNone) heads_.erase(head);
  }
}

}  // namespace solidaires::search
