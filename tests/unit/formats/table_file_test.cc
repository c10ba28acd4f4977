#include "node/formats/table_file.h"

#include <gmock/gmock.h>

#include "sync/base/bytes.h"

namespace solidaires::formats {
namespace {

using testing::ElementsAre;

std::vector<std::vector<std::string>> cells(TableFile const& file) {
  std::vector<std::vector<std::string>> out;
  for (auto const& row : file.rows) out.push_back(row.cells);
  return out;
}

std::vector<std::size_t> lines(TableFile const& file) {
  std::vector<std::size_t> out;
  for (auto const& row : file.rows) out.push_back(row.line);
  return out;
}

TEST(TableFile, reads_the_encodings_that_spreadsheets_write) {
  auto const wanted = ElementsAre(ElementsAre("nom", "ville"), ElementsAre("Été", "Chambéry"));
  auto const utf8 = read_table("nom;ville\nÉté;Chambéry\n").value();
  EXPECT_EQ(utf8.encoding, "UTF-8");
  EXPECT_THAT(cells(utf8), wanted);
  EXPECT_THAT(cells(read_table("\xef\xbb\xbfnom;ville\nÉté;Chambéry\n").value()), wanted);
  auto const windows = read_table("nom;ville\r\n\xc9t\xe9;Chamb\xe9ry\r\n").value();
  EXPECT_EQ(windows.encoding, "windows-1252");
  EXPECT_THAT(cells(windows), wanted);
  for (bool const big : {false, true}) {
    std::u16string const text = u"\ufeffnom;ville\r\nÉté;Chambéry\r\n";
    std::string bytes;
    for (char16_t const unit : text) {
      char const high = static_cast<char>(unit >> 8U);
      char const low = static_cast<char>(unit & 0xffU);
      bytes += big ? high : low;
      bytes += big ? low : high;
    }
    auto const wide = read_table(bytes).value();
    EXPECT_EQ(wide.encoding, big ? "UTF-16BE" : "UTF-16LE");
    EXPECT_THAT(cells(wide), wanted);
  }
}

TEST(TableFile, finds_the_separator_even_with_others_in_the_texts) {
  EXPECT_EQ(read_table("a;b;c\n1,5;2,5;x\n3,5;4,5;y\n").value().separator, ';');
  EXPECT_EQ(read_table("a,b\n\"x;y\",2\n\"z;t\",3\n").value().separator, ',');
  EXPECT_EQ(read_table("a\tb\n1\t2\n").value().separator, '\t');
  EXPECT_EQ(read_table("a|b|c\n1|2|3\n").value().separator, '|');
}

TEST(TableFile, keeps_quoted_line_ends_and_says_where_each_row_begins) {
  auto const file = read_table("nom;texte\n\"A\";\"un\ndeux \"\"cités\"\"\"\n\nB;trois\n").value();
  EXPECT_THAT(cells(file),
              ElementsAre(ElementsAre("nom", "texte"), ElementsAre("A", "un\ndeux \"cités\""),
                          ElementsAre("B", "trois")));
  EXPECT_THAT(lines(file), ElementsAre(1U, 2U, 5U));
  EXPECT_THAT(lines(read_table("a;b\r\n1;2\r\n;;\r\n3;4").value()), ElementsAre(1U, 2U, 4U));
  EXPECT_THAT(lines(read_table("a;b\r1;2\r3;4\r").value()), ElementsAre(1U, 2U, 3U));
}

TEST(TableFile, marks_the_row_whose_quote_is_never_closed) {
  auto const file = read_table("a;b\n1;2\n3;\"ouvert\n5;6\n").value();
  ASSERT_EQ(file.rows.size(), 3U);
  EXPECT_FALSE(file.rows[1].unclosed_quote);
  EXPECT_TRUE(file.rows[2].unclosed_quote);
  EXPECT_EQ(file.rows[2].line, 3U);
  EXPECT_FALSE(read_table("a;b\n1;\"fermé\"").value().rows.back().unclosed_quote);
  EXPECT_FALSE(read_table("a;b\n1;2").value().rows.back().unclosed_quote);
}

TEST(TableFile, an_open_quote_does_not_swallow_a_long_file) {
  std::string text = "a;b\n1;\"ouvert\n";
  for (int i = 0; i < 1'000; ++i) text += cat(i, ";x\n");
  auto const file = read_table(text).value();
  EXPECT_TRUE(file.rows[1].unclosed_quote);
  EXPECT_GT(file.rows.size(), 700U);
  EXPECT_EQ(file.rows.back().cells.front(), "999");
  EXPECT_EQ(file.rows.back().line, 1'002U);
}

TEST(TableFile, a_row_that_a_lone_carriage_return_begins_names_its_line) {
  auto const file = read_table("a,b\n1,2\r3,4\n5,6\n");
  ASSERT_TRUE(file);
  std::vector<std::size_t> lines;
  for (auto const& row : file->rows) lines.push_back(row.line);
  EXPECT_EQ(lines, (std::vector<std::size_t>{1, 2, 2, 3}));
}

TEST(TableFile, refuses_what_is_no_table_with_a_sentence) {
  for (std::string const& bytes :
       {std::string(), std::string(" \r\n\t\n"), std::string("\xef\xbb\xbf"),
        std::string("PK\x03\x04\x14\x00\x00\x00\x08\x00\x01\x02", 12), std::string(500, '\0'),
        std::string(";;;\n;;;\n")}) {
    auto const file = read_table(bytes);
    ASSERT_FALSE(file) << bytes.size();
    EXPECT_EQ(file.error().code(), Code::invalid);
    EXPECT_FALSE(file.error().message().empty());
  }
}

TEST(TableFile, refuses_a_file_of_more_than_64_mebibytes) {
  auto const file = read_table(std::string(kTableBytesMax + 1, 'a'));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), Code::exhausted);
}

}  // namespace
}  // namespace solidaires::formats
