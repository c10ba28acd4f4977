// The index beside SQLite, Xapian and PostgreSQL, in one process and on the same records and
// questions. tests/bench/search_vs_peers runs it; by hand:
//   search_vs_peers_bench DIRECTORY POSTGRESQL-CONNECTION ROUNDS RECORDS
// One JSON object: by engine, records per second, megabytes, and per kind of question the median
// and the 99th percentile in microseconds, each the median of the rounds.
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "node/search/french.h"
#include "node/search/index.h"
#include "node/text/fold.h"
#include "node/text/words.h"
#include "tests/bench/engine.h"
#include "tests/bench/invented.h"
#include "tests/bench/measure.h"

namespace solidaires::search {

void give_up(std::string_view what) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

double megabytes_below(std::string const& directory) {
  double bytes = 0;
  for (auto const& file : std::filesystem::recursive_directory_iterator(directory)) {
    if (file.is_regular_file()) bytes += static_cast<double>(file.file_size());
  }
  return bytes / 1e6;
}

namespace {

class OurIndex final : public Engine {
 public:
  [[nodiscard]] std::string_view name() const override { return "Solidaires"; }

  void load(std::span<Prepared const> records) override {
    std::vector<Entry> entries;
    for (auto const& one : records) entries.push_back(one.entry);
    auto const before = resident_mb();
    index_.put(entries);
    megabytes_ += resident_mb() - before;
  }
  void finish(std::vector<std::string> const& /*words*/) override {}
  [[nodiscard]] double megabytes() override { return megabytes_; }

  [[nodiscard]] std::optional<Answer> ask(Question const& question) override {
    if (question.kind == Kind::completion)
      return Answer{index_.suggest(question.typed, kCompletions).size()};
    Query query;
    query.now = invented::kNow;
    query.limit = kPage;
    bool const nearest = question.kind == Kind::nearest_10 || question.kind == Kind::nearest_50;
    if (!nearest) query.words = question.typed;
    if (nearest) query.sort = Sort::distance;
    if (auto const km = radius_km(question.kind); km > 0)
      query.where.circle = Circle{question.centre, km};
    bool const facets = question.kind == Kind::facets || question.kind == Kind::facets_near;
    if (facets) {
      query.count.assign(kFacets.begin(), kFacets.end());
      query.count.emplace_back(kTypeFacet);
    }
    auto const found = index_.search(query);
    if (question.kind == Kind::typo)
      return Answer{found.hits.size(), found.words.empty() ? "" : found.words.front()};
    if (nearest) return Answer{found.total};
    if (!facets) return Answer{found.some_words ? 0 : found.hits.size()};
    Answer answer;
    for (auto const& count : found.counts.at(kTypeFacet)) answer.hits += count.entries;
    if (found.some_words) answer.hits = 0;  // the others show nothing then
    return answer;
  }

 private:
  Index index_;
  double megabytes_ = 0;
};

std::string terms_of(std::string_view text, std::set<std::string>* words = nullptr) {
  std::string out;
  text::WordScanner scanner(text);
  for (text::Word word; scanner.next(word);) {
    if (is_stop_word(word.folded)) continue;
    if (words != nullptr) words->insert(word.folded);
    out += (out.empty() ? "" : " ") + stem(word.folded);
  }
  return out;
}

Prepared prepared(std::uint64_t number, Rng& rng, std::set<std::string>& words) {
  Prepared out;
  out.number = number;
  out.entry = invented::record(number, rng);
  out.title = terms_of(out.entry.title, &words);
  out.summary = terms_of(out.entry.summary, &words);
  out.body = terms_of(out.entry.body, &words);
  out.folded_title = text::fold(out.entry.title);
  return out;
}

// Words that some record has: of others, the index takes beginnings and mends slips, its peers do
// not.
std::string typed_words(Rng& rng, std::set<std::string> const& known) {
  for (;;) {
    auto out = invented::typed_words(rng);
    auto const folded = text::fold(out);
    auto const space = std::min(folded.find(' '), folded.size());
    bool const second = space == folded.size() || known.contains(folded.substr(space + 1));
    if (second && known.contains(folded.substr(0, space))) return out;
  }
}

std::vector<Question> questions(Kind kind, std::set<std::string> const& known) {
  constexpr std::size_t kQuestions = 1000;
  SeededRng rng(2 + static_cast<std::uint64_t>(kind));
  std::vector<Question> out(kQuestions);
  for (auto& question : out) {
    question.kind = kind;
    question.centre = invented::somewhere(rng);
    if (has_words(kind)) {
      question.typed = typed_words(rng, known);
      auto const terms = terms_of(question.typed);
      auto const space = terms.find(' ');
      question.terms.push_back(terms.substr(0, space));
      if (space != std::string::npos) question.terms.push_back(terms.substr(space + 1));
    } else if (kind == Kind::completion) {
      question.typed = text::fold(invented::frequent_word(rng)).substr(0, 3);
    } else if (kind == Kind::typo) {
      std::string right;
      while (right.size() < 7) right = text::fold(invented::frequent_word(rng));
      question.terms = {right};
      question.typed = right.erase(1 + rng.below(right.size() - 2), 1);
    }
  }
  return out;
}

struct Figures {
  std::vector<double> medians_us, p99s_us;  // by round
  std::size_t hits = 0, recovered = 0;
};

// nullopt: the engine cannot do it.
bool measure(Engine& engine, std::span<Question const> asked, Figures& figures) {
  std::vector<double> times;
  figures.hits = figures.recovered = 0;
  for (auto const& question : asked) {
    auto const start = Steady::now();
    auto const answer = engine.ask(question);
    times.push_back(seconds_since(start) * 1e6);
    if (!answer) return false;
    figures.hits += answer->hits;
    bool const found = question.kind == Kind::typo && answer->corrected == question.terms[0];
    figures.recovered += found ? 1 : 0;
  }
  std::ranges::sort(times);
  figures.medians_us.push_back(times[times.size() / 2]);
  figures.p99s_us.push_back(times[times.size() * 99 / 100]);
  return true;
}

double middle(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

class Comparison {
 public:
  Comparison(std::string const& directory, std::string const& connection) {
    engines_.push_back(std::make_unique<OurIndex>());
    for (auto const* const part : {"sqlite", "xapian"})
      std::filesystem::create_directory(directory + "/" + part);
    engines_.push_back(sqlite(directory + "/sqlite"));
    engines_.push_back(xapian(directory + "/xapian"));
    engines_.push_back(postgresql(connection));
  }

  void load(std::size_t records) {
    constexpr std::size_t kBatch = 1000;
    SeededRng rng(1);
    std::vector<double> took(engines_.size());
    std::vector<Prepared> batch;
    for (std::size_t i = 0; i < records; ++i) {
      batch.push_back(prepared(i, rng, words_));
      if (batch.size() < kBatch && i + 1 < records) continue;
      for (std::size_t k = 0; k < engines_.size(); ++k) {
        auto const start = Steady::now();
        engines_[k]->load(batch);
        took[k] += seconds_since(start);
      }
      batch.clear();
    }
    std::vector<std::string> const known(words_.begin(), words_.end());
    for (std::size_t k = 0; k < engines_.size(); ++k) {
      auto const start = Steady::now();
      engines_[k]->finish(known);
      took[k] += seconds_since(start);
      auto& out = out_of(*engines_[k]);
      out["records_per_s"] = static_cast<double>(records) / took[k];
      out["megabytes"] = engines_[k]->megabytes();
    }
  }

  void ask(int rounds) {
    for (auto const kind : kKinds) {
      auto const asked = questions(kind, words_);
      std::vector<Figures> figures(engines_.size());
      std::vector<bool> able(engines_.size());
      for (int round = -1; round < rounds; ++round) {  // the first warms up
        for (std::size_t k = 0; k < engines_.size(); ++k) {
          able[k] = measure(*engines_[k], asked, figures[k]);
          if (round >= 0 || !able[k]) continue;
          figures[k].medians_us.clear();
          figures[k].p99s_us.clear();
        }
      }
      for (std::size_t k = 0; k < engines_.size(); ++k) {
        if (!able[k]) continue;
        auto const& found = figures[k];
        boost::json::object one{{"median", middle(found.medians_us)},
                                {"p99", middle(found.p99s_us)}};
        if (kind == Kind::typo)
          one["recovered"] =
              static_cast<double>(found.recovered) / static_cast<double>(asked.size());
        else if (kind != Kind::completion)
          must_agree(kind, *engines_[k], found.hits, figures[0].hits);
        out_of(*engines_[k])[name_of(kind)] = one;
      }
    }
  }

  [[nodiscard]] std::string json() const { return boost::json::serialize(out_); }

 private:
  boost::json::object& out_of(Engine const& engine) {
    return out_[engine.name()].is_object() ? out_[engine.name()].as_object()
                                           : out_[engine.name()].emplace_object();
  }
  // Rims of circles differ, for the Earth's shape does; nothing else may.
  static void must_agree(Kind kind, Engine const& engine, std::size_t theirs, std::size_t ours) {
    auto const slack = radius_km(kind) > 0 ? 0.01 : 0;
    auto const apart = std::abs(static_cast<double>(theirs) - static_cast<double>(ours));
    if (apart <= slack * static_cast<double>(ours)) return;
    give_up(std::string(name_of(kind)) + ": " + std::string(engine.name()) + " finds " +
            std::to_string(theirs) + " and the index " + std::to_string(ours));
  }

  std::vector<std::unique_ptr<Engine>> engines_;
  std::set<std::string> words_;  // folded, of all records
  boost::json::object out_;
};

}  // namespace
}  // namespace solidaires::search

int main(int argc, char** argv) {
  if (argc != 5) {
    solidaires::search::give_up("usage: search_vs_peers_bench DIRECTORY CONNECTION ROUNDS RECORDS");
  }
  solidaires::search::Comparison comparison(argv[1], argv[2]);
  comparison.load(std::stoul(argv[4]));
  comparison.ask(std::stoi(argv[3]));
  std::puts(comparison.json().c_str());
  return 0;
}
