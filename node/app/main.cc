// The program: its words, and where each leads. Commands on the store go to the serving program
// when there is one, and are done here when there is none.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "node/app/command.h"
#include "node/app/control.h"
#include "node/app/data_directory.h"
#include "node/app/keeping.h"
#include "node/app/serve.h"
#include "node/formats/table_file.h"
#include "node/geography/import_reference.h"
#include "node/replication/network.h"
#include "sync/base/log.h"

namespace solidaires::app {
namespace {

int failed(Error const& error) {
  std::cerr << "solidaires: " << error.message() << '\n';
  return 1;
}

struct Words {
  std::string config, source, token, file;
};

int check(std::string const& file) {
  auto const report = check_config(file);
  for (auto const& problem : report.warnings)
    std::cout << "warning: " << problem.to_string() << '\n';
  for (auto const& problem : report.errors) std::cout << problem.to_string() << '\n';
  if (report.ok()) std::cout << file << ": in order\n";
  return report.ok() ? 0 : 1;
}

int enrol(Words const& words) {
  auto const config = read_config(words.config);
  if (!config) return failed(config.error());
  SystemClock const clock;
  auto const done = replication::enrol({config->data.directory / "keys"}, config->instance.name,
                                       words.token, clock);
  if (!done) return failed(done.error());
  std::cout << config->instance.name.str() << ": enrolled with " << done->network.str() << " ("
            << done->hub_address << ")\n";
  return 0;
}

int import_geography(Words const& words) {
  auto const config = read_config(words.config);
  if (!config) return failed(config.error());
  auto const share = share_directory();
  if (!share) return failed(share.error());
  auto const base =
      config->geography.directory.empty() ? *share / "geography" : config->geography.directory;
  auto const report =
      geography::import_reference(base, words.source, config->data.directory / "geography");
  if (!report) return failed(report.error());
  for (auto const& file : report->files) {
    std::cout << file.name << ": "
              << (file.kind.empty() ? "not recognised, left out"
                                    : cat(file.kind, ", ", file.rows, " rows"))
              << '\n';
  }
  for (auto const& warning : report->warnings) std::cout << "warning: " << warning << '\n';
  std::cout << report->communes << " communes, " << report->exact_points << " exact points, "
            << report->former_codes << " former codes, " << report->zones << " zones, "
            << report->outlines_of_communes + report->outlines_of_areas << " outlines.\n"
            << (report->changed ? "Restart the instance to use them.\n"
                                : "Nothing new: the geography was already this.\n");
  return 0;
}

// A table is limited before it is read whole: from a pipe, the limit is the only end that is sure.
Error too_large(std::string const& name) {
  return {Code::exhausted, cat("Le fichier ", name == "-" ? std::string("reçu") : name, " dépasse ",
                               formats::kTableBytesMax >> 20U,
                               " Mo. Découpez-le en plusieurs, ou retirez les colonnes inutiles.")};
}

Result<std::string> read_standard_input() {
  std::string bytes;
  std::string part(64UL * 1024, '\0');
  while (std::cin.read(part.data(), static_cast<std::streamsize>(part.size())),
         std::cin.gcount() > 0) {
    bytes.append(part, 0, static_cast<std::size_t>(std::cin.gcount()));
    if (bytes.size() > formats::kTableBytesMax) return std::unexpected(too_large("-"));
  }
  return bytes;
}

// Files and streams that the words name, read here: the serving program may not be allowed to.
Result<CommandInput> read_input(std::vector<std::string> words) {
  CommandInput input{std::move(words), {}};
  bool const imports = input.words[0] == "import";
  for (std::size_t i = 1; i < input.words.size(); ++i) {
    auto const& word = input.words[i];
    if (word == "--password-stdin") {
      SOL_ASSIGN(input.contents["-"], read_standard_input());
    }
    bool const is_option = word.starts_with("--");
    bool const is_value = input.words[i - 1].starts_with("--") &&
                          input.words[i - 1].find('=') == std::string::npos &&
                          input.words[i - 1] != "--dry-run" && input.words[i - 1] != "--quiet" &&
                          input.words[i - 1] != "--keep-duplicates";
    if (!imports || is_option || is_value || i == 1) continue;
    if (word == "-") {
      SOL_ASSIGN(input.contents["-"], read_standard_input());
      continue;
    }
    std::error_code error;
    auto const size = std::filesystem::file_size(word, error);
    if (error) return fail(Code::not_found, cat("cannot read ", word, ": ", error.message()));
    if (size > formats::kTableBytesMax) return std::unexpected(too_large(word));
    std::ifstream in(word, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return fail(Code::io, cat("cannot read ", word));
    input.contents[word] = std::move(text).str();
  }
  return input;
}

std::string config_of(std::vector<std::string> const& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--config" && i + 1 < words.size()) return words[i + 1];
    if (words[i].starts_with("--config=")) return words[i].substr(9);
  }
  return {};
}

Terminal own_terminal() {
  return {[](std::string_view text) { std::cout << text << std::flush; },
          [](std::string_view text) { std::cerr << text << std::flush; }, [] { return false; }};
}

int store_command(std::vector<std::string> words) {
  bool const wants_help =
      std::ranges::any_of(words, [](auto const& word) { return word == "--help" || word == "-h"; });
  if (wants_help) return command_help(words, own_terminal());
  log_setup(LogLevel::warning);
  auto config = read_config(config_of(words));
  if (!config) return failed(config.error());
  auto const input = read_input(std::move(words));
  if (!input) return failed(input.error());
  auto const terminal = own_terminal();
  auto const remote = run_remotely(config->data.directory / "control.sock", *input, terminal);
  if (!remote) return failed(remote.error());
  if (*remote) return **remote;
  auto services = Services::open(*std::move(config));
  if (!services) return failed(services.error());
  return run_command(**services, {}, *input, terminal);
}

// Commands on an instance as files; nullopt: it is none of them.
std::optional<int> keeping_command(std::vector<std::string> const& words) {
  if (words.empty()) return std::nullopt;
  if (words[0] == "backup") return backup_command(words, own_terminal());
  if (words[0] == "restore") return restore_command(words, own_terminal());
  bool const names_backup = std::ranges::any_of(
      words, [](auto const& word) { return word == "--backup" || word.starts_with("--backup="); });
  if (words[0] == "check" && names_backup) return check_backup_command(words, own_terminal());
  return std::nullopt;
}

int run(std::vector<std::string> words) {
  if (auto const status = keeping_command(words)) return *status;
  if (works_on_store(words)) return store_command(std::move(words));
  CLI::App app("Solidaires: a federated platform of the social and solidarity economy",
               "solidaires");
  app.require_subcommand(1);
  Words given;
  int status = 0;
  auto const with_config = [&given](CLI::App* command) {
    command->add_option("--config", given.config, "Configuration of the instance")->required();
    return command;
  };
  with_config(app.add_subcommand("serve", "Serve an instance until it is told to stop"))
      ->callback([&] {
        auto config = read_config(given.config);
        auto const done =
            config ? serve(*std::move(config)) : Result<>(std::unexpected(config.error()));
        if (!done) status = failed(done.error());
      });
  auto* const enrolling = with_config(
      app.add_subcommand("enrol", "Join the hub's network with a token that serves once"));
  enrolling->add_option("token", given.token, "What 'solidaires node add' printed at the hub")
      ->required();
  enrolling->callback([&] { status = enrol(given); });
  auto* const geography = app.add_subcommand("geography", "The land");
  geography->require_subcommand(1);
  auto* const importing = with_config(geography->add_subcommand(
      "import", "Take official files: exact points, outlines, former codes"));
  importing->add_option("directory", given.source, "Directory of the files")->required();
  importing->callback([&] { status = import_geography(given); });
  auto* const config = app.add_subcommand("config", "The configuration");
  config->require_subcommand(1);
  auto* const checking =
      config->add_subcommand("check", "Check a file, every problem with its line");
  checking->add_option("file", given.file, "The file")->required();
  checking->callback([&] { status = check(given.file); });
  config->add_subcommand("reference", "Every key, as Markdown")->callback([] {
    std::cout << config_reference();
  });
  app.add_subcommand("version", "Version of the program")->callback([] {
    std::cout << "solidaires " << SOLIDAIRES_VERSION << '\n';
  });
  app.add_subcommand("backup", "Write a backup of an instance, serving or not");
  app.add_subcommand("restore", "Make an instance of a backup again");
  for (auto const& [name, words_of_it] : store_command_list())
    app.add_subcommand(name, words_of_it);
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    app.parse(std::move(reversed));
  } catch (CLI::ParseError const& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return status;
}

}  // namespace
}  // namespace solidaires::app

int main(int count, char** words) {
  std::ios::sync_with_stdio(false);
  return solidaires::app::run(std::vector<std::string>(words + 1, words + count));
}
