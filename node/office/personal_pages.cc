#include "node/office/pages.h"
#include "node/page/wording.h"
#include "node/service/alerts.h"
#include "node/service/personal_data.h"
#include "node/service/relay.h"
#include "node/service/reports.h"
#include "node/service/usage.h"

namespace solidaires::office {
namespace {

using page::View;

constexpr std::size_t kShown = 200;  // of each sort on the page; the file has all

std::string day_of(Instant at) {
  return page::date_text(model::to_civil(at).date, page::Language::fr);
}

http::Response own_data(Office const& office, Visitor& visitor, http::Request const& /*request*/) {
  auto const& context = office.context();
  auto const data = service::personal_data(context.instance, visitor.account);
  if (!data) return office.refused(visitor, data.error());
  View view;
  view.text("name", data->account.name)
      .text("email", data->account.email)
      .text("role", data->account.role->label.fr)
      .text("created", day_of(data->account.created_at))
      .number("record_count", static_cast<std::int64_t>(data->records.size()))
      .number("word_count", static_cast<std::int64_t>(data->words.size()))
      .flag("touched", data->touched > 0)
      .number("touched_count", static_cast<std::int64_t>(data->touched));
  std::vector<View> records, words;
  for (auto const& copy : data->records) {
    if (records.size() == kShown) break;
    records.push_back(std::move(View()
                                    .text("title", copy.title)
                                    .text("href", record_path(copy.key))
                                    .text("type", copy.type->singular.fr)
                                    .view("state", state_view(copy.state))
                                    .text("updated", day_of(copy.updated_at))));
  }
  for (auto const& word : data->words) {
    if (words.size() == kShown) break;
    words.push_back(std::move(View()
                                  .text("title", word.title)
                                  .text("href", record_path(word.record))
                                  .text("vote", word.vote)
                                  .text("text", word.text)
                                  .text("at", day_of(word.at))));
  }
  view.flag("has_records", !records.empty()).list("records", std::move(records));
  view.flag("has_words", !words.empty()).list("words", std::move(words));
  page::PageInfo info;
  info.title = "Mes données";
  info.section = "own";
  return office.page(visitor, info, "office/own_data", view);
}

http::Response own_data_file(Office const& office, Visitor& visitor,
                             http::Request const& /*request*/) {
  auto const data = service::personal_data(office.context().instance, visitor.account);
  if (!data) return office.refused(visitor, data.error());
  auto response = http::Response::json(service::to_json(*data));
  response.with("Cache-Control", "no-store")
      .with("Content-Disposition", http::content_disposition("mes-donnees.json"));
  return response;
}

std::int64_t days(std::chrono::hours time) {
  return std::chrono::floor<std::chrono::days>(time).count();
}

// The register of processing (GDPR, article 30): its periods are those of the program.
http::Response processing(Office const& office, Visitor& visitor,
                          http::Request const& /*request*/) {
  if (!visitor.actor.may(schema::Permission::manage_users)) {
    return office.refused(visitor, {Code::denied,
                                    "Le registre des traitements est tenu par l’administration "
                                    "du portail."});
  }
  auto const& context = office.context();
  auto const& identity = context.site()->identity();
  View view;
  view.text("portal", identity.title)
      .text("email", identity.email)
      .text("today", day_of(context.instance.clock.now()))
      .number("alert_confirm_days", days(service::kAlertToConfirm))
      .number("alert_days", days(service::kAlertLife))
      .number("report_days", days(service::kReportAddressLife))
      .number("relay_days", days(service::kAbuseReportable))
      .number("blocked_days", days(service::kSenderBlocked))
      .number("usage_days", service::kUsageDaysKept);
  page::PageInfo info;
  info.title = "Registre des traitements";
  info.section = "accounts";
  return office.page(visitor, info, "office/processing", view);
}

}  // namespace

void add_personal_routes(http::Router& router, Office const& office) {
  router.get("/espace/compte/donnees", for_visitor(office, own_data));
  router.get("/espace/compte/donnees.json", for_visitor(office, own_data_file));
  router.get("/espace/registre", for_visitor(office, processing));
}

}  // namespace solidaires::office
