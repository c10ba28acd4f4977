// The content model: types with their fields, vocabularies, roles. Loaded from text files and
// checked whole; immutable afterwards, so any thread may read it. Every reference and pointer given
// by it lives as long as the model (moving the model keeps them).
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "schema/charter.h"
#include "schema/role.h"
#include "schema/type.h"
#include "schema/vocabulary.h"
#include "sync/base/result.h"

namespace solidaires::schema {

// Something wrong in a file of the model. `line` counts from 1; 0: the file as a whole.
struct Defect {
  std::string file;
  int line = 0;
  std::string field;  // "structure.siren", "vocabulary sectors", empty if none
  std::string message;
  [[nodiscard]] std::string to_string() const;  // "types/x.txtpb:12: structure.siren: ..."
};

class ContentModel {
 public:
  // Every *.txtpb below `directory`. On failure: Code::invalid, one defect per line, all of them
  // (a file that does not parse reports its first syntax error only); also put in `defects`.
  static Result<ContentModel> load(std::filesystem::path const& directory,
                                   std::vector<Defect>* defects = nullptr);
  // The same from memory: name of file -> its text.
  static Result<ContentModel> parse(std::map<std::string, std::string> const& files,
                                    std::vector<Defect>* defects = nullptr);

  ContentModel(ContentModel&&) noexcept = default;
  ContentModel& operator=(ContentModel&&) noexcept = default;
  ContentModel(ContentModel const&) = delete;
  ContentModel& operator=(ContentModel const&) = delete;

  [[nodiscard]] std::vector<Type> const& types() const noexcept { return types_; }  // by rank
  [[nodiscard]] Type const* type(std::string_view key) const;  // null if there is none
  [[nodiscard]] Type const* type_by_prefix(std::string_view prefix) const;
  [[nodiscard]] std::map<std::string, Vocabulary, std::less<>> const& vocabularies()
      const noexcept {
    return vocabularies_;
  }
  [[nodiscard]] Vocabulary const* vocabulary(std::string_view key) const;
  [[nodiscard]] std::vector<Role> const& roles() const noexcept { return roles_; }  // by rank
  [[nodiscard]] Role const* role(std::string_view key) const;
  [[nodiscard]] std::deque<Article> const& charter() const noexcept { return charter_; }
  [[nodiscard]] Article const* article(std::string_view key) const;
  [[nodiscard]] std::deque<Wording> const& wordings() const noexcept { return wordings_; }
  [[nodiscard]] Wording const* wording(std::string_view key) const;

 private:
  friend class ModelBuilder;
  ContentModel() = default;
  std::vector<Type> types_;
  std::map<std::string, Vocabulary, std::less<>> vocabularies_;
  std::vector<Role> roles_;
  std::deque<Article> charter_;  // addresses stay
  std::deque<Wording> wordings_;
};

}  // namespace solidaires::schema
