#include "node/mail/address.h"

#include <gtest/gtest.h>

namespace solidaires::mail {
namespace {

TEST(Address, is_taken_as_people_type_it) {
  EXPECT_EQ(parse_address("  prenom.nom+alertes@Exemple.FR\n"), "prenom.nom+alertes@exemple.fr");
  EXPECT_EQ(parse_address("o'brien@sous.domaine.exemple.org"), "o'brien@sous.domaine.exemple.org");
  EXPECT_EQ(domain_of("a@exemple.fr"), "exemple.fr");
}

TEST(Address, that_could_break_out_of_a_header_or_a_command_is_none) {
  for (std::string_view const bad : {"",
                                     "@",
                                     "a@",
                                     "@b.fr",
                                     "a@b",
                                     "a b@c.fr",
                                     "a@b.fr, c@d.fr",
                                     "a@b.fr\r\nBcc: c@d.fr",
                                     "a@b.fr\nRCPT TO:<c@d.fr>",
                                     "<a@b.fr>",
                                     "a@b@c.fr",
                                     "a..b@c.fr",
                                     ".a@c.fr",
                                     "a.@c.fr",
                                     "a@-b.fr",
                                     "a@b-.fr",
                                     "a@b..fr",
                                     "a@b.fr.",
                                     "é@b.fr",
                                     "a@é.fr",
                                     "\"a\"@b.fr",
                                     "a@[127.0.0.1]",
                                     "a;b@c.fr",
                                     "a(b)@c.fr"}) {
    EXPECT_EQ(parse_address(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_address(std::string(65, 'a') + "@b.fr"), std::nullopt);
  EXPECT_EQ(parse_address("a@" + std::string(260, 'b') + ".fr"), std::nullopt);
  EXPECT_EQ(parse_address(std::string_view("a\0@b.fr", 7)), std::nullopt);
}

}  // namespace
}  // namespace solidaires::mail
