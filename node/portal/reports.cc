#include "node/portal/reports.h"

#include <algorithm>

#include "node/mail/address.h"
#include "node/page/wording.h"
#include "node/portal/letters.h"
#include "node/portal/pages.h"
#include "node/portal/public_form.h"
#include "node/portal/short_address.h"
#include "node/text/fold.h"
#include "sync/base/log.h"

namespace solidaires::portal {
namespace {

using page::View;
using service::ReportKind;

constexpr std::size_t kPageCharactersMax = 300;
constexpr std::array<ReportKind, 4> kOffered{ReportKind::error, ReportKind::content,
                                             ReportKind::access, ReportKind::other};

http::Response form_page(Context const& context, http::Request const& request,
                         FormProblems const& problems, int status) {
  View view;
  bool const sent = !request.is_safe();
  auto const chosen = service::report_kind(sent ? request.form.get("motif") : "erreur");
  std::vector<View> kinds;
  for (auto const kind : kOffered) {
    kinds.push_back(std::move(View()
                                  .text("name", service::name_of(kind))
                                  .text("label", service::label_of(kind, context.language()))
                                  .flag("checked", kind == chosen)));
  }
  view.list("kinds", std::move(kinds));
  view.text("ou", sent ? typed_line(request, "ou", kPageCharactersMax)
                       : text::excerpt(text::clean(request.query.get("page").substr(0, 600)),
                                       kPageCharactersMax));
  view.text("quoi", sent ? typed_text(request, "quoi", service::kReportCharactersMax) : "");
  view.text("courriel", sent ? typed_line(request, "courriel", mail::kAddressBytesMax) : "");
  problems.show(view, context, {"quoi", "courriel"});
  auto const page = request.query.get("page");
  return form_frame(context,
                    {.title = context.say("Signaler une erreur ou un problème"_fr),
                     .name = "portal/report_form",
                     .path = cat("/signaler", page.empty() ? "" : "?page=", page::url_encode(page)),
                     .status = status},
                    view);
}

http::Response thanks(Context const& context, std::string_view reference) {
  return http::Response::redirect(context.address(cat("/signaler/merci?reference=", reference)));
}

http::Response send(Context const& context, http::Request const& request) {
  FormProblems problems;
  if (context.post == nullptr) return error_page(context, 404, &request);
  if (!may_send(context, request, problems)) return form_page(context, request, problems, 429);
  if (is_trapped(request))
    return thanks(context,
                  DocumentId::make(context.instance.clock.now(), context.instance.rng).short_id());
  service::NewReport report{.kind = service::report_kind(request.form.get("motif")),
                            .page = typed_line(request, "ou", kPageCharactersMax),
                            .what = typed_text(request, "quoi", service::kReportCharactersMax)};
  if (report.what.empty())
    problems.add("quoi",
                 context.say("Dites en quelques mots ce qui ne va pas : nous ne pouvons pas le "
                             "deviner."_fr));
  auto const typed = typed_line(request, "courriel", mail::kAddressBytesMax);
  if (!typed.empty()) {
    auto const address = mail::parse_address(typed);
    if (address) {
      report.answer_to = *address;
    } else {
      problems.add("courriel", context.say("Cette adresse n’est pas complète. Écrivez-la comme « "
                                           "prenom@exemple.fr », ou laissez le champ vide."_fr));
    }
  }
  if (!problems.empty()) return form_page(context, request, problems, 422);
  auto const filed = file_report(context, report);
  if (filed) return counted(thanks(context, filed->reference()), service::usage::kReport);
  log_error("report.failed", {{"error", filed.error().to_string()}});
  problems.add({}, context.say("Votre signalement n’a pas pu être enregistré. Réessayez dans un "
                               "instant, ou appelez-nous."_fr));
  return form_page(context, request, problems, 503);
}

http::Response thanks_page(Context const& context, http::Request const& request) {
  View view;
  auto const reference = parse_short_code(request.query.get("reference")).value_or(std::string());
  view.text("reference", reference);
  return form_frame(context,
                    {.title = context.say("Merci, c’est bien reçu"_fr),
                     .name = "portal/report_thanks",
                     .path = cat("/signaler/merci?reference=", reference)},
                    view);
}

}  // namespace

Result<service::Report> file_report(Context const& portal, service::NewReport const& report) {
  auto const& context = portal.in_french();  // the team's language
  return context.post->reports.file(report, [&](service::Report const& filed) {
    auto const base = context.site()->identity().base_url;
    auto view = letter_view(context);
    view.text("kind", service::label_of(filed.kind, context.language()))
        .text("page", filed.page.starts_with('/') ? base + filed.page : filed.page)
        .text("what", filed.what)
        .text("reference", filed.reference())
        .text("list_url", cat(base, "/espace/signalements"))
        .flag("can_answer", !filed.answer_to.empty());
    auto letter = make_letter(context, "mail/report", view);
    letter.to = context.site()->identity().email;
    letter.subject = cat("Signalement ", filed.reference(), page::kNbsp, ": ",
                         service::label_of(filed.kind, context.language()));
    letter.reply_to = filed.answer_to;
    return letter;
  });
}

void add_report_routes(http::Router& router, Context const& context) {
  router.get(context.address("/signaler"), [&context](http::Request const& request) {
    return form_page(context, request, {}, 200);
  });
  router.post(context.address("/signaler"),
              [&context](http::Request const& request) { return send(context, request); });
  router.get(context.address("/signaler/merci"),
             [&context](http::Request const& request) { return thanks_page(context, request); });
}

}  // namespace solidaires::portal
