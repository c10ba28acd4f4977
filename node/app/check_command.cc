// What a command checks, and the checkpoint that a backup copies from.
#include <boost/json.hpp>
#include <chrono>
#include <memory>

#include "node/app/commands.h"
#include "node/app/data_directory.h"
#include "node/service/references.h"

namespace solidaires::app {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kToldEvery{2};

struct CheckWords {
  bool json = false;
  bool quiet = false;
};

// Says how far it is, every other second.
class Teller {
 public:
  Teller(CommandContext const& context, bool quiet) : context_(context), quiet_(quiet) {}
  void tell(std::string const& text) {
    auto const now = std::chrono::steady_clock::now();
    if (quiet_ || now < next_) return;
    next_ = now + kToldEvery;
    context_.terminal.err(text + "\n");
  }

 private:
  CommandContext const& context_;
  bool quiet_;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + kToldEvery;
};

json::array array_of(std::vector<std::string> const& texts) {
  json::array list;
  for (auto const& text : texts) list.emplace_back(text);
  return list;
}

int check(CommandContext& context, CheckWords const& words) {
  auto& store = context.services().store();
  Teller teller(context, words.quiet);
  auto const checked =
      store.check([&](std::string_view what, std::uint64_t done, std::uint64_t of) {
        teller.tell(cat(what, ": ", done, " of ", of));
      });
  if (!checked) return context.failed(checked.error());
  auto const references = service::check_references(
      store.view(), context.services().config().instance.name,
      [&](std::uint64_t records) { teller.tell(cat("references: ", records, " records read")); });
  if (!references) return context.failed(references.error());
  bool const is_whole = checked->problems.empty();
  if (words.json) {
    context.say(json::serialize(json::object{{"whole", is_whole},
                                             {"documents", checked->documents},
                                             {"files", checked->files},
                                             {"files_awaited", checked->files_awaited},
                                             {"records", references->records},
                                             {"references", references->references},
                                             {"problems", array_of(checked->problems)},
                                             {"remarks", array_of(references->remarks)}}));
  } else {
    for (auto const& problem : checked->problems) context.say(cat("damaged: ", problem));
    for (auto const& remark : references->remarks) context.say(cat("remark: ", remark));
    if (checked->files_awaited > 0) {
      context.say(cat("remark: ", checked->files_awaited,
                      " files that documents name are not here; they come over the links"));
    }
    context.say(cat(checked->documents, " documents, ", checked->files, " files, ",
                    references->references,
                    " references: ", is_whole ? "whole" : "damaged; restore the latest backup",
                    ", ", references->remarks_in_all, " remarks."));
  }
  return context.status = is_whole ? 0 : 1;
}

int checkpoint(CommandContext& context) {
  auto const& services = context.services();
  auto const done = services.store().checkpoint(checkpoint_of(services.config()));
  return done ? 0 : context.failed(done.error());
}

}  // namespace

void add_check_commands(CLI::App& app, CommandContext& context) {
  auto const words = std::make_shared<CheckWords>();
  auto* const command =
      app.add_subcommand("check", "Verify everything that this instance, or a backup, holds");
  command->add_flag("--json", words->json, "For programs");
  command->add_flag("--quiet", words->quiet, "No progress");
  command->add_option("--backup", "Verify the backup in this directory instead")
      ->type_name("DIRECTORY");
  command->callback([words, &context] { context.status = check(context, *words); });
  // Asked for by `backup`, of the serving program.
  app.add_subcommand("checkpoint", "")->group("")->callback([&context] {
    context.status = checkpoint(context);
  });
}

}  // namespace solidaires::app
