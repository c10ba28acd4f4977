// Text cut into words for search and highlighting: folded (fold.h), each with its bytes in the
// source. Knows French: elisions are dropped (l'ESS, d'Annecy, qu'elle), inclusive writing gives
// both forms (adhérent·e·s, salarié(e)s, directeur·rice, tous·tes), initials are joined (E.S.S.).
// Does not stem and drops no stop word. One scanner per thread; it copies nothing of the source.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace solidaires::text {

struct Word {
  std::string folded;     // never empty
  std::string feminine;   // singular, "directrice" for "directeur·rice"; else empty
  std::size_t begin = 0;  // bytes of the source, [begin, end); elisions are outside
  std::size_t end = 0;
};

class WordScanner {
 public:
  // Runs of letters are cut about here: no person types longer ones, and they would bloat an index.
  static constexpr std::size_t kWordBytes = 64;

  // `utf8` must outlive the scanner; any bytes.
  explicit WordScanner(std::string_view utf8) : text_(utf8) {}
  // The next word into `word` (whose memory is used again); false at the end.
  bool next(Word& word);

 private:
  bool scan(Word& word);            // one run of letters, marks and digits
  bool join_initials(Word& word);   // "E" of "E.S.S." takes the rest
  void join_inclusive(Word& word);  // "adhérent" takes "·e·s"

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace solidaires::text
