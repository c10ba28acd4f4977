#include "node/app/config.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <map>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "node/app/config_keys.h"
#include "node/page/colour.h"
#include "sync/base/bytes.h"

namespace solidaires::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileBytesMax = 1024UL * 1024;
constexpr std::size_t kExtendsDepthMax = 4;
constexpr double kContrastMin = 4.5;  // WCAG 2.1 level AA, text of normal size
constexpr std::string_view kExtends = "extends";

Result<std::string> read_text(fs::path const& file) {
  std::error_code error;
  if (!fs::exists(file, error)) return fail(Code::not_found, cat(file.string(), " does not exist"));
  if (!fs::is_regular_file(file, error))
    return fail(Code::invalid, cat(file.string(), " is not a file"));
  if (fs::file_size(file, error) > kFileBytesMax)
    return fail(Code::invalid, cat(file.string(), " is larger than 1 MiB"));
  std::ifstream in(file, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) return fail(Code::io, cat(file.string(), " cannot be read"));
  return text;
}

std::string full_name(Key const& key) {
  return cat(key.section, '.', key.name);
}

std::string in_quotes(std::string_view text) {
  return cat('"', text, '"');
}

std::uint32_t line_of(toml::node const& node) {
  return node.source().begin.line;
}

// Reads one file after the other into one report: first what is extended, then what extends it.
class Reader {
 public:
  explicit Reader(ConfigReport& report) : report_(report) {}

  // False if some file is not TOML at all, so that what is missing cannot be told.
  bool read(std::string_view text, fs::path const& file, std::size_t depth) {
    auto const parsed = toml::parse(text, file.string());
    if (!parsed) {
      auto const& broken = parsed.error();
      error(file, broken.source().begin.line, "", cat("not TOML: ", broken.description()));
      return false;
    }
    auto const* base = parsed.table().get(kExtends);
    bool const whole = base == nullptr || extend(*base, file, depth);
    file_ = file;
    report_.config.files.push_back(file);
    for (auto const& [name, node] : parsed.table()) {
      if (name.str() != kExtends) read_section(name.str(), node);
    }
    return whole;
  }

  // What only the whole can tell.
  void finish();

 private:
  void error(fs::path const& file, std::uint32_t line, std::string_view key, std::string message) {
    report_.errors.push_back({file, line, std::string(key), std::move(message)});
  }
  // About a key that some file has set, or that none has.
  void error_at(std::string const& key, std::string message) {
    auto const [file, line] = place(key);
    error(file, line, key, std::move(message));
  }
  void warn_at(std::string const& key, std::string message) {
    auto const [file, line] = place(key);
    report_.warnings.push_back({file, line, key, std::move(message)});
  }
  [[nodiscard]] std::pair<fs::path, std::uint32_t> place(std::string const& key) const {
    auto const found = places_.find(key);
    return found == places_.end() ? std::pair{file_, 0U} : found->second;
  }

  bool extend(toml::node const& base, fs::path const& file, std::size_t depth) {
    auto const refuse = [&](std::string message) {
      error(file, line_of(base), kExtends, std::move(message));
      return false;
    };
    auto const name = base.value_exact<std::string>();
    if (!name) return refuse("must be the path of a file, in quotes");
    if (depth >= kExtendsDepthMax)
      return refuse("goes through more than 4 files: does one of them extend itself?");
    auto const base_file = (file.parent_path() / *name).lexically_normal();
    auto const text = read_text(base_file);
    if (!text) return refuse(text.error().message());
    return read(*text, base_file, depth + 1);
  }

  void read_section(std::string_view section, toml::node const& node);
  void read_key(Key const& key, toml::node const& node);
  void unknown_section(std::string_view section, toml::node const& node);
  void unknown_key(std::string_view section, std::string_view name, toml::node const& node);

  Result<> assign(Key const& key, toml::node const& node);
  Result<> assign_text(Key const& key, std::string const& text, std::string& slot);
  Result<> assign_path(Key const& key, std::string const& text, fs::path& slot) const;
  static Result<> assign_list(Key const& key, toml::node const& node,
                              std::vector<std::string>& slot);
  [[nodiscard]] static Result<std::uint64_t> number(Key const& key, toml::node const& node);

  void check_required();
  void check_addresses();
  void check_link();
  void check_mail();
  void check_exposure();
  void check_accent();
  void fill_defaults();

  ConfigReport& report_;
  fs::path file_;  // the file being read
  std::map<std::string, std::pair<fs::path, std::uint32_t>, std::less<>> places_;
};

void Reader::read_section(std::string_view section, toml::node const& node) {
  bool const known = std::ranges::any_of(
      config_sections(), [&](Section const& candidate) { return candidate.name == section; });
  auto const* table = node.as_table();
  if (!known || table == nullptr) return unknown_section(section, node);
  for (auto const& [name, value] : *table) {
    auto const keys = config_keys();
    auto const found = std::ranges::find_if(
        keys, [&](Key const& key) { return key.section == section && key.name == name.str(); });
    if (found == keys.end()) {
      unknown_key(section, name.str(), value);
    } else {
      read_key(*found, value);
    }
  }
}

void Reader::read_key(Key const& key, toml::node const& node) {
  auto const name = full_name(key);
  places_[name] = {file_, line_of(node)};
  if (auto const assigned = assign(key, node); !assigned)
    error(file_, line_of(node), name, assigned.error().message());
}

void Reader::unknown_section(std::string_view section, toml::node const& node) {
  if (!node.is_table()) {
    for (auto const& key : config_keys()) {
      if (key.name == section)
        return error(file_, line_of(node), section, cat("must stand under [", key.section, ']'));
    }
  }
  std::vector<std::string_view> names;
  for (auto const& known : config_sections()) names.push_back(known.name);
  auto const meant = nearest(section, names);
  auto const what = node.is_table() ? "is no known section" : "is no known key";
  error(file_, line_of(node), section,
        meant.empty() ? std::string(what) : cat(what, "; did you mean [", meant, "]?"));
}

void Reader::unknown_key(std::string_view section, std::string_view name, toml::node const& node) {
  std::vector<std::string_view> names;
  std::string_view elsewhere;
  for (auto const& key : config_keys()) {
    if (key.section == section) names.push_back(key.name);
    if (key.name == name) elsewhere = key.section;
  }
  auto const meant = nearest(name, names);
  std::string message = "is no known key";
  if (!elsewhere.empty()) {
    message += cat("; it stands under [", elsewhere, ']');
  } else if (!meant.empty()) {
    message += cat("; did you mean ", in_quotes(meant), '?');
  }
  error(file_, line_of(node), cat(section, '.', name), std::move(message));
}

Result<> Reader::assign_text(Key const& key, std::string const& text, std::string& slot) {
  if (text.empty() && !key.required) {
    slot.clear();
    return {};
  }
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(Code::invalid, "must not be empty");
  SOL_TRY(check_form(key.form, text));
  slot = text;
  if (key.form != Form::markdown || !text.ends_with(".md") || text.contains('\n')) return {};
  auto const named = (file_.parent_path() / text).lexically_normal();
  SOL_ASSIGN(slot, read_text(named));
  report_.config.files.push_back(named);
  return {};
}

Result<> Reader::assign_path(Key const& key, std::string const& text, fs::path& slot) const {
  if (text.empty() && key.required) return fail(Code::invalid, "must not be empty");
  slot.clear();
  if (text.empty()) return {};
  SOL_TRY(check_form(key.form, text));
  slot = (file_.parent_path() / text).lexically_normal();
  std::error_code error;
  if (key.form == Form::directory) {
    if (fs::exists(slot, error) && !fs::is_directory(slot, error))
      return fail(Code::invalid, cat(slot.string(), " is not a directory"));
    return {};
  }
  if (!fs::is_regular_file(slot, error))
    return fail(Code::not_found, cat(slot.string(), " does not exist, or is not a file"));
  if (::access(slot.c_str(), R_OK) != 0)
    return fail(Code::denied, cat(slot.string(), " may not be read by this account"));
  return {};
}

Result<> Reader::assign_list(Key const& key, toml::node const& node,
                             std::vector<std::string>& slot) {
  auto const* array = node.as_array();
  if (array == nullptr) return fail(Code::invalid, "must be a list of texts: [\"...\", \"...\"]");
  slot.clear();
  for (auto const& element : *array) {
    auto const text = element.value_exact<std::string>();
    if (!text) return fail(Code::invalid, "must hold texts only: put each element in quotes");
    if (auto const good = check_form(key.form, *text); !good)
      return fail(Code::invalid, cat(good.error().message(), ", not ", in_quotes(*text)));
    if (std::ranges::find(slot, *text) != slot.end())
      return fail(Code::invalid, cat("names ", in_quotes(*text), " twice"));
    slot.push_back(*text);
  }
  return {};
}

Result<std::uint64_t> Reader::number(Key const& key, toml::node const& node) {
  if (node.is_string()) return fail(Code::invalid, "must be a whole number, without quotes");
  auto const value = node.value_exact<std::int64_t>();
  if (!value) return fail(Code::invalid, "must be a whole number");
  bool const fits = *value >= 0 && static_cast<std::uint64_t>(*value) >= key.range.min &&
                    static_cast<std::uint64_t>(*value) <= key.range.max;
  if (!fits)
    return fail(Code::invalid,
                cat("must be from ", key.range.min, " to ", key.range.max, ", not ", *value));
  return static_cast<std::uint64_t>(*value);
}

Result<std::string> text_of(toml::node const& node) {
  auto text = node.value_exact<std::string>();
  if (!text) return fail(Code::invalid, "must be a text, in quotes");
  return *std::move(text);
}

Result<Role> parse_role(std::string_view text) {
  if (text == "node") return Role::node;
  if (text == "hub") return Role::hub;
  return fail(Code::invalid, cat("must be \"node\" or \"hub\", not ", in_quotes(text)));
}

Result<LogLevel> parse_level(std::string_view text) {
  if (text == "debug") return LogLevel::debug;
  if (text == "info") return LogLevel::info;
  if (text == "warning") return LogLevel::warning;
  if (text == "error") return LogLevel::error;
  return fail(Code::invalid,
              cat("must be \"debug\", \"info\", \"warning\" or \"error\", not ", in_quotes(text)));
}

Result<> Reader::assign(Key const& key, toml::node const& node) {
  auto const slot = key.slot(report_.config);
  auto const as = [&]<class Target>(Target* target) -> Result<> {
    if constexpr (std::same_as<Target, bool>) {
      auto const flag = node.value_exact<bool>();
      if (!flag) return fail(Code::invalid, "must be true or false, without quotes");
      *target = *flag;
    } else if constexpr (std::same_as<Target, std::vector<std::string>>) {
      return assign_list(key, node, *target);
    } else if constexpr (std::integral<Target>) {
      SOL_ASSIGN(auto const value, number(key, node));
      *target = static_cast<Target>(value);
    } else if constexpr (requires { typename Target::period; }) {
      SOL_ASSIGN(auto const value, number(key, node));
      *target = Target(static_cast<std::int64_t>(value));
    } else {
      SOL_ASSIGN(auto const text, text_of(node));
      if constexpr (std::same_as<Target, std::string>) return assign_text(key, text, *target);
      if constexpr (std::same_as<Target, fs::path>) return assign_path(key, text, *target);
      if constexpr (std::same_as<Target, Role>) {
        SOL_ASSIGN(*target, parse_role(text));
      }
      if constexpr (std::same_as<Target, LogLevel>) {
        SOL_ASSIGN(*target, parse_level(text));
      }
      if constexpr (std::same_as<Target, NodeName>) {
        SOL_ASSIGN(*target, NodeName::parse(text));
      }
      if constexpr (std::same_as<Target, HostPort>) {
        if (!text.empty()) {
          SOL_ASSIGN(*target, parse_host_port(text));
        }
      }
    }
    return {};
  };
  return std::visit(as, slot);
}

void Reader::finish() {
  check_required();
  check_addresses();
  check_link();
  check_mail();
  check_exposure();
  check_accent();
  fill_defaults();
}

void Reader::check_required() {
  for (auto const& key : config_keys()) {
    auto const name = full_name(key);
    if (key.required && !places_.contains(name)) error_at(name, "is missing");
  }
  if (places_.contains("instance.territory") && report_.config.instance.territory.empty() &&
      report_.ok())
    error_at("instance.territory", "must name one department at least");
}

void Reader::check_addresses() {
  auto const& http = report_.config.http;
  if (http.tls_certificate.empty() != http.tls_key.empty()) {
    auto const* missing = http.tls_key.empty() ? "http.tls_key" : "http.tls_certificate";
    auto const* present = http.tls_key.empty() ? "http.tls_certificate" : "http.tls_key";
    error_at(present, cat("needs ", missing, " beside it"));
  }
  std::map<std::uint16_t, std::string> taken;
  auto const claim = [&](std::uint16_t port, std::string const& key) {
    if (port == 0) return;
    auto const [other, fresh] = taken.emplace(port, key);
    if (!fresh) error_at(key, cat("is ", port, ", as ", other->second, " is: each needs its own"));
  };
  claim(http.port, "http.port");
  claim(http.private_port, "http.private_port");
  claim(http.redirect_port, "http.redirect_port");
  claim(report_.config.link.listen_port, "link.listen_port");
  if (http.redirect_port != 0 && http.tls_certificate.empty())
    error_at("http.redirect_port", "needs http.tls_certificate: without TLS it leads nowhere");
}

void Reader::check_link() {
  auto const& config = report_.config;
  bool const hub = config.instance.role == Role::hub;
  if (hub && config.link.listen_port == 0)
    error_at("link.listen_port", "is missing: a hub accepts its nodes on it");
  if (!hub && config.link.listen_port != 0)
    error_at("link.listen_port", "is for hubs: set instance.role = \"hub\", or take it out");
  bool const everywhere =
      config.link.listen_address == "0.0.0.0" || config.link.listen_address == "::";
  if (hub && everywhere && config.link.advertised.empty())
    error_at("link.advertised", "is missing: no node can dial every address at once");
  auto const& wanted = config.link.subscriptions;
  if (wanted.size() > 1 && std::ranges::find(wanted, "all") != wanted.end())
    error_at("link.subscriptions", "names \"all\" and more: \"all\" stands alone");
}

void Reader::check_mail() {
  auto const& mail = report_.config.mail;
  if (mail.user.empty() != mail.password_file.empty()) {
    auto const* missing = mail.user.empty() ? "mail.user" : "mail.password_file";
    auto const* present = mail.user.empty() ? "mail.password_file" : "mail.user";
    error_at(present, cat("needs ", missing, " beside it"));
  }
  if (mail.server.empty() && (!mail.user.empty() || !mail.sender.empty()))
    error_at("mail.server", "is missing: without it no mail is sent");
}

// Mistakes that would show more to the world than was meant.
void Reader::check_exposure() {
  auto const& config = report_.config;
  bool const public_address = !is_loopback(config.http.address);
  if (config.instance.demonstration && public_address)
    error_at("instance.demonstration",
             "is allowed on loopback only: its accounts have known passwords");
  if (public_address && config.http.tls_certificate.empty() && config.http.trusted_proxies.empty())
    warn_at("http.address",
            "is not loopback, without TLS or a trusted proxy: passwords would travel in clear");
  if (!is_loopback(config.http.private_address))
    warn_at("http.private_address", "is not loopback: see that only your own machines reach it");
  if (config.instance.demonstration) return;
  for (auto const& key : config_keys()) {
    bool const owed = key.section == "legal" && key.name != "privacy_contact";
    auto const name = full_name(key);
    if (owed && std::get<std::string*>(key.slot(report_.config))->empty())
      warn_at(name, "is empty: the legal notice owes it to visitors");
  }
}

void Reader::check_accent() {
  auto const colour = page::Colour::parse(report_.config.look.accent);
  if (!colour) return;  // said where it was read
  double const contrast = page::contrast(*colour, page::Colour{1, 1, 1});
  if (contrast >= kContrastMin) return;
  auto const tenths = static_cast<int>(contrast * 10);
  warn_at("look.accent", cat("its contrast with white is ", tenths / 10, '.', tenths % 10,
                             ", below 4.5: the portal darkens it"));
}

void Reader::fill_defaults() {
  auto& config = report_.config;
  if (config.instance.short_title.empty()) config.instance.short_title = config.instance.title;
  if (config.legal.publisher.empty()) config.legal.publisher = config.instance.title;
  if (config.legal.privacy_contact.empty()) config.legal.privacy_contact = config.contact.email;
  if (config.mail.sender.empty()) config.mail.sender = config.contact.email;
  if (config.link.listen_port != 0 && config.link.advertised.empty())
    config.link.advertised = {config.link.listen_address, config.link.listen_port};
  std::ranges::transform(config.look.accent, config.look.accent.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (!config.instance.base_url.empty()) return;
  bool const v6 = config.http.address.contains(':');
  config.instance.base_url =
      cat(config.http.tls_certificate.empty() ? "http://" : "https://", v6 ? "[" : "",
          config.http.address, v6 ? "]" : "", ':', config.http.port);
}

fs::path absolute_path(fs::path const& file) {
  std::error_code error;
  auto path = fs::absolute(file, error);
  return error ? file : path.lexically_normal();
}

}  // namespace

std::string ConfigProblem::to_string() const {
  auto const where = line > 0 ? cat(file.string(), ':', line) : file.string();
  return key.empty() ? cat(where, ": ", message) : cat(where, ": ", key, ": ", message);
}

ConfigReport check_config_text(std::string_view text, fs::path const& file) {
  ConfigReport report;
  report.config.file = absolute_path(file);
  Reader reader(report);
  if (reader.read(text, report.config.file, 1)) reader.finish();
  return report;
}

ConfigReport check_config(fs::path const& file) {
  auto const text = read_text(file);
  if (text) return check_config_text(*text, file);
  ConfigReport report;
  report.errors.push_back({absolute_path(file), 0, "", text.error().message()});
  return report;
}

Result<Config> load_config(fs::path const& file) {
  auto report = check_config(file);
  if (report.ok()) return std::move(report.config);
  std::string lines;
  for (auto const& problem : report.errors)
    lines += cat(lines.empty() ? "" : "\n", problem.to_string());
  return fail(Code::invalid, std::move(lines));
}

}  // namespace solidaires::app
