#include "node/portal/alerts.h"

#include <algorithm>

#include "node/http/csrf.h"
#include "node/http/target.h"
#include "node/page/wording.h"
#include "node/portal/cards.h"
#include "node/portal/letters.h"
#include "node/portal/list_parts.h"
#include "node/portal/pages.h"
#include "node/portal/public_form.h"
#include "node/text/fold.h"
#include "sync/base/log.h"

namespace solidaires::portal {
namespace {

using page::View;
using service::Alert;
using service::Rhythm;

constexpr std::size_t kItemsLookedAt = 1'000;
constexpr std::size_t kItemsInMail = 30;
constexpr std::size_t kSearchBytesMax = 1'500;
constexpr std::chrono::days kSaidBeforeEnd{30};

Rhythm rhythm_of(std::string_view text) {
  return text == "jour" ? Rhythm::daily : Rhythm::weekly;
}

std::string rhythm_words(Context const& context, Rhythm rhythm) {
  return context.say(rhythm == Rhythm::daily ? "chaque matin où il y a du nouveau"_fr
                                             : "chaque lundi matin, s’il y a du nouveau"_fr);
}

bool is_on(Context const& context) {
  return context.post != nullptr && context.post->mail.on();
}

// --- what a search finds ---

// Newest first, as far as it may be news.
Result<std::vector<service::ListHit>> recent(Context const& context, WatchedSearch const& search,
                                             Instant now) {
  auto query = to_query(context, search.type, search.filters);
  query.sort = service::Sort::newest;
  query.offset = 0;
  query.limit = kItemsLookedAt;
  query.facets_wanted.clear();
  SOL_ASSIGN(auto found, context.catalogue.find(query));
  std::erase_if(found.hits, [&](service::ListHit const& hit) {
    return hit.record->published_at < now - service::kAlertNews;
  });
  return std::move(found.hits);
}

// It takes place no more, or not as it was said: no news that anybody could use.
bool is_over(service::ListHit const& hit) {
  if (!hit.record->type->has(schema::Trait::has_schedule)) return false;
  return !hit.occurrence || hit.occurrence->status == schema::OccurrenceStatus::cancelled;
}

// --- mails ---

std::string end_url(Context const& context, Alert const& alert) {
  return context.site()->identity().base_url + context.address(cat("/alertes/fin/", alert.token));
}

View alert_view(Context const& context, Alert const& alert, WatchedSearch const& search) {
  View view = letter_view(context);
  auto const base = context.site()->identity().base_url;
  view.text("search", search.words)
      .text("search_url", base + context.address(search.path))
      .text("rhythm", rhythm_words(context, alert.rhythm))
      .text("confirm_url", base + context.address(cat("/alertes/confirmer/", alert.token)))
      .text("end_url", end_url(context, alert))
      .text("asked_on", page::date_text(model::to_civil(alert.asked_at).date, context.language()));
  return view;
}

// To be confirmed, or known already.
mail::Letter letter_about(Context const& context, Alert const& alert, WatchedSearch const& search) {
  auto view = alert_view(context, alert, search);
  view.flag("known", alert.confirmed);
  auto letter = make_letter(context, "mail/alert", view);
  letter.to = alert.address;
  letter.subject = context.say(
      alert.confirmed ? "Vous avez déjà cette alerte : {}"_fr : "À confirmer, votre alerte : {}"_fr,
      search.words);
  return letter;
}

Result<service::Digest> digest_of(Context const& portal, Alert const& alert,
                                  service::ToldItems const& told) {
  auto const& context = portal.speaking_at(alert.search);
  service::Digest digest;
  auto const search = watched_search(context, alert.search);
  if (!search) return digest;  // of a kind that this version of the portal no longer has
  auto const now = context.instance.clock.now();
  SOL_ASSIGN(auto hits, recent(context, *search, now));
  std::erase_if(hits, [&](service::ListHit const& hit) {
    return is_over(hit) || told.contains(hit.record->key.id);
  });
  if (hits.empty()) return digest;
  for (auto const& hit : hits) digest.items.push_back(hit.record->key.id);
  auto view = alert_view(context, alert, *search);
  auto const base = context.site()->identity().base_url;
  std::vector<View> items;
  for (auto const& hit : hits) {
    if (items.size() == kItemsInMail) break;
    auto item = card(context, hit, {.words = nullptr, .show_kind = search->type == nullptr});
    item.text("url", base + context.address(hit.record->path));
    items.push_back(std::move(item));
  }
  auto const more = hits.size() - items.size();
  auto const heading = context.counted(hits.size(), "nouveauté"_fr, "nouveautés"_fr, true);
  view.list("items", std::move(items)).text("heading", heading);
  view.text("more",
            more > 0 ? context.counted(more, "autre"_fr, "autres"_fr, true) : std::string());
  if (alert.ends_at() - now < kSaidBeforeEnd) {
    view.text("ends_on", page::date_text(model::to_civil(alert.ends_at()).date, context.language()))
        .text("again_url", base + alert_href(context, search->path));
  }
  digest.letter = make_letter(context, "mail/digest", view);
  digest.letter.to = alert.address;
  digest.letter.subject = cat(heading, page::kNbsp, "– ", search->words);
  digest.letter.unsubscribe_url = end_url(context, alert);
  return digest;
}

// --- pages ---

http::Response form_page(Context const& context, http::Request const& request,
                         FormProblems const& problems, int status) {
  View view;
  bool const sent = !request.is_safe();
  auto const& from = sent ? request.form : request.query;
  auto const search = watched_search(context, from.get("recherche"));
  view.flag("on", is_on(context)).flag("has_search", search.has_value());
  if (search) {
    view.text("search", search->path)
        .text("search_href", context.address(search->path))
        .text("search_words", search->words);
  }
  view.text("courriel", sent ? typed_line(request, "courriel", 254) : std::string());
  bool const daily = request.form.get("rythme") == "jour";
  view.flag("daily", daily).flag("weekly", !daily);
  problems.show(view, context, {"courriel"});
  return form_frame(context,
                    {.title = context.say("Recevoir les nouveautés par courriel"_fr),
                     .name = "portal/alert_form",
                     .path = cat("/alertes", search ? "?recherche=" : "",
                                 search ? page::url_encode(search->path) : std::string()),
                     .status = status},
                    view);
}

http::Response ask(Context const& context, http::Request const& request) {
  FormProblems problems;
  auto const search = watched_search(context, request.form.get("recherche"));
  if (!is_on(context) || !search) return form_page(context, request, problems, 422);
  if (!may_send(context, request, problems)) return form_page(context, request, problems, 429);
  if (is_trapped(request)) return http::Response::redirect(context.address("/alertes/demande"));
  auto const asked = context.post->alerts.ask(
      typed_line(request, "courriel", 254), context.address(search->path),
      rhythm_of(request.form.get("rythme")),
      [&](Alert const& alert) { return letter_about(context, alert, *search); });
  if (asked) return http::Response::redirect(context.address("/alertes/demande"));
  if (asked.error().code() == Code::invalid) {
    problems.add("courriel", context.say("Cette adresse n’est pas complète. Écrivez-la comme « "
                                         "prenom@exemple.fr », sans espace ni accent."_fr));
    return form_page(context, request, problems, 422);
  }
  log_error("alert.ask_failed", {{"error", asked.error().to_string()}});
  problems.add(
      {}, context.say("Votre demande n’a pas pu être enregistrée. Réessayez dans un instant."_fr));
  return form_page(context, request, problems, 503);
}

http::Response token_page(Context const& context, http::Request const& request, bool ends,
                          page::Text title, std::optional<Alert> const& alert, int status = 200) {
  View view;
  view.flag("known", alert.has_value());
  if (alert) {
    auto const search = watched_search(context.speaking_at(alert->search), alert->search);
    view.text("search", search ? search->words : std::string())
        .text("search_href", alert->search)
        .text("rhythm", rhythm_words(context, alert->rhythm))
        .text("address", alert->address)
        .flag("confirmed", alert->confirmed);
  }
  auto response = form_frame(
      context,
      {.title = context.say(title),
       .name = ends ? "portal/alert_end" : "portal/alert_confirm",
       .path = cat(ends ? "/alertes/fin/" : "/alertes/confirmer/", request.capture("token")),
       .status = status},
      view);
  response.secret = true;
  return response;
}

std::optional<Alert> alert_at(Context const& context, http::Request const& request) {
  if (context.post == nullptr) return std::nullopt;
  auto const alert = context.post->alerts.find(request.capture("token"));
  return alert ? std::optional(*alert) : std::nullopt;
}

http::Response confirmation(Context const& context, http::Request const& request) {
  auto alert = alert_at(context, request);
  if (!alert) {
    return token_page(context, request, false, "Ce lien n’est plus valable"_fr, alert, 410);
  }
  if (request.is_safe() || !http::check_anonymous(request))
    return token_page(
        context, request, false,
        alert->confirmed ? "Votre alerte est en place"_fr : "Confirmer votre alerte"_fr, alert);
  std::vector<DocumentId> known;
  if (auto const search = watched_search(context.speaking_at(alert->search), alert->search);
      search) {
    auto const hits = recent(context, *search, context.instance.clock.now());
    if (!hits) return error_page(context, 500, &request);
    for (auto const& hit : *hits) known.push_back(hit.record->key.id);
  }
  auto const confirmed = context.post->alerts.confirm(request.capture("token"), known);
  if (!confirmed) return error_page(context, 500, &request);
  return counted(token_page(context, request, false, "Votre alerte est en place"_fr, *confirmed),
                 service::usage::kAlert);
}

http::Response end_page(Context const& context, http::Request const& request) {
  auto alert = alert_at(context, request);
  if (request.is_safe() && alert)
    return token_page(context, request, true, "Arrêter cette alerte"_fr, alert);
  if (alert) {
    if (auto const ended = context.post->alerts.end(request.capture("token")); !ended)
      return error_page(context, 500, &request);
  }
  return token_page(context, request, true, "Cette alerte est arrêtée"_fr, std::nullopt);
}

}  // namespace

std::optional<WatchedSearch> watched_search(Context const& context, std::string_view target) {
  if (target.size() > kSearchBytesMax) return std::nullopt;
  auto const mark = std::min(target.find('?'), target.size());
  auto const path = target.substr(0, mark);
  auto const is_of = [&](schema::Type const* type) {
    auto const list = list_path(type);
    return path == list || path == context.address(list);
  };
  WatchedSearch search;
  if (!is_of(nullptr)) {
    auto const& types = context.instance.model.types();
    auto const type =
        std::ranges::find_if(types, [&](schema::Type const& one) { return is_of(&one); });
    if (type == types.end()) return std::nullopt;
    search.type = &*type;
  }
  auto const query = target.substr(std::min(mark + 1, target.size()));
  search.filters = read_filters(context, search.type, http::parse_query(query));
  search.filters.from.reset();
  search.filters.until.reset();
  search.filters.sort.reset();
  search.filters.view.clear();
  search.filters.over_too = false;  // what is over is no news
  search.path = cat(list_path(search.type), search.filters.query());
  search.words = search.type == nullptr
                     ? context.say("Tout le portail"_fr)
                     : text::capitalised(search.type->plural.in(context.language()));
  if (auto const chosen = chip_words(context, search.type, search.filters); !chosen.empty()) {
    search.words = context.say("{}\u00a0: {}"_fr, search.words, chosen);
  }
  return search;
}

std::string alert_href(Context const& context, std::string_view list_target) {
  return is_on(context) ? context.address(cat("/alertes?recherche=", page::url_encode(list_target)))
                        : std::string();
}

void add_alert_routes(http::Router& router, Context const& context) {
  auto const asked = [&context](http::Request const& /*request*/) {
    View view;
    return form_frame(context,
                      {.title = context.say("Regardez votre courrier"_fr),
                       .name = "portal/alert_asked",
                       .path = "/alertes/demande"},
                      view);
  };
  router.get(context.address("/alertes"), [&context](http::Request const& request) {
    return form_page(context, request, {}, 200);
  });
  router.post(context.address("/alertes"),
              [&context](http::Request const& request) { return ask(context, request); });
  router.get(context.address("/alertes/demande"), asked);
  auto const confirm = [&context](http::Request const& request) {
    return confirmation(context, request);
  };
  router.get(context.address("/alertes/confirmer/{token}"), confirm);
  router.post(context.address("/alertes/confirmer/{token}"), confirm);
  auto const end = [&context](http::Request const& request) { return end_page(context, request); };
  router.get(context.address("/alertes/fin/{token}"), end);
  // Mail programs end an alert by themselves when their button is used (RFC 8058): the token is
  // all the authority there is.
  http::RouteOptions from_mail_programs;
  from_mail_programs.cross_origin = true;
  router.post(context.address("/alertes/fin/{token}"), end, from_mail_programs);
}

Result<std::size_t> send_alerts(Context const& context, std::stop_token const& stop) {
  if (!is_on(context)) return 0;
  return context.post->alerts.send_due(
      context.instance.clock.now(),
      [&context](Alert const& alert, service::ToldItems const& told) {
        return digest_of(context, alert, told);
      },
      stop);
}

}  // namespace solidaires::portal
