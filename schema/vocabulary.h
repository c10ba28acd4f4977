// Controlled vocabularies: codes with labels, possibly a tree. Part of the immutable content model.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace solidaires::schema {

enum class Language : std::uint8_t { fr, en };

// A text in every language of the portals.
struct Words {
  std::string fr, en;
  [[nodiscard]] std::string const& in(Language language) const {
    return language == Language::en && !en.empty() ? en : fr;
  }
  [[nodiscard]] bool empty() const noexcept { return fr.empty() && en.empty(); }
  friend bool operator==(Words const&, Words const&) = default;
};

struct Term {
  std::string code;
  Words label, description;
  bool exclusive = false;  // chosen alone
  bool retired = false;    // still read and shown, no longer offered
  std::vector<std::string> former_codes, aliases;
  std::string parent;      // code of the wider term; empty at the top
  std::size_t depth = 0;   // 0 at the top
  std::string schema_org;  // its name in schema.org; empty: the label is used
};

class Vocabulary {
 public:
  std::string key;
  Words label, description;
  std::string source;
  std::vector<Term> terms;  // each term before its narrower terms, in the order of the file

  // By code, or by a former code; null if there is none.
  [[nodiscard]] Term const* find(std::string_view code) const;
  // By what people type or files hold: code, former code, label in any language, alias; without
  // case, accents, hyphens and spaces. Null if nothing matches, or if several terms do.
  [[nodiscard]] Term const* resolve(std::string_view text) const;
  // The label, or the code itself if it is not in the vocabulary (a newer one, at another node).
  [[nodiscard]] std::string label_of(std::string_view code, Language language) const;
  // True if `code` is `ancestor` or is narrower than it.
  [[nodiscard]] bool is_within(std::string_view code, std::string_view ancestor) const;
  // `code` and all its narrower terms.
  [[nodiscard]] std::vector<std::string> with_narrower(std::string_view code) const;
  [[nodiscard]] std::size_t order(std::string_view code) const;  // for sorting; unknown: last

  // Called once, by the model, when `terms` is complete.
  void index();

 private:
  std::map<std::string, std::size_t, std::less<>> by_code_;
  std::multimap<std::string, std::size_t, std::less<>> by_text_;
};

}  // namespace solidaires::schema
