// Xapian: terms with weights by field, facets and places as values, its own spelling.
#include <xapian.h>

#include <deque>

#include "tests/bench/engine.h"

namespace solidaires::search {
namespace {

constexpr Xapian::valueno kPlace = 0;
constexpr Xapian::valueno kTheme = 1;  // and the next, for the second theme
constexpr Xapian::valueno kFamily = 3;
constexpr Xapian::valueno kPublic = 4;
constexpr Xapian::valueno kType = 5;

class XapianEngine final : public Engine {
 public:
  explicit XapianEngine(std::string const& directory)
      : directory_(directory),
        writer_(directory + "/index", Xapian::DB_CREATE | Xapian::DB_NO_SYNC) {}

  [[nodiscard]] std::string_view name() const override { return "Xapian"; }

  void load(std::span<Prepared const> records) override {
    Xapian::TermGenerator generator;
    for (auto const& one : records) {
      Xapian::Document document;
      generator.set_document(document);
      generator.index_text_without_positions(one.title, 10);
      generator.index_text_without_positions(one.summary, 4);
      generator.index_text_without_positions(one.body, 1);
      for (std::size_t at = 0; at < one.folded_title.size();) {
        auto const end = std::min(one.folded_title.find(' ', at), one.folded_title.size());
        document.add_boolean_term("S" + one.folded_title.substr(at, end - at));
        at = end + 1;
      }
      auto const& point = *one.entry.places.front().point;
      document.add_value(kPlace,
                         Xapian::LatLongCoord(point.latitude_deg, point.longitude_deg).serialise());
      auto const& facets = one.entry.facets;
      auto const& themes = facets.find("theme")->second;
      document.add_value(kTheme, themes[0]);
      if (themes[1] != themes[0]) document.add_value(kTheme + 1, themes[1]);
      document.add_value(kFamily, facets.find("family")->second[0]);
      document.add_value(kPublic, facets.find("public")->second[0]);
      document.add_value(kType, one.entry.type);
      document.set_data(one.entry.title);
      writer_.add_document(document);
    }
  }

  void finish(std::vector<std::string> const& words) override {
    for (auto const& word : words) writer_.add_spelling(word);
    writer_.commit();
    writer_.close();
    database_ = Xapian::Database(directory_ + "/index");
  }

  [[nodiscard]] double megabytes() override { return megabytes_below(directory_); }

  [[nodiscard]] std::optional<Answer> ask(Question const& question) override {
    switch (question.kind) {
      case Kind::words:
      case Kind::words_near: return Answer{page(question).size()};
      case Kind::nearest_10:
      case Kind::nearest_50: return Answer{nearest(question).get_matches_lower_bound()};
      case Kind::facets:
      case Kind::facets_near: return facets(question);
      case Kind::completion: return completion(question);
      case Kind::typo: return Answer{1, database_.get_spelling_suggestion(question.typed, 2)};
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] Xapian::Query query_of(Question const& question,
                                       Xapian::LatLongDistancePostingSource& around) const {
    Xapian::Query const words(Xapian::Query::OP_AND, question.terms.begin(), question.terms.end());
    if (radius_km(question.kind) == 0) return words;
    return {Xapian::Query::OP_FILTER, words, Xapian::Query(&around)};
  }
  [[nodiscard]] static Xapian::LatLongDistancePostingSource around(Question const& question) {
    Xapian::LatLongCoords const centre(
        Xapian::LatLongCoord(question.centre.latitude_deg, question.centre.longitude_deg));
    return {kPlace, centre, Xapian::GreatCircleMetric(6371008.8),
            std::max(1.0, radius_km(question.kind) * 1000)};
  }

  Xapian::MSet page(Question const& question) {
    auto source = around(question);
    Xapian::Enquire enquire(database_);
    enquire.set_query(query_of(question, source));
    return enquire.get_mset(0, kPage);
  }

  Xapian::MSet nearest(Question const& question) {
    auto source = around(question);  // its weights fall with the distance
    Xapian::Enquire enquire(database_);
    enquire.set_query(Xapian::Query(&source));
    return enquire.get_mset(0, kPage, database_.get_doccount());  // counts all of them
  }

  Answer facets(Question const& question) {
    auto source = around(question);
    Xapian::Enquire enquire(database_);
    enquire.set_query(query_of(question, source));
    enquire.set_weighting_scheme(Xapian::BoolWeight());
    std::deque<Xapian::ValueCountMatchSpy> spies;  // they cannot move
    for (auto const slot : {kTheme, kTheme + 1, kFamily, kPublic, kType}) spies.emplace_back(slot);
    for (auto& spy : spies) enquire.add_matchspy(&spy);
    (void)enquire.get_mset(0, 0, database_.get_doccount());
    Answer answer;
    for (auto& spy : spies) {
      for (auto value = spy.top_values_begin(100); value != spy.top_values_end(100); ++value) {
        if (&spy == &spies.back()) answer.hits += value.get_termfreq();
      }
    }
    return answer;
  }

  Answer completion(Question const& question) {
    Xapian::Enquire enquire(database_);
    enquire.set_query(Xapian::Query(Xapian::Query::OP_WILDCARD, "S" + question.typed, 50,
                                    Xapian::Query::WILDCARD_LIMIT_FIRST));
    enquire.set_weighting_scheme(Xapian::BoolWeight());
    Answer answer;
    auto const found = enquire.get_mset(0, kCompletions);
    for (auto hit = found.begin(); hit != found.end(); ++hit)
      answer.hits += hit.get_document().get_data().empty() ? 0 : 1;
    return answer;
  }

  std::string directory_;
  Xapian::WritableDatabase writer_;
  Xapian::Database database_;
};

}  // namespace

std::unique_ptr<Engine> xapian(std::string const& directory) {
  return std::make_unique<XapianEngine>(directory);
}

}  // namespace solidaires::search
