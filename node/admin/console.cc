#include "node/admin/console.h"

#include "node/page/wording.h"
#include "sync/base/bytes.h"

namespace solidaires::admin {
namespace {

using page::View;

struct StateWords {
  std::string_view state, label, badge, help;
};

// State in words and in a shape of its own; what to do when somebody has to act.
constexpr std::array<StateWords, 10> kStates{{
    {"self", "cette instance", "published", ""},
    {"live", "en liaison", "published", ""},
    {"connecting", "connexion en cours", "submitted", ""},
    {"greeting", "connexion en cours", "submitted", ""},
    {"waiting", "hors liaison, nouvel essai prévu", "submitted",
     "Le portail continue de fonctionner ; tout sera échangé au retour de la liaison."},
    {"refused", "liaison refusée", "returned", "Quelqu’un doit agir : voir l’erreur."},
    {"absent", "absent", "returned",
     "Le nœud ne s’est pas connecté depuis ; vérifier qu’il est en marche."},
    {"invited", "invité, pas encore inscrit", "draft",
     "Le jeton d’inscription n’a pas encore servi."},
    {"elsewhere", "plus loin dans le réseau", "published", ""},
    {"suspended", "suspendu", "withdrawn", ""},
}};

StateWords const& words_of(std::string_view state) {
  auto const* const found = std::ranges::find(kStates, state, &StateWords::state);
  return found == kStates.end() ? kStates.back() : *found;
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1'000) return cat(bytes, page::kNbsp, "o");
  if (bytes < 1'000'000)
    return cat(page::decimal_text(static_cast<double>(bytes) / 1e3, 1, page::Language::fr),
               page::kNbsp, "ko");
  return cat(page::decimal_text(static_cast<double>(bytes) / 1e6, 1, page::Language::fr),
             page::kNbsp, "Mo");
}

std::string since_text(Instant at, Instant now) {
  return to_unix_ms(at) == 0
             ? std::string("jamais")
             : page::age_text((to_unix_ms(now) - to_unix_ms(at)) / 1000, page::Language::fr);
}

View node_view(NodeStatus const& node, Instant now) {
  auto const& words = words_of(node.state);
  View view;
  view.text("title", node.title)
      .text("name", node.name)
      .text("href", node.base_url.empty() ? "" : cat(node.base_url, "/"));
  view.text("state",
            node.linked_to.empty() ? std::string(words.label) : cat("relié à ", node.linked_to))
      .text("badge", words.badge)
      .text("help", words.help)
      .text("error", node.last_error);
  std::string territory;
  for (auto const& code : node.territory) territory += cat(territory.empty() ? "" : ", ", code);
  view.text("territory", territory).number("documents", static_cast<std::int64_t>(node.documents));
  if (node.is_self) return view;
  view.text("contact", since_text(node.last_contact, now));
  if (node.in_sync) {
    view.text("lag", "à jour, vérifié");
  } else if (node.documents_behind == 0 && node.state == "live") {
    view.text("lag", "rien en attente, vérification à suivre");
  } else {
    view.text("lag",
              cat(page::counted(static_cast<std::int64_t>(node.documents_behind), "document",
                                "documents", false, page::Language::fr),
                  " au plus (", bytes_text(node.bytes_behind), ")",
                  node.age.count() > 0 ? cat(", depuis ", node.age.count() / 1000, page::kNbsp, "s")
                                       : ""));
  }
  if (node.certificate_days)
    view.text("certificate",
              page::counted(*node.certificate_days, "jour", "jours", false, page::Language::fr));
  if (node.differences > 0) {
    view.text("differences",
              page::counted(static_cast<std::int64_t>(node.differences), "différence trouvée",
                            "différences trouvées", false, page::Language::fr));
  }
  if (node.quarantine > 0) view.number("quarantine", static_cast<std::int64_t>(node.quarantine));
  std::vector<View> scopes;
  for (auto const& scope : node.scopes) {
    View one;
    one.text("scope", scope.scope).text("direction", scope.outgoing ? "à envoyer" : "à recevoir");
    one.number("documents", static_cast<std::int64_t>(scope.documents_behind))
        .text("bytes", bytes_text(scope.bytes_behind));
    one.text("age", cat(scope.age.count() / 1000, page::kNbsp, "s"));
    scopes.push_back(std::move(one));
  }
  view.flag("has_scopes", !scopes.empty()).list("scopes", std::move(scopes));
  return view;
}

}  // namespace

http::Response Console::network(http::Request const& request) const {
  auto const visitor = context_.office.visitor(request);
  if (!visitor) return context_.office.ask_to_log_in(request);
  if (!visitor->actor.may(schema::Permission::see_network)) {
    return context_.office.refused(
        *visitor, {Code::denied, "L’état du réseau est réservé à son administration."});
  }
  auto const now = context_.instance.clock.now();
  std::vector<View> nodes;
  std::size_t in_need = 0;
  for (auto const& node : context_.network.nodes()) {
    if (!words_of(node.state).help.empty() || node.quarantine > 0 || node.differences > 0)
      ++in_need;
    nodes.push_back(node_view(node, now));
  }
  View view;
  view.list("nodes", std::move(nodes));
  view.text("summary",
            in_need == 0
                ? std::string("Tout va bien : rien ne demande d’intervention.")
                : page::counted(static_cast<std::int64_t>(in_need), "nœud demande attention",
                                "nœuds demandent attention", false, page::Language::fr));
  view.flag("calm", in_need == 0);
  page::PageInfo info;
  info.title = "Réseau";
  info.section = "network";
  return context_.office.page(*visitor, info, "admin/network", view);
}

void Console::add_routes(http::Router& router) {
  router.get("/region", [this](http::Request const& request) { return network(request); });
}

}  // namespace solidaires::admin
