// A store in a directory of its own, and the words that its tests need.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>

#include "node/store/store.h"

namespace solidaires::store {

inline constexpr Instant kNoon{Millis(1'700'000'000'000)};

[[nodiscard]] inline ScopeId scope(std::string_view text) {
  return ScopeId::parse(text).value();
}

// A directory that goes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    auto pattern = (std::filesystem::path(testing::TempDir()) / "store-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(TemporaryDirectory const&) = delete;
  TemporaryDirectory& operator=(TemporaryDirectory const&) = delete;
  [[nodiscard]] std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Every file below a directory, with its bytes.
[[nodiscard]] inline std::map<std::string, std::string> files_in(
    std::filesystem::path const& directory) {
  std::map<std::string, std::string> files;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().string()] = {std::istreambuf_iterator<char>(file), {}};
  }
  return files;
}

// Indexes the shown value of the field "name", if there is one.
[[nodiscard]] inline Indexer by_name(std::string version = "1") {
  return {std::move(version), [](sync::Document const& document) {
            std::vector<IndexEntry> entries;
            if (auto const name = sync::shown_value(document, "name");
                name && sync::is_alive(document)) {
              entries.push_back({"name", Bytes(*name)});
            }
            return entries;
          }};
}

class StoreWorld : public testing::Test {
 protected:
  StoreWorld() { reopen(); }
  ~StoreWorld() override {
    if (!store_) return;
    auto const report = store_->check();
    EXPECT_TRUE(report) << report.error().to_string();
    if (report) EXPECT_EQ(report->problems, std::vector<std::string>{});
  }

  void reopen(Indexer indexer = by_name()) {
    store_.reset();
    auto opened = Store::open(directory_.path(), {.indexer = std::move(indexer), .rng = &rng_});
    ASSERT_TRUE(opened) << opened.error().to_string();
    store_ = *std::move(opened);
  }
  Store& store() { return *store_; }

  sync::DocumentKey key(std::string_view of = "office/isere") {
    return {scope(of), DocumentId::make(kNoon, rng_)};
  }
  static DocumentEdit edit(sync::DocumentKey const& key, std::vector<sync::FieldEdit> fields) {
    return {.key = key, .type = "structure", .fields = std::move(fields)};
  }
  Result<std::vector<CommittedDocument>> commit(std::vector<DocumentEdit> documents,
                                                std::string author = "ann") {
    return store().commit({.now = now_ += Millis(1000),
                           .author = std::move(author),
                           .reason = "test",
                           .documents = std::move(documents)});
  }
  CommittedDocument write(sync::DocumentKey const& key, std::vector<sync::FieldEdit> fields,
                          std::string author = "ann") {
    auto committed = commit({edit(key, std::move(fields))}, std::move(author));
    EXPECT_TRUE(committed) << committed.error().to_string();
    return committed->at(0);
  }
  sync::Document document(sync::DocumentKey const& key) {
    return store().get(key).value().value().document;
  }
  std::optional<std::string> shown(sync::DocumentKey const& key, std::string_view field) {
    auto const found = document(key);
    auto const value = sync::shown_value(found, field);
    return value ? std::optional(std::string(*value)) : std::nullopt;
  }

  TemporaryDirectory directory_;
  SeededRng rng_{11};
  Instant now_ = kNoon;
  std::unique_ptr<Store> store_;
};

}  // namespace solidaires::store
