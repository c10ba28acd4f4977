// Builds a ContentModel from text files and checks it whole. Used by ContentModel only; one thread.
// Defects are collected, never thrown: finish() gives them all.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schema/model.h"

namespace solidaires::schema {

class ModelBuilder {
 public:
  ModelBuilder();
  ~ModelBuilder();
  ModelBuilder(ModelBuilder const&) = delete;
  ModelBuilder& operator=(ModelBuilder const&) = delete;

  void read(std::string const& name, std::string const& text);
  Result<ContentModel> finish(std::vector<Defect>* defects) &&;

 private:
  struct Files;
  std::unique_ptr<Files> files_;
};

// Which parts the value of a kind has as columns of a table; empty: the whole is one column.
[[nodiscard]] std::vector<std::string_view> parts_of(FieldKind kind);

}  // namespace solidaires::schema
