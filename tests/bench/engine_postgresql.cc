// PostgreSQL with PostGIS and pg_trgm: a text vector with weights (GIN), points in the projection
// of France (GiST), facets in a table of their own. Prepared statements over a Unix socket.
#include <libpq-fe.h>

#include "sync/base/bytes.h"
#include "tests/bench/engine.h"

namespace solidaires::search {
namespace {

struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultDeleter>;

class PostgreSql final : public Engine {
 public:
  explicit PostgreSql(std::string const& connection) : db_(PQconnectdb(connection.c_str())) {
    if (PQstatus(db_) != CONNECTION_OK) fail();
    run("CREATE EXTENSION postgis; CREATE EXTENSION pg_trgm;"
        "CREATE UNLOGGED TABLE records (id int PRIMARY KEY, title text, folded text,"
        " longitude float8, latitude float8, terms tsvector, place geometry(Point, 2154));"
        "CREATE UNLOGGED TABLE facets (record int, facet smallint, code text);"
        "CREATE UNLOGGED TABLE words (word text)");
  }
  ~PostgreSql() override { PQfinish(db_); }
  PostgreSql(PostgreSql const&) = delete;
  PostgreSql& operator=(PostgreSql const&) = delete;

  [[nodiscard]] std::string_view name() const override { return "PostgreSQL"; }

  void load(std::span<Prepared const> records) override {
    std::string rows;
    std::string facets;
    for (auto const& one : records) {
      auto const& point = *one.entry.places.front().point;
      auto const id = std::to_string(one.number);
      rows += cat(id, '\t', one.entry.title, '\t', one.folded_title, '\t',
                  std::to_string(point.longitude_deg), '\t', std::to_string(point.latitude_deg),
                  '\t', weighted(one), '\n');
      for (std::size_t i = 0; i < kFacets.size(); ++i) {
        auto codes = one.entry.facets.find(kFacets[i])->second;
        if (codes.size() > 1 && codes[0] == codes[1]) codes.pop_back();
        for (auto const& code : codes) facets += cat(id, '\t', std::to_string(i), '\t', code, '\n');
      }
      facets += cat(id, '\t', std::to_string(kFacets.size()), '\t', one.entry.type, '\n');
    }
    copy("records (id, title, folded, longitude, latitude, terms)", rows);
    copy("facets", facets);
  }

  void finish(std::vector<std::string> const& words) override {
    std::string rows;
    for (auto const& word : words) rows += word + "\n";
    copy("words", rows);
    run("UPDATE records SET place = ST_Transform(ST_SetSRID("
        "ST_MakePoint(longitude, latitude), 4326), 2154)");
    run("CREATE INDEX ON records USING gin (terms); CREATE INDEX ON records USING gist (place);"
        "CREATE INDEX ON records (folded text_pattern_ops);"
        "CREATE INDEX ON facets (record) INCLUDE (facet, code);"
        "CREATE INDEX ON words USING gist (word gist_trgm_ops)");
    run("VACUUM FULL ANALYZE records");
    run("VACUUM ANALYZE facets");
    run("VACUUM ANALYZE words");
    run("VACUUM records");  // its visibility map, which VACUUM FULL does not write
    std::string const match = " terms @@ to_tsquery('simple', $1)";
    std::string const centre =
        "ST_Transform(ST_SetSRID(ST_MakePoint($2::float8, $3::float8), 4326), 2154)";
    std::string const near = "ST_DWithin(place, " + centre + ", $4::float8 * 1000)";
    std::string const rank = " ORDER BY ts_rank(terms, to_tsquery('simple', $1)) DESC LIMIT 20";
    prepare("words", "SELECT id FROM records WHERE" + match + rank);
    prepare("words_near", "SELECT id FROM records WHERE" + match + " AND " + near + rank);
    prepare("nearest", "SELECT id, count(*) OVER () FROM records WHERE $1::text IS NOT NULL AND " +
                           near + " ORDER BY place <-> " + centre + " LIMIT 20");
    std::string const count =
        "SELECT facet, code, count(*) FROM facets JOIN records ON record = id WHERE";
    std::string const group = " GROUP BY facet, code";
    prepare("facets", count + match + group);
    prepare("facets_near", count + match + " AND " + near + group);
    prepare("completion", "SELECT title FROM records WHERE folded LIKE $1 || '%' LIMIT 8");
    prepare("typo", "SELECT word FROM words ORDER BY word <-> $1 LIMIT 1");
  }

  [[nodiscard]] double megabytes() override {
    auto const result = checked(PQexec(db_, "SELECT pg_database_size(current_database())"));
    return std::stod(PQgetvalue(result.get(), 0, 0)) / 1e6;
  }

  [[nodiscard]] std::optional<Answer> ask(Question const& question) override {
    std::string typed = question.typed;
    if (has_words(question.kind)) {
      typed.clear();
      for (auto const& term : question.terms) typed += (typed.empty() ? "" : " & ") + term;
    }
    auto const longitude = std::to_string(question.centre.longitude_deg);
    auto const latitude = std::to_string(question.centre.latitude_deg);
    auto const km = std::to_string(radius_km(question.kind));
    std::array<char const*, 4> const values = {typed.c_str(), longitude.c_str(), latitude.c_str(),
                                               km.c_str()};
    int const count = radius_km(question.kind) > 0 ? 4 : 1;
    auto const result = checked(PQexecPrepared(db_, statement_of(question.kind), count,
                                               values.data(), nullptr, nullptr, 0));
    Answer answer;
    auto const rows = PQntuples(result.get());
    if (question.kind == Kind::facets || question.kind == Kind::facets_near) {
      for (int i = 0; i < rows; ++i) {
        if (std::stoul(PQgetvalue(result.get(), i, 0)) == kFacets.size())
          answer.hits += std::stoul(PQgetvalue(result.get(), i, 2));
      }
      return answer;
    }
    bool const nearest = question.kind == Kind::nearest_10 || question.kind == Kind::nearest_50;
    answer.hits = static_cast<std::size_t>(rows);
    if (nearest && rows > 0) answer.hits = std::stoul(PQgetvalue(result.get(), 0, 1));
    if (question.kind == Kind::typo && rows > 0) answer.corrected = PQgetvalue(result.get(), 0, 0);
    return answer;
  }

 private:
  [[noreturn]] void fail() { give_up(std::string("PostgreSQL: ") + PQerrorMessage(db_)); }
  ResultPtr checked(PGresult* raw) {
    ResultPtr result(raw);
    auto const status = PQresultStatus(raw);
    bool const done =
        status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN;
    if (!done) fail();
    return result;
  }
  void run(char const* sql) { (void)checked(PQexec(db_, sql)); }
  void prepare(char const* name, std::string const& sql) {
    (void)checked(PQprepare(db_, name, sql.c_str(), 0, nullptr));
  }
  void copy(std::string const& table, std::string const& rows) {
    (void)checked(PQexec(db_, ("COPY " + table + " FROM STDIN").c_str()));
    bool const sent = PQputCopyData(db_, rows.data(), static_cast<int>(rows.size())) == 1 &&
                      PQputCopyEnd(db_, nullptr) == 1;
    if (!sent) fail();
    while (auto* const result = PQgetResult(db_)) (void)checked(result);
  }
  // "term:1A other:2B": each term with its position and the weight of its field.
  static std::string weighted(Prepared const& record) {
    std::string out;
    int position = 0;
    auto const add = [&](std::string_view text, char weight) {
      while (!text.empty()) {
        auto const end = std::min(text.find(' '), text.size());
        out += cat(text.substr(0, end), ':', std::to_string(++position), weight, ' ');
        text.remove_prefix(std::min(end + 1, text.size()));
      }
    };
    add(record.title, 'A');
    add(record.summary, 'B');
    add(record.body, 'D');
    return out;
  }
  static char const* statement_of(Kind kind) {
    switch (kind) {
      case Kind::words: return "words";
      case Kind::words_near: return "words_near";
      case Kind::nearest_10:
      case Kind::nearest_50: return "nearest";
      case Kind::facets: return "facets";
      case Kind::facets_near: return "facets_near";
      case Kind::completion: return "completion";
      case Kind::typo: return "typo";
    }
    return "";
  }

  PGconn* db_;
};

}  // namespace

std::unique_ptr<Engine> postgresql(std::string const& connection) {
  return std::make_unique<PostgreSql>(connection);
}

}  // namespace solidaires::search
