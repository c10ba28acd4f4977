#include <algorithm>
#include <charconv>

#include "node/formats/source_file.h"
#include "node/office/pages.h"
#include "node/page/wording.h"
#include "node/service/import_jobs.h"
#include "node/text/fold.h"
#include "schema/characters.h"
#include "schema/table.h"

namespace solidaires::office {
namespace {

using page::View;
using service::ImportAs;
using service::ImportJob;
using service::ImportState;

constexpr std::size_t kSamples = 3;
constexpr std::size_t kRowsLookedAt = 8;
constexpr std::size_t kLinesPerPage = 100;
constexpr std::size_t kSampleCharacters = 60;

std::string path_of(ImportJob const& job) {
  return cat("/espace/imports/", job.id.to_string());
}

View option(std::string_view value, std::string_view label, bool selected) {
  View view;
  view.text("value", value).text("label", label).flag("selected", selected);
  return view;
}

std::vector<View> types(Context const& context, std::string_view chosen) {
  std::vector<View> out;
  for (auto const& type : context.instance.model.types())
    out.push_back(option(type.key, type.plural.fr, type.key == chosen));
  return out;
}

std::string summary(ImportJob const& job) {
  std::string out;
  for (auto const& [outcome, count] : job.counts) {
    out += cat(out.empty() ? "" : ", ",
               page::number_text(static_cast<std::int64_t>(count), page::Language::fr), ' ',
               service::outcome_label(outcome, count));
  }
  return out;
}

View job_view(Context const& context, ImportJob const& job) {
  View view;
  view.text("href", path_of(job))
      .text("name", job.file_name)
      .text("source", job.source)
      .text("who", person(context, job.author))
      .text("when", date_and_hour(job.asked_at, context.instance.clock.now()))
      .text("state", service::label_of(job.state))
      .text("format", job.format)
      .text("batch", job.batch)
      .text("said", job.said)
      .text("summary", cat(job.tried ? "essai : " : "", summary(job)))
      .flag("has_summary", !job.counts.empty());
  return view;
}

http::Response list_page(Office const& office, Visitor const& visitor, std::string_view error,
                         int status) {
  auto const& context = office.context();
  auto const jobs = context.imports->list(visitor.actor);
  if (!jobs) return office.refused(visitor, jobs.error());
  std::vector<View> views;
  for (auto const& job : *jobs) views.push_back(job_view(context, job));
  View view;
  view.text("error", error)
      .number("megabytes", static_cast<std::int64_t>(formats::kTableBytesMax >> 20U))
      .list("types", types(context, "structure"))
      .flag("has_jobs", !views.empty());
  view.list("jobs", std::move(views));
  page::PageInfo info;
  info.title = "Imports";
  info.section = "imports";
  return office.page(visitor, info, "office/imports", view, status);
}

http::Response list(Office const& office, Visitor& visitor, http::Request const& /*request*/) {
  return list_page(office, visitor, {}, 200);
}

http::Response send(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const file = std::ranges::find_if(request.files, [](http::UploadedFile const& one) {
    return one.field == "fichier" && one.size_bytes > 0;
  });
  if (file == request.files.end())
    return list_page(office, visitor, "Choisissez d’abord un fichier, qui ne soit pas vide.", 422);
  auto const job = office.context().imports->add(visitor.actor, file->path, file->name,
                                                 request.form.get("genre"));
  if (!job) return office.refused(visitor, job.error());
  return http::Response::redirect(path_of(*job));
}

// What a column may feed, in the order of the form; the chosen one is selected.
std::vector<View> inputs(schema::Type const& type, std::string_view chosen) {
  std::vector<View> out;
  out.push_back(option(service::kIgnoreInput, "— rien : colonne laissée de côté —",
                       chosen.empty() || chosen == service::kIgnoreInput));
  out.push_back(option(service::kSourceIdInput, "Identifiant de la ligne dans sa source",
                       chosen == service::kSourceIdInput));
  for (auto const& column : schema::table_columns(type)) {
    auto const& label = column.field->label.fr;
    out.push_back(
        option(column.input,
               column.column->part.empty() ? label : cat(label, " : ", column.column->header),
               column.input == chosen));
  }
  return out;
}

std::string samples(formats::TableFile const& head, std::size_t header, std::size_t column) {
  std::vector<std::string> found;
  for (std::size_t i = header + 1; i < head.rows.size() && found.size() < kSamples; ++i) {
    auto const& cells = head.rows[i].cells;
    if (column >= cells.size() || cells[column].empty()) continue;
    auto text = text::excerpt(text::single_line(cells[column]), kSampleCharacters);
    if (std::ranges::find(found, text) == found.end()) found.push_back(std::move(text));
  }
  return schema::join(found, " · ");
}

void add_columns(View& view, schema::Type const& type, formats::TableFile const& head,
                 service::ImportReport const& report) {
  auto const header = static_cast<std::size_t>(
      std::ranges::find(head.rows, report.header_line, &formats::TableRow::line) -
      head.rows.begin());
  std::vector<View> columns;
  for (std::size_t i = 0; i < report.columns.size(); ++i) {
    auto const& column = report.columns[i];
    if (column.header.empty()) continue;
    View one;
    one.number("number", static_cast<std::int64_t>(i))
        .text("header", column.header)
        .text("samples", samples(head, header, i))
        .list("inputs", inputs(type, column.input));
    columns.push_back(std::move(one));
  }
  view.list("columns", std::move(columns));
}

void add_preview(View& view, service::ImportReport const& report) {
  std::vector<View> rows;
  for (auto const& row : report.rows) {
    if (rows.size() == kRowsLookedAt) break;
    View one;
    one.number("line", static_cast<std::int64_t>(row.line))
        .text("title", row.title)
        .text("label", service::outcome_label(row.outcome, 1))
        .text("notes", schema::join(row.notes, " ; "));
    rows.push_back(std::move(one));
  }
  view.flag("has_preview", !rows.empty()).list("preview", std::move(rows));
}

// Who may, says what becomes of the rows.
void add_ways(View& view, Visitor const& visitor, ImportJob const& job) {
  std::vector<View> ways;
  ways.push_back(
      option("submitted", "À relire : elles entrent dans la file", job.as == ImportAs::submitted));
  ways.push_back(option("draft", "En brouillon", job.as == ImportAs::draft));
  if (visitor.actor.may(schema::Permission::publish)) {
    ways.push_back(option("published", "Publiées tout de suite", job.as == ImportAs::published));
  }
  view.list("ways", std::move(ways));
}

Result<> add_mapping(Office const& office, View& view, Visitor const& visitor,
                     ImportJob const& job) {
  auto const& context = office.context();
  auto const* const type = context.instance.model.type(job.type);
  if (type == nullptr) return fail(Code::invalid, "Ce genre de fiche n’existe pas.");
  SOL_ASSIGN(auto const head, context.imports->head(job));
  SOL_ASSIGN(auto const report, context.imports->look(job));
  add_columns(view, *type, head, report);
  add_preview(view, report);
  add_ways(view, visitor, job);
  view.list("types", types(context, job.type))
      .text("licence", job.licence)
      .flag("keeps_duplicates", job.keep_duplicates);
  return {};
}

void add_report(Office const& office, View& view, ImportJob const& job,
                http::Request const& request) {
  std::string const outcome(request.query.get("issue"));
  std::vector<View> counts;
  for (auto const& [kind, count] : job.counts) {
    View one;
    auto const name = service::name_of(kind);
    one.number("count", static_cast<std::int64_t>(count))
        .text("label", service::outcome_label(kind, count))
        .text("href", cat(path_of(job), "?issue=", name, "#lignes"))
        .flag("chosen", name == outcome);
    counts.push_back(std::move(one));
  }
  view.list("counts", std::move(counts))
      .flag("filtered", !outcome.empty())
      .text("all_href", cat(path_of(job), "#lignes"))
      .text("csv_href", cat(path_of(job), "/lignes.csv"))
      .number("outside", static_cast<std::int64_t>(job.outside_territory))
      .flag("has_outside", job.outside_territory > 0);
  auto const lines = office.context().imports->report(job, outcome);
  if (!lines) return;
  std::size_t asked = 1;
  auto const typed = request.query.get("page");
  std::from_chars(typed.data(), typed.data() + typed.size(), asked);
  auto const pages = std::max<std::size_t>(1, (lines->size() + kLinesPerPage - 1) / kLinesPerPage);
  auto const page = std::clamp<std::size_t>(asked, 1, pages);
  std::vector<View> shown;
  auto const first = (page - 1) * kLinesPerPage;
  for (std::size_t i = first; i < std::min(lines->size(), first + kLinesPerPage); ++i) {
    auto const& line = (*lines)[i];
    View one;
    one.text("line", line.line)
        .text("label", line.label)
        .text("title", line.title)
        .text("notes", line.notes);
    shown.push_back(std::move(one));
  }
  auto const to = [&](std::size_t which, bool exists) {
    return exists ? cat(path_of(job), "?issue=", outcome, "&page=", which, "#lignes")
                  : std::string();
  };
  view.text("previous", to(page - 1, page > 1)).text("next", to(page + 1, page < pages));
  view.text("page_of", cat("Page ", page, " sur ", pages)).list("lines", std::move(shown));
}

void add_progress(Office const& office, View& view, ImportJob const& job) {
  auto const progress = office.context().imports->progress(job.id);
  bool const known = progress && progress->all > 0;
  view.flag("under_way", true)
      .flag("waits", !progress)
      .flag("has_progress", known)
      .flag("can_cancel", job.state == ImportState::trying || job.state == ImportState::importing)
      .text("done_value", std::to_string(known ? progress->done : 0))
      .text("all_value", std::to_string(known ? progress->all : 0));
}

http::Response job_page(Office const& office, Visitor const& visitor, http::Request const& request,
                        ImportJob const& job, std::string_view error, int status) {
  auto view = job_view(office.context(), job);
  view.text("error", error)
      .flag("under_way", false)
      .flag("can_change", job.can_change())
      .flag("tried", job.tried)
      .flag("can_undo", job.state == ImportState::done)
      .flag("again", job.state != ImportState::ready);
  if (job.under_way()) {
    add_progress(office, view, job);
  } else if (job.can_change()) {
    if (auto const added = add_mapping(office, view, visitor, job); !added) {
      view.flag("can_change", false).text("error", added.error().message());
    }
  }
  bool const has_report = !job.under_way() && !job.counts.empty();
  view.flag("has_report", has_report);
  if (has_report) add_report(office, view, job, request);
  page::PageInfo info;
  info.title = cat("Import : ", job.file_name);
  info.section = "imports";
  return office.page(visitor, info, "office/import", view, status);
}

http::Response show(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const job = office.context().imports->get(visitor.actor, request.capture("id"));
  if (!job) return office.refused(visitor, job.error());
  return job_page(office, visitor, request, *job, {}, 200);
}

// What the form says; of another kind of record, columns are proposed anew.
Result<ImportJob> chosen(Office const& office, ImportJob job, http::Request const& request) {
  auto const& form = request.form;
  SOL_ASSIGN(auto const report, office.context().imports->look(job));
  job.mapping.clear();
  if (form.get("genre") == job.type) {
    for (std::size_t i = 0; i < report.columns.size(); ++i) {
      auto const input = form.get(cat("colonne.", i));
      if (!input.empty()) job.mapping.emplace(report.columns[i].header, input);
    }
  }
  job.type = form.get("genre");
  job.source = form.get("source");
  job.licence = form.get("licence");
  job.keep_duplicates = form.get("doublons") == "1";
  auto const way = form.get("devenir");
  job.as = way == "published" ? ImportAs::published
           : way == "draft"   ? ImportAs::draft
                              : ImportAs::submitted;
  return job;
}

http::Response change(Office const& office, Visitor& visitor, http::Request const& request) {
  auto& imports = *office.context().imports;
  auto const id = request.capture("id");
  auto const job = imports.get(visitor.actor, id);
  if (!job) return office.refused(visitor, job.error());
  auto const action = request.form.get("action");
  Result<> done;
  if (action == "arreter") {
    done = imports.cancel(visitor.actor, id);
  } else if (action == "annuler") {
    done = imports.order(visitor.actor, id, ImportState::undoing);
  } else if (action == "oublier") {
    done = imports.forget(visitor.actor, id);
    if (done) {
      leave_message(office, visitor,
                    "Le fichier et son compte rendu sont effacés ; les fiches restent.");
      return http::Response::redirect("/espace/imports");
    }
  } else {
    auto const choice = chosen(office, *job, request);
    done = choice ? imports.choose(visitor.actor, *choice) : std::unexpected(choice.error());
    if (done && action != "apercu") {
      done = imports.order(visitor.actor, id,
                           action == "importer" ? ImportState::importing : ImportState::trying);
    }
    if (!done && choice && done.error().code() == Code::invalid)
      return job_page(office, visitor, request, *job, done.error().message(), 422);
  }
  if (!done) return office.refused(visitor, done.error());
  return http::Response::redirect(action == "apercu" ? cat(path_of(*job), "#apercu")
                                                     : path_of(*job));
}

http::Response lines(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const job = office.context().imports->get(visitor.actor, request.capture("id"));
  if (!job) return office.refused(visitor, job.error());
  auto file = office.context().imports->report_file(*job);
  if (!file) return office.refused(visitor, file.error());
  return http::Response::bytes(*std::move(file), "text/csv; charset=utf-8")
      .with("Cache-Control", "no-store")
      .with("Content-Disposition", cat("attachment; filename=\"import-", job->source, ".csv\""));
}

}  // namespace

void add_import_routes(http::Router& router, Office const& office) {
  if (office.context().imports == nullptr) return;
  http::RouteOptions large;
  large.file_bytes_max = formats::kTableBytesMax;
  large.files_max = 1;
  large.admit = [&office](http::Request const& request) -> std::optional<http::Response> {
    auto const visitor = office.visitor(request);
    if (!visitor) return office.ask_to_log_in(request);
    if (visitor->actor.may(schema::Permission::import)) return std::nullopt;
    return office.refused(*visitor,
                          {Code::denied, "Les imports sont réservés à l’animation du portail."});
  };
  router.get("/espace/imports", for_visitor(office, list));
  router.post("/espace/imports", for_visitor(office, send), large);
  router.get("/espace/imports/{id}", for_visitor(office, show));
  router.post("/espace/imports/{id}", for_visitor(office, change));
  router.get("/espace/imports/{id}/lignes.csv", for_visitor(office, lines));
}

}  // namespace solidaires::office
