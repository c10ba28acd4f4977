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

void Attributes::write(Bytes& out) const {
  std::vector<std::string_view> names(facets_.size());
  for (auto const& [name, number] : by_facet_) names[number] = name;
  ByteWriter writer(out);
  writer.u32(static_cast<std::uint32_t>(names.size()));
  for (auto const name : names) writer.sized(name);
  writer.u32(static_cast<std::uint32_t>(codes_.size()));
  for (auto const& code : codes_) writer.u32(code.facet).sized(code.code);  // unused: empty
}

Result<> Attributes::read(ByteReader& from) {
  SOL_ASSIGN(auto const facets, from.u32());
  for (FacetNumber number = 0; number < facets; ++number) {
    SOL_ASSIGN(auto const name, from.sized());
    by_facet_.emplace(name, number);
    facets_.emplace_back();
  }
  std::vector<std::string_view> names(facets);
  for (auto const& [name, number] : by_facet_) names[number] = name;
  SOL_ASSIGN(auto const codes, from.u32());
  for (Value value = 0; value < codes; ++value) {
    SOL_ASSIGN(auto const facet, from.u32());
    SOL_ASSIGN(auto const code, from.sized());
    if (facet >= facets) return fail(solidaires::Code::corrupt, "a code of no facet");
    codes_.push_back({std::string(code), facet, DocSet()});
    if (code.empty()) {
      unused_.push_back(value);
    } else {
      facets_[facet].push_back(value);
      by_key_.emplace(key(names[facet], code), value);
    }
  }
  return {};
}

}  // namespace solidaires::search
