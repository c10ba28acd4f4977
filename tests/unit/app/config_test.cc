#include "node/app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

namespace solidaires::app {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kSmallest = R"([instance]
name = "isere"
title = "Isère Solidaires"
territory = ["38"]
[contact]
email = "contact@isere.example"
[data]
directory = "store"
)";

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    static std::atomic<int> count = 0;
    directory_ = fs::path(testing::TempDir()) /
                 ("config-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    fs::create_directories(directory_);
  }
  ~ConfigTest() override { fs::remove_all(directory_); }

  fs::path write(std::string const& name, std::string_view text) {
    auto const file = directory_ / name;
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  ConfigReport check(std::string_view text) {
    return check_config_text(text, directory_ / "isere.toml");
  }
  // The problems of the smallest configuration with `more` after it, "line: key: message".
  std::vector<std::string> errors(std::string_view more) {
    std::vector<std::string> lines;
    for (auto const& problem : check(std::string(kSmallest) + std::string(more)).errors)
      lines.push_back(std::to_string(problem.line) + ": " + problem.key + ": " + problem.message);
    return lines;
  }

  fs::path directory_;
};

TEST_F(ConfigTest, accepts_the_smallest_file_and_fills_the_rest) {
  auto const report = check(kSmallest);
  ASSERT_TRUE(report.ok()) << report.errors.front().to_string();
  auto const& config = report.config;
  EXPECT_EQ(config.instance.name.str(), "isere");
  EXPECT_EQ(config.instance.role, Role::node);
  EXPECT_EQ(config.instance.short_title, "Isère Solidaires");
  EXPECT_EQ(config.instance.base_url, "http://127.0.0.1:8080");
  EXPECT_EQ(config.legal.publisher, "Isère Solidaires");
  EXPECT_EQ(config.legal.privacy_contact, "contact@isere.example");
  EXPECT_EQ(config.data.directory, directory_ / "store");
  EXPECT_THAT(config.link.subscriptions, ElementsAre("all"));
  EXPECT_TRUE(config.link.hub.empty());
}

TEST_F(ConfigTest, reads_every_kind_of_value) {
  auto const logo = write("logo.svg", "<svg/>");
  auto const report = check(std::string(kSmallest) + R"([look]
accent = "#7A2E5D"
logo = "logo.svg"
[http]
address = "::1"
port = 8038
worker_threads = 3
trusted_proxies = ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"]
[limits]
upload_bytes_max = 1_000_000
request_timeout_s = 5
[session]
idle_timeout_min = 30
lifetime_max_h = 12
[link]
hub = "wss://[::1]:8100"
[log]
level = "debug"
)");
  ASSERT_TRUE(report.ok()) << report.errors.front().to_string();
  auto const& config = report.config;
  EXPECT_EQ(config.look.accent, "#7a2e5d");
  EXPECT_EQ(config.look.logo, logo);
  EXPECT_EQ(config.http.port, 8038);
  EXPECT_EQ(config.http.trusted_proxies.size(), 3U);
  EXPECT_EQ(config.limits.upload_bytes_max, 1'000'000U);
  EXPECT_EQ(config.limits.request_timeout_s, std::chrono::seconds(5));
  EXPECT_EQ(config.session.idle_timeout_min, std::chrono::minutes(30));
  EXPECT_EQ(config.session.lifetime_max_h, std::chrono::hours(12));
  EXPECT_EQ(config.link.hub.host, "::1");
  EXPECT_EQ(config.link.hub.port, 8100);
  EXPECT_EQ(config.log.level, LogLevel::debug);
  EXPECT_EQ(config.instance.base_url, "http://[::1]:8038");
}

TEST_F(ConfigTest, refuses_an_unknown_key_with_its_line_and_the_nearest_name) {
  EXPECT_THAT(errors("[http]\nprot = 8038\n"),
              ElementsAre("10: http.prot: is no known key; did you mean \"port\"?"));
  EXPECT_THAT(errors("[htp]\nport = 8038\n"),
              ElementsAre("9: htp: is no known section; did you mean [http]?"));
  EXPECT_THAT(errors("[http]\naccent = \"#000000\"\n"),
              ElementsAre("10: http.accent: is no known key; it stands under [look]"));
  EXPECT_THAT(errors("[http]\nquite_another_thing = 1\n"),
              ElementsAre("10: http.quite_another_thing: is no known key"));
}

TEST_F(ConfigTest, says_where_a_key_outside_its_section_belongs) {
  auto const report = check("port = 8038\n" + std::string(kSmallest));
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_EQ(report.errors.front().line, 1U);
  EXPECT_EQ(report.errors.front().message, "must stand under [http]");
}

TEST_F(ConfigTest, finds_all_problems_at_once) {
  auto const report = check(R"([instance]
name = "Isère"
role = "king"
territory = [38]
[http]
port = 70000
private_port = "9000"
address = "localhost"
[look]
accent = "plum"
)");
  std::vector<std::string> keys;
  for (auto const& problem : report.errors) keys.push_back(problem.key);
  EXPECT_THAT(keys, testing::UnorderedElementsAre(
                        "instance.name", "instance.role", "instance.territory", "http.port",
                        "http.private_port", "http.address", "look.accent", "instance.title",
                        "contact.email", "data.directory"));
}

TEST_F(ConfigTest, takes_tiles_of_one_server_over_https_alone) {
  EXPECT_THAT(errors("[geography]\ntiles = \"https://tuiles.example/{z}/{x}/{y}.png\"\n"),
              testing::IsEmpty());
  for (auto const* tiles :
       {"http://tuiles.example/{z}/{x}/{y}.png", "https://tuiles.example/{z}/{x}.png", "{z}{x}{y}",
        "https:///{z}/{x}/{y}", "https://a.example/{z}/{x}/{y}; script-src *"}) {
    EXPECT_EQ(errors(cat("[geography]\ntiles = \"", tiles, "\"\n")).size(), 1U) << tiles;
  }
}

TEST_F(ConfigTest, names_the_bounds_of_a_number) {
  EXPECT_THAT(errors("[http]\nport = 70000\n"),
              ElementsAre("10: http.port: must be from 0 to 65535, not 70000"));
  EXPECT_THAT(errors("[http]\nport = -1\n"),
              ElementsAre("10: http.port: must be from 0 to 65535, not -1"));
  EXPECT_THAT(errors("[http]\nport = \"8080\"\n"),
              ElementsAre("10: http.port: must be a whole number, without quotes"));
  EXPECT_THAT(errors("[http]\nport = 80.5\n"),
              ElementsAre("10: http.port: must be a whole number"));
  EXPECT_THAT(errors("[limits]\ndrain_timeout_s = 601\n"),
              ElementsAre("10: limits.drain_timeout_s: must be from 0 to 600, not 601"));
}

TEST_F(ConfigTest, knows_the_departments_of_france) {
  for (std::string_view const good : {"01", "2A", "2B", "74", "95", "971", "976"}) {
    auto text = std::string(kSmallest);
    text.replace(text.find("\"38\""), 4, "\"" + std::string(good) + "\"");
    EXPECT_TRUE(check(text).ok()) << good;
  }
  for (std::string_view const bad : {"", "1", "20", "96", "2C", "975", "073", "Isère"}) {
    auto text = std::string(kSmallest);
    text.replace(text.find("\"38\""), 4, "\"" + std::string(bad) + "\"");
    EXPECT_FALSE(check(text).ok()) << bad;
  }
  auto none = std::string(kSmallest);
  none.replace(none.find("\"38\""), 4, "");
  EXPECT_FALSE(check(none).ok());
}

TEST_F(ConfigTest, refuses_addresses_that_nobody_can_reach) {
  for (std::string_view const bad :
       {"hub", "hub:", ":8100", "hub:0", "hub:70000", "::1:8100", "https://hub:8100", "a b:1"}) {
    EXPECT_THAT(errors("[link]\nhub = \"" + std::string(bad) + "\"\n"), testing::SizeIs(1)) << bad;
  }
  for (std::string_view const bad : {"10.0.0.0/33", "10.0.0.0/", "nginx", "::/129"}) {
    EXPECT_THAT(errors("[http]\ntrusted_proxies = [\"" + std::string(bad) + "\"]\n"),
                testing::SizeIs(1))
        << bad;
  }
  for (std::string_view const bad :
       {"isere.example", "https://isere.example/", "https://", "https://a b"}) {
    auto text = std::string(kSmallest);
    text.insert(text.find("[contact]"), "base_url = \"" + std::string(bad) + "\"\n");
    EXPECT_FALSE(check(text).ok()) << bad;
  }
}

TEST_F(ConfigTest, refuses_two_listeners_on_one_port) {
  EXPECT_THAT(errors("[http]\nport = 9000\nprivate_port = 9000\n"),
              ElementsAre(HasSubstr("is 9000, as http.port is")));
  EXPECT_THAT(errors("[http]\nport = 0\nprivate_port = 0\n"), IsEmpty());
}

TEST_F(ConfigTest, wants_a_link_port_of_a_hub_and_of_no_node) {
  auto hub = std::string(kSmallest);
  hub.insert(hub.find("[contact]"), "role = \"hub\"\n");
  EXPECT_FALSE(check(hub).ok());
  auto const report = check(hub + "[link]\nlisten_port = 8100\n");
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.config.link.advertised.host, "127.0.0.1");
  EXPECT_EQ(report.config.link.advertised.port, 8100);
  EXPECT_THAT(errors("[link]\nlisten_port = 8100\n"), ElementsAre(HasSubstr("is for hubs")));
}

TEST_F(ConfigTest, wants_to_know_where_nodes_reach_a_hub_that_listens_everywhere) {
  auto hub = std::string(kSmallest);
  hub.insert(hub.find("[contact]"), "role = \"hub\"\n");
  hub += "[link]\nlisten_port = 8100\nlisten_address = \"0.0.0.0\"\n";
  EXPECT_FALSE(check(hub).ok());
  EXPECT_TRUE(check(hub + "advertised = \"link.example:8100\"\n").ok());
}

TEST_F(ConfigTest, keeps_demonstrations_on_loopback) {
  auto text = std::string(kSmallest);
  text.insert(text.find("[contact]"), "demonstration = true\n");
  EXPECT_TRUE(check(text).ok());
  auto const open = check(text + "[http]\naddress = \"0.0.0.0\"\n");
  ASSERT_EQ(open.errors.size(), 1U);
  EXPECT_EQ(open.errors.front().key, "instance.demonstration");
}

TEST_F(ConfigTest, warns_of_passwords_in_clear_and_of_a_pale_accent) {
  auto const report = check(std::string(kSmallest) +
                            "[http]\naddress = \"0.0.0.0\"\n[look]\naccent = \"#ffcc00\"\n");
  EXPECT_TRUE(report.ok());
  std::vector<std::string> keys;
  for (auto const& problem : report.warnings) keys.push_back(problem.key);
  EXPECT_THAT(keys, testing::IsSupersetOf({"http.address", "look.accent"}));
}

TEST_F(ConfigTest, wants_certificate_and_key_together_and_readable) {
  write("cert.pem", "x");
  EXPECT_THAT(errors("[http]\ntls_certificate = \"cert.pem\"\n"),
              ElementsAre("10: http.tls_certificate: needs http.tls_key beside it"));
  EXPECT_THAT(errors("[http]\ntls_certificate = \"cert.pem\"\ntls_key = \"nowhere.pem\"\n"),
              testing::Contains(HasSubstr("nowhere.pem does not exist")));
}

TEST_F(ConfigTest, reads_texts_from_markdown_files) {
  write("home.md", "# Bienvenue\n");
  auto const report = check(std::string(kSmallest) +
                            "[texts]\nhome = \"home.md\"\n"
                            "about = \"Écrivez à contact@x.md\\nou non\"\n");
  ASSERT_TRUE(report.ok()) << report.errors.front().to_string();
  EXPECT_EQ(report.config.texts.home, "# Bienvenue\n");
  EXPECT_THAT(errors("[texts]\nhome = \"missing.md\"\n"),
              ElementsAre(HasSubstr("missing.md does not exist")));
}

TEST_F(ConfigTest, lets_a_file_extend_another_with_paths_of_their_own) {
  fs::create_directories(directory_ / "base");
  write("base/logo.svg", "<svg/>");
  write("base/isere.toml",
        std::string(kSmallest) + "[look]\nlogo = \"logo.svg\"\n[http]\nport = 1\n");
  auto const file = write("mine.toml", "extends = \"base/isere.toml\"\n[http]\nport = 2\n");
  auto const config = load_config(file);
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->look.logo, directory_ / "base/logo.svg");
  EXPECT_EQ(config->data.directory, directory_ / "base/store");
  EXPECT_EQ(config->http.port, 2);
  EXPECT_EQ(config->file, file);
}

TEST_F(ConfigTest, names_the_extended_file_in_its_problems) {
  write("base.toml", std::string(kSmallest) + "[http]\nprot = 1\n");
  auto const report = check_config(write("mine.toml", "extends = \"base.toml\"\n"));
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_EQ(report.errors.front().file, directory_ / "base.toml");
  EXPECT_EQ(report.errors.front().line, 10U);
}

TEST_F(ConfigTest, refuses_a_file_that_extends_itself_or_nothing) {
  auto const self = write("self.toml", "extends = \"self.toml\"\n");
  EXPECT_THAT(load_config(self).error().message(), HasSubstr("does one of them extend itself?"));
  auto const nothing = write("nothing.toml", "extends = \"nowhere.toml\"\n");
  EXPECT_THAT(load_config(nothing).error().message(), HasSubstr("nowhere.toml does not exist"));
}

TEST_F(ConfigTest, refuses_what_is_not_toml_with_its_line) {
  auto const report = check("[instance]\nname = isere\n");
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_EQ(report.errors.front().line, 2U);
  EXPECT_THAT(report.errors.front().message, HasSubstr("not TOML"));
  EXPECT_FALSE(check(std::string("\0\xff\xfe binary", 10)).ok());
  EXPECT_FALSE(check("").ok());
}

TEST_F(ConfigTest, refuses_a_missing_file_a_directory_and_a_huge_file) {
  EXPECT_FALSE(load_config(directory_ / "nowhere.toml"));
  EXPECT_FALSE(load_config(directory_));
  EXPECT_FALSE(load_config(write("huge.toml", std::string(2'000'000, '#'))));
}

TEST_F(ConfigTest, lists_every_problem_on_a_line_of_its_own) {
  auto const file = write("bad.toml", std::string(kSmallest) + "[http]\nport = -1\nprot = 2\n");
  EXPECT_EQ(load_config(file).error().message(),
            file.string() + ":10: http.port: must be from 0 to 65535, not -1\n" + file.string() +
                ":11: http.prot: is no known key; did you mean \"port\"?");
}

TEST(ConfigSamples, are_right_and_cover_the_eight_departments_and_three_levels) {
  std::set<std::string> departments;
  std::set<std::string> accents;
  std::set<std::uint16_t> ports;
  int hubs = 0;
  for (auto const& entry : fs::directory_iterator(SOURCE_DIR "/deploy/config")) {
    if (entry.path().extension() != ".toml") continue;
    auto const report = check_config(entry.path());
    for (auto const& problem : report.errors) ADD_FAILURE() << problem.to_string();
    for (auto const& problem : report.warnings) ADD_FAILURE() << problem.to_string();
    auto const& config = report.config;
    EXPECT_EQ(config.instance.name.str() + ".toml", entry.path().filename());
    EXPECT_TRUE(accents.insert(config.look.accent).second) << config.look.accent;
    EXPECT_TRUE(ports.insert(config.http.port).second);
    EXPECT_TRUE(ports.insert(config.http.private_port).second);
    if (config.instance.role == Role::hub) {
      ++hubs;
      bool const is_national = config.instance.name.str() == "france";
      EXPECT_EQ(config.instance.territory.size(), is_national ? 101U : 8U);
      EXPECT_TRUE(ports.insert(config.link.listen_port).second);
      continue;
    }
    for (auto const& code : config.instance.territory)
      EXPECT_TRUE(departments.insert(code).second) << code;
  }
  EXPECT_THAT(departments, ElementsAre("01", "07", "26", "38", "42", "69", "73", "74"));
  EXPECT_EQ(hubs, 2) << "the region, and the national one above it";
}

TEST(ConfigReference, stands_in_the_operators_guide_as_the_table_has_it) {
  std::ifstream in(SOURCE_DIR "/deploy/OPERATING.md", std::ios::binary);
  std::string guide(std::istreambuf_iterator<char>(in), {});
  constexpr std::string_view kBegin = "<!-- keys: begin -->\n";
  constexpr std::string_view kEnd = "<!-- keys: end -->";
  auto const begin = guide.find(kBegin);
  auto const end = guide.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  auto const wanted = "\n" + config_reference() + "\n";
  auto const at = begin + kBegin.size();
  if (std::getenv("SOLIDAIRES_UPDATE") != nullptr) {
    guide.replace(at, end - at, wanted);
    std::ofstream(SOURCE_DIR "/deploy/OPERATING.md", std::ios::binary) << guide;
    return;
  }
  EXPECT_EQ(guide.substr(at, end - at), wanted)
      << "run this test with SOLIDAIRES_UPDATE=1 to write the table anew";
}

}  // namespace
}  // namespace solidaires::app
