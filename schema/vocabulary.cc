#include "schema/vocabulary.h"

#include "schema/characters.h"

namespace solidaires::schema {

void Vocabulary::index() {
  by_code_.clear();
  by_text_.clear();
  for (std::size_t i = 0; i < terms.size(); ++i) {
    Term const& term = terms[i];
    by_code_.emplace(term.code, i);
    for (auto const& code : term.former_codes) by_code_.emplace(code, i);
    std::vector<std::string> texts{term.code, term.label.fr, term.label.en};
    texts.insert(texts.end(), term.former_codes.begin(), term.former_codes.end());
    texts.insert(texts.end(), term.aliases.begin(), term.aliases.end());
    for (auto& text : texts) text = fold_tight(text);
    std::ranges::sort(texts);
    texts.erase(std::ranges::unique(texts).begin(), texts.end());
    for (auto const& text : texts)
      if (!text.empty()) by_text_.emplace(text, i);
  }
}

Term const* Vocabulary::find(std::string_view code) const {
  auto const found = by_code_.find(code);
  return found == by_code_.end() ? nullptr : &terms[found->second];
}

Term const* Vocabulary::resolve(std::string_view text) const {
  if (auto const* term = find(trim(text))) return term;
  std::string const folded = fold_tight(text);
  auto const [first, last] = by_text_.equal_range(folded);
  if (first == last) return nullptr;
  if (std::next(first) == last) return &terms[first->second];
  // Several terms carry the text: a code of that spelling wins over labels.
  Term const* by_code = nullptr;
  for (auto it = first; it != last; ++it) {
    if (fold_tight(terms[it->second].code) != folded) continue;
    if (by_code != nullptr) return nullptr;
    by_code = &terms[it->second];
  }
  return by_code;
}

std::string Vocabulary::label_of(std::string_view code, Language language) const {
  auto const* term = find(code);
  return term != nullptr ? term->label.in(language) : std::string(code);
}

bool Vocabulary::is_within(std::string_view code, std::string_view ancestor) const {
  auto const* wanted = find(ancestor);
  if (wanted == nullptr) return code == ancestor;
  for (auto const* term = find(code); term != nullptr; term = find(term->parent))
    if (term == wanted) return true;
  return false;
}

std::vector<std::string> Vocabulary::with_narrower(std::string_view code) const {
  std::vector<std::string> out;
  auto const* top = find(code);
  if (top == nullptr) return {std::string(code)};
  auto const first = static_cast<std::size_t>(top - terms.data());
  out.push_back(top->code);
  for (std::size_t i = first + 1; i < terms.size() && terms[i].depth > top->depth; ++i)
    out.push_back(terms[i].code);
  return out;
}

std::size_t Vocabulary::order(std::string_view code) const {
  auto const* term = find(code);
  return term != nullptr ? static_cast<std::size_t>(term - terms.data()) : terms.size();
}

}  // namespace solidaires::schema
