#include "node/office/pages.h"
#include "node/service/objection.h"
#include "node/text/fold.h"

namespace solidaires::office {
namespace {

using page::View;
using service::WorkingCopy;

}  // namespace

bool may_erase(Office const& office, Visitor const& visitor) {
  return office.context().erase && visitor.actor.may(schema::Permission::remove) &&
         visitor.actor.may(schema::Permission::manage_users);
}

namespace {

Error not_allowed() {
  return {Code::denied, "L’effacement définitif est réservé à l’administration du portail."};
}

http::Response erasure_page(Office const& office, Visitor const& visitor,
                            service::WorkingCopy const& copy, bool object, std::string_view error,
                            int status) {
  View view;
  view.text("title", copy.title)
      .text("record_href", record_path(copy.key))
      .text("action", cat(record_path(copy.key), "/effacer"))
      .text("error", error)
      .flag("published", copy.published_at.has_value())
      .flag("object", object);
  page::PageInfo info;
  info.title = cat("Effacer : ", copy.title);
  info.section = "records";
  return office.page(visitor, info, "office/erasure", view, status);
}

http::Response show(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                    http::Request const& /*request*/) {
  if (!may_erase(office, visitor)) return office.refused(visitor, not_allowed());
  return erasure_page(office, visitor, copy, false, {}, 200);
}

http::Response erase(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                     http::Request const& request) {
  if (!may_erase(office, visitor)) return office.refused(visitor, not_allowed());
  bool const object = request.form.get("opposition") == "oui";
  // The title, typed: nobody does that by a slip, and accents or capitals are not the question.
  if (text::fold(request.form.get("titre")) != text::fold(copy.title)) {
    return erasure_page(office, visitor, copy, object,
                        "Pour effacer, recopiez le titre de la fiche. Rien n’a été effacé.", 422);
  }
  auto const targets = service::documents_of(copy.key);
  sync::Objection objection;
  if (object) {
    auto made = service::object_to(office.context().instance, targets);
    if (!made) return office.refused(visitor, made.error());
    objection = *std::move(made);
  }
  auto const order = office.context().erase(targets, std::move(objection));
  if (!order) return office.refused(visitor, order.error());
  leave_message(office, visitor,
                cat("La fiche est effacée ici ; les autres portails l’effacent et le confirment. "
                    "Numéro de l’ordre, à garder : ",
                    order->to_string()));
  return http::Response::redirect("/espace/fiches");
}

}  // namespace

void add_erasure_routes(http::Router& router, Office const& office) {
  router.get("/espace/fiches/{node}/{id}/effacer", for_record(office, show));
  router.post("/espace/fiches/{node}/{id}/effacer", for_record(office, erase));
}

}  // namespace solidaires::office
