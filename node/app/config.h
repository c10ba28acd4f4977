// The configuration of one instance: plain values, read once at start from a TOML file (and the
// file that it extends). One table in config_keys.cc names every key; validation, the reference for
// operators and the samples' test all come from it. Values: any thread. Never reads secrets: keys
// and certificates are named by path only.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sync/base/ids.h"
#include "sync/base/log.h"
#include "sync/base/result.h"

namespace solidaires::app {

enum class Role : std::uint8_t { node, hub };

struct InstanceConfig {
  NodeName name;
  Role role = Role::node;
  std::string title;
  std::string short_title;  // never empty after loading: `title` if the file has none
  std::string tagline;
  std::vector<std::string> territory;  // department codes, in the file's order
  std::string language = "fr";
  std::string base_url;  // never empty after loading, no '/' last
  bool demonstration = false;
};

struct ContactConfig {
  std::string email;
  std::string phone;
  std::string postal_address;  // lines separated by '\n'
  std::string hours;
};

// What the legal notice must say.
struct LegalConfig {
  std::string publisher;
  std::string publisher_identity;
  std::string publication_director;
  std::string host;
  std::string privacy_contact;
};

// Markdown, already read when the key named a file.
struct TextsConfig {
  std::string home;
  std::string about;
  std::string take_part;
  std::string privacy;
  std::string accessibility;
};

struct LookConfig {
  std::string accent = "#0b6b74";  // "#rrggbb", lower case
  std::filesystem::path logo;      // an SVG file; empty: none
};

struct DataConfig {
  std::filesystem::path directory;
  std::uint64_t cache_bytes_max = 64UL * 1024 * 1024;
  std::uint64_t disk_reserve_bytes = 64UL * 1024 * 1024;
};

struct HttpConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  std::string private_address = "127.0.0.1";
  std::uint16_t private_port = 8180;
  std::filesystem::path tls_certificate;  // empty: plain HTTP
  std::filesystem::path tls_key;
  std::vector<std::string> trusted_proxies;  // addresses or CIDR blocks
  std::uint16_t redirect_port = 0;           // 0: none
  std::uint32_t io_threads = 1;
  std::uint32_t worker_threads = 0;  // 0: one per core but one, at least one
};

struct LimitsConfig {
  std::uint32_t connections_max = 10'000;
  std::uint32_t connections_per_address_max = 256;
  std::uint32_t requests_per_minute_max = 300;  // 0: no limit
  std::uint64_t header_bytes_max = 16UL * 1024;
  std::uint64_t form_bytes_max = 1024UL * 1024;
  std::uint64_t upload_bytes_max = 64UL * 1024 * 1024;
  std::uint64_t page_cache_bytes_max = 64UL * 1024 * 1024;
  std::chrono::seconds request_timeout_s{30};
  std::chrono::seconds idle_timeout_s{75};
  std::chrono::seconds drain_timeout_s{10};
};

struct SessionConfig {
  std::chrono::minutes idle_timeout_min{1440};
  std::chrono::hours lifetime_max_h{24 * 7};
  std::uint32_t login_failures_max = 10;
  std::chrono::minutes login_window_min{15};
};

struct AccountsConfig {
  std::string second_factor = "required";  // for roles that administer; or "offered" to all
};

struct HostPort {
  std::string host;  // a name, or an address without brackets
  std::uint16_t port = 0;
  [[nodiscard]] bool empty() const noexcept { return host.empty(); }
};

struct LinkConfig {
  HostPort hub;  // empty: this instance stands alone, or is the top of its network
  std::string listen_address = "127.0.0.1";
  std::uint16_t listen_port = 0;  // 0: accepts no node
  HostPort advertised;            // of a hub, never empty after loading: where its nodes reach it
  std::uint32_t catching_up_max = 4;
  std::vector<std::string> subscriptions = {"all"};
  std::string fetch_files = "below";  // "own", "below", "all": what is fetched before anybody asks
};

struct MailConfig {
  std::string server;  // "smtp://host:587" or "smtps://host:465"; empty: mail is off
  std::string user;
  std::filesystem::path password_file;
  std::string sender;  // address; `contact.email` if empty
  std::filesystem::path authorities;
};

struct GeographyConfig {
  std::filesystem::path directory;  // empty: the one that the program was built with
  std::string tiles;                // "https://host/{z}/{x}/{y}.png"; empty: none are offered
  std::string tiles_credit;
};

struct EditorialConfig {
  std::uint32_t answer_working_days = 2;
  std::uint32_t trusted_after = 5;
  std::uint32_t sample_every = 4;
  std::vector<std::string> two_eyes;
  std::uint32_t committee_quorum = 3;
  std::uint32_t committee_working_days = 5;
};

struct SearchConfig {
  std::uint32_t results_per_page = 20;
};

struct ContentConfig {
  bool pay_range_required = true;
};

struct LogConfig {
  LogLevel level = LogLevel::info;
};

struct Config {
  std::filesystem::path file;  // where it was read; absolute
  // That file, and all that were read with it: what it extends, and texts; absolute.
  std::vector<std::filesystem::path> files;
  InstanceConfig instance;
  ContactConfig contact;
  LegalConfig legal;
  TextsConfig texts;
  LookConfig look;
  DataConfig data;
  HttpConfig http;
  LimitsConfig limits;
  SessionConfig session;
  AccountsConfig accounts;
  LinkConfig link;
  MailConfig mail;
  EditorialConfig editorial;
  GeographyConfig geography;
  SearchConfig search;
  ContentConfig content;
  LogConfig log;
};

// One thing to mend, or to know. `line` is 0 where a key is missing.
struct ConfigProblem {
  std::filesystem::path file;
  std::uint32_t line = 0;
  std::string key;      // "http.port"; empty for the file as a whole
  std::string message;  // a sentence without the key, English
  // "isere.toml:12: http.port: must be from 1 to 65535, not 70000"
  [[nodiscard]] std::string to_string() const;
};

struct ConfigReport {
  Config config;  // to be used only if ok()
  std::vector<ConfigProblem> errors;
  std::vector<ConfigProblem> warnings;
  [[nodiscard]] bool ok() const noexcept { return errors.empty(); }
};

// Reads and checks a file; finds every problem in one go (a broken TOML syntax hides the rest).
// Relative paths are resolved against the file that names them.
[[nodiscard]] ConfigReport check_config(std::filesystem::path const& file);
// The same for text that stands for `file`, which need not exist.
[[nodiscard]] ConfigReport check_config_text(std::string_view text,
                                             std::filesystem::path const& file);
// check_config for whoever only wants to start: the error lists every problem, one per line.
[[nodiscard]] Result<Config> load_config(std::filesystem::path const& file);

// The reference of all keys as Markdown, one table per section; OPERATING.md holds this text.
[[nodiscard]] std::string config_reference();

}  // namespace solidaires::app
