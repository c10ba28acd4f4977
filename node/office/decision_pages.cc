#include "node/office/pages.h"

namespace solidaires::office {
namespace {

using service::WorkingCopy;

struct Decided {
  Result<WorkingCopy> copy;
  std::string_view message;
};

// The decisions that are nothing but what is said with them.
struct SaidDecision {
  model::Step step;
  Result<WorkingCopy> (service::Editorial::*take)(service::Actor const&, sync::DocumentKey const&,
                                                  service::Saying const&);
  std::string_view message;
};
constexpr std::array kSaidDecisions = std::to_array<SaidDecision>({
    {model::Step::send_back, &service::Editorial::send_back,
     "La fiche est renvoyée à son auteur ou son autrice, avec votre message."},
    {model::Step::refuse, &service::Editorial::refuse,
     "La fiche est refusée, avec votre message. Son auteur ou son autrice peut contester."},
    {model::Step::hand_over, &service::Editorial::hand_over,
     "La fiche est confiée au comité éditorial."},
    {model::Step::appeal, &service::Editorial::appeal,
     "C’est noté : le comité éditorial va se prononcer, et vous aurez sa réponse."},
    {model::Step::hide, &service::Editorial::hide,
     "La page publique est masquée. Son auteur ou son autrice peut répondre."},
});

// The day and the hour that the form gives, as clocks in Paris show them.
std::optional<Instant> when_of(http::Request const& request) {
  auto const hour = request.form.get("heure");
  auto const at = model::CivilTime::parse(
      cat(request.form.get("jour"), 'T', hour.empty() ? std::string_view("08:00") : hour));
  if (!at) return std::nullopt;
  return model::to_instant(*at);
}

Result<WorkingCopy> publish(Context const& context, Visitor const& visitor, WorkingCopy const& copy,
                            http::Request const& request, service::Saying const& said) {
  SOL_ASSIGN(auto const basis, service::EditBasis::decode(request.form.get("_basis")));
  return context.editorial.publish(visitor.actor, copy.key, basis.seen, said);
}

Decided carry_out(Context const& context, Visitor const& visitor, WorkingCopy const& copy,
                  http::Request const& request) {
  auto& editorial = context.editorial;
  auto const& actor = visitor.actor;
  auto const step = request.form.get("action");
  auto const said = service::saying(context.instance.model, request.form.get("motif"),
                                    request.form.get("raison"));
  if (step == "publish")
    return {publish(context, visitor, copy, request, said), "La fiche est publiée."};
  if (step == "submit")
    return {editorial.submit(actor, copy.key), "La fiche est proposée à la relecture."};
  for (auto const& decision : kSaidDecisions) {
    if (step == model::step_name(decision.step))
      return {(editorial.*decision.take)(actor, copy.key, said), decision.message};
  }
  if (step == "schedule") {
    auto const at = when_of(request);
    if (!at) return {fail(Code::invalid, "Dites quel jour la fiche doit paraître."), {}};
    return {editorial.schedule(actor, copy.key, *at, said),
            "C’est accepté : la fiche paraîtra d’elle-même au jour dit."};
  }
  if (step == "mark_read") return {editorial.mark_read(actor, copy.key), "C’est noté : relue."};
  if (step == "withdraw") {
    if (request.form.get("sur") != "oui") {
      return {fail(Code::invalid, "Pour retirer la fiche, cochez la case qui le confirme."), {}};
    }
    return {editorial.withdraw(actor, copy.key, said),
            "La fiche est retirée. Son texte est conservé ici."};
  }
  return {fail(Code::invalid, "Choisissez une action."), {}};
}

// The record's page again, with what was typed and what is wrong.
http::Response again(Office const& office, Visitor const& visitor, WorkingCopy const& copy,
                     http::Request const& request, Error const& error) {
  if (error.code() != Code::invalid && error.code() != Code::conflict)
    return office.refused(visitor, error);
  return record_page(office, visitor, copy,
                     {.error = error.message(),
                      .message = std::string(request.form.get("raison")),
                      .wording = std::string(request.form.get("motif")),
                      .day = std::string(request.form.get("jour")),
                      .hour = std::string(request.form.get("heure"))},
                     error.code() == Code::conflict ? 409 : 422);
}

// The most urgent record that nobody reads yet, taken by this visitor; else the queue itself.
std::string next_in_queue(Context const& context, Visitor const& visitor) {
  auto const queue = context.editorial.queue(visitor.actor);
  if (queue) {
    for (auto const& item : *queue) {
      bool const taken = item.claim && item.claim->by.account != visitor.actor.author.account;
      if (taken) continue;
      auto const copy = context.editorial.get(visitor.actor, item.copy.key);
      if (copy && context.editorial.reviews().claim(visitor.actor, *copy, false))
        return record_path(item.copy.key);
    }
  }
  return "/espace/file";
}

http::Response decide(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                      http::Request const& request) {
  auto const done = carry_out(office.context(), visitor, copy, request);
  if (!done.copy) return again(office, visitor, copy, request, done.copy.error());
  leave_message(office, visitor, std::string(done.message));
  bool const next =
      request.form.get("suivante") == "1" && visitor.actor.may(schema::Permission::see_queue);
  return http::Response::redirect(next ? next_in_queue(office.context(), visitor)
                                       : record_path(copy.key));
}

http::Response claim(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                     http::Request const& request) {
  auto& reviews = office.context().editorial.reviews();
  if (request.form.get("action") == "rendre") {
    if (auto const done = reviews.release(visitor.actor, copy); !done)
      return office.refused(visitor, done.error());
    return http::Response::redirect("/espace/file");
  }
  bool const take_over = request.form.get("action") == "relayer";
  auto const done = reviews.claim(visitor.actor, copy, take_over);
  if (!done) return again(office, visitor, copy, request, done.error());
  return http::Response::redirect(record_path(copy.key));
}

http::Response say(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                   http::Request const& request) {
  bool const to_author = request.form.get("pour") != "equipe";
  auto const done = office.context().editorial.say(visitor.actor, copy.key,
                                                   request.form.get("raison"), to_author);
  if (!done) return again(office, visitor, copy, request, done.error());
  leave_message(office, visitor, "Votre message est enregistré.");
  return http::Response::redirect(cat(record_path(copy.key), "#conversation"));
}

http::Response vote(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                    http::Request const& request) {
  auto const chosen = model::parse_vote(request.form.get("vote"));
  Result<> done = fail(Code::invalid, "Choisissez : pour, contre ou abstention.");
  if (chosen) {
    done = office.context().editorial.reviews().vote(visitor.actor, copy, *chosen,
                                                     request.form.get("raison"));
  }
  if (!done) return again(office, visitor, copy, request, done.error());
  leave_message(office, visitor,
                "Votre vote est enregistré. Vous pouvez le changer jusqu’à la clôture.");
  return http::Response::redirect("/espace/comite");
}

http::Response undo(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                    http::Request const& request) {
  auto const done =
      office.context().editorial.undo(visitor.actor, copy.key, request.form.get("ligne"));
  if (!done) return again(office, visitor, copy, request, done.error());
  leave_message(office, visitor,
                "C’est annulé : les valeurs d’avant sont de nouveau là. Rien n’est perdu, "
                "l’historique garde les deux.");
  return http::Response::redirect(record_path(copy.key));
}

}  // namespace

void add_decision_routes(http::Router& router, Office const& office) {
  router.post("/espace/fiches/{node}/{id}/decision", for_record(office, decide));
  router.post("/espace/fiches/{node}/{id}/relire", for_record(office, claim));
  router.post("/espace/fiches/{node}/{id}/message", for_record(office, say));
  router.post("/espace/fiches/{node}/{id}/vote", for_record(office, vote));
  router.post("/espace/fiches/{node}/{id}/annuler", for_record(office, undo));
}

}  // namespace solidaires::office
