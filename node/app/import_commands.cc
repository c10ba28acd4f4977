#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>

#include "node/app/commands.h"
#include "node/service/demonstration.h"
#include "node/text/fold.h"

namespace solidaires::app {
namespace {

using service::ImportReport;
using service::RowOutcome;

constexpr std::size_t kRowsSaid = 400;

struct ImportWords {
  std::string type = "structures";
  std::string file;
  std::string source, licence, as = "published", undo;
  std::vector<std::string> mapping;
  bool dry_run = false;
  bool keep_duplicates = false;
  bool quiet = false;
};

// "annuaire-2026.csv" -> "annuaire-2026"
std::string source_of(std::string const& file) {
  return text::slug(std::filesystem::path(file).stem().string(), 60);
}

std::string summary_of(ImportReport const& report) {
  std::string text;
  for (auto const& [outcome, count] : report.counts) {
    text += cat(text.empty() ? "" : ", ", count, ' ', service::outcome_label(outcome, count));
  }
  return text.empty() ? "aucune ligne" : text;
}

void say_report(CommandContext const& context, ImportReport const& report,
                ImportWords const& words) {
  std::string const separator =
      report.separator == '\t' ? "tabulation" : std::string(1, report.separator);
  context.say(report.format == formats::Format::csv
                  ? cat("Fichier : ", report.encoding, ", séparateur « ", separator,
                        " », en-tête à la ligne ", report.header_line)
                  : cat("Fichier : ", formats::label_of(report.format)));
  for (auto const& column : report.columns) {
    context.say(cat("  ", column.header.empty() ? "(sans titre)" : column.header, " → ",
                    column.input.empty() || column.input == service::kIgnoreInput ? "non utilisée"
                                                                                  : column.input));
  }
  std::size_t said = 0;
  for (auto const& row : report.rows) {
    if (row.notes.empty() || words.quiet) continue;
    if (++said > kRowsSaid) {
      context.say(
          cat("… et d’autres lignes avec des remarques (", report.rows.size(), " lignes en tout)"));
      break;
    }
    std::string notes;
    for (auto const& note : row.notes) notes += cat(notes.empty() ? "" : " ; ", note);
    context.say(
        cat("ligne ", row.line, ", ", row.title.empty() ? "(sans nom)" : row.title, " : ", notes));
  }
  context.say(
      cat(words.dry_run ? "Essai, rien n’a été écrit : " : "Import : ", summary_of(report), '.'));
  if (report.outside_territory > 0)
    context.say(cat(report.outside_territory, report.outside_territory > 1 ? " lignes" : " ligne",
                    " hors du territoire de ce portail."));
  if (report.stopped) context.say("Arrêté en route : relancez la même commande pour finir.");
  if (!report.batch.empty())
    context.say(cat("Lot : ", report.batch, " (pour annuler : solidaires import ", words.type,
                    " --undo ", report.batch, ")"));
}

Result<service::ImportOptions> options_of(CommandContext const& context, ImportWords const& words) {
  service::ImportOptions options;
  auto const& model = context.services().model();
  auto const* type = model.type_by_prefix(words.type);
  if (type == nullptr) type = model.type(words.type);
  if (type == nullptr)
    return fail(Code::invalid, cat("there is no type '", words.type, "' to import"));
  options.type = type->key;
  options.node = context.services().instance().self;
  options.source = words.source.empty() ? source_of(words.file) : words.source;
  options.licence = words.licence;
  options.dry_run = words.dry_run;
  options.keep_duplicates = words.keep_duplicates;
  options.as = words.as == "draft"       ? service::ImportAs::draft
               : words.as == "submitted" ? service::ImportAs::submitted
                                         : service::ImportAs::published;
  for (auto const& pair : words.mapping) {
    auto const equals = pair.rfind('=');
    if (equals == std::string::npos)
      return fail(Code::invalid, cat("--map takes Header=field, not '", pair, "'"));
    options.mapping[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  options.author = context.services().program_author(cat("import ", options.source));
  options.progress = [&context](std::size_t done, std::size_t all) {
    context.terminal.err(cat("\r", done, " / ", all, done == all ? "\n" : ""));
    return !context.terminal.gone();
  };
  return options;
}

int undo(CommandContext& context, ImportWords const& words) {
  service::Importer const importer(context.services().instance(), context.services().gazetteer());
  auto const report = importer.undo(words.undo, context.services().instance().self,
                                    context.services().program_author("annulation d’import"));
  if (!report) return context.failed(report.error());
  context.say(cat("Lot ", words.undo, " annulé : ", report->removed,
                  report->removed > 1 ? " fiches retirées, " : " fiche retirée, ", report->reverted,
                  report->reverted > 1 ? " remises dans leur état d’avant."
                                       : " remise dans son état d’avant."));
  for (auto const& title : report->kept) context.say(cat("Gardée, car modifiée depuis : ", title));
  return 0;
}

int import(CommandContext& context, ImportWords const& words) {
  if (!words.undo.empty()) return undo(context, words);
  auto const file = context.input.contents.find(words.file);
  if (file == context.input.contents.end())
    return context.failed({Code::invalid, "name the file to import"});
  auto const options = options_of(context, words);
  if (!options) return context.failed(options.error());
  service::Importer const importer(context.services().instance(), context.services().gazetteer());
  auto const report = importer.run(file->second, *options);
  if (!report) return context.failed(report.error());
  say_report(context, *report, words);
  return 0;
}

int load_demo(CommandContext& context) {
  auto const path =
      context.services().share() / "demo" / (context.services().instance().self.str() + ".json");
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in)
    return context.failed(
        {Code::not_found, cat("there is no demonstration content for this node: ", path.string())});
  auto const report =
      service::load_demonstration(context.services().instance(), text.str(),
                                  context.services().program_author("Équipe de démonstration"));
  if (!report) return context.failed(report.error());
  context.say(report->loaded_before ? "Le contenu de démonstration était déjà là : rien n’a changé."
                                    : cat(report->published, " fiches de démonstration publiées, ",
                                          report->submitted, " à relire."));
  return 0;
}

}  // namespace

void add_import_commands(CLI::App& app, CommandContext& context) {
  auto const words = std::make_shared<ImportWords>();
  auto* const command = app.add_subcommand(
      "import",
      "Load records from a file (CSV, XLSX, JSON, iCalendar, RSS …); the same file twice "
      "changes nothing");
  command->add_option("type", words->type, "What the rows are: structures, agenda, actualites")
      ->required();
  command->add_option("file", words->file, "The file, or - for standard input");
  command->add_option("--source", words->source,
                      "Name of the source, to know its rows again (default: the file's name)");
  command->add_option("--licence", words->licence, "Licence of the source, shown with each record");
  command
      ->add_option("--map", words->mapping,
                   "Header=field: what a column feeds; Header=- leaves it out")
      ->take_all();
  command->add_option("--as", words->as, "published, submitted (to the moderators' queue) or draft")
      ->check(CLI::IsMember({"published", "submitted", "draft"}));
  command->add_flag("--dry-run", words->dry_run, "Report only, write nothing");
  command->add_flag("--keep-duplicates", words->keep_duplicates,
                    "Import rows that look like a record from elsewhere too");
  command->add_flag("--quiet", words->quiet, "Counts only, no line per row");
  command->add_option("--undo", words->undo, "Take a batch back");
  command->callback([words, &context] { context.status = import(context, *words); });
  auto* const demo = app.add_subcommand("demo", "Demonstration content");
  demo->require_subcommand(1);
  demo->add_subcommand("load", "Load it, the first time only")->callback([&context] {
    context.status = load_demo(context);
  });
}

}  // namespace solidaires::app
