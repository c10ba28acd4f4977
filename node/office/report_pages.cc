#include "node/office/pages.h"
#include "node/page/wording.h"

namespace solidaires::office {
namespace {

using page::View;
using service::ReportState;

constexpr std::size_t kSettledShown = 50;

View report_view(Context const& context, Visitor const& visitor, service::Report const& report) {
  View view;
  view.text("reference", report.reference())
      .text("id", report.id.to_string())
      .text("node", report.node.str())
      .text("kind", service::label_of(report.kind, schema::Language::fr))
      .text("what", report.what)
      .text("page", report.page)
      .text("page_href", report.page.starts_with('/') && !report.page.starts_with("//")
                             ? std::string_view(report.page)
                             : std::string_view())
      .text("answer_to", report.answer_to)
      .text("told", date_and_hour(report.told_at, context.instance.clock.now()))
      .text("state", service::label_of(report.state))
      .text("note", report.note)
      .text("settled_by", report.settled_by);
  bool const several = visitor.actor.offices.size() > 1;
  view.text("portal", several ? title_of_node(context, report.node) : std::string());
  return view;
}

http::Response list(Office const& office, Visitor& visitor, http::Request const& /*request*/) {
  auto const& context = office.context();
  auto const reports = context.reports->list(visitor.actor);
  if (!reports) return office.refused(visitor, reports.error());
  std::vector<View> open, settled;
  for (auto const& report : *reports) {
    if (report.state == ReportState::open) {
      open.push_back(report_view(context, visitor, report));
    } else if (settled.size() < kSettledShown) {
      settled.push_back(report_view(context, visitor, report));
    }
  }
  View view;
  view.text("count", page::counted(static_cast<std::int64_t>(open.size()), "signalement à traiter",
                                   "signalements à traiter", false, page::Language::fr));
  view.flag("has_open", !open.empty()).list("open", std::move(open));
  view.flag("has_settled", !settled.empty()).list("settled", std::move(settled));
  page::PageInfo info;
  info.title = "Signalements";
  info.section = "reports";
  return office.page(visitor, info, "office/reports", view);
}

http::Response settle(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const node = NodeName::parse(request.capture("node"));
  if (!node) return office.refused(visitor, {Code::not_found, "Ce signalement n’existe pas."});
  bool const done = request.form.get("action") == "fait";
  auto const settled = office.context().reports->settle(
      visitor.actor, *node, request.capture("id"), done ? ReportState::done : ReportState::dropped,
      request.form.get("note"));
  if (!settled) return office.refused(visitor, settled.error());
  leave_message(
      office, visitor,
      done ? "Le signalement est marqué comme fait." : "Le signalement est classé sans suite.");
  return http::Response::redirect("/espace/signalements");
}

}  // namespace

void add_report_routes(http::Router& router, Office const& office) {
  if (office.context().reports == nullptr) return;
  router.get("/espace/signalements", for_visitor(office, list));
  router.post("/espace/signalements/{node}/{id}", for_visitor(office, settle));
}

}  // namespace solidaires::office
