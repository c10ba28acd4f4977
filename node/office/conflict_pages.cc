#include <charconv>

#include "node/office/pages.h"
#include "node/page/wording.h"

namespace solidaires::office {
namespace {

using page::View;
using service::WorkingCopy;

std::string dot_text(sync::Dot dot) {
  return cat(to_string(dot.replica), '-', dot.counter);
}

std::optional<sync::Dot> read_dot(std::string_view text) {
  auto const hyphen = text.find('-');
  if (hyphen == std::string_view::npos) return std::nullopt;
  auto const replica = parse_replica_id(text.substr(0, hyphen));
  std::uint64_t counter = 0;
  auto const digits = text.substr(hyphen + 1);
  auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), counter);
  if (!replica || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return sync::Dot{*replica, counter};
}

http::Response conflict_page(Office const& office, Visitor const& visitor,
                             service::WorkingCopy const& copy, std::string_view key,
                             std::string_view error, int status) {
  auto const& context = office.context();
  auto const found = std::ranges::find(copy.conflicts, key, &service::FieldConflict::key);
  if (found == copy.conflicts.end()) return http::Response::redirect(record_path(copy.key));
  View view;
  view.text("title", copy.title)
      .text("label", found->label)
      .text("record_href", record_path(copy.key))
      .text("error", error);
  view.text("action", cat(record_path(copy.key), "/conflit")).text("key", found->key);
  std::vector<View> versions;
  for (auto const& version : found->versions) {
    View one;
    one.text("dot", dot_text(version.dot)).text("text", version.text).flag("shown", version.shown);
    one.text("who", person(context, version.author))
        .text("when", date_and_hour(version.written_at, context.instance.clock.now()));
    one.text("id", cat("version-", dot_text(version.dot)));
    versions.push_back(std::move(one));
  }
  view.list("versions", std::move(versions));
  page::PageInfo info;
  info.title = cat("Départager : ", found->label);
  info.section = "conflicts";
  return office.page(visitor, info, "office/conflict", view, status);
}

http::Response show_conflict(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                             http::Request const& request) {
  return conflict_page(office, visitor, copy, request.query.get("champ"), {}, 200);
}

http::Response settle(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                      http::Request const& request) {
  auto const key = request.form.get("champ");
  auto const chosen = read_dot(request.form.get("version"));
  if (!chosen)
    return conflict_page(office, visitor, copy, key, "Choisissez l’une des versions.", 422);
  auto const settled = office.context().editorial.settle(visitor.actor, copy.key, key, *chosen);
  if (!settled) {
    if (settled.error().code() == Code::conflict)
      return conflict_page(office, visitor, copy, key, settled.error().message(), 409);
    return office.refused(visitor, settled.error());
  }
  leave_message(office, visitor,
                "C’est tranché : la version choisie est gardée, l’autre reste dans l’historique.");
  return http::Response::redirect(record_path(copy.key));
}

}  // namespace

void add_conflict_routes(http::Router& router, Office const& office) {
  router.get("/espace/fiches/{node}/{id}/conflit", for_record(office, show_conflict));
  router.post("/espace/fiches/{node}/{id}/conflit", for_record(office, settle));
}

}  // namespace solidaires::office
