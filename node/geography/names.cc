#include "node/geography/names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <numeric>
#include <span>
#include <utility>

#include "node/text/fold.h"

namespace solidaires::geography {

namespace {

// Qualities, on the scale of log10(population): an exact name is worth a thousand times more
// inhabitants than one that only begins like it.
constexpr double kExactFull = 3.0;
constexpr double kWholeWords = 1.5;  // "saint jean" for "Saint-Jean-de-Maurienne"
constexpr double kBeginning = 0.5;   // "greno"
constexpr double kLooseLess = 0.2;
constexpr double kAllWords = 0.0;  // "montrond" for "Albiez-Montrond"
constexpr double kWordBeginnings = -0.6;
constexpr double kOneError = 0.0;

constexpr std::size_t kErrorBytesMin = 5;
constexpr std::size_t kWordBytesMin = 3;

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kWrittenOut{{
    {"st", "saint"},
    {"ste", "sainte"},
    {"sts", "saints"},
    {"stes", "saintes"},
    {"mt", "mont"},
    {"nd", "notre dame"},
    {"s", "sur"},
    {"ss", "sous"},
    {"hte", "haute"},
    {"htes", "hautes"},
}};

constexpr std::array<std::string_view, 16> kSmallWords{"a",   "au",   "aux", "d",  "de", "des",
                                                       "du",  "en",   "et",  "l",  "la", "le",
                                                       "les", "sous", "sur", "lez"};

constexpr std::array<std::string_view, 11> kGroupWords{
    "agglo", "agglomeration",    "ca",        "cc",     "communaute", "commune", "communes",
    "cu",    "intercommunalite", "metropole", "urbaine"};

template <class Words>
bool among(Words const& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

bool is_number(std::string_view word) {
  return !word.empty() &&
         std::ranges::all_of(word, [](unsigned char c) { return std::isdigit(c); });
}

// "3e", "03", "3eme", "1er" are the number of a district.
std::string_view district_number(std::string_view word) {
  auto const digits = std::min(word.find_first_not_of("0123456789"), word.size());
  if (digits == 0 || digits > 2) return {};
  constexpr std::array<std::string_view, 7> kEndings{"", "e", "er", "eme", "ere", "nd", "de"};
  if (!among(kEndings, word.substr(digits))) return {};
  auto number = word.substr(0, digits);
  if (number.size() == 2 && number.front() == '0') number.remove_prefix(1);
  return number;
}

void append_word(std::string& out, std::string_view word) {
  if (!out.empty()) out += ' ';
  out += word;
}

NameKey key_of_words(std::vector<std::string_view> const& words) {
  NameKey key;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto word = words[i];
    if (i > 0) {
      if (auto const number = district_number(word); !number.empty()) word = number;
      if (is_number(words[i - 1]) || !district_number(words[i - 1]).empty()) {
        if (word == "arrondissement" || word == "arrdt" || word == "arr") continue;
      }
    }
    for (auto const& [abbreviation, written_out] : kWrittenOut) {
      if (word == abbreviation) word = written_out;
    }
    append_word(key.full, word);
    if (!among(kSmallWords, word)) append_word(key.loose, word);
  }
  if (key.loose.empty()) key.loose = key.full;
  return key;
}

struct Backwards {
  bool operator()(std::string_view a, std::string_view b) const {
    return std::ranges::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
  }
};

}  // namespace

std::vector<std::string_view> split_words(std::string_view text, char by) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    auto const end = std::min(text.find(by), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

NameKey name_key(std::string_view text) {
  auto const folded = text::fold(text);
  return key_of_words(split_words(folded));
}

NameKey epci_key(std::string_view text) {
  auto const folded = text::fold(text);
  auto words = split_words(folded);
  auto const all = words;
  std::erase_if(words, [](auto word) { return among(kGroupWords, word); });
  while (!words.empty() && among(kSmallWords, words.front())) words.erase(words.begin());
  return key_of_words(words.empty() ? all : words);
}

bool within_one_edit(std::string_view a, std::string_view b) noexcept {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  auto const differ = std::ranges::mismatch(a, b);
  auto const at = static_cast<std::size_t>(differ.in1 - a.begin());
  if (at == a.size()) return true;
  if (a.size() < b.size()) return a.substr(at) == b.substr(at + 1);
  if (a.substr(at + 1) == b.substr(at + 1)) return true;
  return at + 1 < a.size() && a[at] == b[at + 1] && a[at + 1] == b[at] &&
         a.substr(at + 2) == b.substr(at + 2);
}

std::string_view NameIndex::keep(std::string_view text) {
  if (text.empty()) return {};
  auto* const copy = static_cast<char*>(arena_.allocate(text.size(), 1));
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

void NameIndex::add(PlaceKind kind, std::uint32_t row, NameKey const& key) {
  if (key.full.empty()) return;
  auto const full = keep(key.full);
  entries_.push_back({kind, row, full, key.loose == key.full ? full : keep(key.loose)});
}

void NameIndex::build() {
  by_full_.resize(entries_.size());
  std::iota(by_full_.begin(), by_full_.end(), 0U);
  by_loose_ = by_full_;
  by_ending_ = by_full_;
  std::ranges::sort(by_full_, {}, [&](auto i) { return entries_[i].full; });
  std::ranges::sort(by_loose_, {}, [&](auto i) { return entries_[i].loose; });
  std::ranges::sort(by_ending_, Backwards{}, [&](auto i) { return entries_[i].loose; });
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    for (auto const word : split_words(entries_[i].loose)) words_.push_back({word, i});
  }
  std::ranges::sort(words_, {}, [](Word const& word) { return std::pair(word.text, word.entry); });
}

std::span<std::uint32_t const> NameIndex::starting(Order const& order, Part part,
                                                   std::string_view prefix) const {
  auto const found = std::ranges::equal_range(
      order, prefix, {}, [&](auto i) { return (entries_[i].*part).substr(0, prefix.size()); });
  return {found.begin(), found.end()};
}

bool NameIndex::search_beginnings(NameKey const& key, Found const& found) const {
  bool any = false;
  auto const report = [&](Order const& order, Part part, std::string_view prefix, double less) {
    for (auto const i : starting(order, part, prefix)) {
      auto const name = entries_[i].*part;
      auto const exact = name.size() == prefix.size();
      auto const whole = !exact && name[prefix.size()] == ' ';
      auto const quality =
          exact ? (less > 0 ? kExactLoose : kExactFull) : (whole ? kWholeWords : kBeginning) - less;
      found(entries_[i], quality);
      any = any || exact || whole;
    }
  };
  report(by_full_, &NameEntry::full, key.full, 0);
  report(by_loose_, &NameEntry::loose, key.loose, kLooseLess);
  return any;
}

void NameIndex::search_words(NameKey const& key, Found const& found) const {
  auto const wanted = split_words(key.loose);
  auto const rarest = *std::ranges::max_element(wanted, {}, &std::string_view::size);
  if (rarest.size() < kWordBytesMin) return;
  auto const range = std::ranges::equal_range(
      words_, rarest, {}, [&](Word const& word) { return word.text.substr(0, rarest.size()); });
  for (auto const& candidate : range) {
    auto const& entry = entries_[candidate.entry];
    auto const words = split_words(entry.loose);
    bool whole = true;
    auto const held = [&](std::string_view word) {
      if (among(words, word)) return true;
      whole = false;
      return std::ranges::any_of(words, [&](auto own) { return own.starts_with(word); });
    };
    if (std::ranges::all_of(wanted, held)) found(entry, whole ? kAllWords : kWordBeginnings);
  }
}

// One error leaves either the beginning or the end of the key as it should be (its middle letter
// left out, for two swapped letters): only names that share one of them are compared.
void NameIndex::search_errors(NameKey const& key, Found const& found) const {
  std::string_view const wanted = key.loose;
  if (wanted.size() < kErrorBytesMin) return;
  auto const middle = (wanted.size() - 1) / 2;
  auto const compare = [&](std::uint32_t i) {
    if (within_one_edit(entries_[i].loose, wanted)) found(entries_[i], kOneError);
  };
  for (auto const i : starting(by_loose_, &NameEntry::loose, wanted.substr(0, middle))) compare(i);
  auto const ending = wanted.substr(middle + 1);
  auto const same_end = std::ranges::equal_range(by_ending_, ending, Backwards{}, [&](auto i) {
    auto const loose = entries_[i].loose;
    return loose.substr(loose.size() - std::min(loose.size(), ending.size()));
  });
  for (auto const i : same_end) compare(i);
}

void NameIndex::search(NameKey const& key, Found const& found) const {
  if (key.full.empty()) return;
  auto const any = search_beginnings(key, found);
  search_words(key, found);
  if (!any) search_errors(key, found);
}

std::vector<NameEntry const*> NameIndex::equal(NameKey const& key) const {
  std::vector<NameEntry const*> equals;
  auto const collect = [&](Order const& order, Part part, std::string_view wanted) {
    auto const found =
        std::ranges::equal_range(order, wanted, {}, [&](auto i) { return entries_[i].*part; });
    for (auto const i : found) equals.push_back(&entries_[i]);
  };
  if (key.full.empty()) return equals;
  collect(by_full_, &NameEntry::full, key.full);
  if (equals.empty()) collect(by_loose_, &NameEntry::loose, key.loose);
  return equals;
}

}  // namespace solidaires::geography
