#include "node/office/pages.h"
#include "node/page/wording.h"

namespace solidaires::office {
namespace {

using page::View;
using service::WorkingCopy;

constexpr std::size_t kTogetherMax = 200;

struct Act {
  std::string_view action;
  Result<WorkingCopy> (*take)(service::Editorial&, service::Actor const&, sync::DocumentKey const&);
  std::string_view one, several;  // "fiche publiée", "fiches publiées"
  bool can_be_undone = true;
};

constexpr std::array<Act, 3> kActs{{
    {"publish",
     [](auto& editorial, auto const& actor, auto const& key) {
       return editorial.publish(actor, key);
     },
     "fiche publiée", "fiches publiées"},
    {"withdraw",
     [](auto& editorial, auto const& actor, auto const& key) {
       return editorial.withdraw(actor, key, {});
     },
     "fiche retirée", "fiches retirées"},
    {"undo",
     [](auto& editorial, auto const& actor, auto const& key) {
       return editorial.take_back(actor, key);
     },
     "décision annulée", "décisions annulées", false},
}};

// "savoie-mont-blanc/0190..."
std::optional<sync::DocumentKey> read_key(std::string_view text) {
  auto const slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto const node = NodeName::parse(text.substr(0, slash));
  auto const id = DocumentId::parse(text.substr(slash + 1));
  if (!node || !id) return std::nullopt;
  return sync::DocumentKey{ScopeId::office(*node), *id};
}

http::Response carry_out(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const* const act = std::ranges::find(kActs, request.form.get("action"), &Act::action);
  if (act == kActs.end())
    return office.refused(visitor, {Code::invalid, "Choisissez ce qui est à faire."});
  auto& editorial = office.context().editorial;
  std::vector<View> done, failed;
  std::size_t count = 0;
  for (auto const& [name, value] : request.form.items()) {
    if (name != "fiche" || ++count > kTogetherMax) continue;
    auto const key = read_key(value);
    auto const before =
        key ? editorial.get(visitor.actor, *key)
            : Result<WorkingCopy>(fail(Code::not_found, "Cette fiche n’existe pas."));
    if (!before) {
      failed.push_back(
          std::move(View().text("title", value).text("why", before.error().message())));
      continue;
    }
    View view;
    view.text("title", before->title).text("href", record_path(*key)).text("value", value);
    if (auto const taken = act->take(editorial, visitor.actor, *key); taken) {
      done.push_back(std::move(view));
    } else {
      failed.push_back(std::move(view.text("why", taken.error().message())));
    }
  }
  if (count == 0)
    return office.refused(visitor, {Code::invalid, "Cochez au moins une fiche dans la liste."});
  View view;
  auto const back = request.form.get("retour");
  view.text("count", page::counted(static_cast<std::int64_t>(done.size()), act->one, act->several,
                                   true, page::Language::fr))
      .text("back", back.starts_with("/espace/") ? back : std::string_view("/espace/fiches"))
      .flag("too_many", count > kTogetherMax)
      .flag("may_undo", act->can_be_undone && !done.empty());
  view.flag("has_done", !done.empty()).list("done", std::move(done));
  view.flag("has_failed", !failed.empty()).list("failed", std::move(failed));
  page::PageInfo info;
  info.title = "Plusieurs fiches à la fois";
  info.section = "records";
  return office.page(visitor, info, "office/together", view);
}

}  // namespace

void add_together(View& view, Visitor const& visitor, std::string_view back) {
  bool const publishes = visitor.actor.may(schema::Permission::publish);
  bool const withdraws = visitor.actor.may(schema::Permission::withdraw);
  view.flag("together", publishes || withdraws)
      .flag("together_publish", publishes)
      .flag("together_withdraw", withdraws)
      .text("together_back", back);
}

std::string together_value(sync::DocumentKey const& key) {
  return cat(key.scope.owner(), '/', key.id.to_string());
}

void add_together_routes(http::Router& router, Office const& office) {
  router.post("/espace/fiches/ensemble", for_visitor(office, carry_out));
}

}  // namespace solidaires::office
