#include "node/office/letters.h"

#include "node/office/pages.h"
#include "node/page/letter.h"
#include "node/page/wording.h"
#include "node/service/public_record.h"

namespace solidaires::office {
namespace {

// What became of the record, for its author.
std::string_view outcome_of(std::optional<model::Step> step) {
  if (!step) return "Un message à propos de votre fiche";
  switch (*step) {
    case model::Step::publish: return "Votre fiche est publiée";
    case model::Step::schedule: return "Votre fiche est acceptée";
    case model::Step::send_back: return "Votre fiche attend une correction";
    case model::Step::refuse: return "Votre fiche n’est pas publiée";
    case model::Step::hand_over: return "Votre fiche est confiée au comité éditorial";
    case model::Step::hide: return "Votre fiche est masquée provisoirement";
    case model::Step::withdraw: return "Votre fiche est retirée";
    case model::Step::edit:
    case model::Step::submit:
    case model::Step::appeal: break;
  }
  return "Votre fiche a changé";
}

// "jeudi 12 mars 2026 à 14 h"
std::string date_and_hour(Instant at) {
  auto const civil = model::to_civil(at);
  return cat(page::date_text(civil.date, page::Language::fr), " à ",
             page::hour_text(civil, page::Language::fr));
}

mail::Letter letter_of(page::Site const& site, std::string_view name, page::View const& view,
                       std::string to, std::string subject) {
  auto rendered = page::render_letter(site, name, view);
  return {.to = std::move(to),
          .subject = std::move(subject),
          .text = std::move(rendered.text),
          .html = std::move(rendered.html),
          .reply_to = site.identity().email};
}

}  // namespace

mail::Letter decision_letter(page::Site const& site, service::Notice const& notice) {
  auto const& copy = notice.copy;
  auto const base = site.identity().base_url;
  auto const outcome = outcome_of(notice.step);
  auto view = page::letter_view(site.identity());
  view.text("outcome", outcome)
      .text("name", notice.author.name)
      .text("title", copy.title)
      .text("by", notice.by.name)
      .text("said", notice.said.text)
      .text("record_url", cat(base, record_path(copy.key)));
  if (notice.step == model::Step::publish)
    view.text("public_url", cat(base, service::public_path(*copy.type, copy.key.id, copy.title)));
  if (notice.step == model::Step::schedule && copy.publish_at)
    view.text("appears", date_and_hour(*copy.publish_at));
  if (notice.said.article != nullptr) {
    view.text("article", notice.said.article->title.fr)
        .text("article_url", cat(base, "/charte#", notice.said.article->key));
  }
  view.flag("decided", notice.step.has_value())
      .flag("may_correct", notice.step == model::Step::send_back)
      .flag("may_appeal", notice.step == model::Step::refuse)
      .flag("may_reply", !notice.step || notice.step == model::Step::hide);
  return letter_of(site, "mail/decision", view, notice.author.email,
                   cat(outcome, page::kNbsp, ": ", copy.title));
}

mail::Letter new_device_letter(page::Site const& site, service::Account const& account,
                               std::string_view device, Instant at) {
  auto view = page::letter_view(site.identity());
  view.text("name", account.name)
      .text("device", device)
      .text("when", date_and_hour(at))
      .text("account_url", cat(site.identity().base_url, "/espace/compte"));
  return letter_of(site, "mail/new_device", view, account.email,
                   "Nouvelle connexion à votre compte");
}

}  // namespace solidaires::office
