// SQLite with FTS5 and an R*Tree. Facets are rows of a table of their own, as one would do it.
#include <sqlite3.h>

#include <cmath>

#include "tests/bench/engine.h"

namespace solidaires::search {
namespace {

constexpr double kKmPerDegree = 111.195;

void kilometres(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  auto const radians = [&](int i) { return sqlite3_value_double(values[i]) * M_PI / 180; };
  auto const a = std::pow(std::sin((radians(2) - radians(0)) / 2), 2) +
                 std::cos(radians(0)) * std::cos(radians(2)) *
                     std::pow(std::sin((radians(3) - radians(1)) / 2), 2);
  sqlite3_result_double(context, 2 * 6371.0088 * std::asin(std::sqrt(a)));
}

class Sqlite final : public Engine {
 public:
  explicit Sqlite(std::string const& directory) : directory_(directory) {
    if (sqlite3_open((directory + "/records.db").c_str(), &db_) != SQLITE_OK) fail();
    sqlite3_create_function(db_, "km", 4, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr, kilometres,
                            nullptr, nullptr);
    run("PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA cache_size = -1000000;"
        "PRAGMA mmap_size = 4000000000; PRAGMA temp_store = memory;"
        "CREATE TABLE records (id INTEGER PRIMARY KEY, title TEXT, latitude REAL, longitude REAL);"
        "CREATE TABLE facets (record INTEGER, facet INTEGER, code TEXT,"
        " PRIMARY KEY (record, facet, code)) WITHOUT ROWID;"
        "CREATE VIRTUAL TABLE texts USING fts5 (title, summary, body, content = '',"
        " tokenize = 'ascii', detail = full);"
        "CREATE VIRTUAL TABLE titles USING fts5 (title, prefix = '3', tokenize = 'ascii');"
        "CREATE VIRTUAL TABLE places USING rtree (id, south, north, west, east); BEGIN");
  }
  ~Sqlite() override {
    for (auto* const statement : statements_) sqlite3_finalize(statement);
    sqlite3_close(db_);
  }
  Sqlite(Sqlite const&) = delete;
  Sqlite& operator=(Sqlite const&) = delete;

  [[nodiscard]] std::string_view name() const override { return "SQLite"; }

  void load(std::span<Prepared const> records) override {
    auto* const record = prepare("INSERT INTO records VALUES (?, ?, ?, ?)");
    auto* const text = prepare("INSERT INTO texts (rowid, title, summary, body) VALUES (?,?,?,?)");
    auto* const title = prepare("INSERT INTO titles (rowid, title) VALUES (?, ?)");
    auto* const place = prepare("INSERT INTO places VALUES (?, ?, ?, ?, ?)");
    auto* const facet = prepare("INSERT OR IGNORE INTO facets VALUES (?, ?, ?)");
    for (auto const& one : records) {
      auto const id = static_cast<sqlite3_int64>(one.number);
      auto const& point = *one.entry.places.front().point;
      insert(record, id, one.entry.title, point.latitude_deg, point.longitude_deg);
      insert(text, id, one.title, one.summary, one.body);
      insert(title, id, one.folded_title);
      insert(place, id, point.latitude_deg, point.latitude_deg, point.longitude_deg,
             point.longitude_deg);
      for (std::size_t i = 0; i < kFacets.size(); ++i) {
        for (auto const& code : one.entry.facets.find(kFacets[i])->second)
          insert(facet, id, static_cast<double>(i), code);
      }
      insert(facet, id, static_cast<double>(kFacets.size()), one.entry.type);
    }
  }

  void finish(std::vector<std::string> const& /*words*/) override {
    run("INSERT INTO texts (texts) VALUES ('optimize');"
        "INSERT INTO titles (titles) VALUES ('optimize'); COMMIT; ANALYZE");
    std::string const near =
        " AND texts.rowid = places.id AND south BETWEEN ?2 AND ?3 AND west BETWEEN ?4 AND ?5"
        " AND records.id = places.id AND km(latitude, longitude, ?6, ?7) <= ?8";
    std::string const ranked = " ORDER BY bm25(texts, 10, 4, 1) LIMIT 20";
    words_ = prepare("SELECT texts.rowid FROM texts WHERE texts MATCH ?1" + ranked);
    words_near_ = prepare("SELECT texts.rowid FROM texts, places, records WHERE texts MATCH ?1" +
                          near + ranked);
    nearest_ = prepare(
        "SELECT records.id, km(latitude, longitude, ?6, ?7) AS far, count(*) OVER ()"
        " FROM places, records"
        " WHERE south BETWEEN ?2 AND ?3 AND west BETWEEN ?4 AND ?5 AND records.id = places.id"
        " AND far <= ?8 ORDER BY far LIMIT 20");
    std::string const counted = ") JOIN facets ON record = id GROUP BY facet, code";
    std::string const counts = "SELECT facet, code, count(*) FROM (SELECT texts.rowid AS id FROM ";
    facets_ = prepare(counts + "texts WHERE texts MATCH ?1" + counted);
    facets_near_ = prepare(counts + "texts, places, records WHERE texts MATCH ?1" + near + counted);
    completion_ = prepare("SELECT title FROM titles WHERE titles MATCH ?1 LIMIT 8");
  }

  [[nodiscard]] double megabytes() override { return megabytes_below(directory_); }

  [[nodiscard]] std::optional<Answer> ask(Question const& question) override {
    auto* const statement = statement_for(question.kind);
    if (statement == nullptr) return std::nullopt;
    std::string match = question.typed + "*";
    if (has_words(question.kind)) {
      match.clear();
      for (auto const& term : question.terms) match += (match.empty() ? "" : " ") + term;
    }
    sqlite3_bind_text(statement, 1, match.c_str(), -1, SQLITE_TRANSIENT);
    if (auto const km = radius_km(question.kind); km > 0) {
      auto const [latitude, longitude] = question.centre;
      auto const high = km / kKmPerDegree * 1.001;
      auto const wide = high / std::cos(latitude * M_PI / 180);
      int at = 2;
      for (double const value : {latitude - high, latitude + high, longitude - wide,
                                 longitude + wide, latitude, longitude, km})
        sqlite3_bind_double(statement, at++, value);
    }
    Answer answer;
    bool const facets = question.kind == Kind::facets || question.kind == Kind::facets_near;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      if (statement == nearest_) {
        answer.hits = static_cast<std::size_t>(sqlite3_column_int64(statement, 2));
      } else if (!facets) {
        ++answer.hits;
      } else if (sqlite3_column_int(statement, 0) == static_cast<int>(kFacets.size())) {
        answer.hits += static_cast<std::size_t>(sqlite3_column_int64(statement, 2));
      }
    }
    if (sqlite3_reset(statement) != SQLITE_OK) fail();
    return answer;
  }

 private:
  [[noreturn]] void fail() { give_up(std::string("SQLite: ") + sqlite3_errmsg(db_)); }
  void run(char const* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
  }
  sqlite3_stmt* prepare(std::string const& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) fail();
    statements_.push_back(statement);
    return statement;
  }
  static void bind(sqlite3_stmt* statement, int at, double value) {
    sqlite3_bind_double(statement, at, value);
  }
  static void bind(sqlite3_stmt* statement, int at, std::string const& value) {
    sqlite3_bind_text(statement, at, value.c_str(), static_cast<int>(value.size()), SQLITE_STATIC);
  }
  template <class... Values>
  void insert(sqlite3_stmt* statement, sqlite3_int64 id, Values const&... values) {
    sqlite3_bind_int64(statement, 1, id);
    int at = 2;
    (bind(statement, at++, values), ...);
    sqlite3_step(statement);
    if (sqlite3_reset(statement) != SQLITE_OK) fail();
  }
  [[nodiscard]] sqlite3_stmt* statement_for(Kind kind) const {
    switch (kind) {
      case Kind::words: return words_;
      case Kind::words_near: return words_near_;
      case Kind::nearest_10:
      case Kind::nearest_50: return nearest_;
      case Kind::facets: return facets_;
      case Kind::facets_near: return facets_near_;
      case Kind::completion: return completion_;
      case Kind::typo: return nullptr;
    }
    return nullptr;
  }

  std::string directory_;
  sqlite3* db_ = nullptr;
  std::vector<sqlite3_stmt*> statements_;
  sqlite3_stmt* words_ = nullptr;
  sqlite3_stmt* words_near_ = nullptr;
  sqlite3_stmt* nearest_ = nullptr;
  sqlite3_stmt* facets_ = nullptr;
  sqlite3_stmt* facets_near_ = nullptr;
  sqlite3_stmt* completion_ = nullptr;
};

}  // namespace

std::unique_ptr<Engine> sqlite(std::string const& directory) {
  return std::make_unique<Sqlite>(directory);
}

}  // namespace solidaires::search
