#include "node/search/attributes.h"

namespace solidaires::search {

std::string Attributes::key(std::string_view facet, std::string_view code) {
  // The size in front, so that no two pairs read the same.
  auto out = std::to_string(facet.size());
  out.append(1, ' ').append(facet).append(code);
  return out;
}

Value Attributes::intern(std::string_view facet, std::string_view code) {
  auto const next = unused_.empty() ? static_cast<Value>(codes_.size()) : unused_.back();
  auto const [place, fresh] = by_key_.try_emplace(key(facet, code), next);
  if (!fresh) return place->second;
  auto const [number, fresh_facet] =
      by_facet_.try_emplace(std::string(facet), static_cast<FacetNumber>(facets_.size()));
  if (fresh_facet) facets_.emplace_back();
  facets_[number->second].push_back(next);
  Code added{std::string(code), number->second, DocSet()};
  if (unused_.empty()) {
    codes_.push_back(std::move(added));
  } else {
    codes_[next] = std::move(added);
    unused_.pop_back();
  }
  return next;
}

void Attributes::drop(Value value, Slot slot) {
  auto& code = codes_[value];
  code.set.remove(slot);
  if (code.set.size() > 0) return;
  std::erase(facets_[code.facet], value);
  for (auto const& [facet, number] : by_facet_) {
    if (number == code.facet) by_key_.erase(key(facet, code.code));
  }
  code.code.clear();
  unused_.push_back(value);
}

std::optional<Value> Attributes::find(std::string_view facet, std::string_view code) const {
  auto const found = by_key_.find(key(facet, code));
  if (found == by_key_.end()) return std::nullopt;
  return found->second;
}

std::optional<FacetNumber> Attributes::find_facet(std::string_view facet) const {
  auto const found = by_facet_.find(std::string(facet));
  if (found == by_facet_.end()) return std::nullopt;
  return found->second;
}

}  // namespace solidaires::search
