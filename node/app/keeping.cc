#include "node/app/keeping.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <set>

#include "node/app/control.h"
#include "node/app/data_directory.h"
#include "node/backup/backup.h"
#include "node/service/indexes.h"
#include "sync/base/log.h"
#include "sync/net/credentials.h"

namespace solidaires::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr char const* kPassphraseVariable = "SOLIDAIRES_BACKUP_PASSPHRASE";
constexpr std::size_t kPassphraseBytesMax = 4'096;
constexpr std::chrono::seconds kToldEvery{2};

struct KeepingWords {
  std::string config, backup, since, passphrase_file;
  bool passphrase_stdin = false;
  bool without_secrets = false;
  bool quiet = false;
  bool json = false;
};

int failed(Terminal const& terminal, Error const& error) {
  terminal.err(cat("solidaires: ", error.message(), "\n"));
  return 1;
}

std::string first_line(std::string text) {
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  return text;
}

// Never a word of the command: everybody on the machine can read those.
Result<std::string> read_passphrase(KeepingWords const& words) {
  if (words.passphrase_stdin) {
    std::string line;
    std::getline(std::cin, line);
    if (line.size() > kPassphraseBytesMax) return fail(Code::invalid, "the passphrase is too long");
    return first_line(std::move(line));
  }
  if (!words.passphrase_file.empty()) {
    SOL_ASSIGN(auto text, net::read_secret_file(words.passphrase_file));
    return first_line(std::move(text));
  }
  if (char const* const given = std::getenv(kPassphraseVariable); given != nullptr) return given;
  return fail(Code::invalid,
              cat("the secrets in a backup are sealed with a passphrase: give it by "
                  "--passphrase-stdin, by --passphrase-file FILE, or in the variable ",
                  kPassphraseVariable));
}

void add_common_words(CLI::App& app, KeepingWords& words) {
  app.add_option("--passphrase-file", words.passphrase_file,
                 "File whose first line is the passphrase of the secrets");
  app.add_flag("--passphrase-stdin", words.passphrase_stdin,
               "Read the passphrase from standard input");
  app.add_flag("--quiet", words.quiet, "No progress");
  app.add_flag("--json", words.json, "The result for programs");
}

// The exit status, if the words end the command already.
std::optional<int> parse(CLI::App& app, std::vector<std::string> const& words,
                         Terminal const& terminal) {
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend() - 1));
  } catch (CLI::ParseError const& error) {
    std::ostringstream out;
    std::ostringstream err;
    int const status = app.exit(error, out, err);
    if (!out.str().empty()) terminal.out(out.str());
    if (!err.str().empty()) terminal.err(err.str());
    return status == 0 ? 0 : 2;
  }
  return std::nullopt;
}

std::string megabytes(std::uint64_t bytes) {
  return cat(bytes / 1'000'000, '.', bytes % 1'000'000 / 100'000, " MB");
}

// A line every other second.
backup::OnProgress progress_on(Terminal const& terminal, KeepingWords const& words) {
  if (words.quiet) return {};
  return [&terminal, next = std::chrono::steady_clock::now() +
                            kToldEvery](backup::Progress const& at) mutable {
    auto const now = std::chrono::steady_clock::now();
    if (now < next) return;
    next = now + kToldEvery;
    terminal.err(cat(at.doing, ": ", megabytes(at.bytes), " of ", megabytes(at.bytes_total), "\n"));
  };
}

void tell(Terminal const& terminal, KeepingWords const& words, backup::Manifest const& manifest,
          std::string const& sentence) {
  if (!words.json) return terminal.out(sentence);
  terminal.out(json::serialize(json::object{{"instance", manifest.instance.str()},
                                            {"created_unix_ms", to_unix_ms(manifest.created)},
                                            {"files", manifest.files.size()},
                                            {"bytes", manifest.bytes()},
                                            {"secrets", manifest.has_secrets}}) +
               "\n");
}

std::string size_of(backup::Manifest const& manifest) {
  return cat(manifest.files.size(), " files, ", megabytes(manifest.bytes()));
}

store::Options store_options() {
  store::Options options;
  options.indexer = service::make_indexer();
  return options;
}

// By the serving program if there is one, else here.
Result<> make_checkpoint(Config const& config, Terminal const& terminal) {
  std::error_code error;
  fs::remove_all(checkpoint_of(config), error);
  SOL_ASSIGN(auto const remote,
             run_remotely(config.data.directory / "control.sock", {{"checkpoint"}, {}}, terminal));
  if (remote) {
    return *remote == 0 ? Result<>()
                        : fail(Code::unavailable, "the serving program could not freeze its store");
  }
  auto options = store_options();
  options.create = false;
  SOL_ASSIGN(auto const store, store::Store::open(config.data.directory / "store", options));
  return store->checkpoint(checkpoint_of(config));
}

// "configuration/isere.toml"; files outside the directory of the configuration by their whole path.
std::string configuration_name(Config const& config, fs::path const& file) {
  auto const relative = file.lexically_relative(config.file.parent_path());
  bool const is_inside = !relative.empty() && *relative.begin() != "..";
  return cat("configuration/",
             is_inside ? relative.generic_string() : cat("elsewhere", file.generic_string()));
}

backup::Sources sources_of(Config const& config, KeepingWords const& words) {
  auto const& data = config.data.directory;
  backup::Sources sources{
      .instance = config.instance.name,
      .program = SOLIDAIRES_VERSION,
      .checkpoint = checkpoint_of(config),
      .directories = {{data / "store/blobs", "store/blobs", {"partial", "incoming"}},
                      {data / "blobs", "blobs", {}},
                      {data / "geography", "geography", {}}}};
  std::set<fs::path> files(config.files.begin(), config.files.end());
  if (!config.look.logo.empty()) files.insert(config.look.logo);
  for (auto const& file : files) {
    sources.files.push_back({.from = file, .to = configuration_name(config, file)});
  }
  if (!words.without_secrets) sources.keys = data / "keys";
  return sources;
}

Result<backup::Manifest> back_up(KeepingWords const& words, Terminal const& terminal) {
  SOL_ASSIGN(auto const config, read_config(words.config));
  std::string passphrase;
  if (!words.without_secrets) {
    SOL_ASSIGN(passphrase, read_passphrase(words));
  }
  SOL_ASSIGN(auto const lock, BackupLock::take(config));
  auto const since =
      words.since.empty() ? std::optional<fs::path>() : std::optional<fs::path>(words.since);
  SystemClock const clock;
  auto const now = clock.now();
  SOL_TRY(make_checkpoint(config, terminal));
  auto manifest = backup::write_backup(sources_of(config, words), words.backup, since, passphrase,
                                       now, progress_on(terminal, words));
  std::error_code ignored;
  fs::remove_all(checkpoint_of(config), ignored);
  return manifest;
}

}  // namespace

int backup_command(std::vector<std::string> const& words, Terminal const& terminal) {
  KeepingWords given;
  CLI::App app("Write a backup of an instance, serving or not, into a new directory",
               "solidaires backup");
  app.add_option("directory", given.backup, "Directory of the backup: new, or empty")->required();
  app.add_option("--config", given.config, "Configuration of the instance")->required();
  app.add_option("--since", given.since, "Earlier backup: what it holds is linked, not copied");
  app.add_flag("--without-secrets", given.without_secrets,
               "Leave keys out: a restored node enrols again; a restored hub founds a new network");
  add_common_words(app, given);
  if (auto const status = parse(app, words, terminal)) return *status;
  log_setup(LogLevel::warning);
  auto const manifest = back_up(given, terminal);
  if (!manifest) return failed(terminal, manifest.error());
  tell(terminal, given, *manifest,
       cat("Backup of ", manifest->instance.str(), " in ", given.backup, ": ", size_of(*manifest),
           manifest->has_secrets ? ", secrets sealed.\n" : ", without secrets.\n"));
  return 0;
}

int restore_command(std::vector<std::string> const& words, Terminal const& terminal) {
  KeepingWords given;
  CLI::App app("Make an instance of a backup again, as a new incarnation", "solidaires restore");
  app.add_option("directory", given.backup, "Directory of the backup")->required();
  app.add_option("--config", given.config, "Configuration; its data directory must be empty")
      ->required();
  add_common_words(app, given);
  if (auto const status = parse(app, words, terminal)) return *status;
  log_setup(LogLevel::warning);
  auto const config = read_config(given.config, Purpose::restore);
  if (!config) return failed(terminal, config.error());
  auto const manifest = backup::read_manifest(given.backup);
  if (!manifest) return failed(terminal, manifest.error());
  backup::RestoreOptions options{.instance = config->instance.name,
                                 .store = store_options(),
                                 // A session that ended since must not live again, nor a token of
                                 // enrolment that has served; a mail that was sent since must
                                 // not be sent again.
                                 .forget = {"session/", "enrolment/", "mail/"}};
  if (manifest->has_secrets) {
    auto passphrase = read_passphrase(given);
    if (!passphrase) return failed(terminal, passphrase.error());
    options.passphrase = *std::move(passphrase);
  }
  SystemClock const clock;
  auto const restored = backup::restore(given.backup, config->data.directory, options, clock.now(),
                                        progress_on(terminal, given));
  if (!restored) return failed(terminal, restored.error());
  tell(terminal, given, *manifest,
       cat(manifest->instance.str(), " is restored (", size_of(*manifest),
           ") as a new incarnation, replica ", to_string(restored->replica),
           ". Start it: it receives what it lacks from the network by itself",
           manifest->has_secrets ? ".\n" : ", once it is enrolled again.\n"));
  return 0;
}

int check_backup_command(std::vector<std::string> const& words, Terminal const& terminal) {
  KeepingWords given;
  CLI::App app("Read every file of a backup", "solidaires check");
  app.add_option("--backup", given.backup, "Directory of the backup")->required();
  app.add_option("--config", given.config, "Not needed here");
  app.add_flag("--quiet", given.quiet, "No progress");
  app.add_flag("--json", given.json, "The result for programs");
  if (auto const status = parse(app, words, terminal)) return *status;
  auto const manifest = backup::read_manifest(given.backup);
  if (!manifest) return failed(terminal, manifest.error());
  auto const sound = backup::verify_backup(given.backup, *manifest, progress_on(terminal, given));
  if (!sound) return failed(terminal, sound.error());
  tell(terminal, given, *manifest,
       cat("The backup of ", manifest->instance.str(), " is whole: ", size_of(*manifest), ".\n"));
  return 0;
}

}  // namespace solidaires::app
