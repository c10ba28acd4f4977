#include "node/service/reports.h"

#include <algorithm>
#include <array>

#include "node/service/indexes.h"
#include "node/store/store.h"
#include "node/text/fold.h"
#include "sync/base/log.h"

namespace solidaires::service {
namespace {

// Fields of a report's document. Stored on disk: never rename.
constexpr std::string_view kKindField = "kind";
constexpr std::string_view kPageField = "page";
constexpr std::string_view kWhatField = "what";
constexpr std::string_view kStateField = "state";
constexpr std::string_view kToldAtField = "told_at";
constexpr std::string_view kNoteField = "note";

constexpr std::size_t kNoteCharactersMax = 500;

struct KindWords {
  ReportKind kind;
  std::string_view name, french, english;
};
constexpr std::array<KindWords, 5> kKinds{{
    {ReportKind::error, "erreur", "Une erreur dans cette page", "An error on this page"},
    {ReportKind::content, "contenu", "Un contenu à retirer, ou qui me met en cause",
     "Something to be removed, or that concerns me"},
    {ReportKind::access, "acces", "Une difficulté pour lire ou utiliser le site",
     "A difficulty in reading or using the site"},
    {ReportKind::message, "message", "Un message reçu par le formulaire",
     "A message received through the form"},
    {ReportKind::other, "autre", "Autre chose", "Something else"},
}};

struct StateWords {
  ReportState state;
  std::string_view name, label;
};
constexpr std::array<StateWords, 3> kStates{{
    {ReportState::open, "open", "à traiter"},
    {ReportState::done, "done", "fait"},
    {ReportState::dropped, "dropped", "sans suite"},
}};

std::string address_key(DocumentId const& id) {
  return cat("report-address/", id.to_string());
}

Report read_report(sync::Document const& document) {
  auto const text = [&document](std::string_view field) {
    return std::string(sync::shown_value(document, field).value_or(std::string_view()));
  };
  Report report;
  report.id = document.key.id;
  report.node = NodeName::parse(document.key.scope.owner()).value_or(NodeName());
  report.kind = report_kind(text(kKindField));
  report.page = text(kPageField);
  report.what = text(kWhatField);
  report.told_at = from_unix_ms(std::atoll(text(kToldAtField).c_str()));
  report.note = text(kNoteField);
  auto const state = std::ranges::find(kStates, text(kStateField), &StateWords::name);
  if (state != kStates.end()) report.state = state->state;
  auto const versions = document.fields.find(kStateField);
  if (report.state != ReportState::open && versions != document.fields.end() &&
      !versions->second.empty()) {
    auto const author = store::author_of(document, versions->second.front().dot);
    if (author) report.settled_by = Author::decode(*author).name;
  }
  return report;
}

}  // namespace

bool is_open_report(sync::Document const& document) {
  return document.type == kReportType && sync::is_alive(document) &&
         read_report(document).state == ReportState::open;
}

std::string_view name_of(ReportKind kind) {
  return std::ranges::find(kKinds, kind, &KindWords::kind)->name;
}
std::string_view label_of(ReportKind kind, schema::Language language) {
  auto const& words = *std::ranges::find(kKinds, kind, &KindWords::kind);
  return language == schema::Language::fr ? words.french : words.english;
}
std::string_view label_of(ReportState state) {
  return std::ranges::find(kStates, state, &StateWords::state)->label;
}
ReportKind report_kind(std::string_view name) {
  auto const found = std::ranges::find(kKinds, name, &KindWords::name);
  return found == kKinds.end() ? ReportKind::other : found->kind;
}

Result<Report> Reports::file(NewReport const& given,
                             std::function<mail::Letter(Report const&)> const& write) {
  auto const scope = ScopeId::office(instance_.self);
  if (instance_.store.count(kReportType, scope) >= kReportsMax)
    return fail(Code::exhausted, "too many reports wait");
  auto const now = instance_.clock.now();
  Report report{.id = DocumentId::make(now, instance_.rng),
                .node = instance_.self,
                .kind = given.kind,
                .page = given.page,
                .what = given.what,
                .answer_to = given.answer_to,
                .told_at = now,
                .note = {},
                .settled_by = {}};
  Author const visitor{{}, "une personne qui visite le portail", instance_.self};
  store::Commit commit{.now = now, .author = visitor.encode(), .reason = "reported"};
  commit.documents.push_back(
      {.key = {scope, report.id},
       .type = std::string(kReportType),
       .fields = {{std::string(kKindField), std::string(name_of(report.kind))},
                  {std::string(kPageField), report.page},
                  {std::string(kWhatField), report.what},
                  {std::string(kStateField), std::string(kStates.front().name)},
                  {std::string(kToldAtField), std::to_string(to_unix_ms(now))}},
       .presence = store::Presence::must_be_new});
  if (!report.answer_to.empty()) {
    commit.local.push_back({.key = address_key(report.id),
                            .value = report.answer_to,
                            .expires_at = now + kReportAddressLife});
  }
  std::vector<mail::Letter> letters;
  if (queue_.on() && write) letters.push_back(write(report));
  auto done = queue_.commit(commit, letters);
  // The report matters more than the mail about it.
  if (!done && done.error().code() == Code::exhausted) done = queue_.commit(commit, {});
  SOL_TRY(done);
  return report;
}

Result<std::vector<Report>> Reports::list(Actor const& actor) const {
  if (!actor.may(schema::Permission::see_queue))
    return fail(Code::denied, "Les signalements sont réservés aux personnes qui modèrent.");
  std::vector<Report> reports;
  auto const now = instance_.clock.now();
  auto const view = instance_.store.view();
  for (auto const& office : actor.offices) {
    store::TypeScan scan{
        .type = std::string(kReportType), .scope = ScopeId::office(office), .limit = 1'000};
    do {
      SOL_ASSIGN(auto const page, view.scan(scan));
      SOL_ASSIGN(auto const documents, view.get_many(page.keys));
      for (auto const& stored : documents) {
        if (!stored) continue;
        auto report = read_report(stored->document);
        SOL_ASSIGN(auto address, view.local(address_key(report.id), now));
        report.answer_to = std::move(address).value_or(std::string());
        reports.push_back(std::move(report));
      }
      scan.position = page.next;
    } while (!scan.position.empty());
  }
  std::ranges::sort(reports, std::greater{}, &Report::id);
  return reports;
}

std::size_t Reports::open(Actor const& actor) const {
  if (!actor.may(schema::Permission::see_queue)) return 0;
  std::size_t open = 0;
  auto const view = instance_.store.view();
  for (auto const& office : actor.offices) {
    auto const page = view.scan(store::IndexScan{.index = std::string(index::kOpenReport),
                                                 .prefix = work_prefix(office.str()),
                                                 .limit = kReportsMax});
    if (page) open += page->hits.size();
  }
  return open;
}

Result<> Reports::settle(Actor const& actor, NodeName const& node, std::string_view id,
                         ReportState state, std::string_view note) {
  if (!actor.may(schema::Permission::see_queue) || !actor.works_for(node))
    return fail(Code::denied, "Les signalements de ce portail ne vous sont pas ouverts.");
  auto const parsed = DocumentId::parse(id);
  if (!parsed) return fail(Code::not_found, "Ce signalement n’existe pas.");
  sync::DocumentKey const key{ScopeId::office(node), *parsed};
  SOL_ASSIGN(auto const stored, instance_.store.get(key));
  if (!stored || stored->document.type != kReportType || !sync::is_alive(stored->document))
    return fail(Code::not_found, "Ce signalement n’existe pas.");
  if (state != ReportState::open && read_report(stored->document).state != ReportState::open)
    return fail(Code::conflict, "Une autre personne a traité ce signalement entre-temps.");
  auto const words = text::excerpt(text::clean(note), kNoteCharactersMax);
  store::Commit commit{.now = instance_.clock.now(),
                       .author = actor.author.encode(),
                       .reason = std::string(label_of(state))};
  commit.documents.push_back(
      {.key = key,
       .fields = {{std::string(kStateField),
                   std::string(std::ranges::find(kStates, state, &StateWords::state)->name)},
                  {std::string(kNoteField), words}},
       .seen = stored->document.context,
       .presence = store::Presence::must_exist});
  commit.local.push_back({.key = address_key(*parsed), .value = std::nullopt});
  SOL_TRY(instance_.store.commit(commit));
  return {};
}

}  // namespace solidaires::service
